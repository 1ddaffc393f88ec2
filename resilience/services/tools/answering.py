"""What every tool shares: an answer is given even where nothing could be computed, and then it is UNKNOWN."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from common.errors import DomainError
from resilience.domain.levels import Level
from resilience.services.answers import Answer
from resilience.services.world import Basis, NothingPublished, World, basis

A = TypeVar("A", bound=Answer)
P = ParamSpec("P")

log = structlog.get_logger(__name__)


def answers(kind: type[A]) -> Callable[[Callable[Concatenate[Basis, P], A]], Callable[..., A]]:
    """Make a tool of a function of a `Basis`: called with `at`, it always answers.

    Nothing published, or a calculation that fails, gives UNKNOWN with the reason; refusals pass through.
    """

    def make(work: Callable[Concatenate[Basis, P], A]) -> Callable[..., A]:
        @wraps(work)
        def tool(*, at: dt.datetime, **arguments: Any) -> A:
            age: int | None = None
            try:
                found = basis(at)
                age = found.age
                return work(found, **arguments)  # type: ignore[call-arg]
            except DomainError:
                raise
            except NothingPublished as missing:
                return kind(level=Level.UNKNOWN, message=str(missing), data_age_seconds=age)
            except Exception as error:
                log.exception("tool_failed", tool=work.__name__, error=type(error).__name__)
                reason = f"It could not be computed ({type(error).__name__}). The log of the server says more."
                return kind(level=Level.UNKNOWN, message=reason, data_age_seconds=age)

        return tool

    return make


def say(kind: type[A], found: Basis, level: Level, message: str, *, world: World | None = None, **fields: Any) -> A:
    """An answer with what every answer carries: a level no better than its data, dates, age."""
    return kind(
        level=found.floor(level, world),
        message=found.sentence(message, world),
        data_age_seconds=found.age,
        start=world.start if world else None,
        end=world.end if world else None,
        **fields,
    )
