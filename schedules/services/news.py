"""Telling the apps above what was committed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from schedules.models import Absence, Schedule
from schedules.signals import absence_changed, assignments_changed, program_changed, rows_restored


def tell_absence(absence: Absence, /, *, before: str) -> None:
    """An absence has another status, or is new (`before` ''). Sent once the transaction is committed."""
    facts = {
        "absence": absence.pk,
        "before": before,
        "after": absence.status,
        "start": absence.start_date,
        "end": absence.end_date,
    }
    transaction.on_commit(lambda: absence_changed.send(sender=Absence, **facts))


def tell_assignments(start: dt.date, end: dt.date, /) -> None:
    """Published rows of these dates changed. Sent once the transaction is committed."""
    transaction.on_commit(lambda: assignments_changed.send(sender=Schedule, start=start, end=end))


def tell_restored(schedule: Schedule, /) -> None:
    """Published rows of the version are those of a backup again. Sent once the transaction is committed."""
    transaction.on_commit(lambda: rows_restored.send(sender=Schedule, schedule=schedule.pk))


def tell_program(start: dt.date | None = None, end: dt.date | None = None, /) -> None:
    """Program data changed; None = of any date. Sent once the transaction is committed."""
    transaction.on_commit(lambda: program_changed.send(sender=None, start=start, end=end))
