"""REST: fallback plans with what they would do, and shedding in force; both act only with an approval of people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from resilience import access
from resilience.models import FallbackPlan, SheddingExecution
from resilience.services import fallbacks, shedding
from resilience.services.answers import plain
from schedules.api.resource import Readable

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
    confirm = serializers.BooleanField(default=False, help_text="Yes to the rules that it would break again.")


@extend_schema_view(
    list=extend_schema(operation_id="resilience_fallbacks", tags=["resilience"]),
    retrieve=extend_schema(
        operation_id="resilience_fallback", tags=["resilience"], responses={200: PlanDetailOut, 404: RefusalOut}
    ),
)
class Fallbacks(Readable):
    """Plans kept ready for a loss of people, for those who see drafts."""

    rows = FallbackPlan.objects.all()
    serializer_class = PlanOut
    filterset_fields = {"scenario": ["exact"], "state": ["exact"]}
    ordering_fields = ["computed_at", "start_date", "scenario"]

    @property
    def throttle_scope(self) -> str:  # type: ignore[override]
        """Whatever judges a roster is counted as heavy work."""
        return "" if self.action == "list" else HEAVY

    def visible(self, rows: QuerySet[Any], user: Any) -> QuerySet[Any]:
        access.require(user, Permission.SEE_DRAFTS)
        return rows

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(PlanDetailOut(self.get_object()).data)


@extend_schema_view(
    list=extend_schema(operation_id="resilience_sheddings", tags=["resilience"]),
    retrieve=extend_schema(operation_id="resilience_shedding", tags=["resilience"]),
)
class Sheddings(Readable):
    """Work that was given up, and its return, for those who see drafts."""

    rows = SheddingExecution.objects.all()
    serializer_class = SheddingOut
    filterset_fields = {"state": ["exact"], "level": ["exact"]}
    ordering_fields = ["executed_at"]

    def visible(self, rows: QuerySet[Any], user: Any) -> QuerySet[Any]:
        access.require(user, Permission.SEE_DRAFTS)
        return rows

    @extend_schema(
        operation_id="resilience_shedding_restore",
        tags=["resilience"],
        request=ShedRestoreIn,
        responses={200: SheddingOut, **REFUSALS},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: UUID) -> Response:
        """Bring the work back exactly; the latest shedding first."""
        execution = self.get_object()
        access.require(caller(request), Permission.APPROVE_RESILIENCE)
        given = ShedRestoreIn(data=request.data or {})
        given.is_valid(raise_exception=True)
        confirm = given.validated_data["confirm"]
        done = shedding.restore(execution, by=caller(request), at=timezone.now(), confirm=confirm)
        return Response(SheddingOut(done).data)


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("resilience/fallbacks", Fallbacks, basename="api-fallbacks")
router.register("resilience/shedding", Sheddings, basename="api-shedding")

urlpatterns = router.urls
