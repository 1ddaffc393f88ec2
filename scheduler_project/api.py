"""Every route below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NoSuchAddress(APIView):
    """What no route of the API knows: 404 in the API's own shape."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    def _nothing(self, request: Request, **kwargs: Any) -> Response:
        raise exceptions.NotFound

    get = post = put = patch = delete = _nothing


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.api")),
    path("", include("backups.api")),
    path("", include("schedules.api.urls")),
    path("", include("resilience.api.urls")),
    path("", include("swaps.api.urls")),
    re_path(r"^.*$", NoSuchAddress.as_view()),
]
