"""Editing program data row by row: one table says which right each kind of row needs and who may edit their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ProtectedError

from accounts.models import User
from accounts.permissions import Permission
from backups.models import BackupPolicy
from common.errors import DomainError, NotAllowed
from schedules.models import (
    Activity,
    BackupPoolEntry,
    Block,
    Credential,
    Demand,
    DutyLog,
    FacultyDuty,
    FmitWeek,
    Holiday,
    Person,
    PersonCredential,
    Preference,
    ProgramPolicy,
    RotationPattern,
    RotationTemplate,
)
from schedules.services.news import tell_program


class InUse(DomainError):
    """Other rows refer to it."""

    code = "in_use"


@dataclass(frozen=True)
class EditRule:
    """Who edits rows of one model."""

    right: Permission
    own_right: Permission | None = None
    """Right that suffices for rows of one's own person."""
    own_fields: frozenset[str] = field(default_factory=frozenset)
    """With `own_right`: only these fields; empty = all."""


EDIT_RULES: dict[type[models.Model], EditRule] = {
    Person: EditRule(Permission.EDIT_PROGRAM, Permission.REQUEST_OWN, frozenset({"email", "phone"})),
    PersonCredential: EditRule(Permission.EDIT_PROGRAM),
    Credential: EditRule(Permission.EDIT_PROGRAM),
    FacultyDuty: EditRule(Permission.EDIT_PROGRAM),
    BackupPoolEntry: EditRule(Permission.EDIT_PROGRAM),
    Activity: EditRule(Permission.EDIT_PROGRAM),
    RotationTemplate: EditRule(Permission.EDIT_PROGRAM),
    RotationPattern: EditRule(Permission.EDIT_PROGRAM),
    ProgramPolicy: EditRule(Permission.EDIT_POLICY),
    BackupPolicy: EditRule(Permission.EDIT_POLICY),
    Block: EditRule(Permission.EDIT_PROGRAM),
    FmitWeek: EditRule(Permission.EDIT_PROGRAM),
    Holiday: EditRule(Permission.EDIT_PROGRAM),
    Demand: EditRule(Permission.EDIT_DEMAND),
    DutyLog: EditRule(Permission.REQUEST_FOR_ALL, Permission.REQUEST_OWN),
    Preference: EditRule(Permission.REQUEST_FOR_ALL, Permission.REQUEST_OWN),
}
"""Apps above add rows for models of their own, by `allow_editing` in their receivers."""

SENTENCES: Mapping[str, str] = {
    "residents_have_a_pgy_level": "A resident needs a PGY level; a faculty member has none.",
    "credential_once_per_person": "This person holds that credential already; change its last valid date instead.",
    "one_fmit_attending_a_day": "Another FMIT week covers one of these dates.",
    "blocks_do_not_overlap": "Another block covers one of these dates.",
    "block_number_once_a_year": "That academic year has a block of this number already.",
    "demand_desired_at_least_minimum": "The desired number is below the minimum.",
    "demand_maximum_at_least_desired": "The maximum is below the desired number.",
    "preference_weight": "The weight is -3 to 3 and not 0.",
    "preference_names_its_time": (
        "WEEKDAY needs weekday, SESSION needs session, WEEK needs start_date and end_date in order."
    ),
    "duty_log_hours_of_a_day": "Hours are more than 0 and at most 24.",
}
"""What a broken constraint means to a person, by the constraint's name."""


def allow_editing(model: type[models.Model], rule: EditRule, /) -> None:
    """Let rows of a model of an app above be edited like program data."""
    EDIT_RULES[model] = rule


_READ_BY_NOBODY = frozenset({Preference, BackupPolicy})
"""Kinds that only the solver or the gate looks at."""


@transaction.atomic
def create(row: models.Model, /, *, by: User, at: dt.datetime, reason: str = "added") -> Any:
    """Insert a row not yet saved. Raises `NotAllowed`; Django's `ValidationError` with a sentence per field."""
    _require(row, by=by, fields=None)
    _tell(row, *_dates(row))
    return _write(row, by=by, at=at, reason=reason)


@transaction.atomic
def change(row: models.Model, fields: Mapping[str, Any], /, *, by: User, at: dt.datetime, reason: str = "") -> Any:
    """Write new values of some fields. Raises `NotAllowed`; Django's `ValidationError` with a sentence per field."""
    locked = type(row)._default_manager.select_for_update().get(pk=row.pk)
    _require(locked, by=by, fields=frozenset(fields))
    for name, value in fields.items():
        setattr(locked, name, value)
    _require(locked, by=by, fields=frozenset(fields))
    _tell(locked)
    return _write(locked, by=by, at=at, reason=reason or f"changed {', '.join(sorted(fields))}")


@transaction.atomic
def remove(row: models.Model, /, *, by: User, at: dt.datetime, reason: str = "removed") -> None:
    """Delete a row; its history stays. Raises `NotAllowed`, `InUse`."""
    _require(row, by=by, fields=None)
    row._history_user, row._change_reason, row._history_date = by, reason, at  # type: ignore[attr-defined]
    try:
        row.delete()
        _tell(row, *_dates(row))
    except ProtectedError as refusal:
        raise InUse("Other data refer to it. Set it inactive instead, or remove those first.") from refusal


def _require(row: models.Model, *, by: User, fields: frozenset[str] | None) -> None:
    rule = EDIT_RULES[type(row)]
    if by.may(rule.right):
        return
    if rule.own_right is not None and by.may(rule.own_right) and _owner(row) == by.pk:
        if not rule.own_fields or (fields is not None and fields <= rule.own_fields):
            return
        raise NotAllowed(f"You can change only your own {' and '.join(sorted(rule.own_fields))}.")
    raise NotAllowed(f"Your role may not {rule.right.value}.")


def _owner(row: models.Model) -> Any:
    person = row if isinstance(row, Person) else getattr(row, "person", None)
    return person.user_id if person is not None else None


def _write(row: models.Model, *, by: User, at: dt.datetime, reason: str) -> Any:
    try:
        row.full_clean()
    except ValidationError as broken:
        raise ValidationError(_readable(broken)) from broken
    row._history_user, row._change_reason, row._history_date = by, reason[:100], at  # type: ignore[attr-defined]
    row.save()
    return row


def _tell(row: models.Model, *dates: dt.date | None) -> None:
    """What margins, rules and readiness read from changes; wishes are not among it."""
    if type(row) not in _READ_BY_NOBODY:
        tell_program(*dates)


def _dates(row: models.Model) -> tuple[dt.date | None, dt.date | None]:
    """The dates that a row speaks of; None = any."""
    return getattr(row, "start_date", None), getattr(row, "end_date", None)


def _readable(broken: ValidationError) -> dict[str, list[str]]:
    return {
        name: [_sentence(text) for error in errors for text in error.messages]
        for name, errors in broken.error_dict.items()
    }


def _sentence(text: str) -> str:
    """Django says ``Constraint “name” is violated.``; people get the sentence of the table."""
    return next((sentence for name, sentence in SENTENCES.items() if f"“{name}”" in text), text)
