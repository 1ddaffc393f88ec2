"""`makemigrations` that starts no database server: it reads the code, and history only where a server already runs."""

from __future__ import annotations

import warnings
from typing import Any

from django.core.management.commands import makemigrations
from django.db import connection


class Command(makemigrations.Command):
    def handle(self, *app_labels: str, **options: Any) -> None:
        if "data_dir" in connection.settings_dict["OPTIONS"]:
            connection.settings_dict["OPTIONS"]["autostart"] = False
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Got an error checking a consistent migration history", RuntimeWarning)
            super().handle(*app_labels, **options)
