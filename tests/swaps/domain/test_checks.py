"""Every check of a swap, on both sides of its boundary, on rosters that really do it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from schedules.domain.problem import DutyLimits, DutyLog, DutyLogKind, Problem, Role, Session, WorkKind
from schedules.domain.roster import Roster, Slot
from swaps.domain.checks import Untouched, assess, assess_tier_one
from swaps.domain.exchange import plan, week_request
from swaps.domain.findings import Assessment, SwapFacts
from swaps.domain.tables import Actor, ContinuityKind, Level, Reason, SwapPolicy, Verdict
from tests.factories.rosters import attending, day, demand, resident, slot, world
from tests.factories.swap_cases import CASES

POLICY = SwapPolicy()
EARLY = dt.datetime.combine(day(-60), dt.time(), dt.UTC)
FACTS = SwapFacts(at=EARLY)
FMIT = {"1-2": "FMIT FMIT CALL", "3-7": "FMIT FMIT", "8": "PC PC"}
THREE = (attending(1), attending(2), attending(3))
WARN, UP, REJECT = Verdict.WARN, Verdict.ESCALATE, Verdict.REJECT


def judged(
    made: tuple[Problem, Roster],
    *,
    giver: str = "F1",
    taker: str = "F2",
    source: int = 1,
    target: int | None = None,
    facts: SwapFacts = FACTS,
    places: tuple[tuple[int, Session], ...] = (),
) -> Assessment:
    problem, roster = made
    request = week_request(
        roster,
        giver=giver,
        taker=taker,
        source_day=day(source),
        target_day=None if target is None else day(target),
        policy=POLICY,
    )
    if places:
        request = replace(request, giver_places=tuple((day(offset), session) for offset, session in places))
    return assess(Untouched(problem, roster), plan(problem, roster, request), facts, policy=POLICY)


def said(found: Assessment, code: str) -> list[tuple[Verdict, Level | None]]:
    return [(item.verdict, item.level) for item in found.of(code)]


def test_a_clean_absorbed_week_passes():
    found = judged(world(THREE, {"F1": FMIT}, fmit=[("F1", 1, 7)]))

    assert (found.findings, found.verdict, found.level) == ((), Verdict.PASS, None)


@pytest.mark.parametrize(
    ("more", "taken", "codes"),
    [
        ({}, "D20 D20", []),
        ({}, "D20 D20 N6", ["APPROACHING_80"]),
        ({"26": "D20 D20"}, "D20 D20", ["APPROACHING_80"]),
        ({"26": "D20 D20", "14": "H1"}, "D20 D20", ["HOURS_80"]),
    ],
)
def test_75_and_80_hours_pass_and_more_do_not(more, taken, codes):
    """280 h and what comes: 300 are 75 a week, 320 are 80."""
    plan_of = {"R1": {"18": taken}, "R2": {"0-4 7-11 21-24": "D20 D20", **more}}

    found = judged(world((resident(1), resident(2)), plan_of, pattern={}), giver="R1", taker="R2", source=18)

    assert [item.code for item in found.findings if item.code in ("HOURS_80", "APPROACHING_80")] == codes


def test_an_absence_rejects_with_its_dates_and_hides_them_from_others():
    found = judged(world(THREE, {"F1": FMIT}, leave={"F2": "4-5"}, leave_kind="TDY"))

    line = found.of("ABSENT")[0]
    assert found.verdict is REJECT
    assert found.level is None
    assert "Attending 2" in line.text_for(Actor.COORDINATOR)
    assert f"away (TDY) from {day(4)} to {day(4)}" in line.text_for(Actor.COORDINATOR)
    assert "Attending" not in line.text_for(Actor.PARTNER)
    assert "TDY" not in line.text_for(Actor.PARTNER)


def test_nobody_takes_duty_while_away_where_their_own_work_of_the_day_still_stands():
    """The absence came after the publish: what F2 holds that morning is a finding before the swap already."""
    made = world(THREE, {"F1": FMIT, "F2": {"4": "AT AT"}}, leave={"F2": "4"})

    assert said(judged(made, places=((4, Session.AM),)), "ABSENT") == [(REJECT, None)]


def test_what_the_taker_may_not_hold_is_rejected():
    able = attending(1, credentials={"sports-medicine": None})

    found = judged(world((able, attending(2)), {"F1": {"5": "SM AT"}}), source=5)

    assert said(found, "NOT_ELIGIBLE") == [(REJECT, None)]


def test_nobody_takes_what_they_may_not_hold_where_they_held_as_much_already():
    """Only faculty supervise, so what R2 holds that morning is a finding before the swap already."""
    made = world((resident(1, pgy=3), resident(2)), {"R1": {"5": "SENIOR C"}, "R2": {"5": "AT C"}}, pattern={})

    found = judged(made, giver="R1", taker="R2", source=5, places=((5, Session.AM),))

    assert said(found, "NOT_ELIGIBLE") == [(REJECT, None)]


def test_a_locked_row_of_the_taker_leaves_no_room():
    found = judged(world(THREE, {"F1": FMIT}, locked=[slot("F2", 5)]))

    assert (REJECT, None) in said(found, "DOUBLE_BOOKED")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_check_on_both_sides_of_its_boundary(case):
    """The same cases as through the API, with the facts given that are asked of the database there."""
    others = dict.fromkeys((person.id for person in case.made[0].people if person.role is Role.FACULTY), 0.0)
    facts = SwapFacts(
        at=dt.datetime.combine(day(1), dt.time(), dt.UTC) - dt.timedelta(hours=case.hours_before),
        reason=Reason(case.reason),
        balances={**others, **case.given, "F3": -float(sum(case.given.values()))} if others else {},
        failed_attempts=case.failed,
        continuity={
            Slot(case.giver, place.day, place.session): POLICY.continuity_activities[code]
            for place, code in case.made[1]
            if place.person == case.giver and code in POLICY.continuity_activities and case.giver.startswith("R")
        },
    )

    found = judged(
        case.made,
        giver=case.giver,
        taker=case.taker,
        source=case.source,
        target=case.target,
        facts=facts,
        places=case.places,
    )

    assert said(found, case.code) == list(case.expected)


def fmit_at(*firsts: int) -> dict[str, str]:
    found = {}
    for first in firsts:
        found[f"{first}-{first + 1}"] = "FMIT FMIT CALL"
        found[f"{first + 2}-{first + 6}"] = "FMIT FMIT"
    return found


@pytest.mark.parametrize(
    ("own", "code", "expected"),
    [
        ((), "BACK_TO_BACK_FMIT_2", []),
        ((15,), "BACK_TO_BACK_FMIT_2", [(UP, Level.COORDINATOR)]),
        ((15,), "BACK_TO_BACK_FMIT_3", []),
        ((1, 15), "BACK_TO_BACK_FMIT_3", [(REJECT, None)]),
        ((1, 15), "BACK_TO_BACK_FMIT_2", []),
    ],
)
def test_fmit_weeks_in_a_row(own, code, expected):
    found = judged(world(THREE, {"F1": fmit_at(8), "F2": fmit_at(*own)}), source=8)

    assert said(found, code) == expected


def test_a_run_that_was_there_before_is_not_held_against_a_swap_elsewhere():
    made = world(THREE, {"F1": {"19": "AT AT"}, "F2": fmit_at(1, 8)})

    assert said(judged(made, source=19), "BACK_TO_BACK_FMIT_2") == []


def gap(third: str) -> tuple[Problem, Roster]:
    """F1's clinic of day 5 displaces F2's supervision, which F1 may not hold; a third person may be free."""
    only = attending(1, duty=DutyLimits("core", {}, {WorkKind.SUPERVISION: 0}))
    asked = [demand(5, Session.AM, "AT", eligible=("F2", "F3"), hard=False)]
    return world(
        (only, attending(2), attending(3)),
        {"F1": {"5": "C C"}, "F2": {"5": "AT ADM"}, "F3": {"5": third}},
        demands=asked,
    )


def test_a_gap_with_a_replacement_goes_to_the_coordinator_and_without_one_to_the_director():
    assert said(judged(gap("ADM ADM"), source=5), "COVERAGE_GAP") == [(UP, Level.COORDINATOR)]
    assert said(judged(gap("C C"), source=5), "COVERAGE_GAP") == [(UP, Level.PROGRAM_DIRECTOR)]


def at(hours_before: float, offset: int) -> SwapFacts:
    return SwapFacts(at=dt.datetime.combine(day(offset), dt.time(), dt.UTC) - dt.timedelta(hours=hours_before))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (14 * 24, []),
        (14 * 24 - 1, [(WARN, None)]),
        (7 * 24, [(WARN, None)]),
        (7 * 24 - 1, [(UP, Level.COORDINATOR)]),
        (1, [(UP, Level.COORDINATOR)]),
    ],
)
def test_how_soon_it_begins(hours, expected):
    made = world(THREE, {"F1": FMIT})

    assert said(judged(made, facts=at(hours, 1)), "IMMINENT") == expected


@pytest.mark.parametrize(("hours", "level"), [(24, Level.COORDINATOR), (23.9, Level.PROGRAM_DIRECTOR)])
def test_a_gap_within_24_hours_goes_to_the_director_at_once(hours, level):
    found = judged(gap("ADM ADM"), facts=at(hours, 5), places=((5, Session.AM),))

    assert said(found, "IMMINENT") == [(UP, level)]


@pytest.mark.parametrize(("hours", "expected"), [(20, [(UP, Level.PROGRAM_DIRECTOR)]), (20.1, [(REJECT, None)])])
def test_moonlighting_to_80_hours_is_for_the_director_and_more_is_rejected(hours, expected):
    log = DutyLog("R2", day(3), DutyLogKind.MOONLIGHTING, hours)
    busy_days = {"0-4 7-11 21-24": "D20 D20"}
    made = world((resident(1), resident(2)), {"R1": {"18": "D20 D20"}, "R2": busy_days}, logs=[log], pattern={})

    assert said(judged(made, giver="R1", taker="R2", source=18), "MOONLIGHTING") == expected


@pytest.mark.parametrize(
    ("before", "expected"), [(0.5, []), (0.6, [(WARN, None)]), (1, [(WARN, None)]), (1.1, [(UP, Level.COORDINATOR)])]
)
def test_given_minus_taken_in_sigmas(before, expected):
    others = {f"F{number}": 0.0 for number in range(4, 40)}
    facts = replace(FACTS, balances={**others, "F1": before, "F2": 1 - before})

    found = judged(world(THREE, {"F1": FMIT}), facts=facts)

    assert said(found, "FAIRNESS")[:1] == expected


def test_a_single_session_counts_as_a_seventh_of_a_week():
    facts = replace(FACTS, balances={**{f"F{number}": 0.0 for number in range(4, 40)}, "F1": 1.3, "F2": -1.3})

    def found(*days):
        return said(
            judged(world(THREE, {"F1": FMIT}), facts=facts, places=[(day, Session.AM) for day in days]), "FAIRNESS"
        )

    assert found(5) == []
    assert found(5, 6) == [(WARN, None), (WARN, None)]


def test_an_exchange_keeps_the_balance():
    made = world(THREE, {"F1": FMIT, "F2": fmit_at(15)})

    assert said(judged(made, target=15, facts=replace(FACTS, balances={"F1": 9.0, "F2": -9.0})), "FAIRNESS") == []


PANEL, FOLLOW_UP, TEACHING = ContinuityKind.PANEL, ContinuityKind.FOLLOW_UP, ContinuityKind.TEACHING


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((PANEL,), []),
        ((FOLLOW_UP,), [(WARN, None)]),
        ((PANEL, PANEL), [(WARN, None)]),
        ((PANEL, PANEL, TEACHING), [(UP, Level.PROGRAM_DIRECTOR)]),
    ],
)
def test_points_of_continuity_clinic(kinds, expected):
    where = (slot("F1", 4), slot("F1", 5), slot("F1", 6))
    facts = replace(FACTS, continuity={**dict(zip(where, kinds, strict=False)), slot("F1", 20): FOLLOW_UP})

    assert said(judged(world(THREE, {"F1": FMIT}), facts=facts), "CONTINUITY") == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        *(
            (reason, [(UP, Level.PROGRAM_DIRECTOR)])
            for reason in ("fellowship_interview", "job_interview", "medical", "family")
        ),
        *((reason, []) for reason in ("conference", "pto", "illness", "other")),
    ],
)
def test_sensitive_reasons_go_to_the_director_who_alone_reads_them(reason, expected):
    found = judged(world(THREE, {"F1": FMIT}), facts=replace(FACTS, reason=Reason(reason)))

    assert said(found, "SENSITIVE_REASON") == expected
    assert found.level == (expected[0][1] if expected else None)
    for line in found.of("SENSITIVE_REASON"):
        assert reason in line.text_for(Actor.PROGRAM_DIRECTOR)
        assert reason not in line.text_for(Actor.COORDINATOR)


@pytest.mark.parametrize(("count", "expected"), [(2, []), (3, [(UP, Level.COORDINATOR)])])
def test_failed_attempts(count, expected):
    assert (
        said(judged(world(THREE, {"F1": FMIT}), facts=replace(FACTS, failed_attempts=count)), "FAILED_ATTEMPTS")
        == expected
    )


@pytest.mark.parametrize(
    ("clinic", "n1", "delta"),
    [
        ({}, [], []),
        ({"8": "C C"}, [(UP, Level.ARCHITECT)], [(UP, Level.ARCHITECT)]),
        ({"1-7": "C C", "8": "C"}, [(UP, Level.ARCHITECT)], [(UP, Level.COORDINATOR)]),
    ],
)
def test_the_friday_off_of_the_last_but_one_supervisor(clinic, n1, delta):
    """F1 is away on the Friday after the week: with F2 off as well, F3 alone is left to supervise the clinic.

    One of 15 sessions no longer N-1 secure is a delta of 0.07; two of two are one of 1.
    """
    made = world((*THREE, resident(1)), {"F1": FMIT, "F3": {"1-8": "AT AT"}, "R1": clinic}, leave={"F1": "8"})

    found = judged(made)

    assert (said(found, "N1"), said(found, "RESILIENCE_DELTA")) == (n1, delta)


@pytest.mark.parametrize(("people", "expected"), [(5, []), (6, [(WARN, None)]), (7, [(UP, Level.ARCHITECT)])])
def test_utilization_after_the_swap(people, expected):
    """4 of 5 are 0.80, 5 of 6 are 0.83, 6 of 7 are 0.86."""
    crew = tuple(attending(number) for number in range(1, people + 1))
    asked = [demand(5, Session.AM, "ADM", people - 1, eligible=[person.id for person in crew], hard=False)]
    plan_of = {person.id: {"5": "ADM AT"} for person in crew[1:]}

    found = judged(world(crew, {"F1": {"5": "C C"}, **plan_of}, demands=asked), places=((5, Session.AM),))

    assert said(found, "UTILIZATION") == expected


@pytest.mark.parametrize(("friday", "expected"), [("- AT", []), ("AT AT", [(UP, Level.ARCHITECT)])])
def test_more_than_ten_assignments_beyond_the_exchange(friday, expected):
    """Nine half-days of the taker's supervision lapse, and the Saturday's; Friday morning is one more."""
    only = attending(1, duty=DutyLimits("core", {}, {WorkKind.SUPERVISION: 0}))

    found = judged(
        world(
            (only, attending(2)),
            {"F1": fmit_at(1), "F2": {"1": friday, "2": "AT", "4-7": "AT AT", "8": "PC PC"}},
            leave={"F1": "8"},
        )
    )

    assert said(found, "BLAST_RADIUS") == expected


def test_a_gap_alone_does_not_fail_tier_one():
    problem, roster = gap("C C")
    request = week_request(roster, giver="F1", taker="F2", source_day=day(5), policy=POLICY)

    quick = assess_tier_one(Untouched(problem, roster), plan(problem, roster, request), FACTS, policy=POLICY)

    assert quick.passes_tier_one
    assert quick.findings == ()


def test_several_levels_are_all_named_and_the_highest_decides():
    facts = replace(FACTS, failed_attempts=3, reason=Reason.MEDICAL)

    found = judged(world(THREE, {"F1": FMIT}), facts=facts)

    assert found.levels == (Level.PROGRAM_DIRECTOR, Level.COORDINATOR)
    assert found.level is Level.PROGRAM_DIRECTOR
