"""`manage.py import_program`: the command-line door of `schedules.services.imports`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.errors import DomainError
from schedules.services import imports


class Command(BaseCommand):
    help = "Import a program from a folder, ZIP or XLSX file in the import layout. All rows or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="DIR", help="Folder, .zip or .xlsx file in the import layout.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--skip-bad", action="store_true", help="Leave out rows that cannot be imported.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        try:
            report = imports.import_program(
                Path(options["source"]),
                by=None,
                at=timezone.now(),
                dry_run=options["dry_run"],
                skip_bad=options["skip_bad"],
            )
        except imports.ImportRefused as refusal:
            self._show(refusal.report)
            raise CommandError(refusal.detail) from None
        except DomainError as error:
            raise CommandError(error.detail) from None
        self._show(report)
        self.stdout.write(f"{_outcome(report, dry_run=options['dry_run'])} ({time.perf_counter() - started:.1f} s)")

    def _show(self, report: imports.ImportReport) -> None:
        self.stdout.write(f"{'table':<20}{'created':>10}{'changed':>10}{'unchanged':>11}{'removed':>10}")
        for table, n in report.counts.items():
            self.stdout.write(f"{table:<20}{n.created:>10}{n.changed:>10}{n.unchanged:>11}{n.removed:>10}")
        if report.warnings:
            self.stdout.write(f"Warnings: {len(report.warnings)}")
        for notice in report.warnings:
            self.stdout.write(f"  {notice.file} {notice.row}: {notice.message}")
        if report.rejected:
            self.stdout.write(f"Refused: {len(report.rejected)}")
        for item in report.rejected:
            self.stdout.write(self.style.ERROR(f"  {item.file} {item.row}: {item.reason}"))


def _outcome(report: imports.ImportReport, *, dry_run: bool) -> str:
    if dry_run:
        return "Dry run: nothing was written."
    return "Imported." if report.written else "Everything was there already; nothing was written."
