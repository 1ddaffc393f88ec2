"""Taking an executed swap back within its window: every touched row as it was, or nothing and the conflicts by row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from common.errors import Invalid, NotAllowed
from schedules.models import FmitWeek
from schedules.services.cells import Held, lock
from schedules.services.gate import open_gate
from schedules.services.improving import Effect
from swaps import queries
from swaps.domain.exchange import conflicts, undo
from swaps.domain.tables import Actor, SwapPolicy, SwapStatus
from swaps.domain.tables import can_roll_back as within_window
from swaps.enums import Event
from swaps.mapping import RowState, cell_before, load_policy, recorded, same_state, slot_of, state_of
from swaps.models import SwapRecord
from swaps.services import ground, record, rows
from swaps.services.execution import reason_of_history
from swaps.services.refusals import RollbackConflict, RollbackExpired
from swaps.services.settling import close_case
from swaps.signals import swap_rollback_failed, swap_rolled_back

LONGEST_REASON = 500
NOT_PUBLISHED = "not published"
ROLE_ACTORS = {Role.PROGRAM_DIRECTOR: Actor.PROGRAM_DIRECTOR, Role.ADMINISTRATOR: Actor.ADMINISTRATOR}


def rollback_eligible_until(swap: SwapRecord, *, policy: SwapPolicy | None = None) -> dt.datetime | None:
    """The last instant at which it may be rolled back; None where it is not executed, or given up.

    `policy` spares those who ask about many swaps the reading of the program's numbers for each.
    """
    if swap.status != SwapStatus.EXECUTED or swap.executed_at is None or swap.given_up_at is not None:
        return None
    return swap.executed_at + (policy or load_policy()).rollback_time


def can_roll_back(
    swap: SwapRecord, *, at: dt.datetime, by: User | None = None, policy: SwapPolicy | None = None
) -> bool:
    """Whether it is still within its window and, with `by`, this user may do it."""
    if swap.given_up_at is not None or (by is not None and _capacity(swap, by) is None):
        return False
    return within_window(SwapStatus(swap.status), swap.executed_at, at, policy or load_policy())


def roll_back(swap: SwapRecord, *, by: User | None, at: dt.datetime, reason: str) -> SwapRecord:
    """Put every touched row and FMIT week back as it was. `by` None = the system, on a critical finding.

    While the breaker is open, it passes where it makes the schedule better: a swap that broke a rule comes back.

    Raises NotAllowed, Invalid (no reason), SwapState, RollbackExpired, what the gate raises, and RollbackConflict
    where a touched row was changed meanwhile: then nothing is restored and the swap is ROLLBACK_FAILED.
    """
    actor = Actor.SYSTEM if by is None else _capacity(swap, by)
    if actor is None:
        raise NotAllowed("Only who asked for it, the program director or an administrator takes a swap back.")
    why = reason.strip()
    if not 1 <= len(why) <= LONGEST_REASON:
        raise Invalid(f"Give a reason of 1 to {LONGEST_REASON} characters for rolling the swap back.")
    reason_there = f"rollback of {reason_of_history(swap)}"
    with open_gate(operation="swap", by=by, at=at, reason=reason_there, effect=lambda: _effect(swap)):
        locked = record.lock(swap)
        _require_possible(locked, at=at)
        held = lock(slot_of(change) for change in locked.changes.all())
        changed = [*_changed_rows(locked, held), *_changed_weeks(locked)]
        if changed:
            _fail(locked, changed, actor=actor, by=by, at=at)
        else:
            _restore(locked, held, by=by, at=at)
            _finish(locked, actor=actor, by=by, at=at, reason=why)
    if changed:
        raise RollbackConflict(
            f"{len(changed)} rows of this swap were changed since, so nothing was restored. Look at them one by one.",
            rows=changed,
            swap=str(swap.pk),
        )
    return locked


def _effect(swap: SwapRecord) -> Effect | None:
    """What taking it back does to the published cells; None where rows were changed since. An open breaker asks."""
    exchange = recorded(swap)
    land = ground.around(exchange.days)
    if conflicts(exchange, land.roster):
        return None
    return Effect(land.problem, land.roster, undo(exchange).apply(land.roster))


def _capacity(swap: SwapRecord, by: User) -> Actor | None:
    """In which capacity the user may take it back."""
    return Actor.REQUESTER if queries.is_requester(by, swap) else ROLE_ACTORS.get(Role(by.role))


def _require_possible(swap: SwapRecord, *, at: dt.datetime) -> None:
    record.require_state(swap, SwapStatus.EXECUTED)
    if swap.given_up_at is not None or not can_roll_back(swap, at=at):
        raise RollbackExpired(
            "The time for rolling this swap back is over. The program director may file the reverse swap, which passes"
            " every check."
        )


def _changed_rows(swap: SwapRecord, held: Held) -> list[dict[str, Any]]:
    """Touched rows that no longer are as the swap left them, or lie on dates of which nothing is published now."""
    conflicts = []
    for change in swap.changes.select_related("person"):
        now = state_of(held.cell(slot_of(change)))
        is_published = held.covers(change.date)
        if not is_published or not same_state(change.after, now):
            conflicts.append(
                {
                    "person": str(change.person_id),
                    "date": change.date.isoformat(),
                    "session": change.session,
                    "left": _code(change.after),
                    "now": _code(now) if is_published else NOT_PUBLISHED,
                    "locked": bool(now and now["locked"]),
                }
            )
    return conflicts


def _changed_weeks(swap: SwapRecord) -> list[dict[str, Any]]:
    """Planned FMIT weeks that somebody else has now."""
    conflicts = []
    for change in swap.week_changes.all():
        week = FmitWeek.objects.select_for_update().filter(start_date=change.start_date).first()
        if week is None or week.person_id != change.after_id:
            conflicts.append(
                {
                    "person": str(change.after_id),
                    "date": change.start_date.isoformat(),
                    "session": "",
                    "left": "FMIT week",
                    "now": "another person" if week else None,
                    "locked": False,
                }
            )
    return conflicts


def _code(state: RowState | None) -> str | None:
    return state["activity"] if state else None


def _restore(swap: SwapRecord, held: Held, *, by: User | None, at: dt.datetime) -> None:
    reason = f"rollback of {reason_of_history(swap)}"
    rows.write(held, [cell_before(change) for change in swap.changes.all()], by=by, at=at, reason=reason)
    for change in swap.week_changes.all():
        rows.hand_over_week(change.start_date, to=str(change.before_id), by=by, at=at, reason=reason)


def _finish(swap: SwapRecord, *, actor: Actor, by: User | None, at: dt.datetime, reason: str) -> None:
    record.move(
        swap,
        SwapStatus.ROLLED_BACK,
        actor=actor,
        by=by,
        at=at,
        rolled_back_at=at,
        rolled_back_by=by,
        rollback_reason=reason,
        next_check_at=None,
    )
    record.note(swap, Event.ROLLED_BACK, by=by, at=at, rows=swap.changes.count(), automatic=by is None)
    close_case(swap, by=by, at=at, reason="rolled back")
    record.tell(
        [*record.parties(swap), *record.coordinators()],
        swap,
        kind="SWAP_ROLLED_BACK",
        title=f"Swap rolled back: {record.dates_of(swap)}",
        body="Everybody has their own weeks again.",
        at=at,
    )
    pk = swap.pk
    transaction.on_commit(lambda: swap_rolled_back.send(sender=SwapRecord, swap=pk, automatic=by is None))


def _fail(swap: SwapRecord, changed: list[dict[str, Any]], *, actor: Actor, by: User | None, at: dt.datetime) -> None:
    record.move(
        swap,
        SwapStatus.ROLLBACK_FAILED,
        actor=Actor.SYSTEM,
        by=by,
        at=at,
        conflicts=changed,
        error_code=RollbackConflict.code,
        next_check_at=None,
    )
    record.note(swap, Event.ROLLBACK_FAILED, by=by, at=at, rows=len(changed), asked_by=actor.value)
    close_case(swap, by=by, at=at, reason="roll back failed")
    record.tell(
        [*record.parties(swap), *record.coordinators()],
        swap,
        kind="SWAP_ROLLBACK_FAILED",
        title=f"Swap not rolled back: {record.dates_of(swap)}",
        body=f"{len(changed)} rows were changed meanwhile. Nothing was restored; the report shows them row by row.",
        at=at,
    )
    pk, count = swap.pk, len(changed)
    transaction.on_commit(lambda: swap_rollback_failed.send(sender=SwapRecord, swap=pk, rows=count))
