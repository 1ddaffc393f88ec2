"""Forms of signing in, of passwords, and of a new token for an agent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.services import password_links
from common.forms import PlainForm


class SignInForm(PlainForm, AuthenticationForm):
    """Name and password."""


class LockedOutForm(SignInForm):
    """The login form as it looks to somebody who has to wait: no try is made, the sentence says how long."""

    def __init__(self, request: HttpRequest, *, username: str, detail: str) -> None:
        super().__init__(request, data={"username": username})
        self.fields["password"].required = False
        self._detail = detail

    def clean(self) -> dict[str, str]:
        raise ValidationError(self._detail, code="locked_out")


class OwnPasswordForm(PlainForm, PasswordChangeForm):
    """The present password and a new one, twice; while tries are locked, the present one is not even looked at."""

    def __init__(self, user: User, data: Any, *, is_locked: bool) -> None:
        super().__init__(user, data)
        self.fields["old_password"].label = "Present password"
        self._is_locked = is_locked

    def clean_old_password(self) -> str:
        if self._is_locked:
            raise ValidationError("Too many failed tries. Wait some minutes, then try again.", code="locked_out")
        return super().clean_old_password()


class LinkedPasswordForm(PlainForm, SetPasswordForm):
    """A new password, twice, by a link."""

    def save(self, commit: bool = True) -> User:
        return password_links.use(self.user, password=self.cleaned_data["new_password1"], at=timezone.now())


class PasswordLinkForm(PlainForm, forms.Form):
    """Whose password was forgotten."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True).exclude(role=Role.AGENT).order_by("username"),
        label="Account",
        empty_label="Choose",
        error_messages={"required": "Choose an account."},
    )


class CodeForm(PlainForm, forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Type the code that your app shows, or a recovery code."},
    )


class AgentTokenForm(PlainForm, forms.Form):
    """For whom, what for and for how long."""

    user = forms.ModelChoiceField(
        User.objects.filter(role=Role.AGENT, is_active=True).order_by("username"),
        label="Account",
        empty_label=None,
        help_text="Active accounts with the role API or agent account.",
    )
    name = forms.CharField(max_length=80, help_text="The program that will use it, and where it runs.")
    days = forms.ChoiceField(
        label="Valid for", choices=[(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "A year")], initial=90
    )
