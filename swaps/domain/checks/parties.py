"""What a swap means for the two people: weeks in a row, hours, and who gives more than they take."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, pstdev

from schedules.domain.problem import Date, DutyLogKind, PersonId
from schedules.domain.rules import Severity
from schedules.domain.rules.index import RosterIndex
from schedules.domain.timeline import TOLERANCE
from swaps.domain.checks.case import Case, Checked
from swaps.domain.findings import finding
from swaps.domain.tables import SwapType
from swaps.domain.weeks import DAYS_PER_WEEK, week_of

LEADS_THE_WEEK = 4
"""Days of the seven from which a person counts as having led an FMIT week: more than half."""


def back_to_back(case: Case) -> Checked:
    """BACK_TO_BACK_FMIT_3 and _2: the longest run of FMIT weeks that holds one a person leads by this swap."""
    for person in case.parties:
        was, now = _led(case.before.index, person), _led(case.new_index, person)
        longest = max((run for run in _runs(now) if set(run) - was), key=len, default=())
        code = "BACK_TO_BACK_FMIT_3" if len(longest) >= case.policy.fmit_weeks_reject else "BACK_TO_BACK_FMIT_2"
        weeks = " and ".join(str(friday) for friday in longest)
        yield finding(
            code,
            len(longest),
            case.policy,
            f"{case.name(person)} would lead {len(longest)} FMIT weeks in a row, beginning {weeks}. Choose a week "
            "with a week between, or another partner.",
            people=(person,),
            days=tuple(longest),
            about=tuple(f"{person} {friday}" for friday in longest),
        )


def _led(index: RosterIndex, person: PersonId) -> set[Date]:
    """Fridays of the FMIT weeks that the person leads, by the roster, and by the plan where nothing is decided."""
    days = index.rows.get(person, {})
    held = {day for day in days if index.holds_fmit(person, day)}
    held |= {day for day, who in index.problem.fmit_attending.items() if who == person and day not in days}
    weeks: dict[Date, int] = {}
    for day in held:
        friday = week_of(day, starts_on=4)[0]
        weeks[friday] = weeks.get(friday, 0) + 1
    return {friday for friday, count in weeks.items() if count >= LEADS_THE_WEEK}


def _runs(fridays: set[Date]) -> Iterator[tuple[Date, ...]]:
    run: list[Date] = []
    for friday in sorted(fridays):
        if run and (friday - run[-1]).days != DAYS_PER_WEEK:
            yield tuple(run)
            run = []
        run.append(friday)
    if run:
        yield tuple(run)


def approaching_80(case: Case) -> Checked:
    """APPROACHING_80: a resident party comes above 75 h a week, or further above."""
    for violation in case.answerable:
        near = violation.rule == "HOURS_80" and violation.severity is Severity.WARNING
        if near and set(violation.people) & set(case.parties):
            yield finding(
                "APPROACHING_80",
                violation.measured,
                case.policy,
                violation.message,
                people=violation.people,
                days=(violation.start, violation.end),
            )


def moonlighting(case: Case) -> Checked:
    """MOONLIGHTING: a resident party's weekly hours, moonlighting included, in the rotation periods touched."""
    touched = set(case.exchange.days)
    for period in case.new_index.rotation_periods:
        days = set(period.days)
        logged = sum(
            log.hours
            for log in case.problem.duty_logs
            if log.person == period.person.id and log.kind is DutyLogKind.MOONLIGHTING and log.day in days
        )
        if period.person.id not in case.parties or not logged or not period.counted_days or not days & touched:
            continue
        weekly = period.hours * 7 / period.counted_days
        yield finding(
            "MOONLIGHTING",
            round(weekly, 2),
            case.policy,
            f"{period.person.name} would have {weekly:.1f} h a week in block {period.block.number}, "
            f"{logged:g} h of moonlighting in the block included.",
            people=(period.person.id,),
            about=(f"{period.person.id} block {period.block.number}",),
            judged=weekly - TOLERANCE,
        )


def fairness(case: Case) -> Checked:
    """FAIRNESS: how many sigmas a party's balance of given minus taken weeks is off after what is absorbed.

    Single sessions count as the sevenths of a week that they touch, as they do in the balances.
    """
    if case.exchange.request.type is not SwapType.ABSORB or not case.facts.balances:
        return
    giver, taker = case.parties
    balances = {giver: 0.0, taker: 0.0, **case.facts.balances}
    weeks = len(case.exchange.request.days) / DAYS_PER_WEEK
    balances[giver] += weeks
    balances[taker] -= weeks
    centre = fmean(balances.values())
    sigma = max(pstdev(balances.values()), case.policy.fairness_least_sigma)
    for person, sign in ((giver, 1), (taker, -1)):
        off = sign * (balances[person] - centre) / sigma
        what = "given away" if sign > 0 else "taken over"
        yield finding(
            "FAIRNESS",
            round(off, 4),
            case.policy,
            f"{case.name(person)} would have {what} {abs(balances[person]):.3g} weeks more than the other way round in "
            "three months. An exchange instead of an absorbed week keeps the balance.",
            people=(person,),
            about=(person,),
        )
