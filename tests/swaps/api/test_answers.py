"""What the API answers about swaps: the report in both forms, complaints, roll backs that fail, pages, heavy work."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from rest_framework.throttling import ScopedRateThrottle

from schedules.domain.problem import Session
from schedules.models import Assignment
from swaps.models import Complaint, SwapRecord
from tests.factories import program, swaps

URL = "/api/v1/swaps"

pytestmark = pytest.mark.django_db


@pytest.fixture
def executed(people, body) -> str:
    """A's week, taken by E and agreed to."""
    pk = people.A.post(URL, body()).json()["id"]
    assert people.E.post(f"{URL}/{pk}/consent").json()["status"] == "EXECUTED"
    return pk


FORM = """## Swap Execution Report
**Request ID:** {id}
**Type:** ABSORB
**Status:** EXECUTED
**Requested By:** Attending A
**Requested At:** 2026-02-20T08:00:00-10:00
### Parties
- **Source Faculty:** Attending A (ID: {a})
  - Week: 2026-03-13
  - Current Hours: 108/80
- **Target Faculty:** Attending E (ID: {e})
  - Week: null
  - Current Hours: {hours:g}/80
### Safety Check Results
- **Tier 1 (Hard Constraints):** PASS
  - 80-Hour Rule: PASS
  - 1-in-7 Rule: PASS
  - Supervision Ratios: PASS
- **Tier 2 (Soft Constraints):** PASS
  - Back-to-back conflicts: PASS
  - Coverage gaps: PASS
- **Tier 3 (Resilience):** PASS
  - Utilization impact: {utilization}
  - N-1 contingency: PASS
### Decision
- **Outcome:** EXECUTED
- **Rationale:** Every check allows it.
- **Executed At:** 2026-02-20T08:00:00-10:00
- **Swap ID:** {id}
### Audit Trail
- Logged to: `swap_records` table
- Transaction ID: {transaction}
- Rollback eligible until: 2026-02-21T08:00:00-10:00
### Next Steps
1. Look at your weeks.
2. Complain, or have it rolled back, while there is time.
"""


def test_the_report_has_the_fields_of_the_form_as_markdown(executed, world, people):
    by_query = people.A.get(f"{URL}/{executed}/report?format=md")
    by_header = people.A.get(f"{URL}/{executed}/report", headers={"Accept": "text/markdown"})

    text = by_query.content.decode()
    swap = SwapRecord.objects.get()
    assert by_query.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert by_header.content == by_query.content
    assert text == FORM.format(
        id=executed,
        a=world.attending["A"].pk,
        e=world.attending["E"].pk,
        utilization=re.search(r"Utilization impact: (.*)", text).group(1),
        transaction=swap.transaction_id,
        hours=swap.judgement["hours"]["target"][0],
    )


def test_the_report_has_the_same_fields_as_json(executed, world, people):
    shown = people.E.get(f"{URL}/{executed}/report").json()

    assert (shown["request_id"], shown["type"], shown["status"]) == (executed, "ABSORB", "EXECUTED")
    assert (shown["requested_by"], shown["requested_at"]) == ("Attending A", "2026-02-20T08:00:00-10:00")
    assert shown["parties"] == {
        "source": {
            **{"name": "Attending A", "id": str(world.attending["A"].pk), "week": "2026-03-13"},
            **{"hours": 108.0, "hours_limit": 80},
        },
        "target": {
            **{"name": "Attending E", "id": str(world.attending["E"].pk), "week": None},
            **{"hours": SwapRecord.objects.get().judgement["hours"]["target"][0], "hours_limit": 80},
        },
    }
    assert shown["checks"] == {"tier_1": [], "tier_2": [], "tier_3": []}
    assert shown["decision"]["outcome"] == "EXECUTED"
    assert shown["audit_trail"]["rollback_eligible_until"] == "2026-02-21T08:00:00-10:00"
    assert [event["event"] for event in shown["audit_trail"]["events"] if event["event"] != "NOTIFIED"] == [
        *("REQUESTED", "VALIDATED", "CONSENTED", "VALIDATED", "EXECUTED", "VERIFIED"),
    ]
    assert shown["next_steps"][0] == "Look at your weeks."


def test_a_refusal_of_the_report_is_json_whatever_was_accepted(people):
    answer = people.C.get(f"{URL}/00000000-0000-0000-0000-000000000001/report?format=md")

    assert (answer.status_code, b'"code":"not_found"' in answer.content.replace(b" ", b"")) == (404, True)


def test_both_parties_may_complain_and_the_words_go_no_further(executed, people):
    answer = people.E.post(f"{URL}/{executed}/complain", {"text": "I was never asked."})

    assert (answer.status_code, answer.json()["status"]) == (200, "EXECUTED")
    assert Complaint.objects.get().text == "I was never asked."
    assert "never asked" not in people.A.get(f"{URL}/{executed}").content.decode()


def test_a_roll_back_restores_every_row_also_after_unrelated_edits(executed, world, people):
    other = world.residents[0]
    program_day = dt.date(2026, 4, 6)
    with program.open_gate():
        Assignment.objects.get(person=other, date=program_day, session=Session.AM).delete()
    changed = world.cells()

    answer = people.director.post(f"{URL}/{executed}/rollback", {"reason": "Agreed by phone."})

    restored = world.cells()
    touched = {
        (str(change.person_id), change.date, change.session): (change.before or {}).get("activity")
        for change in SwapRecord.objects.get().changes.all()
    }
    assert (answer.status_code, answer.json()["status"]) == (200, "ROLLED_BACK")
    assert {slot: restored.get(slot) for slot in touched} == touched
    assert {slot: code for slot, code in restored.items() if slot not in touched} == {
        slot: code for slot, code in changed.items() if slot not in touched
    }


def test_a_touched_row_that_was_edited_fails_the_roll_back_by_name_of_the_row(executed, world, people):
    row = Assignment.objects.get(person=world.attending["E"], date=dt.date(2026, 3, 16), session=Session.AM)
    with program.open_gate():
        row.activity = program.standard_activities()["ADM"]
        row.save()
    changed = world.cells()

    answer = people.A.post(f"{URL}/{executed}/rollback", {"reason": "Changed plans."})
    shown = people.coordinator.get(f"{URL}/{executed}").json()

    rows = [
        {
            "person": str(world.attending["E"].pk),
            "date": "2026-03-16",
            "session": "AM",
            "left": "FMIT",
            "now": "ADM",
            "locked": False,
        }
    ]
    assert (answer.status_code, answer.json()["code"], answer.json()["rows"]) == (409, "ROLLBACK_FAILED", rows)
    assert (shown["status"], shown["conflicts"], shown["can_rollback"]) == ("ROLLBACK_FAILED", rows, False)
    assert world.cells() == changed


def test_single_sessions_and_calls_change_hands(world, people, body):
    place = {"date": "2026-03-17", "session": "AM"}

    answer = people.coordinator.post(URL, body(sessions=[place], partner_consented=True, source_week="2026-03-17"))
    outside = people.coordinator.post(URL, body("B", source_week="2026-03-24", sessions=[place]))

    after = world.cells()
    day = dt.date(2026, 3, 17)
    assert (answer.status_code, answer.json()["status"], answer.json()["scope"]) == (200, "EXECUTED", "SESSIONS")
    assert after[str(world.attending["E"].pk), day, "AM"] == "FMIT"
    assert outside.status_code == 400


@pytest.mark.parametrize("number", [1, 3])
def test_lists_take_the_same_queries_whatever_their_length(number, world, people, django_assert_num_queries):
    for week in range(number):
        day = swaps.FRIDAYS[0] + dt.timedelta(weeks=week)
        swaps.case(swaps.record(world.attending["A"], world.attending["E"], source_week=day))
        swaps.executed(world.attending["B"], world.attending["E"], source_week=day)
        swaps.offer(world.attending["C"], week=day)
    people.coordinator.get(URL)

    with django_assert_num_queries(4):
        assert people.coordinator.get(URL).json()["total"] == 2 * number
    with django_assert_num_queries(4):
        assert people.coordinator.get(f"{URL}/escalations").json()["total"] == number
    with django_assert_num_queries(2):
        assert people.coordinator.get(f"{URL}/offers").json()["total"] == number


def test_judging_is_counted_as_heavy_work_and_looking_is_not(people, body, monkeypatch):
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "heavy", "2/min")

    looked = [people.A.get(URL).status_code for _ in range(3)]
    judged = [people.A.post(f"{URL}/validate", body()).status_code for _ in range(3)]

    assert (looked, judged) == ([200, 200, 200], [200, 200, 429])
