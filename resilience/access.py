"""Who reads what of resilience: figures are for everybody, names of colleagues for those who see drafts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, QuerySet

from accounts.access import require
from accounts.permissions import Permission
from common.errors import NotFound
from resilience.domain.incidents import Approver
from resilience.enums import ApprovalAction
from resilience.models import AbsenceAnalysis, Approval, Document, FallbackPlan, Incident, SheddingExecution
from resilience.services.approvals.parts import parts_of
from schedules.models import Person

if TYPE_CHECKING:
    from accounts.models import User

__all__ = ["require"]

Row = TypeVar("Row", bound=Model)


def incident(user: User, pk: uuid.UUID | str, /) -> Incident:
    """An incident, for those who see drafts, those who are asked about it, and the deputy, who is told of what is late.

    Raises NotFound.
    """
    rows = Incident.objects.select_related("acknowledged_by", "merged_into")
    about = Approval.objects.filter(incident_id=str(pk))
    return _seen(rows, user, pk, "incident", also=lambda: _is_deputy(user) or _is_asked(user, about))


def approval(user: User, pk: uuid.UUID | str, /) -> Approval:
    """What was asked of persons, for those who see drafts and those who are asked. Raises NotFound."""
    rows = Approval.objects.select_related("proposed_by", "incident")
    return _seen(rows, user, pk, "approval", also=lambda: _is_asked(user, rows.filter(pk=pk)))


def fallback_plan(user: User, pk: uuid.UUID | str, /) -> FallbackPlan:
    """A plan kept ready, for those who see drafts and those who are asked for it. Raises NotFound."""
    about = Approval.objects.filter(action=ApprovalAction.FALLBACK, target=str(pk))
    return _seen(FallbackPlan.objects.all(), user, pk, "plan", also=lambda: _is_asked(user, about))


def shedding_execution(user: User, pk: uuid.UUID | str, /) -> SheddingExecution:
    """Work that was given up, for those who see drafts. Raises NotFound."""
    return _seen(SheddingExecution.objects.all(), user, pk, "shedding")


def absence_analysis(user: User, pk: uuid.UUID | str, /) -> AbsenceAnalysis:
    """What an absence does to the program, for those who see drafts. Raises NotFound."""
    return _seen(AbsenceAnalysis.objects.select_related("absence", "incident"), user, pk, "analysis of an absence")


def document(user: User, pk: uuid.UUID | str, /) -> Document:
    """A report or draft, for those who see drafts. Raises NotFound."""
    return _seen(Document.objects.select_related("incident"), user, pk, "document")


def _is_asked(user: User, approvals: QuerySet[Approval]) -> bool:
    """Whether one of them asks for the user's word, or would be told to them where it goes wrong: a lead named by the
    policy may be an attending, who sees no drafts."""
    parts = {part.value for part in parts_of(user)}
    return any(
        parts & {*asked, Approver.SECOND_AUTHORITY.value} for asked in approvals.values_list("needed", flat=True)
    )


def _is_deputy(user: User) -> bool:
    """Whether the user is named to stand in for the coordinators, without the role."""
    return Approver.COORDINATOR in parts_of(user)


def _seen(
    rows: QuerySet[Row], user: User, pk: uuid.UUID | str, what: str, *, also: Callable[[], bool] = lambda: False
) -> Row:
    """One row for those who see drafts, and where `also` says so."""
    found = rows.filter(pk=pk).first() if user.may(Permission.SEE_DRAFTS) or also() else None
    if found is None:
        raise NotFound(f"There is no such {what}.")
    return found


PERSON_KEYS = frozenset({"id", "name"})
"""How answers name a person: exactly these."""


def answer_visible_to(user: User, answer: dict[str, Any], /) -> dict[str, Any]:
    """An answer without other people for whoever may not see drafts; `withheld` counts the entries left out.

    Counts, margins and certificates stay: what a half-day lacks is everybody's business, who is strained or critical
    is not.
    """
    if user.may(Permission.SEE_DRAFTS):
        return answer
    own = {str(pk) for pk in Person.objects.filter(user=user).values_list("pk", flat=True)}
    shown, withheld = _without_others(answer, own)
    return {**shown, "withheld": withheld}


def _without_others(value: Any, own: Collection[str]) -> tuple[Any, int]:
    """The value without people who are not `own`, and how many entries of lists that took away."""
    if isinstance(value, dict):
        parts = {key: _without_others(item, own) for key, item in value.items()}
        return {key: part for key, (part, _) in parts.items()}, sum(count for _, count in parts.values())
    if not isinstance(value, list):
        return value, 0
    kept = [item for item in value if not _is_about_other(item, own)]
    parts_of_list = [_without_others(item, own) for item in kept]
    gone = len(value) - len(kept)
    return [part for part, _ in parts_of_list], gone + sum(count for _, count in parts_of_list)


def _is_about_other(item: Any, own: Collection[str]) -> bool:
    """Whether an entry of a list is a person, or is about one (`person`), and that person is somebody else."""
    person = item.get("person", item) if isinstance(item, dict) else None
    return isinstance(person, dict) and person.keys() == PERSON_KEYS and person["id"] not in own
