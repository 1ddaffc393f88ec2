"""Delete the old backups that a person confirmed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backups import services
from common.errors import DomainError
from common.management.answers import typed


class Command(BaseCommand):
    help = "Shows the backups that retention proposes for deletion, and deletes exactly these after a yes."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="Confirm the list without being asked.")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        at = timezone.now()
        proposed = [row.file for row in services.prunable(at)]
        for file in proposed:
            self.stdout.write(file)
        if not proposed:
            self.stdout.write("Nothing to delete.")
            return
        if not yes and typed(f"Delete these {len(proposed)} files? Type yes: ") != "yes":
            raise CommandError("Not confirmed; nothing was deleted.")
        try:
            deleted = services.prune(proposed, by=None, at=at)
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{len(deleted)} files deleted.")
