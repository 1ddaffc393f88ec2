"""manage.py check_schedule START END: judge what is published, or one version; exit status 1 on hard violations."""

from __future__ import annotations

import json
import sys
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.management.answers import day
from schedules.models import Schedule
from schedules.services.runs import LONGEST_RANGE
from schedules.services.validation import Validation, validate


class Command(BaseCommand):
    help = "Checks the published assignments of START to END (dates, both included) by the rule table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("start", type=day)
        parser.add_argument("end", type=day)
        parser.add_argument("--schedule", type=uuid.UUID, help="Id of a version; default: what is published.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["end"] < options["start"]:
            raise CommandError("END lies before START.")
        if (options["end"] - options["start"]).days >= LONGEST_RANGE:
            raise CommandError(f"At most {LONGEST_RANGE} days at once.")
        version = Schedule.objects.filter(pk=options["schedule"]).first() if options["schedule"] else None
        if options["schedule"] and version is None:
            raise CommandError("There is no such schedule.")
        judged = validate(options["start"], options["end"], schedule=version)
        if options["json"]:
            self.stdout.write(json.dumps(judged.figures(), indent=2))
        else:
            self._print(judged)
        if judged.report.hard:
            sys.exit(1)

    def _print(self, judged: Validation) -> None:
        figures = judged.figures()
        for item in figures["validation"]["violations"]:
            unavoidable = "Unavoidable: " if item["unavoidable"] else ""
            self.stdout.write(f"{item['severity']:<9} {item['rule']:<18} {unavoidable}{item['message']}")
        for item in figures["validation"]["not_measured"]:
            self.stdout.write(f"unknown   {item['rule']:<18} not measured: {item['reason']}")
        rate, n1 = figures["coverage_rate"], figures["resilience"]["n1_compliant"]
        self.stdout.write(
            f"{len(judged.report.hard)} hard violations, {len(judged.report.counted)} counted in all;"
            f" coverage {'not measured' if rate is None else format(rate, '.1%')};"
            f" N-1 {'not measured' if n1 is None else n1}."
        )
