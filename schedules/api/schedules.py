"""REST: versions of the schedule and their assignments, to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers, viewsets

from accounts.access import caller
from accounts.models import User
from schedules import access
from schedules.api.resource import Readable
from schedules.enums import ScheduleStatus
from schedules.models import Assignment, Schedule


class ScheduleSerializer(serializers.ModelSerializer):
    stale = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = [
            "id",
            "start_date",
            "end_date",
            "status",
            "label",
            "version",
            "created_at",
            "published_at",
            "coverage_rate",
            "stale",
            "stale_since",
            "stale_reason",
        ]

    def get_stale(self, schedule: Schedule) -> bool:
        return schedule.stale_since is not None


class Schedules(Readable):
    """Published versions for everybody; drafts and earlier versions for those who may see drafts."""

    rows = Schedule.objects.order_by("-created_at", "pk")
    serializer_class = ScheduleSerializer
    filterset_fields = {"status": ["exact"], "start_date": ["exact", "gte", "lte"], "end_date": ["gte", "lte"]}
    ordering_fields = ["created_at", "start_date", "published_at"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = access.schedules_visible_to(caller(self.request)) if self.request.user.pk else Schedule.objects.none()
        return rows.order_by("-created_at", "pk")


class AssignmentSerializer(serializers.ModelSerializer):
    person_name = serializers.CharField(source="person.name")
    activity = serializers.CharField(source="activity.code")

    class Meta:
        model = Assignment
        fields = [
            "id",
            "schedule",
            "person",
            "person_name",
            "date",
            "session",
            "activity",
            "rotation",
            "source",
            "locked",
        ]


class AssignmentFilter(django_filters.FilterSet):
    start_date = django_filters.DateFilter("date", "gte")
    end_date = django_filters.DateFilter("date", "lte")
    activity = django_filters.CharFilter("activity__code")

    class Meta:
        model = Assignment
        fields = ["person", "session", "source", "locked"]


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("schedule", OpenApiTypes.STR, description="`published` (default) or the id of a version.")
        ]
    )
)
class Assignments(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Who does what when: of what is published, or of one version."""

    queryset = Assignment.objects.none()
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilter
    own_parameters = frozenset({"schedule"})
    ordering_fields = ["date"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = Assignment.objects.select_related("person", "activity").order_by("date", "person__name", "session", "pk")
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return _of_version(rows, self.request.query_params.get("schedule") or "published", caller(self.request))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.request.query_params
        if asked.get("start_date", "") > (asked.get("end_date") or "9999"):
            raise exceptions.ValidationError({"end_date": ["The last day is before the first day."]})
        return super().filter_queryset(queryset)


def _of_version(rows: QuerySet[Any], version: str, user: User) -> QuerySet[Any]:
    if version == "published":
        return rows.filter(schedule__status=ScheduleStatus.PUBLISHED)
    try:
        pk = UUID(version)
    except ValueError:
        raise exceptions.ValidationError({"schedule": ["Give `published` or the id of a schedule."]}) from None
    return rows.filter(schedule=access.schedule(user, pk))
