"""The program's numbers: one record."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from schedules import models
from schedules.admin.base import ProgramAdmin
from schedules.admin.forms import PolicyForm


@admin.register(models.ProgramPolicy)
class ProgramPolicyAdmin(ProgramAdmin):
    form = PolicyForm
    deletable = False
    list_display = ("program_name", "clinic_capacity", "weekly_hours_limit", "require_n1")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not models.ProgramPolicy.objects.exists()
