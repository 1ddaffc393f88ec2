"""Make and verify a backup."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backups import services
from backups.enums import BackupKind
from common.errors import DomainError


class Command(BaseCommand):
    help = "Makes a backup and verifies it. Exit code 0 only when a verified backup exists."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument("--label", default="", help="Pre-operation backup with this label: letters, digits, hyphens.")
        kind.add_argument("--sacred", action="store_true", help="A backup that nothing here ever deletes.")

    def handle(self, *args: Any, label: str, sacred: bool, **options: Any) -> None:
        kind = BackupKind.SACRED if sacred else BackupKind.PRE_OPERATION if label else BackupKind.REGULAR
        try:
            made = services.create(kind=kind, label=label, by=None, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.detail) from error
        rows = sum(made.row_counts.values())
        proof = made.get_verify_method_display()
        self.stdout.write(f"{made.file}  {made.size_bytes:,} bytes, {rows:,} rows, verified ({proof}).")
        if made.state_reason:
            self.stderr.write(made.state_reason)
