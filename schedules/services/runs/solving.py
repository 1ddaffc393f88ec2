"""Solving a range: block by block, with what is decided carried over from one to the next; no transaction open."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schedules.domain.problem import ActivityCode, PersonId
from schedules.domain.roster import Roster, Slot
from schedules.enums import StopRequest
from schedules.mapping import load_problem, load_roster
from schedules.models import Block, Person
from schedules.services.runs.outcome import Piece
from schedules.services.runs.request import Order, chosen_people
from schedules.services.runs.watch import Watch
from schedules.solver.options import Algorithm, Options, Progress, StopKind
from schedules.solver.solve import solve


@dataclass
class Solved:
    """The pieces solved so far, and their cells together."""

    pieces: list[Piece] = field(default_factory=list)
    cells: dict[Slot, ActivityCode] = field(default_factory=dict)
    unassigned: set[Slot] = field(default_factory=set)

    def take(self, piece: Piece) -> None:
        self.pieces.append(piece)
        if piece.solution.roster is not None:
            self.cells |= piece.solution.roster.cells
            self.unassigned |= set(piece.solution.unassigned)

    @property
    def complete(self) -> bool:
        return bool(self.pieces) and all(piece.solution.roster is not None for piece in self.pieces)


def spans(start: dt.date, end: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """The range cut at the edges of its blocks: (label, first, last date)."""
    blocks = Block.objects.filter(start_date__lte=end, end_date__gte=start).order_by("start_date")
    return [(f"Block {b.number}", max(b.start_date, start), min(b.end_date, end)) for b in blocks]


def solve_range(order: Order, *, watch: Watch) -> Solved:
    """Solve the order's blocks one after another until one of them has no roster."""
    solved = Solved()
    parts = spans(order.start, order.end)
    deadline = time.monotonic() + order.timeout_seconds
    frozen = frozen_people(order)
    for number, (label, first, last) in enumerate(parts, start=1):
        watch.report(block=number, blocks=len(parts), label=label)
        problem = load_problem(first, last, decided=solved.cells)
        published = load_roster(problem, schedule="published", decided=solved.cells)
        # Frozen at what is published: somebody without published cells has nothing to be frozen at.
        kept = frozen & {slot.person for slot in published.cells}
        options = Options(
            seed=order.seed,
            # What is left is shared evenly among the blocks to come; an early block hands on what it did not need.
            timeout_seconds=max(1.0, (deadline - time.monotonic()) / (len(parts) - number + 1)),
            algorithm=Algorithm(order.algorithm),
            repair=order.repair,
            hint=published if published.cells else None,
            frozen=kept,
        )
        solution = solve(
            problem,
            base=base_of(published, kept),
            options=options,
            on_progress=_reporter(watch, earlier=solved),
            should_stop=lambda: _stop_kind(watch),
        )
        solved.take(Piece(label, problem, solution))
        if solution.roster is None or watch.lost:
            break
    return solved


def base_of(published: Roster, frozen: frozenset[PersonId]) -> Roster:
    """What the solver may not change: locked and manual cells, and every published cell of the frozen people."""
    held = published.locked | {slot for slot in published.cells if slot.person in frozen}
    return replace(published, cells={slot: published.cells[slot] for slot in held}, locked=frozenset(held))


def frozen_people(order: Order) -> frozenset[PersonId]:
    """Everybody outside the order's filters; nobody where there are none. Their published cells stay."""
    if not order.pgy_levels and not order.rotation_template_ids:
        return frozenset()
    others = Person.objects.exclude(pk__in=chosen_people(order).values("pk")).values_list("pk", flat=True)
    return frozenset(map(str, others))


def _stop_kind(watch: Watch) -> StopKind | None:
    if watch.lost or watch.wish == StopRequest.ABORT:
        return StopKind.ABORT
    return StopKind.STOP if watch.wish == StopRequest.STOP else None


def _reporter(watch: Watch, *, earlier: Solved) -> Callable[[Progress], None]:
    """Figures of the whole range: those of the earlier blocks are added to the one being solved."""
    done = [piece.solution for piece in earlier.pieces]
    seconds = sum(s.wall_seconds for s in done)
    objective = sum(s.objective or 0 for s in done)
    bound = sum(s.bound or 0 for s in done)

    def report(now: Progress) -> None:
        best = None if now.objective is None else objective + now.objective
        proven = None if now.bound is None else bound + now.bound
        watch.report(
            elapsed=round(seconds + now.elapsed, 1),
            solutions=now.solutions,
            objective=best,
            bound=proven,
            gap=None if now.gap is None else round(now.gap, 4),
            filled=now.filled,
            demanded=now.demanded,
        )
        watch.point(seconds + now.elapsed, best, proven)

    return report
