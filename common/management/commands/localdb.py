"""Start, stop or look at the embedded PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from common.postgres import server


class Command(BaseCommand):
    help = "The embedded PostgreSQL: start, stop or status (exit code 3 when it is not running)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        data_dir = connection.settings_dict.get("OPTIONS", {}).get("data_dir")
        if data_dir is None:
            raise CommandError("DATABASE_URL names an external server; this command only runs the embedded one.")
        getattr(self, action)(Path(data_dir))

    def start(self, data_dir: Path) -> None:
        server.start(data_dir)
        connection.ensure_connection()
        self.status(data_dir)

    def stop(self, data_dir: Path) -> None:
        self.stdout.write("Stopped." if server.stop(data_dir) else "It was not running.")

    def status(self, data_dir: Path) -> None:
        seen = server.status(data_dir)
        if not seen.running:
            raise CommandError(f"Not running ({data_dir}).", returncode=3)
        self.stdout.write(f"Running, process {seen.pid}, socket in {seen.socket_dir}, data in {data_dir}.")
