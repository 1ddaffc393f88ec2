"""What schedules bring to a drill: absences that come and go, and what holds for every published cell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count

import backups.services
from accounts.enums import Role
from schedules.domain.pattern import as_lived
from schedules.domain.problem import HALF_DAYS
from schedules.domain.rules import RULES, check
from schedules.domain.rules.report import Group
from schedules.enums import AbsenceKind, AbsenceStatus, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Assignment, Person
from schedules.services import absences
from schedules.services.drills.engine import Drill, play, promise

LONGEST_ABSENCE = 5
GAPS_ALLOWED = "gaps allowed"
"""Kept by a play in which a person decided, with the report before them, that a post may stay open."""


@play("absence asked for and approved", weight=3)
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


@play("absence taken back", weight=1)
def return_somebody(drill: Drill) -> str:
    """An approved absence that has not begun."""
    ahead = Absence.objects.filter(status=AbsenceStatus.APPROVED, start_date__in=drill.coming).order_by("pk")
    found = list(ahead)
    if not found:
        return ""
    chosen = drill.chance.choice(found)
    absences.cancel(chosen, by=drill.crew[Role.COORDINATOR], at=drill.at)
    return f"{chosen.start_date} to {chosen.end_date} is free again"


@promise("A refused play leaves every published cell as it was, and no change brings a new hard finding")
def no_new_hard_findings(drill: Drill) -> Iterator[str]:
    """Findings that came while no cell was written are news of the world (an absence), not of a change.

    Judged as it is lived: a post whose holder is away is open whether or not the cell says so yet.
    """
    problem = load_problem(drill.days[0], drill.days[-1])
    roster = load_roster(problem, schedule="published")
    digest = roster.digest()
    hard = {finding.key: finding for finding in check(problem, as_lived(problem, roster)).hard}
    known = drill.kept.get("hard", hard.keys())
    if drill.kept.get("cells", digest) != digest:
        gaps_allowed = drill.kept.pop(GAPS_ALLOWED, False)
        new = (finding for key, finding in hard.items() if key not in known)  # type: ignore[operator]
        yield from (
            f"{finding.rule}: {finding.message}"
            for finding in new
            if not (gaps_allowed and RULES[finding.rule].group is Group.COVERAGE)
        )
    drill.kept["cells"], drill.kept["hard"] = digest, set(hard)


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
    written = drill.kept.setdefault("cells at first", drill.kept.get("cells")) != drill.kept.get("cells")
    if written and backups.services.fresh_backup() is None:
        yield "Cells were written, and no fresh verified backup is there."
