"""Carrying a run out, step by step: pre-flight, backup, solving, judging, draft. Nothing is written before the end."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

import backups.services
from backups.enums import BackupKind, BackupState
from common.errors import DomainError
from common.models import bulk_create_with_history
from schedules.domain.edges import with_edges
from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.enums import Algorithm, RunStatus, ScheduleStatus, StopRequest
from schedules.mapping import load_marks, load_problem, load_roster, to_assignment_rows
from schedules.models import GenerationRun, Schedule
from schedules.services.gate import open_gate
from schedules.services.preflight import Preflight, inputs_of, preflight
from schedules.services.preflight.checks import label_of, slug_of
from schedules.services.publishing.drafts import amend_neighbours, store_report
from schedules.services.publishing.versions import save as save_version
from schedules.services.runs import notices
from schedules.services.runs.failure import draft_id, fail
from schedules.services.runs.outcome import conflicts_of, result_of
from schedules.services.runs.request import UNCLAIMED_STATUSES, order_of
from schedules.services.runs.solving import Solved, solve_range
from schedules.services.runs.watch import Watch
from schedules.services.transitions import Fenced, RunConflict, move, save
from schedules.services.validation import Validation, judge
from schedules.solver.options import Outcome

log = structlog.get_logger(__name__)

Clock = Callable[[], dt.datetime]

NOTHING_FOUND: Mapping[str, str] = {
    Algorithm.CP_SAT: "no schedule was found in {seconds} seconds. Give it more time.",
    Algorithm.GREEDY: "the quick heuristic found no schedule that keeps every rule. Use CP-SAT.",
}
"""What to do where neither a schedule nor a proof that there is none was found."""


class Stopped(Exception):
    """A person asked for the end before there was anything to keep."""


def execute(run_id: uuid.UUID, *, clock: Clock = timezone.now) -> None:
    """Work on a run from its claim to its end. Returns at once where somebody else holds it or it has ended.

    The time is asked for again and again (`clock`), since this takes minutes. Outcomes are states of the run, never
    exceptions; only a lost database is left to the sweeper.
    """
    with Watch(run_id, clock=clock) as watch:
        run = _claim(watch, clock) if watch.held else None
        if run is None:
            return
        try:
            _carry_out(run, watch, clock)
        except Fenced:
            log.warning("run_fenced", run=str(run_id))
        except Stopped:
            _cancel(run, watch, clock)
        except DomainError as error:
            _give_up(run, error.detail, watch, clock)
        except Exception as error:
            log.exception("run_failed", run=str(run_id))
            _give_up(run, f"An unexpected error ({type(error).__name__}) ended it; the log has details.", watch, clock)


def _cancel(run: GenerationRun, watch: Watch, clock: Clock) -> None:
    at = clock()
    reason = "It was stopped before there was a whole schedule to keep. Nothing was written."
    with suppress(Fenced, RunConflict):
        move(run, RunStatus.CANCELLED, at=at, fence=watch.claim, why="stopped", reason=reason, finished_at=at)


def _give_up(run: GenerationRun, reason: str, watch: Watch, clock: Clock) -> None:
    try:
        fail(run, reason, at=clock(), fence=watch.claim)
    except (Fenced, RunConflict):
        log.warning("run_fenced", run=str(run.pk))


@transaction.atomic
def _claim(watch: Watch, clock: Clock) -> GenerationRun | None:
    waiting = GenerationRun.objects.select_for_update().filter(
        pk=watch.run_id, status__in=UNCLAIMED_STATUSES, claim__isnull=True
    )
    run = waiting.first()
    if run is None:
        return None
    at = clock()
    watch.claimed = True
    held: dict[str, Any] = {"claim": watch.claim, "worker": watch.worker, "claimed_at": at, "heartbeat_at": at}
    if run.status == RunStatus.QUEUED:
        return move(run, RunStatus.PREFLIGHT, at=at, why=f"claimed by {watch.worker}", **held)
    return save(run, at=at, by=None, why=f"claimed by {watch.worker}", **held)


def _carry_out(run: GenerationRun, watch: Watch, clock: Clock) -> None:
    if run.status == RunStatus.PREFLIGHT:
        run = _check_again(run, watch, clock)
    if run.status == RunStatus.AWAITING_CONFIRMATION:
        return
    run = _back_up(run, watch, clock)
    order = order_of(run)
    problem = load_problem(order.start, order.end)
    before = load_roster(problem, schedule="published")
    inputs = inputs_of(problem, before)
    started = time.monotonic()
    solved = solve_range(order, watch=watch)
    seconds = time.monotonic() - started
    if not solved.complete:
        _end_without_roster(run, solved, watch, clock)
        return
    run = move(run, RunStatus.VALIDATING, at=clock(), fence=watch.claim)
    roster = replace(before, cells=solved.cells, locked=before.locked & solved.cells.keys())
    roster = with_edges(problem, roster)
    judged = judge(problem, roster, unassigned=frozenset(solved.unassigned))
    if _asked(run, watch) == StopRequest.ABORT:
        raise Stopped
    result = result_of(solved.pieces, judged, seconds=seconds, policy=_policy_of(problem))
    _write(run, watch, clock, problem=problem, roster=roster, judged=judged, result=result, inputs=inputs)


def _check_again(run: GenerationRun, watch: Watch, clock: Clock) -> GenerationRun:
    """The worker's own pre-flight. Inputs that changed since the yes need another one."""
    watch.report(step=RunStatus.PREFLIGHT.value)
    shown = preflight(run.start_date, run.end_date, at=clock(), ignore_run=run, needs_worker=False)
    if not shown.ok:
        blockers = [item for item in shown.items if item.blocks]
        raise DomainError(" ".join(f"{item.sentence} {item.action}".strip() for item in blockers))
    _stop_if_asked(run, watch)
    if run.confirmed_at is None or shown.inputs != run.fingerprint:
        return _ask_again(run, shown, watch, clock)
    return move(run, RunStatus.BACKING_UP, at=clock(), fence=watch.claim, preflight=shown.as_json())


@transaction.atomic
def _ask_again(run: GenerationRun, shown: Preflight, watch: Watch, clock: Clock) -> GenerationRun:
    """Give the run back to wait for another yes, and tell who said the first."""
    at = clock()
    run.reason = "The inputs changed after the confirmation; look at them and confirm again."
    notices.waiting(run, at=at)
    return move(
        run,
        RunStatus.AWAITING_CONFIRMATION,
        at=at,
        fence=watch.claim,
        why="the inputs changed after the confirmation",
        reason=run.reason,
        preflight=shown.as_json(),
        fingerprint=shown.inputs,
        confirmed_at=None,
        confirmed_by=None,
        # Released: whoever confirms rings again, and any worker may take it then.
        claim=None,
    )


def _back_up(run: GenerationRun, watch: Watch, clock: Clock) -> GenerationRun:
    """The run's own pre-operation backup, verified, after the confirmation and before anything else."""
    watch.report(step=RunStatus.BACKING_UP.value)
    backup = backups.services.create(
        kind=BackupKind.PRE_OPERATION, label=backup_label(run), by=run.confirmed_by, at=clock()
    )
    if backup.state != BackupState.VERIFIED:
        raise DomainError(f"The backup {backup.file} could not be verified: {backup.state_reason}.")
    _stop_if_asked(run, watch)
    watch.report(step=RunStatus.SOLVING.value)
    return move(run, RunStatus.SOLVING, at=clock(), fence=watch.claim, backup=backup)


def backup_label(run: GenerationRun) -> str:
    """`retry` for a retried run, else the block (`block-10`) or the dates."""
    if run.retry_of_id is not None:
        return "retry"
    return slug_of(run.start_date, run.end_date)


def _end_without_roster(run: GenerationRun, solved: Solved, watch: Watch, clock: Clock) -> None:
    if _asked(run, watch) != StopRequest.NONE:
        raise Stopped
    last = solved.pieces[-1]
    at = clock()
    if last.solution.outcome is Outcome.INFEASIBLE:
        conflicts = conflicts_of(last)
        reason = f"{last.label}: no schedule can satisfy these data. The conflicting rules, people and dates are named."
        with transaction.atomic():
            ended = move(
                run,
                RunStatus.INFEASIBLE,
                at=at,
                fence=watch.claim,
                reason=reason,
                finished_at=at,
                result={"conflicts": conflicts},
            )
            notices.infeasible(ended, at=at)
        return
    reason = f"{last.label}: {NOTHING_FOUND[run.algorithm]}".format(seconds=run.timeout_seconds)
    with transaction.atomic():
        ended = move(run, RunStatus.TIMED_OUT, at=at, fence=watch.claim, finished_at=at, reason=reason)
        notices.timed_out(ended, at=at)


def _write(
    run: GenerationRun,
    watch: Watch,
    clock: Clock,
    *,
    problem: Problem,
    roster: Roster,
    judged: Validation,
    result: dict[str, Any],
    inputs: str,
) -> None:
    """The draft, its rows and the end of the run: one transaction, fenced by the claim, all or nothing."""
    stale_reason = _changed_since(run, problem, inputs)
    by, at = run.confirmed_by, clock()
    reason = f"generated by run {run.pk}"
    marks = load_marks(problem, schedule="published")
    with open_gate(operation="generate", by=by, at=at, reason=reason):
        _hold(run, watch)
        draft = Schedule(
            id=draft_id(run),
            start_date=run.start_date,
            end_date=run.end_date,
            status=ScheduleStatus.DRAFT,
            label=run.label or label_of(run.start_date, run.end_date),
            fingerprint=inputs,
            created_by=by,
            created_at=at,
            stale_since=at if stale_reason else None,
            stale_reason=stale_reason,
        )
        store_report(draft, judged)
        save_version(draft, by=by, at=at, reason=reason)
        rows = to_assignment_rows(problem, roster, schedule=draft, marks=marks)
        bulk_create_with_history(rows, by=by, reason=reason, at=at)
        amend_neighbours(draft, by=by, at=at)
        ended = move(
            run,
            RunStatus.DRAFT_READY,
            at=at,
            by=by,
            fence=watch.claim,
            schedule=draft,
            result=result,
            progress=watch.progress,
            finished_at=at,
        )
        notices.draft_ready(ended, judged, at=at)


def _changed_since(run: GenerationRun, problem: Problem, inputs: str) -> str:
    """Why the draft is stale from the start; '' where its inputs are those that were confirmed and are there now."""
    now = load_problem(problem.start, problem.end)
    if inputs_of(now, load_roster(now, schedule="published")) != inputs:
        return "The inputs changed while the solver ran."
    return "The inputs changed after the confirmation." if inputs != run.fingerprint else ""


def _hold(run: GenerationRun, watch: Watch) -> None:
    """Lock the run to the end of the writing: an abort comes before it and is obeyed, or after it and is refused."""
    held = GenerationRun.objects.select_for_update().get(pk=run.pk)
    if held.claim != watch.claim:
        raise Fenced(f"run {run.pk} was taken away")
    if held.stop_request == StopRequest.ABORT:
        raise Stopped


def _stop_if_asked(run: GenerationRun, watch: Watch) -> None:
    """Before there is a roster, stop and abort are the same."""
    if _asked(run, watch) != StopRequest.NONE:
        raise Stopped


def _asked(run: GenerationRun, watch: Watch) -> str:
    if watch.lost:
        raise Fenced(f"run {run.pk} was taken away")
    return GenerationRun.objects.values_list("stop_request", flat=True).get(pk=run.pk)


def _policy_of(problem: Problem) -> dict[str, Any]:
    values = asdict(replace(problem.policy, weights={}))
    return {**values, "weights": dict(problem.policy.weights)}
