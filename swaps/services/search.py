"""Weeks that a person has to give, and partners and weeks that really pass tier 1."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.utils import timezone

from common.errors import Invalid
from schedules.domain.codes import FMIT_CODE
from schedules.domain.problem import Category, Role, Session
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, Person
from swaps import queries
from swaps.domain.candidates import Candidate, Search, weeks_in_exchange
from swaps.domain.candidates import candidates as ranked
from swaps.domain.findings import SwapFacts
from swaps.domain.tables import SwapPolicy
from swaps.domain.weeks import week_of
from swaps.mapping import load_policy
from swaps.services import ground
from swaps.services.judging import is_in_reach

EXCHANGE_REACH = {Role.FACULTY: dt.timedelta(weeks=6), Role.RESIDENT: dt.timedelta(weeks=3)}
"""How far from the given week the partner's own weeks are looked for: FMIT weeks are rare, residents' are every one."""


@dataclass(frozen=True, slots=True)
class OwnWeek:
    """A swap week to come in which the person has duty. `activities`: half-days and nights by code, most first."""

    start: dt.date
    end: dt.date
    leads_fmit: bool
    activities: tuple[tuple[str, int], ...]
    is_open: bool
    """Whether a request for it is open already."""


def own_weeks(person: Person, *, at: dt.datetime) -> tuple[OwnWeek, ...]:
    """The person's swap weeks that have not begun, within the policy's days, that hold duty; in order of date."""
    policy = load_policy()
    today = timezone.localdate(at)
    held: dict[dt.date, list[tuple[str, str]]] = {}
    rows = Assignment.objects.filter(
        person=person,
        schedule__status=ScheduleStatus.PUBLISHED,
        date__gt=today,
        date__lte=today + dt.timedelta(days=policy.days_ahead + 7),
    ).exclude(activity__category=Category.OFF)
    for day, session, code in rows.values_list("date", "session", "activity__code"):
        held.setdefault(day, []).append((session, code))
    starts = {_week(day, held, policy) for day in held}
    latest = today + dt.timedelta(days=policy.days_ahead)
    asked = queries.open_weeks(person)
    return tuple(_own_week(start, held, policy, asked) for start in sorted(starts) if today < start <= latest)


def _week(day: dt.date, held: dict[dt.date, list[tuple[str, str]]], policy: SwapPolicy) -> dt.date:
    """First day of the swap week of a date, by the codes that are held (swaps.domain.weeks.swap_week)."""
    week = week_of(day, starts_on=policy.fmit_week_starts_on)
    return week[0] if _leads(week, held) else week_of(day, starts_on=policy.other_week_starts_on)[0]


def _leads(week: tuple[dt.date, ...], held: dict[dt.date, list[tuple[str, str]]]) -> bool:
    return any(code == FMIT_CODE and session != Session.NIGHT for day in week for session, code in held.get(day, ()))


def _own_week(
    start: dt.date, held: dict[dt.date, list[tuple[str, str]]], policy: SwapPolicy, asked: frozenset[dt.date]
) -> OwnWeek:
    week = week_of(start, starts_on=start.weekday())
    counted = Counter(code for day in week for _, code in held.get(day, ()))
    leads_fmit = start.weekday() == policy.fmit_week_starts_on and _leads(week, held)
    return OwnWeek(start, week[-1], leads_fmit, tuple(counted.most_common()), start in asked)


def candidates(person: Person, *, week: dt.date, at: dt.datetime) -> tuple[Candidate, ...]:
    """Everybody of the person's role who could absorb the swap week of a date and passes tier 1, best first.

    Raises Invalid for a week that is past or too far ahead.
    """
    days = _days_around(week, dt.timedelta(0), at=at)
    return ranked(_search(person, days, at=at), week)


def exchanges(person: Person, *, week: dt.date, partner: Person, at: dt.datetime) -> tuple[Candidate, ...]:
    """The partner's weeks near the person's week that could be exchanged for it and pass tier 1, best first.

    FMIT weeks of faculty within six weeks, weeks with duty of residents within three. Raises Invalid for a week that is
    past or too far ahead.
    """
    days = _days_around(week, EXCHANGE_REACH[Role(partner.role)], at=at)
    return weeks_in_exchange(_search(person, days, at=at), str(partner.pk), week)


def _days_around(week: dt.date, reach: dt.timedelta, *, at: dt.datetime) -> tuple[dt.date, dt.date]:
    policy = load_policy()
    if not is_in_reach(week, at=at, policy=policy):
        raise Invalid(f"Choose a week to come, at most {policy.days_ahead} days ahead.")
    days = [
        day
        for start in (policy.fmit_week_starts_on, policy.other_week_starts_on)
        for day in week_of(week, starts_on=start)
    ]
    return min(days) - reach, max(days) + reach


def _search(person: Person, days: tuple[dt.date, dt.date], *, at: dt.datetime) -> Search:
    facts = SwapFacts(at=timezone.localtime(at), standby=queries.standby(days))
    return Search(ground.around(days), str(person.pk), facts, load_policy(), queries.answers(person.role))
