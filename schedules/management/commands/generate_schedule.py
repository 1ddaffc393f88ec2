"""manage.py generate_schedule: the six steps in a terminal, through the same services as every other door."""

from __future__ import annotations

import datetime as dt
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from common.errors import DomainError
from common.management.answers import day, typed
from common.services import presence
from schedules.enums import OPEN_RUN_STATUSES, Algorithm, RunStatus
from schedules.models import Block, GenerationRun
from schedules.services import runs

FOLLOW_SECONDS = 0.5
BAR_WIDTH = 30
MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
SUCCESSES = (RunStatus.DRAFT_READY, RunStatus.PUBLISHED)


class Command(BaseCommand):
    help = "Generates a block, a range of dates or a whole academic year as a draft."

    _shown: tuple[str, int | None] | None = None
    """The step last written where the output is no terminal: one line each, no bar."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--block", type=int, help="Number of the block.")
        parser.add_argument("--academic-year", type=int, help="Year in which it begins; alone: the whole year.")
        parser.add_argument("--start", type=day)
        parser.add_argument("--end", type=day)
        parser.add_argument("--algorithm", choices=Algorithm.values, default=Algorithm.CP_SAT.value)
        parser.add_argument("--timeout", type=int, default=120, help="Seconds for the solver.")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--repair", action="store_true", help="Fewest changes to what is published.")
        parser.add_argument("--label", default="")
        parser.add_argument("--as", dest="username", default="", help="In whose name; default: an administrator.")
        parser.add_argument("--yes", action="store_true", help="Confirm without being asked.")
        parser.add_argument("--here", action="store_true", help="Work in this process even where a worker is running.")

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = _range(options)
        order = runs.Order(
            start=start,
            end=end,
            algorithm=options["algorithm"],
            timeout_seconds=options["timeout"],
            seed=options["seed"],
            repair=options["repair"],
            label=options["label"],
        )
        here = options["here"] or not presence.running(presence.SOLVER)
        try:
            run = self._confirmed(order, by=_user(options["username"]), yes=options["yes"], here=here)
            with _worked_on(run) if here else nullcontext():
                self._follow(run)
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _confirmed(self, order: runs.Order, *, by: User, yes: bool, here: bool) -> GenerationRun:
        """Show the checklist, ask, and start the run with the token of what was shown."""
        try:
            return runs.request_run(order, by=by, at=timezone.now(), needs_worker=not here)
        except runs.ConfirmationRequired as question:
            self._checklist(question.extra["preflight"])
            self.stdout.write(question.detail)
            if not yes and typed("Type yes: ").lower() != "yes":
                raise CommandError("Not confirmed; nothing was done. Answer yes, or give --yes.") from None
            return runs.request_run(
                order,
                by=by,
                at=timezone.now(),
                confirm=question.extra["confirmation_token"],
                needs_worker=not here,
            )

    def _checklist(self, preflight: dict[str, Any]) -> None:
        for item in preflight["items"]:
            self.stdout.write(f"  [{MARKS[item['status']]}] {item['sentence']}")
            if item["status"] != "ok":
                for line in (*item["details"], item["action"]):
                    self.stdout.write(f"           {line}")
        present = preflight["present"]
        self.stdout.write(
            f"  Now published here: {present['assignments']} assignments, {present['drafts']} open drafts."
        )

    def _follow(self, run: GenerationRun) -> None:
        """Show the progress until the run has ended, then its report. Ctrl-C leaves the run to the worker."""
        while True:
            run.refresh_from_db()
            self._bar(run)
            if run.status not in OPEN_RUN_STATUSES or run.status == RunStatus.AWAITING_CONFIRMATION:
                break
            time.sleep(FOLLOW_SECONDS)
        self.stdout.write("")
        if run.status not in SUCCESSES:
            raise CommandError(runs.message_of(run))
        self._report(run)

    def _bar(self, run: GenerationRun) -> None:
        progress = run.progress
        elapsed, gap = progress.get("elapsed", 0), progress.get("gap")
        share = 1.0 if run.status not in OPEN_RUN_STATUSES else min(1.0, elapsed / run.timeout_seconds)
        done = round(BAR_WIDTH * share)
        facts = [run.get_status_display(), f"{elapsed:.0f} s"]
        if progress.get("blocks", 0) > 1:
            facts.append(f"block {progress['block']} of {progress['blocks']}")
        if progress.get("objective") is not None:
            facts.append(f"objective {progress['objective']}")
        if gap is not None:
            facts.append(f"gap {gap:.1%}")
        line = f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] {', '.join(facts)}"
        if sys.stdout.isatty():
            self.stdout.write(f"\r\x1b[K{line}", ending="")
        elif self._shown != (run.status, progress.get("block")):
            self.stdout.write(line)
        self._shown = (run.status, progress.get("block"))

    def _report(self, run: GenerationRun) -> None:
        result = run.result
        validation, resilience = result["validation"], result["resilience"]
        rows = [
            ("Half-days assigned", f"{result['total_blocks_assigned']} of {result['total_blocks']}"),
            ("Coverage", _percent(result["coverage_rate"])),
            (
                "Violations",
                f"{validation['total_violations']} ({validation['acgme_violations']} of duty hours or supervision)",
            ),
            ("N-1", str(resilience["n1_compliant"])),
            ("Objective", f"{result['objective']} (gap {result['gap']:.1%})"),
            ("Time", f"{result['generation_seconds']} s"),
            ("Accepted", "yes" if validation["acceptance"]["accepted"] else "no"),
            ("Draft", str(run.schedule_id)),
        ]
        for name, value in rows:
            self.stdout.write(f"  {name:<20} {value}")
        for check in validation["acceptance"]["checks"]:
            if not check["ok"]:
                self.stdout.write(f"    not accepted: {check['sentence']} {check['action']}")
        for item in validation["violations"]:
            if item["unavoidable"] or item["severity"] != "advisory":
                unavoidable = "unavoidable, " if item["unavoidable"] else ""
                self.stdout.write(f"    {unavoidable}{item['rule']}: {item['message']}")


@contextmanager
def _worked_on(run: GenerationRun) -> Iterator[None]:
    """Carry the run out in a thread of this process meanwhile; Ctrl-C aborts it. No worker needs to be running."""

    def work() -> None:
        try:
            runs.execute(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work, name=f"run {run.pk}")
    thread.start()
    try:
        yield
    except KeyboardInterrupt:
        if run.requested_by is not None:
            runs.request_abort(run, by=run.requested_by, at=timezone.now())
        raise CommandError("Aborted; nothing was written.") from None
    finally:
        thread.join()


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _range(options: dict[str, Any]) -> tuple[dt.date, dt.date]:
    """The dates of the block, of the whole year, or those given."""
    if options["start"] and options["end"]:
        return options["start"], options["end"]
    if options["academic_year"] is None:
        raise CommandError("Give --block and --academic-year, or --start and --end.")
    blocks = Block.objects.filter(academic_year=options["academic_year"]).order_by("start_date")
    if options["block"] is not None:
        blocks = blocks.filter(number=options["block"])
    found = list(blocks)
    if not found:
        raise CommandError("There is no such block. Import the program or add its blocks first.")
    return found[0].start_date, found[-1].end_date


def _user(username: str) -> User:
    known = User.objects.filter(is_active=True)
    found = known.filter(username=username) if username else known.filter(role=Role.ADMINISTRATOR)
    user = found.order_by("date_joined").first()
    if user is None:
        raise CommandError("There is no such active user. Create an administrator, or name a user with --as.")
    return user
