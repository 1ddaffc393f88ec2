"""What every admin page here shares: rights from the role table, changes through services, history."""

# The stubs of Django, Unfold and import-export contradict one another where their classes are combined.
# mypy: disable-error-code="misc,assignment,override,arg-type"

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from accounts.permissions import Permission
from common.admin import HistoryPages
from common.forms import PlainModelForm
from schedules.services import program


def may_edit(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether the role edits rows of the model: the services' own table decides."""
    return request.user.may(program.EDIT_RULES[model].right)  # type: ignore[union-attr]


class ReadableMixin:
    """Visible to staff whose role has `view_right`; nothing can be added, changed or deleted."""

    view_right = Permission.READ_PROGRAM

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return user.is_authenticated and user.sees_staff_pages and user.may(self.view_right)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoryMixin(HistoryPages):
    """History pages. Going back to an old version is a change and needs the right to make one."""

    history_list_display = ["history_change_reason"]
    model: Any

    def sees_history(self, request: HttpRequest, object_id: str) -> bool:
        """Whether the old versions hold nothing that the user may not see."""
        return True

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self.sees_history(request, object_id):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        is_change = request.method not in {"GET", "HEAD"}
        if not self.sees_history(request, object_id) or (is_change and not self.has_change_permission(request)):
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)


class ReadOnlyAdmin(ReadableMixin, HistoryMixin, ModelAdmin):
    """Rows that only services change: schedules, assignments, runs, absences."""

    view_right = Permission.SEE_DRAFTS
    list_per_page = 50


class ProgramAdmin(ReadableMixin, HistoryMixin, ModelAdmin):
    """Rows of program data, edited through `schedules.services.program`."""

    form = PlainModelForm
    list_per_page = 50
    deletable = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.model)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.model)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.deletable and may_edit(request, self.model)

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool) -> None:
        if not change:
            program.create(obj, by=request.user, at=timezone.now(), reason="admin")
            return
        fields = {field.name: getattr(obj, field.name) for field in obj._meta.concrete_fields if field.editable}
        program.change(obj, fields, by=request.user, at=timezone.now(), reason="admin")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        program.remove(obj, by=request.user, at=timezone.now(), reason="admin")

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        at = timezone.now()
        formset.save(commit=False)
        for row in formset.deleted_objects:
            program.remove(row, by=request.user, at=at, reason="admin")
        for row, names in formset.changed_objects:
            values = {name: getattr(row, name) for name in names}
            program.change(row, values, by=request.user, at=at, reason="admin")
        for row in formset.new_objects:
            program.create(row, by=request.user, at=at, reason="admin")


class ProgramInline(ReadableMixin, TabularInline):
    """Rows that belong to one record and are edited on its page."""

    form = PlainModelForm
    extra = 0
    model: Any

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.model)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.model)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit(request, self.model)
