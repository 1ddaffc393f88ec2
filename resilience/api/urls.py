"""Routes of the app below /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from resilience.api import absences, approvals, documents, incidents, plans, state, tools

urlpatterns: list[URLPattern | URLResolver] = [
    *state.urlpatterns,
    *plans.urlpatterns,
    *approvals.urlpatterns,
    *incidents.urlpatterns,
    *absences.urlpatterns,
    *documents.urlpatterns,
    *tools.urlpatterns,
]
