"""Tools of swaps for agents: who could take a week, and asking for an exchange once a person has seen its judgement."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

import backups.services
from accounts.models import User
from common.errors import NotAllowed
from common.tools import tool
from schedules.domain.problem import Session
from schedules.services import confirmation
from swaps import access, services
from swaps.api.shapes import REASON_LENGTH, candidates_json, judgement_json, refusal_json
from swaps.domain.tables import SwapStatus, SwapType
from swaps.models import SwapRecord

PURPOSE = "swap"
Week = Annotated[dt.date, Field(description="Any date of the week, YYYY-MM-DD.")]


class Told(BaseModel):
    """An answer of which the named fields are sure; further ones may come with them."""

    model_config = ConfigDict(extra="allow")


class Finding(Told):
    code: str
    tier: int | str
    verdict: str = Field(description="PASS, REPORT, ESCALATE or REJECT.")
    level: str | None = Field(description="Who decides, where somebody has to.")
    detail: str


class CandidateOut(Told):
    person: uuid.UUID
    name: str
    source_week: dt.date
    target_week: dt.date | None = Field(description="The week given back; null = the week would be absorbed.")
    score: float
    parts: dict[str, float] = Field(description="What the score is made of.")
    findings: list[Finding]


class CandidatesOut(BaseModel):
    items: list[CandidateOut]
    total: int


@tool()
def analyze_swap_candidates(
    *,
    by: User,
    at: dt.datetime,
    week: Week,
    person: Annotated[uuid.UUID | None, Field(description="Who gives; null = the caller's own person.")] = None,
) -> CandidatesOut:
    """Partners for a swap week who really pass every check of tier 1 now, the best first, with score and findings.

    Asks nobody and changes nothing. Nobody in the list means that no exchange of the whole week passes.
    """
    if not access.may_ask_for_swap(by):
        raise NotAllowed("Your role may not ask for swaps.")
    giver = access.giver(by, person)
    found = services.candidates(giver, week=week, at=at)
    items = candidates_json(found, access.asking_as(by))
    return CandidatesOut.model_validate({"items": items, "total": len(items)})


class Place(BaseModel):
    """One session of a date."""

    model_config = ConfigDict(extra="forbid")

    date: dt.date
    session: Session


Places = Annotated[list[Place], Field(max_length=60)]


class SwapAnswer(Told):
    """A judgement that waits for its confirmation, or the swap that came of it."""

    status: str = Field(
        description="CONFIRMATION_REQUIRED: nothing was asked for yet. Else the state of the swap: PENDING waits for"
        " the partner or an approver, EXECUTED changed the schedule, REJECTED did not."
    )
    message: str
    confirmation_token: str = Field(default="", description="Asks for exactly this within 15 minutes.")
    swap: uuid.UUID | None = None
    outcome: str = Field(description="What it becomes once the partner agrees: EXECUTED, ESCALATED or REJECTED.")
    level: str | None = Field(description="Who decides, where somebody has to.")
    findings: list[Finding]
    alternatives: list[CandidateOut] = Field(default=[], description="Partners and weeks that would pass instead.")


@tool(writes=True)
def execute_swap(
    *,
    by: User,
    at: dt.datetime,
    source_faculty_id: Annotated[uuid.UUID, Field(description="Who gives; residents as well.")],
    source_week: Week,
    target_faculty_id: Annotated[uuid.UUID, Field(description="Who takes.")],
    swap_type: SwapType,
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH, description="A code, words, or both.")],
    target_week: Annotated[dt.date | None, Field(description="For one_to_one: the week given back.")] = None,
    sessions: Places = [],  # noqa: B006 - read only
    target_sessions: Places = [],  # noqa: B006 - read only
    partner_consented: Annotated[
        bool, Field(description="The partner has agreed to the caller; heard only from those who ask for everybody.")
    ] = False,
    confirmation_token: Annotated[
        str, Field(max_length=64, description="The token of an earlier answer; empty = show what to confirm.")
    ] = "",
) -> SwapAnswer:
    """Ask for a swap. It is carried out only once its partner agrees and nobody has to decide, within every rule.

    Without a confirmation token it is judged by every check and nothing is written: show the answer to a person, then
    call again with its token. Decisions of approvers are given by themselves, never here, and so is a partner's consent
    unless a coordinator has it.
    """
    if not access.may_ask_for_swap(by):
        raise NotAllowed("Your role may not ask for swaps.")
    order = services.Order(
        source_person=source_faculty_id,
        source_week=source_week,
        target_person=target_faculty_id,
        swap_type=swap_type.value,
        reason=reason,
        target_week=target_week,
        sessions=tuple((place.date, place.session) for place in sessions),
        target_sessions=tuple((place.date, place.session) for place in target_sessions),
        partner_consented=partner_consented,
    )
    found = services.validate(order, by=by, at=at)
    question = confirmation.digest(repr(order), json.dumps(found.as_json(), sort_keys=True, default=str))
    judged = judgement_json(found, access.asking_as(by))
    if not confirmation_token:
        return SwapAnswer.model_validate(judged | _asked(judged, by=by, question=question, at=at))
    backups.services.require_fresh()
    confirmation.redeem(confirmation_token, by=by, purpose=PURPOSE, fingerprint=question, at=at)
    swap = services.request(order, by=by, at=at)
    return SwapAnswer.model_validate(judged | _filed(swap, by=by))


def _asked(judged: dict[str, Any], *, by: User, question: str, at: dt.datetime) -> dict[str, Any]:
    """The question to a person; what would be rejected anyway gets no token."""
    if judged["outcome"] == "REJECTED":
        said = next(item["detail"] for item in judged["findings"] if item["verdict"] == "REJECT")
        return {"status": "REJECTED", "message": f"This would be rejected: {said}"}
    token = confirmation.issue(by, purpose=PURPOSE, fingerprint=question, at=at).token
    ends = "It would wait for a decision." if judged["level"] else "Once the partner agrees it would be carried out."
    return {
        "status": "CONFIRMATION_REQUIRED",
        "message": f"Nothing was asked for yet. {ends}",
        "confirmation_token": token,
    }


SENTENCES = {
    SwapStatus.PENDING.value: "It waits for the partner's word or a decision.",
    SwapStatus.EXECUTED.value: "It is carried out; it can be rolled back for a while.",
}


def _filed(swap: SwapRecord, *, by: User) -> dict[str, Any]:
    rejected = swap.status == SwapStatus.REJECTED.value
    said = refusal_json(swap, access.reader_of(by, swap))["detail"] if rejected else SENTENCES.get(swap.status, "")
    return {"status": swap.status, "message": said, "swap": swap.pk}
