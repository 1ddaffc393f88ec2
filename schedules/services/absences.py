"""Asking for days away, deciding about it, and taking it back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

import schedules.domain.problem as domain
from accounts.models import User
from accounts.permissions import ROLE_TABLE, Permission
from accounts.services import notify
from common.errors import DomainError, Invalid, NotAllowed
from schedules.domain.blocks import ODD_YEAR, YEARS
from schedules.domain.changes import new_or_worsened
from schedules.domain.pattern import as_lived
from schedules.domain.rules import check
from schedules.domain.rules.report import Severity
from schedules.enums import ABSENCE_TRANSITIONS, AbsenceKind, AbsenceStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Block, Person, Schedule
from schedules.services.news import tell_absence
from schedules.services.validation import violation_json

LONGEST_DAYS = 366


class AlreadyDecided(DomainError):
    """Somebody was faster, or it was taken back."""

    code = "already_decided"


@transaction.atomic
def request(
    person: Person, /, *, start: dt.date, end: dt.date, kind: str, reason: str = "", by: User, at: dt.datetime
) -> Absence:
    """Ask for days away, both dates included: for oneself, or for others with the right to.

    Overlapping requests are allowed (the union of the days counts); the caller shows `overlapping`.
    Raises `NotAllowed`, `Invalid` (dates, kind, a person who has left).
    """
    if not _may_file_for(person, by):
        raise NotAllowed("You can ask for your own absences only.")
    _check_dates(start, end)
    if kind not in AbsenceKind.values:
        raise Invalid(f"There is no kind of absence {kind!r}. Choose one of {', '.join(AbsenceKind.values)}.")
    if not person.is_active:
        raise Invalid("This person has left the program.")
    absence = Absence(
        person=person,
        start_date=start,
        end_date=end,
        kind=kind,
        reason=reason.strip(),
        requested_by=by,
        created_at=at,
    )
    _save(absence, by=by, why="asked for")
    tell_absence(absence, before="")
    notify(
        [user for user in _deciders() if user.pk != by.pk],
        kind="ABSENCE_REQUESTED",
        title=f"Absence to decide: {person.name}, {_dates(absence)}",
        body="",
        url=_url(absence),
        at=at,
    )
    return absence


@transaction.atomic
def approve(absence: Absence, /, *, by: User, at: dt.datetime, note: str = "") -> Absence:
    """Grant it. From now on it blocks; what is published stays, drafts of those dates are stale by their inputs.

    Raises `NotAllowed` (no right, or one's own), `AlreadyDecided`.
    """
    return _decide(absence, AbsenceStatus.APPROVED, by=by, at=at, note=note)


@transaction.atomic
def reject(absence: Absence, /, *, by: User, at: dt.datetime, note: str = "") -> Absence:
    """Refuse it. Raises `NotAllowed` (no right, or one's own), `AlreadyDecided`."""
    return _decide(absence, AbsenceStatus.REJECTED, by=by, at=at, note=note)


@transaction.atomic
def cancel(absence: Absence, /, *, by: User, at: dt.datetime, note: str = "") -> Absence:
    """Take it back: the person before it begins, whoever files for all at any time.

    Raises `NotAllowed`, `AlreadyDecided`.
    """
    absence = _locked(absence)
    for_all = by.may(Permission.REQUEST_FOR_ALL)
    if not (for_all or _is_own(absence.person, by)):
        raise NotAllowed("You can cancel your own absences only.")
    if not for_all and absence.status == AbsenceStatus.APPROVED and absence.start_date <= timezone.localdate(at):
        raise NotAllowed("It has begun already. Ask your coordinator to cancel it.")
    return _move(absence, AbsenceStatus.CANCELLED, by=by, at=at, note=note)


def overlapping(absence: Absence, /) -> list[Absence]:
    """Other absences of the person that are asked for or approved and share a day with it."""
    others = Absence.objects.filter(
        person_id=absence.person_id,
        status__in=(AbsenceStatus.REQUESTED, AbsenceStatus.APPROVED),
        start_date__lte=absence.end_date,
        end_date__gte=absence.start_date,
    )
    return list(others.exclude(pk=absence.pk))


def findings_if_approved(absence: Absence, /) -> list[dict[str, Any]]:
    """What the published schedule would lack with the person on leave in these days, gravest first. Reads only.

    The counted findings that are new or worse in the blocks touched, as reports store them: demand short of people,
    supervision, a call without an attending. Empty where nothing is published on the days asked for.
    """
    span = _published_span(absence)
    if span is None:
        return []
    away = domain.Absence(str(absence.person_id), absence.start_date, absence.end_date, absence.kind)
    now, then = load_problem(*span), load_problem(*span, assumed=(away,))
    roster = load_roster(now, schedule="published")
    found = new_or_worsened(check(now, as_lived(now, roster)), check(then, as_lived(then, roster)))
    order = list(Severity)
    counted = sorted(
        (v for v in found if v.severity is not Severity.ADVISORY), key=lambda v: (order.index(v.severity), v.start)
    )
    return [violation_json(violation, then) for violation in counted]


def _published_span(absence: Absence) -> tuple[dt.date, dt.date] | None:
    """The blocks around the absence as far as they are published; None where no day of it is."""
    first, last = absence.start_date, absence.end_date
    shown = list(Schedule.objects.published(first, last).only("start_date", "end_date"))
    if not shown:
        return None
    start, end = min(s.start_date for s in shown), max(s.end_date for s in shown)
    first, last = max(first, start), min(last, end)
    blocks = list(Block.objects.filter(start_date__lte=last, end_date__gte=first))
    return (
        max(start, min((b.start_date for b in blocks), default=first)),
        min(end, max((b.end_date for b in blocks), default=last)),
    )


def _decide(absence: Absence, to: AbsenceStatus, *, by: User, at: dt.datetime, note: str) -> Absence:
    if not by.may(Permission.APPROVE_ABSENCES):
        raise NotAllowed("Your role does not decide about absences.")
    absence = _locked(absence)
    if _is_own(absence.person, by):
        raise NotAllowed("Somebody else has to decide about your own absence.")
    return _move(absence, to, by=by, at=at, note=note)


def _move(absence: Absence, to: AbsenceStatus, *, by: User, at: dt.datetime, note: str) -> Absence:
    before = AbsenceStatus(absence.status)
    if to not in ABSENCE_TRANSITIONS[before]:
        raise AlreadyDecided(f"This absence is {before.label.lower()} already.", status=before.value)
    absence.status, absence.decided_by, absence.decided_at, absence.decision_note = to, by, at, note[:500]
    _save(absence, by=by, why=f"{before} -> {to}")
    tell_absence(absence, before=before)
    owner = absence.person.user
    if owner is not None and owner.pk != by.pk:
        notify(
            [owner],
            kind=f"ABSENCE_{to}",
            title=f"Your absence {_dates(absence)} is {to.label.lower()}",
            body=note,
            url=_url(absence),
            at=at,
        )
    return absence


def _may_file_for(person: Person, by: User) -> bool:
    if by.may(Permission.REQUEST_FOR_ALL) or by.may(Permission.REQUEST_FOR_NAMED):
        return True
    return by.may(Permission.REQUEST_OWN) and _is_own(person, by)


def _is_own(person: Person, by: User) -> bool:
    return person.user_id is not None and person.user_id == by.pk


def _check_dates(start: dt.date, end: dt.date) -> None:
    if end < start:
        raise Invalid("The last day is before the first day.")
    if start.year not in YEARS or end.year not in YEARS:
        raise Invalid(ODD_YEAR)
    if (end - start).days >= LONGEST_DAYS:
        raise Invalid(f"An absence lasts at most {LONGEST_DAYS} days. File a longer one in parts.")


def _deciders() -> list[User]:
    roles = [role for role, rights in ROLE_TABLE.items() if Permission.APPROVE_ABSENCES in rights]
    return list(User.objects.filter(role__in=roles, is_active=True))


def _locked(absence: Absence) -> Absence:
    return Absence.objects.select_for_update(of=("self",)).select_related("person__user").get(pk=absence.pk)


def _save(absence: Any, *, by: User, why: str) -> None:
    absence._history_user = by
    absence._change_reason = why
    absence.save()


def _dates(absence: Absence) -> str:
    return f"{absence.start_date} to {absence.end_date}"


def _url(absence: Absence) -> str:
    return f"/absences/{absence.pk}"
