"""Documents: read, revise, review, sign, as a page and as PDF."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest
from resilience import access
from resilience.enums import DocumentState
from resilience.forms import DraftForm
from resilience.models import Document
from resilience.services import documents
from resilience.views.deeds import Acts, Refused, act_on
from resilience.views.moments import Moment
from resilience.views.paper import parts

ACTS: Acts[Document] = {
    "revise": (
        lambda d, given, by, at: documents.revise(
            d, given.get("content", ""), by=by, at=at, note=given.get("note", "")
        ),
        "A new version is kept beside the ones before it.",
    ),
    "review": (lambda d, given, by, at: documents.review(d, by=by, at=at, note=given.get("note", "")), "Reviewed."),
    "sign": (lambda d, given, by, at: documents.sign(d, by=by, at=at, note=given.get("note", "")), "Signed."),
}


@require_GET
def document(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """The newest version, those before it, and whether the chain of digests is whole."""
    return _page(request, access.document(request.user, pk))


def _page(request: SignedInRequest, found: Document, *, refused: Refused | None = None) -> HttpResponse:
    """The document; after a refusal with what was typed."""
    version = documents.newest(found)
    acts = documents.acts_for(found, request.user)
    context = {
        "when": Moment(timezone.now()),
        "document": found,
        "refused": refused,
        "version": version,
        "parts": parts(documents.text_for(version, request.user)),
        "waits": _waits(version.state, acts),
        "versions": list(found.versions.order_by("-number")),
        "chain": documents.verify(),
        "acts": acts,
    }
    return render(request, "resilience/document.html", context, status=409 if refused else 200)


NEXT = {
    DocumentState.DRAFT: (
        "review",
        "Next, somebody else than its author reviews it; then the program director signs it.",
    ),
    DocumentState.REVIEWED: ("sign", "It is reviewed. Next, the program director signs it."),
}
"""State -> the act that it waits for, and whose it is."""


def _waits(state: str, acts: frozenset[str]) -> str:
    """Who is next, where that is not the reader."""
    act, sentence = NEXT.get(DocumentState(state), ("", ""))
    return "" if act in acts else sentence


@require_GET
def document_pdf(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """The newest version as PDF."""
    version = documents.newest(access.document(request.user, pk))
    answer = HttpResponse(documents.pdf(version, user=request.user), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(version.document.title)}-v{version.number}.pdf"'
    return answer


@require_POST
def document_act(request: SignedInRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """A new version: revised, reviewed or signed."""
    found = access.document(request.user, pk)
    again = act_on(
        request, found, act, ACTS, page=lambda no: _page(request, access.document(request.user, pk), refused=no)
    )
    if again is not None:
        return again
    return redirect("document", pk=pk)


@require_POST
def document_draft(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Draft a document of an incident."""
    about = access.incident(request.user, pk)
    form = DraftForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose which document to draft.")
        return redirect("incident", pk=pk)
    made = documents.draft(form.cleaned_data["kind"], by=request.user, at=timezone.now(), incident=about)
    return redirect("document", pk=made.pk)
