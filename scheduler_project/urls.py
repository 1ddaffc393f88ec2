"""Every address of the site."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from common.views import no_such_page
from scheduler_project.health import health
from scheduler_project.mcp import mcp

handler400 = "common.views.not_understood"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("scheduler_project.api")),
    path("mcp", mcp, name="mcp"),
    path("", include("accounts.urls")),
    path("", include("backups.urls")),
    path("", include("schedules.urls")),
    path("", include("resilience.urls")),
    path("", include("swaps.urls")),
]
if settings.METRICS:
    from django_prometheus.exports import ExportToDjangoView

    urlpatterns.append(path("metrics", login_not_required(ExportToDjangoView), name="metrics"))
urlpatterns.append(re_path(r"^.*$", no_such_page))
