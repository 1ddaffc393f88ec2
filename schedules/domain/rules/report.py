"""What a rule says about a roster: violations, warnings, advisories, and what it could not measure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from schedules.domain.problem import Date, PersonId, Problem, Session
from schedules.domain.roster import Roster


class Severity(StrEnum):
    """HARD breaks a rule; WARNING counts as a violation to look at; ADVISORY is reported, never counted."""

    HARD = "HARD"
    WARNING = "WARNING"
    MINOR = "MINOR"
    """An unfilled demand minimum that is not patient safety: counted, never blocking."""
    ADVISORY = "ADVISORY"


class Group(StrEnum):
    """What kind of promise a rule keeps; duty-hour and supervision rules are never relaxed or overridden."""

    DUTY_HOURS = "DUTY_HOURS"
    SUPERVISION = "SUPERVISION"
    COVERAGE = "COVERAGE"
    STRUCTURE = "STRUCTURE"
    FAIRNESS = "FAIRNESS"


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding. `message` is a sentence a coordinator can act on; `measured` and `limit` share the rule's unit."""

    rule: str
    severity: Severity
    people: tuple[PersonId, ...]
    start: Date
    end: Date
    message: str
    session: Session | None = None
    measured: float | None = None
    limit: float | None = None
    unavoidable: bool = False
    """True where no roster of these data could avoid it: a forced FMIT replacement, locked cells above the capacity."""
    facts: dict[str, str | int | float] = field(default_factory=dict, compare=False, hash=False)
    """Further figures under the names clients rely on, e.g. `pgy1_residents`, `faculty`, `hours`."""
    subject: tuple[str, ...] = ()
    """What the finding is about where that is not its people: a half-day's clinic, a demand. Empty = the people."""

    @property
    def key(self) -> str:
        """SHA-256 of what the finding is about: the same finding in two reports has the same key."""
        parts = (
            self.rule,
            *sorted(self.subject or self.people),
            str(self.start),
            str(self.end),
            str(self.session or ""),
        )
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A rule that had no inputs: never passed, never failed."""

    rule: str
    reason: str


Finding = Violation | NotMeasured
"""What a rule yields."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rule table. `check` yields violations, or `NotMeasured` where its inputs are missing."""

    code: str
    group: Group
    hard: bool
    source: str
    sentence: str
    reads: tuple[str, ...]
    """Table columns the rule reads, as `table.column`."""
    check: Callable[[Problem, Roster], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Report:
    """The judgement of one roster by the whole table."""

    violations: tuple[Violation, ...]
    not_measured: tuple[NotMeasured, ...] = ()

    @property
    def hard(self) -> tuple[Violation, ...]:
        return tuple(v for v in self.violations if v.severity is Severity.HARD)

    @property
    def counted(self) -> tuple[Violation, ...]:
        """`total_violations`: hard ones, unfilled minima, and warnings; advisories are not counted."""
        return tuple(v for v in self.violations if v.severity is not Severity.ADVISORY)

    def of(self, rule: str) -> tuple[Violation, ...]:
        return tuple(v for v in self.violations if v.rule == rule)
