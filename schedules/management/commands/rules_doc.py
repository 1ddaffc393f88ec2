"""Write `docs/rules.md` from the rule table, or check that it is up to date."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules.domain.rules.document import document


class Command(BaseCommand):
    help = "Write docs/rules.md from the rule table."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is old")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "rules.md"
        if not options["check"]:
            path.write_text(document(), encoding="utf-8")
            self.stdout.write(f"{path.name} written.")
        elif not path.exists() or path.read_text(encoding="utf-8") != document():
            raise CommandError("docs/rules.md is older than the rule table: run `make docs` and commit it.")
