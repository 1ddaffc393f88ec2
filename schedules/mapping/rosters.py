"""A `Roster` from assignment rows, and the rows of a roster for writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from schedules import models
from schedules.domain.pattern import base_activity
from schedules.domain.problem import ActivityCode, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot, Source
from schedules.enums import ScheduleStatus
from schedules.mapping.problems import EDGE_DAYS

Which = models.Schedule | Literal["published"] | None

KEPT_SOURCES = frozenset({Source.MANUAL, Source.SWAP})
"""What people decided: kept like locked cells when a range is generated again."""

_SESSIONS = {session.value: session for session in Session}
_PUBLISHED = Q(schedule__status=ScheduleStatus.PUBLISHED)
_NO_CELLS: Mapping[Slot, ActivityCode] = {}


class Mark(NamedTuple):
    """Where a stored cell came from and whether a person locked it."""

    activity: ActivityCode
    source: Source
    locked: bool


_NO_MARKS: Mapping[Slot, Mark] = {}


def load_roster(
    problem: Problem, *, schedule: Which = None, decided: Mapping[Slot, ActivityCode] = _NO_CELLS
) -> Roster:
    """The stored cells of the problem's range and what is decided around it.

    `schedule` None: no cells, only context. "published": the published cells of the range, whatever versions they
    stand in. A `Schedule`: its own rows; where it covers part of the range only, published rows fill the rest, and
    a draft's amendments are seen in the context. Context is what is published (or, first, `decided`: cells made but
    not yet published) in the 31 days before and after. Locked: locked rows and those people decided.
    """
    known = {person.id: person.id for person in problem.people}
    edge = dt.timedelta(days=EDGE_DAYS)
    cells: dict[Slot, ActivityCode] = {}
    context: dict[Slot, ActivityCode] = {}
    kept = []
    for text, day, session, code, source, locked in _read(schedule, problem.start - edge, problem.end + edge):
        person = known.get(text)
        if person is None:
            continue
        slot = Slot(person, day, _SESSIONS[session])
        if not problem.covers(day):
            context[slot] = code
        elif schedule is not None:
            cells[slot] = code
            if locked or source in KEPT_SOURCES:
                kept.append(slot)
    if decided:
        remade = {slot.day for slot in decided}
        context = {slot: code for slot, code in context.items() if slot.day not in remade}
        context |= {
            slot: code
            for slot, code in decided.items()
            if slot.person in known
            and (problem.start - edge <= slot.day < problem.start or problem.end < slot.day <= problem.end + edge)
        }
    if isinstance(schedule, models.Schedule) and schedule.status == ScheduleStatus.DRAFT:
        context = _amended(context, schedule)
    return Roster(cells=cells, context=context, locked=frozenset(kept))


def load_marks(problem: Problem, *, schedule: Which) -> dict[Slot, Mark]:
    """The stored cells of the range with their source and lock, to keep both when a roster is written."""
    return {
        Slot(person, day, _SESSIONS[session]): Mark(code, Source(source), locked)
        for person, day, session, code, source, locked in _read(schedule, problem.start, problem.end)
    }


def to_assignment_rows(
    problem: Problem,
    roster: Roster,
    *,
    schedule: models.Schedule,
    source: Source = Source.SOLVER,
    marks: Mapping[Slot, Mark] = _NO_MARKS,
) -> list[models.Assignment]:
    """Unsaved rows of the roster's cells, in a fixed order.

    A locked cell keeps the source and lock of its mark; a resident's cell that is as pattern, holiday and
    absence have it comes from the PATTERN; every other from `source`.
    """
    activity_ids = dict(models.Activity.objects.values_list("code", "pk"))
    rows = []
    for slot in sorted(roster.cells):
        code = roster.cells[slot]
        mark = marks.get(slot)
        kept = mark if mark and slot in roster.locked and mark.activity == code else None
        period = problem.assignment_of.get((slot.person, slot.day))
        rows.append(
            models.Assignment(
                schedule=schedule,
                person_id=slot.person,
                date=slot.day,
                session=slot.session.value,
                activity_id=activity_ids[code],
                rotation_id=period.rotation if period else None,
                source=(kept.source if kept else _origin(problem, slot, code, source)).value,
                locked=kept.locked if kept else False,
            )
        )
    return rows


def _origin(problem: Problem, slot: Slot, code: ActivityCode, source: Source) -> Source:
    base = base_activity(problem, problem.person[slot.person], slot.day, slot.session)
    return Source.PATTERN if code == base else source


def _read(schedule: Which, first: dt.date, last: dt.date) -> Iterable[tuple[PersonId, dt.date, str, str, str, bool]]:
    """Person, date, session, activity, source and lock of the cells from `first` to `last`: of one version on its own
    dates, of the published ones elsewhere.

    Ids come as text: thousands of rows are read, and making a UUID of each costs more than reading it.
    """
    rows = _rows(schedule).filter(date__gte=first, date__lte=last).order_by()
    columns = ("date", "session", "activity__code", "source", "locked")
    return rows.values_list(Cast("person_id", TextField()), *columns)


def _rows(schedule: Which) -> QuerySet[models.Assignment]:
    rows = models.Assignment.objects.all()
    if not isinstance(schedule, models.Schedule):
        return rows.filter(_PUBLISHED)
    outside = Q(date__lt=schedule.start_date) | Q(date__gt=schedule.end_date)
    return rows.filter(Q(schedule=schedule) | (_PUBLISHED & outside))


def _amended(context: Mapping[Slot, ActivityCode], schedule: models.Schedule) -> dict[Slot, ActivityCode]:
    changed = dict(context)
    rows = models.Amendment.objects.filter(schedule=schedule)
    for person, day, session, code in rows.values_list("person_id", "date", "session", "activity__code"):
        slot = Slot(str(person), day, _SESSIONS[session])
        if code is None:
            changed.pop(slot, None)
        else:
            changed[slot] = code
    return changed
