"""Blocks, holidays, FMIT weeks and (to read) block assignments."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from django.contrib import admin
from import_export.admin import ExportMixin
from unfold.contrib.import_export.forms import ExportForm

from accounts.permissions import Permission
from schedules import models
from schedules.admin.base import ProgramAdmin, ReadOnlyAdmin


@admin.register(models.Block)
class BlockAdmin(ProgramAdmin):
    list_display = ("number", "academic_year", "start_date", "end_date")
    list_filter = ("academic_year",)
    search_fields = ("number",)
    readonly_fields = ("source_id",)


@admin.register(models.Holiday)
class HolidayAdmin(ExportMixin, ProgramAdmin):
    export_form_class = ExportForm
    list_display = ("name", "date")
    search_fields = ("name",)
    date_hierarchy = "date"
    readonly_fields = ("source_id",)


@admin.register(models.FmitWeek)
class FmitWeekAdmin(ExportMixin, ProgramAdmin):
    export_form_class = ExportForm
    list_display = ("start_date", "end_date", "person")
    list_select_related = ("person",)
    search_fields = ("person__name",)
    autocomplete_fields = ("person",)
    date_hierarchy = "start_date"
    readonly_fields = ("source_id",)


@admin.register(models.BlockAssignment)
class BlockAssignmentAdmin(ReadOnlyAdmin):
    """A gated table: changed by import and services behind a backup, never here."""

    view_right = Permission.READ_PROGRAM
    list_display = ("person", "block", "rotation")
    list_filter = ("block__academic_year", "block__number", "rotation__kind")
    list_select_related = ("person", "block", "rotation")
    search_fields = ("person__name", "rotation__name")
