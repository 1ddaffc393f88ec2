"""Pages of resilience, incidents, approvals and documents."""

from __future__ import annotations

from django.urls import path

from resilience.views import approvals, documents, incidents, overview, plans, state, what_if

urlpatterns = [
    path("resilience", overview.overview, name="resilience"),
    path("resilience/posture/override", overview.posture_override, name="posture_override"),
    path("resilience/posture/lower", overview.posture_lower, name="posture_lower"),
    path("resilience/breaker/trip", overview.breaker_trip, name="breaker_trip"),
    path("resilience/breaker/clear", overview.breaker_clear, name="breaker_clear"),
    path("resilience/breaker/override", overview.breaker_override, name="breaker_override"),
    path("resilience/what-if", what_if.what_if, name="what_if"),
    path("resilience/fallbacks", plans.fallbacks, name="fallbacks"),
    path("resilience/fallbacks/<uuid:pk>", plans.fallback, name="fallback"),
    path("resilience/fallbacks/<uuid:pk>/propose", plans.fallback_propose, name="fallback_propose"),
    path("resilience/shedding", plans.shedding, name="shedding"),
    path("resilience/shedding/propose", plans.shedding_propose, name="shedding_propose"),
    path("resilience/shedding/<uuid:pk>/restore", plans.shedding_restore, name="shedding_restore"),
    path("resilience/zones", state.zones, name="zones"),
    path("resilience/strain", state.strain, name="strain"),
    path("resilience/readiness", state.readiness, name="readiness"),
    path("resilience/readiness/adjust", state.readiness_adjust, name="readiness_adjust"),
    path("resilience/readiness/sitrep", state.readiness_sitrep, name="readiness_sitrep"),
    path("incidents", incidents.incident_list, name="incidents"),
    path("incidents/report", incidents.incident_report, name="incident_report"),
    path("incidents/<uuid:pk>", incidents.incident, name="incident"),
    path("incidents/<uuid:pk>/draft", documents.document_draft, name="document_draft"),
    path("incidents/<uuid:pk>/<str:act>", incidents.incident_act, name="incident_act"),
    path("incidents/approvals/<uuid:pk>", approvals.approval, name="approval"),
    path("incidents/approvals/<uuid:pk>/<str:act>", approvals.approval_act, name="approval_act"),
    path("documents/<uuid:pk>", documents.document, name="document"),
    path("documents/<uuid:pk>.pdf", documents.document_pdf, name="document_pdf"),
    path("documents/<uuid:pk>/<str:act>", documents.document_act, name="document_act"),
]
