"""What holds for every roster: order does not matter, leave never raises a limit, averages stay inside their block."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.domain.problem import Absence, FmitWeek, Problem, Session
from schedules.domain.roster import Roster
from schedules.domain.rules import RULES, check
from schedules.domain.rules.index import RosterIndex
from tests.factories.rosters import BLOCK_DAYS, attending, day, demand, resident, slot, world

PEOPLE = (resident(1, 1), resident(2, 2), resident(3, 3), attending(1), attending(2))
RESIDENT_DAYS = ("- -", "C C", "C LEC", "IMW IMW", "IMW IMW CALL", "- - NF", "PC PC", "TDY TDY", "D20 D20", "PR C")
FACULTY_DAYS = ("ADM ADM", "AT AT", "C AT", "AT AT CALL", "PCAT DO", "FMIT FMIT", "FMIT FMIT CALL", "PC PC", "VAS AT")
MONOTONE = ("HOURS_80", "CALL_EVERY_3RD", "NIGHT_FLOAT_6", "CONTINUOUS_24")

quick = settings(max_examples=25, deadline=None)


def lines(kinds: tuple[str, ...], length: int) -> st.SearchStrategy[dict[str, str]]:
    chosen = st.lists(st.sampled_from(kinds), min_size=length, max_size=length)
    return chosen.map(lambda plan: {str(offset): line for offset, line in enumerate(plan)})


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Problem, Roster]:
    plan = {
        person.id: draw(lines(RESIDENT_DAYS if person.is_resident else FACULTY_DAYS, BLOCK_DAYS)) for person in PEOPLE
    }
    away = draw(st.lists(st.integers(0, BLOCK_DAYS - 1), max_size=6))
    asked = [demand(offset, Session.NIGHT, "CALL", eligible=("F1", "F2"), maximum=1) for offset in range(BLOCK_DAYS)]
    return world(PEOPLE, plan, leave={"R1": " ".join(map(str, away))} if away else {}, demands=asked)


@quick
@given(worlds(), st.integers())
def test_the_order_of_people_and_cells_does_not_matter(made: tuple[Problem, Roster], seed: int) -> None:
    problem, roster = made
    shuffled = random.Random(seed)
    people, cells = list(problem.people), list(roster.cells.items())
    assignments = list(problem.block_assignments)
    for items in (people, cells, assignments):
        shuffled.shuffle(items)

    other = replace(problem, people=tuple(people), block_assignments=tuple(assignments))

    assert check(other, Roster(cells=dict(cells))) == check(problem, roster)


@quick
@given(worlds())
def test_judging_changes_nothing_and_gives_the_same_twice(made: tuple[Problem, Roster]) -> None:
    problem, roster = made
    before = roster.digest(), dict(roster.context)

    assert check(problem, roster) == check(problem, roster)
    assert (roster.digest(), dict(roster.context)) == before


@settings(max_examples=12, deadline=None)
@given(worlds(), worlds(), st.integers())
def test_the_index_after_a_change_says_what_a_fresh_one_says(
    made: tuple[Problem, Roster], other: tuple[Problem, Roster], seed: int
) -> None:
    problem, roster = made
    chance = random.Random(seed)
    cells = sorted(roster.cells.keys() | other[1].cells.keys())
    changes = {slot: chance.choice((other[1].cells.get(slot), None)) for slot in chance.sample(cells, 8)}
    changed = roster.with_changes(changes)
    led = replace(problem, fmit_weeks=(FmitWeek("F1", day(1), day(7)),))
    index = RosterIndex(problem, roster)
    check(problem, roster, index=index)

    for later in (problem, led, other[0]):
        assert check(later, changed, index=index.after(later, changed, changes)) == check(later, changed)


@quick
@given(worlds())
def test_each_rule_alone_says_what_it_says_among_all(made: tuple[Problem, Roster]) -> None:
    whole = check(*made)

    for code in RULES:
        alone = check(*made, only=[code])
        assert alone.violations == whole.of(code)
        assert alone.not_measured == tuple(item for item in whole.not_measured if item.rule == code)


@quick
@given(worlds())
def test_findings_of_one_roster_have_keys_of_their_own(made: tuple[Problem, Roster]) -> None:
    keys = [finding.key for finding in check(*made).violations]

    assert len(keys) == len(set(keys))


@quick
@given(lines(RESIDENT_DAYS, BLOCK_DAYS), st.sets(st.integers(0, BLOCK_DAYS - 1), max_size=20), st.integers(0, 27))
def test_more_leave_never_raises_the_limit_of_hours(plan: dict[str, str], away: set[int], more: int) -> None:
    busy = {**plan, "0-27": "D20 D20"}
    made = [
        world((resident(1),), {"R1": busy}, leave={"R1": " ".join(map(str, sorted(days)))})
        for days in (away, away | {more})
    ]

    less, further = (check(*one, only=["HOURS_80"]).hard[0] for one in made)

    assert less.limit is not None
    assert further.limit is not None
    assert further.limit <= less.limit


@quick
@given(lines(RESIDENT_DAYS, BLOCK_DAYS), lines(RESIDENT_DAYS, BLOCK_DAYS))
def test_averages_do_not_look_beyond_their_block(plan: dict[str, str], before: dict[str, str]) -> None:
    around = {str(int(offset) - BLOCK_DAYS): line for offset, line in before.items()}
    rules = ["HOURS_80", "CALL_EVERY_3RD"]

    alone = check(*world((resident(1),), {"R1": plan}), only=rules)
    among = check(*world((resident(1),), {"R1": {**around, **plan}}, known=(-BLOCK_DAYS, 27)), only=rules)

    assert among == alone


@quick
@given(worlds(), st.integers(0, BLOCK_DAYS - 1), st.sampled_from(["R1", "R2", "R3"]))
def test_a_day_off_breaks_no_limit(made: tuple[Problem, Roster], offset: int, person: str) -> None:
    problem, roster = made
    lighter = roster.with_changes(
        {
            slot(person, offset, Session.AM): "OFF",
            slot(person, offset, Session.PM): "OFF",
            slot(person, offset, Session.NIGHT): None,
        }
    )

    for rule in MONOTONE:
        before = {finding.people for finding in check(problem, roster, only=[rule]).hard}
        after = {finding.people for finding in check(problem, lighter, only=[rule]).hard}
        assert after <= before, rule


@quick
@given(worlds(), st.integers(0, BLOCK_DAYS - 1))
def test_an_absence_can_only_add_findings_of_working_while_absent(made: tuple[Problem, Roster], offset: int) -> None:
    problem, roster = made
    more = replace(problem, absences=(*problem.absences, Absence("R2", day(offset), day(offset), "LEAVE")))

    before, after = check(problem, roster, only=["ABSENT"]), check(more, roster, only=["ABSENT"])

    assert {finding.key for finding in before.violations} <= {finding.key for finding in after.violations}
    assert {finding.people for finding in after.violations if finding not in before.violations} <= {("R2",)}
