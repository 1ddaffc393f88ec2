"""REST: fallback plans with what they would do, and shedding in force; both act only with an approval of people."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.api import RefusalOut
from accounts.models import User
from common.services.throttling import HEAVY
from resilience import access
from resilience.api.acts import Act, ForStaff, acting
from resilience.models import FallbackPlan, SheddingExecution
from resilience.services import fallbacks, shedding
from resilience.services.answers import plain

REFUSALS = {403: RefusalOut, 404: RefusalOut, 409: RefusalOut}


class PlanOut(serializers.ModelSerializer):
    """A plan kept ready; `people` are those who are lost, `moved` those who take something over."""

    coverage = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField(help_text="How many cells it changes.")
    fingerprint = serializers.SerializerMethodField(help_text="What an approval of the plan answers.")

    class Meta:
        model = FallbackPlan
        fields = [
            "id",
            "scenario",
            "people",
            "start_date",
            "end_date",
            "state",
            "coverage",
            "moved",
            "changes",
            "open_posts",
            "unresolved",
            "assumptions",
            "computed_at",
            "expires_at",
            "activated_at",
            "fingerprint",
        ]

    def get_coverage(self, plan: FallbackPlan) -> float | None:
        return round(plan.filled / plan.demanded, 4) if plan.demanded else None

    def get_changes(self, plan: FallbackPlan) -> int:
        return len(plan.changes)

    def get_fingerprint(self, plan: FallbackPlan) -> str:
        return fallbacks.fingerprint(plan)


class CellOut(serializers.Serializer):
    person = serializers.DictField()
    date = serializers.DateField()
    session = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class PlanDetailOut(PlanOut):
    """With what activating it would do at this moment."""

    state = serializers.CharField(help_text="As of this moment.")
    cells = CellOut(many=True)
    refusal = serializers.CharField(allow_blank=True, help_text="Why it cannot be activated; empty where it can.")
    new_hard = serializers.ListField(child=serializers.CharField(), help_text="Hard findings it would bring.")

    class Meta(PlanOut.Meta):
        fields = [*PlanOut.Meta.fields, "cells", "refusal", "new_hard"]

    def to_representation(self, plan: FallbackPlan) -> Any:
        seen = fallbacks.preview(plan, at=timezone.now())
        stored = PlanOut(plan, context=self.context).data
        now = {"state": seen.state.value, "cells": plain(seen.changes), "refusal": seen.refusal}
        return {**stored, **now, "new_hard": list(seen.new_hard)}


class SheddingOut(serializers.ModelSerializer):
    """Work that was given up. `changes`: [person, date, session, before, after]."""

    class Meta:
        model = SheddingExecution
        fields = [
            "id",
            "level",
            "start_date",
            "end_date",
            "state",
            "changes",
            "gaps",
            "executed_at",
            "restore_due",
            "restored_at",
        ]


class ShedRestoreIn(serializers.Serializer):
    confirm = serializers.BooleanField(default=False, help_text="Yes to the posts that would be open again.")


class ActivateIn(serializers.Serializer):
    approval = serializers.UUIDField(help_text="What persons granted for exactly this plan.")


def _activate(plan: FallbackPlan, *, by: User, at: dt.datetime, approval: uuid.UUID) -> FallbackPlan:
    return fallbacks.activate(plan, approval=access.approval(by, approval), by=by, at=at)


ACTIVATE = Act("activate", "Put the plan in force, as granted; a stale one is refused.", _activate, ActivateIn)
RESTORE = Act("restore", "Bring the work back exactly; the latest first.", shedding.restore, ShedRestoreIn)


@extend_schema_view(
    list=extend_schema(operation_id="resilience_fallbacks", tags=["resilience"]),
    retrieve=extend_schema(
        operation_id="resilience_fallback", tags=["resilience"], responses={200: PlanDetailOut, 404: RefusalOut}
    ),
)
@acting([ACTIVATE], load=access.fallback_plan, shown=PlanOut, name="fallback", tag="resilience")
class Fallbacks(ForStaff):
    """Plans kept ready for a loss of people, for those who see drafts."""

    rows = FallbackPlan.objects.all()
    serializer_class = PlanOut
    filterset_fields = {"scenario": ["exact"], "state": ["exact"]}
    ordering_fields = ["computed_at", "start_date", "scenario"]

    @property
    def throttle_scope(self) -> str:
        """Whatever judges a roster is counted as heavy work."""
        return "" if self.action == "list" else HEAVY

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(PlanDetailOut(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(operation_id="resilience_sheddings", tags=["resilience"]),
    retrieve=extend_schema(operation_id="resilience_shedding", tags=["resilience"]),
)
@acting([RESTORE], load=access.shedding_execution, shown=SheddingOut, name="shedding", tag="resilience")
class Sheddings(ForStaff):
    """Work that was given up, and its return, for those who see drafts."""

    rows = SheddingExecution.objects.all()
    serializer_class = SheddingOut
    filterset_fields = {"state": ["exact"], "level": ["exact"]}
    ordering_fields = ["executed_at"]


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("resilience/fallbacks", Fallbacks, basename="api-fallbacks")
router.register("resilience/shedding", Sheddings, basename="api-shedding")

urlpatterns = router.urls
