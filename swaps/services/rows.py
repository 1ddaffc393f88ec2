"""What a swap does to rows: the published cells that it writes or puts back, and planned FMIT weeks."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from accounts.models import User
from common.models import signed
from schedules.domain.problem import Date, Problem
from schedules.domain.roster import Slot, Source
from schedules.mapping.cells import Cell, Origin
from schedules.models import FmitWeek
from schedules.services import published
from schedules.services.cells import Held
from swaps.domain.exchange import Exchange


def cells_after(exchange: Exchange, problem: Problem, held: Held, *, at: dt.datetime) -> list[Cell]:
    """What the exchange leaves in each slot; a row that it makes has the rotation that the resident is on."""
    cells = []
    for slot, change in exchange.changes.items():
        if change.after is None:
            cells.append(Cell(slot, None))
            continue
        before = held.cell(slot)
        if before.origin is None:
            before = before._replace(origin=_origin(slot, problem, held, at=at))
        cells.append(before._replace(activity=change.after, source=Source.SWAP))
    return cells


def _origin(slot: Slot, problem: Problem, held: Held, *, at: dt.datetime) -> Origin:
    """Of a row that is yet to be made."""
    period = problem.assignment_of.get((slot.person, slot.day))
    rotation = uuid.UUID(period.rotation) if period else None
    return Origin(rotation, held.home(slot.day).pk, uuid.uuid4(), at)


def write(held: Held, cells: Sequence[Cell], *, by: User | None, at: dt.datetime, reason: str) -> None:
    """Bring the locked rows to hold the cells; monitoring judges the versions. Needs the open gate."""
    published.store(held, cells, by=by, at=at, reason=reason, deed="swapped", judged_later=True)


def hand_over_week(start: Date, *, to: str, by: User | None, at: dt.datetime, reason: str) -> FmitWeek:
    """Give the planned FMIT week that begins on the date to another person."""
    week = FmitWeek.objects.select_for_update().get(start_date=start)
    week.person_id = uuid.UUID(to)
    signed(week, by=by, at=at, reason=reason).save()
    return week
