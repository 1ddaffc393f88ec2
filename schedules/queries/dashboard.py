"""What the dashboard shows: where the program stands, what waits for a person, and what to do next."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, F, JSONField, Q, QuerySet, Subquery, When
from django.urls import reverse

from accounts.permissions import Permission
from backups.models import Backup, BackupPolicy
from backups.services import newest_verified
from schedules.domain.problem import days_between
from schedules.enums import OPEN_RUN_STATUSES, AbsenceStatus, BreakerState, ComplianceStatus, RunStatus, ScheduleStatus
from schedules.models import Absence, Block, Breaker, ComplianceEvent, GenerationRun, Schedule
from schedules.queries.grid import default_block

if TYPE_CHECKING:
    from accounts.models import User

UPCOMING_DAYS = 28
SHOWN_DRAFTS = 8


@dataclass(frozen=True)
class NextAction:
    """The one thing to do now, and the address where it is done."""

    sentence: str
    button: str
    href: str


@dataclass(frozen=True)
class Dashboard:
    """Everything the page shows, in at most eleven queries."""

    today: dt.date
    block: Block | None
    published: list[Schedule]
    reports: list[dict[str, Any] | None]
    """The stored reports of the published versions, with the findings of the block alone."""
    waiting_absences: list[Absence]
    open_runs: list[GenerationRun]
    drafts: list[Schedule]
    newest_backup: Backup | None
    fresh_minutes: int
    upcoming: list[Absence]
    open_findings: int
    breaker: Breaker | None
    unpublished: Block | None = None
    at: dt.datetime | None = field(default=None, repr=False)

    @property
    def backup_is_fresh(self) -> bool:
        if self.newest_backup is None or self.at is None:
            return False
        return self.at - self.newest_backup.created_at < dt.timedelta(minutes=self.fresh_minutes)

    @property
    def awaiting(self) -> list[GenerationRun]:
        return [run for run in self.open_runs if run.status == RunStatus.AWAITING_CONFIRMATION]

    @property
    def running(self) -> list[GenerationRun]:
        return [run for run in self.open_runs if run.status != RunStatus.AWAITING_CONFIRMATION]

    @property
    def coverage_rate(self) -> float | None:
        """Of the published schedules of the block, weighted by their days; None where one is unknown."""
        if not self.published or any(s.coverage_rate is None for s in self.published):
            return None
        days = [(s.end_date - s.start_date).days + 1 for s in self.published]
        return sum((s.coverage_rate or 0) * n for s, n in zip(self.published, days, strict=True)) / sum(days)

    @property
    def breaker_open(self) -> bool:
        return self.breaker is not None and self.breaker.state != BreakerState.CLOSED


def load_dashboard(*, at: dt.datetime, today: dt.date) -> Dashboard:
    """Read the page's facts as they are at this moment."""
    blocks = list(Block.objects.annotate(fresh_minutes=Subquery(BackupPolicy.objects.values("fresh_minutes")[:1])))
    block = default_block(blocks, today)
    versions = (
        Schedule.objects.filter(status__in=(ScheduleStatus.PUBLISHED, ScheduleStatus.DRAFT))
        .annotate(run_pk=F("run__pk"), open_findings=Subquery(_open_findings()), report=_PUBLISHED_REPORT)
        .defer("validation")
    )
    drafts = [s for s in versions if s.status == ScheduleStatus.DRAFT]
    published = [s for s in versions if s.status == ScheduleStatus.PUBLISHED]
    in_block = [s for s in published if block and s.start_date <= block.end_date and s.end_date >= block.start_date]
    fresh_minutes = next((block.fresh_minutes for block in blocks), None)
    absences = list(_absences_shown(today))
    return Dashboard(
        today=today,
        block=block,
        published=in_block,
        reports=[_within(s.report, block) for s in in_block if block],
        waiting_absences=[a for a in absences if a.status == AbsenceStatus.REQUESTED][:8],
        open_runs=list(GenerationRun.objects.filter(status__in=OPEN_RUN_STATUSES).defer("preflight", "result")),
        drafts=drafts[:SHOWN_DRAFTS],
        newest_backup=newest_verified(),
        fresh_minutes=BackupPolicy().fresh_minutes if fresh_minutes is None else fresh_minutes,
        upcoming=[a for a in absences if a.status == AbsenceStatus.APPROVED],
        open_findings=next((s.open_findings or 0 for s in published), 0),
        breaker=Breaker.objects.filter(pk=1).first(),
        unpublished=next_to_generate(blocks, published=published, drafts=drafts, today=today),
        at=at,
    )


_PUBLISHED_REPORT = Case(When(status=ScheduleStatus.PUBLISHED, then=F("validation")), output_field=JSONField())
"""The stored report of a published version; that of a draft, which nobody looks at here, stays where it is."""


def _within(report: dict[str, Any] | None, block: Block) -> dict[str, Any] | None:
    if not report:
        return report
    first, last = block.start_date.isoformat(), block.end_date.isoformat()
    found = [item for item in report.get("violations", ()) if item["date"] <= last and item["end_date"] >= first]
    return {**report, "violations": found}


def _open_findings() -> QuerySet[Any, Any]:
    """How many there are, as one number within the query of the versions: without one there are none."""
    rows = ComplianceEvent.objects.filter(status=ComplianceStatus.OPEN).order_by().values("status")
    return rows.annotate(number=Count("pk")).values("number")


def _absences_shown(today: dt.date) -> QuerySet[Absence]:
    """What waits for a decision, and what was granted and begins or goes on soon."""
    coming = Q(
        status=AbsenceStatus.APPROVED, end_date__gte=today, start_date__lte=today + dt.timedelta(days=UPCOMING_DAYS)
    )
    shown = Absence.objects.filter(coming | Q(status=AbsenceStatus.REQUESTED))
    return shown.select_related("person").order_by("start_date", "person__name")


def next_to_generate(
    blocks: Sequence[Block], *, published: list[Schedule], drafts: list[Schedule], today: dt.date
) -> Block | None:
    """The first block with a day that neither a published schedule nor a draft covers; None = all are covered.

    Looked for after the latest published day; without one, from today on; and where those are all covered, in all
    blocks. The data may lie in another year than today.
    """
    last = max((s.end_date for s in published), default=today - dt.timedelta(days=1))
    later = [block for block in blocks if block.end_date > last]
    return next((block for block in [*later, *blocks] if not _is_covered(block, [*published, *drafts])), None)


def _is_covered(block: Block, versions: list[Schedule]) -> bool:
    days = {
        day
        for s in versions
        for day in days_between(max(s.start_date, block.start_date), min(s.end_date, block.end_date))
    }
    return len(days) == (block.end_date - block.start_date).days + 1


def next_action(facts: Dashboard, user: User) -> NextAction | None:
    """The first thing in this order that the user's role can do; None = nothing waits."""
    return next((action for action in _actions(facts, user) if action is not None), None)


def _actions(facts: Dashboard, user: User) -> list[NextAction | None]:
    return [
        NextAction(
            "There are no program data yet: import people, rotations and blocks.", "Import", reverse("import_program")
        )
        if facts.block is None and user.may(Permission.EDIT_PROGRAM)
        else None,
        NextAction(
            "There is no verified backup yet. Make one before anything else.", "Make a backup", reverse("backups")
        )
        if facts.newest_backup is None
        else None,
        NextAction("A generation waits for somebody to confirm it.", "Look at it", _run(facts.awaiting[0].pk))
        if facts.awaiting
        else None,
        _decide_draft(facts.drafts[0]) if facts.drafts else None,
        NextAction("Absence requests wait for a decision.", "Decide", reverse("absences"))
        if facts.waiting_absences and user.may(Permission.APPROVE_ABSENCES)
        else None,
        _generate(facts.unpublished) if facts.unpublished is not None else None,
    ]


def _run(pk: uuid.UUID) -> str:
    return reverse("run", args=[pk])


def _decide_draft(draft: Schedule) -> NextAction:
    """To the run that made it, where there is one."""
    run = getattr(draft, "run_pk", None)
    grid = f"{reverse('schedule')}?start={draft.start_date}&end={draft.end_date}&version={draft.pk}"
    if draft.stale_since:
        sentence = f"The draft of {draft} is stale: have it judged by the present data, or discard it."
    else:
        sentence = f"The draft of {draft} waits: compare it with what is published, then publish or discard it."
    return NextAction(sentence, "Open the draft", _run(run) if run else grid)


def _generate(block: Block) -> NextAction:
    query = f"?start={block.start_date}&end={block.end_date}"
    return NextAction(f"Block {block.number} has no schedule yet.", "Generate it", reverse("generate") + query)
