"""`migrate` that first makes a verified backup where there is something to migrate and something to lose."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from backups.services import settle
from backups.services.migrating import back_up_before_migration, holds_people
from common.errors import DomainError


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS or options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        self._back_up()
        super().handle(*args, **options)
        if holds_people():
            # Every start runs this command: the place to list what lies in the folder, the new backup included.
            settle(timezone.now())

    def _back_up(self) -> None:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()) or not holds_people():
            return
        try:
            file = back_up_before_migration(timezone.now())
        except (DomainError, OSError) as error:
            raise CommandError(f"{error} Nothing was migrated.") from error
        self.stdout.write(f"Backup before the migration: {file}")
