"""The readiness worksheet: people, supervision and required experience as measured, and as people adjusted them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid, NotAllowed
from common.models import signed
from resilience.domain.levels import Measured, Reading, Unknown
from resilience.domain.readiness import WORST_RATING, Area, Readiness, readiness
from resilience.models import ReadinessAdjustment
from resilience.services.world import NothingPublished, World, basis
from schedules.domain.coverage import Filled
from schedules.domain.margins import supervisors_needed
from schedules.domain.pattern import base_activity
from schedules.domain.problem import SESSIONS, ActivityCode, PersonId, Problem, ShedTier
from schedules.domain.roster import Roster

ADJUSTED_FOR_AT_MOST = dt.timedelta(days=90)


@dataclass(frozen=True)
class Worksheet:
    """Ratings as they count, with what was measured and who adjusted what."""

    world: World
    measured: Mapping[Area, Reading[Filled]]
    as_measured: Readiness
    adjustments: Mapping[Area, ReadinessAdjustment]

    @property
    def readiness(self) -> Readiness:
        """The measured ratings, with a person's in place of those that somebody adjusted."""
        adjusted = {area: Measured(row.rating) for area, row in self.adjustments.items()}
        return Readiness({**self.as_measured.ratings, **adjusted})


def worksheet(*, at: dt.datetime) -> Worksheet:
    """Fill in the worksheet for the horizon from today on. Raises NothingPublished."""
    world = basis(at).horizon()
    measured = measure(world.problem, world.roster)
    newest: dict[Area, ReadinessAdjustment] = {}
    for row in ReadinessAdjustment.objects.filter(at__lte=at, until__gt=at).select_related("by").order_by("at"):
        newest[Area[row.area]] = row
    return Worksheet(world, measured, readiness(measured), newest)


def measure(problem: Problem, roster: Roster) -> Mapping[Area, Reading[Filled]]:
    """What is there of what is asked for: person-days present, attending posts held, required experience kept."""
    return {Area.P: _people(problem), Area.S: _supervision(problem, roster), Area.T: _experience(problem, roster)}


@transaction.atomic
def adjust(
    area: str, rating: int, *, by: User, at: dt.datetime, until: dt.datetime, reason: str
) -> ReadinessAdjustment:
    """Set the rating of an area (P, S or T) by name and reason until a moment within 90 days.

    Raises `NotAllowed`, `Invalid`.
    """
    if not by.may(Permission.APPROVE_RESILIENCE):
        raise NotAllowed(f"Your role may not {Permission.APPROVE_RESILIENCE.value}.")
    if area not in Area.__members__:
        raise Invalid("Choose the area P (people), S (supervision) or T (required experience).")
    if not 1 <= rating <= WORST_RATING:
        raise Invalid("A rating is 1 (best) to 4.")
    if not reason.strip():
        raise Invalid("Give the reason of the adjustment: it stands on the worksheet beside your name.")
    if not at < until <= at + ADJUSTED_FOR_AT_MOST:
        raise Invalid("An adjustment ends within 90 days: choose an earlier end.")
    try:
        found = worksheet(at=at).as_measured.ratings[Area[area]]
    except NothingPublished as missing:
        raise Invalid(f"{missing} There is no worksheet to adjust: publish a schedule first.") from missing
    row = ReadinessAdjustment(
        area=area,
        rating=rating,
        measured=None if isinstance(found, Unknown) else found.value,
        reason=reason.strip()[:500],
        at=at,
        by=by,
        until=until,
    )
    signed(row, by=by, at=at, reason=f"{area}-{rating}").save()
    return row


def _people(problem: Problem) -> Reading[Filled]:
    """Person-days on which people of the program are there, of all of them; adjuncts are not counted on."""
    days = [
        (person.id, day)
        for person in problem.people
        for day in problem.days
        if not person.adjunct and (person.is_faculty or (person.id, day) in problem.assignment_of)
    ]
    if not days:
        return Unknown("Nobody is scheduled on these dates.")
    return Measured(Filled(sum(not problem.is_absent(*day) for day in days), len(days)))


def _supervision(problem: Problem, roster: Roster) -> Reading[Filled]:
    """Attending posts that are held: supervisors for the clinic there is, call and FMIT."""
    crews: dict[tuple[dt.date, str], dict[ActivityCode, set[PersonId]]] = {}
    for slot, code in roster:
        crews.setdefault((slot.day, slot.session.value), {}).setdefault(code, set()).add(slot.person)
    faculty = frozenset(person.id for person in problem.faculty)
    filled = asked = 0
    for demand in problem.demands:
        if demand.hard and demand.minimum > 0 and demand.eligible <= faculty:
            held = crews.get((demand.day, demand.session.value), {}).get(demand.activity, set()) & demand.eligible
            filled, asked = filled + min(demand.minimum, len(held)), asked + demand.minimum
    for crew in crews.values():
        needed = supervisors_needed(problem, crew)
        there = {p for code, people in crew.items() if problem.activities[code].provides_supervision for p in people}
        filled, asked = filled + min(needed, len(there)), asked + needed
    return Measured(Filled(filled, asked)) if asked else Unknown("No attending is asked for on these dates.")


def _experience(problem: Problem, roster: Roster) -> Reading[Filled]:
    """Sessions of required experience that residents get, of those that their patterns name; leave takes away too."""
    present = replace(problem, absences=())
    wanted: Counter[tuple[PersonId, ActivityCode]] = Counter()
    for person in problem.residents:
        for day in problem.days:
            for session in SESSIONS:
                code = base_activity(present, person, day, session)
                if code and problem.activities[code].shed_tier is ShedTier.REQUIRED_EXPERIENCE:
                    wanted[person.id, code] += 1
    held: Counter[tuple[PersonId, ActivityCode]] = Counter((slot.person, code) for slot, code in roster)
    if not wanted:
        return Unknown("No rotation of these dates names required experience.")
    return Measured(Filled(sum(min(held[key], count) for key, count in wanted.items()), wanted.total()))
