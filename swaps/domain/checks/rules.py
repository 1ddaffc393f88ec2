"""What the rule table says of a swap, and rows that may not be touched."""

from __future__ import annotations

from collections import defaultdict

from schedules.domain.problem import Absence, Date, Problem
from schedules.domain.roster import Slot
from schedules.domain.rules import RULES, Report, Severity, Violation
from schedules.domain.rules.wording import span
from swaps.domain.checks.case import Case, Checked
from swaps.domain.checks.coverage import is_gap
from swaps.domain.exchange import Exchange, Kept
from swaps.domain.findings import SwapFinding
from swaps.domain.tables import CHECK, Tier, Verdict

IN_PLAIN_WORDS = {
    "HOURS_80": "More than 80 hours a week on average, or close to it.",
    "DAY_FREE_IN_7": "Too many days of work in a row, or too few free days.",
    "REST_8": "Less than 8 hours between two duties.",
    "REST_14": "Less than 14 hours free after 24 hours of duty.",
}
"""What a rule that is a formula means for whoever may not read whom it concerns, and how."""

OF_ONE_CELL = frozenset({"ABSENT", "NOT_ELIGIBLE"})
"""Rules about what one cell holds: a cell that the swap writes is the swap's, whatever was wrong with it before."""


def broken_rules(case: Case) -> Checked:
    """Tier 1: any hard violation of the rule table that is new or worse; a warning of a party's is a warning.

    Absences have lines of their own, and gaps are COVERAGE_GAP's.
    """
    parties = set(case.parties)
    written = wrong_where_written(case.reports[1], case.exchange, case.problem)
    for violation in dict.fromkeys((*case.answerable, *written)):
        if is_gap(violation) or violation.rule == "ABSENT":
            continue
        hard = violation.severity is Severity.HARD
        mine = bool(parties & set(violation.people)) and violation.rule in CHECK
        if not hard and (not mine or violation.rule == "HOURS_80"):
            continue
        yield SwapFinding(
            code=violation.rule,
            tier=Tier.ONE,
            verdict=Verdict.REJECT if hard else Verdict.WARN,
            message=violation.message,
            public=f"{IN_PLAIN_WORDS.get(violation.rule, RULES[violation.rule].sentence)} "
            f"({span(violation.start, violation.end)})",
            measured=violation.measured,
            limit=violation.limit,
            days=(violation.start, violation.end),
            people=violation.people,
        )


def wrong_where_written(report: Report, exchange: Exchange, problem: Problem) -> tuple[Violation, ...]:
    """ABSENT and NOT_ELIGIBLE in cells that the swap writes: also where the person had other work there that nobody has
    taken away yet, so that the finding as such is none of the swap. Who left the program may hold nothing at all."""
    return tuple(
        violation
        for violation in report.hard
        if violation.rule in OF_ONE_CELL
        and violation.session is not None
        and Slot(violation.people[0], violation.start, violation.session) in exchange.changes
        and violation.people[0] in problem.person
    )


def absences(case: Case) -> Checked:
    """ABSENT: one line for each absence, with all dates on which the swap would put the person to work."""
    days: dict[Absence, list[Date]] = defaultdict(list)
    for violation in wrong_where_written(case.reports[1], case.exchange, case.problem):
        if violation.rule == "ABSENT":
            days[case.problem.leave_days[violation.people[0]][violation.start]].append(violation.start)
    for absence, found in days.items():
        first, last = min(found), max(found)
        yield SwapFinding(
            code="ABSENT",
            tier=Tier.ONE,
            verdict=Verdict.REJECT,
            message=f"{case.name(absence.person)} is away ({absence.kind}) from {absence.start} to {absence.end} and "
            f"would work from {first} to {last}. Choose another week or partner.",
            public=f"{RULES['ABSENT'].sentence} ({first} to {last})",
            days=tuple(sorted(set(found))),
            people=(absence.person,),
        )


def kept_rows(case: Case) -> Checked:
    """Tier 1: a locked row of the giver cannot be taken; one of the taker leaves no room."""
    for slot, why in case.exchange.kept.items():
        code = "NOT_ELIGIBLE" if why is Kept.GIVER_LOCKED else "DOUBLE_BOOKED"
        where = f"{slot.day} {slot.session}"
        yield SwapFinding(
            code=code,
            tier=Tier.ONE,
            verdict=Verdict.REJECT,
            message=f"{case.name(slot.person)}: {why} on {where}. Ask the coordinator to unlock it, or leave it out.",
            public=f"A row of {where} is locked. Ask the coordinator to unlock it, or leave that session out.",
            days=(slot.day,),
            people=(slot.person,),
        )
