"""Drop a database that a restore kept."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backups import services
from common.errors import DomainError
from common.management.answers import typed


class Command(BaseCommand):
    help = "Lists the databases that restores kept; with a name, drops it after the name was typed again."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        if name is None:
            self.stdout.write("\n".join(services.old_databases()) or "No restore kept a database.")
            return
        try:
            services.drop_old_database(name, confirm=typed(f"Type {name} to drop it for ever: "))
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{name} was dropped.")
