"""Many requests at the same moment through the API: exactly the compatible ones win, and nothing is lost."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.enums import Role
from schedules.domain.problem import Session
from schedules.domain.roster import Slot
from schedules.models import Assignment, FmitWeek
from swaps import services
from swaps.api.shapes import SwapIn, order_of, valid
from swaps.domain.exchange import plan
from swaps.mapping import recorded
from swaps.models import SwapAudit, SwapPolicy, SwapRecord
from swaps.services import ground
from tests.factories import accounts
from tests.factories.swaps import EARLY, END, FRIDAYS, START

URL = "/api/v1/swaps"
WEEK_OF = dict(zip("DABCE", map(str, FRIDAYS), strict=True))
WEEKS = [
    *(("A", "E", None), ("A", "C", None), ("A", "B", "B")),
    *(("B", "D", None), ("B", "E", None), ("B", "C", "C")),
    *(("C", "D", None), ("C", "A", None), ("C", "B", "B")),
]
"""Who gives their FMIT week to whom, for nothing or against the week of the third letter."""
CALLS = [("15", "E"), ("16", "C"), ("17", "E"), ("18", "C"), ("22", "D"), ("23", "A"), ("24", "D"), ("25", "A")]
"""Nights of March that somebody else takes: no two in a row, but within the weeks above."""
CLINICS = [("13", 1), ("17", 3), ("24", 2)]
"""Mornings of March of the first resident for another one. No other request speaks of residents."""

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def together(clients, bodies):
    """Everybody's POST at once, each by a client and a connection of its own; the answers in order."""
    answers = [None] * len(bodies)
    start = threading.Barrier(len(bodies))

    def ask(number):
        start.wait()
        try:
            answers[number] = clients[number].post(URL, bodies[number])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def body(giver, week, taker, target=None, session=None):
    single = {"sessions": [{"date": week, "session": session}]} if session else {}
    return single | {
        "source_faculty_id": str(giver.pk),
        "source_week": week,
        "target_faculty_id": str(taker.pk),
        "target_week": target,
        "swap_type": "one_to_one" if target else "absorb",
        "reason": "conference",
        "partner_consented": True,
    }


def on_call(day):
    return Assignment.objects.get(activity__code="CALL", date=day).person


def twenty(world):
    """Nine whole weeks of three people, eight nights within them, and at last three mornings of their own."""
    people, residents = world.attending, world.residents
    nights = [(f"2026-03-{day}", to) for day, to in CALLS]
    return [
        *(body(people[who], WEEK_OF[who], people[to], WEEK_OF.get(back)) for who, to, back in WEEKS),
        *(body(on_call(day), day, people[to], session="NIGHT") for day, to in nights),
        *(body(residents[0], f"2026-03-{day}", residents[to], session="AM") for day, to in CLINICS),
    ]


def touched(asked, user):
    """The cells that a request would change on the roster as it is, where it would be executed."""
    found = services.validate(order_of(valid(SwapIn, asked)), by=user, at=EARLY)
    assert found.outcome == "EXECUTED"
    return set(found.exchange.changes)


def stored(world):
    """The published rows to the byte, by their keys, and the plan of FMIT weeks."""
    rows = Assignment.objects.filter(schedule=world.schedule).values_list(
        *("person_id", "date", "session", "id", "activity__code", "source", "locked", "rotation_id", "created_at")
    )
    cells = {Slot(str(person), day, Session(session)): rest for person, day, session, *rest in rows}
    return cells, set(FmitWeek.objects.values_list("start_date", "person_id"))


def keys(rows):
    return set(rows.values_list("person_id", "date", "session"))


def one_after_the_other(won, problem, roster):
    """The roster and the plan that the swaps make in this order, each worked out on what the one before it left."""
    for swap in won:
        exchange = plan(problem, roster, recorded(swap).request)
        assert exchange.changes == recorded(swap).changes
        problem, roster = exchange.replan(problem), exchange.apply(roster)
    return problem, roster


def test_of_twenty_requests_at_once_the_compatible_ones_win_as_if_one_came_after_the_other(world):
    SwapPolicy.objects.create(imminent_warn_days=0, failed_attempts=1000)
    before, copy, bodies = stored(world), ground.fresh(START, END), twenty(world)
    users = [accounts.user(Role.COORDINATOR) for _ in bodies]
    clients = [client_of(user) for user in users]
    would_touch = [touched(asked, users[0]) for asked in bodies]

    answers = together(clients, bodies)

    # Who was told so has won, in the order of the record; everybody else was told why not, or waits for a decision
    # that a winner has made necessary.
    number_of = {
        UUID(answer.json()["id"]): number for number, answer in enumerate(answers) if answer.status_code == 200
    }
    won = [row.swap for row in SwapAudit.objects.filter(event="EXECUTED").order_by("id").select_related("swap")]
    assert [swap.status for swap in won] == ["EXECUTED"] * len(number_of)
    assert {swap.pk for swap in won} == set(number_of)
    lost = {number: answers[number] for number in range(len(bodies)) if number not in number_of.values()}
    assert {answer.status_code for answer in lost.values()} <= {202, 409, 422}
    assert all({"code", "detail"} <= set(answer.json()) for answer in lost.values() if answer.status_code != 202)

    # A loser met a winner's rows, or another request for the same week; whoever met nobody's has won.
    taken = set().union(*(would_touch[number] for number in number_of.values()))
    beaten = [number for number, answer in lost.items() if answer.json().get("code") != "DUPLICATE_REQUEST"]
    assert all(would_touch[number] & taken for number in beaten)
    assert {17, 18, 19} < set(number_of.values())

    # The roster is what they make one after the other, and no other row was written.
    (cells, weeks), (problem, roster) = stored(world), one_after_the_other(won, copy.problem, copy.roster)
    assert {slot: row[1] for slot, row in cells.items()} == roster.cells
    assert weeks == {(week.start, UUID(week.person)) for week in problem.fmit_weeks} | (weeks & before[1])
    swapped = {slot for swap in won for slot in recorded(swap).changes}
    assert {slot for slot in {*cells, *before[0]} if cells.get(slot) != before[0].get(slot)} <= swapped
    assert {row[2] for slot, row in cells.items() if slot in swapped} == {"SWAP"}

    # Each winner has its whole record, its rows their history; no loser has touched any.
    for swap in won:
        events = swap.audit.exclude(event="NOTIFIED").order_by("id").values_list("event", flat=True)
        assert list(events) == ["REQUESTED", "CONSENTED", "VALIDATED", "EXECUTED", "VERIFIED"]
        assert keys(Assignment.history.filter(history_change_reason=f"swap {swap.pk}")) == keys(swap.changes)
    reasons = Assignment.history.filter(history_change_reason__startswith="swap ")
    assert set(reasons.values_list("history_change_reason", flat=True)) == {f"swap {swap.pk}" for swap in won}

    # Nothing is lost: taken back in reverse, everything is as it was.
    for swap in reversed(won):
        services.roll_back(swap, by=swap.requested_by, at=EARLY, reason="To see what was there before.")
    assert stored(world) == before


def test_of_four_requests_at_once_where_one_may_wait_one_waits(world):
    """Different people ask in the name of the same one, for nights of four weeks."""
    SwapPolicy.objects.create(pending_per_person=1)
    giver = on_call("2026-03-15")
    nights = Assignment.objects.filter(activity__code="CALL", person=giver).order_by("date")[:4]
    bodies = [
        body(giver, str(row.date), world.attending["E"], session="NIGHT") | {"partner_consented": False}
        for row in nights
    ]

    answers = together([client_of(accounts.user(Role.COORDINATOR)) for _ in bodies], bodies)

    assert sorted(answer.status_code for answer in answers) == [202, 429, 429, 429]
    assert SwapRecord.objects.count() == 1
