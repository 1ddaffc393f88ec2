"""People, credentials, duties, preferences, duty logs, stand-by and (to read) absences."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models as db
from django.http import HttpRequest
from import_export.admin import ExportMixin
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.contrib.import_export.forms import ExportForm

from accounts.permissions import Permission
from schedules import access, models
from schedules.admin.base import ProgramAdmin, ProgramInline, ReadOnlyAdmin
from schedules.admin.forms import FacultyDutyForm
from schedules.enums import SENSITIVE_ABSENCES

CONTACT = frozenset({"email", "phone"})
REASONS = frozenset({"reason", "decision_note"})


class PersonResource(ModelResource):
    """What an export of people holds: no contact data, no account, no secret of a calendar."""

    class Meta:
        model = models.Person
        fields = ("id", "name", "role", "pgy_level", "faculty_role", "adjunct", "duty__name", "is_active")
        export_order = fields


class CredentialInline(ProgramInline):
    model = models.PersonCredential
    autocomplete_fields = ("credential",)


@admin.register(models.Person)
class PersonAdmin(ExportMixin, ProgramAdmin):
    """No deleting: who leaves is set inactive, and the schedules that name them stay whole."""

    deletable = False
    resource_classes = [PersonResource]
    export_form_class = ExportForm
    list_display = ("name", "role", "pgy_level", "faculty_role", "adjunct", "excluded_from_call", "is_active")
    list_filter = ("role", "pgy_level", "is_active", "adjunct", "excluded_from_call")
    list_select_related = ("duty",)
    search_fields = ("name", "faculty_role")
    autocomplete_fields = ("duty",)
    fields = (
        *("name", "role", "pgy_level", "faculty_role", "adjunct", "duty", "excluded_from_call"),
        *("email", "phone", "is_active", "user", "source_id"),
    )
    inlines = (CredentialInline,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        hidden = frozenset() if self.has_change_permission(request) else CONTACT
        return [name for name in self.fields if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        user: Any = request.user
        return ("source_id",) if user.may(Permission.MANAGE_USERS) else ("source_id", "user")

    def sees_history(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)


@admin.register(models.Credential)
class CredentialAdmin(ProgramAdmin):
    list_display = ("name", "code", "holders")
    search_fields = ("name", "code")
    fields = ("name", "code", "source_id")
    readonly_fields = ("source_id",)

    def get_queryset(self, request: HttpRequest) -> db.QuerySet[Any]:
        return super().get_queryset(request).annotate(number=db.Count("holders"))

    @admin.display(description="Holders", ordering="number")
    def holders(self, obj: Any) -> int:
        return int(obj.number)


@admin.register(models.PersonCredential)
class PersonCredentialAdmin(ProgramAdmin):
    list_display = ("person", "credential", "expires_on")
    list_filter = ("credential", ("expires_on", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("person", "credential")
    search_fields = ("person__name", "credential__name")
    autocomplete_fields = ("person", "credential")


@admin.register(models.FacultyDuty)
class FacultyDutyAdmin(ProgramAdmin):
    form = FacultyDutyForm
    list_display = ("name", "inpatient_weeks_min", "inpatient_weeks_max")
    search_fields = ("name",)
    readonly_fields = ("source_id",)


@admin.register(models.Preference)
class PreferenceAdmin(ProgramAdmin):
    list_display = ("person", "scope", "weight", "weekday", "session", "start_date", "end_date")
    list_filter = ("scope", "person__role")
    list_select_related = ("person",)
    search_fields = ("person__name",)
    autocomplete_fields = ("person", "activity")


@admin.register(models.DutyLog)
class DutyLogAdmin(ProgramAdmin):
    list_display = ("person", "date", "kind", "hours")
    list_filter = ("kind", ("date", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("person",)
    search_fields = ("person__name",)
    autocomplete_fields = ("person",)
    readonly_fields = ("source_id",)
    date_hierarchy = "date"


@admin.register(models.BackupPoolEntry)
class BackupPoolAdmin(ProgramAdmin):
    list_display = ("person", "start_date", "end_date")
    list_filter = (("start_date", RangeDateFilter),)
    list_filter_submit = True
    list_select_related = ("person",)
    search_fields = ("person__name",)
    autocomplete_fields = ("person",)


@admin.register(models.Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    """To look up; asking and deciding is done on the Absences page. Sensitive reasons stay hidden."""

    list_display = ("person", "kind", "start_date", "end_date", "status")
    list_filter = ("status", "kind", "person__role", ("start_date", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("person",)
    search_fields = ("person__name",)
    date_hierarchy = "start_date"
    fields = (
        *("person", "start_date", "end_date", "kind", "status", "reason"),
        *("requested_by", "decided_by", "decided_at", "decision_note", "source_id"),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        user: Any = request.user
        hidden = REASONS if obj is not None and not access.sees_reason(user, obj) else frozenset()
        return [name for name in self.fields if name not in hidden]

    def sees_history(self, request: HttpRequest, object_id: str) -> bool:
        """An absence that was ever of a sensitive kind keeps its old reasons from those who may not see them."""
        user: Any = request.user
        if user.may(Permission.SEE_SENSITIVE):
            return True
        kinds = [kind.value for kind in SENSITIVE_ABSENCES]
        versions: Any = models.Absence.history
        return not versions.filter(id=object_id, kind__in=kinds).exists()
