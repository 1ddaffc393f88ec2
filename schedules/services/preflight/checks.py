"""The checks of the pre-flight, one function per line of the checklist."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils import timezone

import backups.services
from common.services import presence
from schedules.domain.problem import Problem
from schedules.domain.roster import Roster
from schedules.domain.rules.wording import count
from schedules.enums import BLOCKING_RUN_STATUSES, BreakerState, RunStatus, ScheduleStatus
from schedules.mapping import fingerprint, load_problem, load_roster
from schedules.mapping.problems import academic_year_start
from schedules.models import (
    Absence,
    Block,
    BlockAssignment,
    Breaker,
    Demand,
    FmitWeek,
    GenerationRun,
    Person,
    RotationTemplate,
    Schedule,
)
from schedules.services.confirmation import digest
from schedules.services.preflight import arithmetic
from schedules.services.preflight.report import Item, ItemStatus, Preflight

DATA_CODES = frozenset({"PEOPLE", "ROTATIONS", "BLOCKS", "BLOCK_ASSIGNMENTS"})
"""Without these there is no problem to load, let alone to solve."""


def preflight(
    start: dt.date,
    end: dt.date,
    *,
    at: dt.datetime,
    ignore_run: GenerationRun | None = None,
    needs_worker: bool = True,
) -> Preflight:
    """Look at everything a generation of `start`..`end` needs. Reads only; answers in well under a second.

    `ignore_run` is the run that asks (it does not bar itself).
    """
    counts = _counts(start, end)
    items = [*_health(at, needs_worker=needs_worker), *_data(start, end, counts), _overlap(start, end, ignore_run)]
    file, verified_at, backup_item = _backup(at)
    items.append(backup_item)
    inputs, question = "", digest(start, end, sorted(counts.items()))
    if not any(item.blocks for item in items if item.code in DATA_CODES):
        problem = load_problem(start, end)
        published = load_roster(problem, schedule="published")
        inputs = inputs_of(problem, published)
        question = digest(start, end, inputs)
        items += [*_possibility(problem), *_warnings(problem)]
    return Preflight(
        start=start,
        end=end,
        label=label_of(start, end),
        items=tuple(items),
        counts=counts,
        present=_present(start, end),
        backup_file=file,
        backup_verified_at=verified_at,
        inputs=inputs,
        fingerprint=question,
    )


def inputs_of(problem: Problem, published: Roster) -> str:
    """The fingerprint of what a generation reads and replaces: its inputs and the published cells of its range.

    The year's calls so far and the edges are left out: publishing a neighbour does not make a draft stale; the
    validation at publishing judges the edges as they are then.
    """
    return fingerprint(replace(problem, call_history={}), Roster(cells=published.cells, locked=published.locked))


def label_of(start: dt.date, end: dt.date) -> str:
    """What people call the range: its block where it is one, else its dates."""
    block = Block.objects.filter(start_date=start, end_date=end).first()
    return f"Block {block.number}" if block else f"{start} to {end}"


def slug_of(start: dt.date, end: dt.date) -> str:
    """The same in the letters that a backup's name may have: `block-10`."""
    return label_of(start, end).lower().replace(" ", "-")


def _health(at: dt.datetime, *, needs_worker: bool) -> Iterator[Item]:
    yield Item("DATABASE", ItemStatus.OK, "The database answers.")
    if presence.running(presence.SOLVER):
        yield Item("WORKER", ItemStatus.OK, "A worker for generation is running.")
    elif needs_worker:
        yield _blocker("WORKER", "No worker for generation is running.", "Start `manage.py cluster`, then try again.")
    yield _breaker(at)
    yield _integrity(at)


def _breaker(at: dt.datetime) -> Item:
    breaker = Breaker.objects.filter(pk=1).first()
    if breaker is None or breaker.state != BreakerState.OPEN:
        return Item("BREAKER", ItemStatus.OK, "The schedule circuit breaker lets changes through.")
    if breaker.override_until and at <= breaker.override_until:
        return Item("BREAKER", ItemStatus.WARN, f"The circuit breaker is open ({breaker.cause}) but overridden.")
    return _blocker(
        "BREAKER",
        f"The schedule circuit breaker is open: {(breaker.cause or 'no cause was given').rstrip('.')}.",
        "Remove the cause, or have it overridden by two authorised people.",
    )


def _integrity(at: dt.datetime) -> Item:
    found = backups.services.check_integrity(at)
    if found.ok:
        return Item("INTEGRITY", ItemStatus.OK, "Row counts, constraints and links of the database are intact.")
    return _blocker(
        "INTEGRITY",
        "The integrity check of the database failed.",
        "An administrator has to look at it before anything is generated.",
        details=found.problems,
    )


def _counts(start: dt.date, end: dt.date) -> dict[str, int]:
    assignments = BlockAssignment.objects.filter(block__start_date__lte=end, block__end_date__gte=start)
    people = Counter(Person.objects.filter(is_active=True).order_by().values_list("role", flat=True))
    return {
        "residents": people["RESIDENT"],
        "faculty": people["FACULTY"],
        "rotations": RotationTemplate.objects.count(),
        "rotations_in_use": assignments.order_by().values("rotation").distinct().count(),
        "blocks": Block.objects.filter(start_date__lte=end, end_date__gte=start).count(),
        "block_assignments": assignments.count(),
        "absences": Absence.objects.filter(status="APPROVED", start_date__lte=end, end_date__gte=start).count(),
        "fmit_weeks": FmitWeek.objects.filter(start_date__lte=end, end_date__gte=start).count(),
        "demands": Demand.objects.filter(is_active=True).count(),
    }


def _data(start: dt.date, end: dt.date, counts: dict[str, int]) -> Iterator[Item]:
    yield _present_or_missing(
        "PEOPLE",
        counts["residents"] and counts["faculty"],
        f"{count(counts['residents'], 'resident')} and {counts['faculty']} faculty are active.",
        "There are no active residents or no active faculty.",
        "Import the program or add people.",
    )
    yield _present_or_missing(
        "ROTATIONS",
        counts["rotations"],
        f"{count(counts['rotations'], 'rotation')}, {counts['rotations_in_use']} of them in use here.",
        "There are no rotations.",
        "Import the program or add rotations.",
    )
    yield _blocks(start, end)
    yield from _assigned(start, end, counts)
    yield Item(
        "ABSENCES",
        ItemStatus.OK,
        f"{count(counts['absences'], 'approved absence')}, {count(counts['fmit_weeks'], 'FMIT week')} touch it.",
    )
    if not counts["demands"]:
        yield Item("DEMAND", ItemStatus.WARN, "No demand is entered: nothing has to be filled.", "Enter the demand.")


def _blocks(start: dt.date, end: dt.date) -> Item:
    missing, day = [], start
    for block in Block.objects.filter(start_date__lte=end, end_date__gte=start).order_by("start_date"):
        if block.start_date > day:
            missing.append(f"{day} to {block.start_date - dt.timedelta(days=1)}")
        day = block.end_date + dt.timedelta(days=1)
    if day <= end:
        missing.append(f"{day} to {end}")
    return _present_or_missing(
        "BLOCKS",
        not missing,
        "Every date lies in a block.",
        f"No block covers {', '.join(missing)}.",
        "Add the blocks or choose dates inside them.",
    )


def _assigned(start: dt.date, end: dt.date, counts: dict[str, int]) -> Iterator[Item]:
    yield _present_or_missing(
        "BLOCK_ASSIGNMENTS",
        counts["block_assignments"],
        f"{count(counts['block_assignments'], 'block assignment')}.",
        "No resident has a rotation in these dates.",
        "Enter the block assignments.",
    )
    with_rotation = BlockAssignment.objects.filter(block__start_date__lte=end, block__end_date__gte=start)
    without = Person.objects.filter(is_active=True, role="RESIDENT").exclude(pk__in=with_rotation.values("person"))
    names = tuple(without.order_by("name").values_list("name", flat=True))
    if names and counts["block_assignments"]:
        yield Item(
            "UNASSIGNED_RESIDENTS",
            ItemStatus.WARN,
            f"{count(len(names), 'resident')} without a rotation here will not be scheduled.",
            "Enter their block assignment if they should be.",
            details=names,
        )
    bare = RotationTemplate.objects.filter(pattern__isnull=True, block_assignments__in=with_rotation).distinct()
    empty = tuple(bare.order_by("name").values_list("name", flat=True))
    if empty:
        yield Item(
            "PATTERNS",
            ItemStatus.WARN,
            f"{count(len(empty), 'rotation')} in use without a weekly pattern: such days will be off.",
            "Enter their patterns.",
            details=empty,
        )
    elif counts["block_assignments"]:
        yield Item("PATTERNS", ItemStatus.OK, "Every rotation in use has a weekly pattern.")


def _overlap(start: dt.date, end: dt.date, ignore: GenerationRun | None) -> Item:
    runs = GenerationRun.objects.filter(start_date__lte=end, end_date__gte=start, status__in=BLOCKING_RUN_STATUSES)
    other = (runs.exclude(pk=ignore.pk) if ignore else runs).first()
    if other is None:
        return Item("OVERLAP", ItemStatus.OK, "No other generation is at work on these dates.")
    state = RunStatus(other.status).label.lower()
    return _blocker(
        "OVERLAP",
        f"Another generation ({other.start_date} to {other.end_date}, {state}) is at work on some of these dates.",
        "Wait for it to end, or stop it.",
    )


def _backup(at: dt.datetime) -> tuple[str, str, Item]:
    newest = backups.services.fresh_backup()
    if newest is None or newest.verified_at is None:
        item = Item("BACKUP", ItemStatus.WARN, "No fresh verified backup: none, will be made.", "Nothing to do.")
        return "", "", item
    verified_at = timezone.localtime(newest.verified_at).isoformat(timespec="seconds")
    minutes = int((at - newest.created_at).total_seconds() // 60)
    return (
        newest.file,
        verified_at,
        Item("BACKUP", ItemStatus.OK, f"{newest.file}, {count(minutes, 'minute')} old, verified."),
    )


def _present(start: dt.date, end: dt.date) -> dict[str, object]:
    published = Schedule.objects.published(start, end)
    drafts = Schedule.objects.filter(status=ScheduleStatus.DRAFT, start_date__lte=end, end_date__gte=start)
    versions = [
        {
            "schedule": str(item.pk),
            "label": str(item),
            "start_date": item.start_date.isoformat(),
            "end_date": item.end_date.isoformat(),
            "assignments": item.assignments.filter(date__gte=start, date__lte=end).count(),
        }
        for item in published
    ]
    return {
        "published": versions,
        "assignments": sum(int(str(version["assignments"])) for version in versions),
        "drafts": drafts.count(),
    }


def _possibility(problem: Problem) -> Iterator[Item]:
    yield _proven("SUPERVISION_POSSIBLE", "supervisors", arithmetic.supervision_gaps(problem))
    yield _proven("CALL_POSSIBLE", "people for overnight call", arithmetic.call_gaps(problem))
    yield _proven("REST_POSSIBLE", "days off for inpatient teams", arithmetic.rest_gaps(problem))


def _proven(code: str, what: str, gaps: Iterable[str]) -> Item:
    found = tuple(gaps)
    if not found:
        return Item(code, ItemStatus.OK, f"Enough {what}, as far as arithmetic can tell.")
    return Item(
        code,
        ItemStatus.FAIL,
        f"Not enough {what}: {found[0]}" + (f" And {len(found) - 1} more." if len(found) > 1 else ""),
        "Change an absence, a rotation or the demand; as it stands no schedule exists.",
        details=found,
    )


def _warnings(problem: Problem) -> Iterator[Item]:
    runs = tuple(arithmetic.replacements(problem))
    if runs:
        yield Item(
            "FMIT_REPLACEMENT",
            ItemStatus.WARN,
            f"{count(len(runs), 'gap')} without a present inpatient attending: one replacement is chosen for each.",
            "Enter another FMIT week if you want to choose yourself.",
            details=runs,
        )
    weeks = tuple(_inpatient_weeks(problem))
    if weeks:
        yield Item(
            "INPATIENT_WEEKS",
            ItemStatus.WARN,
            f"FMIT weeks of {count(len(weeks), 'faculty member')} differ from what their duty says for the year.",
            "The imported weeks are kept as they are.",
            details=weeks,
        )


def _inpatient_weeks(problem: Problem) -> Iterator[str]:
    first = academic_year_start(problem.start)
    last = academic_year_start(first + dt.timedelta(days=366)) - dt.timedelta(days=1)
    rows = FmitWeek.objects.filter(start_date__gte=first, start_date__lte=last)
    weeks = Counter(str(person) for person in rows.order_by().values_list("person_id", flat=True))
    for person in problem.faculty:
        if person.duty is None:
            continue
        least, most = person.duty.inpatient_weeks_min, person.duty.inpatient_weeks_max
        if not least <= weeks[person.id] <= most:
            yield f"{person.name}: {count(weeks[person.id], 'week')}, the duty says {least} to {most}."


def _present_or_missing(code: str, present: object, found: str, missing: str, action: str) -> Item:
    return Item(code, ItemStatus.OK, found) if present else _blocker(code, missing, action)


def _blocker(code: str, sentence: str, action: str, *, details: Iterable[str] = ()) -> Item:
    return Item(code, ItemStatus.FAIL, sentence, action, blocks=True, details=tuple(details))
