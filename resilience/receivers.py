"""What resilience does on news from below: evaluate what a change touched, keep time, let its policy be edited."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import timezone

from accounts.permissions import Permission
from backups.signals import database_restored
from common.services import timetable
from resilience.enums import ApproverPart
from resilience.models import Approval, ApprovalVote, PostureRecord, PostureState, ResiliencePolicy
from resilience.services.figures import dashboard_figures
from resilience.signals import breaker_closed, breaker_overridden, breaker_tripped, posture_changed
from schedules.enums import AbsenceStatus
from schedules.models import Schedule
from schedules.services import drills, program
from schedules.services.decisions import PendingDecision, decision_provider
from schedules.services.figures import figure_provider
from schedules.signals import (
    absence_changed,
    assignments_changed,
    health_looked_at,
    program_changed,
    run_failed,
    schedule_published,
    swap_rollback_failed,
    workers_look_up,
)

HEARTBEAT = "resilience heartbeat"
NIGHTLY = "resilience nightly"
SWEEP = "sweep incidents"
NIGHTLY_HOUR = 2

drills.join("resilience.services.drilling")
figure_provider(dashboard_figures)
program.allow_editing(ResiliencePolicy, program.EditRule(Permission.EDIT_POLICY))


@receiver(absence_changed)
def evaluate_absence(sender: Any, *, before: str, after: str, start: dt.date, end: dt.date, **kwargs: Any) -> None:
    """Only approved absences move margins: one that becomes or stops being one."""
    from resilience import tasks

    if AbsenceStatus.APPROVED in (before, after):
        tasks.ring_for_days(start, end)
    else:
        tasks.ring_for_heartbeat()


@receiver(assignments_changed)
@receiver(program_changed)
def evaluate_dates(sender: Any, *, start: dt.date | None, end: dt.date | None, **kwargs: Any) -> None:
    """Margins of the touched dates are computed anew."""
    from resilience import tasks

    tasks.ring_for_days(start, end)


@receiver(schedule_published)
def evaluate_published(sender: Any, *, schedule: uuid.UUID, replaced: list[uuid.UUID], **kwargs: Any) -> None:
    """Another version is current: its dates and those it replaced are computed anew, and so are the plans."""
    from resilience import tasks

    spans = Schedule.objects.filter(pk__in=[schedule, *replaced]).values_list("start_date", "end_date")
    if spans:
        tasks.ring_for_days(min(start for start, _ in spans), max(end for _, end in spans))
        tasks.ring_for_fallbacks()


@receiver(absence_changed)
def analyse_absence(sender: Any, *, absence: uuid.UUID, **kwargs: Any) -> None:
    """Sick and emergency absences when they are reported, all others when granted; the service decides."""
    from resilience import tasks

    tasks.ring_for_absence(absence)


@receiver(assignments_changed)
@receiver(schedule_published)
def look_for_violations(sender: Any, **kwargs: Any) -> None:
    """What was accepted with violations is an incident until it is mended, and what mends it is seen at once."""
    from resilience import tasks

    tasks.ring_for_violations()


@receiver(posture_changed)
def posture_incident(sender: Any, *, record: uuid.UUID, after: str, **kwargs: Any) -> None:
    """YELLOW or worse opens one, or changes its severity."""
    from resilience.services.incidents.news import posture_reached

    posture_reached(PostureRecord.objects.get(pk=record), after)


@receiver(breaker_tripped)
def breaker_incident(sender: Any, *, cause: str, detail: str, at: dt.datetime, **kwargs: Any) -> None:
    """A trip always needs a person."""
    from resilience.services.incidents.news import breaker_opened

    breaker_opened(cause, detail, at=at)


@receiver(breaker_overridden)
def override_memorandum(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """Every override drafts a memorandum for record."""
    from resilience.services.incidents import news

    news.breaker_overridden(at=at)


@receiver(breaker_closed)
def breaker_incident_watched(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """What is left is to watch until it has recovered."""
    from resilience.services.incidents import news

    news.breaker_closed(at=at)


@receiver(swap_rollback_failed)
def rollback_incident(sender: Any, *, swap: uuid.UUID, rows: int, **kwargs: Any) -> None:
    """Rows were changed between the swap and its roll back."""
    from resilience.services.incidents.news import rollback_failed

    rollback_failed(swap, rows, at=timezone.now())


@receiver(run_failed)
def run_incident(sender: Any, *, run: uuid.UUID, step: str, **kwargs: Any) -> None:
    """A generation ended without a draft."""
    from resilience.services.incidents.news import generation_failed

    generation_failed(run, step, at=timezone.now())


@decision_provider
def approvals_to_decide(at: dt.datetime) -> Iterator[PendingDecision]:
    """Approvals that wait for somebody's word, with their end as deadline; those of the program director by name."""
    director = ApproverPart.PROGRAM_DIRECTOR
    voted = ApprovalVote.objects.filter(approval=OuterRef("pk"), part=director, is_review=False)
    for row in Approval.objects.filter(state="PENDING").annotate(said=Exists(voted)).order_by("expires_at"):
        waits_for_director = director in row.needed and not row.said
        permission = Permission.DECIDE_DIRECTOR if waits_for_director else None
        url = f"/incidents/approvals/{row.pk}"
        yield PendingDecision(f"approval:{row.pk}", "approval", row.title, url, row.expires_at, permission)


@receiver(database_restored)
def evaluate_restored(sender: Any, **kwargs: Any) -> None:
    """Everything may be different from what the stored margins say."""
    from resilience import tasks

    tasks.ring_for_days(None, None)


@receiver(health_looked_at)
def notice_dead_workers(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """Whoever asks how the system does is a process that lives: it opens what dead workers cannot."""
    from resilience.services import incidents

    incidents.look_at_watch(at=at)


@receiver(workers_look_up)
def keep_time(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """A heartbeat within seconds of its time wherever `manage.py cluster` runs."""
    from resilience import tasks
    from resilience.services.incidents.clock import is_anything_due
    from resilience.services.world import load_policy

    state = PostureState.objects.filter(pk=1).only("evaluated_at").first()
    if state is None or (at - state.evaluated_at).total_seconds() >= load_policy().heartbeat_seconds:
        tasks.ring_for_heartbeat()
    if is_anything_due(at):
        tasks.ring_for_sweep()


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """A heartbeat every five minutes and a full evaluation every night wherever a task cluster runs at all."""
    if sender.name != "resilience":
        return
    tonight = timezone.localtime().replace(hour=NIGHTLY_HOUR, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    work = {
        HEARTBEAT: timetable.every(5, "resilience.tasks.heartbeat"),
        SWEEP: timetable.every(1, "resilience.tasks.sweep_incidents"),
        NIGHTLY: timetable.daily(tonight, "resilience.tasks.nightly"),
    }
    timetable.plan(using, work)
