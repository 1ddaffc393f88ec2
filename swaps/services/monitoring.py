"""What happens by itself: consents lapse, people are reminded, cases move up, executed swaps are looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from common.errors import DomainError
from common.models import signed
from schedules.domain.changes import new_or_worsened
from schedules.domain.rules import HARD_RULES, check
from schedules.domain.rules.report import Severity, Violation
from schedules.models import Schedule
from schedules.services import compliance
from schedules.services.gate import open_gate
from schedules.services.publishing import keep_judgement
from schedules.services.validation import Validation, validate
from swaps import queries
from swaps.domain.checks import wrong_where_written
from swaps.domain.deadlines import is_overdue, next_level
from swaps.domain.exchange import conflicts, undo
from swaps.domain.tables import Actor, Level, SwapPolicy, SwapStatus
from swaps.enums import CaseKind, CaseStatus, Event, OfferStatus
from swaps.mapping import load_policy, places, recorded
from swaps.models import EscalationCase, MarketplaceOffer, SwapRecord
from swaps.services import carrying, ground, record
from swaps.services.answers import cancelled
from swaps.services.due import is_time_to_remind
from swaps.services.execution import execute, is_accepted
from swaps.services.refusals import RollbackConflict, RollbackExpired
from swaps.services.rollback import roll_back
from swaps.services.settling import accepted_posts, close_case, due, tell_deciders

_log = structlog.get_logger(__name__)

JUDGED = "judged after a swap"
"""What the history of a version says of it."""
STUCK_AFTER = dt.timedelta(minutes=2)
"""An approved swap that is not executed by then lost its process: the sweep executes it."""


@dataclass
class Swept:
    """How many swaps, cases and offers a sweep dealt with, by what it did."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


def sweep(at: dt.datetime) -> Swept:
    """Do everything that is due at `at`; safe to run as often as one likes, and in several processes."""
    policy = load_policy()
    swept = Swept()
    steps: tuple[tuple[str, Iterable[SwapRecord | EscalationCase | MarketplaceOffer], Callable[..., bool]], ...] = (
        ("lapsed", _lapsing(at), _lapse),
        ("begun", _begun(at), _reject_begun),
        ("executed", _stuck(at), _execute_stuck),
        ("partners reminded", _unanswered(), _remind_partner),
        ("moved up", _late(at), _move_up),
        ("approvers reminded", _undecided(), _remind_decider),
        ("monitored", _watched(at), _monitor_due),
        ("given up", carrying.undecided(at), carrying.settle_lived),
        ("offers expired", _stale_offers(at), _expire),
    )
    for what, things, deed in steps:
        for thing in things:
            swept.add(what, _done(deed, thing, policy, at))
    return swept


def monitor(swap: SwapRecord, *, at: dt.datetime) -> tuple[Violation, ...]:
    """Look whether an executed swap is answerable for a hard violation by now; if so it is rolled back.

    The published roster is compared with itself without the swap. Minima that an approver left unfilled do not count.
    Returns the critical findings.
    """
    policy = load_policy()
    found = critical(swap)
    if _plan_next(swap, policy, found=found, at=at):
        judge_versions(swap, at=at)
    if found:
        rules = ", ".join(sorted({violation.rule for violation in found}))
        try:
            roll_back(swap, by=None, at=at, reason=f"Monitoring found {rules}.")
        except RollbackConflict:
            _log.warning("swap_rollback_failed", swap=str(swap.pk))
        except RollbackExpired:
            _tell_too_late(swap, rules, at=at)
    return found


def _tell_too_late(swap: SwapRecord, rules: str, *, at: dt.datetime) -> None:
    """Nobody takes it back any more: those who decide hear of it instead."""
    record.tell(
        [*record.coordinators(), *queries.deciders(Level.PROGRAM_DIRECTOR)],
        swap,
        kind="SWAP_BROKEN",
        title=f"A swap breaks a rule, too late to be rolled back: {record.dates_of(swap)}",
        body=f"Monitoring found {rules}. Edit the schedule, or file the reverse swap.",
        at=at,
    )


def critical(swap: SwapRecord) -> tuple[Violation, ...]:
    """Hard findings of the published roster that it would not have without the swap.

    Where touched rows were changed since, what concerns the parties on the touched dates counts instead. A version
    that does not hold the swap says nothing about it: the coordinator is deciding.
    """
    if swap.cases.filter(kind=CaseKind.CARRY_OVER, status=CaseStatus.OPEN).exists():
        return ()
    exchange = recorded(swap)
    land = ground.around(exchange.days)
    gone = conflicts(exchange, land.roster)
    may_stay_open = accepted_posts(swap)
    if gone:
        found = _about_parties(land.report.hard, swap, set(exchange.days))
    else:
        before = undo(exchange)
        problem, without = before.replan(land.problem), before.apply(land.roster)
        known = check(problem, without, only=HARD_RULES, index=land.index.after(problem, without, before.changes))
        new = tuple(v for v in new_or_worsened(known, land.report) if v.severity is Severity.HARD)
        found = tuple(dict.fromkeys((*new, *wrong_where_written(land.report, exchange, land.problem))))
    return tuple(v for v in found if not is_accepted(v, may_stay_open))


def _about_parties(found: Iterable[Violation], swap: SwapRecord, days: set[dt.date]) -> tuple[Violation, ...]:
    people = {str(swap.source_person_id), str(swap.target_person_id)}
    return tuple(
        violation
        for violation in found
        if people & set(violation.people) and any(violation.start <= day <= violation.end for day in days)
    )


def judge_versions(swap: SwapRecord, *, at: dt.datetime) -> None:
    """Make what is said of the published versions of a swap's dates (report, coverage, violations) that of their rows.

    Judged before the gate is opened, so that nobody waits for it; a version that changes meanwhile is left to whoever
    changed it, and one that nobody has changed since it was judged is not judged twice. Where the gate is closed, the
    record of violations alone is brought up to date.
    """
    found = [(version, _judged(version)) for version in _versions(swap) if not _is_judged(version)]
    if not found:
        return
    try:
        with open_gate(operation="swap", by=None, at=at, reason=JUDGED):
            for seen, judged in found:
                locked = Schedule.objects.select_for_update(no_key=True).get(pk=seen.pk)
                if (locked.version, locked.status) == (seen.version, seen.status):
                    keep_judgement(locked, judged, by=None, at=at, reason=JUDGED)
    except DomainError as failure:
        _log.warning("report_not_kept", swap=str(swap.pk), failure=type(failure).__name__)
        for seen, judged in found:
            compliance.reconcile(seen, judged.report, at=at, reason=JUDGED)


def _is_judged(version: Schedule) -> bool:
    """Whether the newest that its history knows is such a judgement: every change of its rows is written there too."""
    rows = version.history.order_by("-history_id")  # type: ignore[attr-defined]
    return bool(rows.values_list("history_change_reason", flat=True).first() == JUDGED)


def _judged(version: Schedule) -> Validation:
    return validate(version.start_date, version.end_date, schedule=version)


def _plan_next(swap: SwapRecord, policy: SwapPolicy, *, found: tuple[Violation, ...], at: dt.datetime) -> bool:
    """Write down what was seen and when to look again; whether this was the first time."""
    with transaction.atomic():
        locked = record.lock(swap)
        if locked.status != SwapStatus.EXECUTED or locked.executed_at is None:
            return False
        # What is critical and cannot be taken back now (maintenance, an open breaker) does not wait for an hour.
        following = at + (policy.first_monitoring_after if found else policy.monitoring_every)
        last = locked.executed_at + policy.monitoring_time
        record.save(locked, by=None, at=at, why="monitored", next_check_at=following if following <= last else None)
        first = not locked.audit.filter(event=Event.MONITORED).exists()
        record.note(locked, Event.MONITORED, by=None, at=at, critical=sorted({v.rule for v in found}))
        return first


def _versions(swap: SwapRecord) -> list[Schedule]:
    days = list(swap.changes.values_list("date", flat=True))
    return list(Schedule.objects.published(min(days), max(days)))


def _done(deed: Callable[..., bool], thing: object, policy: SwapPolicy, at: dt.datetime) -> int:
    """One thing's failure leaves the others alone; it is tried again with the next sweep."""
    try:
        return int(deed(thing, policy, at))
    except (DomainError, DatabaseError) as failure:
        _log.warning("sweep_failed", deed=deed.__name__, failure=type(failure).__name__)
        return 0


# --- what is due ------------------------------------------------------------------------------------------------------


def _lapsing(at: dt.datetime) -> list[SwapRecord]:
    rows = SwapRecord.objects.filter(status=SwapStatus.PENDING, consent_at__isnull=True, consent_due__lt=at)
    return list(rows.order_by("consent_due"))


def _begun(at: dt.datetime) -> list[SwapRecord]:
    """Those of which an exchanged session lies on a date that has come; later ones of a running week may wait."""
    today = timezone.localdate(at)
    reached = Q(source_week__lte=today) | Q(target_week__lte=today)
    rows = SwapRecord.objects.filter(reached, status=SwapStatus.PENDING).order_by("source_week")
    return [swap for swap in rows if _first_day(swap) <= today]


def _first_day(swap: SwapRecord) -> dt.date:
    named = [day for day, _ in (*places(swap.source_places), *places(swap.target_places))]
    return min(named, default=swap.source_week)


def _stuck(at: dt.datetime) -> list[SwapRecord]:
    rows = SwapRecord.objects.filter(status=SwapStatus.APPROVED).order_by("requested_at")
    return [swap for swap in rows if _approved_at(swap) <= at - STUCK_AFTER]


def _approved_at(swap: SwapRecord) -> dt.datetime:
    return max(time for time in (swap.requested_at, swap.consent_at, swap.decided_at) if time is not None)


def _unanswered() -> list[SwapRecord]:
    rows = SwapRecord.objects.filter(status=SwapStatus.PENDING, consent_at__isnull=True, reminded_at__isnull=True)
    return list(rows.order_by("consent_due"))


def _late(at: dt.datetime) -> list[EscalationCase]:
    """Past their deadline; one that nobody is above is marked once."""
    rows = EscalationCase.objects.filter(status=CaseStatus.OPEN, due_at__lt=at).order_by("due_at")
    return [case for case in rows if case.overdue_at is None or next_level(Level(case.level)) is not None]


def _undecided() -> list[EscalationCase]:
    rows = EscalationCase.objects.filter(status=CaseStatus.OPEN, reminded_at__isnull=True)
    return list(rows.order_by("due_at"))


def _watched(at: dt.datetime) -> list[SwapRecord]:
    return list(SwapRecord.objects.filter(status=SwapStatus.EXECUTED, next_check_at__lte=at).order_by("next_check_at"))


def _stale_offers(at: dt.datetime) -> list[MarketplaceOffer]:
    return list(MarketplaceOffer.objects.filter(status=OfferStatus.OPEN, week__lte=timezone.localdate(at)))


# --- deeds: (thing, policy, at) -> whether anything was done ----------------------------------------------------------


def _lapse(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    with transaction.atomic():
        locked = record.lock(swap)
        if locked.status != SwapStatus.PENDING or locked.consent_at is not None:
            return False
        cancelled(locked, actor=Actor.SYSTEM, by=None, at=at, code="NO_CONSENT")
    return True


def _reject_begun(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    """Nobody decided in time: a week that has begun is not swapped any more."""
    with transaction.atomic():
        locked = record.lock(swap)
        if locked.status != SwapStatus.PENDING:
            return False
        record.move(
            locked, SwapStatus.REJECTED, actor=Actor.CHECKS, by=None, at=at, decided_at=at, error_code="PAST_DATE"
        )
        record.note(locked, Event.REJECTED, by=None, at=at, codes=["PAST_DATE"])
        close_case(locked, by=None, at=at, reason="the week has begun")
        record.tell(
            record.parties(locked),
            locked,
            kind="SWAP_REJECTED",
            title=f"Swap refused: {record.dates_of(locked)}",
            body="The week has begun before everybody had answered.",
            at=at,
        )
    return True


def _execute_stuck(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    execute(swap, by=swap.consent_by, at=at)
    return True


def _remind_partner(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    if not is_time_to_remind(swap.requested_at, swap.consent_due, at):
        return False
    with transaction.atomic():
        locked = record.lock(swap)
        if locked.status != SwapStatus.PENDING or locked.consent_at is not None or locked.reminded_at is not None:
            return False
        record.save(locked, by=None, at=at, why="partner reminded", reminded_at=at)
        record.note(locked, Event.REMINDED, by=None, at=at, who=Actor.PARTNER.value)
        record.tell(
            [locked.target_person.user],
            locked,
            kind="SWAP_REMINDER",
            title=f"A swap waits for your answer: {record.dates_of(locked)}",
            body=f"It lapses on {timezone.localtime(locked.consent_due):%Y-%m-%d %H:%M}.",
            at=at,
        )
    return True


def _remind_decider(case: EscalationCase, policy: SwapPolicy, at: dt.datetime) -> bool:
    begun = case.moved_up_at or case.opened_at
    if not is_time_to_remind(begun, case.due_at, at):
        return False
    with transaction.atomic():
        # The swap first, as everybody does: an approver holds it while closing the case.
        record.lock(case.swap)
        locked = _locked_case(case)
        if locked.status != CaseStatus.OPEN or locked.reminded_at is not None:
            return False
        locked.reminded_at = at
        signed(locked, by=None, at=at, reason="reminded").save()
        record.note(locked.swap, Event.REMINDED, by=None, at=at, who=Level(locked.level).name)
        tell_deciders(
            locked, title=f"A swap waits for you: {record.dates_of(locked.swap)}", kind="SWAP_REMINDER", at=at
        )
    return True


def _move_up(case: EscalationCase, policy: SwapPolicy, at: dt.datetime) -> bool:
    """One level up and marked overdue; both levels hear of it. It is never approved by this."""
    with transaction.atomic():
        record.lock(case.swap)
        locked = _locked_case(case)
        if locked.status != CaseStatus.OPEN or not is_overdue(locked.due_at, at):
            return False
        level, above = Level(locked.level), next_level(Level(locked.level))
        tell_deciders(locked, title=f"Overdue: {record.dates_of(locked.swap)}", kind="SWAP_OVERDUE", at=at)
        locked.overdue_at = locked.overdue_at or at
        if above is not None:
            locked.level, locked.moved_up_at, locked.reminded_at = above, at, None
            locked.due_at = due(above, at, policy)
        signed(locked, by=None, at=at, reason="overdue").save()
        record.note(
            locked.swap,
            Event.OVERDUE,
            by=None,
            at=at,
            left=level.name,
            now=above.name if above else level.name,
        )
        if above is not None:
            tell_deciders(locked, title=f"Swap to decide: {record.dates_of(locked.swap)}", kind="SWAP_ESCALATED", at=at)
    return True


def _locked_case(case: EscalationCase) -> EscalationCase:
    rows = EscalationCase.objects.select_for_update(of=("self",))
    return rows.select_related("swap__source_person__user", "swap__target_person__user").get(pk=case.pk)


def _monitor_due(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    monitor(swap, at=at)
    return True


def _expire(offer: MarketplaceOffer, policy: SwapPolicy, at: dt.datetime) -> bool:
    with transaction.atomic():
        locked = MarketplaceOffer.objects.select_for_update().get(pk=offer.pk)
        if locked.status != OfferStatus.OPEN:
            return False
        locked.status, locked.closed_at = OfferStatus.EXPIRED, at
        signed(locked, by=None, at=at, reason="expired").save()
    return True
