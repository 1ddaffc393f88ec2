"""REST: posture and breaker as they stand with what a person may set, and adjustments of the readiness worksheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from resilience.access import require
from resilience.domain.levels import Level
from resilience.enums import LevelName
from resilience.models import PostureRecord, ReadinessAdjustment
from resilience.services import breaker, posture, readiness
from schedules.enums import BreakerState
from schedules.models import Breaker

REFUSALS: Mapping[int, Any] = {403: RefusalOut, 409: RefusalOut}
LOG_LINES = 20
SETTABLE = [choice for choice in LevelName.choices if choice[0] != LevelName.UNKNOWN]
"""Nobody sets a posture to unknown."""


# --- what is sent ----------------------------------------------------------------------------------------------------


class StateReasonIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class PostureOverrideIn(StateReasonIn):
    level = serializers.ChoiceField(SETTABLE)
    hours = serializers.IntegerField(min_value=1, max_value=24)


class AdjustmentIn(StateReasonIn):
    area = serializers.ChoiceField(["P", "S", "T"])
    rating = serializers.IntegerField(min_value=1, max_value=4)
    days = serializers.IntegerField(min_value=1, max_value=90)


# --- what is answered ------------------------------------------------------------------------------------------------


class PostureLineOut(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None, allow_null=True)

    class Meta:
        model = PostureRecord
        fields = ["at", "event", "before", "after", "triggers", "by", "reason"]


class PostureOut(serializers.Serializer):
    """The posture in force; UNKNOWN where it was never evaluated or nobody watches any more."""

    level = serializers.ChoiceField(LevelName.choices)
    calculated = serializers.ChoiceField(LevelName.choices, help_text="By the table, whatever an override says.")
    since = serializers.DateTimeField(allow_null=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    triggers = serializers.ListField()
    unknown = serializers.DictField(help_text="Metric -> why it has no value.")
    readings = serializers.DictField()
    override_until = serializers.DateTimeField(allow_null=True)
    override_reason = serializers.CharField(allow_blank=True)
    may_lower = serializers.BooleanField(help_text="Whether a person may let it down by a step now.")
    log = PostureLineOut(many=True)


class BreakerOut(serializers.ModelSerializer):
    state = serializers.ChoiceField(BreakerState.choices)
    causes = serializers.ListField(help_text="[cause, sentence] that hold now.")

    class Meta:
        model = Breaker
        fields = ["state", "cause", "causes", "changed_at", "clear_since", "override_until", "override_reason"]


class AdjustmentOut(serializers.ModelSerializer):
    by = serializers.CharField(source="by.username", default=None, allow_null=True)

    class Meta:
        model = ReadinessAdjustment
        fields = ["id", "area", "rating", "measured", "reason", "at", "until", "by"]


def posture_json(*, at: dt.datetime) -> Mapping[str, Any]:
    """The posture with the end of its log."""
    state = posture.current()
    shown = {"level": posture.in_force(at=at).name, "log": PostureRecord.objects.select_related("by")[:LOG_LINES]}
    if state is None:
        nothing: dict[str, Any] = {"since": None, "evaluated_at": None, "triggers": [], "unknown": {}, "readings": {}}
        calm = {"calculated": LevelName.UNKNOWN, "override_until": None, "override_reason": "", "may_lower": False}
        return PostureOut({**shown, **nothing, **calm}).data
    stored = {name: getattr(state, name) for name in ("since", "evaluated_at", "triggers", "unknown", "readings")}
    more = {
        "calculated": state.level,
        "override_until": state.override_until,
        "override_reason": state.override_reason,
        "may_lower": posture.may_lower(state, at=at),
    }
    return PostureOut({**shown, **stored, **more}).data


# --- views -----------------------------------------------------------------------------------------------------------


class Posture(APIView):
    @extend_schema(operation_id="resilience_posture", tags=["resilience"], responses={200: PostureOut})
    def get(self, request: Request) -> Response:
        """The posture in force, what asks for it, and the end of its log."""
        require(caller(request), Permission.READ_RESILIENCE)
        shown = dict(posture_json(at=timezone.now()))
        if not caller(request).may(Permission.SEE_DRAFTS):
            # Who decided what, and why, is told to those who decide.
            shown |= {"log": [], "override_reason": ""}
        return Response(shown)


class BreakerView(APIView):
    @extend_schema(operation_id="resilience_breaker", tags=["resilience"], responses={200: BreakerOut})
    def get(self, request: Request) -> Response:
        """The schedule circuit breaker and its causes."""
        require(caller(request), Permission.READ_RESILIENCE)
        return Response(BreakerOut(breaker.current()).data)


class Act(NamedTuple):
    """What a person may set: the service with what was sent, its shape, and how the result is shown."""

    says: str
    shape: type[serializers.Serializer]
    do: Callable[[dict[str, Any], User, dt.datetime], Any]
    shown: Callable[[Any, dt.datetime], Any]
    answer: type[serializers.BaseSerializer]


def _override_posture(given: dict[str, Any], by: User, at: dt.datetime) -> Any:
    until = at + dt.timedelta(hours=given["hours"])
    return posture.override(Level[given["level"]], by=by, at=at, until=until, reason=given["reason"])


def _lower_posture(given: dict[str, Any], by: User, at: dt.datetime) -> Any:
    return posture.lower(by=by, at=at, reason=given["reason"])


def _trip(given: dict[str, Any], by: User, at: dt.datetime) -> Any:
    return breaker.trip(by=by, at=at, reason=given["reason"])


def _clear(given: dict[str, Any], by: User, at: dt.datetime) -> Any:
    return breaker.clear(by=by, at=at, reason=given["reason"])


def _adjust(given: dict[str, Any], by: User, at: dt.datetime) -> Any:
    until = at + dt.timedelta(days=given["days"])
    return readiness.adjust(given["area"], given["rating"], by=by, at=at, until=until, reason=given["reason"])


def _posture_shown(_: Any, at: dt.datetime) -> Any:
    return posture_json(at=at)


def _breaker_shown(row: Breaker, _: dt.datetime) -> Any:
    return BreakerOut(row).data


def _adjustment_shown(row: ReadinessAdjustment, _: dt.datetime) -> Any:
    return AdjustmentOut(row).data


ACTS: Mapping[str, Act] = {
    "posture/override": Act(
        "Put another posture in force for at most 24 hours.",
        PostureOverrideIn, _override_posture, _posture_shown, PostureOut,
    ),
    "posture/lower": Act(
        "Let the posture down by one step, once it has been clear long enough.",
        StateReasonIn, _lower_posture, _posture_shown, PostureOut,
    ),
    "breaker/trip": Act("Open the breaker by hand.", StateReasonIn, _trip, _breaker_shown, BreakerOut),
    "breaker/clear": Act(
        "Take a trip by hand back; other causes stay.", StateReasonIn, _clear, _breaker_shown, BreakerOut
    ),
    "readiness/adjust": Act(
        "Set the rating of an area by name and reason.", AdjustmentIn, _adjust, _adjustment_shown, AdjustmentOut
    ),
}  # fmt: skip


def _act_view(address: str) -> Callable[..., Any]:
    """The POST view of one act."""
    act = ACTS[address]

    class ActView(APIView):
        @extend_schema(
            operation_id=f"resilience_{address.replace('/', '_')}",
            description=act.says,
            tags=["resilience"],
            request=act.shape,
            responses={200: act.answer, **REFUSALS},
        )
        def post(self, request: Request) -> Response:
            # Whoever may approve nothing is told so before what they sent is looked at.
            require(caller(request), Permission.APPROVE_RESILIENCE)
            given = act.shape(data=request.data)
            given.is_valid(raise_exception=True)
            at = timezone.now()
            return Response(act.shown(act.do(given.validated_data, caller(request), at), at))

    return ActView.as_view()


urlpatterns = [
    path("resilience/posture", Posture.as_view(), name="api-posture"),
    path("resilience/breaker", BreakerView.as_view(), name="api-breaker"),
    *(path(f"resilience/{address}", _act_view(address), name=f"api-{address.replace('/', '-')}") for address in ACTS),
]
