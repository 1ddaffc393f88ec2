"""Every soft rule matters: with its weight a world comes out better on that rule than without it."""

from __future__ import annotations

import pytest

from schedules.domain.margins import margins
from schedules.domain.pattern import base_roster
from schedules.domain.problem import HALF_DAYS, Preference, PreferenceScope, Problem, Session
from schedules.domain.score import COUNTS
from schedules.solver import Options, solve
from tests.factories.rosters import attending, day, demand, residents, world
from tests.schedules.solver.small_worlds import call_demand, core_duty, week, weighted

AM, PM, NIGHT = Session.AM, Session.PM, Session.NIGHT
EXACT = Options(timeout_seconds=600, workers=2, relative_gap=0.0)


def wish(person: str, weight: int, weekday: int | None = None, session: Session | None = None, activity: str = ""):
    scope = PreferenceScope.SESSION if weekday is None else PreferenceScope.WEEKDAY
    return Preference(person, scope, weight, weekday=weekday, session=session, activity=activity)


def span_dislike(person: str, first: int, last: int) -> Preference:
    return Preference(person, PreferenceScope.WEEK, -1, start=day(first), end=day(last))


def attendings(count: int, **minimum: int):
    return tuple(attending(number, duty=core_duty(**minimum)) for number in range(1, count + 1))


def made(people, plan, **fields) -> Problem:
    return world(people, plan, **fields)[0]


def spaced_calls() -> Problem:
    people = attendings(5)
    likes = [wish("F1", 1, weekday, NIGHT) for weekday in (6, 1)]
    return made(people, {}, span=(3, 7), demands=call_demand(people, 3, 7), wishes=likes)


def gap_before_leave() -> Problem:
    people = attendings(3)
    asked = [demand(offset, half, "FMIT", eligible=["F1", "F2", "F3"]) for offset in (1, 2) for half in HALF_DAYS]
    leave = {"F1": "1-2", "F2": "3"}
    return made(people, {}, span=(1, 3), demands=asked, leave=leave, wishes=[wish("F3", -1, 5, NIGHT)])


def ward(**fields) -> Problem:
    team = [demand(offset, half, "FMIT", eligible=["R1", "R2"]) for offset in range(28) for half in HALF_DAYS]
    plan = {"R1": {"0-27": "FMIT FMIT"}, "R2": {"0-27": "FMIT FMIT"}}
    return made(residents(2), plan, demands=team, **fields)


def full_days() -> Problem:
    pulls = [wish("F1", 1, 3, AM, "C"), wish("F1", -1, 3, PM, "C")]
    return weighted(made(attendings(1, clinic=2), {}, span=(0, 6), wishes=pulls), PREFERENCE=1)


def crowded() -> Problem:
    people = (*residents(7), *attendings(4))
    return made(people, {f"R{number}": {"0": "C CARD"} for number in range(1, 8)}, span=(0, 0))


def thin_supervision() -> Problem:
    people = (*residents(2), *attendings(2))
    likes = [wish(person, 1, 3, session, "C") for person in ("F1", "F2") for session in HALF_DAYS]
    return made(people, {"R1": {"0": "C C"}, "R2": {"0": "C C"}}, span=(0, 0), wishes=likes)


def nobody_left() -> Problem:
    likes = [wish(person, 3, 3, session, "C") for person in ("R1", "R2", "R3") for session in HALF_DAYS]
    plan = {f"R{number}": {"0": "C C"} for number in (1, 2, 3)}
    return made((*residents(3, pgy=1), *attendings(2)), plan, span=(0, 0), wishes=likes)


WORLDS = {
    "DEMAND_MIN": lambda: week(demands=[demand(0, AM, "CARD", eligible=["R1"], hard=False)]),
    "PATTERN_MOVED": lambda: week(wishes=[wish("R1", -1, 3, AM, "C")]),
    "PATTERN_DROPPED": lambda: week(wishes=[wish("R1", -3, None, session, "C") for session in HALF_DAYS]),
    "FACULTY_WEEK_MIN": lambda: week(wishes=[wish("F1", -1, None, session, "C") for session in HALF_DAYS]),
    "CALL_EQUITY": lambda: weighted(week(wishes=[wish("F1", -5, None, NIGHT)]), CALL_SPACING=0),
    "CALL_SPACING": spaced_calls,
    "CALL_BEFORE_LEAVE": gap_before_leave,
    "WEEKEND_EQUITY": lambda: ward(wishes=[wish("R1", -1, weekday, AM) for weekday in (5, 6)]),
    "FULL_DAYS": full_days,
    "PREFERENCE": lambda: week(wishes=[wish("R1", -2, 3, AM, "C")]),
    "N1_MARGIN": thin_supervision,
    "N1_SAFETY": nobody_left,
    "CLINIC_COMFORT": crowded,
    "REST_8": lambda: made(residents(1), {"R1": {"4": "- - NF", "5": "- CARD"}}, span=(4, 5)),
    "DAY_FREE_IN_7": lambda: ward(wishes=[span_dislike("R1", 0, 1), span_dislike("R1", 14, 15)]),
}


def test_every_soft_rule_has_a_world() -> None:
    assert WORLDS.keys() == COUNTS.keys()


@pytest.mark.parametrize("code", sorted(WORLDS))
def test_leaving_a_soft_rule_out_changes_the_result(code: str) -> None:
    problem = WORLDS[code]()
    without = weighted(problem, **{code: 0})

    counted = solve(problem, base=base_roster(problem), options=EXACT).terms[code].count
    ignored = solve(without, base=base_roster(without), options=EXACT).terms[code].count

    assert counted < ignored


def test_a_roster_without_n1_safety_would_not_be_accepted() -> None:
    problem = nobody_left()
    without = weighted(problem, N1_SAFETY=0)

    safe, unsafe = (solve(each, base=base_roster(each), options=EXACT).roster for each in (problem, without))

    assert margins(problem, safe).n1_compliant is True
    assert margins(problem, unsafe).n1_compliant is False
