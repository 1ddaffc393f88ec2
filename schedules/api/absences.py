"""REST: absences, from the request to the decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from schedules import access
from schedules.api.resource import Readable
from schedules.enums import AbsenceKind, AbsenceStatus
from schedules.models import Absence, Person
from schedules.queries.absences import impact_of
from schedules.services import absences


class AbsenceSerializer(serializers.ModelSerializer):
    """`reason` and `decision_note` are null where the kind is sensitive and the caller may not know."""

    person_name = serializers.CharField(source="person.name")

    class Meta:
        model = Absence
        fields = [
            "id",
            "person",
            "person_name",
            "start_date",
            "end_date",
            "kind",
            "status",
            "reason",
            "created_at",
            "decided_at",
            "decision_note",
        ]

    def to_representation(self, absence: Absence) -> dict[str, Any]:
        shown = super().to_representation(absence)
        if not access.sees_reason(self.context["request"].user, absence):
            shown |= {"reason": None, "decision_note": None}
        return shown


class AbsenceRequestSerializer(serializers.Serializer):
    person = serializers.PrimaryKeyRelatedField(
        queryset=Person.objects.all(), required=False, help_text="Left out: the caller's own person."
    )
    start_date = serializers.DateField()
    end_date = serializers.DateField(help_text="Last day, included.")
    kind = serializers.ChoiceField(AbsenceKind.choices)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500)


class DecisionSerializer(serializers.Serializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class AbsenceRequestedSerializer(AbsenceSerializer):
    warnings = serializers.ListField(child=serializers.CharField())

    class Meta(AbsenceSerializer.Meta):
        fields = [*AbsenceSerializer.Meta.fields, "warnings"]


class CollidingDutySerializer(serializers.Serializer):
    date = serializers.DateField()
    session = serializers.CharField()
    activity = serializers.CharField()


class ImpactSerializer(serializers.Serializer):
    """Published duties inside the absence, drafts made stale, and what the published schedule now lacks."""

    colliding_duties = CollidingDutySerializer(many=True)
    stale_drafts = serializers.ListField(child=serializers.UUIDField())
    findings = serializers.ListField(child=serializers.DictField(), help_text="New or worse ones, once it is approved.")


class AbsenceDecidedSerializer(AbsenceSerializer):
    impact = ImpactSerializer()

    class Meta(AbsenceSerializer.Meta):
        fields = [*AbsenceSerializer.Meta.fields, "impact"]


class AbsenceFilter(django_filters.FilterSet):
    """`start_date` and `end_date` are a window: absences that touch it."""

    start_date = django_filters.DateFilter("end_date", "gte")
    end_date = django_filters.DateFilter("start_date", "lte")

    class Meta:
        model = Absence
        fields = ["person", "kind", "status"]


class Absences(Readable):
    """Everybody sees and asks for the own ones; staff see all."""

    rows = Absence.objects.select_related("person").order_by("start_date", "person__name", "pk")
    serializer_class = AbsenceSerializer
    filterset_class = AbsenceFilter
    ordering_fields = ["start_date", "end_date", "created_at", "status"]

    @property
    def throttle_scope(self) -> str:
        """Deciding, and asking what a decision would touch, judge whole blocks."""
        return HEAVY if self.request.method == "POST" or self.action == "impact" else ""

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return access.own_or_all(rows, user)

    @extend_schema(request=AbsenceRequestSerializer, responses={201: AbsenceRequestedSerializer})
    def create(self, request: Request) -> Response:
        """Ask for days away. Overlaps with other absences of the person are allowed and named in `warnings`."""
        asked = _valid(AbsenceRequestSerializer(data=request.data))
        made = absences.request(
            asked.get("person") or access.own_person(caller(request)),
            start=asked["start_date"],
            end=asked["end_date"],
            kind=asked["kind"],
            reason=asked.get("reason", ""),
            by=caller(request),
            at=timezone.now(),
        )
        warnings = [
            f"Overlaps {other.get_kind_display().lower()} from {other.start_date} to {other.end_date}."
            for other in absences.overlapping(made)
        ]
        return Response(self._shown(made) | {"warnings": warnings}, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: ImpactSerializer, 403: RefusalOut})
    @action(detail=True, methods=["get"])
    def impact(self, request: Request, pk: UUID) -> Response:
        """What an approval would touch, before it is given; changes nothing.

        For the person who asked and for those who decide; `findings` are the deciders', while it waits for them.
        """
        absence = access.absence_impact(caller(request), pk)
        return Response({**self._impact(absence), "findings": self._findings(absence)})

    @extend_schema(request=DecisionSerializer, responses={200: AbsenceDecidedSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        """Grant it. `impact` names published duties that need somebody else, stale drafts, and new findings."""
        return self._decide(absences.approve, request, pk)

    @extend_schema(request=DecisionSerializer, responses={200: AbsenceDecidedSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: UUID) -> Response:
        """Refuse it."""
        return self._decide(absences.reject, request, pk)

    @extend_schema(request=DecisionSerializer, responses={200: AbsenceDecidedSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Take it back."""
        return self._decide(absences.cancel, request, pk)

    def _decide(self, act: Any, request: Request, pk: UUID) -> Response:
        given = _valid(DecisionSerializer(data=request.data))
        absence = access.absence(caller(request), pk)
        findings = self._findings(absence) if act is absences.approve else []
        done = act(absence, by=caller(request), at=timezone.now(), note=given.get("note", ""))
        return Response(self._shown(done) | {"impact": {**self._impact(done), "findings": findings}})

    def _findings(self, absence: Absence) -> list[dict[str, Any]]:
        """New or worse findings of the published schedule, for who may decide on it and as long as it is undecided."""
        decides = caller(self.request).may(Permission.APPROVE_ABSENCES) and absence.status == AbsenceStatus.REQUESTED
        return absences.findings_if_approved(absence) if decides else []

    def _impact(self, absence: Absence) -> dict[str, Any]:
        duties = impact_of(absence).duties
        drafts = access.drafts_touched_by(caller(self.request), absence)
        return {
            "colliding_duties": [{"date": d.date, "session": d.session, "activity": d.code} for d in duties],
            "stale_drafts": [draft.pk for draft in drafts],
        }

    def _shown(self, absence: Absence) -> dict[str, Any]:
        return dict(AbsenceSerializer(absence, context=self.get_serializer_context()).data)


def _valid(serializer: serializers.Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
