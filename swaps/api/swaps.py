"""REST: asking for swaps, seeing them, and every deed from consent to roll back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from accounts.api import RefusalOut
from common.services.throttling import HEAVY
from schedules.api.resource import Readable
from swaps import access, services
from swaps.access import Deed
from swaps.api.shapes import (
    ApproveIn,
    CandidatesIn,
    ComplaintIn,
    MarkdownRenderer,
    NoteIn,
    QueuedOut,
    RationaleIn,
    RollBackIn,
    SwapDetailOut,
    SwapIn,
    SwapOut,
    candidates_json,
    judgement_json,
    order_of,
    refusal_json,
    valid,
)
from swaps.domain.tables import SwapStatus
from swaps.enums import STATUSES
from swaps.models import SwapRecord

REFUSALS: Mapping[int, Any] = {
    403: RefusalOut,
    404: RefusalOut,
    409: OpenApiResponse(RefusalOut, description="Its state, another open request, or INTEGRITY_VIOLATION."),
    422: OpenApiResponse(RefusalOut, description="Refused at intake or by tier 1; `swap` is the rejected record."),
    429: OpenApiResponse(RefusalOut, description="The day's requests are used up; `Retry-After` in seconds."),
}


class SwapFilter(django_filters.FilterSet):
    """`person` gives or takes; the dates are a window on the source week."""

    person = django_filters.UUIDFilter(method="of_person")
    status = django_filters.ChoiceFilter(choices=STATUSES)
    start_date = django_filters.DateFilter("source_end", "gte")
    end_date = django_filters.DateFilter("source_week", "lte")

    class Meta:
        model = SwapRecord
        fields = ["swap_type"]

    def of_person(self, rows: QuerySet[Any], name: str, value: UUID) -> QuerySet[Any]:
        return rows.filter(Q(source_person=value) | Q(target_person=value))


class Act(NamedTuple):
    """A deed: its service, and what it is given, by the names of its parameters."""

    says: str
    service: Callable[..., Any]
    shape: type[serializers.Serializer] | None = None


ACTS: Mapping[Deed, Act] = {
    Deed.CONSENT: Act(
        "Agree, as the partner. Where nothing else is to decide, the swap is executed.", services.consent
    ),
    Deed.DECLINE: Act("Say no, as the partner.", services.decline, NoteIn),
    Deed.APPROVE: Act("Let it happen, as the approver of its level.", services.approve, ApproveIn),
    Deed.REJECT: Act("Refuse it, as the approver of its level.", services.reject, RationaleIn),
    Deed.CANCEL: Act("Take the request back.", services.cancel, NoteIn),
    Deed.ROLL_BACK: Act("Undo it within its window, with a reason.", services.roll_back, RollBackIn),
    Deed.COMPLAIN: Act("Say, as a party, that it went wrong.", services.complain, ComplaintIn),
}

STATUS_OF_ANSWER: Mapping[str, int] = {SwapStatus.PENDING: 202, SwapStatus.APPROVED: 202, SwapStatus.REJECTED: 422}
"""Of a request, by the state it ends in; 200 where it is executed."""


@extend_schema_view(retrieve=extend_schema(responses={200: SwapDetailOut}))
class Swaps(Readable):
    """Everybody sees the swaps they ask for, give in or take in; staff see all."""

    rows = SwapRecord.objects.all()
    serializer_class = SwapOut
    filterset_class = SwapFilter
    ordering_fields = ["requested_at", "source_week", "status"]

    @property
    def throttle_scope(self) -> str:
        """Whatever judges a roster is counted as heavy work."""
        return HEAVY if self.request.method == "POST" or self.action == "candidates" else ""

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.rows.none()
        return access.swaps_visible_to(caller(self.request)).prefetch_related("cases").order_by("-requested_at", "pk")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._detail(access.swap(caller(request), kwargs["pk"])))

    @extend_schema(
        request=SwapIn,
        responses={
            200: OpenApiResponse(SwapDetailOut, description="Executed."),
            202: OpenApiResponse(SwapDetailOut, description="It waits for the partner or for an approver."),
            **REFUSALS,
        },
    )
    def create(self, request: Request) -> Response:
        """Ask for a swap. It is judged by every check and, where consent is given and all is clean, executed at once.

        Without consent it waits for the partner, with a finding that escalates for the approver (202).
        """
        swap = services.request(order_of(valid(SwapIn, request.data)), by=caller(request), at=timezone.now())
        return self._answer(swap)

    @extend_schema(request=SwapIn, responses={200: OpenApiTypes.OBJECT, **REFUSALS})
    @action(detail=False, methods=["post"])
    def validate(self, request: Request) -> Response:
        """Judge a swap without asking for it: findings, who would decide, hours, alternatives. Writes nothing."""
        found = services.validate(order_of(valid(SwapIn, request.data)), by=caller(request), at=timezone.now())
        return Response(judgement_json(found, access.asking_as(caller(request))))

    @extend_schema(
        parameters=[
            OpenApiParameter("person", OpenApiTypes.UUID, description="Who gives; left out: the caller's own person."),
            OpenApiParameter("week", OpenApiTypes.DATE, required=True, description="Any date of the week."),
        ],
        responses={200: OpenApiTypes.OBJECT, 403: RefusalOut, 404: RefusalOut},
    )
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def candidates(self, request: Request) -> Response:
        """Partners who really pass tier 1, the best first, each with score, its parts and findings."""
        asked = CandidatesIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        user = caller(request)
        person = access.giver(user, asked.validated_data.get("person"))
        found = services.candidates(person, week=asked.validated_data["week"], at=timezone.now())
        return Response({"items": candidates_json(found, access.asking_as(user)), "total": len(found)})

    @extend_schema(responses={200: QueuedOut(many=True), 403: RefusalOut})
    @action(detail=False, methods=["get"], filterset_class=None)
    def escalations(self, request: Request) -> Response:
        """Open cases of the caller's levels, the next deadline first; the program director's hold all overdue ones."""
        rows = access.cases_visible_to(caller(request)).prefetch_related("swap__cases")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(QueuedOut(page, many=True, context=self.get_serializer_context()).data)

    @extend_schema(
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/markdown"): OpenApiTypes.STR,
            404: RefusalOut,
        },
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, MarkdownRenderer])
    def report(self, request: Request, pk: UUID) -> Response:
        """The report as the caller may read it: JSON, or Markdown by `Accept` or `?format=md`."""
        swap = access.swap(caller(request), pk)
        wants_text = (
            getattr(request, "accepted_renderer", None) is not None and request.accepted_renderer.format == "md"
        )
        form = services.report_markdown if wants_text else services.report_json
        return Response(form(swap, reader=access.reader_of(caller(request), swap), at=timezone.now()))

    def _detail(self, swap: SwapRecord) -> Any:
        return SwapDetailOut(swap, context=self.get_serializer_context()).data

    def _answer(self, swap: SwapRecord) -> Response:
        """What became of a request: its record, and where the checks rejected it, why and what would pass."""
        shown = self._detail(access.swap(caller(self.request), swap.pk))
        status = STATUS_OF_ANSWER.get(swap.status, 200)
        refusal = {} if status < 400 else refusal_json(swap, access.reader_of(caller(self.request), swap))
        return Response({**shown, **refusal}, status=status)


def _deed(deed: Deed) -> Callable[..., Response]:
    """The POST of one deed; its method bears the deed's name."""
    act = ACTS[deed]

    def method(self: Swaps, request: Request, pk: UUID) -> Response:
        given = valid(act.shape, request.data) if act.shape else {}
        swap = access.swap(caller(request), pk)
        done = act.service(swap, by=caller(request), at=timezone.now(), **given)
        # A swap that a new version does not hold is filed anew by its approval.
        shown = done.pk if isinstance(done, SwapRecord) else pk
        return Response(self._detail(access.swap(caller(request), shown)))

    method.__name__, method.__doc__ = deed.name.lower(), act.says
    routed = action(detail=True, methods=["post"], url_path=deed.value)(method)
    # Outermost: the router's decorator would throw the description away.
    return extend_schema(request=act.shape, responses={200: SwapDetailOut, **REFUSALS})(routed)


for _each in ACTS:
    setattr(Swaps, _each.name.lower(), _deed(_each))
