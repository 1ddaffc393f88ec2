"""REST: asking persons for an act, their word on it, and carrying it out. Programs ask; only persons answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from resilience import access
from resilience.api.acts import Act, ForStaff, acting
from resilience.enums import ApprovalAction, ShedLevelName
from resilience.models import Approval, ApprovalVote
from resilience.services import approvals

REFUSALS = {403: RefusalOut, 404: RefusalOut, 409: RefusalOut}


class ProposalIn(serializers.Serializer):
    """What is asked for: a plan, a level of shedding, or hours of an override with the reason."""

    action = serializers.ChoiceField(ApprovalAction.choices)
    plan = serializers.UUIDField(required=False, help_text="For fallback.")
    target_level = serializers.ChoiceField(ShedLevelName.choices, required=False, help_text="For shedding.")
    hours = serializers.IntegerField(min_value=1, max_value=8, required=False, help_text="For override.")
    reason = serializers.CharField(max_length=500, required=False, default="", help_text="For override.")
    incident = serializers.UUIDField(required=False, allow_null=True, default=None)

    NEEDS = {ApprovalAction.FALLBACK: "plan", ApprovalAction.SHEDDING: "target_level", ApprovalAction.OVERRIDE: "hours"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = self.NEEDS[attrs["action"]]
        if needed not in attrs:
            raise exceptions.ValidationError({needed: ["This field is required for this action."]})
        return attrs


class VoteOut(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None, allow_null=True)

    class Meta:
        model = ApprovalVote
        fields = ["part", "by", "at", "agrees", "is_review", "reason"]


class ApprovalOut(serializers.ModelSerializer):
    """One act that waits for the word of persons; `shown` is the hash of `facts` that it is bound to."""

    proposed_by = serializers.CharField(source="proposed_by.username", default=None, allow_null=True)
    votes = VoteOut(many=True)
    missing = serializers.SerializerMethodField(help_text="Parts that have not said yes.")
    may = serializers.SerializerMethodField(help_text="What the caller may do, as addresses below this one.")

    class Meta:
        model = Approval
        fields = [
            "id",
            "action",
            "target",
            "incident",
            "title",
            "facts",
            "shown",
            "start_date",
            "end_date",
            "posture",
            "needed",
            "missing",
            "state",
            "proposed_by",
            "proposed_at",
            "expires_at",
            "ended_at",
            "ended_reason",
            "used_at",
            "is_emergency",
            "review_due",
            "reviewed_at",
            "votes",
            "may",
        ]

    def get_missing(self, approval: Approval) -> list[str]:
        return [part.name for part in approvals.open_parts(approval, at=timezone.now())]

    def get_may(self, approval: Approval) -> list[str]:
        user: User = self.context["request"].user
        return sorted(approvals.acts_for(approval, user, at=timezone.now()))


class WordIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class RefusalIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class SecondReviewIn(RefusalIn):
    agrees = serializers.BooleanField()


ACTS = (
    Act(
        "approve",
        "Say yes, in the caller's part; never to what one proposed oneself. Refused to clients with a token.",
        approvals.approve,
        WordIn,
        in_person=True,
    ),
    Act("refuse", "Say no, with the reason.", approvals.refuse, RefusalIn),
    Act(
        "approve_in_emergency",
        "Say yes alone where two are needed; a second review follows within 24 hours.",
        approvals.approve_in_emergency,
        RefusalIn,
        in_person=True,
    ),
    Act("review", "The second review of an emergency.", approvals.review, SecondReviewIn, in_person=True),
    Act("withdraw", "Take the proposal back.", approvals.withdraw, right=Permission.SIMULATE_RESILIENCE),
    Act("carry_out", "Do what was granted.", approvals.carry_out),
)


@extend_schema_view(
    list=extend_schema(operation_id="resilience_approvals", tags=["incidents"]),
    retrieve=extend_schema(operation_id="resilience_approval", tags=["incidents"]),
)
@acting(ACTS, load=access.approval, shown=ApprovalOut, name="approval", tag="incidents")
class Approvals(ForStaff):
    """What was asked of persons, for those who see drafts."""

    rows = Approval.objects.select_related("proposed_by", "incident").prefetch_related("votes__by")
    serializer_class = ApprovalOut
    filterset_fields = {"state": ["exact"], "action": ["exact"], "incident": ["exact"]}
    ordering_fields = ["proposed_at", "expires_at"]

    @property
    def throttle_scope(self) -> str:
        """Proposing simulates, and carrying out writes a backup."""
        return HEAVY if self.request.method == "POST" else ""

    @extend_schema(
        operation_id="resilience_propose",
        tags=["incidents"],
        request=ProposalIn,
        responses={201: ApprovalOut, **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """Ask persons for an act, as it would be now. It expires after four hours, or when the schedule changes."""
        access.require(caller(request), Permission.SIMULATE_RESILIENCE)
        given = ProposalIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = propose(given.validated_data, by=caller(request), at=timezone.now())
        return Response(ApprovalOut(asked, context=self.get_serializer_context()).data, status=201)


def propose(given: dict[str, Any], *, by: User, at: dt.datetime) -> Approval:
    """The proposal of what was sent."""
    incident = access.incident(by, given["incident"]) if given["incident"] else None
    if given["action"] == ApprovalAction.FALLBACK:
        plan = access.fallback_plan(by, given["plan"])
        return approvals.propose_fallback(plan, by=by, at=at, incident=incident)
    if given["action"] == ApprovalAction.SHEDDING:
        return approvals.propose_shedding(target_level=given["target_level"], by=by, at=at, incident=incident)
    until = at + dt.timedelta(hours=given["hours"])
    return approvals.propose_override(until=until, reason=given["reason"], by=by, at=at, incident=incident)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("resilience/approvals", Approvals, basename="api-approvals")

urlpatterns = router.urls
