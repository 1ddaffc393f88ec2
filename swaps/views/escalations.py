"""The queue of swaps that wait for a person of a level, by deadline."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest
from swaps import access, services
from swaps.domain.tables import Verdict
from swaps.enums import CaseStatus
from swaps.models import EscalationCase
from swaps.views.cards import title_of, weeks_of
from swaps.views.wording import CHECK, LEVEL, Word, moment, time_left

if TYPE_CHECKING:
    from accounts.models import User

PER_PAGE = 20
SHOWN = {"mine": "Mine to decide", "open": "All open", "decided": "Decided"}
DECIDED = {CaseStatus.APPROVED: Word("Approved", "ok"), CaseStatus.REJECTED: Word("Rejected", "bad")}
CLOSED = Word("Closed", "")


@dataclass(frozen=True)
class CaseView:
    """One line of the queue."""

    swap_pk: uuid.UUID
    title: str
    weeks: str
    word: Word
    overdue: bool
    due: str
    level: str
    why: str
    asked: str
    may_decide: bool
    decision: str
    rationale: str
    lines: list[str]
    """What the findings that ask for a decision say, as the reader may read them."""


@require_GET
def escalations(request: SignedInRequest) -> HttpResponse:
    """Cases of the own level first; those of others can be read, and what was decided."""
    mine = access.cases_visible_to(request.user)
    show = request.GET.get("show", "")
    show = show if show in SHOWN else "mine"
    page = Paginator(_rows(show, mine).prefetch_related("swap__cases"), PER_PAGE).get_page(request.GET.get("page"))
    at = timezone.now()
    counts = {"mine": mine.count(), "open": EscalationCase.objects.filter(status=CaseStatus.OPEN).count()}
    context = {
        "show": show,
        "choices": [{"value": value, "name": name, "count": counts.get(value, 0)} for value, name in SHOWN.items()],
        "page": page,
        "cases": [_view(case, request.user, at) for case in page.object_list],
        "keep": f"show={show}&",
    }
    return render(request, "swaps/escalations.html", context)


def _rows(show: str, mine: QuerySet[EscalationCase]) -> QuerySet[EscalationCase]:
    if show == "mine":
        return mine
    rows = EscalationCase.objects.select_related("swap__source_person", "swap__target_person", "swap__requested_by")
    if show == "open":
        return rows.filter(status=CaseStatus.OPEN).order_by("due_at", "pk")
    return rows.exclude(status=CaseStatus.OPEN).select_related("decided_by").order_by("-decided_at", "-due_at")


def _view(case: EscalationCase, user: User, at: dt.datetime) -> CaseView:
    is_open = case.status == CaseStatus.OPEN
    late = is_open and (case.overdue_at is not None or at > case.due_at)
    return CaseView(
        swap_pk=case.swap_id,
        title=title_of(case.swap, user),
        weeks=weeks_of(case.swap),
        word=_word(case, late),
        overdue=late,
        due=_due(case, at) if is_open else "",
        level=LEVEL[case.level].capitalize(),
        why=", ".join(CHECK.get(code, code) for code in case.codes),
        asked=moment(case.swap.requested_at),
        may_decide=is_open and access.may_decide(user, case),
        decision=""
        if is_open or case.decided_by is None
        else f"{case.get_status_display()} by {_name(case.decided_by)}",
        lines=_lines(case, user) if is_open else [],
        rationale=case.rationale if access.sees_reason_text(user, case.swap) else "",
    )


def _lines(case: EscalationCase, user: User) -> list[str]:
    reader = access.reader_of(user, case.swap)
    asking = [found for found in services.findings_of(case.swap) if found.verdict is Verdict.ESCALATE]
    return [found.text_for(reader) for found in asking]


def _word(case: EscalationCase, late: bool) -> Word:
    if case.status == CaseStatus.OPEN:
        return Word("Overdue", "bad") if late else Word("To decide", "warn")
    return DECIDED.get(CaseStatus(case.status), CLOSED)


def _due(case: EscalationCase, at: dt.datetime) -> str:
    left = time_left(case.due_at, at)
    return f"in {left}, {moment(case.due_at)}" if left else f"since {moment(case.due_at)}"


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()
