"""Zones: what each leaves open alone, what legal loans fill, and how far the shortage must be let out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience.domain.covering import new_hard
from resilience.domain.levels import Level, Unknown
from resilience.domain.zones import LEVELS, Containment, Loan, Zone, blast_radius
from schedules.domain.margins import MaskPost, margins, uncovered
from schedules.domain.problem import Absence, Session
from schedules.domain.roster import Slot
from schedules.domain.rules import check
from tests.resilience.domain.world import THURSDAY, attendings, demand, ids, problem, roster

SIX = attendings(6, credentials={f"f{n}": ("ICU",) for n in range(1, 7)})
EVERYBODY = ids(SIX)
AM = Session.AM


def radius(*demands, codes, people=SIX, **fields):
    return blast_radius(problem(people, *demands, **fields), roster(**codes)).value


def open_posts(found, zone):
    state = next(state for state in found.zones if state.zone is zone)
    return state.isolated, state.borrowing, state.pooled


def lent(found):
    return [(loan.person, loan.lender.value, loan.borrower.value) for loan in found.loans]


WORK = {"f1": "ICU OFF", "f2": "RES OFF", "f3": "JC OFF", "f4": "ADM OFF", "f5": "ELEC OFF", "f6": "ELEC OFF"}


def test_a_zone_that_covers_itself_needs_nobody():
    found = radius(demand("ICU", EVERYBODY), codes=WORK)

    assert open_posts(found, Zone.INPATIENT) == (0, 0, 0)
    assert (found.containment, found.loans, found.affected_share, found.needs_approval) == (
        Containment.NONE, (), 0, False
    )  # fmt: skip


def test_one_more_demanded_is_lent_by_another_zone():
    found = radius(demand("ICU", EVERYBODY, 2), codes=WORK)

    assert open_posts(found, Zone.INPATIENT) == (1, 0, 0)
    assert found.loans == (
        Loan(THURSDAY, AM, "f5", Zone.OUTPATIENT, Zone.INPATIENT, "ICU attending", "ICU"),
    )  # fmt: skip
    assert (found.containment, found.affected_share, found.needs_approval) == (Containment.SOFT, 2 / 6, False)


def test_an_absence_is_lent_for():
    gone = WORK | {"f1": "LV LV"}

    found = radius(demand("ICU", EVERYBODY), codes=gone, absences=(Absence("f1", THURSDAY, THURSDAY, "SICK"),))

    assert open_posts(found, Zone.INPATIENT) == (1, 0, 0)
    assert [loan.borrower for loan in found.loans] == [Zone.INPATIENT]


def test_without_the_credential_nobody_can_be_lent():
    found = radius(demand("ICU", frozenset({"f1"}), 2), codes=WORK)

    assert (open_posts(found, Zone.INPATIENT), found.loans) == ((1, 1, 1), ())
    assert found.containment is Containment.LOCKDOWN


def test_a_zone_borrows_two_and_no_more():
    found = radius(demand("ICU", EVERYBODY, 4), codes=WORK)

    assert (open_posts(found, Zone.INPATIENT), len(found.loans)) == ((3, 1, 0), 2)
    assert found.containment is Containment.STRICT


def test_a_zone_lends_one_and_no_more():
    all_in_clinic = dict.fromkeys(WORK, "ELEC OFF") | {"f1": "ICU OFF"}

    found = radius(demand("ICU", EVERYBODY, 3), codes=all_in_clinic)

    assert (open_posts(found, Zone.INPATIENT), len(found.loans)) == ((2, 1, 0), 1)


@pytest.mark.parametrize(("in_clinic", "loans"), [(2, 0), (3, 1)])
def test_a_lender_keeps_a_margin_of_one(in_clinic, loans):
    # One post in clinic: with two people its k* is 1, and 0 without the lent one.
    codes = {"f1": "LV LV"} | {f"f{n}": "ELEC OFF" for n in range(2, 2 + in_clinic)}
    away = (Absence("f1", THURSDAY, THURSDAY, "SICK"),)

    found = radius(demand("ICU", EVERYBODY), demand("ELEC", EVERYBODY), codes=codes, absences=away)

    assert len(found.loans) == loans
    assert open_posts(found, Zone.INPATIENT) == (1, 1 - loans, 0)


def test_several_short_zones_need_approval():
    demands = demand("ICU", EVERYBODY, 2), demand("ELEC", EVERYBODY)
    codes = {"f1": "ICU OFF", "f2": "RES OFF", "f3": "JC OFF"}

    found = radius(*demands, codes=codes)

    assert [open_posts(found, zone) for zone in (Zone.INPATIENT, Zone.OUTPATIENT)] == [(1, 0, 0), (1, 0, 0)]
    assert (found.containment, found.needs_approval, found.affected_share) == (Containment.MODERATE, True, 4 / 6)


def test_lenders_are_shared_so_that_most_is_filled():
    # Either can take the ICU, only f2 the clinic: f3 goes to the ICU, and f2 to the clinic.
    demands = demand("ICU", frozenset({"f2", "f3"})), demand("ELEC", frozenset({"f2"}))

    found = radius(*demands, codes={"f2": "RES OFF", "f3": "JC OFF"})

    assert lent(found) == [("f2", "research", "outpatient"), ("f3", "education", "inpatient")]


def test_pooled_people_fill_inpatient_first():
    demands = demand("ICU", EVERYBODY, 2), demand("ELEC", EVERYBODY, 2)

    found = radius(*demands, codes={"f1": "ELEC OFF", "f2": "ELEC OFF", "f3": "ELEC OFF"})

    assert (open_posts(found, Zone.INPATIENT)[2], open_posts(found, Zone.OUTPATIENT)[2]) == (0, 1)


def test_who_is_off_is_called_in_by_administration():
    found = radius(demand("ICU", EVERYBODY), codes={"f1": "W OFF"})

    assert lent(found) == [("f1", "admin", "inpatient")]


def test_a_loan_that_would_break_a_rule_is_not_made():
    # The demand lists f2 as eligible, but the ICU asks for a credential that f2 lacks.
    people = attendings(2, credentials={"f1": ("ICU",)})

    found = radius(demand("ICU", ids(people)), codes={"f2": "RES OFF"}, people=people)

    assert (found.loans, found.changes, found.barred_by) == ((), (), {"NOT_ELIGIBLE"})
    assert (open_posts(found, Zone.INPATIENT), found.containment) == ((1, 1, 0), Containment.STRICT)


def test_locked_cells_are_not_lent():
    at_work = replace(roster(f1="RES OFF"), locked=frozenset({Slot("f1", THURSDAY, AM)}))

    found = blast_radius(problem(SIX, demand("ICU", EVERYBODY)), at_work).value

    assert found.loans == ()


def test_a_call_lent_brings_its_day_after():
    friday = THURSDAY + dt.timedelta(days=1)
    at_work = roster(f1="AT AT").with_changes(roster(friday, f1="ADM ADM").cells)
    world = problem(SIX, demand("CALL", EVERYBODY, session=Session.NIGHT), end=friday)

    found = blast_radius(world, at_work).value

    assert lent(found) == [("f1", "admin", "on_call")]
    assert [(change.slot.day, change.after) for change in found.changes] == [
        (THURSDAY, "CALL"), (friday, "PCAT"), (friday, "DO")
    ]  # fmt: skip


def test_without_demand_it_is_unknown():
    assert blast_radius(problem(SIX), roster(**WORK)) == Unknown("Nothing is demanded in the horizon.")


def test_each_containment_has_its_level():
    assert [LEVELS[level] for level in Containment] == [
        Level.GREEN, Level.YELLOW, Level.ORANGE, Level.RED, Level.BLACK
    ]  # fmt: skip


CODES = ("ICU", "ELEC", "JC", "RES", "ADM", "W")
WORLDS = st.tuples(
    st.lists(st.sampled_from(CODES), min_size=6, max_size=6),
    st.integers(0, 4), st.frozensets(st.sampled_from(sorted(EVERYBODY))),
    st.integers(0, 3), st.frozensets(st.sampled_from(sorted(EVERYBODY))),
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@given(WORLDS)
def test_loans_fill_as_much_as_any_legal_choice_of_them(drawn):
    codes, icu, can_icu, elective, can_elective = drawn
    if not icu + elective:
        return
    world = problem(SIX, demand("ICU", can_icu, icu), demand("ELEC", can_elective, elective))
    at_work = roster(**{f"f{n}": f"{code} OFF" for n, code in enumerate(codes, 1)})

    found = blast_radius(world, at_work).value

    isolated, borrowing, pooled = (
        sum(values) for values in zip(*(open_posts(found, zone) for zone in Zone), strict=True)
    )
    assert borrowing == isolated - most_lent(world, at_work)
    assert pooled <= borrowing <= isolated
    assert not new_hard(check(world, at_work), check(world, at_work.with_changes(
        {change.slot: change.after for change in found.changes}
    )))  # fmt: skip


HOME = {"ICU": "ICU", "ELEC": "ELEC", "JC": "JC", "RES": "RES", "ADM": "ADM", "W": "ADM"}


def most_lent(world, at_work):
    """Every assignment of at most one person of each lender to at most two of each borrower, tried one by one."""
    posts = {post.activity: post for post in margins(world, at_work).sessions[0].posts}
    home = {person: HOME[at_work.at(person, THURSDAY, AM)] for person in EVERYBODY}

    def missing(post, crew):
        return uncovered([MaskPost(post.needed, sum(1 << int(person[1]) for person in crew & post.anyone))])

    own = {code: frozenset(person for person in EVERYBODY if home[person] == code) for code in HOME}
    short = [code for code, post in posts.items() if missing(post, own[code])]
    legal = [
        person
        for person in sorted(EVERYBODY)
        if home[person] not in short
        and (home[person] not in posts or margin(posts[home[person]], own[home[person]] - {person}) >= 1)
    ]
    best = 0
    for count in range(1, 5):
        for chosen in combinations(legal, count):
            if len({home[person] for person in chosen}) < count:
                continue
            for places in {tuple(place) for place in permutations([code for code in short for _ in range(2)], count)}:
                filled = sum(
                    missing(posts[code], own[code])
                    - missing(posts[code], own[code] | {p for p, at in zip(chosen, places, strict=True) if at == code})
                    for code in short
                )
                best = max(best, filled)
    return best


def margin(post, crew):
    return len(crew & post.anyone) - post.needed
