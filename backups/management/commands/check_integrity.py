"""Look whether the database is sound."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backups import services


class Command(BaseCommand):
    help = (
        "Checks constraints, links and row counts against the last backup; changes nothing. Exit code 1 on a problem."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = services.check_integrity(timezone.now())
        if not found.ok:
            raise CommandError("\n".join(found.problems))
        self.stdout.write(f"Sound: {', '.join(found.checked)}.")
