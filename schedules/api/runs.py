"""REST: asking for a generation, watching it, confirming, stopping and retrying it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import caller
from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from schedules import access
from schedules.enums import Algorithm, RunStatus
from schedules.models import GenerationRun
from schedules.services import runs

POLL_SECONDS = 0.25
TOKEN_LENGTH = 64
GRACE_SECONDS = 60
"""Beyond the solver's time a caller with `?wait=true` waits this long for backup, judging and writing."""

ENDED: dict[str, tuple[int, str]] = {
    RunStatus.DRAFT_READY: (200, ""),
    RunStatus.PUBLISHED: (200, ""),
    RunStatus.DISCARDED: (200, ""),
    RunStatus.INFEASIBLE: (422, "infeasible"),
    RunStatus.TIMED_OUT: (409, "timed_out"),
    RunStatus.FAILED: (409, "failed"),
    RunStatus.CANCELLED: (409, "cancelled"),
}
"""What `?wait=true` answers for each end: status and code."""


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string"}]})
class Confirm(serializers.Field):
    """`true`, or the `confirmation_token` of an earlier answer."""

    default_error_messages = {"invalid": "Give true, false or a confirmation token."}

    def to_internal_value(self, data: Any) -> bool | str:
        if not isinstance(data, bool | str) or not str(data).isprintable() or len(str(data)) > TOKEN_LENGTH:
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class ConfirmIn(serializers.Serializer):
    confirm = Confirm(required=False, default=False)


class GenerateIn(ConfirmIn):
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    algorithm = serializers.ChoiceField(
        choices=Algorithm.values,
        default=Algorithm.CP_SAT.value,
        error_messages={"invalid_choice": f"{{input!r}} is not known. Choose one of: {', '.join(Algorithm.values)}."},
    )
    timeout_seconds = serializers.IntegerField(
        min_value=runs.SHORTEST_TIMEOUT, max_value=runs.LONGEST_TIMEOUT, default=120
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)
    mode = serializers.ChoiceField(choices=["new", "repair"], default="new", help_text="repair = fewest changes.")
    pgy_levels = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=9), default=list)
    rotation_template_ids = serializers.ListField(child=serializers.UUIDField(), default=list)
    label = serializers.CharField(max_length=60, allow_blank=True, default="")  # type: ignore[assignment]

    def order(self) -> runs.Order:
        given = self.validated_data
        return runs.Order(
            start=given["start_date"],
            end=given["end_date"],
            algorithm=given["algorithm"],
            timeout_seconds=given["timeout_seconds"],
            seed=given["seed"],
            repair=given["mode"] == "repair",
            pgy_levels=tuple(sorted(set(given["pgy_levels"]))),
            rotation_template_ids=tuple(sorted(map(str, given["rotation_template_ids"]))),
            label=given["label"],
        )


class RunOut(serializers.Serializer):
    """A run; the fields of the result appear once it has one."""

    id = serializers.UUIDField()
    run_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=RunStatus.choices)
    start_date = serializers.DateField()
    end_date = serializers.DateField()
    message = serializers.CharField()
    schedule_id = serializers.UUIDField(allow_null=True)
    progress = serializers.DictField()

    def to_representation(self, run: GenerationRun) -> dict[str, Any]:
        return runs.as_json(run)


class RefusedOut(serializers.Serializer):
    """A refusal; `confirmation_required` also carries `preflight` and `confirmation_token`."""

    code = serializers.CharField()
    detail = serializers.CharField()


_REFUSALS = {
    403: RefusedOut,
    409: OpenApiResponse(RefusedOut, description="Confirmation required, overlapping run, or what pre-flight found."),
}


class Generate(APIView):
    """Pre-flight, confirmation and start of a generation."""

    throttle_scope = HEAVY

    @extend_schema(
        operation_id="schedule_generate",
        tags=["schedule"],
        request=GenerateIn,
        parameters=[
            OpenApiParameter("wait", OpenApiTypes.BOOL, description="Answer when it has ended."),
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER),
        ],
        responses={200: RunOut, 202: RunOut, 422: RefusedOut, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        access.require(caller(request), Permission.GENERATE)
        given = GenerateIn(data=request.data)
        given.is_valid(raise_exception=True)
        run = runs.request_run(
            given.order(),
            by=caller(request),
            at=timezone.now(),
            confirm=given.validated_data["confirm"],
            idempotency_key=request.headers.get("Idempotency-Key", "")[:200],
        )
        if request.query_params.get("wait", "").lower() in {"true", "1"}:
            return _ended(run)
        return Response(runs.as_json(run), status=202)


def _ended(run: GenerationRun) -> Response:
    """Wait for the end and answer as it deserves; 202 where it takes too long or waits for a person."""
    deadline = time.monotonic() + run.timeout_seconds + GRACE_SECONDS
    while True:
        run = GenerationRun.objects.select_related("backup", "requested_by", "confirmed_by").get(pk=run.pk)
        if run.status in ENDED:
            break
        if run.status == RunStatus.AWAITING_CONFIRMATION or time.monotonic() > deadline:
            return Response(runs.as_json(run), status=202)
        time.sleep(POLL_SECONDS)
    status, code = ENDED[run.status]
    refusal = {"code": code, "detail": runs.message_of(run)} if code else {}
    return Response({**runs.as_json(run), **refusal}, status=status)


class Runs(ListAPIView):
    """All runs, newest first."""

    serializer_class = RunOut
    queryset = GenerationRun.objects.none()
    filterset_fields = {"status": ["exact"], "start_date": ["exact", "gte", "lte"], "end_date": ["exact", "gte", "lte"]}
    ordering_fields = ["created_at", "start_date"]

    @extend_schema(operation_id="schedule_runs", tags=["schedule"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        access.require(caller(request), Permission.SEE_DRAFTS)
        return super().get(request, *args, **kwargs)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return GenerationRun.objects.select_related("backup", "requested_by", "confirmed_by")


class RunDetail(APIView):
    """One run: its state, its progress while it is worked on, its result once there is one."""

    @extend_schema(operation_id="schedule_run", tags=["schedule"], responses={200: RunOut, 404: RefusedOut})
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(runs.as_json(access.run(caller(request), pk)))


def _confirm(run: GenerationRun, by: User, answer: bool | str) -> GenerationRun:
    """Say yes to a run that waits: `confirm` is the token of what was shown, or true for the present state."""
    return runs.confirm(run, by=by, at=timezone.now(), answer=answer)


def _retry(run: GenerationRun, by: User, answer: bool | str) -> GenerationRun:
    """Try a failed run again behind a backup of its own, while health is green; `confirm` as for a new run."""
    return runs.retry(run, by=by, at=timezone.now(), answer=answer)


def _stop(run: GenerationRun, by: User, answer: bool | str) -> GenerationRun:
    """End the search and keep the best roster found so far."""
    return runs.request_stop(run, by=by, at=timezone.now())


def _abort(run: GenerationRun, by: User, answer: bool | str) -> GenerationRun:
    """End the run and keep nothing."""
    return runs.request_abort(run, by=by, at=timezone.now())


ACTS: dict[str, tuple[Permission, Callable[[GenerationRun, User, bool | str], GenerationRun]]] = {
    "confirm": (Permission.CONFIRM_RUN, _confirm),
    "retry": (Permission.CONFIRM_RUN, _retry),
    "stop": (Permission.GENERATE, _stop),
    "abort": (Permission.GENERATE, _abort),
}


def _act_view(act: str) -> Callable[..., Any]:
    """The POST view of one deed."""
    permission, deed = ACTS[act]

    class RunAct(APIView):
        @extend_schema(
            operation_id=f"schedule_run_{act}",
            description=deed.__doc__,
            tags=["schedule"],
            request=ConfirmIn,
            responses={202: RunOut, **_REFUSALS},
        )
        def post(self, request: Request, pk: uuid.UUID) -> Response:
            run = access.run(caller(request), pk)
            access.require(caller(request), permission)
            given = ConfirmIn(data=request.data or {})
            given.is_valid(raise_exception=True)
            return Response(runs.as_json(deed(run, caller(request), given.validated_data["confirm"])), status=202)

    return RunAct.as_view()


urlpatterns = [
    path("schedule/generate", Generate.as_view(), name="api-generate"),
    path("schedule/runs", Runs.as_view(), name="api-runs"),
    path("schedule/runs/<uuid:pk>", RunDetail.as_view(), name="api-run"),
    *(path(f"schedule/runs/<uuid:pk>/{act}", _act_view(act), name=f"api-run-{act}") for act in ACTS),
]
