"""Forms of signing in."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class LockedOutForm(AuthenticationForm):
    """The login form as it looks to somebody who has to wait: no try is made, the sentence says how long."""

    def __init__(self, request: HttpRequest, *, username: str, detail: str) -> None:
        super().__init__(request, data={"username": username})
        self.fields["password"].required = False
        self._detail = detail

    def clean(self) -> dict[str, str]:
        raise ValidationError(self._detail, code="locked_out")
