"""Promises that the database itself keeps, read from models and catalogue."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

from common.models import Guarded

OURS = ("common", "accounts", "backups", "schedules")
MODELS = [
    model for app in OURS for model in apps.get_app_config(app).get_models() if not hasattr(model, "history_object")
]


def who_when_pairs() -> list[tuple[type[models.Model], str]]:
    """(model, verb) of every `<verb>_by` beside a `<verb>_at` that may be empty."""
    pairs = []
    for model in MODELS:
        fields = {field.name: field for field in model._meta.fields}
        for name in fields:
            verb = name.removesuffix("_by")
            when = fields.get(f"{verb}_at")
            if verb != name and when is not None and when.null:
                pairs.append((model, verb))
    return pairs


def names_in(condition: models.Q) -> set[str]:
    found: set[str] = set()
    for child in condition.children:
        found |= names_in(child) if isinstance(child, models.Q) else {str(child[0]).split("__")[0]}
    return found


@pytest.mark.parametrize(("model", "verb"), who_when_pairs(), ids=lambda value: getattr(value, "__name__", value))
def test_nobody_is_named_without_a_time(model, verb):
    checks = [check for check in model._meta.constraints if isinstance(check, models.CheckConstraint)]

    assert any({f"{verb}_by", f"{verb}_at"} <= names_in(check.condition) for check in checks)


def test_there_are_pairs_to_look_at():
    assert {f"{model.__name__}.{verb}" for model, verb in who_when_pairs()} >= {
        "Schedule.published",
        "Publication.rolled_back",
        "Absence.decided",
        "GenerationRun.confirmed",
    }


@pytest.mark.django_db
def test_every_gated_table_has_the_trigger_for_every_kind_of_write():
    # pg_trigger.tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgtype, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgfoid = 'scheduler_require_backup'::regproc"
        )
        triggers = {table: (kind, enabled) for table, kind, enabled in cursor.fetchall()}
    gated = {model._meta.db_table for model in MODELS if issubclass(model, Guarded)}

    assert gated == {"schedules_assignment", "schedules_blockassignment", "schedules_schedule"}
    assert set(triggers) == gated
    assert {kind & 62 for kind, _ in triggers.values()} == {2 | 4 | 8 | 16 | 32}
    assert {enabled for _, enabled in triggers.values()} <= {"O", "A"}


def test_every_editable_record_has_history():
    """Program data and what people decide; not messages, tokens and logs, which are records themselves."""
    untracked = {
        *("Notification", "RestoreLog", "ConfirmationToken", "IdempotencyKey", "ComplianceEvent"),
        # Secrets: who made and ended them is in their own rows, or in the history of the user they belong to.
        *("AgentToken", "SecondFactor", "RecoveryCode"),
    }

    missing = {model.__name__ for model in MODELS if not hasattr(model, "history")}

    assert missing - untracked <= {"Backup", "CacheTable"}
