"""Doing something and saying on the next page what came of it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form

from accounts.access import SignedInRequest
from common.errors import DomainError, NotAllowed, NotFound


def deed(request: SignedInRequest, work: Callable[[], object], said: str = "") -> bool:
    """Do it and leave a message: `said`, or why not; whether it was done.

    Raises NotAllowed and NotFound: those have answers of their own.
    """
    try:
        answer = work()
    except (NotAllowed, NotFound):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return False
    messages.success(request, said or str(answer))
    return True


def tell_errors(request: SignedInRequest, form: Form) -> None:
    """What is wrong with a form whose page is not shown again."""
    for name, errors in form.errors.items():
        messages.error(request, f"{form.fields[name].label}: {errors[0]}")
