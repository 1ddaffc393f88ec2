"""REST: incidents from detection to review, with their times, timeline and report."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from resilience import access
from resilience.api import texts
from resilience.api.acts import Act, ForStaff, acting
from resilience.api.approvals import ApprovalOut
from resilience.api.texts import MarkdownRenderer
from resilience.domain.levels import Level
from resilience.enums import IncidentStateName, LevelName
from resilience.models import Incident, IncidentEvent
from resilience.services import documents, incidents

SEVERITIES = [choice for choice in LevelName.choices if Level[choice[0]] >= Level.YELLOW]


# --- what is answered ------------------------------------------------------------------------------------------------


class LineOut(serializers.ModelSerializer):
    """One line of the timeline, which is only ever added to."""

    by = serializers.CharField(source="by.username", default=None, allow_null=True)

    class Meta:
        model = IncidentEvent
        fields = ["at", "event", "text", "detail", "by"]


class TimeOut(serializers.Serializer):
    """One thing that was to be done by a time."""

    step = serializers.CharField()
    severity = serializers.CharField()
    due_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    met = serializers.BooleanField(allow_null=True, help_text="null = not decided yet.")


class IncidentOut(serializers.ModelSerializer):
    """An incident in a list."""

    class Meta:
        model = Incident
        fields = [
            "id",
            "number",
            "kind",
            "state",
            "severity",
            "highest",
            "title",
            "start_date",
            "end_date",
            "detected_at",
            "analysed_at",
            "acknowledged_at",
            "closed_at",
        ]


class IncidentDetailOut(IncidentOut):
    """With trigger, impact, analysis, recommendations, times, documents, and what the caller may do now."""

    acknowledged_by = serializers.CharField(source="acknowledged_by.username", default=None, allow_null=True)
    times = serializers.SerializerMethodField()
    approvals: serializers.RelatedField = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    documents: serializers.RelatedField = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    may = serializers.SerializerMethodField(help_text="What the caller may do, as addresses below this one.")

    class Meta(IncidentOut.Meta):
        fields = [
            *IncidentOut.Meta.fields,
            "summary",
            "trigger_metric",
            "trigger_value",
            "trigger_threshold",
            "people",
            "acknowledged_by",
            "times",
            "impact",
            "analysis",
            "recommendations",
            "recovery_missing",
            "resolution",
            "lessons",
            "follow_ups",
            "merged_into",
            "approvals",
            "documents",
            "may",
        ]

    @extend_schema_field(TimeOut(many=True))
    def get_times(self, incident: Incident) -> Any:
        return TimeOut(incidents.times(incident, at=timezone.now()), many=True).data

    def get_may(self, incident: Incident) -> list[str]:
        user: User = self.context["request"].user
        return sorted(incidents.acts_for(incident, user))


# --- what is sent ----------------------------------------------------------------------------------------------------


class TextIn(serializers.Serializer):
    text = serializers.CharField(max_length=2000)


class WhyIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class SeverityIn(WhyIn):
    severity = serializers.ChoiceField(SEVERITIES)


class KeyIn(serializers.Serializer):
    key = serializers.CharField(max_length=200, help_text="Of one of the recommendations.")


class RecoverIn(serializers.Serializer):
    resolution = serializers.CharField(max_length=2000, allow_blank=True, required=False, default="")


class FollowUpIn(serializers.Serializer):
    text = serializers.CharField(max_length=300)
    due = serializers.DateField(required=False, allow_null=True, default=None)


class ReviewIn(serializers.Serializer):
    resolution = serializers.CharField(max_length=2000)
    lessons = serializers.CharField(max_length=2000, allow_blank=True, required=False, default="")
    follow_ups = FollowUpIn(many=True, required=False, default=list)


class MergeIn(WhyIn):
    into = serializers.UUIDField()


class ReportIn(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=2000, help_text="Without names of people and reasons of absences.")
    severity = serializers.ChoiceField(SEVERITIES)
    people = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    start = serializers.DateField(required=False, allow_null=True, default=None)
    end = serializers.DateField(required=False, allow_null=True, default=None)


def _set_severity(incident: Incident, *, by: User, at: dt.datetime, severity: str, reason: str) -> Incident:
    return incidents.set_severity(incident, Level[severity], by=by, at=at, reason=reason)


def _merge(incident: Incident, *, by: User, at: dt.datetime, into: uuid.UUID, reason: str) -> Incident:
    return incidents.merge(incident, access.incident(by, into), by=by, at=at, reason=reason)


def _review(incident: Incident, *, by: User, at: dt.datetime, follow_ups: list[Any], **said: str) -> Incident:
    listed = [{"text": item["text"], "due": item["due"] and item["due"].isoformat()} for item in follow_ups]
    return incidents.review(incident, by=by, at=at, follow_ups=listed, **said)


def _propose(incident: Incident, *, by: User, at: dt.datetime, key: str) -> Any:
    return incidents.propose(incident, key, by=by, at=at)


def _fix(incident: Incident, *, by: User, at: dt.datetime, key: str) -> Any:
    return incidents.fix_violation(incident, key, by=by, at=at)


PROPOSING = Permission.SIMULATE_RESILIENCE
ACTS = (
    Act("acknowledge", "Say that somebody has it.", incidents.acknowledge),
    Act("update", "Tell the others how it stands.", incidents.update, TextIn),
    Act("note_action", "Put something that was done on the timeline.", incidents.note_action, TextIn),
    Act("set_severity", "Raise or lower it, with the reason.", _set_severity, SeverityIn),
    Act("analyse_again", "Have the workers analyse it anew.", incidents.analyse_again),
    Act("propose", "Ask persons for a recommended act.", _propose, KeyIn, right=PROPOSING, shown=ApprovalOut),
    Act("fix_violation", "Apply the checked fix of a violation.", _fix, KeyIn),
    Act("monitor", "Only watch it from now on.", incidents.monitor),
    Act("recover", "Say that it is over; refused while something is missing.", incidents.recover, RecoverIn),
    Act("review", "Write down what it taught.", _review, ReviewIn),
    Act("close", "Close it after its review.", incidents.close),
    Act("dismiss", "It was a false alarm, with the reason.", incidents.dismiss, WhyIn),
    Act("merge", "It is part of another one.", _merge, MergeIn),
)


class IncidentFilter(django_filters.FilterSet):
    """`open` = true for those that somebody still has to see to the end."""

    open = django_filters.BooleanFilter(method="only_open")
    state = django_filters.ChoiceFilter(choices=IncidentStateName.choices)

    class Meta:
        model = Incident
        fields = ["kind", "severity"]

    def only_open(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(pk__in=Incident.objects.open()) if value else rows


@extend_schema_view(
    list=extend_schema(operation_id="incidents", tags=["incidents"]),
    retrieve=extend_schema(operation_id="incident", tags=["incidents"], responses={200: IncidentDetailOut}),
)
@acting(ACTS, load=access.incident, shown=IncidentDetailOut, name="incident", tag="incidents")
class Incidents(ForStaff):
    """What went wrong and what was done about it, for those who see drafts."""

    rows = Incident.objects.order_by("-detected_at")
    serializer_class = IncidentOut
    filterset_class = IncidentFilter
    ordering_fields = ["detected_at", "number", "severity"]

    @property
    def throttle_scope(self) -> str:
        """Proposing and fixing judge rosters."""
        return HEAVY if self.request.method == "POST" else ""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(IncidentDetailOut(self.get_object(), context=self.get_serializer_context()).data)

    @extend_schema(
        operation_id="incident_report_by_person",
        tags=["incidents"],
        request=ReportIn,
        responses={201: IncidentDetailOut, 403: RefusalOut},
    )
    def create(self, request: Request) -> Response:
        """Report something that the system did not notice."""
        access.require(caller(request), Permission.APPROVE_RESILIENCE)
        given = ReportIn(data=request.data)
        given.is_valid(raise_exception=True)
        sent = dict(given.validated_data)
        sent["severity"], sent["people"] = Level[sent["severity"]], tuple(map(str, sent["people"]))
        made = incidents.report(**sent, by=caller(request), at=timezone.now())
        return Response(IncidentDetailOut(made, context=self.get_serializer_context()).data, status=201)

    @extend_schema(operation_id="incident_timeline", tags=["incidents"], responses={200: LineOut(many=True)})
    @action(detail=True, methods=["get"], filterset_class=None)
    def timeline(self, request: Request, pk: uuid.UUID) -> Response:
        """Every line, the oldest first."""
        rows = access.incident(caller(request), pk).timeline.select_related("by")
        return self.get_paginated_response(LineOut(self.paginate_queryset(rows), many=True).data)

    @extend_schema(
        operation_id="incident_report", tags=["incidents"], responses={(200, "text/markdown"): OpenApiTypes.STR}
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, MarkdownRenderer])
    def report(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """The report as it would be written now, in Markdown. Drafts that were kept are documents."""
        return texts.markdown(documents.incident_report(access.incident(caller(request), pk), at=timezone.now()))


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("incidents", Incidents, basename="api-incidents")

urlpatterns = router.urls
