"""One object of each kind for tests that walk all addresses, and requests filled with their ids."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.enums import Role
from accounts.models import Notification
from resilience.enums import DocumentKind
from resilience.services import documents
from schedules.domain.problem import Session
from schedules.enums import RunStatus, ScheduleStatus
from schedules.models import Activity, BlockAssignment, Demand, GenerationRun
from tests.factories import accounts, backups, generation, program, resilience, swaps

DAY = dt.date(2026, 3, 12)


def one_of_each() -> dict[str, str]:
    """Name -> id; nothing of it belongs to a user of a test. The tiny program, with two versions of one day."""
    made = program.tiny_program()
    program.policy(require_n1=False, max_violations=100)
    person, attending = made.residents[0], made.faculty[0]
    published = program.schedule(DAY, DAY, status=ScheduleStatus.PUBLISHED)
    program.assignments(published, [(person, DAY, Session.AM, "C")])
    agent = accounts.user(Role.AGENT)
    things: dict[str, Any] = {
        "person": person,
        "attending": attending,
        "adjunct": made.faculty[4],
        "newcomer": program.resident(),
        "credential": program.holds(person, program.credential(code="BLS")),
        "duty_log": program.duty_log(person, DAY),
        "preference": program.preference(person),
        "activity": Activity.objects.get(code="C"),
        "rotation": made.clinic,
        "other_rotation": made.ward,
        "block": made.block,
        "block_assignment": BlockAssignment.objects.get(person=person),
        "fmit_week": program.fmit_week(attending, dt.date(2026, 5, 1)),
        "holiday": program.holiday(dt.date(2026, 5, 25)),
        "demand": Demand.objects.filter(activity__code="C").first(),
        "absence": program.absence(person, dt.date(2026, 5, 4), status="REQUESTED"),
        "published": published,
        "awaiting": _run(RunStatus.AWAITING_CONFIRMATION, DAY),
        "failed": _run(RunStatus.FAILED, DAY),
        "solving": _run(RunStatus.SOLVING, dt.date(2026, 5, 1)),
        "backup": backups.verified_backup(),
        "account": accounts.user(Role.RESIDENT),
        "agent": agent,
        "agent_token": accounts.agent_token(agent),
        "notification": Notification.objects.create(
            user=accounts.user(), created_at=dt.datetime(2026, 3, 12, tzinfo=dt.UTC), kind="TEST", title="T"
        ),
    }
    taker = made.faculty[1]
    things["swap"] = swaps.record(attending, taker)
    things["swap_executed"] = swaps.executed(attending, taker)
    things["swap_offer"] = swaps.offer(attending)
    swaps.case(things["swap"])
    things["plan"] = resilience.plan(DAY, DAY)
    things["incident"] = resilience.incident()
    things["other_incident"] = resilience.incident()
    things["approval"] = resilience.asked(DAY, DAY)
    things["document"] = documents.draft(DocumentKind.MFR, by=None, at=resilience.NOON)
    things["shedding"] = resilience.execution(DAY, DAY)
    things["analysis"] = resilience.analysis(things["absence"])
    # Last, as its fingerprint is that of all before it.
    things["draft"] = generation.draft(DAY, DAY)
    things["ready"] = _run(RunStatus.DRAFT_READY, DAY, schedule=things["draft"])
    return {name: str(thing.pk) for name, thing in things.items()}


def _run(status: RunStatus, start: dt.date, **fields: Any) -> GenerationRun:
    end = start + dt.timedelta(days=27)
    return GenerationRun.objects.create(start_date=start, end_date=end, status=status, **fields)


def filled(body: object, things: dict[str, str]) -> object:
    """The body with ids for its names in braces."""
    if isinstance(body, dict):
        return {name: filled(value, things) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, things) for value in body]
    return body.format(**things) if isinstance(body, str) else body
