"""What each barrier of defense rests on, looked up and not assumed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import connection

from accounts.enums import Role
from accounts.models import User
from backups.services import newest_verified
from backups.services import policy as backup_policy
from common.services import presence
from resilience.domain.defense import Defense, Evidence
from resilience.domain.levels import Measured, Reading, Unknown
from resilience.domain.posture import Metric, Readings
from resilience.domain.workload import OVERLOADED_ABOVE
from resilience.enums import PlanState
from resilience.models import FallbackPlan
from resilience.services import breaker, fallbacks
from resilience.services.world import Basis, load_standby
from schedules.domain.problem import ONE_DAY
from schedules.enums import BreakerState
from schedules.models import ProgramPolicy

GATED_TABLES = ("schedules_schedule", "schedules_assignment", "schedules_blockassignment")


def collect(found: Basis, measured: Readings) -> Iterator[Evidence]:
    """Evidence for all five barriers at this moment. Reads only."""
    yield from _prevention(found, measured)
    yield from _control(found, measured)
    yield from _safety_systems(found)
    yield from _containment(found)
    yield from _emergency(found)


def _prevention(found: Basis, measured: Readings) -> Iterator[Evidence]:
    margin = measured[Metric.MARGIN_SAFETY]
    enough: Reading[bool] = margin if isinstance(margin, Unknown) else Measured(margin.value >= 1)
    yield Evidence(Defense.PREVENTION, "Every attending post of the next days survives one loss", enough)
    unfilled = measured[Metric.UNFILLED_HARD]
    filled: Reading[bool] = unfilled if isinstance(unfilled, Unknown) else Measured(unfilled.value == 0)
    yield Evidence(Defense.PREVENTION, "Every hard demand of the next days is filled", filled)
    yield Evidence(Defense.PREVENTION, "A verified backup is recent enough", _recent_backup(found.at))


def _recent_backup(at: dt.datetime) -> Reading[bool]:
    newest = newest_verified()
    if newest is None:
        return Measured(False)
    return Measured(at - newest.created_at <= dt.timedelta(minutes=max(backup_policy().fresh_minutes, 24 * 60)))


def _control(found: Basis, measured: Readings) -> Iterator[Evidence]:
    running = presence.running(presence.DEFAULT) > 0
    yield Evidence(Defense.CONTROL, "The task cluster is at work", Measured(running))
    fresh: Reading[bool] = Unknown(found.doubt) if found.age is None else Measured(not found.doubt)
    yield Evidence(Defense.CONTROL, "The program is evaluated regularly", fresh)
    pending = measured[Metric.PENDING_DECISIONS]
    able: Reading[bool] = pending if isinstance(pending, Unknown) else Measured(pending.value <= OVERLOADED_ABOVE)
    yield Evidence(Defense.CONTROL, "The coordinator is not overloaded", able)


def _safety_systems(found: Basis) -> Iterator[Evidence]:
    row = breaker.current()
    overridden = row.override_until is not None and row.override_until >= found.at
    yield Evidence(
        Defense.SAFETY_SYSTEMS,
        "The circuit breaker is in charge and not overridden",
        Measured(not overridden),
    )
    yield Evidence(Defense.SAFETY_SYSTEMS, "The breaker is closed", Measured(row.state != BreakerState.OPEN))
    yield Evidence(Defense.SAFETY_SYSTEMS, "The gate guards the tables of the schedule", Measured(_gate_stands()))
    unresolved = breaker.unresolved(found.today)
    yield Evidence(
        Defense.SAFETY_SYSTEMS, "No hard violation stands in the published schedule", Measured(not unresolved)
    )


def _gate_stands() -> bool:
    """Whether every gated table still has its trigger, and none is switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT c.relname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relname = ANY(%s) AND NOT t.tgisinternal AND t.tgenabled <> 'D'",
            [list(GATED_TABLES)],
        )
        return bool(cursor.fetchone()[0] == len(GATED_TABLES))


def _containment(found: Basis) -> Iterator[Evidence]:
    plans = FallbackPlan.objects.exclude(state=PlanState.ACTIVATED)
    standing = fallbacks.judged(plans.filter(end_date__gte=found.today), at=found.at)
    ready: Reading[bool] = (
        Measured(all(plan.state == PlanState.VALID for plan in standing))
        if standing
        else Unknown("No fallback was made yet.")
    )
    yield Evidence(Defense.CONTAINMENT, "Every stored fallback is valid", ready)
    pool = load_standby(found.today, found.today + (found.policy.safety_days - 1) * ONE_DAY)
    yield Evidence(Defense.CONTAINMENT, "Somebody is on stand-by in the next days", Measured(bool(pool)))


def _emergency(found: Basis) -> Iterator[Evidence]:
    directors = User.objects.filter(role=Role.PROGRAM_DIRECTOR, is_active=True)
    yield Evidence(Defense.EMERGENCY, "A program director can approve", Measured(directors.exists()))
    first = directors.first()
    seconds = User.objects.filter(is_active=True)
    second = first is not None and any(breaker.may_second(user, first=first) for user in seconds)
    yield Evidence(Defense.EMERGENCY, "A second authority can be reached", Measured(second))
    policy = ProgramPolicy.objects.filter(pk=1).select_related("clinical_lead").first()
    lead = policy.clinical_lead if policy else None
    named = lead is not None and lead.is_active
    yield Evidence(Defense.EMERGENCY, "A clinical lead can be reached", Measured(named or directors.count() > 1))
    yield Evidence(Defense.EMERGENCY, "A verified backup can be restored", Measured(newest_verified() is not None))
