"""What a run answers: the result object of the API, and how a stored run is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schedules.domain.problem import Problem
from schedules.enums import RunStatus
from schedules.models import GenerationRun
from schedules.services.validation import Validation
from schedules.solver.options import Conflict, Outcome, Solution

MESSAGES: Mapping[str, str] = {
    RunStatus.QUEUED: "Waiting for a worker.",
    RunStatus.PREFLIGHT: "Checking the inputs.",
    RunStatus.AWAITING_CONFIRMATION: "Waiting for a person to confirm.",
    RunStatus.BACKING_UP: "Making the backup.",
    RunStatus.SOLVING: "Looking for a schedule.",
    RunStatus.VALIDATING: "Judging the schedule and writing the draft.",
    RunStatus.DRAFT_READY: "The draft is ready. Compare it, then publish or discard it.",
    RunStatus.PUBLISHED: "The draft was published.",
    RunStatus.DISCARDED: "The draft was discarded.",
}

FAILS_ACCEPTANCE = (
    "The draft is ready but fails acceptance: `validation.acceptance` says why. Correct it, publish it with a written"
    " reason, or discard it."
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One block's part of a generation."""

    label: str
    problem: Problem
    solution: Solution


def result_of(
    pieces: Iterable[Piece], judged: Validation, *, seconds: float, policy: Mapping[str, Any]
) -> dict[str, Any]:
    """The figures of a finished generation, under the names of the API."""
    parts = list(pieces)
    solutions = [part.solution for part in parts]
    objective = sum(s.objective or 0 for s in solutions)
    bound = sum(s.bound or 0 for s in solutions)
    return {
        **judged.figures(),
        "generation_seconds": round(seconds, 2),
        "objective": objective,
        "bound": bound,
        "gap": round(max(0.0, objective - bound) / max(1, abs(objective)), 4),
        "absolute_gap": round(max(0.0, objective - bound), 2),
        "outcome": _outcome(solutions),
        "free_decisions": sum(s.free_decisions for s in solutions),
        "soft_rules": _soft_rules(solutions),
        "preferences_respected": _preferences(solutions),
        "unfilled": [item for part in parts for item in _unfilled(part)],
        "relaxed": [item for part in parts for item in _relaxed(part)],
        "replacements": [item for part in parts for item in _replacements(part)],
        "seed": solutions[0].seed if solutions else None,
        "workers": solutions[0].workers if solutions else None,
        "policy": dict(policy),
        "blocks": [_block(part) for part in parts],
    }


def conflicts_of(piece: Piece) -> list[dict[str, Any]]:
    """The smallest conflicting sets of an infeasible block, with names, dates and what would help."""
    return [_conflict(piece.problem, conflict) for conflict in piece.solution.conflicts]


def as_json(run: GenerationRun) -> dict[str, Any]:
    """A run as the API shows it: its state, its progress, and whatever of the result exists."""
    return {
        "id": str(run.pk),
        "run_id": str(run.pk),
        "status": run.status,
        "start_date": run.start_date.isoformat(),
        "end_date": run.end_date.isoformat(),
        "algorithm": run.algorithm,
        "timeout_seconds": run.timeout_seconds,
        "seed": run.seed,
        "repair": run.repair,
        "pgy_levels": run.pgy_levels,
        "rotation_template_ids": run.rotation_template_ids,
        "label": run.label,
        "created_at": run.created_at.isoformat(),
        "requested_by": run.requested_by.get_username() if run.requested_by else None,
        "confirmed_at": run.confirmed_at.isoformat() if run.confirmed_at else None,
        "confirmed_by": run.confirmed_by.get_username() if run.confirmed_by else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "failed_step": run.failed_step or None,
        "message": message_of(run),
        "stop_request": run.stop_request or None,
        "retry_of": str(run.retry_of_id) if run.retry_of_id else None,
        "schedule_id": str(run.schedule_id) if run.schedule_id else None,
        "backup": backup_of(run),
        "progress": run.progress,
        "preflight": run.preflight,
        **run.result,
    }


def backup_of(run: GenerationRun) -> dict[str, Any] | None:
    if run.backup is None:
        return None
    verified_at = run.backup.verified_at
    return {"file": run.backup.file, "verified_at": verified_at.isoformat() if verified_at else None}


def message_of(run: GenerationRun) -> str:
    """One sentence on where the run stands."""
    acceptance = run.result.get("validation", {}).get("acceptance", {})
    if run.status == RunStatus.DRAFT_READY and not acceptance.get("accepted", True):
        return run.reason or FAILS_ACCEPTANCE
    return run.reason or MESSAGES.get(run.status, run.get_status_display())


def _outcome(solutions: list[Solution]) -> str:
    proven = all(s.outcome is Outcome.OPTIMAL for s in solutions)
    return Outcome.OPTIMAL.value if proven else Outcome.FEASIBLE.value


def _soft_rules(solutions: list[Solution]) -> dict[str, dict[str, float]]:
    total: dict[str, dict[str, float]] = {}
    for solution in solutions:
        for code, term in solution.terms.items():
            row = total.setdefault(code, {"count": 0, "weight": term.weight, "points": 0})
            row["count"] += term.count
            row["points"] += term.count * term.weight
    return total


def _preferences(solutions: list[Solution]) -> float | None:
    shares = [s.preferences_respected for s in solutions if s.preferences_respected is not None]
    return round(sum(shares) / len(shares), 4) if shares else None


def _unfilled(piece: Piece) -> list[dict[str, Any]]:
    names = piece.problem.person
    return [
        {
            "date": item.demand.day.isoformat(),
            "session": item.demand.session.value,
            "activity": item.demand.activity,
            "minimum": item.demand.minimum,
            "missing": item.missing,
            "reasons": [
                {"person": person, "name": names[person].name, "reason": reason}
                for person, reason in item.reasons.items()
                if person in names
            ],
        }
        for item in piece.solution.unfilled
    ]


def _relaxed(piece: Piece) -> list[dict[str, Any]]:
    return [
        {
            **_statement(piece.problem, item.statement),
            "limit": item.limit,
            "possible": item.possible,
            "reason": item.reason,
        }
        for item in piece.solution.relaxed
    ]


def _replacements(piece: Piece) -> list[dict[str, Any]]:
    names = piece.problem.person
    return [
        {
            "start": item.start.isoformat(),
            "end": item.end.isoformat(),
            "planned": names[item.planned].name if item.planned and item.planned in names else None,
            "person": item.person,
            "name": names[item.person].name if item.person in names else "",
        }
        for item in piece.solution.replacements
    ]


def _conflict(problem: Problem, conflict: Conflict) -> dict[str, Any]:
    return {
        "statements": [_statement(problem, statement) for statement in conflict.statements],
        "helps": list(conflict.helps),
        "minimal": conflict.minimal,
    }


def _statement(problem: Problem, statement: Any) -> dict[str, Any]:
    names = problem.person
    return {
        "rule": statement.rule,
        "people": [{"person": p, "name": names[p].name if p in names else ""} for p in statement.people],
        "start": statement.start.isoformat(),
        "end": statement.end.isoformat(),
        "session": statement.session.value if statement.session else None,
    }


def _block(piece: Piece) -> dict[str, Any]:
    solution = piece.solution
    return {
        "label": piece.label,
        "start": piece.problem.start.isoformat(),
        "end": piece.problem.end.isoformat(),
        "outcome": solution.outcome.value,
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": solution.gap,
        "seconds": round(solution.wall_seconds, 2),
        "first_solution_seconds": solution.first_solution_seconds,
        "free_decisions": solution.free_decisions,
        "curve": [[round(s.elapsed, 2), s.objective, s.bound] for s in solution.curve],
    }
