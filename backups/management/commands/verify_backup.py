"""Prove a backup again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backups import services
from backups.enums import BackupState
from common.errors import DomainError


class Command(BaseCommand):
    help = "Verifies a backup file: gzip, closing line, SHA-256, scratch restore. Exit code 0 only when it is sound."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        at = timezone.now()
        try:
            services.rebuild_catalogue(at)
            checked = services.verify(services.find(file), by=None, at=at)
        except DomainError as error:
            raise CommandError(error.detail) from error
        if checked.state != BackupState.VERIFIED:
            raise CommandError(f"{checked.file} is BROKEN: {checked.state_reason}.")
        self.stdout.write(f"{checked.file} is verified ({checked.get_verify_method_display()}).")
