"""Activities, rotations with their patterns, and demand."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models as db
from django.http import HttpRequest
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from schedules import models
from schedules.admin.base import ProgramAdmin, ProgramInline
from schedules.admin.forms import ActivityForm, DemandForm


@admin.register(models.Activity)
class ActivityAdmin(ExportMixin, ProgramAdmin):
    form = ActivityForm
    export_form_class = ExportForm
    list_display = ("code", "name", "category", "am_hours", "pm_hours", "night_hours", "supervision", "shed_tier")
    list_filter = ("category", "supervision", "provides_supervision", "counts_toward_clinic_capacity", "shed_tier")
    search_fields = ("code", "name")
    autocomplete_fields = ("credential",)


class PatternInline(ProgramInline):
    model = models.RotationPattern
    autocomplete_fields = ("activity",)
    ordering = ("week", "weekday", "session")

    def get_queryset(self, request: HttpRequest) -> db.QuerySet[Any]:
        return super().get_queryset(request).select_related("activity", "rotation")


@admin.register(models.RotationTemplate)
class RotationTemplateAdmin(ExportMixin, ProgramAdmin):
    export_form_class = ExportForm
    list_display = ("name", "kind", "is_active", "cells")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)
    fields = ("name", "kind", "is_active", "source_id")
    readonly_fields = ("source_id",)
    inlines = (PatternInline,)

    def get_queryset(self, request: HttpRequest) -> db.QuerySet[Any]:
        return super().get_queryset(request).annotate(number=db.Count("pattern"))

    @admin.display(description="Pattern cells", ordering="number")
    def cells(self, obj: Any) -> int:
        return int(obj.number)


@admin.register(models.RotationPattern)
class RotationPatternAdmin(ProgramAdmin):
    list_display = ("rotation", "week", "weekday", "session", "activity")
    list_filter = ("week", "session", "activity__category")
    list_select_related = ("rotation", "activity")
    search_fields = ("rotation__name", "activity__code")
    autocomplete_fields = ("rotation", "activity")


@admin.register(models.Demand)
class DemandAdmin(ExportMixin, ProgramAdmin):
    form = DemandForm
    export_form_class = ExportForm
    list_display = ("activity", "session", "basis", "minimum", "desired", "maximum", "on_holidays", "is_active")
    list_filter = ("basis", "session", "is_active", "activity__category")
    list_select_related = ("activity",)
    search_fields = ("activity__code", "activity__name", "note")
    autocomplete_fields = ("activity",)
