"""`manage.py quick_status`: seven lines on where production stands; UNKNOWN where nothing measures it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from resilience.services import documents


class Command(BaseCommand):
    help = "Prints the seven lines of the quick status."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(documents.quick_status(at=timezone.now()).text)
