"""The judgement of a roster in one object: rules, coverage, margins, and whether it is accepted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from schedules.domain.coverage import Coverage, coverage
from schedules.domain.margins import MarginReport, SessionMargin, margins
from schedules.domain.problem import Block, Problem
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import RULES, check
from schedules.domain.rules.report import Group, Report, Severity, Violation
from schedules.mapping import load_problem, load_roster
from schedules.models import Schedule

SEED_TYPES: Mapping[str, str] = {
    "HOURS_80": "80_hour_rule",
    "DAY_FREE_IN_7": "1_in_7_rule",
    "SUPERVISION": "supervision_ratio",
}
"""Names that clients of the first tool rely on; every other rule goes by its code in small letters."""

_ACTIONS: Mapping[str, str] = {
    "ACGME": "Correct them; no reason publishes them.",
    "VIOLATIONS": "Each finding says what to change: correct them in the grid, or generate again.",
    "COVERAGE": "See of each unfilled demand why nobody could take it.",
    "ASSIGNED": "Enter what the people who are left without anything should do, then generate again.",
    "N1": "Move clinic or leave away from there, or give N1_MARGIN more weight in the policy and generate again.",
}
"""What a director can do about each condition that is not met."""

_GROUP = {rule.code: rule.group for rule in RULES.values()}
_ACGME = frozenset({Group.DUTY_HOURS, Group.SUPERVISION})


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of acceptance; `ok` None = could not be measured, which never passes. `action`: what to do then."""

    code: str
    ok: bool | None
    sentence: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a draft may be published without a written reason."""

    checks: tuple[Check, ...]
    advice: str = ""

    @property
    def accepted(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def summary(self) -> str:
        missed = [f"{check.sentence} {check.action}".rstrip() for check in self.checks if not check.ok]
        return " ".join(missed) if missed else "All conditions of acceptance are met."

    def as_json(self) -> dict[str, Any]:
        return {"accepted": self.accepted, "checks": [asdict(check) for check in self.checks], "advice": self.advice}


@dataclass(frozen=True)
class Validation:
    """What the rule table, coverage and margins say about the roster of a problem."""

    problem: Problem
    roster: Roster
    report: Report
    coverage: Coverage
    margins: MarginReport

    @property
    def coverage_rate(self) -> float | None:
        return self.coverage.rate

    @cached_property
    def acgme_violations(self) -> tuple[Violation, ...]:
        """Hard violations of duty hours and supervision: never relaxed, never overridden."""
        return tuple(v for v in self.report.hard if _GROUP.get(v.rule) in _ACGME)

    @property
    def acgme_compliant(self) -> bool | None:
        """No hard violation of duty hours or supervision; None where nobody has anything that could be judged."""
        if self.acgme_violations:
            return False
        return True if self.coverage.assigned_half_days else None

    @cached_property
    def person_half_days(self) -> tuple[int, int]:
        """(assigned, all) person-half-days of the people scheduled in the range."""
        return self.coverage.assigned_half_days, self.coverage.half_days

    @cached_property
    def acceptance(self) -> Acceptance:
        policy = self.problem.policy
        most = self.most_violations
        judged = (
            self._acgme_check(),
            Check("VIOLATIONS", most < policy.max_violations, self._violations_sentence()),
            _above("COVERAGE", self.coverage_rate, policy.min_coverage, "of the demand is filled"),
            _above("ASSIGNED", self.coverage.assigned_rate, policy.min_coverage, "of all half-days are assigned"),
            self._n1_check(),
        )
        checks = tuple(replace(check, action=_ACTIONS[check.code]) if check.ok is False else check for check in judged)
        return Acceptance(checks, _advice(most, policy.max_violations, policy.discard_violations))

    @cached_property
    def most_violations(self) -> int:
        """Violations in the block that has the most of them: what the policy's limits are compared with."""
        return max(violations_by_block(self.report, self.problem).values(), default=0)

    def _acgme_check(self) -> Check:
        if self.acgme_compliant is None:
            return Check("ACGME", None, "Duty hours and supervision could not be judged: nothing is assigned.")
        return Check(
            "ACGME", self.acgme_compliant, f"{_count(len(self.acgme_violations))} of duty hours or supervision."
        )

    def _violations_sentence(self) -> str:
        counted, limit = len(self.report.counted), self.problem.policy.max_violations
        if len({self.problem.block_of(day) for day in self.problem.days}) < 2:
            return f"{_count(counted)}; fewer than {limit} are accepted."
        return f"{_count(counted)}, at most {self.most_violations} in a block; fewer than {limit} a block are accepted."

    def _n1_check(self) -> Check:
        if not self.problem.policy.require_n1:
            return Check("N1", True, "N-1 is not required by policy.")
        compliant = self.margins.n1_compliant
        if compliant is None:
            return Check("N1", None, "N-1 could not be measured: no patient-safety demand is entered.")
        if compliant:
            return Check("N1", True, f"Every session survives any loss of {self.margins.n1_margin}; 1 is needed.")
        weak, weakest = self.margins.below(1), self.margins.weakest(1)[0]
        many = f"{weak} sessions do" if weak > 1 else "1 session does"
        return Check("N1", False, f"{many} not survive every loss of one person (N-1). {weakest.certificate}")

    def as_json(self) -> dict[str, Any]:
        """The `validation` object of the API, with acceptance."""
        return {
            "acgme_compliant": self.acgme_compliant,
            "acgme_violations": len(self.acgme_violations),
            "total_violations": len(self.report.counted),
            "advisories": len(self.report.violations) - len(self.report.counted),
            "violations": [violation_json(v, self.problem) for v in self.report.violations],
            "not_measured": [asdict(item) for item in self.report.not_measured],
            "acceptance": self.acceptance.as_json(),
        }

    def resilience_json(self) -> dict[str, Any]:
        """The `resilience` object of the API; null where nothing was measured."""
        required = self.problem.policy.require_n1
        compliant = self.margins.n1_compliant
        return {
            "n1_compliant": compliant if required else "NOT_REQUIRED",
            "n2_compliant": self.margins.n2_compliant,
            "n1_margin": self.margins.n1_margin,
            "weakest": [_margin_json(item, self.problem) for item in self.margins.weakest()],
        }

    def figures(self) -> dict[str, Any]:
        """The figures of the API's answers that do not depend on how the roster was made."""
        assigned, total = self.person_half_days
        rate = self.coverage_rate
        return {
            "total_blocks_assigned": assigned,
            "total_blocks": total,
            "coverage_rate": None if rate is None else round(rate, 4),
            "validation": self.as_json(),
            "resilience": self.resilience_json(),
        }


def validate(
    start: dt.date, end: dt.date, *, schedule: Schedule | Literal["published"] | None = "published"
) -> Validation:
    """Judge what is stored for the dates: of one version, or of what is published (also None). Reads only."""
    version = schedule if isinstance(schedule, Schedule) else None
    problem = load_problem(start, end, schedule=version)
    return judge(problem, load_roster(problem, schedule=version or "published"))


def judge(problem: Problem, roster: Roster, *, unassigned: frozenset[Slot] = frozenset()) -> Validation:
    """Judge a roster that is in hand. Pure. `unassigned` half-days are OFF only because nothing was found for them."""
    return Validation(
        problem=problem,
        roster=roster,
        report=check(problem, roster),
        coverage=coverage(problem, roster, unassigned=unassigned),
        margins=margins(problem, roster),
    )


def violations_by_block(report: Report, problem: Problem) -> Mapping[Block | None, int]:
    """Counted violations per block, by the date on which they begin; None = a date outside every block. Pure.

    A finding that began before the range belongs to the range's first block.
    """
    return Counter(problem.block_of(max(violation.start, problem.start)) for violation in report.counted)


def violation_json(violation: Violation, problem: Problem) -> dict[str, Any]:
    """A finding under the names that clients rely on; residents' findings name `resident_id`."""
    first = violation.people[0] if violation.people else None
    person = problem.person.get(first) if first else None
    named = {"resident_id": first} if person is not None and person.is_resident else {}
    span = {"week": violation.start.isoformat()} if violation.end > violation.start else {}
    return {
        "type": SEED_TYPES.get(violation.rule, violation.rule.lower()),
        "rule": violation.rule,
        "severity": violation.severity.value.lower(),
        "person": first,
        "people": list(violation.people),
        "names": [problem.person[p].name for p in violation.people if p in problem.person],
        **named,
        "date": violation.start.isoformat(),
        "end_date": violation.end.isoformat(),
        **span,
        "session": violation.session.value if violation.session else None,
        "measured": violation.measured,
        "limit": violation.limit,
        **violation.facts,
        "unavoidable": violation.unavoidable,
        "key": violation.key,
        "message": violation.message,
    }


def is_acgme(violation: Violation) -> bool:
    """Whether it is a hard violation of duty hours or supervision."""
    return violation.severity is Severity.HARD and _GROUP.get(violation.rule) in _ACGME


def _above(code: str, value: float | None, least: float, what: str) -> Check:
    if value is None:
        return Check(code, None, f"It could not be measured how much {what}.")
    return Check(code, value > least, f"{value:.1%} {what}; more than {least:.0%} is needed.")


def _count(violations: int) -> str:
    return "1 violation" if violations == 1 else f"{violations} violations"


def _advice(most: int, limit: int, discard: int) -> str:
    if most > discard:
        return "Discarding this draft is recommended."
    return "Correcting it by hand may be quicker than generating again." if most >= limit else ""


def _margin_json(item: SessionMargin, problem: Problem) -> dict[str, Any]:
    return {
        "date": item.day.isoformat(),
        "session": item.session.value,
        "margin": item.margin,
        "people": [problem.person[p].name for p in item.people if p in problem.person],
        "critical": [problem.person[p].name for p in item.critical if p in problem.person],
        "certificate": item.certificate,
    }
