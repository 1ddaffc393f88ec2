"""Pages of swaps: mine and all, asking, the marketplace, one swap, and the cases that wait for a decision."""

from __future__ import annotations

from django.urls import path

from swaps.views import ask, escalations, lists, market, swap

urlpatterns = [
    path("swaps", lists.swaps, name="swaps"),
    path("swaps/new", ask.ask, name="swap_new"),
    path("swaps/market", market.market, name="swap_market"),
    path("swaps/market/<uuid:pk>", market.take, name="swap_take"),
    path("swaps/market/<uuid:pk>/withdraw", market.withdraw, name="swap_withdraw"),
    path("swaps/<uuid:pk>", swap.swap, name="swap"),
    path("escalations", escalations.escalations, name="escalations"),
]
