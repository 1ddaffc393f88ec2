"""The rule table and `check`: the only judge of a roster. Publish, edit, swap, what-if and reports all call it."""

from __future__ import annotations

from collections.abc import Collection

from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.index import RosterIndex, judging
from schedules.domain.rules.report import Group, NotMeasured, Report, Rule, Severity, Violation
from schedules.domain.rules.table import HARD_RULES, RULES

__all__ = ["HARD_RULES", "RULES", "Group", "NotMeasured", "Report", "Rule", "Severity", "Violation", "check"]


def check(
    problem: Problem, roster: Roster, *, only: Collection[str] | None = None, index: RosterIndex | None = None
) -> Report:
    """Judge the roster of the problem's range by every rule, or by the codes in `only`.

    Pure: the same arguments give the same report, sorted by rule, date and people. `index` spares the pass over this
    problem and roster where it was made before, or follows from another's (`RosterIndex.after`). Raises KeyError for an
    unknown code.
    """
    rules = RULES.values() if only is None else [RULES[code] for code in RULES if code in _known(only)]
    violations: list[Violation] = []
    not_measured: list[NotMeasured] = []
    with judging(index or RosterIndex(problem, roster)):
        for rule in rules:
            for finding in rule.check(problem, roster):
                if isinstance(finding, Violation):
                    violations.append(finding)
                else:
                    not_measured.append(finding)
    violations.sort(key=_order)
    return Report(tuple(violations), tuple(not_measured))


_RANK = {code: rank for rank, code in enumerate(RULES)}
_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}


def _order(finding: Violation) -> tuple[object, ...]:
    return (
        _RANK[finding.rule],
        _SEVERITIES[finding.severity],
        finding.start,
        finding.end,
        finding.session or "",
        finding.people,
        finding.subject,
    )


def _known(codes: Collection[str]) -> frozenset[str]:
    unknown = frozenset(codes) - RULES.keys()
    if unknown:
        raise KeyError(f"No such rule: {', '.join(sorted(unknown))}")
    return frozenset(codes)
