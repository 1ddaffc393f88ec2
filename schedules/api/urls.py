"""Routes of the app below /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from schedules.api import (
    absences,
    assignments_bulk,
    block_assignments,
    calendar,
    people,
    rotations,
    runs,
    schedule,
    schedules,
)

RESOURCES = {
    "people": people.People,
    "credentials": people.Credentials,
    "duty-logs": people.DutyLogs,
    "preferences": people.Preferences,
    "activities": rotations.Activities,
    "rotation-templates": rotations.RotationTemplates,
    "blocks": calendar.Blocks,
    "block-assignments": block_assignments.BlockAssignments,
    "fmit-weeks": calendar.FmitWeeks,
    "holidays": calendar.Holidays,
    "demand": calendar.Demands,
    "absences": absences.Absences,
    "schedules": schedules.Schedules,
    "assignments": schedules.Assignments,
}

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
for prefix, resource in RESOURCES.items():
    router.register(prefix, resource, basename=prefix)

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    *runs.urlpatterns,
    *schedule.urlpatterns,
    *assignments_bulk.urlpatterns,
]
