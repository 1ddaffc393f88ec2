"""REST: the marketplace, where a person offers a week and others take it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import caller
from accounts.models import User
from common.services.throttling import HEAVY
from schedules.api.resource import Readable
from swaps import access, services
from swaps.api.shapes import OfferIn, OfferOut, SwapDetailOut, TakeIn, valid
from swaps.api.swaps import REFUSALS
from swaps.models import MarketplaceOffer


class Offers(Readable):
    """Open offers for everybody; what became of one is known to staff and to its two people."""

    rows = MarketplaceOffer.objects.all()
    serializer_class = OfferOut
    filterset_fields = {"status": ["exact"], "person": ["exact"], "week": ["exact", "gte", "lte"]}
    ordering_fields = ["week", "offered_at"]

    @property
    def throttle_scope(self) -> str:
        return HEAVY if self.request.method == "POST" else ""

    def visible(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return access.offers_visible_to(user)

    @extend_schema(request=OfferIn, responses={201: OfferOut, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Offer a week to whoever takes it."""
        given = valid(OfferIn, request.data)
        user = caller(request)
        person = access.giver(user, given.get("person"))
        made = services.offer(person, week=given["week"], by=user, at=timezone.now(), note=given["note"])
        return Response(OfferOut(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TakeIn, responses={200: SwapDetailOut, 202: SwapDetailOut, **REFUSALS})
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: UUID) -> Response:
        """Take the week, giving one back or none. Offering and taking are both people's consent."""
        given = valid(TakeIn, request.data)
        user = caller(request)
        person = access.giver(user, given.get("person"))
        offer = access.offer(user, pk)
        swap = services.take(offer, by=user, at=timezone.now(), person=person, target_week=given["target_week"])
        shown = SwapDetailOut(access.swap(user, swap.pk), context=self.get_serializer_context()).data
        return Response(shown, status=200 if swap.executed_at else 202)

    @extend_schema(request=None, responses={200: OfferOut, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Offer it no longer."""
        return Response(
            OfferOut(services.withdraw(access.offer(caller(request), pk), by=caller(request), at=timezone.now())).data
        )
