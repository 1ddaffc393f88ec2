"""The program's posture: evaluated by the table, overridden and lowered by people, every change on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed
from resilience.domain import posture as domain
from resilience.domain.levels import Level, Measured, Unknown, worst
from resilience.domain.posture import TRIGGER_OF, Calm, Metric, Posture, Readings
from resilience.enums import PostureEvent
from resilience.models import DayMargin, PostureRecord, PostureState, ResiliencePolicy
from resilience.services import breaker, days, measurements
from resilience.services.readings import readings
from resilience.services.world import load_policy
from resilience.signals import posture_changed
from schedules.domain.problem import ONE_DAY, days_between
from schedules.enums import ScheduleStatus
from schedules.models import Schedule
from schedules.services import compliance

log = structlog.get_logger(__name__)


class NotYet(DomainError):
    """The posture may not come down yet, or was never evaluated."""

    code = "posture_not_clear"


def current() -> PostureState | None:
    """The posture as the last evaluation left it; None before the first."""
    return PostureState.objects.filter(pk=1).first()


def in_force(*, at: dt.datetime) -> Level:
    """What counts at this moment, overrides included; never better than UNKNOWN where nobody watches any more."""
    state = current()
    return Level.UNKNOWN if state is None else level_of(state, policy=load_policy(), at=at)


def level_of(state: PostureState, *, policy: ResiliencePolicy, at: dt.datetime) -> Level:
    """What counts at this moment by a state that was read."""
    shown = to_domain(state).shown(at)
    is_doubtful = state.failure or _is_unwatched(state, policy=policy, at=at)
    return worst((shown, Level.UNKNOWN)) if is_doubtful else shown


def _is_unwatched(state: PostureState, *, policy: ResiliencePolicy, at: dt.datetime) -> bool:
    return (at - state.evaluated_at).total_seconds() > policy.unwatched_after_seconds


def evaluate(*, at: dt.datetime, touched: Iterable[dt.date] | None = None) -> PostureState:
    """Evaluate once more: the margins of the touched dates anew, then the table, then the breaker.

    `touched` None is a heartbeat: dates of the windows that were never computed, or not within a day, are computed.
    A calculation that fails leaves its dates without figures, so what they say is UNKNOWN.
    """
    policy = load_policy()
    today = timezone.localdate(at)
    window = set(days_between(today, today + (_longest(policy) - 1) * ONE_DAY))
    wanted = _due(window, policy=policy, at=at) if touched is None else window & set(touched)
    return _conclude(at=at, failure=_recompute(wanted, at=at), full=False)


def evaluate_fully(*, at: dt.datetime) -> PostureState:
    """The nightly evaluation: every published date from today on, the compliance record, the loops' measurements."""
    today = timezone.localdate(at)
    window = set(days_between(today, today + (_longest(load_policy()) - 1) * ONE_DAY))
    failure = _recompute(window | days.published_days(today), at=at) or _guarded(lambda: _judge_anew(today, at=at))
    failure = failure or _guarded(lambda: measurements.record(at=at))
    return _conclude(at=at, failure=failure, full=True)


def is_full_due(*, at: dt.datetime) -> bool:
    """Whether no full evaluation finished within the policy's time, or ever."""
    state = current()
    if state is None or state.fully_evaluated_at is None:
        return True
    return (at - state.fully_evaluated_at).total_seconds() >= load_policy().nightly_seconds


@transaction.atomic
def override(level: Level, *, by: User, at: dt.datetime, until: dt.datetime, reason: str) -> PostureState:
    """Put another posture in force until a moment within 24 hours. Raises `NotAllowed`, `Invalid`, `NotYet`."""
    _require_right(by)
    state = _locked()
    before = to_domain(state)
    try:
        after = domain.overridden(before, level, by=str(by.pk), reason=reason, at=at, until=until)
    except ValueError as refusal:
        raise Invalid(str(refusal)) from refusal
    _store(state, after)
    state.override_by = by
    state.save()
    _log(state, PostureEvent.OVERRIDDEN, before.shown(at), after.shown(at), at=at, by=by, reason=reason.strip())
    return state


@transaction.atomic
def lower(*, by: User, at: dt.datetime, reason: str) -> PostureState:
    """Let the posture down by one step: the only way out of RED and BLACK, once it has been clear for long enough.

    Raises `NotAllowed`, `Invalid` (no reason), `NotYet`.
    """
    _require_right(by)
    if not reason.strip():
        raise Invalid("Give the reason: it is kept in the log.")
    state = _locked()
    before = to_domain(state)
    try:
        after = domain.lower(before, at=at, calm=_calm(load_policy()))
    except ValueError as refusal:
        raise NotYet(str(refusal)) from refusal
    _store(state, after)
    state.save()
    _log(state, PostureEvent.LOWERED, before.shown(at), after.shown(at), at=at, by=by, reason=reason.strip())
    return state


def may_lower(state: PostureState, *, at: dt.datetime) -> bool:
    """Whether a person may let the posture down now."""
    return to_domain(state).may_lower(at, _calm(load_policy()))


def to_domain(state: PostureState) -> Posture:
    """The stored posture as the table judges it; triggers that the table no longer has are left out."""
    override = None
    if state.override_until is not None:
        override = domain.Override(
            level=Level[state.override_level],
            by=str(state.override_by_id or ""),
            reason=state.override_reason,
            until=state.override_until,
            against=Level[state.override_against],
        )
    return Posture(
        level=Level[state.level],
        since=state.since,
        triggers=tuple(TRIGGER_OF[key] for key in state.triggers if key in TRIGGER_OF),
        unknown={Metric(name): reason for name, reason in state.unknown.items()},
        clear_evaluations=state.clear_evaluations,
        clear_since=state.clear_since,
        override=override,
    )


def _longest(policy: ResiliencePolicy) -> int:
    return max(policy.horizon_days, policy.margin_days, policy.safety_days)


def _calm(policy: ResiliencePolicy) -> Calm:
    return Calm(policy.clear_evaluations, dt.timedelta(seconds=policy.clear_seconds))


def _due(window: set[dt.date], *, policy: ResiliencePolicy, at: dt.datetime) -> set[dt.date]:
    """Dates without figures, with figures older than a day, or published since."""
    oldest = at - dt.timedelta(seconds=policy.nightly_seconds)
    known = DayMargin.objects.filter(date__in=window, computed_at__gte=oldest)
    published = days.published_days(min(window)) & window
    fresh = {row.date for row in known if row.is_published == (row.date in published)}
    return window - fresh


def _recompute(wanted: Iterable[dt.date], *, at: dt.datetime) -> str:
    return _guarded(lambda: days.recompute(wanted, at=at))


def _guarded(work: Any) -> str:
    """Do it; '' or what went wrong, without anybody's name. A failed evaluation must still end in a posture."""
    try:
        work()
    except Exception as error:
        log.exception("evaluation_failed", error=type(error).__name__)
        return f"{type(error).__name__} while the margins were computed."
    return ""


def _judge_anew(today: dt.date, *, at: dt.datetime) -> None:
    """Hours logged since, and absences approved, may have made findings in what is published."""
    near = Schedule.objects.filter(status=ScheduleStatus.PUBLISHED, end_date__gte=today - 31 * ONE_DAY)
    for version in near.filter(start_date__lte=today + 31 * ONE_DAY):
        compliance.judge_anew(version, at=at, reason="judged every night")


@transaction.atomic
def _conclude(*, at: dt.datetime, failure: str, full: bool) -> PostureState:
    state = PostureState.objects.select_for_update().filter(pk=1).first()
    before = to_domain(state) if state else None
    measured = _measured(at)
    after = domain.evaluate(before, measured, at=at, calm=_calm(load_policy()))
    was_shown = before.shown(at) if before else None
    if state is None:
        state = PostureState(pk=1, since=at)
    changed = before is None or _differs(before, after, at=state.evaluated_at, now=at)
    shown_before = None if before is None else before.shown(state.evaluated_at)
    ended = shown_before is not None and shown_before != was_shown
    if before is not None and _is_unwatched(state, policy=load_policy(), at=at):
        # What lay between is not known, and the log says so: nobody was calm in it.
        changed, shown_before = True, Level.UNKNOWN
    _store(state, after)
    state.readings = {
        metric.value: reading.value if isinstance(reading, Measured) else None for metric, reading in measured.items()
    }
    state.evaluated_at, state.failure = at, failure[:300]
    if full and not failure:
        state.fully_evaluated_at = at
    state.save()
    if changed:
        event = PostureEvent.OVERRIDE_ENDED if ended else PostureEvent.EVALUATED
        _log(state, event, shown_before, after.shown(at), at=at)
    breaker.judge(at=at, measured=measured)
    return state


def _measured(at: dt.datetime) -> Readings:
    try:
        with transaction.atomic():
            return readings(at=at)
    except Exception as error:
        log.exception("readings_failed", error=type(error).__name__)
        return {metric: Unknown(f"It could not be read ({type(error).__name__}).") for metric in Metric}


def _differs(before: Posture, after: Posture, *, at: dt.datetime, now: dt.datetime) -> bool:
    """Whether the log gets a line: another level, in force or calculated, other triggers, other unknowns."""
    return (
        before.shown(at) != after.shown(now)
        or before.level != after.level
        or set(before.triggers) != set(after.triggers)
        or set(before.unknown or ()) != set(after.unknown or ())
    )


def _store(state: PostureState, posture: Posture) -> None:
    state.level, state.since = posture.level.name, posture.since
    state.triggers = [trigger.key for trigger in posture.triggers]
    state.unknown = {metric.value: reason for metric, reason in (posture.unknown or {}).items()}
    state.clear_evaluations, state.clear_since = posture.clear_evaluations, posture.clear_since
    override = posture.override
    state.override_level = override.level.name if override else ""
    state.override_against = override.against.name if override else ""
    state.override_reason = override.reason[:500] if override else ""
    state.override_until = override.until if override else None
    if override is None:
        state.override_by = None


def _log(
    state: PostureState,
    event: PostureEvent,
    before: Level | None,
    after: Level,
    *,
    at: dt.datetime,
    by: User | None = None,
    reason: str = "",
) -> None:
    record = PostureRecord.objects.create(
        at=at,
        event=event,
        before=before.name if before is not None else "",
        after=after.name,
        triggers=state.triggers,
        unknown=state.unknown,
        readings=state.readings,
        by=by,
        reason=reason[:500],
    )
    if before != after:
        news = {"record": record.pk, "before": record.before, "after": record.after}
        transaction.on_commit(lambda: posture_changed.send(sender=PostureRecord, **news))


def _locked() -> PostureState:
    state = PostureState.objects.select_for_update().filter(pk=1).first()
    if state is None:
        raise NotYet("The posture was never evaluated. Start the task cluster, or wait for the first evaluation.")
    return state


def _require_right(by: User) -> None:
    """Only people who approve, and of those only whoever decides at the director's level (resilience, section 2)."""
    if not (by.may(Permission.APPROVE_RESILIENCE) and by.may(Permission.DECIDE_DIRECTOR)):
        raise NotAllowed("Only the program director overrides or lowers the posture.")
