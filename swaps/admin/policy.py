"""The program's numbers for swaps: one record."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from schedules.admin.base import ProgramAdmin
from schedules.admin.forms import WEEKDAYS, NumberTableForm, number_fields, several
from swaps.domain.tables import ContinuityKind
from swaps.models import SwapPolicy

_POINTS = (("continuity_points", "points_", tuple(kind.name for kind in ContinuityKind), 20),)


class _PolicyForm(NumberTableForm):
    tables = _POINTS
    working_days = several(WEEKDAYS, int, "Days on which the coordinator's hours run.")

    class Meta:
        model = SwapPolicy
        exclude = ("continuity_points",)


@admin.register(SwapPolicy)
class SwapPolicyAdmin(ProgramAdmin):
    """Times as ``[days] hours:minutes:seconds``."""

    form = type("PolicyForm", (_PolicyForm,), dict(number_fields(_POINTS)))
    deletable = False
    list_display = ("__str__", "consent_time", "rollback_time", "coordinator_time", "director_time", "architect_time")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not SwapPolicy.objects.exists()
