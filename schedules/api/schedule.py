"""REST: judging stored dates, their conflicts, and deciding on drafts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid
from common.services.throttling import HEAVY
from schedules import access
from schedules.api.schedules import ScheduleSerializer
from schedules.domain.blocks import ODD_YEAR, YEARS
from schedules.models import Publication, Schedule
from schedules.services import conflicts, publishing
from schedules.services.runs import LONGEST_RANGE
from schedules.services.validation import validate

PUBLISHED = "published"

_RANGE = [
    OpenApiParameter("start_date", OpenApiTypes.DATE, required=True),
    OpenApiParameter("end_date", OpenApiTypes.DATE, required=True),
    OpenApiParameter("schedule", OpenApiTypes.STR, description="`published` (default) or the id of a version."),
]


class RangeIn(serializers.Serializer):
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    schedule = serializers.CharField(default=PUBLISHED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        odd = [name for name in ("start_date", "end_date") if attrs[name].year not in YEARS]
        if odd:
            raise exceptions.ValidationError({name: [ODD_YEAR] for name in odd})
        days = (attrs["end_date"] - attrs["start_date"]).days + 1
        if days < 1:
            raise exceptions.ValidationError({"end_date": ["The range ends before it begins."]})
        if days > LONGEST_RANGE:
            raise exceptions.ValidationError({"end_date": [f"At most {LONGEST_RANGE} days at once."]})
        return attrs


class PublicationOut(serializers.ModelSerializer):
    schedule = ScheduleSerializer()

    class Meta:
        model = Publication
        fields = [
            "id",
            "schedule",
            "published_at",
            "override_reason",
            "acceptance",
            "backup_file",
            "replaced",
            "rolled_back_at",
            "rollback_reason",
        ]


class PublishIn(serializers.Serializer):
    override_reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class RollbackIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")
    confirm = serializers.BooleanField(default=False, help_text="Yes to losing the edits made since.")


class ReasonIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class Validate(APIView):
    """The rule table's judgement of stored dates. Reads only.

    Whoever may not see drafts reads what concerns the own days or nobody, without the names of others; `withheld`
    counts the rest.
    """

    throttle_scope = HEAVY

    @extend_schema(
        operation_id="schedule_validate", tags=["schedule"], parameters=_RANGE, responses={200: OpenApiTypes.OBJECT}
    )
    def get(self, request: Request) -> Response:
        start, end, version = _asked(request)
        judged = validate(start, end, schedule=version)
        figures = judged.figures()
        return Response(access.judgement_visible_to(caller(request), {**figures.pop("validation"), **figures}))


class Conflicts(APIView):
    """Every finding with a proposed fix that was checked by the rule table, or null where none was found."""

    throttle_scope = HEAVY

    @extend_schema(
        operation_id="schedule_conflicts", tags=["schedule"], parameters=_RANGE, responses={200: OpenApiTypes.OBJECT}
    )
    def get(self, request: Request) -> Response:
        access.require(caller(request), Permission.SEE_DRAFTS)
        start, end, version = _asked(request)
        found = conflicts.detect(start, end, schedule=version)
        return Response({"items": [item.as_json() for item in found], "total": len(found)})


class ApplyConflict(APIView):
    """Apply the proposed fix of one finding, checked again at this moment."""

    throttle_scope = HEAVY

    @extend_schema(
        operation_id="schedule_conflict_apply",
        tags=["schedule"],
        request=None,
        responses={200: OpenApiTypes.OBJECT, 409: RefusalOut},
    )
    def post(self, request: Request, pk: str) -> Response:
        access.require(caller(request), Permission.EDIT_ASSIGNMENTS)
        schedule_id, _, key = pk.partition(":")
        schedule = access.schedule(caller(request), _uuid(schedule_id))
        applied = conflicts.apply(schedule, key, by=caller(request), at=timezone.now())
        return Response(applied.preview.as_json())


class Diff(APIView):
    """What one version changes against another (or `published`), person by person."""

    @extend_schema(
        operation_id="schedule_diff",
        tags=["schedules"],
        responses={200: OpenApiTypes.OBJECT, 404: RefusalOut},
    )
    def get(self, request: Request, pk: uuid.UUID, other: str) -> Response:
        schedule = access.schedule(caller(request), pk)
        against = None if other == PUBLISHED else access.schedule(caller(request), _uuid(other))
        return Response(publishing.compare(schedule, other=against))


def _publish(schedule: Schedule, by: User, given: dict[str, Any]) -> Any:
    """Publish a draft: it replaces exactly its dates. One that fails acceptance needs an `override_reason`."""
    done = publishing.publish(schedule, by=by, at=timezone.now(), override_reason=given["override_reason"])
    return PublicationOut(done).data


def _roll_back(schedule: Schedule, by: User, given: dict[str, Any]) -> Any:
    """Bring back what a publish replaced, within 24 hours. Edits made since are listed and need `confirm`."""
    done = publishing.roll_back(schedule, by=by, at=timezone.now(), reason=given["reason"], confirm=given["confirm"])
    return PublicationOut(done).data


def _discard(schedule: Schedule, by: User, given: dict[str, Any]) -> Any:
    """Give a draft up; its rows stay for the record."""
    return ScheduleSerializer(publishing.discard(schedule, by=by, at=timezone.now(), reason=given["reason"])).data


def _revalidate(schedule: Schedule, by: User, given: dict[str, Any]) -> Any:
    """Judge a draft against the present inputs; a stale one can be published again."""
    done = publishing.revalidate(schedule, by=by, at=timezone.now())
    return {**ScheduleSerializer(done).data, "validation": done.validation}


ACTS: dict[str, tuple[Permission, type[serializers.Serializer], Callable[[Schedule, User, dict[str, Any]], Any]]] = {
    "publish": (Permission.PUBLISH, PublishIn, _publish),
    "rollback": (Permission.PUBLISH, RollbackIn, _roll_back),
    "discard": (Permission.EDIT_ASSIGNMENTS, ReasonIn, _discard),
    "revalidate": (Permission.EDIT_ASSIGNMENTS, ReasonIn, _revalidate),
}


def _act_view(act: str) -> Callable[..., Any]:
    """The POST view of one decision."""
    permission, shape, deed = ACTS[act]

    class ScheduleAct(APIView):
        throttle_scope = HEAVY

        @extend_schema(
            operation_id=f"schedules_{act}",
            description=deed.__doc__,
            tags=["schedules"],
            request=shape,
            responses={200: OpenApiTypes.OBJECT, 403: RefusalOut, 404: RefusalOut, 409: RefusalOut, 423: RefusalOut},
        )
        def post(self, request: Request, pk: uuid.UUID) -> Response:
            schedule = access.schedule(caller(request), pk)
            access.require(caller(request), permission)
            given = shape(data=request.data or {})
            given.is_valid(raise_exception=True)
            return Response(deed(schedule, caller(request), given.validated_data))

    return ScheduleAct.as_view()


def _asked(request: Request) -> tuple[dt.date, dt.date, Schedule | None]:
    given = RangeIn(data=request.query_params)
    given.is_valid(raise_exception=True)
    asked = given.validated_data
    version = None if asked["schedule"] == PUBLISHED else access.schedule(caller(request), _uuid(asked["schedule"]))
    return asked["start_date"], asked["end_date"], version


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is not the id of a schedule. Give 'published' or an id.") from error


urlpatterns = [
    path("schedule/validate", Validate.as_view(), name="api-validate"),
    path("schedule/conflicts", Conflicts.as_view(), name="api-conflicts"),
    path("schedule/conflicts/<str:pk>/apply", ApplyConflict.as_view(), name="api-conflict-apply"),
    path("schedules/<uuid:pk>/diff/<str:other>", Diff.as_view(), name="api-schedule-diff"),
    *(path(f"schedules/<uuid:pk>/{act}", _act_view(act), name=f"api-schedule-{act}") for act in ACTS),
]
