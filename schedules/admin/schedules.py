"""Schedules, assignments, runs, publications and compliance events: to look up and trace, never to change."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter

from accounts.permissions import Permission
from schedules import models
from schedules.admin.base import ReadableMixin, ReadOnlyAdmin


@admin.register(models.Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("start_date", "end_date", "status", "label", "coverage_rate", "published_at", "stale_since")
    list_filter = ("status", ("start_date", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("label",)


@admin.register(models.Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("person", "date", "session", "activity", "source", "locked", "schedule")
    list_filter = ("schedule__status", "session", "source", "locked", ("date", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("person", "activity", "schedule")
    search_fields = ("person__name", "activity__code")
    show_full_result_count = False


@admin.register(models.GenerationRun)
class GenerationRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "start_date", "end_date", "algorithm", "status", "failed_step", "requested_by")
    list_filter = ("status", "algorithm")
    list_select_related = ("requested_by",)
    search_fields = ("label", "reason")


@admin.register(models.Publication)
class PublicationAdmin(ReadOnlyAdmin):
    list_display = ("schedule", "published_at", "published_by", "rolled_back_at", "backup_file")
    list_select_related = ("schedule", "published_by")
    search_fields = ("schedule__label", "override_reason")


@admin.register(models.Amendment)
class AmendmentAdmin(ReadOnlyAdmin):
    list_display = ("person", "date", "session", "before", "activity", "reason", "schedule")
    list_select_related = ("person", "before", "activity", "schedule")
    search_fields = ("person__name",)


@admin.register(models.Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    list_display = ("state", "cause", "changed_at", "changed_by", "override_until")
    list_select_related = ("changed_by",)


@admin.register(models.ComplianceEvent)
class ComplianceEventAdmin(ReadableMixin, ModelAdmin):
    """Append-only, so without history pages."""

    view_right = Permission.SEE_DRAFTS
    list_display = ("rule", "severity", "start_date", "end_date", "status", "seen_at", "closed_at")
    list_filter = ("status", "severity", "rule")
    list_select_related = ("schedule",)
    search_fields = ("message",)
