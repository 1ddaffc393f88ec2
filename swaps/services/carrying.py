"""Executed swaps when a new version is published: held by it, or put before the coordinator."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from common.models import signed
from schedules.domain.codes import FMIT_CODE
from schedules.domain.problem import Session
from schedules.domain.roster import Slot
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, FmitWeek, Schedule
from swaps.domain.tables import Level, SwapPolicy, SwapStatus
from swaps.enums import CaseKind, CaseStatus, Event
from swaps.mapping import load_policy
from swaps.models import EscalationCase, SwapRecord
from swaps.services import record, rows
from swaps.services.judging import order_of
from swaps.services.settling import close_case, due, tell_deciders


def review(schedule_id: uuid.UUID, *, at: dt.datetime, replaced: Iterable[uuid.UUID] = ()) -> None:
    """Look at every executed swap of a version that became current, or got rows back: whether it holds the swap's rows.

    With `replaced`, at all that is published on the dates of those versions: a publish that is taken back brings every
    version that it had replaced. Swaps whose dates are over, or that were given up, are left alone.
    """
    news = Schedule.objects.filter(pk__in=[schedule_id, *replaced])
    spans = [Q(start_date__lte=old.end_date, end_date__gte=old.start_date) for old in news]
    if not spans:
        return
    seen: set[uuid.UUID] = set()
    for version in Schedule.objects.filter(reduce(or_, spans), status=ScheduleStatus.PUBLISHED).order_by("start_date"):
        for swap in _touching(version, at=at):
            if swap.pk not in seen:
                seen.add(swap.pk)
                with transaction.atomic():
                    _review_one(record.lock(swap), version, at=at)


def _touching(version: Schedule, *, at: dt.datetime) -> QuerySet[SwapRecord]:
    """Executed swaps with a date of the version that is not over."""
    today = timezone.localdate(at)
    return (
        SwapRecord.objects.filter(
            status=SwapStatus.EXECUTED,
            given_up_at__isnull=True,
            changes__date__gte=max(version.start_date, today),
            changes__date__lte=version.end_date,
        )
        .distinct()
        .order_by("executed_at")
    )


def undecided(at: dt.datetime) -> list[SwapRecord]:
    """Swaps before the coordinator for a version that does not hold them, whose last date is over."""
    waiting = EscalationCase.objects.filter(kind=CaseKind.CARRY_OVER, status=CaseStatus.OPEN)
    rows = SwapRecord.objects.filter(pk__in=waiting.values("swap")).annotate(last=Max("changes__date"))
    return list(rows.filter(last__lt=timezone.localdate(at)).order_by("last"))


def settle_lived(swap: SwapRecord, policy: SwapPolicy, at: dt.datetime) -> bool:
    """Nobody decided while there was time: what was published has been lived, so the swap is given up.

    One that the published rows hold by now, by whatever edits, stands.
    """
    with transaction.atomic():
        locked = record.lock(swap)
        case = EscalationCase.objects.filter(swap=locked, kind=CaseKind.CARRY_OVER, status=CaseStatus.OPEN).first()
        if case is None:
            return False
        close_case(locked, by=None, at=at, reason="the dates are over")
        if not missing_rows(locked):
            record.note(locked, Event.CARRIED_OVER, by=None, at=at)
            return True
        let_go(locked, by=None, at=at)
        tell_deciders(
            case,
            title=f"A swap was given up undecided: {record.dates_of(locked)}",
            kind="SWAP_GIVEN_UP",
            at=at,
            body="Its dates were over before anybody decided; the published schedule stands as it was lived.",
        )
    return True


def standing_on(versions: list[uuid.UUID], *, since: dt.datetime) -> int:
    """How many executed swaps stand on rows of these versions since then: a publish is not taken back under them."""
    rows = SwapRecord.objects.filter(
        status=SwapStatus.EXECUTED, given_up_at__isnull=True, executed_at__gte=since, changes__schedule__in=versions
    )
    return rows.distinct().count()


def undone_on(version: Schedule, *, since: dt.datetime) -> int:
    """How many older swaps were rolled back or given up on the version since then: the one before still holds them."""
    rows = SwapRecord.objects.filter(
        Q(rolled_back_at__gte=since) | Q(given_up_at__gte=since),
        executed_at__lt=since,
        changes__date__gte=version.start_date,
        changes__date__lte=version.end_date,
    )
    return rows.distinct().count()


def file_again(swap: SwapRecord, *, by: User, at: dt.datetime) -> SwapRecord:
    """Ask for the same swap on the present version, with the consent that was given; every check is run again.

    Who asked before asks again: whoever decides that becomes no requester, who would read the reason.
    Raises IntakeRefused.
    """
    from swaps.services.requests import file

    let_go(swap, by=by, at=at)
    asked_by = swap.requested_by or by
    return file(order_of(swap), requested_by=asked_by, consent_by=swap.consent_by or by, by=by, at=at)


def let_go(swap: SwapRecord, *, by: User | None, at: dt.datetime) -> SwapRecord:
    """The present version stays as it is; the swap is over and cannot be rolled back."""
    _plan_as_published(swap, by=by, at=at)
    record.save(swap, by=by, at=at, why="given up", given_up_at=at, next_check_at=None)
    record.note(swap, Event.LET_GO, by=by, at=at)
    record.tell(
        record.parties(swap), swap, kind="SWAP_GIVEN_UP", title=f"Swap given up: {record.dates_of(swap)}", at=at
    )
    return swap


def _plan_as_published(swap: SwapRecord, *, by: User | None, at: dt.datetime) -> None:
    """Give planned FMIT weeks back to whoever leads them in the version that does not hold the swap."""
    for change in swap.week_changes.all():
        led = Counter(
            Assignment.objects.filter(
                schedule__status=ScheduleStatus.PUBLISHED,
                date__gte=change.start_date,
                date__lte=change.end_date,
                activity__code=FMIT_CODE,
                person_id__in=[change.before_id, change.after_id],
            ).values_list("person_id", flat=True)
        )
        week = FmitWeek.objects.filter(start_date=change.start_date, person_id=change.after_id).first()
        if week is not None and led[change.before_id] > led[change.after_id]:
            rows.hand_over_week(
                week.start_date, to=str(change.before_id), by=by, at=at, reason=f"swap {swap.pk} was given up"
            )


def missing_rows(swap: SwapRecord) -> int:
    """How many touched rows are published otherwise than the swap left them."""
    changes = list(swap.changes.all())
    days = [change.date for change in changes]
    held = {
        Slot(str(person), day, Session(session)): code
        for person, day, session, code in Assignment.objects.filter(
            schedule__status=ScheduleStatus.PUBLISHED,
            person_id__in={change.person_id for change in changes},
            date__gte=min(days),
            date__lte=max(days),
        ).values_list("person_id", "date", "session", "activity__code")
    }
    return sum(
        held.get(Slot(str(change.person_id), change.date, Session(change.session)))
        != (change.after["activity"] if change.after else None)
        for change in changes
    )


def _review_one(swap: SwapRecord, version: Schedule, *, at: dt.datetime) -> None:
    if swap.status != SwapStatus.EXECUTED:
        return
    missing = missing_rows(swap)
    if not missing:
        close_case(swap, by=None, at=at, reason="held by a newer version")
        record.note(swap, Event.CARRIED_OVER, by=None, at=at, schedule=str(version.pk))
        return
    if EscalationCase.objects.filter(swap=swap, status=CaseStatus.OPEN).exists():
        return
    level = Level.COORDINATOR
    case = EscalationCase(
        swap=swap,
        kind=CaseKind.CARRY_OVER,
        level=level,
        first_level=level,
        codes=["NOT_CARRIED"],
        opened_at=at,
        due_at=due(level, at, load_policy()),
    )
    signed(case, by=None, at=at, reason="not held by a new version").save()
    record.note(swap, Event.NOT_CARRIED, by=None, at=at, schedule=str(version.pk), rows=missing)
    tell_deciders(
        case,
        title=f"A new version does not hold a swap: {record.dates_of(swap)}",
        kind="SWAP_NOT_CARRIED",
        at=at,
        body=f"{missing} rows are published otherwise. Approve to swap again on the new version, or let it go.",
    )
