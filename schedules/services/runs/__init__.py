"""Generation runs: asked for and confirmed by people, carried out by a worker, one row each as the truth."""

from schedules.services.runs.execute import execute
from schedules.services.runs.failure import draft_id, fail, health, partial_assignments, sweep
from schedules.services.runs.outcome import as_json, message_of
from schedules.services.runs.request import (
    ENDED_WITHOUT_DRAFT,
    LONGEST_RANGE,
    LONGEST_TIMEOUT,
    SHORTEST_TIMEOUT,
    ConfirmationRequired,
    KeyReused,
    Order,
    PreflightFailed,
    confirm,
    order_of,
    request_abort,
    request_run,
    request_stop,
    retry,
    ring,
)
from schedules.services.transitions import OverlappingRun, RunConflict, move

__all__ = [
    "ENDED_WITHOUT_DRAFT",
    "LONGEST_RANGE",
    "LONGEST_TIMEOUT",
    "SHORTEST_TIMEOUT",
    "ConfirmationRequired",
    "KeyReused",
    "Order",
    "OverlappingRun",
    "PreflightFailed",
    "RunConflict",
    "as_json",
    "confirm",
    "draft_id",
    "execute",
    "fail",
    "health",
    "message_of",
    "move",
    "order_of",
    "partial_assignments",
    "request_abort",
    "request_run",
    "request_stop",
    "retry",
    "ring",
    "sweep",
]
