"""The real task cluster with policy times in seconds: everything below happens without the test calling it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.enums import Role
from schedules.enums import AbsenceKind
from swaps import services
from swaps.domain.tables import Level, SwapStatus
from swaps.models import EscalationCase, SwapPolicy, SwapRecord
from tests.factories import accounts, backups, mailbox, program, swaps
from tests.schedules.worker import cluster

SECOND = dt.timedelta(seconds=1)
WEEK = dt.timedelta(weeks=1)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def coming_thursday(at: dt.datetime) -> dt.date:
    """The first Thursday that is four weeks away: late enough for a swap that nobody has to decide."""
    day = timezone.localtime(at).date() + 4 * WEEK
    return day + dt.timedelta(days=(3 - day.weekday()) % 7)


@pytest.fixture
def post():
    with mailbox.listening() as listening:
        yield listening


def pending(world: swaps.World, giver: str, taker: str, week: dt.date, **times: dt.datetime) -> SwapRecord:
    fields = {"source_week": week, "source_end": week + 6 * dt.timedelta(days=1)}
    return swaps.record(world.attending[giver], world.attending[taker], **fields, **times)


def status(swap: SwapRecord) -> str:
    return SwapRecord.objects.values_list("status", flat=True).get(pk=swap.pk)


def test_deadlines_reminders_monitoring_and_mail_need_nobody(settings, tmp_path, post):
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path / "backups", "checksum"
    at = timezone.now()
    SwapPolicy.objects.create(first_monitoring_after=SECOND, monitoring_every=2 * SECOND)
    world = swaps.world(start=coming_thursday(at), at=at)
    coordinator = accounts.user(Role.COORDINATOR)
    director = accounts.user(Role.PROGRAM_DIRECTOR)
    people, before = world.attending, world.cells()
    weeks = swaps.fridays(coming_thursday(at))
    backups.verified_backup()
    # Executed while all was well; then its taker is called away.
    order = services.Order(people["A"].pk, weeks[1], people["E"].pk, "absorb", "conference", partner_consented=True)
    broken = services.request(order, by=coordinator, at=at)
    program.absence(people["E"], weeks[1], weeks[2], kind=AbsenceKind.TDY)
    # Three quarters of a partner's time are over; another partner's time is; and an architect decides nothing.
    waiting = pending(world, "B", "D", weeks[2], requested_at=at - 1800 * SECOND, consent_due=at + 600 * SECOND)
    lapsing = pending(world, "C", "D", weeks[3], requested_at=at - 60 * SECOND, consent_due=at + 2 * SECOND)
    undecided = pending(world, "D", "B", weeks[0], requested_at=at, consent_at=at, consent_due=at + WEEK)
    case = swaps.case(undecided, Level.ARCHITECT, opened_at=at, due_at=at + 2 * SECOND)
    expected = {
        (world.user["D"].email, f"A swap waits for your answer: {weeks[2]}"),
        (world.user["C"].email, f"Swap request lapsed: {weeks[3]}"),
        (world.user["A"].email, f"Swap rolled back: {weeks[1]}"),
        (world.user["E"].email, f"Swap rolled back: {weeks[1]}"),
        (coordinator.email, f"Swap rolled back: {weeks[1]}"),
        (director.email, f"Swap to decide: {weeks[0]}"),
    }
    assert broken.status == SwapStatus.EXECUTED

    with cluster.running(tmp_path / "cluster.log", EMAIL_URL=post.url, BACKUP_DIR=str(settings.BACKUP_DIR)):
        cluster.until(lambda: status(broken) == SwapStatus.ROLLED_BACK, "monitoring rolls the broken swap back")
        cluster.until(lambda: status(lapsing) == SwapStatus.CANCELLED, "the unanswered request lapses")
        cluster.until(lambda: EscalationCase.objects.get(pk=case.pk).overdue_at, "the overdue case moves up")
        cluster.until(lambda: SwapRecord.objects.get(pk=waiting.pk).reminded_at, "the partner is reminded")
        cluster.until(lambda: expected <= set(post.letters()), "the mails arrive")

    case.refresh_from_db()
    assert (case.level, case.moved_up_at is not None) == (Level.PROGRAM_DIRECTOR, True)
    assert [status(swap) for swap in (waiting, undecided)] == [SwapStatus.PENDING, SwapStatus.PENDING]
    assert world.cells() == before
    assert "Attending" not in " ".join(post.texts())
