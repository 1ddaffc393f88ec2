"""Pages of schedules, generation, absences and imports."""

from __future__ import annotations

from django.urls import path

from schedules.views import absences, cells, dashboard, exports, fixes, generate, imports, my_schedule, schedule

urlpatterns = [
    path("", dashboard.first_page, name="first_page"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("schedule", schedule.schedule_page, name="schedule"),
    path("schedule/colours.css", schedule.colours, name="schedule_colours"),
    path("schedule/cell", cells.cell, name="cell"),
    path("schedule/cell/check", cells.check, name="cell_check"),
    path("schedule/cell/save", cells.save, name="cell_save"),
    path("schedule/fixes/<uuid:pk>/<str:key>", fixes.fixes, name="fixes"),
    path("schedule/export/<str:kind>", exports.schedule_export, name="schedule_export"),
    path("my-schedule", my_schedule.my_schedule, name="my_schedule"),
    path("my-schedule/calendar-link", my_schedule.calendar_link, name="calendar_link"),
    path("calendar/<str:token>.ics", exports.calendar_feed, name="calendar_feed"),
    path("generate", generate.generate, name="generate"),
    path("generate/check", generate.check, name="generate_check"),
    path("generate/<uuid:pk>", generate.run_page, name="run"),
    path("generate/<uuid:pk>/live", generate.live, name="run_live"),
    path("generate/<uuid:pk>/<str:act>", generate.act, name="run_act"),
    path("absences", absences.absences, name="absences"),
    path("absences/new", absences.absence_new, name="absence_new"),
    path("absences/<uuid:pk>", absences.absence, name="absence"),
    path("import", imports.import_program, name="import_program"),
]
