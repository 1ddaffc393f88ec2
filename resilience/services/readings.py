"""The eight metrics of posture, each measured or unknown for a reason, from the stored margins and present facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils import timezone

from resilience.domain.levels import Measured, Reading, Unknown
from resilience.domain.posture import Metric, Readings
from resilience.enums import ImpactName
from resilience.models import AbsenceAnalysis, DayMargin, PostureState, ResiliencePolicy
from resilience.services.days import published_days
from resilience.services.readiness import worksheet
from resilience.services.world import NothingPublished, load_policy
from schedules.domain.problem import ONE_DAY, days_between
from schedules.domain.rules import RULES
from schedules.domain.rules.report import Group, Severity
from schedules.enums import AbsenceStatus, ComplianceStatus, ScheduleStatus
from schedules.models import ComplianceEvent
from schedules.services.decisions import pending_decisions

DUTY_HOUR_RULES = tuple(rule.code for rule in RULES.values() if rule.group is Group.DUTY_HOURS)


def readings(*, at: dt.datetime) -> Readings:
    """What posture is read from at this moment. Reads only; the margins are those last computed (`days`)."""
    policy = load_policy()
    today = timezone.localdate(at)
    near = _days(today, policy.safety_days, policy=policy, at=at)
    far = _days(today, policy.margin_days, policy=policy, at=at)
    return {
        Metric.UTILIZATION: _utilization(far),
        Metric.COVERAGE: _coverage(far),
        Metric.MARGIN_ALL: _no_more_than(_lowest(far, "margin_all"), _reported(today, policy.margin_days)["all"]),
        Metric.MARGIN_SAFETY: _no_more_than(
            _lowest(near, "margin_safety"), _reported(today, policy.safety_days)["safety"]
        ),
        Metric.UNFILLED_HARD: near if isinstance(near, Unknown) else Measured(_sum(near.value, "unfilled_hard")),
        Metric.HARD_DUTY_HOURS: Measured(float(_happened(today, policy))),
        Metric.PENDING_DECISIONS: Measured(float(len(pending_decisions(at)))),
        Metric.READINESS: _readiness(at),
    }


def is_stale(*, at: dt.datetime, policy: ResiliencePolicy) -> str:
    """Why the margins of the coming days cannot be relied on though a schedule is published; '' where they can."""
    today = timezone.localdate(at)
    last = today + (policy.safety_days - 1) * ONE_DAY
    lost = _not_computed(today, last)
    if lost:
        return lost
    rows = DayMargin.objects.filter(date__gte=today, date__lte=last, is_published=True)
    oldest = rows.order_by("computed_at").values_list("computed_at", flat=True).first()
    if oldest is not None and (at - oldest).total_seconds() > policy.stale_after_seconds:
        last = timezone.localtime(oldest)
        return f"The margins of the next {policy.safety_days} days were last computed at {last:%d %b %H:%M}."
    return ""


def _not_computed(first: dt.date, last: dt.date) -> str:
    """What an evaluation that failed has left without figures. Without a failure, figures are only on their way."""
    state = PostureState.objects.filter(pk=1).first()
    if state is None or not state.failure:
        return ""
    published = {day for day in published_days(first) if day <= last}
    known = DayMargin.objects.filter(date__in=published, is_published=True).values_list("date", flat=True)
    missing = len(published - set(known))
    return f"The margins of {missing} of the coming dates could not be computed: {state.failure}" if missing else ""


def _days(
    start: dt.date, count: int, *, policy: ResiliencePolicy, at: dt.datetime
) -> Measured[Sequence[DayMargin]] | Unknown:
    """The stored margins of every date of a window, or why they do not say anything."""
    wanted = list(days_between(start, start + (count - 1) * ONE_DAY))
    rows = list(DayMargin.objects.filter(date__in=wanted))
    missing = [day for day in wanted if day not in {row.date for row in rows}]
    if missing:
        return Unknown(f"The margins of {missing[0]} were never computed, or could not be.")
    unpublished = [row.date for row in rows if not row.is_published]
    if unpublished:
        return Unknown(f"Nothing is published on {min(unpublished)}.")
    if (at - min(row.computed_at for row in rows)).total_seconds() > policy.stale_after_seconds:
        return Unknown("The margins are stale: the nightly evaluation did not finish.")
    return Measured(rows)


def _lowest(days: Reading[Sequence[DayMargin]], field: str) -> Reading[float]:
    if isinstance(days, Unknown):
        return days
    found = [value for row in days.value if (value := getattr(row, field)) is not None]
    return Measured(float(min(found))) if found else Unknown("Nothing is demanded on these dates.")


def _reported(today: dt.date, count: int) -> Mapping[str, float | None]:
    """The lowest k* of a window without those who reported an absence of HIGH impact, though nobody granted it yet."""
    last = today + (count - 1) * ONE_DAY
    rows = AbsenceAnalysis.objects.filter(
        impact=ImpactName.HIGH, absence__status=AbsenceStatus.REQUESTED, absence__end_date__gte=today
    )
    pairs = [pair for row in rows for day, pair in row.margins.items() if today <= dt.date.fromisoformat(day) <= last]
    return {
        name: min((float(pair[place]) for pair in pairs if pair[place] is not None), default=None)
        for place, name in enumerate(("all", "safety"))
    }


def _no_more_than(found: Reading[float], limit: float | None) -> Reading[float]:
    """A proven upper bound beside a measured value; it also says something where nothing else is known."""
    if limit is None:
        return found
    return Measured(limit if isinstance(found, Unknown) else min(found.value, limit))


def _sum(rows: Sequence[DayMargin], field: str) -> float:
    return float(sum(getattr(row, field) for row in rows))


def _ratio(days: Reading[Sequence[DayMargin]], part: str, whole: str, nothing: str) -> Reading[float]:
    if isinstance(days, Unknown):
        return days
    total = _sum(days.value, whole)
    return Measured(_sum(days.value, part) / total) if total else Unknown(nothing)


def _coverage(days: Reading[Sequence[DayMargin]]) -> Reading[float]:
    return _ratio(days, "filled", "demanded", "Nothing is demanded on these dates.")


def _utilization(days: Reading[Sequence[DayMargin]]) -> Reading[float]:
    return _ratio(
        days, "utilization_demanded", "utilization_available", "Nobody is available for what is demanded, if anything."
    )


def _happened(today: dt.date, policy: ResiliencePolicy) -> int:
    """Hard duty-hour findings of the last days that are over and were not corrected."""
    return ComplianceEvent.objects.filter(
        status=ComplianceStatus.OPEN,
        schedule__status=ScheduleStatus.PUBLISHED,
        severity=Severity.HARD.value,
        rule__in=DUTY_HOUR_RULES,
        end_date__lt=today,
        end_date__gte=today - policy.margin_days * ONE_DAY,
    ).count()


def _readiness(at: dt.datetime) -> Reading[float]:
    try:
        overall = worksheet(at=at).readiness.overall
    except NothingPublished as missing:
        return Unknown(str(missing))
    return overall if isinstance(overall, Unknown) else Measured(float(overall.value))
