"""What is asked of swaps: who is party, what waits, and the facts about people that the checks need."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Count, Q

from accounts.models import User
from accounts.permissions import Permission
from schedules.domain.problem import days_between
from schedules.models import BackupPoolEntry, Person
from swaps.domain.candidates import Answers
from swaps.domain.tables import Level, SwapPolicy, SwapStatus, SwapType
from swaps.enums import CaseStatus, Event, Scope
from swaps.models import EscalationCase, SwapAudit, SwapRecord

DECIDES: Mapping[Level, Permission] = {
    Level.COORDINATOR: Permission.DECIDE_COORDINATOR,
    Level.ARCHITECT: Permission.DECIDE_ARCHITECT,
    Level.PROGRAM_DIRECTOR: Permission.DECIDE_DIRECTOR,
}

A_DAY = dt.timedelta(days=1)
DAYS_PER_WEEK = 7


# --- in which capacity somebody meets a swap -------------------------------------------------------------------------


def is_requester(user: User, swap: SwapRecord, /) -> bool:
    """Who asked, and the person whose duty it is where somebody else asked for them."""
    return user.pk in (swap.requested_by_id, swap.source_person.user_id)


def is_partner(user: User, swap: SwapRecord, /) -> bool:
    return swap.target_person.user_id == user.pk


def is_party(user: User, swap: SwapRecord, /) -> bool:
    """Requester or partner: whoever is one decides nothing about it."""
    return is_requester(user, swap) or is_partner(user, swap)


def open_case(swap: SwapRecord, /) -> EscalationCase | None:
    """The case that waits for a decision. Uses what was prefetched."""
    return next((case for case in swap.cases.all() if case.status == CaseStatus.OPEN), None)


def levels_of(user: User, /) -> frozenset[Level]:
    """The levels at which the user decides."""
    return frozenset(level for level, permission in DECIDES.items() if user.may(permission))


def may_decide(user: User, case: EscalationCase, /) -> bool:
    """The approver of the case's level, or the program director where it is overdue; never a party."""
    levels = levels_of(user)
    reaches = Level(case.level) in levels or (case.overdue_at is not None and Level.PROGRAM_DIRECTOR in levels)
    return reaches and not is_party(user, case.swap)


# --- facts that checks and limits need -------------------------------------------------------------------------------


def requested_at(user: User, /, *, since: dt.datetime) -> tuple[dt.datetime, ...]:
    """Times of the user's requests after `since`, whatever became of them."""
    rows = SwapRecord.objects.filter(requested_by=user, requested_at__gt=since)
    return tuple(rows.values_list("requested_at", flat=True))


def pending_of(person: Person, /) -> int:
    """Pending requests that give the person's duty away."""
    return SwapRecord.objects.filter(source_person=person, status=SwapStatus.PENDING).count()


def first_lapse(person: Person, /, *, at: dt.datetime) -> dt.datetime | None:
    """When the first of the person's requests lapses that wait for a partner; None where all wait for a decision."""
    rows = SwapRecord.objects.filter(
        source_person=person, status=SwapStatus.PENDING, consent_at__isnull=True, consent_due__gt=at
    )
    return rows.order_by("consent_due").values_list("consent_due", flat=True).first()


def has_open(person: Person, week: dt.date, /) -> bool:
    """Whether a request for the person's week is open."""
    open_states = [SwapStatus.PENDING, SwapStatus.APPROVED]
    return SwapRecord.objects.filter(source_person=person, source_week=week, status__in=open_states).exists()


def open_weeks(person: Person, /) -> frozenset[dt.date]:
    """First days of the person's weeks for which a request is open."""
    open_states = [SwapStatus.PENDING, SwapStatus.APPROVED]
    rows = SwapRecord.objects.filter(source_person=person, status__in=open_states)
    return frozenset(rows.values_list("source_week", flat=True))


def failed_attempts(person: Person, /, *, at: dt.datetime, policy: SwapPolicy, but: SwapRecord | None = None) -> int:
    """Rejected requests that would have given the person's duty away, within the policy's days."""
    rows = SwapRecord.objects.filter(
        source_person=person,
        status=SwapStatus.REJECTED,
        requested_at__gte=at - policy.failed_attempts_days * A_DAY,
        requested_at__lte=at,
    )
    return (rows.exclude(pk=but.pk) if but else rows).count()


def balances(role: str, /, *, at: dt.datetime, policy: SwapPolicy) -> dict[str, float]:
    """Weeks given minus weeks taken by absorbed swaps in the policy's months, of all active people of the role.

    Single sessions count as the sevenths of a week that they touch; an exchange is even. What was given up for a new
    version is not counted: asked again, it counts once.
    """
    found = {str(pk): 0.0 for pk in Person.objects.filter(role=role, is_active=True).values_list("pk", flat=True)}
    rows = SwapRecord.objects.filter(
        status=SwapStatus.EXECUTED,
        given_up_at__isnull=True,
        swap_type=SwapType.ABSORB.value,
        executed_at__gte=months_before(at, policy.fairness_months),
        executed_at__lte=at,
        source_person__role=role,
    )
    for giver, taker, scope, stored in rows.values_list(
        "source_person_id", "target_person_id", "scope", "source_places"
    ):
        weeks = 1.0 if scope == Scope.WEEK else len({day for day, _ in stored}) / DAYS_PER_WEEK
        found[str(giver)] = found.get(str(giver), 0.0) + weeks
        found[str(taker)] = found.get(str(taker), 0.0) - weeks
    return found


def months_before(at: dt.datetime, months: int) -> dt.datetime:
    """The same day of the month so many months earlier; the last of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return at.replace(year=year, month=month + 1, day=min(at.day, (following - A_DAY).day))


def answers(role: str, /) -> dict[str, Answers]:
    """How the people of the role answered what they were asked."""
    rows = (
        SwapAudit.objects.filter(event__in=[Event.CONSENTED, Event.DECLINED], swap__target_person__role=role)
        .values("swap__target_person_id")
        .annotate(accepted=Count("pk", filter=Q(event=Event.CONSENTED)), answered=Count("pk"))
        .order_by()
    )
    return {str(row["swap__target_person_id"]): Answers(row["accepted"], row["answered"]) for row in rows}


def standby(days: Iterable[dt.date], /) -> dict[dt.date, frozenset[str]]:
    """Who stands by on which of the dates."""
    wanted = sorted(days)
    if not wanted:
        return {}
    found: dict[dt.date, set[str]] = defaultdict(set)
    rows = BackupPoolEntry.objects.filter(start_date__lte=wanted[-1], end_date__gte=wanted[0], person__is_active=True)
    for person, start, end in rows.values_list("person_id", "start_date", "end_date"):
        for day in days_between(max(start, wanted[0]), min(end, wanted[-1])):
            found[day].add(str(person))
    return {day: frozenset(people) for day, people in found.items()}


def person_or_none(pk: str | UUID, /) -> Person | None:
    """The active person of that id; None for unknown, inactive and malformed ones."""
    try:
        key = UUID(str(pk))
    except ValueError:
        return None
    return Person.objects.select_related("user").filter(pk=key, is_active=True).first()


def deciders(level: Level, /) -> list[User]:
    """Active users who decide at the level."""
    return [user for user in User.objects.filter(is_active=True) if user.may(DECIDES[level])]


def rollback_rate(*, since: dt.datetime) -> float | None:
    """Rolled back swaps / executed ones since then; None where none was executed. Good below 0.05, look above 0.10.

    One that was given up for a new version says nothing about swaps: asked again, it counts once.
    """
    undone_ones = Q(status__in=[SwapStatus.ROLLED_BACK, SwapStatus.ROLLBACK_FAILED])
    found = SwapRecord.objects.filter(executed_at__gte=since, given_up_at__isnull=True).aggregate(
        executed=Count("pk"), undone=Count("pk", filter=undone_ones)
    )
    executed, undone = found["executed"], found["undone"]
    return undone / executed if executed else None
