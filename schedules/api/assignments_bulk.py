"""REST: setting and deleting many assignments at once, behind a dry run."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import caller
from accounts.permissions import Permission
from backups.enums import Risk
from common.services.throttling import HEAVY
from schedules import access
from schedules.domain.problem import SESSIONS, Session
from schedules.services import editing


class CellIn(serializers.Serializer):
    person = serializers.UUIDField()
    date = serializers.DateField()
    session = serializers.ChoiceField(choices=[session.value for session in SESSIONS])


class SetIn(CellIn):
    activity = serializers.CharField(max_length=20)
    locked = serializers.BooleanField(required=False, allow_null=True, default=None)


class BulkIn(serializers.Serializer):
    schedule = serializers.UUIDField()
    dry_run = serializers.BooleanField(default=True)
    confirmation_token = serializers.CharField(max_length=64, allow_blank=True, default="")
    range = serializers.CharField(
        max_length=40, allow_blank=True, default="", help_text="Typed by the person where half-days are deleted."
    )
    reason = serializers.CharField(max_length=100, allow_blank=True, default="")
    set = SetIn(many=True, default=list)
    delete = CellIn(many=True, default=list)

    def changes(self) -> list[editing.Change]:
        given = self.validated_data
        return [_change(row, row["activity"], row["locked"]) for row in given["set"]] + [
            _change(row, None, None) for row in given["delete"]
        ]


def _change(row: dict[str, Any], activity: str | None, locked: bool | None) -> editing.Change:
    return editing.Change(str(row["person"]), row["date"], Session(row["session"]), activity, locked)


class AssignmentsBulk(APIView):
    """Up to 5,000 rows, all or nothing; dry run unless said otherwise; applying needs the dry run's token."""

    throttle_scope = HEAVY

    @extend_schema(
        operation_id="assignments_bulk",
        tags=["assignments"],
        request=BulkIn,
        responses={200: OpenApiTypes.OBJECT, 403: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        # Who may only propose gets the dry run; its token applies nothing without the right to edit.
        access.require(caller(request), Permission.GENERATE)
        given = BulkIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        schedule = access.schedule(caller(request), asked["schedule"])
        changes = given.changes()
        if asked["dry_run"]:
            shown, token = editing.offer(schedule, changes, by=caller(request), at=timezone.now())
            more = {"confirmation_token": token, "range_to_type": editing.typed_range_of(changes), "risk": Risk.HIGH}
            return Response({"dry_run": True, **shown.as_json(), **more})
        access.require(caller(request), Permission.EDIT_ASSIGNMENTS)
        done = editing.apply(
            schedule,
            changes,
            token=asked["confirmation_token"],
            by=caller(request),
            at=timezone.now(),
            reason=asked["reason"],
            typed_range=asked["range"],
        )
        return Response({"dry_run": False, **done.as_json()})


urlpatterns = [path("assignments/bulk", AssignmentsBulk.as_view(), name="api-assignments-bulk")]
