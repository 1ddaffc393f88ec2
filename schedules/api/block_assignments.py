"""REST: who is on which rotation in which block."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from schedules.api.resource import Readable, RowSerializer
from schedules.models import BlockAssignment
from schedules.services import rotations


class BlockAssignmentSerializer(RowSerializer):
    person_name = serializers.CharField(source="person.name", read_only=True)
    rotation_name = serializers.CharField(source="rotation.name", read_only=True)
    block_number = serializers.IntegerField(source="block.number", read_only=True)

    class Meta:
        model = BlockAssignment
        fields = [
            "id",
            "person",
            "person_name",
            "block",
            "block_number",
            "rotation",
            "rotation_name",
            "reason_of_change",
        ]
        validators: list[Any] = []


class RotationChangeSerializer(RowSerializer):
    class Meta:
        model = BlockAssignment
        fields = ["rotation", "reason_of_change"]


class BlockAssignments(Readable):
    """Writes go through the gate: they need a verified backup, which is made where there is none."""

    rows = BlockAssignment.objects.select_related("person", "rotation", "block").order_by(
        "block__start_date", "person__name", "pk"
    )
    serializer_class = BlockAssignmentSerializer
    filterset_fields = {
        "person": ["exact"],
        "block": ["exact"],
        "rotation": ["exact"],
        "block__academic_year": ["exact"],
        "block__number": ["exact"],
    }
    ordering_fields = ["block__start_date", "person__name"]

    def create(self, request: Request) -> Response:
        given = self._given(BlockAssignmentSerializer(data=request.data))
        made = rotations.assign(
            given["person"],
            block=given["block"],
            rotation=given["rotation"],
            by=caller(request),
            at=timezone.now(),
            reason=given.get("reason_of_change", ""),
        )
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RotationChangeSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        given = self._given(RotationChangeSerializer(data=request.data))
        changed = rotations.change_rotation(
            self.get_object(),
            rotation=given["rotation"],
            by=caller(request),
            at=timezone.now(),
            reason=given.get("reason_of_change", ""),
        )
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        rotations.remove(self.get_object(), by=caller(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _given(self, serializer: serializers.Serializer) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
