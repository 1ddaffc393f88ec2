"""Who may reach which schedule, run and absence: loads the thing or says that it is not there, then checks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from accounts.access import require
from accounts.permissions import Permission
from common.errors import NotAllowed, NotFound
from schedules.domain.rules import RULES
from schedules.domain.rules.report import Group
from schedules.enums import SENSITIVE_ABSENCES, ScheduleStatus
from schedules.models import Absence, GenerationRun, Person, Schedule

if TYPE_CHECKING:
    from accounts.models import User

_SHARED_RULES = frozenset(rule.code for rule in RULES.values() if rule.group in {Group.COVERAGE, Group.SUPERVISION})
"""Rules whose findings are about half-days that people share."""

_COLLEAGUE = "a colleague"
_COLLEAGUES = re.compile(rf"{_COLLEAGUE}(?:(?:, | and ){_COLLEAGUE})+")

__all__ = ["NotAllowed", "NotFound", "require"]


def schedule(user: User, pk: uuid.UUID | str, /) -> Schedule:
    """A version the user may see: published ones for everybody, others with SEE_DRAFTS. Raises NotFound."""
    found = Schedule.objects.filter(pk=pk).first()
    if found is None or not (found.status == ScheduleStatus.PUBLISHED or user.may(Permission.SEE_DRAFTS)):
        raise NotFound("There is no such schedule.")
    return found


def schedules_visible_to(user: User, /) -> QuerySet[Schedule]:
    """Published versions for everybody; drafts and earlier versions with SEE_DRAFTS."""
    if user.may(Permission.SEE_DRAFTS):
        return Schedule.objects.all()
    return Schedule.objects.filter(status=ScheduleStatus.PUBLISHED)


def findings_visible_to(user: User, rows: Iterable[Mapping[str, Any]], /) -> list[Mapping[str, Any]]:
    """Findings (as reports store them) the user may read: all with SEE_DRAFTS, else those naming nobody but oneself.

    Wishes, hours and absences of colleagues are their own business; what a half-day lacks is everybody's. Findings of
    coverage and supervision that concern the user's own days are shown with the names of colleagues taken out; others
    are withheld, also where another name stands in the sentence alone (the absent attending of a replacement).
    """
    if user.may(Permission.SEE_DRAFTS):
        return list(rows)
    own = {str(pk) for pk in Person.objects.filter(user=user).values_list("pk", flat=True)}
    # Longer names first: one may begin another.
    others = sorted(Person.objects.exclude(pk__in=own).values_list("name", flat=True), key=len, reverse=True)
    known = (_without_colleagues(row, own, others) for row in rows)
    return [
        row
        for row in known
        if own.issuperset(row.get("people", ())) and not any(name in row["message"] for name in others)
    ]


def _without_colleagues(row: Mapping[str, Any], own: set[str], others: list[str]) -> Mapping[str, Any]:
    """The finding as one of its people may read it: "2 colleagues" for their names. Other findings stay as they are."""
    people = row.get("people", ())
    if own.isdisjoint(people) or row["rule"] not in _SHARED_RULES:
        return row
    message = row["message"]
    for name in others:
        message = message.replace(name, _COLLEAGUE)
    return {
        **row,
        "people": [pk for pk in people if pk in own],
        "names": [name for name in row.get("names", ()) if name not in others],
        "message": _COLLEAGUES.sub(lambda found: f"{found.group().count(_COLLEAGUE)} colleagues", message),
    }


def judgement_visible_to(user: User, judged: dict[str, Any], /) -> dict[str, Any]:
    """A judgement with the findings the user may read; others get the counts of all and, of the margins, no names."""
    if user.may(Permission.SEE_DRAFTS):
        return judged
    shown = findings_visible_to(user, judged["violations"])
    weakest = [{**moment, "people": [], "critical": []} for moment in judged["resilience"]["weakest"]]
    return {
        **judged,
        "violations": shown,
        "withheld": len(judged["violations"]) - len(shown),
        "resilience": {**judged["resilience"], "weakest": weakest},
    }


def run(user: User, pk: uuid.UUID | str, /) -> GenerationRun:
    """A generation run the user may see. Raises NotFound."""
    found = GenerationRun.objects.select_related("backup", "schedule", "requested_by", "retry_of").filter(pk=pk).first()
    if found is None or not user.may(Permission.SEE_DRAFTS):
        raise NotFound("There is no such generation.")
    return found


def own_person(user: User, /) -> Person:
    """The person of the program that the account belongs to. Raises NotAllowed where there is none."""
    found = Person.objects.filter(user=user).first()
    if found is None:
        raise NotAllowed("Your account is not linked to a person of the program. Ask your coordinator to link it.")
    return found


def own_or_all(rows: QuerySet[Any], user: User, /) -> QuerySet[Any]:
    """Rows about people (`rows.person`) that are the person's own business: all for staff, else one's own."""
    return rows if user.may(Permission.SEE_DRAFTS) else rows.filter(person__user=user)


def sees_contact(user: User, person: Person, /) -> bool:
    """E-mail and telephone are for those who edit people, and for the person."""
    return user.may(Permission.EDIT_PROGRAM) or is_own(user, person)


def is_own(user: User, person: Person, /) -> bool:
    return person.user_id is not None and person.user_id == user.pk


def sees_all_absences(user: User, /) -> bool:
    """Staff see everybody's absences; others their own."""
    return user.may(Permission.SEE_DRAFTS)


def absences_visible_to(user: User, /) -> QuerySet[Absence]:
    """Absences whose existence the user may know."""
    return Absence.objects.all() if sees_all_absences(user) else Absence.objects.filter(person__user=user)


def drafts_touched_by(user: User, absence: Absence, /) -> QuerySet[Schedule]:
    """Drafts with days of the absence, where the user may see drafts: their inputs change when it is decided."""
    return schedules_visible_to(user).filter(
        status=ScheduleStatus.DRAFT, start_date__lte=absence.end_date, end_date__gte=absence.start_date
    )


def absence(user: User, pk: uuid.UUID | str, /) -> Absence:
    """An absence the user may see. Raises NotFound."""
    found = absences_visible_to(user).select_related("person", "requested_by", "decided_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such absence.")
    return found


def absence_impact(user: User, pk: uuid.UUID | str, /) -> Absence:
    """An absence whose effect on the schedule the user may see: the own, or any for those who decide."""
    found = absence(user, pk)
    if not is_own(user, found.person):
        require(user, Permission.APPROVE_ABSENCES)
    return found


def sees_reason(user: User, absence: Absence, /) -> bool:
    """Sensitive reasons are for the person and those with SEE_SENSITIVE alone."""
    if absence.kind not in SENSITIVE_ABSENCES:
        return True
    return is_own(user, absence.person) or user.may(Permission.SEE_SENSITIVE)


def may_ask_for_absence(user: User, /) -> bool:
    """For anybody, or for oneself where the account is linked to a person."""
    if user.may(Permission.REQUEST_FOR_ALL):
        return True
    return user.may(Permission.REQUEST_OWN) and Person.objects.filter(user=user).exists()
