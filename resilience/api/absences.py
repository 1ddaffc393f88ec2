"""REST: what reported and granted absences do to the program, and what is proposed for each."""

from __future__ import annotations

import datetime as dt
import uuid

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.routers import SimpleRouter

from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from resilience import access
from resilience.api.acts import Act, ForStaff, acting
from resilience.api.approvals import ApprovalOut
from resilience.api.incidents import KeyIn
from resilience.models import AbsenceAnalysis, Approval
from resilience.services import incidents


class AnalysisOut(serializers.ModelSerializer):
    """The impact of one absence: LOW, MEDIUM, HIGH or UNKNOWN, the margins behind it, and the proposals."""

    person = serializers.UUIDField(source="absence.person_id")
    start_date = serializers.DateField(source="absence.start_date")
    end_date = serializers.DateField(source="absence.end_date")
    status = serializers.CharField(source="absence.status")
    proposals = serializers.ListField(help_text="Each with its key, text and simulated effect.")

    class Meta:
        model = AbsenceAnalysis
        fields = [
            "id",
            "absence",
            "person",
            "start_date",
            "end_date",
            "status",
            "impact",
            "computed_at",
            "lost",
            "margin_all",
            "margin_safety",
            "idle_covers",
            "certificate",
            "reason",
            "proposals",
            "incident",
        ]


def _propose(analysis: AbsenceAnalysis, *, by: User, at: dt.datetime, key: str) -> Approval:
    return incidents.propose_for_absence(analysis, key, by=by, at=at)


PROPOSE = Act(
    "propose",
    "Ask persons for a proposed fallback.",
    _propose,
    KeyIn,
    right=Permission.SIMULATE_RESILIENCE,
    shown=ApprovalOut,
)


def _load(user: User, pk: uuid.UUID) -> AbsenceAnalysis:
    return access.absence_analysis(user, pk)


@extend_schema_view(
    list=extend_schema(operation_id="resilience_absences", tags=["resilience"]),
    retrieve=extend_schema(operation_id="resilience_absence", tags=["resilience"]),
)
@acting([PROPOSE], load=_load, shown=AnalysisOut, name="absence", tag="resilience")
class AbsenceAnalyses(ForStaff):
    """What absences do to the program, for those who see drafts."""

    rows = AbsenceAnalysis.objects.select_related("absence").order_by("-computed_at", "pk")
    serializer_class = AnalysisOut
    filterset_fields = {"impact": ["exact"], "absence": ["exact"], "incident": ["exact"]}
    ordering_fields = ["computed_at", "impact"]

    @property
    def throttle_scope(self) -> str:
        """Proposing judges a roster."""
        return HEAVY if self.request.method == "POST" else ""


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("resilience/absences", AbsenceAnalyses, basename="api-absence-analyses")

urlpatterns = router.urls
