"""The admin pages of users: for administrators, through the services, with history; and none of libraries' secrets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django_q.models import Failure, OrmQ, Schedule, Success
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin

from accounts import services
from accounts.models import User
from accounts.permissions import Permission
from accounts.services import second_factor
from common.admin import HistoryPages
from common.errors import DomainError
from common.forms import PlainModelForm

format_html_lazy = lazy(format_html, str)

admin.site.unregister(Group)
# A row of the queue names the function that a worker calls, so writing one runs any code on the server; outstanding
# tokens are shown in full and would sign in as their owners. Administering the program needs neither.
admin.site.unregister([Schedule, OrmQ, Success, Failure, OutstandingToken, BlacklistedToken])


class UserForm(PlainModelForm):
    """Name, address, role and, where one is given, a new password."""

    new_password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=format_html_lazy(
            'Empty = unchanged; a new user without one cannot sign in yet. A <a href="{}">password link</a> lets people'
            " choose their own.",
            reverse_lazy("password_links"),
        ),
    )
    reset_second_factor = forms.BooleanField(
        required=False,
        help_text="For somebody whose phone and recovery codes are lost. The password alone signs in again.",
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "role", "is_active", "wants_mail"]


@admin.register(User)
class UserAdmin(HistoryPages, ModelAdmin):  # type: ignore[misc]
    """Users are deactivated, not deleted: history and decisions keep their names."""

    form = UserForm
    list_display = ["username", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    history_list_display = ["history_change_reason", "role", "is_active"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return user.is_authenticated and user.may(Permission.MANAGE_USERS)

    has_add_permission = has_change_permission = has_view_permission

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only what is there can be reset."""
        hidden = () if obj and obj.has_second_factor else ("reset_second_factor",)
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Old versions are for reading: going back would change a role around its service."""
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        return super().history_form_view(request, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal of the service takes everything back and says why."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        now = timezone.now()
        services.save_user(obj, password=form.cleaned_data["new_password"] or None, by=by, at=now)
        if form.cleaned_data.get("reset_second_factor"):
            second_factor.reset(obj, by=by, at=now)
