"""Restore a backup: the whole database, or the published assignments of a date range."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backups import services
from backups.models import Backup
from common.errors import DomainError
from common.management.answers import day, typed


class Command(BaseCommand):
    help = (
        "Restores a backup by swapping databases; --range A B puts back only the published assignments of those dates."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--range", nargs=2, metavar=("A", "B"), type=day, dest="dates")
        parser.add_argument("--reason", default="restored from the command line")
        parser.add_argument("--yes", action="store_true", help="Confirm without typing the file name.")

    def handle(self, *args: Any, file: str, yes: bool, **options: Any) -> None:
        try:
            backup = services.find(file)
            if not yes and typed(f"Type {backup.file} to restore it: ") != backup.file:
                raise CommandError("Not confirmed; nothing was restored.")
            self.stdout.write(self._restore(backup, options["dates"], options["reason"]))
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _restore(self, backup: Backup, dates: list[dt.date] | None, reason: str) -> str:
        at = timezone.now()
        if dates is None:
            log = services.restore(backup, by=None, at=at, reason=reason, confirm=backup.file)
            return f"Restored {log.file}. The database before is kept as {log.old_database}."
        # Only here: the whole restore must work when the rest of the program does not load.
        from schedules.services.restoring import restore_range

        done = restore_range(backup, *dates, by=None, at=at)
        return ", ".join(f"{count} rows {what}" for what, count in done.items()) + f" from {backup.file}."
