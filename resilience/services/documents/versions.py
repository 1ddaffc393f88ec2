"""Versions of documents: drafted, revised, reviewed, signed; each digest covers its content and the one before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid, NotAllowed
from resilience.enums import DocumentKind, DocumentState, TimelineEvent
from resilience.models import Document, DocumentVersion, Incident
from resilience.services import timeline
from resilience.services.documents.bodies import BODIES, incident_report, missing_people
from resilience.services.documents.paper import paper
from schedules.services.confirmation import digest

SYSTEM = "system"
_CHAIN_LOCK = 5_120_391


class DocumentRefused(DomainError):
    """The document is not in a state in which this can be done."""

    code = "document_state"


@dataclass(frozen=True)
class Chain:
    """Whether every stored version is what was once written. `broken`: places in the chain that are not."""

    intact: bool
    broken: tuple[int, ...]


@transaction.atomic
def draft(kind: DocumentKind, *, by: User | None, at: dt.datetime, incident: Incident | None = None) -> Document:
    """Write a document from what is known now. `by` None = the system.

    Raises `NotAllowed`, `Invalid` (an incident report without its incident).
    """
    if by is not None and not by.may(Permission.SIMULATE_RESILIENCE):
        raise NotAllowed("Your role does not draft documents.")
    kind = DocumentKind(kind)
    if kind is DocumentKind.INCIDENT_REPORT:
        if incident is None:
            raise Invalid("Name the incident that is reported.")
        content = incident_report(incident, at=at)
    else:
        content = BODIES[kind](incident, at)
    about = f"incident {incident.number}" if incident else f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    made = Document.objects.create(kind=kind, title=f"{kind.label}, {about}", incident=incident, drafted_at=at)
    _add(made, DocumentState.DRAFT, content, by=by, at=at, note="", restricted=missing_people(incident))
    if incident is not None:
        timeline.note(
            incident, TimelineEvent.DOCUMENT, by=by, at=at, text=f"{made.title} drafted.", document=str(made.pk)
        )
    return made


def revise(document: Document, content: str, *, by: User, at: dt.datetime, note: str = "") -> DocumentVersion:
    """Keep a new draft beside the versions before it. Raises `NotAllowed`, `Invalid` (empty), `DocumentRefused`."""
    text = content.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("The text is empty: a document is never blank.")
    return _next(document, "revise", DocumentState.DRAFT, by=by, at=at, note=note, content=text + "\n")


def review(document: Document, *, by: User, at: dt.datetime, note: str = "") -> DocumentVersion:
    """Say that the draft was read and is right. Raises `NotAllowed`, `DocumentRefused`."""
    return _next(document, "review", DocumentState.REVIEWED, by=by, at=at, note=note)


def sign(document: Document, *, by: User, at: dt.datetime, note: str = "") -> DocumentVersion:
    """Release the reviewed version under one's name. Raises `NotAllowed`, `DocumentRefused`."""
    return _next(document, "sign", DocumentState.SIGNED, by=by, at=at, note=note)


def newest(document: Document) -> DocumentVersion:
    """The version that counts."""
    return document.versions.latest("number")


def text_for(version: DocumentVersion, user: User) -> str:
    """The Markdown that the user may read: the restricted part is for those who see sensitive reasons."""
    if version.restricted and user.may(Permission.SEE_SENSITIVE):
        return f"{version.content}\n## Restricted\n\n{version.restricted}"
    return version.content


def pdf(version: DocumentVersion, *, user: User) -> bytes:
    """The same text as a PDF file with state, version and digest at its foot."""
    foot = f"{version.get_state_display()}, version {version.number}, SHA-256 {version.digest}"
    return paper(text_for(version, user), title=version.document.title, foot=foot)


def verify() -> Chain:
    """Compute every digest anew, from the first version of any document to the last."""
    broken, previous = [], ""
    for version in DocumentVersion.objects.select_related("document").order_by("sequence"):
        if version.previous != previous or version.digest != _digest(version):
            broken.append(version.sequence)
        previous = version.digest
    return Chain(not broken, tuple(broken))


STATES = {
    "revise": (DocumentState.DRAFT, DocumentState.REVIEWED),
    "review": (DocumentState.DRAFT,),
    "sign": (DocumentState.REVIEWED,),
}
"""From which state each act is possible; what is signed stays."""


def acts_for(document: Document, user: User) -> frozenset[str]:
    """Names of the functions of this module that the user may call on it now."""
    state = DocumentState(newest(document).state)
    return frozenset(act for act, states in STATES.items() if state in states and _may(act, document, user))


def _may(act: str, document: Document, user: User) -> bool:
    """Revise: staff who simulate. Review: another person than the author. Sign: the program director, a person."""
    if user.role == Role.AGENT:
        return False
    if act == "revise":
        return user.may(Permission.SIMULATE_RESILIENCE)
    if not user.may(Permission.APPROVE_RESILIENCE):
        return False
    if act == "review":
        return newest(document).by_id != user.pk
    return user.may(Permission.DECIDE_DIRECTOR)


_REFUSALS = {
    "revise": "Only staff revise documents.",
    "review": "Somebody else than its author reviews a document, with the right to approve.",
    "sign": "The program director signs, in person.",
}


@transaction.atomic
def _next(
    document: Document,
    act: str,
    to: DocumentState,
    *,
    by: User,
    at: dt.datetime,
    note: str,
    content: str | None = None,
) -> DocumentVersion:
    row = Document.objects.select_for_update(of=("self",)).select_related("incident").get(pk=document.pk)
    if not _may(act, row, by):
        raise NotAllowed(_REFUSALS[act])
    before = newest(row)
    if DocumentState(before.state) not in STATES[act]:
        raise DocumentRefused(
            f"This document is {before.get_state_display().lower()}: that cannot be done with it now."
        )
    made = _add(row, to, before.content if content is None else content, by=by, at=at, note=note, before=before)
    if row.incident is not None:
        text = f"{row.title}: {to.label.lower()}, version {made.number}."
        timeline.note(row.incident, TimelineEvent.DOCUMENT, by=by, at=at, text=text, document=str(row.pk))
    return made


def _add(
    document: Document,
    state: DocumentState,
    content: str,
    *,
    by: User | None,
    at: dt.datetime,
    note: str,
    before: DocumentVersion | None = None,
    restricted: str = "",
) -> DocumentVersion:
    """Append to the one chain over all documents; writers queue for its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    last = DocumentVersion.objects.order_by("-sequence").first()
    made = DocumentVersion(
        sequence=last.sequence + 1 if last else 1,
        document=document,
        number=before.number + 1 if before else 1,
        state=state,
        content=content,
        restricted=before.restricted if before else restricted,
        author=by.username if by else SYSTEM,
        by=by,
        at=at,
        note=note.strip()[:500],
        previous=last.digest if last else "",
    )
    made.digest = _digest(made)
    made.save(force_insert=True)
    return made


def _digest(version: DocumentVersion) -> str:
    """SHA-256 over everything that a reader is told, and the digest before it."""
    return digest(
        version.previous,
        version.sequence,
        version.document_id,
        version.document.kind,
        version.document.title,
        version.number,
        version.state,
        version.content,
        version.restricted,
        version.author,
        version.at.astimezone(dt.UTC).isoformat(),
        version.note,
    )
