"""Doing something and saying on the next page what came of it, without losing what a person wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.utils import timezone

from accounts.access import SignedInRequest
from accounts.models import User
from common.errors import DomainError, NotAllowed, NotFound

WRITTEN = ("text", "reason", "resolution", "lessons", "content", "note")
"""Fields in which people write sentences: where one was sent, a refusal shows the page again with it."""


_Thing = TypeVar("_Thing")
Acts = Mapping[str, tuple[Callable[[_Thing, QueryDict, User, dt.datetime], Any], str]]
"""What a page's forms ask for, by the name of the service, and what is said when it is done."""


@dataclass(frozen=True)
class Refused:
    """An act that was not done: why, and what was typed for it."""

    act: str
    sentence: str
    typed: QueryDict

    @property
    def wrote(self) -> bool:
        return any(name in self.typed for name in WRITTEN)


def attempt(request: SignedInRequest, act: str, work: Callable[[], object], said: str = "") -> Refused | None:
    """Do it and leave a message: `said`, or why not; the refusal, None where it was done.

    Raises NotAllowed and NotFound: those have answers of their own.
    """
    try:
        answer = work()
    except (NotAllowed, NotFound):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return Refused(act, refusal.detail, request.POST)
    messages.success(request, said or str(answer))
    return None


def act_on(
    request: SignedInRequest, found: _Thing, act: str, acts: Acts[_Thing], *, page: Callable[[Refused], HttpResponse]
) -> HttpResponse | None:
    """Do one of the acts of a thing; a refusal of what somebody wrote is answered with its `page`, else None.

    Raises Http404 for an act that there is not. Who may is decided by the service.
    """
    if act not in acts:
        raise Http404
    do, said = acts[act]
    refused = attempt(request, act, lambda: do(found, request.POST, request.user, timezone.now()), said)
    return page(refused) if refused and refused.wrote else None


def deed(request: SignedInRequest, work: Callable[[], object], said: str = "") -> bool:
    """As `attempt`, for what nothing is typed for; whether it was done."""
    return attempt(request, "", work, said) is None


def fits(form: Form, work: Callable[[], object]) -> bool:
    """Do it if the form is whole; a refusal stands in the form beside what was typed."""
    if not form.is_valid():
        return False
    try:
        work()
    except (NotAllowed, NotFound):
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.detail)
    return not form.errors
