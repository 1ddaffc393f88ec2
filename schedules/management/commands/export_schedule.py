"""`manage.py export_schedule`: the command-line door of `schedules.services.exports`."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.management.answers import day
from schedules import models
from schedules.services import exports


class Command(BaseCommand):
    help = "Write the published schedule (or --schedule) of a block or dates as XLSX, CSV or one person's calendar."

    def add_arguments(self, parser: CommandParser) -> None:
        form = parser.add_mutually_exclusive_group(required=True)
        form.add_argument("--xlsx", dest="form", action="store_const", const="xlsx", help="Two columns per day.")
        form.add_argument("--csv", dest="form", action="store_const", const="csv", help="One row per session.")
        form.add_argument("--ics", dest="form", action="store_const", const="ics", help="Calendar of --person.")
        parser.add_argument("--block", type=int, help="Block number, with --academic-year.")
        parser.add_argument("--academic-year", type=int, default=2025)
        parser.add_argument("--range", nargs=2, type=day, metavar=("START", "END"), help="Instead of --block.")
        parser.add_argument("--schedule", help="Id of a version instead of what is published.")
        parser.add_argument("--person", help="Id or name, for --ics.")
        parser.add_argument("--output", help="File to write; without it the standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = _dates(options)
        data = _FORMS[options["form"]](start, end, options)
        if options["output"]:
            Path(options["output"]).write_bytes(data)
            self.stdout.write(f"Wrote {len(data)} bytes to {options['output']}.")
            return
        if options["form"] == "xlsx" and self.stdout.isatty():
            raise CommandError("A workbook is no text: name a file with --output.")
        sys.stdout.buffer.write(data)


def _dates(options: dict[str, Any]) -> tuple[dt.date, dt.date]:
    if options["range"]:
        start, end = options["range"]
        if end < start:
            raise CommandError(f"The range ends ({end}) before it starts ({start}).")
        return start, end
    if options["block"] is None:
        raise CommandError("Name a --block or a --range START END.")
    block = models.Block.objects.filter(number=options["block"], academic_year=options["academic_year"]).first()
    if block is None:
        raise CommandError(f"There is no block {options['block']} in the academic year {options['academic_year']}.")
    return block.start_date, block.end_date


def _version(options: dict[str, Any]) -> Any:
    if not options["schedule"]:
        return "published"
    version = models.Schedule.objects.filter(pk=options["schedule"]).first()
    if version is None:
        raise CommandError("There is no schedule of that id.")
    return version


def _person(options: dict[str, Any]) -> models.Person:
    wanted = options["person"] or ""
    found = [p for p in models.Person.objects.all() if wanted in {str(p.pk), p.name}]
    if len(found) != 1:
        raise CommandError("Name one --person, by id or full name.")
    return found[0]


_FORMS: dict[str, Callable[[dt.date, dt.date, dict[str, Any]], bytes]] = {
    "xlsx": lambda start, end, options: exports.block_workbook(start, end, schedule=_version(options)),
    "csv": lambda start, end, options: exports.rows_csv(start, end, schedule=_version(options)).encode(),
    "ics": lambda start, end, options: exports.calendar_of(_person(options), start=start, end=end),
}
