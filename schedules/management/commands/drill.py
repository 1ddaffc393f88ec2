"""`manage.py drill`: random months on copies of the database, and which promises were kept."""

from __future__ import annotations

import re
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

import backups.services
from backups.enums import BackupKind
from backups.models import Backup
from common.errors import DomainError
from schedules.services import drills
from schedules.services.drills import Outcome


def seeds(text: str) -> range:
    """``7`` is one seed, ``1-20`` are twenty."""
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    chosen = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
    if not chosen:
        raise ArgumentTypeError("Name a seed or a range of seeds, like 7 or 1-20.")
    return chosen


class Command(BaseCommand):
    help = "Plays random months of absences, swaps, fallbacks and shedding on copies; exits 1 if a promise broke."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--seed", type=int, default=1)
        which.add_argument("--seeds", type=seeds, help="A range of seeds, like 1-20, one month after the other.")
        parser.add_argument("--days", type=int, default=28)
        parser.add_argument("--log", action="store_true", help="Print every play.")

    def handle(self, *args: Any, **options: Any) -> None:
        backup = backups.services.create(kind=BackupKind.PRE_OPERATION, label="drill", by=None, at=timezone.now())
        outcomes: list[Outcome] = []
        for seed in options["seeds"] or [options["seed"]]:
            began = time.process_time()
            outcome = self._play(seed, options["days"], backup)
            if not outcomes:
                self._head(outcome)
            outcomes.append(outcome)
            self._row(seed, outcome, seconds=time.process_time() - began)
            for line in outcome.log if options["log"] else ():
                self.stdout.write(f"  {line}")
            for sentence in outcome.broken:
                self.stdout.write(self.style.ERROR(f"  BROKEN {sentence}"))
            self.stdout.flush()
        self._sum_up(outcomes)
        broken = sum(outcome.failed.total() for outcome in outcomes)
        if broken:
            raise CommandError(f"{broken} promises were broken.")

    def _play(self, seed: int, days: int, backup: Backup) -> Outcome:
        morning = timezone.localtime().replace(hour=8, minute=0, second=0, microsecond=0)
        try:
            with backups.services.working_copy(backup):
                return drills.run(seed=seed, days=days, at=morning)
        except DomainError as refusal:
            raise CommandError(refusal.detail) from refusal

    def _head(self, outcome: Outcome) -> None:
        kinds = "".join(f"{kind:>{len(kind) + 2}}" for kind in outcome.by_kind)
        self.stdout.write(
            self.style.MIGRATE_HEADING(f"{'seed':>4}{'days':>6}{kinds}  refused  promises checked  broken  CPU s")
        )

    def _row(self, seed: int, outcome: Outcome, *, seconds: float) -> None:
        kinds = "".join(f"{count:>{len(kind) + 2}}" for kind, count in outcome.by_kind.items())
        refused, broken = outcome.refused.total(), outcome.failed.total()
        self.stdout.write(
            f"{seed:>4}{outcome.days:>6}{kinds}{refused:>9}{outcome.checks:>18}{broken:>8}{seconds:>7.0f}"
        )

    def _sum_up(self, outcomes: list[Outcome]) -> None:
        """Over all months: what was played and refused, and how often each promise was kept."""
        done, refused, kept, failed = Counter[str](), Counter[tuple[str, str]](), Counter[str](), Counter[str]()
        for outcome in outcomes:
            done += outcome.done
            refused += outcome.refused
            kept += outcome.kept
            failed += outcome.failed
        self.stdout.write("")
        for name in sorted(done.keys() | {play for play, _ in refused}):
            codes = ", ".join(f"{code} {n}" for (play, code), n in sorted(refused.items()) if play == name)
            self.stdout.write(f"{done[name]:>6}  {name}" + (f"; refused: {codes}" if codes else ""))
        self.stdout.write("")
        for name in kept | failed:
            text = f"{kept[name]:>6}  kept, {failed[name]} broken: {name}"
            self.stdout.write(self.style.ERROR(text) if failed[name] else text)
