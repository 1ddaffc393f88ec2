"""The schedule circuit breaker: what opens it, how it closes, and the override of two authorised people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed
from common.models import signed
from resilience.domain.levels import Measured
from resilience.domain.posture import Metric, Readings
from resilience.enums import BreakerCause
from resilience.services.readings import is_stale, readings
from resilience.services.world import load_policy
from resilience.signals import breaker_closed, breaker_overridden, breaker_tripped
from schedules.domain.rules.report import Severity
from schedules.enums import BreakerState, ComplianceStatus, ScheduleStatus
from schedules.models import Breaker, ComplianceEvent, ProgramPolicy

ABSENT = "ABSENT"
OVERRIDE_LIMIT = dt.timedelta(hours=8)
SECOND_ROLES = (Role.PROGRAM_DIRECTOR, Role.ARCHITECT)
"""Whoever of them is active may be the second person where the policy names nobody."""

Causes = Sequence[tuple[BreakerCause, str]]


class BreakerNotOpen(DomainError):
    """There is nothing to override or to take back."""

    code = "breaker_not_open"


def current() -> Breaker:
    """The breaker as it stands; closed where nothing was ever judged."""
    return Breaker.objects.filter(pk=1).first() or Breaker(pk=1)


@transaction.atomic
def judge(*, at: dt.datetime, measured: Readings | None = None) -> Breaker:
    """Open it where a cause holds, half-open it when the causes are gone, close it after a clear time.

    `measured` are the readings of this moment where the caller has them already.
    """
    return _settle(_locked(at), [*causes(at=at, measured=measured), *_by_hand()], by=None, at=at)


def causes(*, at: dt.datetime, measured: Readings | None = None) -> Causes:
    """What holds against the published schedule at this moment, in words. Reads only."""
    policy = load_policy()
    found = []
    margin = (measured or readings(at=at))[Metric.MARGIN_SAFETY]
    if isinstance(margin, Measured) and margin.value < 0:
        sentence = f"k*(safety) is {margin.value:.0f} within {policy.safety_days} days: attending posts stay open."
        found.append((BreakerCause.SAFETY_MARGIN, sentence))
    violations = unresolved(timezone.localdate(at))
    if violations:
        sentence = f"The published schedule has {violations} unresolved hard violations."
        found.append(
            (BreakerCause.HARD_VIOLATION, sentence.replace("1 unresolved hard violations", "1 hard violation"))
        )
    stale = is_stale(at=at, policy=policy)
    if stale:
        found.append((BreakerCause.STALE_DATA, stale))
    return found


def unresolved(today: dt.date) -> int:
    """Hard findings of the published schedule that are not over and that some roster could avoid.

    Cells of people who went on approved leave after the publish are left out: they hold nothing any more, and what is
    missing without them is judged by margins and coverage.
    """
    found = ComplianceEvent.objects.filter(
        status=ComplianceStatus.OPEN,
        schedule__status=ScheduleStatus.PUBLISHED,
        severity=Severity.HARD.value,
        unavoidable=False,
        end_date__gte=today,
    )
    return found.exclude(rule=ABSENT).count()


@transaction.atomic
def trip(*, by: User, at: dt.datetime, reason: str) -> Breaker:
    """Open it by hand, for a reason. Raises `NotAllowed`, `Invalid`."""
    _require_right(by)
    if not reason.strip():
        raise Invalid("Give the reason: everybody whose change is refused will read it.")
    row = _locked(at)
    held = [(BreakerCause(cause), sentence) for cause, sentence in row.causes if cause != BreakerCause.BY_HAND]
    return _settle(row, [*held, (BreakerCause.BY_HAND, reason.strip()[:250])], by=by, at=at)


@transaction.atomic
def clear(*, by: User, at: dt.datetime, reason: str) -> Breaker:
    """Take a trip by hand back; other causes stay. Raises `NotAllowed`, `Invalid`, `BreakerNotOpen`."""
    _require_right(by)
    if not reason.strip():
        raise Invalid("Give the reason: it is kept in the breaker's history.")
    row = _locked(at)
    if not _by_hand():
        raise BreakerNotOpen("Nobody opened the breaker by hand. It closes by itself once its causes are gone.")
    return _settle(row, causes(at=at), by=by, at=at, reason=reason.strip())


@transaction.atomic
def override(*, by: User, second: User, at: dt.datetime, until: dt.datetime, reason: str) -> Breaker:
    """Let ordinary changes through for at most 8 hours, on the word of the program director and a second person.

    The caller has made sure that the second person said so themselves.
    Raises `NotAllowed`, `Invalid`, `BreakerNotOpen`.
    """
    if by.role != Role.PROGRAM_DIRECTOR or not by.may(Permission.APPROVE_RESILIENCE):
        raise NotAllowed("The program director overrides the breaker, together with a second person.")
    if not may_second(second, first=by):
        raise NotAllowed(
            "The second person is the one named in the program policy; where nobody is, another active program"
            " director or architect. It is never the same person."
        )
    if not reason.strip():
        raise Invalid("Give the reason of the override: a memorandum is drafted from it.")
    if not at < until <= at + OVERRIDE_LIMIT:
        raise Invalid("An override ends within 8 hours: choose an earlier end.")
    row = _locked(at)
    if row.state != BreakerState.OPEN:
        raise BreakerNotOpen("The breaker is not open: ordinary changes pass already.")
    row.override_until, row.override_reason = until, reason.strip()[:500]
    row.override_by, row.override_second = by, second
    signed(row, by=by, at=at, reason=f"overridden: {reason.strip()}").save()
    news = {"by": by.pk, "second": second.pk, "reason": row.override_reason, "at": at, "until": until}
    transaction.on_commit(lambda: breaker_overridden.send(sender=Breaker, **news))
    return row


def may_second(user: User, *, first: User) -> bool:
    """Whether somebody may be the second of two: the person named in the policy, else another director or architect."""
    if user.pk == first.pk or not user.is_active:
        return False
    policy = ProgramPolicy.objects.filter(pk=1).first()
    named = policy.second_authority_id if policy else None
    return user.pk == named if named else user.role in SECOND_ROLES


def _by_hand() -> Causes:
    return [(BreakerCause(cause), sentence) for cause, sentence in current().causes if cause == BreakerCause.BY_HAND]


def _locked(at: dt.datetime) -> Breaker:
    if not Breaker.objects.filter(pk=1).exists():
        signed(Breaker(pk=1), by=None, at=at, reason="first judged").save()
    return Breaker.objects.select_for_update().get(pk=1)


def _settle(row: Breaker, found: Causes, *, by: User | None, at: dt.datetime, reason: str = "") -> Breaker:
    """Move to the state that the causes ask for, with history and news where it moves."""
    before = BreakerState(row.state)
    after = _next(row, found, at=at)
    row.causes = [[cause.value, sentence] for cause, sentence in found]
    row.cause = " ".join(sentence for _, sentence in found)[:300] if found else ""
    if found:
        row.clear_since = None
    elif row.clear_since is None:
        row.clear_since = at
    if after is before:
        _save_quietly(row)
        return row
    row.state, row.changed_at, row.changed_by = after, at, by
    if after is not BreakerState.OPEN:
        row.override_until, row.override_reason = None, ""
        row.override_by = row.override_second = None
    signed(row, by=by, at=at, reason=reason or row.cause or f"{before.label} to {after.label}").save()
    _tell(row, found, after=after, at=at)
    return row


def _next(row: Breaker, found: Causes, *, at: dt.datetime) -> BreakerState:
    before = BreakerState(row.state)
    if found:
        return BreakerState.OPEN
    if before is BreakerState.OPEN:
        return BreakerState.HALF_OPEN
    since = row.clear_since or at
    is_clear = (at - since).total_seconds() >= load_policy().breaker_clear_seconds
    return BreakerState.CLOSED if is_clear else before


def _save_quietly(row: Breaker) -> None:
    """The figures in the causes change without being news: no line of history."""
    Breaker._base_manager.filter(pk=row.pk).update(causes=row.causes, cause=row.cause, clear_since=row.clear_since)


def _tell(row: Breaker, found: Causes, *, after: BreakerState, at: dt.datetime) -> None:
    if after is BreakerState.OPEN:
        news = {"cause": found[0][0].value, "detail": row.cause, "at": at}
        transaction.on_commit(lambda: breaker_tripped.send(sender=Breaker, **news))
    elif after is BreakerState.CLOSED:
        transaction.on_commit(lambda: breaker_closed.send(sender=Breaker, at=at))


def _require_right(by: User) -> None:
    if not (by.may(Permission.APPROVE_RESILIENCE) and by.may(Permission.DECIDE_DIRECTOR)):
        raise NotAllowed("Only the program director opens or clears the breaker by hand.")
