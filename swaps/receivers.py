"""What swaps do on news from below: sweep, review new versions, name what waits, let the policy be edited."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import timezone

from accounts.permissions import Permission
from common.errors import DomainError
from common.services import timetable
from schedules.models import Person, Publication
from schedules.services import drills, program
from schedules.services.decisions import PendingDecision, decision_provider
from schedules.services.figures import Figure, figure_provider
from schedules.services.publishing import rollback_guard
from schedules.signals import cover_wanted, rows_restored, schedule_published, workers_look_up
from swaps.domain.tables import Level
from swaps.enums import CaseStatus
from swaps.models import EscalationCase, SwapPolicy
from swaps.queries import DECIDES, rollback_rate
from swaps.signals import swap_executed, swap_rolled_back

SWEEP = "sweep swaps"
RATE_WINDOW = dt.timedelta(days=90)
GOOD_RATE, BAD_RATE = 0.05, 0.10
"""Of the rolled-back share (swaps, monitoring)."""

drills.join("swaps.services.drilling")
program.allow_editing(SwapPolicy, program.EditRule(Permission.EDIT_POLICY))


@decision_provider
def cases_to_decide(at: dt.datetime) -> Iterator[PendingDecision]:
    """Open cases with their deadlines, without names."""
    for case in EscalationCase.objects.filter(status=CaseStatus.OPEN).order_by("due_at"):
        title = f"A swap for the {case.get_level_display().lower()}" + (", overdue" if case.overdue_at else "")
        url, right = f"/swaps/{case.swap_id}", DECIDES[Level(case.level)]
        yield PendingDecision(f"swap:{case.swap_id}", "swap", title, url, case.due_at, right)


@figure_provider
def share_rolled_back(at: dt.datetime) -> Iterator[Figure]:
    """How many swaps did not hold: below 5 % is good, above 10 % wants a look."""
    rate = rollback_rate(since=at - RATE_WINDOW)
    note = "nothing was executed" if rate is None else "good below 5 %, look into it above 10 %"
    tone = "" if rate is None else "ok" if rate < GOOD_RATE else "bad" if rate > BAD_RATE else "warn"
    value = "none" if rate is None else f"{rate:.0%}"
    yield Figure("Swaps rolled back, 90 days", value, note, "/swaps", tone)


@rollback_guard
def swaps_stand_on_it(publication: Publication) -> str:
    """A publish is not taken back under swaps that were executed on it since, or taken back."""
    from swaps.services.carrying import standing_on, undone_on

    undone = undone_on(publication.schedule, since=publication.published_at)
    if undone:
        many = "A swap was" if undone == 1 else f"{undone} swaps were"
        return f"{many} taken back on this version, and the one before still holds them. Publish a new version instead."
    versions = [publication.schedule_id, *publication.remainders.values_list("pk", flat=True)]
    count = standing_on(versions, since=publication.published_at)
    if not count:
        return ""
    stands = "1 swap was" if count == 1 else f"{count} swaps were"
    return f"{stands} executed on this version. Roll back what stands on it first, or publish a new version instead."


@receiver(schedule_published)
def review_swaps(
    sender: Any, *, schedule: uuid.UUID, replaced: list[uuid.UUID], at: dt.datetime, **kwargs: Any
) -> None:
    """Put executed swaps that the new version does not hold before the coordinator."""
    from swaps.services.carrying import review

    review(schedule, at=at, replaced=replaced)


@receiver(rows_restored)
def review_restored(sender: Any, *, schedule: uuid.UUID, **kwargs: Any) -> None:
    """A backup may be older than a swap: whether the swap still stands is for the coordinator to say."""
    from swaps.services.carrying import review

    review(schedule, at=timezone.now())


@receiver(swap_executed)
@receiver(swap_rolled_back)
def judge_versions(sender: Any, *, swap: uuid.UUID, **kwargs: Any) -> None:
    """What pages say of the published versions is to be true again within seconds."""
    from swaps import tasks

    tasks.ring_judging(swap)


@receiver(cover_wanted)
def look_for_volunteers(
    sender: Any, *, person: uuid.UUID, start: dt.date, end: dt.date, at: dt.datetime, **kwargs: Any
) -> str | None:
    """Offer the weeks of somebody who is absent to whoever wants them."""
    from swaps.services import offer, own_weeks

    absent = Person.objects.get(pk=person)
    made = 0
    for week in own_weeks(absent, at=at):
        if week.start <= end and week.end >= start:
            with suppress(DomainError):
                offer(absent, week=week.start, by=None, at=at, note="Cover for an absence.")
                made += 1
    return f"{made} week{'s' if made > 1 else ''} offered on the marketplace." if made else None


@receiver(workers_look_up)
def ring_when_due(sender: Any, *, at: dt.datetime, **kwargs: Any) -> None:
    """Sweep within seconds of a deadline wherever `manage.py cluster` runs."""
    # Imported when needed: the services load the rule table and the margins, which most processes never do.
    from swaps import tasks
    from swaps.services.due import is_anything_due

    if is_anything_due(at):
        tasks.ring()


@receiver(post_migrate)
def fill_calendar(sender: Any, using: str, **kwargs: Any) -> None:
    """Sweep each minute wherever a task cluster runs at all."""
    if sender.name == "swaps":
        timetable.plan(using, {SWEEP: timetable.every(1, "swaps.tasks.sweep_swaps")})
