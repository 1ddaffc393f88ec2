"""Solving one range: build the board, search, watch the search, and read the answer off the board."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce

from ortools.sat.python import cp_model

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import CALL_CODE, DAY_OFF_CODE, FMIT_CODE, LEAVE_CODE, OFF_CODE, PCAT_CODE, POST_CALL_CODE
from schedules.domain.pattern import faculty_base
from schedules.domain.problem import HALF_DAYS, ONE_DAY, ActivityCode, Demand, PersonId, Problem, Session, Weekday
from schedules.domain.roster import Roster, Slot
from schedules.domain.score import preferences_respected, score
from schedules.solver.constraints import state_all
from schedules.solver.days_off import add_cut, best_days_off
from schedules.solver.explain import explain
from schedules.solver.greedy import greedy_roster
from schedules.solver.objective import minimise
from schedules.solver.options import (
    Algorithm,
    Options,
    Outcome,
    Progress,
    Replacement,
    Sample,
    Solution,
    Statement,
    StopKind,
    Unfilled,
    relative_gap,
)
from schedules.solver.rounds import POLL_SECONDS, side_by_side
from schedules.solver.search import Answer, Found, Line, Search, better
from schedules.solver.variables import Board, build, read

PROGRESS_SECONDS = 0.5
POLISHING_SHARE = 0.8
"""Share of the time that improving the quick roster may take at most."""

OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], StopKind | None]


def solve(
    problem: Problem,
    *,
    base: Roster,
    options: Options | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """The best roster of the range for everybody at once, or why there is none.

    `base` carries the context, the locked cells and the cells of frozen people. Infeasible, timed out and aborted
    are outcomes, not exceptions. `on_progress` is called at least once a second, `should_stop` polled ten times.
    """
    options = options or Options()
    began = time.monotonic()
    if options.algorithm is Algorithm.GREEDY:
        return greedy(problem, base=base, options=options)
    board = stated_board(problem, base=base, frozen=options.frozen)
    if board.broken:
        return _infeasible(board, options, began)
    reference = options.hint if options.repair else None
    minimise(board, reference=reference)
    watch = _Watch(board, reference, on_progress, should_stop, began)
    deadline = began + options.timeout_seconds
    search = Search(board, options.seed, options.relative_gap)
    best = _improved(watch, search, options, deadline)
    if search.suffices(Answer(best)):
        status = cp_model.OPTIMAL
    else:
        search.prepare(best, options.hint or base)
        status = watch.run(_solver(options, deadline - time.monotonic() if watch.stopped is None else 0.0))
    if watch.stopped is StopKind.ABORT:
        return _answer_without(Outcome.ABORTED, board, options, began, watch)
    if status == cp_model.INFEASIBLE:
        return _infeasible(board, options, began)
    if watch.best is None:
        return _answer_without(Outcome.TIMED_OUT, board, options, began, watch)
    outcome = Outcome.OPTIMAL if status == cp_model.OPTIMAL else Outcome.FEASIBLE
    answer = _answer(board, watch.best, options, outcome=outcome, reference=reference)
    return replace(
        answer,
        bound=None if watch.bound is None else max(0.0, watch.bound),
        wall_seconds=time.monotonic() - began,
        first_solution_seconds=watch.first_seconds,
        curve=tuple(watch.curve),
    )


def _improved(watch: _Watch, search: Search, options: Options, deadline: float) -> Found | None:
    """The best solution after rounds of searches side by side, each with what the rounds before it proved."""
    best = _first(search, options, Line(deadline))
    watch.note(search, best)

    def keep_going() -> bool:
        return watch.glance(options.timeout_seconds * POLISHING_SHARE)

    for attempts in search.rounds:
        if not keep_going() or search.suffices(Answer(best)):
            break
        answers = side_by_side(
            [partial(attempt, start=best) for attempt in attempts],
            deadline=deadline,
            threads=min(options.workers, os.cpu_count() or 1),
            keep_going=keep_going,
            suffices=search.suffices,
        )
        best = reduce(better, (each.found for each in answers), best)
        search.bound = max(search.bound, *(each.bound for each in answers if each.bound < math.inf))
        watch.note(search, best)
        if best is None:
            break
    return best


def _first(search: Search, options: Options, line: Line) -> Found | None:
    """The quick heuristic's roster around the best days off, or the one to begin with where that is better."""
    board = search.board
    off = best_days_off(board, seed=options.seed, seconds=line.seconds, size=search.size)
    if off is not None:
        add_cut(board, off)
    quick = search.of(greedy_roster(board, days_off=off.cells), line) if off is not None else None
    quick = quick or search.of(greedy_roster(board), line)
    return better(quick, search.of(options.hint, line) if options.hint is not None else None)


def greedy(problem: Problem, *, base: Roster, options: Options | None = None) -> Solution:
    """The constructive heuristic's roster: FEASIBLE if it breaks no hard rule, else TIMED_OUT (none found)."""
    options = options or Options()
    began = time.monotonic()
    board = stated_board(problem, base=base, frozen=options.frozen)
    if board.broken:
        return _infeasible(board, options, began)
    roster = greedy_roster(board)
    reference = options.hint if options.repair else None
    elapsed = time.monotonic() - began
    if not is_legal(problem, roster):
        return Solution(
            Outcome.TIMED_OUT, None, wall_seconds=elapsed, free_decisions=board.decisions, seed=options.seed
        )
    answer = _answer(board, roster, options, outcome=Outcome.FEASIBLE, reference=reference)
    return replace(answer, wall_seconds=elapsed, first_solution_seconds=elapsed)


def stated_board(
    problem: Problem, *, base: Roster, frozen: frozenset[PersonId] = frozenset(), explaining: bool = False
) -> Board:
    """A board with every hard rule stated and no objective."""
    board = build(Board(problem, base, frozen, explaining))
    state_all(board)
    return board


def is_legal(problem: Problem, roster: Roster) -> bool:
    """Whether the model accepts the roster as it stands: every cell locked, no statement broken."""
    return not broken_statements(problem, roster)


def broken_statements(problem: Problem, roster: Roster) -> tuple[Statement, ...]:
    """The hard rules a full roster breaks, as the model states them; capacity and demand relaxations included."""
    board = stated_board(problem, base=all_locked(problem, roster))
    return (*board.broken, *(each.statement for each in board.relaxed))


def all_locked(problem: Problem, roster: Roster) -> Roster:
    """The roster with every slot of the range locked, empty nights too."""
    nights = {Slot(person.id, day, Session.NIGHT) for person in problem.people for day in problem.days}
    return replace(roster, locked=frozenset(roster.cells) | nights)


def _solver(options: Options, seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed = options.seed
    parameters.num_workers = options.workers
    parameters.relative_gap_limit = options.relative_gap
    parameters.max_time_in_seconds = max(0.01, seconds)
    parameters.linearization_level = 2
    # The subsolvers take turns in a fixed order: same seed and worker count, same roster.
    parameters.interleave_search = True
    return solver


# --- watching the search ---------------------------------------------------------------------------------------------


class _Callback(cp_model.CpSolverSolutionCallback):
    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def on_solution_callback(self) -> None:
        self._watch.found(self)


@dataclass
class _Watch:
    """One search under observation: its best roster, curve and bound; a thread polls for stop and reports progress."""

    board: Board
    reference: Roster | None
    on_progress: OnProgress | None
    should_stop: ShouldStop | None
    began: float
    best: Roster | None = None
    objective: int | None = None
    bound: float | None = None
    proven: float = 0.0
    """Bound proven before the search; no soft rule counts below zero."""
    solutions: int = 0
    first_seconds: float | None = None
    stopped: StopKind | None = None
    curve: list[Sample] = field(default_factory=list)

    def note(self, search: Search, found: Found | None) -> None:
        """Note what was found and proven before the search over everything."""
        elapsed = time.monotonic() - self.began
        if math.isfinite(search.bound):
            self.bound = self.proven = max(search.bound, 0.0)
        if found is None:
            return
        if self.objective is None or found.objective < self.objective:
            self.best, self.objective = search.roster(found), found.objective
            self.solutions += 1
            if self.first_seconds is None:
                self.first_seconds = elapsed
        self.curve.append(Sample(round(elapsed, 3), self.objective, self.bound or 0.0))

    def glance(self, seconds: float) -> bool:
        """Report how far it is; whether to go on for now."""
        elapsed = time.monotonic() - self.began
        if self.best is not None and self.on_progress is not None:
            self.on_progress(self.progress(elapsed))
        if self.should_stop is not None:
            self.stopped = self.should_stop()
        return self.stopped is None and elapsed < seconds

    def run(self, solver: cp_model.CpSolver) -> cp_model.CpSolverStatus:
        finished = threading.Event()
        solver.best_bound_callback = self._note_bound
        thread = threading.Thread(target=self._poll, args=(solver, finished), daemon=True)
        thread.start()
        try:
            status = solver.solve(self.board.model, _Callback(self))
        finally:
            finished.set()
            thread.join()
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self.bound = max(self._proven(solver), self.proven)
            self.best = read(self.board, solver.boolean_value)
        return status

    def found(self, callback: cp_model.CpSolverSolutionCallback) -> None:
        elapsed = time.monotonic() - self.began
        self.solutions += 1
        self.objective = round(callback.objective_value)
        self.bound = max(callback.best_objective_bound, self.proven)
        if self.first_seconds is None:
            self.first_seconds = elapsed
        self.curve.append(Sample(round(elapsed, 3), self.objective, self.bound))
        if self.on_progress is not None:
            self.best = read(self.board, callback.boolean_value)

    def _proven(self, solver: cp_model.CpSolver) -> float:
        """The bound at the end of the search.

        A search that ended within the gap limit calls its roster optimal and answers the objective as the bound,
        which is more than it proved: there the last bound it told counts.
        """
        gap = relative_gap(round(solver.objective_value), self.bound)
        if gap is not None and self.bound is not None and gap <= solver.parameters.relative_gap_limit:
            return self.bound
        return solver.best_objective_bound

    def _note_bound(self, bound: float) -> None:
        self.bound = max(bound, self.proven)

    def _poll(self, solver: cp_model.CpSolver, finished: threading.Event) -> None:
        reported = 0.0
        while not finished.wait(POLL_SECONDS):
            if self.should_stop is not None and self.stopped is None:
                self.stopped = self.should_stop()
            if self.stopped is not None:
                solver.stop_search()
            elapsed = time.monotonic() - self.began
            if self.on_progress is not None and elapsed - reported >= PROGRESS_SECONDS:
                reported = elapsed
                self.on_progress(self.progress(elapsed))

    def progress(self, elapsed: float) -> Progress:
        problem = self.board.problem
        demanded = sum(demand.minimum for demand in problem.demands)
        filled = (
            sum(min(demand.minimum, _present(self.best, demand)) for demand in problem.demands) if self.best else None
        )
        return Progress(elapsed, self.solutions, self.objective, self.bound, filled, demanded)


# --- the answer ------------------------------------------------------------------------------------------------------


def _answer(board: Board, roster: Roster, options: Options, *, outcome: Outcome, reference: Roster | None) -> Solution:
    problem = board.problem
    judged = score(problem, roster, reference=reference)
    amended = amendments(problem, roster)
    return Solution(
        outcome=outcome,
        roster=replace(roster, context={**roster.context, **amended}),
        objective=judged.total,
        free_decisions=board.decisions,
        terms=judged.terms,
        unfilled=tuple(_unfilled(problem, roster)),
        preferences_respected=preferences_respected(problem, roster),
        relaxed=tuple(board.relaxed),
        replacements=tuple(_replacements(board, roster)),
        amendments=amended,
        unassigned=tuple(_unassigned(problem, roster)),
        seed=options.seed,
        workers=options.workers,
    )


def _answer_without(outcome: Outcome, board: Board, options: Options, began: float, watch: _Watch) -> Solution:
    return Solution(
        outcome,
        None,
        bound=watch.bound,
        wall_seconds=time.monotonic() - began,
        free_decisions=board.decisions,
        seed=options.seed,
        workers=options.workers,
        curve=tuple(watch.curve),
    )


def _infeasible(board: Board, options: Options, began: float) -> Solution:
    left = max(1.0, options.timeout_seconds - (time.monotonic() - began))
    conflicts = explain(board.problem, base=board.base, frozen=options.frozen, seconds=min(30.0, left))
    return Solution(
        Outcome.INFEASIBLE,
        None,
        wall_seconds=time.monotonic() - began,
        free_decisions=board.decisions,
        relaxed=tuple(board.relaxed),
        conflicts=conflicts,
        seed=options.seed,
        workers=options.workers,
    )


def amendments(problem: Problem, roster: Roster) -> Mapping[Slot, ActivityCode]:
    """What the day after the range must hold: PCAT and DO after the last call, PC after a Thursday of FMIT."""
    last, after = problem.end, problem.end + ONE_DAY
    owed: dict[Slot, ActivityCode] = {}
    for person in problem.people:
        absent = problem.is_absent(person.id, after)
        morning, afternoon = (Slot(person.id, after, session) for session in HALF_DAYS)
        called = roster.cells.get(Slot(person.id, last, Session.NIGHT)) == CALL_CODE
        goes_on = problem.fmit_attending.get(after) == person.id
        led = person.is_faculty and roster.cells.get(Slot(person.id, last, Session.AM)) == FMIT_CODE and not goes_on
        if (led and last.weekday() == Weekday.THU) or (called and person.is_resident):
            owed |= dict.fromkeys((morning, afternoon), LEAVE_CODE if absent else POST_CALL_CODE)
        elif called and last.weekday() not in FMIT_NIGHTS:
            owed |= {morning: PCAT_CODE, afternoon: DAY_OFF_CODE}
    return owed


def _replacements(board: Board, roster: Roster) -> Iterator[Replacement]:
    for gap in board.gaps:
        for person in gap.takers:
            if roster.cells.get(Slot(person, gap.days[0], Session.AM)) == FMIT_CODE:
                yield Replacement(gap.days[0], gap.days[-1], gap.planned, person)


def _unassigned(problem: Problem, roster: Roster) -> Iterator[Slot]:
    for person in problem.faculty:
        for day in problem.days:
            for session in HALF_DAYS:
                slot = Slot(person.id, day, session)
                if faculty_base(problem, person, day, session) is None and roster.cells.get(slot) == OFF_CODE:
                    yield slot


def _present(roster: Roster, demand: Demand) -> int:
    return sum(roster.cells.get(Slot(who, demand.day, demand.session)) == demand.activity for who in demand.eligible)


def _unfilled(problem: Problem, roster: Roster) -> Iterator[Unfilled]:
    for demand in problem.demands:
        missing = demand.minimum - _present(roster, demand)
        if missing > 0:
            people = sorted(demand.eligible & problem.person.keys())
            reasons = {who: _why_not(problem, roster, demand, who) for who in people}
            yield Unfilled(demand, missing, {who: why for who, why in reasons.items() if why})


_WHY: Mapping[str, str] = {
    PCAT_CODE: "supervises after call",
    DAY_OFF_CODE: "is off after call",
    POST_CALL_CODE: "is off after call",
    FMIT_CODE: "is on the inpatient team",
}


def _why_not(problem: Problem, roster: Roster, demand: Demand, who: PersonId) -> str:
    code = roster.cells.get(Slot(who, demand.day, demand.session))
    if code == demand.activity:
        return ""
    if problem.is_absent(who, demand.day):
        return "is absent"
    if demand.session is Session.NIGHT and problem.is_absent(who, demand.day + ONE_DAY):
        return "is absent the next day"
    if code is None:
        return (
            "is on call or leads the inpatient team too near" if demand.session is Session.NIGHT else "is not scheduled"
        )
    if problem.activities[code].is_off:
        return _WHY.get(code, "is off that day")
    return _WHY.get(code, f"does {problem.activities[code].name.lower()}")
