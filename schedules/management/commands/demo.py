"""manage.py demo: the whole product on one machine, from an empty folder to a draft in the browser."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.services import create_demo_accounts
from backups import services as backups
from backups.enums import BackupKind, BackupState
from backups.models import Backup
from common.errors import DomainError
from common.postgres import server
from common.services import presence
from schedules.domain.blocks import academic_year
from schedules.enums import ScheduleStatus
from schedules.management.commands.cluster import die_with_parent
from schedules.models import Block, Person, Schedule
from schedules.services import program, publishing

SHOWN_BLOCK = 10
START_SECONDS = 60
STOP_SECONDS = 15
SOLVE_SECONDS = 45
"""At most, for the block that is shown: the whole demonstration is there within four minutes."""
BACKGROUND_SECONDS = 12
"""At most, for each block that is only there so that pages have something to show."""
MADE_UP_YEAR = 2025
AHEAD = dt.timedelta(days=28)
"""Swaps and resilience look this far: these days have a published schedule."""
THREADS = 8


class Stopped(Exception):
    """Somebody asked the demonstration to end."""


class Command(BaseCommand):
    help = "Makes or reuses a demonstration program and serves it until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--data", type=Path, help="Folder, ZIP or XLSX in the import layout instead of a made-up one."
        )
        parser.add_argument("--no-serve", action="store_true", help="Prepare everything, then stop.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demonstration has known passwords: run it with `make demo` (DEMO=1 and DEBUG=1).")
        port = options["port"]
        if not options["no_serve"]:
            _require_free(port)
        os.environ.setdefault("SITE_URL", f"http://localhost:{port}")  # the workers' mail leads to this server
        started = time.monotonic()
        with contextlib.suppress(Stopped), _ended_by_signals(), self._database():
            self._step("Program")
            self._program(options["data"])
            self._step("Accounts")
            accounts = self._accounts()
            self._step("First backup (sacred: never deleted)")
            self._sacred_backup(accounts["admin"])
            with self._children() as children:
                self._step("Workers")
                children.start("workers", [sys.executable, sys.argv[0], "cluster"])
                children.wait_for("workers", lambda: presence.running(presence.SOLVER))
                self._step("Schedule")
                self._schedule(accounts["pd"])
                if options["no_serve"]:
                    return
                self._step("Web server")
                children.start("web", _web_server(port))
                children.wait_for("web", lambda: _healthy(port))
                self._welcome(port, time.monotonic() - started)
                children.watch()
        self.stdout.write("Everything that was started has ended. `make demo` goes on from here.")

    # --- steps -------------------------------------------------------------------------------------------------------

    def _step(self, title: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{title}"))
        self.stdout.flush()

    @contextlib.contextmanager
    def _database(self) -> Iterator[None]:
        """The embedded server, or the one that DATABASE_URL names, migrated; stopped again if it was not running."""
        self._step("Database")
        data_dir = connection.settings_dict["OPTIONS"].get("data_dir")
        ours = data_dir is not None and not server.status(Path(data_dir)).running
        try:
            call_command("migrate", verbosity=0, interactive=False)
            where = f"embedded PostgreSQL in {data_dir}" if data_dir else "the server of DATABASE_URL"
            self.stdout.write(f"  {where}, migrated")
            yield
        finally:
            connection.close()
            if ours:
                server.stop(Path(data_dir))

    def _program(self, source: Path | None) -> None:
        if source is None:
            if Person.objects.exists():
                self.stdout.write(f"  {Person.objects.count()} people are there already")
                return
            for year in sorted({MADE_UP_YEAR, academic_year(timezone.localdate())}):
                self._import(self._made_up(year))
        else:
            self._import(source)

    def _made_up(self, year: int) -> Path:
        """The folder of the made-up program's year, written if it is not there: the same people in every year."""
        folder: Path = settings.DATA_DIR / f"made-up-program-{year}"
        if not folder.exists():
            call_command("make_program", str(folder), academic_year=year, stdout=self.stdout)
        return folder

    def _import(self, source: Path) -> None:
        call_command("import_program", str(source), skip_bad=True, stdout=self.stdout)

    def _accounts(self) -> dict[str, User]:
        """The accounts, two of them linked to people: the first resident and the first core faculty member."""
        now = timezone.now()
        accounts = create_demo_accounts(at=now)
        active = Person.objects.filter(is_active=True)
        first = {
            "resident": active.filter(role="RESIDENT").order_by("pgy_level", "name").first(),
            "faculty": active.filter(role="FACULTY", adjunct=False).order_by("name").first(),
        }
        for name, person in first.items():
            if person is not None and not hasattr(accounts[name], "person"):
                program.change(person, {"user": accounts[name]}, by=accounts["admin"], at=now, reason="demo account")
        self.stdout.write(f"  {', '.join(accounts)}: the password is the name followed by 123")
        return accounts

    def _sacred_backup(self, administrator: User) -> None:
        sacred = Backup.objects.filter(kind=BackupKind.SACRED, state=BackupState.VERIFIED).first()
        if sacred is None:
            sacred = backups.create(kind=BackupKind.SACRED, by=administrator, at=timezone.now())
        self.stdout.write(f"  {sacred.file}, verified by a restore")

    def _schedule(self, director: User) -> None:
        """Block 10 waits as a draft; the block before it and those of the coming weeks are published."""
        shown = Block.objects.filter(number=SHOWN_BLOCK).order_by("academic_year").first()
        if shown is None:
            self.stdout.write(f"  there is no block {SHOWN_BLOCK}; nothing is generated")
            return
        for block in _background(shown):
            if self._generate(block, seconds=BACKGROUND_SECONDS):
                self._publish(block, director)
        self._generate(shown, seconds=SOLVE_SECONDS)

    def _publish(self, block: Block, director: User) -> None:
        draft = Schedule.objects.get(start_date=block.start_date, status=ScheduleStatus.DRAFT)
        try:
            publishing.publish(draft, by=director, at=timezone.now())
            self.stdout.write(f"  Block {block.number} is published.")
        except DomainError as refusal:
            self.stdout.write(f"  Block {block.number} stays a draft: {refusal.detail}")

    def _generate(self, block: Block, *, seconds: int) -> bool:
        """Generate the block through the worker unless a version of it is there; whether it was done."""
        versions = Schedule.objects.filter(start_date__lte=block.end_date, end_date__gte=block.start_date)
        if versions.filter(status__in=[ScheduleStatus.DRAFT, ScheduleStatus.PUBLISHED]).exists():
            self.stdout.write(f"  Block {block.number} is there already")
            return False
        self.stdout.write(f"  Block {block.number}, {block.start_date} to {block.end_date}:")
        try:
            call_command(
                "generate_schedule",
                block=block.number,
                academic_year=block.academic_year,
                username="pd",
                timeout=seconds,
                yes=True,
                stdout=self.stdout,
            )
        except CommandError as error:
            self.stdout.write(self.style.ERROR(f"  {error}"))
            return False
        return True

    @contextlib.contextmanager
    def _children(self) -> Iterator[Children]:
        children = Children(settings.DATA_DIR / "log")
        try:
            yield children
        finally:
            children.stop()

    def _welcome(self, port: int, seconds: float) -> None:
        self.stdout.write(
            f"\nReady after {seconds:.0f} s: http://localhost:{port}\n"
            "  sign in as pd / pd123 (program director), coordinator, architect, admin, resident, faculty or agent\n"
            f"  logs in {settings.DATA_DIR / 'log'}; Ctrl-C stops everything"
        )
        self.stdout.flush()


def _background(shown: Block) -> list[Block]:
    """The block before the one that is shown, and those of the coming weeks, in the order of time."""
    today = timezone.localdate()
    before = Q(academic_year=shown.academic_year, number=shown.number - 1)
    coming = Q(start_date__lte=today + AHEAD, end_date__gte=today)
    return list(Block.objects.filter(before | coming).exclude(pk=shown.pk).order_by("start_date"))


class Children:
    """The processes that the demonstration started, each the head of a group of its own."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we end them in order
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads are running yet
            )

    def wait_for(self, name: str, is_ready: Any) -> None:
        """Raises CommandError when it ends early or is not ready in time; the log says why."""
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if self._running[name].poll() is not None or time.monotonic() > deadline:
                raise CommandError(f"The {name} did not start; see {self._logs / f'{name}.log'}.")
            time.sleep(0.2)

    def watch(self) -> None:
        """Return never: raises when any of them ends, or when a signal says so."""
        while True:
            for name, child in self._running.items():
                if child.poll() is not None:
                    raise CommandError(f"The {name} ended by itself; see {self._logs / f'{name}.log'}.")
            time.sleep(0.5)

    def stop(self) -> None:
        """Politely, each head alone, for it ends its own; then whole groups by force. The last one first."""
        for child in reversed(self._running.values()):
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self._running.clear()


def _web_server(port: int) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "scheduler_project.wsgi"]
    return [*gunicorn, "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", str(THREADS), "--timeout", "900"]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"Port {port} is in use. Choose another one: make demo PORT={port + 1}") from error


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn Ctrl-C, a polite kill and a closed terminal into Stopped, once; further ones do not disturb the clean-up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
