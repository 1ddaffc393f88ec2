"""The page of one swap: where it stands, what the reader may do, the report, both weeks, and what happened."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from swaps import access, services
from swaps.access import Deed
from swaps.domain.tables import SENSITIVE_REASONS, SwapStatus, Verdict
from swaps.enums import Event
from swaps.mapping import shown_digest
from swaps.models import SwapAudit, SwapRecord
from swaps.services.judging import judge_again
from swaps.views.cards import Reader, card_of, reader
from swaps.views.outcome import alternatives_of, conflicts_of, judged, picture_of, report_on
from swaps.views.standing import banner_of, onward_of
from swaps.views.wording import CHECK, REASON, TYPE, moment

if TYPE_CHECKING:
    from accounts.models import User

HIDDEN = "Only the person who asked and whoever approves see it."
HIDDEN_SENSITIVE = "Only the person who asked and the program director see it."


class Button(NamedTuple):
    """One way to answer."""

    act: str
    name: str
    css: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Action:
    """One form of the page: what it asks for and its buttons."""

    title: str
    deeds: tuple[Deed, ...]
    buttons: tuple[Button, ...]
    sentence: str = ""
    field: str = ""
    required: bool = False
    bound: bool = False
    """Whether it holds for the findings that the page shows, and no others."""
    folded: bool = False
    """Whether it opens by a click: what is rarely wanted."""


ACTIONS = (
    Action(
        "Your answer",
        (Deed.CONSENT, Deed.DECLINE),
        (Button(Deed.CONSENT, "Agree", "primary", "check"), Button(Deed.DECLINE, "Decline", "danger")),
        "If you agree and nobody else has to decide, it counts at once and your schedule changes as shown below.",
        "A word to your colleague when you decline",
    ),
    Action(
        "Your decision",
        (Deed.APPROVE, Deed.REJECT),
        (Button(Deed.APPROVE, "Approve", "primary", "check"), Button(Deed.REJECT, "Reject", "danger")),
        "Both people read what you write; it is kept with the swap. Tier 1 cannot be overridden by anybody.",
        "Why you decide so",
        required=True,
        bound=True,
    ),
    Action(
        "Take the request back",
        (Deed.CANCEL,),
        (Button(Deed.CANCEL, "Cancel the request"),),
        "Nothing has changed yet. Your partner is told that you no longer ask.",
    ),
    Action(
        "Roll back",
        (Deed.ROLL_BACK,),
        (Button(Deed.ROLL_BACK, "Roll back", "danger", "undo"),),
        "Every session goes back to what it was before the swap. Both people and the coordinator read the reason.",
        "Why roll it back",
        required=True,
    ),
    Action(
        "Something is wrong",
        (Deed.COMPLAIN,),
        (Button(Deed.COMPLAIN, "File a complaint"),),
        "The coordinator hears of it at once; your words are for the approvers alone.",
        "What is wrong",
        required=True,
        folded=True,
    ),
)
"""What can be done, by what a person would call it; each shows the buttons the reader may press now."""


class Act(NamedTuple):
    """The service of a deed, the name of its words, and what is said when it is done."""

    service: Callable[..., Any]
    words: str
    done: str


ACTS: Mapping[Deed, Act] = {
    Deed.CONSENT: Act(services.consent, "", "You agreed."),
    Deed.DECLINE: Act(services.decline, "note", "You declined. Your colleague is told."),
    Deed.APPROVE: Act(services.approve, "rationale", "Approved. Both people are told."),
    Deed.REJECT: Act(services.reject, "rationale", "Rejected. Both people are told."),
    Deed.CANCEL: Act(services.cancel, "", "The request is taken back."),
    Deed.ROLL_BACK: Act(services.roll_back, "reason", "Rolled back. Both people are told."),
    Deed.COMPLAIN: Act(services.complain, "text", "Your complaint is filed."),
}


BLOCKED = "As the schedule is now, the checks would refuse this swap: the report says why."


class Refused(NamedTuple):
    """What a service did not do: shown at its form, with what was typed."""

    deed: Deed
    typed: str
    sentence: str


class Fact(NamedTuple):
    """One line about the request; `locked` = the reader may know that there is something, not what."""

    name: str
    text: str
    locked: bool = False


@require_http_methods(["GET", "POST"])
def swap(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One swap, and what is done about it."""
    found = access.swap(request.user, pk)
    deed = next((deed for deed in Deed if deed == request.POST.get("act")), None)
    if request.method == "POST" and deed is not None:
        return _do(request, found, deed)
    return _page(request, found)


def _do(request: SignedInRequest, found: SwapRecord, deed: Deed) -> HttpResponse:
    act = ACTS[deed]
    typed = request.POST.get("note", "").strip()
    words = {act.words: typed} if act.words else {}
    if deed is Deed.APPROVE:
        words["shown"] = request.POST.get("shown", "")
    try:
        done = act.service(found, by=request.user, at=timezone.now(), **words)
    except access.NotAllowed:
        raise
    except DomainError as error:
        again = access.swap(request.user, found.pk)
        return _page(request, again, refused=Refused(deed, typed, error.detail), status=error.status)
    messages.success(request, act.done)
    # A swap that a new version did not hold is filed again by its approval: the new request is what goes on.
    return redirect("swap", pk=done.pk if isinstance(done, SwapRecord) else found.pk)


def _page(
    request: SignedInRequest, found: SwapRecord, *, refused: Refused | None = None, status: int = 200
) -> HttpResponse:
    user, at = request.user, timezone.now()
    seen_by = reader(user, at)
    case, says = access.open_case(found), access.reader_of(user, found)
    pending = judge_again(found, at=at) if found.status == SwapStatus.PENDING else None
    actions = _actions(found, seen_by, refused, digest=shown_digest(pending.findings) if pending else "")
    told = any(action["error"] for action in actions)
    context = {
        "card": card_of(found, seen_by),
        "banner": banner_of(found, case, seen_by),
        "actions": actions,
        "refusal": refused.sentence if refused and not told else "",
        "alternatives": alternatives_of(found, user),
        "conflicts": conflicts_of(found),
        "strips": picture_of(found, pending),
        "picture_title": _picture_title(found),
        "report": judged(
            pending,
            reader=says,
            needs_consent=found.consent_at is None,
            is_decided=case is None and found.decided_at is not None,
        )
        if pending
        else report_on(found, reader=says),
        "markdown_href": f"/api/v1/swaps/{found.pk}/report?format=md",
        "onward": onward_of(found, seen_by),
        "blocked": BLOCKED if pending and pending.verdict is Verdict.REJECT else "",
        "facts": _facts(found, user),
        "events": _events(found),
    }
    return render(request, "swaps/swap.html", context, status=status)


def _picture_title(found: SwapRecord) -> str:
    if found.status == SwapStatus.ROLLED_BACK:
        return "What it had changed"
    return "What it changed" if found.executed_at else "What would change"


def _actions(found: SwapRecord, seen_by: Reader, refused: Refused | None, *, digest: str) -> list[dict[str, Any]]:
    until = seen_by.until(found)
    allowed = access.deeds_of(seen_by.user, found, at=seen_by.at, rollback_until=until)
    shown = []
    for action in ACTIONS:
        buttons = [button for button in action.buttons if button.act in allowed]
        if not buttons:
            continue
        here = refused if refused and refused.deed in action.deeds else None
        left = seen_by.left(found) if Deed.ROLL_BACK in action.deeds else ""
        shown.append(
            {
                "title": action.title,
                "sentence": action.sentence,
                "field": action.field,
                "field_id": f"note-{action.deeds[0].value}",
                "required": action.required,
                "shown": digest if action.bound else "",
                "folded": action.folded and here is None,
                "buttons": buttons,
                "left": left,
                "until": until.isoformat() if until and left else "",
                "typed": here.typed if here else "",
                "error": here.sentence if here else "",
            }
        )
    return shown


# --- what is known ----------------------------------------------------------------------------------------------------


def _facts(found: SwapRecord, user: User) -> list[Fact]:
    own = found.requested_by is not None and found.requested_by.pk == found.source_person.user_id
    asked = found.source_person.name if own else _name(found.requested_by) if found.requested_by else "somebody"
    sensitive = found.reason_code in SENSITIVE_REASONS
    code = Fact("Reason", REASON.get(found.reason_code, found.reason_code))
    text = Fact("In their words", _words(found) or "nothing written")
    facts = [
        Fact("Kind", TYPE[found.swap_type]),
        Fact("Asked by", f"{asked}, {moment(found.requested_at)}"),
        code if access.sees_reason_code(user, found) else Fact("Reason", HIDDEN_SENSITIVE, locked=True),
    ]
    if access.sees_reason_text(user, found):
        facts.append(text)
    elif access.sees_reason_code(user, found):
        facts.append(Fact("In their words", HIDDEN_SENSITIVE if sensitive else HIDDEN, locked=True))
    if found.consent_at:
        by = f"{_name(found.consent_by)}, " if found.consent_by else ""
        facts.append(Fact("Consent", by + moment(found.consent_at)))
    if found.decided_at and (said := access.rationale_for(user, found)):
        facts.append(Fact("Decision", f"{moment(found.decided_at)}: {said}"))
    if user.may(Permission.SEE_DRAFTS) and not access.is_party(user, found) and access.decides_escalations(user):
        facts += [Fact("Complaint", f"{moment(c.filed_at)}: {c.text}") for c in found.complaints.all()]
    return facts


def _events(found: SwapRecord) -> list[dict[str, str]]:
    """The append-only record, without the system's messages and the looks of monitoring that found nothing."""
    rows = found.audit.exclude(event=Event.NOTIFIED).select_related("user")
    return [
        {
            "when": moment(row.at),
            "title": row.get_event_display(),
            "who": f"by {_name(row.user)}" if row.user else "by the system",
            "note": ", ".join(CHECK.get(code, code) for code in _codes(row)),
        }
        for row in rows
        if row.event != Event.MONITORED or _codes(row)
    ]


def _codes(row: SwapAudit) -> list[str]:
    return row.detail.get("codes") or row.detail.get("critical") or []


def _words(found: SwapRecord) -> str:
    """The free text; the code that the form sends before it is told by itself."""
    return found.reason_text.removeprefix(f"{found.reason_code}:").strip()


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()
