"""REST: blocks, FMIT weeks, holidays and demand."""

from __future__ import annotations

from rest_framework import serializers

from schedules.api.resource import CodeField, Editable, Readable, RowSerializer
from schedules.domain.problem import Role
from schedules.models import Activity, Block, Demand, FmitWeek, Holiday


class BlockSerializer(serializers.ModelSerializer):
    class Meta:
        model = Block
        fields = ["id", "academic_year", "number", "start_date", "end_date"]


class Blocks(Readable):
    """Scheduling periods of an academic year."""

    rows = Block.objects.order_by("start_date")
    serializer_class = BlockSerializer
    filterset_fields = {
        "academic_year": ["exact"],
        "number": ["exact"],
        "start_date": ["gte", "lte"],
        "end_date": ["gte", "lte"],
    }
    ordering_fields = ["start_date", "number"]


class FmitWeekSerializer(RowSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = FmitWeek
        fields = ["id", "person", "person_name", "start_date", "end_date", "reason_of_change"]


class FmitWeeks(Editable):
    """Who leads the inpatient team from Friday to Thursday."""

    rows = FmitWeek.objects.select_related("person").order_by("start_date")
    serializer_class = FmitWeekSerializer
    filterset_fields = {"person": ["exact"], "start_date": ["exact", "gte", "lte"], "end_date": ["gte", "lte"]}
    ordering_fields = ["start_date"]


class HolidaySerializer(RowSerializer):
    class Meta:
        model = Holiday
        fields = ["id", "date", "name", "reason_of_change"]


class Holidays(Editable):
    """Days on which clinics close."""

    rows = Holiday.objects.order_by("date")
    serializer_class = HolidaySerializer
    filterset_fields = {"date": ["exact", "gte", "lte"]}
    ordering_fields = ["date"]


class DemandSerializer(RowSerializer):
    activity = CodeField(queryset=Activity.objects.all())
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        help_text="0 = Monday .. 6 = Sunday; empty = every day.",
    )
    roles = serializers.ListField(
        child=serializers.ChoiceField([role.value for role in Role]), required=False, help_text="Empty = everybody."
    )

    class Meta:
        model = Demand
        fields = [
            "id",
            "activity",
            "session",
            "basis",
            "minimum",
            "desired",
            "maximum",
            "weekdays",
            "on_holidays",
            "start_date",
            "end_date",
            "roles",
            "is_active",
            "note",
            "reason_of_change",
        ]


class Demands(Editable):
    """How many people a session must have in an activity."""

    rows = Demand.objects.select_related("activity").order_by("activity__code", "session", "pk")
    serializer_class = DemandSerializer
    filterset_fields = {
        "activity__code": ["exact"],
        "session": ["exact"],
        "basis": ["exact"],
        "is_active": ["exact"],
    }
    ordering_fields = ["minimum"]
