"""Routes of the app below /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from swaps.api import offers, swaps

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("swaps/offers", offers.Offers, basename="swap-offers")
router.register("swaps", swaps.Swaps, basename="swaps")

urlpatterns: list[URLPattern | URLResolver] = list(router.urls)
