"""A search under observation: its best roster, its curve, and whoever wants to stop it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from schedules.domain.roster import Roster
from schedules.solver.answer import present
from schedules.solver.options import Progress, Sample, StopKind, relative_gap
from schedules.solver.rounds import POLL_SECONDS
from schedules.solver.search import Found, Search
from schedules.solver.variables import Board, read

PROGRESS_SECONDS = 0.5

OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], StopKind | None]


class _Callback(cp_model.CpSolverSolutionCallback):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def on_solution_callback(self) -> None:
        self._watch.found(self)


@dataclass
class Watch:
    """One search under observation: its best roster, curve and bound; a thread polls for stop and reports progress."""

    board: Board
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
            sum(min(demand.minimum, present(self.best, demand)) for demand in problem.demands) if self.best else None
        )
        return Progress(elapsed, self.solutions, self.objective, self.bound, filled, demanded)
