"""manage.py bench: the table of figures the product promises, measured beside their targets on this machine."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from backups import services as backups
from backups.enums import BackupKind
from common.models import bulk_create_with_history
from common.postgres import server
from schedules.domain.calls import NightKind, night_kind, takes_call
from schedules.domain.codes import CALL_CODE
from schedules.domain.coverage import coverage
from schedules.domain.margins import MaskPost, Pool, Scope, analyse, margins, totals
from schedules.domain.problem import Problem
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import check
from schedules.domain.rules.report import Severity
from schedules.domain.synthetic import Options as Size
from schedules.domain.synthetic import program_files
from schedules.enums import ScheduleStatus
from schedules.management.commands.cluster import die_with_parent
from schedules.mapping import load_problem, load_roster, to_assignment_rows
from schedules.models import Block, Schedule
from schedules.services.gate import open_gate
from schedules.services.validation import validate
from schedules.solver import Algorithm, Options, Solution, solve

SECTIONS = ("blocks", "year", "margins", "backups", "pages", "swaps", "synthetic-80", "synthetic-280")
PROGRAM_DATA = "../shared/data/fm-ay2025"
SIZES = {"synthetic-80": (47, 33, 10.0), "synthetic-280": (164, 116, 45.0)}
"""Residents, faculty, and the seconds in which a gap of 2 % is asked for."""
SOLVE_SECONDS = 30
REPEATS = 5


@dataclass
class Table:
    """Measured figures beside their targets; a miss says by how much."""

    write: Callable[[str], Any]
    missed: list[str] = field(default_factory=list)

    def head(self, title: str) -> None:
        self.write(f"\n{title}\n{'figure':<52}{'measured':>14}{'target':>12}  missed by")

    def row(self, name: str, measured: float | None, unit: str, at_most: float | None = None) -> None:
        """`at_most` None: a figure without a target. None measured is a miss."""
        shown = (
            "not reached"
            if measured is None
            else f"{measured:,.2f} {unit}"
            if measured % 1
            else f"{measured:,.0f} {unit}"
        )
        over = None if at_most is None or (measured is not None and measured <= at_most) else measured
        late = at_most is not None and (measured is None or over is not None)
        by = "" if not late else "not reached" if measured is None else f"{measured - (at_most or 0):,.2f} {unit}"
        self.write(f"{name:<52}{shown:>14}{'' if at_most is None else f'{at_most:g} {unit}':>12}  {by}")
        if late:
            self.missed.append(f"{name}: {by}")


class Command(BaseCommand):
    help = "Measures the figures the product promises, in a scratch database that is thrown away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", default=",".join(SECTIONS), help=f"Sections, with commas: {', '.join(SECTIONS)}")
        parser.add_argument(
            "--data", default=os.environ.get("PROGRAM_DATA", PROGRAM_DATA), help="Folder of the program."
        )
        parser.add_argument(
            "--inside", action="store_true", help="Used by the command itself: this is the scratch database."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [name.strip() for name in options["only"].split(",")]
        unknown = set(wanted) - set(SECTIONS)
        if unknown:
            raise CommandError(f"Unknown section: {', '.join(sorted(unknown))}. There are: {', '.join(SECTIONS)}.")
        if options["inside"]:
            self._measure(wanted, Path(options["data"]))
            return
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the scratch server is stopped then, too
        for line in machine():
            self.stdout.write(line)
        self.stdout.flush()
        real = [name for name in wanted if name not in SIZES]
        groups = [real] if real else []
        groups += [[name] for name in wanted if name in SIZES]
        failed = [group for group in groups if run_in_scratch(group, options["data"])]
        if failed:
            raise CommandError(f"Not measured to the end: {', '.join(name for group in failed for name in group)}.")

    def _measure(self, wanted: Sequence[str], data: Path) -> None:
        table = Table(self.stdout.write)
        call_command("migrate", verbosity=0, interactive=False)
        if set(wanted) & set(SIZES):
            data = made_up(*SIZES[wanted[0]][:2])
        elif not data.is_dir():
            raise CommandError(f"There is no program in {data}. Name its folder: make bench PROGRAM_DATA=...")
        call_command("import_program", str(data), skip_bad=True, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
        director = User(username="bench", role=Role.PROGRAM_DIRECTOR, date_joined=timezone.now())
        director.set_unusable_password()
        director.save()
        if set(wanted) & set(SIZES):
            synthetic(table, wanted[0])
        else:
            real_program(table, wanted, director)
        self.stdout.write(f"\nMissed: {'; '.join(table.missed) or 'nothing'}\n")


# --- scratch database and machine ------------------------------------------------------------------------------------


def machine() -> Iterator[str]:
    """What the figures were measured on."""
    from importlib.metadata import version

    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    yield f"Machine: {cpu}, {cores} cores, {platform.system()} {platform.release()}, load {load:.1f} at the start"
    yield f"Python {platform.python_version()}, OR-Tools {version('ortools')}, Django {version('django')}"


def run_in_scratch(sections: Sequence[str], data: str) -> int:
    """This command again, on an embedded server of its own that is stopped and deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": "", "LOG_LEVEL": "ERROR"}
        environment.pop("BACKUP_DIR", None)
        command = [sys.executable, "-u", "-W", "ignore", sys.argv[0], "bench", "--inside", "--only", ",".join(sections)]
        try:
            done = subprocess.run(
                [*command, "--data", data],
                env=environment,
                cwd=settings.BASE_DIR,
                check=False,
                preexec_fn=die_with_parent,
            )
            return done.returncode
        finally:
            server.stop(Path(folder).resolve() / "pg")


def made_up(residents: int, faculty: int) -> Path:
    folder = settings.DATA_DIR / "made-up-program"
    folder.mkdir()
    for name, text in program_files(Size(seed=1, residents=residents, faculty=faculty)).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def seconds(work: Callable[[], object]) -> float:
    """Wall time of the work; what earlier work left behind is cleared away before, not within."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- the solver ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Solved:
    block: Block
    problem: Problem
    solution: Solution
    seconds: float

    @property
    def roster(self) -> Roster:
        if self.solution.roster is None:
            raise CommandError(f"Block {self.block.number}: {self.solution.outcome}; there is no roster to measure.")
        return self.solution.roster

    def seconds_to(self, gap: float) -> float | None:
        """When the search had first proven the gap; None = never."""
        for sample in self.solution.curve:
            if sample.objective - sample.bound <= gap * max(1, abs(sample.objective)):
                return sample.elapsed
        final = self.solution.gap
        return self.seconds if final is not None and final <= gap else None


def solve_block(
    block: Block,
    decided: Mapping[Slot, str],
    *,
    gap: float = 0.01,
    limit: float = SOLVE_SECONDS,
    algorithm: Algorithm = Algorithm.CP_SAT,
) -> Solved:
    """One block as a generation run solves it, with the earlier blocks carried over."""
    problem = load_problem(block.start_date, block.end_date, decided=decided)
    base = load_roster(problem, decided=decided)
    began = time.perf_counter()
    options = Options(seed=1, timeout_seconds=limit, relative_gap=gap, algorithm=algorithm)
    solution = solve(problem, base=base, options=options)
    return Solved(block, problem, solution, time.perf_counter() - began)


def synthetic(table: Table, name: str) -> None:
    residents, faculty, limit = SIZES[name]
    solved = solve_block(Block.objects.get(number=10), {}, gap=0.02, limit=limit + 30)
    table.head(
        f"Made-up program of {residents + faculty} people, block 10 ({solved.solution.free_decisions} free decisions)"
    )
    judge_block(table, solved)
    table.row("first solution", solved.solution.first_solution_seconds, "s")
    table.row("gap of 2 %", solved.seconds_to(0.02), "s", limit)
    table.row("final gap", percent(solved.solution.gap), "%", 2)


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def real_program(table: Table, wanted: Sequence[str], director: User) -> None:
    year: list[Solved] = []
    decided: dict[Slot, str] = {}
    # Pages, backups and margins need a whole year, not the best one.
    algorithm = Algorithm.CP_SAT if {"blocks", "year"} & set(wanted) else Algorithm.GREEDY
    for block in Block.objects.order_by("start_date"):
        solved = solve_block(block, decided, algorithm=algorithm)
        decided |= solved.roster.cells
        year.append(solved)
        if "blocks" in wanted:
            report_block(table, solved)
    whole = load_problem(year[0].problem.start, year[-1].problem.end)
    roster = Roster(decided)
    if "year" in wanted:
        report_year(table, year, whole, roster)
    if "margins" in wanted:
        report_margins(table, whole, roster)
    if {"backups", "pages", "margins", "swaps"} & set(wanted):
        published = store(whole, roster, director)
        if "margins" in wanted:
            call_command("bench_margins", table=table)
        if "pages" in wanted:
            report_pages(table, published, director)
        if "backups" in wanted:
            report_backups(table, director)
        if "swaps" in wanted:
            call_command("bench_swaps", table=table)


def report_block(table: Table, solved: Solved) -> None:
    block, solution = solved.block, solved.solution
    table.head(
        f"Block {block.number}, {block.start_date} to {block.end_date} ({solution.free_decisions} free decisions)"
    )
    judge_block(table, solved)
    table.row("first solution", solution.first_solution_seconds, "s", 1)
    table.row("gap of 1 %", solved.seconds_to(0.01), "s", 3)
    table.row("final gap", percent(solution.gap), "%", 1)
    table.row("final gap, points", solution.absolute_gap, "p")
    table.row("validation by the rule table", 1000 * seconds(lambda: check(solved.problem, solved.roster)), "ms", 50)
    terms = ", ".join(f"{name} {term.count} x {term.weight}" for name, term in sorted(solution.terms.items()))
    table.write(f"  soft rules: {terms}")


def judge_block(table: Table, solved: Solved) -> None:
    """Figures of the independent check; nothing here comes from the solver's own account."""
    problem, roster = solved.problem, solved.roster
    report = check(problem, roster)
    avoidable = [finding for finding in report.hard if not finding.unavoidable]
    table.row("hard violations", len(avoidable), "", 0)
    for finding in report.violations:
        if finding.unavoidable or finding.severity is Severity.HARD:
            table.write(f"  {'unavoidable, ' if finding.unavoidable else ''}{finding.rule}: {finding.message}")
    hard = [demand for demand in problem.demands if demand.hard and demand.minimum]
    held = Counter((slot.day, slot.session, code, slot.person) for slot, code in roster)
    short = sum(
        sum(held[demand.day, demand.session, demand.activity, person] for person in demand.eligible) < demand.minimum
        for demand in hard
    )
    table.row(f"demand minima unfilled (of {len(hard)})", short, "", 0)
    table.row("coverage", percent(coverage(problem, roster).rate), "%")
    faculty = {person.id for person in problem.faculty}
    shared = [day for day in problem.days if night_kind(day, frozenset()) is not None]
    calls = Counter(s.day for s, code in roster if code == CALL_CODE and s.person in faculty)
    table.row(
        f"Sunday-Thursday nights not covered once (of {len(shared)})", sum(calls[day] != 1 for day in shared), "", 0
    )
    table.row("half-days short of supervision", len(report.of("SUPERVISION")), "", 0)
    clinic = Counter(
        (slot.day, slot.session) for slot, code in roster if problem.activities[code].counts_toward_clinic_capacity
    )
    table.row("largest clinic", max(clinic.values(), default=0), "", problem.policy.clinic_capacity)
    found = margins(problem, roster)
    table.row("k* of supervision, call and FMIT (N-1 holds from 1)", found.n1_margin, "")
    table.row("sessions with k* below 1", found.below(1), "")


def report_year(table: Table, year: Sequence[Solved], whole: Problem, roster: Roster) -> None:
    table.head(f"The year, {len(year)} blocks carried over")
    table.row("solving, all blocks", sum(solved.seconds for solved in year), "s", 40)
    cold = load_problem(whole.start, whole.end)
    table.row("validation by the rule table", 1000 * seconds(lambda: check(cold, roster)), "ms", 500)
    for kind, target in ((NightKind.SUNDAY, 1), (NightKind.WEEKDAY, 2), (NightKind.HOLIDAY, None)):
        counts = calls_of(kind, whole, roster)
        table.row(
            f"call spread, {kind} ({len(counts)} people)", max(counts) - min(counts) if counts else None, "", target
        )


def calls_of(kind: NightKind, whole: Problem, roster: Roster) -> list[int]:
    """Calls of everybody eligible all year: takes call, and is absent on fewer days than the policy's limit."""
    limit = whole.policy.equity_absence_days
    days = set(whole.days)
    people = [p.id for p in whole.faculty if takes_call(p) and len(days & set(whole.leave_days[p.id])) < limit]
    taken = Counter(
        slot.person for slot, code in roster if code == CALL_CODE and night_kind(slot.day, whole.holidays) is kind
    )
    return [taken[person] for person in people]


def report_margins(table: Table, whole: Problem, roster: Roster) -> None:
    table.head("Margins")

    def everything() -> None:
        found = margins(whole, roster)
        for scope in Scope:
            for pool in Pool:
                found.losses(scope, pool)
                found.lowest(scope, pool)

    table.row("the year: every scope and pool, N-1 and N-2", seconds(everything), "s", 2)
    dice = random.Random(1)  # noqa: S311 - a repeatable instance, no secret
    sessions = [
        [MaskPost(dice.choice((1, 1, 2)), sum(1 << p for p in dice.sample(range(40), 6))) for _ in range(10)]
        for _ in range(730)
    ]
    pairs = [(1 << a, 1 << b) for a in range(40) for b in range(a)]

    def all_pairs() -> None:
        found = totals([hall for hall in map(analyse, sessions) if hall is not None])
        for first, second in pairs:
            found.after(first, second)

    table.row("40 people, 730 half-days, 10 posts, 780 pairs", seconds(all_pairs), "s", 1)


# --- database and pages ----------------------------------------------------------------------------------------------


def store(whole: Problem, roster: Roster, director: User) -> Schedule:
    """The year as one published version, through the gate."""
    now = timezone.now()
    with open_gate(operation="generate", by=director, at=now, reason="bench", label="bench"):
        version = Schedule(
            start_date=whole.start, end_date=whole.end, status=ScheduleStatus.PUBLISHED, published_at=now, label="Year"
        )
        version.save()
        bulk_create_with_history(to_assignment_rows(whole, roster, schedule=version), by=director, reason="bench")
    return version


def report_backups(table: Table, director: User) -> None:
    table.head("Backups of the program's year")
    made: list[Any] = []
    now = timezone.now()
    create = seconds(lambda: made.append(backups.create(kind=BackupKind.REGULAR, by=director, at=now)))
    table.row("backup and verification", create, "s", 5)
    backup = made[0]
    began = time.perf_counter()
    backups.restore(backup, by=director, at=timezone.now(), reason="bench", confirm=backup.file)
    table.row("restore", time.perf_counter() - began, "s", 10)


def report_pages(table: Table, version: Schedule, director: User) -> None:
    table.head("Pages on the server, the median of five, and the services behind them")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(director, backend="django.contrib.auth.backends.ModelBackend")
    block = Block.objects.get(number=10)
    pages = {
        "dashboard": "/dashboard",
        "grid of 28 days": f"/schedule?start={block.start_date}&end={block.end_date}",
    }
    for name, url in pages.items():
        queries, times = visit(browser, url)
        table.row(f"{name}, queries", queries, "", 15)
        table.row(f"{name}, time", 1000 * statistics.median(times), "ms", 300)
    whole = (version.start_date, version.end_date)
    for name, span in (("block", (block.start_date, block.end_date)), ("year", whole)):
        table.row(f"validation of a {name} with loading", 1000 * seconds(lambda: judged(span)), "ms")  # noqa: B023


def judged(span: tuple[dt.date, dt.date]) -> object:
    return validate(*span).figures()


def visit(browser: Client, url: str) -> tuple[int, list[float]]:
    """Queries of a warm request, and the seconds of five."""
    answer = browser.get(url, follow=True)
    if answer.status_code != 200:
        raise CommandError(f"{url} answered {answer.status_code}.")
    with CaptureQueriesContext(connection) as captured:
        browser.get(url)
    return len(captured), [seconds(lambda: browser.get(url)) for _ in range(REPEATS)]
