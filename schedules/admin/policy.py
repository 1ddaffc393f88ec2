"""The program's numbers and those of its backups: one record each."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backups.models import BackupPolicy
from schedules import models
from schedules.admin.base import ProgramAdmin
from schedules.admin.forms import PolicyForm


class _OneRecord(ProgramAdmin):
    """A record that is changed and never deleted; it can be added where nobody has stored one yet."""

    deletable = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not self.model.objects.exists()


@admin.register(models.ProgramPolicy)
class ProgramPolicyAdmin(_OneRecord):
    form = PolicyForm
    list_display = ("program_name", "clinic_capacity", "weekly_hours_limit", "require_n1")


@admin.register(BackupPolicy)
class BackupPolicyAdmin(_OneRecord):
    """Here and not in `backups`, which knows neither the services that edit records nor this site."""

    list_display = ("__str__", "fresh_minutes", "minimum_kept", "retention_days")
