"""Many requests at the same moment through the API: exactly the compatible ones win, and nothing is lost."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.enums import Role
from swaps.domain.tables import SwapStatus
from swaps.models import SwapPolicy, SwapRecord
from tests.factories import accounts, backups, swaps

URL = "/api/v1/swaps"
THREADS = 20

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def together(users, bodies):
    """Everybody's POST at once, each by a client and a connection of its own; the answers in order."""
    answers = [None] * len(bodies)
    start = threading.Barrier(len(bodies))

    def ask(number):
        client = APIClient()
        client.force_authenticate(users[number])
        start.wait()
        try:
            answers[number] = client.post(URL, bodies[number])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_twenty_requests_for_two_weeks_exactly_two_are_executed(clock, settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    world = swaps.world()
    backups.verified_backup()
    SwapPolicy.objects.create(imminent_warn_days=0)
    people, before = world.attending, world.cells()
    weeks = [("A", "E", "2026-03-13"), ("A", "C", "2026-03-13"), ("B", "D", "2026-03-20"), ("B", "E", "2026-03-20")]
    bodies = [
        {
            "source_faculty_id": str(people[giver].pk),
            "source_week": week,
            "target_faculty_id": str(people[taker].pk),
            "swap_type": "absorb",
            "reason": "conference",
            "partner_consented": True,
        }
        for giver, taker, week in weeks * (THREADS // len(weeks))
    ]
    users = [accounts.user(Role.COORDINATOR) for _ in bodies]

    answers = together(users, bodies)

    won = list(SwapRecord.objects.filter(status=SwapStatus.EXECUTED))
    statuses = sorted(answer.status_code for answer in answers)
    assert {swap.source_person.name for swap in won} == {"Attending A", "Attending B"}
    assert statuses.count(200) == len(won) == 2
    assert set(statuses) <= {200, 409, 422}
    assert all({"code", "detail"} <= set(answer.json()) for answer in answers if answer.status_code != 200)
    expected = dict(before)
    for swap in won:
        for change in swap.changes.all():
            key = (str(change.person_id), change.date, change.session)
            expected.pop(key, None)
            if change.after:
                expected[key] = change.after["activity"]
    assert world.cells() == expected
    assert SwapRecord.objects.exclude(status__in=[SwapStatus.EXECUTED, SwapStatus.REJECTED]).count() == 0
