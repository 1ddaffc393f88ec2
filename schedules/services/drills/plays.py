"""What schedules bring to a drill: absences, edits and attempts past the gate, and what holds for published cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from django.db import connection
from django.db.models import Count

import backups.services
from accounts.enums import Role
from backups.enums import BackupState
from backups.models import Backup
from schedules.domain.changes import differences
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.pattern import as_lived
from schedules.domain.problem import HALF_DAYS, Problem, Session
from schedules.domain.problem import Role as PersonRole
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import RULES, Severity, check
from schedules.domain.rules.report import Group
from schedules.enums import AbsenceKind, AbsenceStatus, BreakerState, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Assignment, Breaker, Person
from schedules.services import absences, editing
from schedules.services.drills.engine import Drill, play, promise, upkeep
from schedules.services.improving import Effect, improves

LONGEST_ABSENCE = 5
MOST_AT_ONCE = 3
GAPS_ALLOWED = "gaps allowed"
"""Kept by a play in which a person decided, with the report before them, that a post may stay open."""
EMERGENCY = "emergency"
"""Kept by a play that is emergency coverage, which passes an open breaker."""
LONG_AFTER = dt.timedelta(days=3650)
PAST_THE_GATE = (
    "UPDATE schedules_assignment SET locked = NOT locked WHERE id = %s",
    "DELETE FROM schedules_assignment WHERE id = %s",
    "UPDATE schedules_assignment SET date = date + 1 WHERE id = %s",
)


@play("absence asked for and approved", kind="absences", weight=3)
def lose_somebody(drill: Drill) -> str:
    """One to five days in the coming three weeks."""
    if not drill.coming:
        return ""
    first = drill.chance.choice(drill.coming[:21])
    last = min(first + dt.timedelta(days=drill.chance.randrange(LONGEST_ABSENCE)), drill.days[-1])
    person = drill.chance.choice(list(Person.objects.filter(is_active=True).order_by("pk")))
    kind = drill.chance.choice((AbsenceKind.LEAVE, AbsenceKind.SICK, AbsenceKind.CONFERENCE))
    asked = absences.request(person, start=first, end=last, kind=kind, by=drill.crew[Role.COORDINATOR], at=drill.at)
    absences.approve(asked, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at)
    return f"{kind} from {first} to {last}"


@play("several people gone at once", kind="absences", weight=2)
def lose_several(drill: Drill) -> str:
    """Two or three attendings on the same days of the coming two weeks: what fallbacks and shedding are for."""
    days = drill.coming[:14]
    faculty = list(Person.objects.filter(is_active=True, role=PersonRole.FACULTY, adjunct=False).order_by("pk"))
    if not days or len(faculty) < MOST_AT_ONCE:
        return ""
    first = drill.chance.choice(days)
    last = min(first + dt.timedelta(days=drill.chance.randrange(LONGEST_ABSENCE)), drill.days[-1])
    people = drill.chance.sample(faculty, drill.chance.randint(2, MOST_AT_ONCE))
    for person in people:
        asked = absences.request(
            person, start=first, end=last, kind=AbsenceKind.EMERGENCY, by=drill.crew[Role.COORDINATOR], at=drill.at
        )
        absences.approve(asked, by=drill.crew[Role.PROGRAM_DIRECTOR], at=drill.at)
    return f"{len(people)} from {first} to {last}"


@play("absence taken back", kind="absences", weight=1)
def return_somebody(drill: Drill) -> str:
    """An approved absence that has not begun."""
    ahead = Absence.objects.filter(status=AbsenceStatus.APPROVED, start_date__in=drill.coming).order_by(
        "created_at", "pk"
    )
    found = list(ahead)
    if not found:
        return ""
    chosen = drill.chance.choice(found)
    absences.cancel(chosen, by=drill.crew[Role.COORDINATOR], at=drill.at)
    return f"{chosen.start_date} to {chosen.end_date} is free again"


@play("cell changed by hand", kind="edits", weight=2)
def edit(drill: Drill) -> str:
    """To other work of the same person. What would break a rule is left alone, and refused where it must be."""
    cell = _somebody(drill)
    if cell is None:
        return ""
    others = Assignment.objects.filter(
        schedule=cell.schedule, person=cell.person, session__in=[s.value for s in HALF_DAYS]
    ).exclude(activity__code=LEAVE_CODE)
    codes = sorted(set(others.values_list("activity__code", flat=True)) - {cell.activity.code})
    if not codes:
        return ""
    change = editing.Change(str(cell.person_id), cell.date, Session(cell.session), drill.chance.choice(codes))
    shown = editing.preview(cell.schedule, [change])

    def deed() -> object:
        return editing.set_cell(cell.schedule, change, by=drill.crew[Role.COORDINATOR], at=drill.at)

    what = f"{cell.date} {cell.session} from {cell.activity.code} to {change.activity}"
    if shown.refused:
        return drill.must_refuse(f"An edit that breaks {shown.refused[0].rule}", deed)
    if _is_barred(drill) and not improves(shown.effect):
        return drill.must_refuse("An edit while the breaker is open", deed, codes=["breaker_open"])
    if any(item.severity is Severity.HARD for item in (*shown.findings.new, *shown.findings.worsened)):
        return ""
    deed()
    return what


@play("cell written past the gate", kind="attempts", weight=1)
def bypass(drill: Drill) -> str:
    """As somebody with the database's own account would, and as careless code would."""
    cell = _somebody(drill)
    if cell is None:
        return ""
    statement = drill.chance.choice(PAST_THE_GATE)

    def by_hand() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [cell.pk])

    deeds: dict[str, Callable[[], object]] = {"SQL": by_hand, "save()": cell.save, "delete()": cell.delete}
    name = drill.chance.choice(sorted(deeds))
    return drill.must_refuse(f"A cell written past the gate by {name}", deeds[name])


def _somebody(drill: Drill) -> Assignment | None:
    """A published half-day of the coming two weeks that nobody has locked."""
    if not drill.coming:
        return None
    held = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED,
        date=drill.chance.choice(drill.coming[:14]),
        session__in=[s.value for s in HALF_DAYS],
        locked=False,
    )
    found = list(held.select_related("activity", "schedule", "person").order_by("person_id", "session"))
    return drill.chance.choice(found) if found else None


def _is_barred(drill: Drill) -> bool:
    """Whether an open breaker bars ordinary changes now."""
    row = Breaker.objects.filter(pk=1).first()
    if row is None or row.state != BreakerState.OPEN:
        return False
    return row.override_until is None or row.override_until < drill.at


@upkeep
def see_backups(at: dt.datetime) -> int:
    """As the nightly task does: a verified backup without its file is no backup."""
    return backups.services.mark_broken_files()


class Seen(NamedTuple):
    """The published month as it was looked at last."""

    roster: Roster
    hard: frozenset[object]
    barred: bool
    """Whether an open breaker barred ordinary changes then."""


SEEN = "seen"


@promise("No change brings a new hard finding, says who made it and why, and passes an open breaker only if it may")
def changes_are_sound(drill: Drill) -> Iterator[str]:
    """Findings that came while no cell was written are news of the world (an absence), not of a change.

    Judged as it is lived: a post whose holder is away is open whether or not the cell says so yet.
    """
    problem = load_problem(drill.days[0], drill.days[-1])
    roster = load_roster(problem, schedule="published")
    hard = {finding.key: finding for finding in check(problem, as_lived(problem, roster)).hard}
    before = drill.kept.get(SEEN)
    gaps_allowed, emergency = drill.kept.pop(GAPS_ALLOWED, False), drill.kept.pop(EMERGENCY, False)
    drill.kept[SEEN] = Seen(roster, frozenset(hard), _is_barred(drill))
    if not isinstance(before, Seen) or before.roster.digest() == roster.digest():
        return
    for key, finding in hard.items():
        if key not in before.hard and not (gaps_allowed and RULES[finding.rule].group is Group.COVERAGE):
            yield f"{finding.rule}: {finding.message}"
    slots = {slot for slot, _, _ in differences(before.roster, roster)}
    yield from _without_history(slots, roster)
    if before.barred and not emergency and not _improves_somewhere(problem, before.roster, roster, slots):
        yield f"{len(slots)} cells were changed through an open breaker, and nothing is better for it."


def _without_history(slots: Collection[Slot], roster: Roster) -> Iterator[str]:
    """Changed cells whose newest line of history is not what they hold now, or gives no reason."""
    days = [slot.day for slot in slots]
    lines = Assignment.history.model.objects.filter(  # type: ignore[attr-defined]
        schedule__status=ScheduleStatus.PUBLISHED, date__gte=min(days), date__lte=max(days)
    )
    newest = {
        Slot(str(person), day, Session(session)): (None if kind == "-" else code, reason)
        for person, day, session, code, kind, reason in lines.order_by("history_id").values_list(
            "person_id", "date", "session", "activity__code", "history_type", "history_change_reason"
        )
    }
    for slot in sorted(slots):
        code, reason = newest.get(slot, (None, ""))
        if code != roster.cells.get(slot) or not reason:
            yield f"The history does not tell how {slot.day} {slot.session} of somebody became what it is."


def _improves_somewhere(problem: Problem, before: Roster, after: Roster, slots: Collection[Slot]) -> bool:
    """Over the whole month, or over the changed dates: who changes looks at a part of the month."""
    days = [slot.day for slot in slots]
    near = replace(problem, start=min(days), end=max(days))
    return any(improves(Effect(part, before, after)) for part in (problem, near))


@promise("What must be refused is refused")
def nothing_let_through(drill: Drill) -> Iterator[str]:
    """Whatever the plays of this turn tried."""
    yield from drill.let_through
    drill.let_through.clear()


@promise("Everybody who is scheduled has exactly the half-days that were published")
def nobody_is_lost(drill: Drill) -> Iterator[str]:
    """The same people on the same half-days, whatever they hold."""
    halves = (
        Assignment.objects.filter(
            schedule__status=ScheduleStatus.PUBLISHED, date__in=drill.days, session__in=[s.value for s in HALF_DAYS]
        )
        .values("person_id", "date")
        .annotate(n=Count("pk"))
        .order_by()
    )
    found = {(row["person_id"], row["date"]): row["n"] for row in halves}
    first = drill.kept.setdefault("halves", found)
    if found != first:
        differing = sum(found.get(key) != first.get(key) for key in found.keys() | first.keys())  # type: ignore[attr-defined]
        yield f"{differing} days of people hold another number of half-days than at the beginning."


@promise("No cell was written without a verified backup younger than two hours")
def gate_held(drill: Drill) -> Iterator[str]:
    """Whatever has written in this drill made or used one; it is there still, its file whole."""
    seen = drill.kept[SEEN]
    digest = seen.roster.digest() if isinstance(seen, Seen) else ""
    if drill.kept.setdefault("cells at first", digest) != digest and backups.services.fresh_backup() is None:
        yield "Cells were written, and no fresh verified backup is there."


@promise("Every backup of the month can still be relied on, and retention would leave the least number")
def backups_stay(drill: Drill) -> Iterator[str]:
    """However long one waits: nothing is deleted here, the proposal of a distant day is counted."""
    rows = list(Backup.objects.exclude(state=BackupState.DELETED))
    old = drill.kept.setdefault("backups at first", {row.pk for row in rows})
    made = [row for row in rows if row.pk not in old]  # type: ignore[operator]
    broken = sum(row.state != BackupState.VERIFIED for row in made)
    if broken:
        yield f"{broken} backups of this month are broken."
    verified = sum(row.state == BackupState.VERIFIED for row in rows)
    gone = backups.services.prunable(drill.at + LONG_AFTER)
    left = verified - sum(row.state == BackupState.VERIFIED for row in gone)
    least = min(verified, backups.services.policy().minimum_kept)
    if left < least:
        yield f"Retention would leave {left} verified backups, fewer than {least}."
