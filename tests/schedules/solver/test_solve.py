"""Solving small worlds: what is kept, stopped, explained and carried out of the range."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.domain.pattern import base_roster
from schedules.domain.problem import HALF_DAYS, Session
from schedules.domain.rules import check
from schedules.domain.score import score
from schedules.solver import Algorithm, Options, Outcome, StopKind, greedy, solve
from schedules.solver.solve import is_legal
from tests.factories.rosters import attending, day, demand, residents, slot, world
from tests.schedules.solver.small_worlds import CLINIC_WEEK, call_demand, core_duty, locked, month, week

QUICK = Options(timeout_seconds=600, workers=2)


def fmit_demand(people, first, last):
    faculty = [person.id for person in people if person.is_faculty]
    return [
        demand(offset, session, "FMIT", eligible=faculty, maximum=1)
        for offset in range(first, last + 1)
        for session in HALF_DAYS
    ]


def test_solution_is_legal_and_its_objective_is_the_score() -> None:
    problem = month()

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert answer.outcome is Outcome.OPTIMAL
    assert check(problem, answer.roster).hard == ()
    assert answer.objective == score(problem, answer.roster).total
    assert answer.bound <= answer.objective
    assert answer.gap <= 0.01
    assert answer.free_decisions > 100
    assert answer.curve[-1].objective == answer.objective


def test_greedy_is_legal() -> None:
    problem = month()

    answer = greedy(problem, base=base_roster(problem))

    assert answer.outcome is Outcome.FEASIBLE
    assert check(problem, answer.roster).hard == ()
    assert (
        solve(problem, base=base_roster(problem), options=Options(algorithm=Algorithm.GREEDY)).roster == answer.roster
    )


def test_same_seed_and_workers_give_the_same_roster() -> None:
    problem = week()
    options = Options(timeout_seconds=600, workers=4, seed=7)

    first, second = (solve(problem, base=base_roster(problem), options=options) for _ in range(2))

    assert first.outcome is second.outcome is Outcome.OPTIMAL
    assert first.roster.digest() == second.roster.digest()


def test_locked_cells_stay() -> None:
    problem = week()
    kept = {slot("R1", 0): "ADM", slot("F1", 3, Session.NIGHT): "CALL", slot("F2", 1): "GME"}

    answer = solve(problem, base=locked(problem, kept), options=QUICK)

    assert {place: answer.roster.cells[place] for place in kept} == kept
    assert answer.roster.cells[slot("F1", 4)] == "PCAT"


def test_frozen_people_keep_their_cells() -> None:
    problem = week()
    before = solve(problem, base=base_roster(problem), options=QUICK).roster
    changed = before.with_changes({slot("R1", 0): "ADM", slot("R1", 1): "ADM"})

    answer = solve(problem, base=changed, options=replace(QUICK, frozen=frozenset({"R1"})))

    assert {p: c for p, c in answer.roster if p.person == "R1"} == {p: c for p, c in changed if p.person == "R1"}


def test_repair_changes_as_little_as_possible() -> None:
    problem = week()
    published = solve(problem, base=base_roster(problem), options=QUICK).roster
    caller = next(p.person for p, code in published if p.day == day(3) and code == "CALL")
    absent = week(leave={caller: "4"})

    answer = solve(absent, base=base_roster(absent), options=replace(QUICK, hint=published, repair=True))

    changes = sum(
        answer.roster.cells.get(p) != published.cells.get(p) for p in {*published.cells, *answer.roster.cells}
    )
    assert answer.terms["REPAIR_CHANGE"].count == changes
    assert answer.roster.cells.get(slot(caller, 3, Session.NIGHT)) is None
    assert changes <= 12


def test_call_of_the_evening_before_obliges_the_first_day() -> None:
    problem = week(span=(4, 6))
    context = {slot("F2", 3, Session.NIGHT): "CALL"}

    answer = solve(problem, base=base_roster(problem, context=context), options=QUICK)

    assert answer.roster.cells[slot("F2", 4)] == "PCAT"
    assert answer.roster.cells[slot("F2", 4, Session.PM)] == "DO"


def test_last_call_amends_the_day_after() -> None:
    problem = week()

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    caller = next(p.person for p, code in answer.roster if p.day == day(6) and code == "CALL")
    assert answer.amendments == {slot(caller, 7): "PCAT", slot(caller, 7, Session.PM): "DO"}
    assert answer.roster.context[slot(caller, 7)] == "PCAT"


def test_greedy_leaves_a_decided_day_after_the_last_call_to_the_amendment() -> None:
    problem = week()
    following = {slot(person.id, 7, session): "ADM" for person in problem.faculty for session in HALF_DAYS}

    answer = greedy(problem, base=base_roster(problem, context=following))

    assert answer.outcome is Outcome.FEASIBLE
    caller = next(p.person for p, code in answer.roster if p.day == day(6) and code == "CALL")
    assert answer.amendments[slot(caller, 7)] == "PCAT"


def test_two_inpatient_weeks_in_a_row_end_with_one_friday_off() -> None:
    people = tuple(attending(number, duty=core_duty()) for number in (1, 2, 3))
    nights = call_demand(people, 1, 15)
    problem, _ = world(
        people,
        {},
        span=(1, 15),
        fmit=[("F1", 1, 7), ("F1", 8, 14), ("F2", 15, 21)],
        demands=[*fmit_demand(people, 1, 15), *nights],
    )

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert answer.roster is not None
    assert [answer.roster.cells[slot("F1", offset)] for offset in (7, 8, 14, 15)] == ["FMIT", "FMIT", "FMIT", "PC"]
    assert [v for v in check(problem, answer.roster).hard if v.rule == "FMIT_WEEK"] == []


def test_gap_in_the_inpatient_weeks_goes_to_one_present_person() -> None:
    people = tuple(attending(number, duty=core_duty()) for number in (1, 2, 3))
    problem, _ = world(
        people,
        {},
        span=(1, 7),
        fmit=[("F1", 1, 7)],
        leave={"F1": "4-7", "F2": "6"},
        demands=[*fmit_demand(people, 1, 7), *call_demand(people, 3, 3)],
    )

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert [(r.person, r.planned, r.start, r.end) for r in answer.replacements] == [("F3", "F1", day(4), day(7))]
    assert answer.roster.cells[slot("F3", 5)] == "FMIT"
    assert answer.amendments[slot("F3", 8)] == "PC"


def test_replacement_chosen_before_the_range_stays() -> None:
    people = tuple(attending(number, duty=core_duty()) for number in (1, 2, 3))
    problem, _ = world(
        people, {}, span=(4, 6), fmit=[("F1", 1, 7)], leave={"F1": "2-7"}, demands=fmit_demand(people, 4, 6)
    )
    context = {slot("F2", 3, session): "FMIT" for session in HALF_DAYS}

    answer = solve(problem, base=base_roster(problem, context=context), options=QUICK)

    assert [r.person for r in answer.replacements] == ["F2"]


def test_unfillable_safety_demand_is_relaxed_by_name_with_reasons() -> None:
    people = (attending(1, duty=core_duty()),)
    problem, _ = world(people, {}, span=(3, 4), leave={"F1": "4"}, demands=call_demand(people, 3, 3))

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert [(each.statement.rule, each.possible) for each in answer.relaxed] == [("DEMAND_MIN", 0)]
    assert [(each.demand.day, dict(each.reasons)) for each in answer.unfilled] == [
        (day(3), {"F1": "is absent the next day"})
    ]


def test_clinic_above_capacity_by_protected_cells_is_relaxed_by_name() -> None:
    people = (*residents(9, pgy=1), *(attending(number, duty=core_duty()) for number in range(1, 7)))
    problem, _ = world(people, {f"R{number}": {"6": "C LEC"} for number in range(1, 10)}, span=(6, 6))

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert [(each.statement.rule, each.limit, each.possible) for each in answer.relaxed] == [("CLINIC_CAPACITY", 8, 9)]
    assert [finding.unavoidable for finding in check(problem, answer.roster).hard] == [True]


def test_missing_supervision_is_infeasible_and_explained() -> None:
    people = (*residents(1, pgy=1), attending(1, duty=core_duty()))
    problem, _ = world(people, {"R1": {"6": "C LEC"}}, span=(6, 6), leave={"F1": "6"})

    answer = solve(problem, base=base_roster(problem), options=QUICK)

    assert answer.outcome is Outcome.INFEASIBLE
    assert answer.roster is None
    (conflict,) = answer.conflicts
    assert {(each.rule, each.start, each.session) for each in conflict.statements} == {
        ("SUPERVISION", day(6), Session.AM),
        ("PROTECTED", day(6), Session.AM),
    } or {each.rule for each in conflict.statements} == {"SUPERVISION"}
    assert "Move or shorten the absence of Attending 1 (2026-03-18 to 2026-03-18)." in conflict.helps


def test_conflict_of_several_rules_is_minimal() -> None:
    people = (*residents(1), attending(1, duty=core_duty()), attending(2, duty=core_duty()))
    nights = call_demand(people, 3, 5)
    problem, _ = world(people, {"R1": CLINIC_WEEK}, span=(3, 6), leave={"F2": "4-5"}, demands=nights)
    lone = replace(problem, demands=tuple(replace(each, eligible=frozenset({"F1"})) for each in nights))

    answer = solve(lone, base=base_roster(lone), options=QUICK)

    assert answer.outcome is Outcome.INFEASIBLE
    assert all(conflict.minimal for conflict in answer.conflicts)
    rules = sorted(each.rule for each in answer.conflicts[0].statements)
    assert rules == ["CALL_CONSECUTIVE", "DEMAND_MIN", "DEMAND_MIN"]


def test_abort_gives_no_roster() -> None:
    problem = month()

    answer = solve(
        problem, base=base_roster(problem), options=replace(QUICK, relative_gap=0.0), should_stop=lambda: StopKind.ABORT
    )

    assert answer.outcome is Outcome.ABORTED
    assert answer.roster is None


def test_stop_keeps_the_best_and_progress_is_reported() -> None:
    problem = month()
    seen = []

    answer = solve(
        problem,
        base=base_roster(problem),
        options=replace(QUICK, relative_gap=0.0),
        on_progress=seen.append,
        should_stop=lambda: StopKind.STOP if seen else None,
    )

    assert answer.outcome in {Outcome.FEASIBLE, Outcome.OPTIMAL}
    assert is_legal(problem, answer.roster)
    assert answer.wall_seconds < 30
    assert all(each.demanded > 0 for each in seen)


@pytest.mark.parametrize("kind", [StopKind.STOP, StopKind.ABORT])
def test_a_stop_asked_before_the_search_is_obeyed(kind) -> None:
    problem = month()

    answer = solve(
        problem, base=base_roster(problem), options=replace(QUICK, relative_gap=0.0), should_stop=lambda: kind
    )

    assert answer.wall_seconds < 15
