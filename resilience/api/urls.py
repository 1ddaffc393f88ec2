"""Routes of the app below /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from resilience.api import approvals, documents, plans, state, tools

urlpatterns: list[URLPattern | URLResolver] = [
    *state.urlpatterns,
    *plans.urlpatterns,
    *approvals.urlpatterns,
    *documents.urlpatterns,
    *tools.urlpatterns,
]
