"""Who reads what of resilience: figures are for everybody, names of colleagues for those who see drafts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from accounts.access import require
from accounts.permissions import Permission
from common.errors import NotFound
from resilience.models import Approval
from schedules.models import Person

if TYPE_CHECKING:
    from accounts.models import User

__all__ = ["require"]


def approval(user: User, pk: uuid.UUID | str, /) -> Approval:
    """An approval the user may know of: those who see drafts. Raises NotFound."""
    found = Approval.objects.filter(pk=pk).select_related("incident").first()
    if found is None or not user.may(Permission.SEE_DRAFTS):
        raise NotFound("There is no such approval.")
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
