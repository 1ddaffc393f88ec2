"""Which rotation a resident is on in a block; written through the gate.

Drafts of the block become stale by themselves: rotations are among the inputs whose fingerprint they carry.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError

from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed
from schedules.domain.problem import Role
from schedules.models import Block, BlockAssignment, Person, RotationTemplate
from schedules.services.gate import open_gate
from schedules.services.news import tell_program


class AlreadyAssigned(DomainError):
    """The resident is on a rotation in that block."""

    code = "already_assigned"


def assign(
    person: Person, /, *, block: Block, rotation: RotationTemplate, by: User, at: dt.datetime, reason: str = ""
) -> BlockAssignment:
    """Put a resident on a rotation in a block where they have none.

    Raises `NotAllowed`, `Invalid` (no resident, rotation not in use), `AlreadyAssigned`, and what the gate raises.
    """
    _require_right(by)
    _check(person, rotation)
    why = reason or "rotation assigned"
    try:
        with open_gate(operation="edit", by=by, at=at, reason=why):
            made = BlockAssignment(person=person, block=block, rotation=rotation, created_at=at)
            _save(made, by=by, at=at, why=why)
            return made
    except IntegrityError as taken:
        raise AlreadyAssigned("This resident has a rotation in that block already; change that one.") from taken


def change_rotation(
    assignment: BlockAssignment, /, *, rotation: RotationTemplate, by: User, at: dt.datetime, reason: str = ""
) -> BlockAssignment:
    """Put the resident on another rotation in that block.

    Raises `NotAllowed`, `Invalid`, and what the gate raises.
    """
    _require_right(by)
    _check(assignment.person, rotation)
    why = reason or "rotation changed"
    with open_gate(operation="edit", by=by, at=at, reason=why):
        locked = _locked(assignment)
        locked.rotation = rotation
        _save(locked, by=by, at=at, why=why)
        return locked


def remove(assignment: BlockAssignment, /, *, by: User, at: dt.datetime, reason: str = "") -> None:
    """Take the resident off; without a rotation nobody is scheduled in that block.

    Raises `NotAllowed`, and what the gate raises.
    """
    _require_right(by)
    why = reason or "rotation removed"
    with open_gate(operation="edit", by=by, at=at, reason=why):
        locked = _locked(assignment)
        _sign(locked, by=by, at=at, why=why)
        locked.delete()
        _tell(locked)


def _require_right(by: User) -> None:
    if not by.may(Permission.EDIT_PROGRAM):
        raise NotAllowed(f"Your role may not {Permission.EDIT_PROGRAM.value}.")


def _check(person: Person, rotation: RotationTemplate) -> None:
    if person.role != Role.RESIDENT:
        raise Invalid("Only residents are on rotations; faculty have duties and FMIT weeks.")
    if not rotation.is_active:
        raise Invalid("This rotation is no longer in use. Choose another, or set it active.")


def _locked(assignment: BlockAssignment) -> BlockAssignment:
    return BlockAssignment.objects.select_for_update().get(pk=assignment.pk)


def _save(assignment: BlockAssignment, *, by: User, at: dt.datetime, why: str) -> None:
    _sign(assignment, by=by, at=at, why=why)
    assignment.save()
    _tell(assignment)


def _tell(assignment: BlockAssignment) -> None:
    tell_program(assignment.block.start_date, assignment.block.end_date)


def _sign(row: Any, *, by: User, at: dt.datetime, why: str) -> None:
    row._history_user, row._history_date, row._change_reason = by, at, why[:100]
