"""`manage.py drill`: a random month on a copy of the database, and which promises were kept."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

import backups.services
from backups.enums import BackupKind
from backups.models import Backup
from common.errors import DomainError
from schedules.services import drills
from schedules.services.drills import Outcome


class Command(BaseCommand):
    help = "Plays a random month of absences, swaps, fallbacks and shedding on a copy; exits 1 if a promise broke."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--seeds", type=int, default=1, help="Plays so many seeds, from --seed on.")
        parser.add_argument("--days", type=int, default=28)
        parser.add_argument("--log", action="store_true", help="Print every play.")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        backup = backups.services.create(kind=BackupKind.PRE_OPERATION, label="drill", by=None, at=timezone.now())
        for seed in range(options["seed"], options["seed"] + options["seeds"]):
            outcome = self._play(seed, options["days"], backup)
            self._tell(seed, outcome, with_log=options["log"])
            broken += len(outcome.broken)
        if broken:
            raise CommandError(f"{broken} promises were broken.")

    def _play(self, seed: int, days: int, backup: Backup) -> Outcome:
        morning = timezone.localtime().replace(hour=8, minute=0, second=0, microsecond=0)
        try:
            with backups.services.working_copy(backup):
                return drills.run(seed=seed, days=days, at=morning)
        except DomainError as refusal:
            raise CommandError(refusal.detail) from refusal

    def _tell(self, seed: int, outcome: Outcome, *, with_log: bool) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"Seed {seed}"))
        for line in outcome.log if with_log else ():
            self.stdout.write(f"  {line}")
        for name, count in sorted(outcome.done.items()):
            refusals = {code: n for (play, code), n in outcome.refused.items() if play == name}
            text = ", ".join(f"{code} {n}" for code, n in sorted(refusals.items()))
            self.stdout.write(f"  {name}: {count} done" + (f"; refused: {text}" if text else ""))
        for name, count in outcome.kept.items():
            self.stdout.write(f"  kept {count} times: {name}")
        for sentence in outcome.broken:
            self.stdout.write(self.style.ERROR(f"  BROKEN {sentence}"))
        self.stdout.flush()
