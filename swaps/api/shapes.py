"""What the API takes and answers about swaps; who reads what is asked of `access`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer

from accounts.models import User
from schedules.domain.problem import Session
from schedules.models import Person
from swaps import access, services
from swaps.domain.candidates import Candidate
from swaps.domain.findings import SwapFinding
from swaps.domain.tables import Actor, Reason, SwapPolicy, SwapType
from swaps.mapping import load_policy, shown_digest, to_finding
from swaps.models import EscalationCase, MarketplaceOffer, SwapRecord

REASON_LENGTH = 500
RATIONALE_LENGTH = 1000
PLACES = 21
"""Sessions of a week."""


class PlaceIn(serializers.Serializer):
    """One session of a date."""

    date = serializers.DateField()
    session = serializers.ChoiceField([session.value for session in Session])


class SwapIn(serializers.Serializer):
    """A request: any date of a week stands for the week."""

    source_faculty_id = serializers.UUIDField(help_text="Who gives; residents as well.")
    source_week = serializers.DateField()
    target_faculty_id = serializers.UUIDField(help_text="Who takes.")
    target_week = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="For one_to_one: the week given back."
    )
    swap_type = serializers.ChoiceField([kind.value for kind in SwapType])
    reason = serializers.CharField(
        max_length=REASON_LENGTH,
        help_text=f"One of {', '.join(Reason)}, free text, or both as `code: text`. Requester and approver read it.",
    )
    sessions = serializers.ListField(
        child=PlaceIn(),
        required=False,
        max_length=PLACES,
        help_text="Single sessions or a call instead of the whole week.",
    )
    target_sessions = serializers.ListField(
        child=PlaceIn(), required=False, max_length=PLACES, help_text="For one_to_one: the sessions given back."
    )
    partner_consented = serializers.BooleanField(
        default=False, help_text="For those who ask for others: the partner has agreed to them."
    )


class NoteIn(serializers.Serializer):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=REASON_LENGTH)


class RationaleIn(serializers.Serializer):
    rationale = serializers.CharField(max_length=RATIONALE_LENGTH, help_text="Both people read it.")


class ApproveIn(RationaleIn):
    shown = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=64,
        help_text="The case's `shown`: refused where the findings are others by now. Left out: those of the report.",
    )


class RollBackIn(serializers.Serializer):
    reason = serializers.CharField(max_length=REASON_LENGTH)


class ComplaintIn(serializers.Serializer):
    text = serializers.CharField(max_length=REASON_LENGTH, help_text="For those who decide.")


class OfferIn(serializers.Serializer):
    person = serializers.UUIDField(required=False, help_text="Left out: the caller's own person.")
    week = serializers.DateField()
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200, help_text="Everybody reads it."
    )


class TakeIn(serializers.Serializer):
    person = serializers.UUIDField(required=False, help_text="Left out: the caller's own person.")
    target_week = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="A week to give back; left out: none."
    )


class CandidatesIn(serializers.Serializer):
    person = serializers.UUIDField(required=False)
    week = serializers.DateField()


class CaseOut(serializers.ModelSerializer):
    """A decision that waits, or was made."""

    level = serializers.CharField(source="get_level_display")
    shown = serializers.SerializerMethodField(help_text="Of the findings that ask for the decision; sent with it.")

    class Meta:
        model = EscalationCase
        fields = ["id", "kind", "status", "level", "codes", "shown", "opened_at", "due_at", "overdue_at", "moved_up_at"]

    def get_shown(self, case: EscalationCase) -> str:
        return shown_digest(services.findings_of(case.swap))


class SwapOut(serializers.ModelSerializer):
    """A swap in a list. `reason_code` and `reason` are null for those who may not know."""

    source_faculty_id = serializers.UUIDField(source="source_person_id")
    source_name = serializers.CharField(source="source_person.name")
    target_faculty_id = serializers.UUIDField(source="target_person_id")
    target_name = serializers.CharField(source="target_person.name")
    reason_code = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    rationale = serializers.SerializerMethodField()
    escalation = serializers.SerializerMethodField()
    can_rollback = serializers.SerializerMethodField()
    rollback_eligible_until = serializers.SerializerMethodField()

    class Meta:
        model = SwapRecord
        fields = [
            "id",
            "status",
            "swap_type",
            "scope",
            "source_faculty_id",
            "source_name",
            "source_week",
            "source_end",
            "target_faculty_id",
            "target_name",
            "target_week",
            "target_end",
            "reason_code",
            "reason",
            "requested_at",
            "consent_due",
            "consent_at",
            "escalation",
            "decided_at",
            "rationale",
            "executed_at",
            "can_rollback",
            "rollback_eligible_until",
            "rolled_back_at",
            "error_code",
        ]

    def _caller(self) -> User:
        user: User = self.context["request"].user
        return user

    def _policy(self) -> SwapPolicy:
        """Read once for all swaps of an answer."""
        context = cast(dict[str, Any], self.context)
        if "swap_policy" not in context:
            context["swap_policy"] = load_policy()
        policy: SwapPolicy = context["swap_policy"]
        return policy

    def get_reason_code(self, swap: SwapRecord) -> str | None:
        return swap.reason_code if access.sees_reason_code(self._caller(), swap) else None

    def get_reason(self, swap: SwapRecord) -> str | None:
        return swap.reason_text if access.sees_reason_text(self._caller(), swap) else None

    def get_rationale(self, swap: SwapRecord) -> str:
        return access.rationale_for(self._caller(), swap)

    @extend_schema_field(CaseOut(allow_null=True))
    def get_escalation(self, swap: SwapRecord) -> Any:
        case = access.open_case(swap)
        return CaseOut(case).data if case is not None else None

    def get_can_rollback(self, swap: SwapRecord) -> bool:
        """Whether the caller may roll it back at this moment."""
        return services.can_roll_back(swap, at=timezone.now(), by=self._caller(), policy=self._policy())

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_rollback_eligible_until(self, swap: SwapRecord) -> Any:
        until = services.rollback_eligible_until(swap, policy=self._policy())
        return timezone.localtime(until).isoformat() if until else None


class SwapDetailOut(SwapOut):
    """With the report of the checks, and what the caller may do now."""

    may = serializers.SerializerMethodField(help_text="What the caller may do, as addresses below this one.")
    report = serializers.SerializerMethodField()
    conflicts = serializers.JSONField(help_text="Rows changed meanwhile, where a roll back failed.")

    class Meta(SwapOut.Meta):
        fields = [*SwapOut.Meta.fields, "may", "conflicts", "report"]

    def get_may(self, swap: SwapRecord) -> list[str]:
        until = services.rollback_eligible_until(swap, policy=self._policy())
        deeds = access.deeds_of(self._caller(), swap, at=timezone.now(), rollback_until=until)
        return [deed.value for deed in deeds]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_report(self, swap: SwapRecord) -> Any:
        return services.report_json(swap, reader=access.reader_of(self._caller(), swap), at=timezone.now())


class QueuedOut(CaseOut):
    """A case of the queue with its swap, in short."""

    swap = SwapOut()

    class Meta(CaseOut.Meta):
        fields = [*CaseOut.Meta.fields, "swap"]


class OfferOut(serializers.ModelSerializer):
    """A week that somebody offers."""

    person_name = serializers.CharField(source="person.name")

    class Meta:
        model = MarketplaceOffer
        fields = ["id", "person", "person_name", "week", "week_end", "note", "status", "offered_at", "closed_at"]


class MarkdownRenderer(BaseRenderer):
    """Text as it is; refusals stay what they are everywhere, JSON."""

    media_type = "text/markdown"
    format = "md"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data.encode() if isinstance(data, str) else JSONRenderer().render(data)


def valid(shape: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """What was sent, in its shape. Raises ValidationError with a sentence per field."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def order_of(given: dict[str, Any]) -> services.Order:
    """A request as the services take it."""
    return services.Order(
        source_person=given["source_faculty_id"],
        source_week=given["source_week"],
        target_person=given["target_faculty_id"],
        swap_type=given["swap_type"],
        reason=given["reason"],
        target_week=given["target_week"],
        sessions=_places(given.get("sessions", ())),
        target_sessions=_places(given.get("target_sessions", ())),
        partner_consented=given["partner_consented"],
    )


def _places(given: Iterable[dict[str, Any]]) -> tuple[tuple[dt.date, Session], ...]:
    return tuple((place["date"], Session(place["session"])) for place in given)


def findings_json(findings: Iterable[SwapFinding], reader: Actor) -> list[dict[str, Any]]:
    """Findings in the words that this reader may read."""
    return [
        {
            "code": found.code,
            "tier": found.tier.value,
            "verdict": found.verdict.name,
            "level": found.level.name if found.level else None,
            "detail": found.text_for(reader),
            "measured": found.measured,
            "limit": found.limit,
        }
        for found in findings
    ]


def judgement_json(found: services.Judgement, reader: Actor) -> dict[str, Any]:
    """What a request would come to: findings, who would decide, hours before and after, and what would pass instead."""
    stored = found.as_json()
    return {
        "outcome": found.outcome,
        "verdict": found.verdict.name,
        "level": found.level.name if found.level else None,
        "code": found.error_code,
        "findings": findings_json(found.findings, reader),
        "hours": stored["hours"],
        "utilization": stored["utilization"],
        "assignments_touched": stored["touched"],
        "alternatives": candidates_json(found.alternatives, reader),
    }


def candidates_json(found: Iterable[Candidate], reader: Actor) -> list[dict[str, Any]]:
    """Partners and weeks with score and its parts, in the given order."""
    listed = list(found)
    names = {
        str(pk): name
        for pk, name in Person.objects.filter(pk__in=[item.person for item in listed]).values_list("pk", "name")
    }
    return [
        {
            "person": item.person,
            "name": names[item.person],
            "source_week": item.source_week,
            "target_week": item.target_week,
            "score": item.score,
            "parts": {part.value: value for part, value in item.parts.items()},
            "findings": findings_json(item.assessment.findings, reader),
        }
        for item in listed
    ]


def refusal_json(swap: SwapRecord, reader: Actor) -> dict[str, str]:
    """Code and sentence of the check that rejected a request."""
    found = [to_finding(stored) for stored in swap.judgement.get("findings", ())]
    first = next((item for item in found if item.code == swap.error_code), None)
    return {"code": swap.error_code, "detail": first.text_for(reader) if first else "This request was rejected."}
