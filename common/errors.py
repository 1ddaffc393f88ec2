"""The one base of every refusal that a person or a program can act on."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A refusal with a code for programs and a sentence for people.

    Doors translate it: the API answers `status` with ``{"code", "detail", **extra}``, pages show `detail`,
    commands print it and exit 1. `detail` never holds personal data beyond what the caller may see.
    """

    code = "conflict"
    status = 409

    def __init__(self, detail: str, /, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        if code is not None:
            self.code = code

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer: `Retry-After` where waiting helps."""
        wait = self.extra.get("retry_after")
        return {} if wait is None else {"Retry-After": str(wait)}


class NotAllowed(DomainError):
    """The caller sees the thing but may not do this to it."""

    code = "forbidden"
    status = 403


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"
    status = 404


class Invalid(DomainError):
    """The request has the right shape but makes no sense."""

    code = "invalid"
    status = 400
