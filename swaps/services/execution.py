"""Carrying a swap out and verifying it in one transaction through the gate; failing in a second one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from common.services import maintenance
from schedules.domain.changes import new_or_worsened
from schedules.domain.rules.report import Report, Severity, Violation
from schedules.services.cells import CellsChanged, lock
from schedules.services.gate import open_gate, require_breaker_closed
from schedules.services.improving import Effect, EffectOf
from swaps.domain.checks import open_posts
from swaps.domain.exchange import Exchange, RangeTooShort
from swaps.domain.tables import Actor, SwapStatus, Verdict
from swaps.enums import Event
from swaps.mapping import digest, state_of
from swaps.models import SwapChange, SwapRecord, SwapWeekChange
from swaps.services import ground, record, rows
from swaps.services.judging import Planned, judge_again, plan_again
from swaps.services.refusals import ExecutionFailed
from swaps.services.settling import accepted_posts, unapproved
from swaps.signals import swap_executed

_log = structlog.get_logger(__name__)


class Broken(Exception):
    """Execution or verification failed: everything of the transaction is rolled back. `cause` is a code."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def require_open(at: dt.datetime, planned: Callable[[], Planned | None]) -> None:
    """Refuse before anything is stored what the gate would refuse later. Raises UnderMaintenance, BreakerOpen.

    An open breaker lets a swap pass that makes coverage or the safety margin better, as it is planned now.
    """
    maintenance.require_off()
    require_breaker_closed(at, effect_of(planned))


def effect_of(planned: Callable[[], Planned | None]) -> EffectOf:
    """What the swap does to the published cells, worked out only where an open breaker asks."""

    def effect() -> Effect | None:
        found = planned()
        if found is None or found.exchange is None:
            return None
        land = found.ground
        return Effect(land.problem, land.roster, found.exchange.apply(land.roster))

    return effect


def execute(swap: SwapRecord, *, by: User | None, at: dt.datetime) -> SwapRecord:
    """Carry an APPROVED swap out, verify it, and leave it EXECUTED; or REJECTED with INTEGRITY_VIOLATION, nothing else
    changed. Not inside another transaction.

    Raises ExecutionFailed, SwapState where somebody was faster, and what the gate raises (the swap stays APPROVED
    and the next sweep tries again).
    """
    reason = reason_of_history(swap)
    try:
        with open_gate(operation="swap", by=by, at=at, reason=reason, effect=effect_of(lambda: plan_again(swap))):
            return _carry_out(record.lock(swap), by=by, at=at)
    except (Broken, IntegrityError, RangeTooShort, CellsChanged, LookupError) as error:
        cause = error.cause if isinstance(error, Broken) else type(error).__name__
        _log.warning("swap_failed", swap=str(swap.pk), cause=cause)
        _fail(swap, cause=cause, by=by, at=at)
        raise ExecutionFailed(
            "Rows of this swap were changed at the same moment, so nothing was changed. Look at the schedule and ask"
            " again.",
            swap=str(swap.pk),
            cause=cause,
        ) from error


def reason_of_history(swap: SwapRecord) -> str:
    """What the history of every touched row says."""
    return f"swap {swap.pk}"


def _carry_out(swap: SwapRecord, *, by: User | None, at: dt.datetime) -> SwapRecord:
    record.require_state(swap, SwapStatus.APPROVED)
    planned = plan_again(swap)
    exchange, judgement = _still_as_decided(swap, planned, at=at)
    held = lock(exchange.changes)
    if any(held.cell(slot).activity != change.before for slot, change in exchange.changes.items()):
        raise Broken("ROWS_CHANGED")
    cells = rows.cells_after(exchange, planned.ground.problem, held, at=at)
    # Taken before the writer changes the rows in hand.
    changes = [
        SwapChange(
            swap=swap,
            person_id=cell.slot.person,
            date=cell.slot.day,
            session=cell.slot.session.value,
            schedule=held.home(cell.slot.day),
            before=state_of(held.cell(cell.slot)),
            after=state_of(cell),
        )
        for cell in cells
    ]
    reason = reason_of_history(swap)
    rows.write(held, cells, by=by, at=at, reason=reason)
    weeks = [
        SwapWeekChange(swap=swap, start_date=week.start, end_date=week.end, before_id=week.person, after_id=person)
        for week, person in exchange.weeks
    ]
    for week in weeks:
        rows.hand_over_week(week.start_date, to=str(week.after_id), by=by, at=at, reason=reason)
    SwapChange.objects.bulk_create(changes)
    SwapWeekChange.objects.bulk_create(weeks)
    record.note(swap, Event.EXECUTED, by=by, at=at, rows=len(changes), weeks=len(weeks))
    verify(planned, exchange, may_stay_open=accepted_posts(swap))
    record.note(swap, Event.VERIFIED, by=None, at=at)
    record.move(
        swap,
        SwapStatus.EXECUTED,
        actor=Actor.SYSTEM,
        by=by,
        at=at,
        executed_at=at,
        transaction_id=record.transaction_id(),
        next_check_at=at + planned.policy.first_monitoring_after,
        schedule=held.versions[0],
        judgement=judgement,
    )
    _announce(swap, until=at + planned.policy.rollback_time, at=at)
    return swap


def _still_as_decided(swap: SwapRecord, planned: Planned, *, at: dt.datetime) -> tuple[Exchange, dict[str, Any]]:
    """What was decided, if it still does the same to the same rows and finds nothing that nobody has accepted.

    A judgement of the same moment and version is not made twice.
    """
    known: dict[str, Any] = swap.judgement
    if planned.exchange is None or not planned.exchange.changes or digest(planned.exchange) != known.get("plan"):
        raise Broken("ROWS_CHANGED")
    if (known.get("version"), known.get("at")) == (planned.version, timezone.localtime(at).isoformat()):
        return planned.exchange, known
    asked = judge_again(swap, at=at)
    if asked.verdict is Verdict.REJECT:
        raise Broken(asked.error_code)
    undecided = unapproved(swap, asked)
    if undecided:
        raise Broken(min(item.code for item in undecided))
    return planned.exchange, asked.as_json()


def verify(planned: Planned, exchange: Exchange, *, may_stay_open: frozenset[str]) -> None:
    """Read the rows back: they are what was expected, and break no hard rule that they did not break before.

    A minimum left unfilled passes where an approver accepted each of its open posts. Raises Broken.
    """
    before = planned.ground
    after = ground.fresh(before.problem.start, before.problem.end)
    if after.roster.cells != exchange.apply(before.roster).cells:
        raise Broken("ROWS_DIFFER")
    if set(after.problem.fmit_weeks) != set(exchange.replan(before.problem).fmit_weeks):
        raise Broken("WEEKS_DIFFER")
    for violation in broken_by(before.report, after.report, may_stay_open=may_stay_open):
        raise Broken(violation.rule)


def broken_by(before: Report, after: Report, *, may_stay_open: frozenset[str]) -> tuple[Violation, ...]:
    """Hard findings that are new or worse and that nobody accepted: what no swap may leave, nor many together."""
    return tuple(
        violation
        for violation in new_or_worsened(before, after)
        if violation.severity is Severity.HARD and not is_accepted(violation, may_stay_open)
    )


def is_accepted(violation: Violation, may_stay_open: frozenset[str]) -> bool:
    """Whether it is an unfilled minimum of which an approver let every open post stay open."""
    posts = open_posts(violation)
    return bool(posts) and posts <= may_stay_open


def _fail(swap: SwapRecord, *, cause: str, by: User | None, at: dt.datetime) -> None:
    """The failure, in a transaction of its own."""
    with transaction.atomic():
        locked = record.lock(swap)
        if locked.status != SwapStatus.APPROVED:
            return
        record.move(
            locked,
            SwapStatus.REJECTED,
            actor=Actor.SYSTEM,
            by=by,
            at=at,
            decided_at=at,
            error_code=ExecutionFailed.code,
        )
        record.note(locked, Event.FAILED, by=by, at=at, code=ExecutionFailed.code, cause=cause)
        record.tell(
            record.parties(locked),
            locked,
            kind="SWAP_FAILED",
            title=f"Swap not executed: {record.dates_of(locked)}",
            body="Rows were changed at the same moment. Nothing was changed by the swap; look at the schedule and ask"
            " again.",
            at=at,
        )


def _announce(swap: SwapRecord, *, until: dt.datetime, at: dt.datetime) -> None:
    record.tell(
        [*record.parties(swap), *record.coordinators()],
        swap,
        kind="SWAP_EXECUTED",
        title=f"Swap executed: {record.dates_of(swap)}",
        body=f"It can be rolled back until {timezone.localtime(until):%Y-%m-%d %H:%M}.",
        at=at,
    )
    pk = swap.pk
    transaction.on_commit(lambda: swap_executed.send(sender=SwapRecord, swap=pk))
