"""REST: activities, and rotation templates with their patterns."""

from __future__ import annotations

from rest_framework import serializers

from common.api import Whole
from schedules.api.resource import Readable
from schedules.models import Activity, RotationPattern, RotationTemplate


class ActivitySerializer(serializers.ModelSerializer):
    am_hours = serializers.FloatField()
    pm_hours = serializers.FloatField()
    night_hours = serializers.FloatField()
    credential = serializers.CharField(source="credential.code", allow_null=True, default=None)
    roles = serializers.ListField(child=serializers.CharField())
    pgy_levels = serializers.ListField(child=serializers.IntegerField())

    class Meta:
        model = Activity
        fields = [
            "id",
            "code",
            "name",
            "category",
            "am_hours",
            "pm_hours",
            "night_hours",
            "counts_toward_clinic_capacity",
            "supervision",
            "provides_supervision",
            "shed_tier",
            "work_kind",
            "roles",
            "pgy_levels",
            "credential",
        ]


class Activities(Readable):
    """What people do in a session."""

    rows = Activity.objects.select_related("credential").order_by("code")
    serializer_class = ActivitySerializer
    filterset_fields = {"code": ["exact"], "category": ["exact"], "counts_toward_clinic_capacity": ["exact"]}
    ordering_fields = ["code", "name", "category"]


class PatternCellSerializer(serializers.ModelSerializer):
    activity = serializers.CharField(source="activity.code")

    class Meta:
        model = RotationPattern
        fields = ["week", "weekday", "session", "activity"]


class RotationSerializer(serializers.ModelSerializer):
    class Meta:
        model = RotationTemplate
        fields = ["id", "name", "kind", "is_active"]


class RotationWithPatternSerializer(RotationSerializer):
    pattern = PatternCellSerializer(many=True)

    class Meta(RotationSerializer.Meta):
        fields = [*RotationSerializer.Meta.fields, "pattern"]


class RotationTemplates(Readable):
    """All rotations as a bare array; one of them with its four-week pattern (weekday 0 = Monday)."""

    rows = RotationTemplate.objects.order_by("name", "pk")
    pagination_class = Whole
    serializer_class = RotationSerializer
    filterset_fields = {"kind": ["exact"], "is_active": ["exact"], "name": ["icontains"]}
    ordering_fields = ["name", "kind"]

    def get_serializer_class(self) -> type[serializers.ModelSerializer]:
        return RotationWithPatternSerializer if self.action == "retrieve" else RotationSerializer

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = super().get_queryset()
        return rows.prefetch_related("pattern__activity") if self.action == "retrieve" else rows
