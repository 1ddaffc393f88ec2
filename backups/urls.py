"""Pages of backups."""

from __future__ import annotations

from django.urls import path

from backups import views

urlpatterns = [
    path("backups", views.backups, name="backups"),
    path("backups/create", views.create, name="backup_create"),
    path("backups/prune", views.prune, name="backup_prune"),
    path("backups/<uuid:pk>", views.backup, name="backup"),
    path("backups/<uuid:pk>/live", views.live, name="backup_live"),
    path("backups/<uuid:pk>/verify", views.verify, name="backup_verify"),
    path("backups/<uuid:pk>/restore", views.restore, name="backup_restore"),
]
