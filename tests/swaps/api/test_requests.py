"""Asking for swaps over REST: the three scenarios, limits, shapes, and who hears which reason."""

from __future__ import annotations

import datetime as dt

import pytest

from swaps.models import EscalationCase, SwapAudit, SwapPolicy, SwapRecord
from swaps.tasks import sweep_swaps
from tests.factories import swaps

URL = "/api/v1/swaps"
HOUR = dt.timedelta(hours=1)

pytestmark = pytest.mark.django_db


def status_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("status") or answer.json().get("code")


# --- the three scenarios ----------------------------------------------------------------------------------------------


def test_a_simple_exchange_with_consent_recorded_is_executed_at_once(world, people, body):
    before = world.cells()

    answer = people.coordinator.post(URL, body("A", "B", target_week="2026-03-20", partner_consented=True))

    shown = answer.json()
    after = world.cells()
    a, b = str(world.attending["A"].pk), str(world.attending["B"].pk)
    assert status_of(answer) == (200, "EXECUTED")
    assert (shown["can_rollback"], shown["rollback_eligible_until"]) == (True, "2026-02-21T08:00:00-10:00")
    assert shown["executed_at"] is not None
    assert [after[who, dt.date(2026, 3, 14), session] for who in (b,) for session in ("AM", "PM", "NIGHT")] == [
        *("FMIT", "FMIT", "CALL"),
    ]
    assert after[a, dt.date(2026, 3, 21), "NIGHT"] == "CALL"
    assert before != after


def test_an_absorbed_week_that_makes_three_in_a_row_is_rejected_with_alternatives(
    clock, fresh_backup, client_of, coordinator
):
    world = swaps.world("DABAC")
    before = world.cells()

    answer = client_of(coordinator).post(
        URL,
        {
            "source_faculty_id": str(world.attending["B"].pk),
            "source_week": "2026-03-20",
            "target_faculty_id": str(world.attending["A"].pk),
            "target_week": None,
            "swap_type": "absorb",
            "reason": "PTO",
            "partner_consented": True,
        },
    )

    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["code"]) == (422, "REJECTED", "BACK_TO_BACK_FMIT_3")
    assert "3 FMIT weeks in a row, beginning 2026-03-13 and 2026-03-20 and 2026-03-27" in shown["detail"]
    assert len(shown["report"]["alternatives"]) >= 3
    assert world.cells() == before


def test_a_fellowship_interview_goes_to_the_director_whose_yes_executes_it(world, people, body):
    asked = people.coordinator.post(
        URL, body("A", "B", target_week="2026-03-20", reason="fellowship_interview: Boston")
    )
    asked_by_a = people.A.post(URL, body("C", "E", source_week="2026-03-27"))
    pk = asked.json()["id"]

    by_coordinator = people.coordinator.post(f"{URL}/{pk}/approve", {"rationale": "Fine."})
    consent = people.B.post(f"{URL}/{pk}/consent")
    approved = people.director.post(f"{URL}/{pk}/approve", {"rationale": "Good luck."})

    assert status_of(asked) == (202, "PENDING")
    assert asked_by_a.status_code == 403
    assert by_coordinator.status_code == 403
    assert status_of(consent) == (202, "PENDING") or status_of(consent) == (200, "PENDING")
    assert status_of(approved) == (200, "EXECUTED")
    assert EscalationCase.objects.get().get_level_display() == "Program director"


def test_a_decision_names_the_findings_that_it_is_about(world, people, body):
    asked = people.A.post(URL, body("A", "B", target_week="2026-03-20", reason="fellowship_interview: Boston")).json()
    shown, page = asked["escalation"]["shown"], f"{URL}/{asked['id']}/approve"
    policy = SwapPolicy.objects.create(imminent_escalate_days=60)

    stale = people.director.post(page, {"rationale": "Good luck.", "shown": shown})
    policy.imminent_escalate_days = 7
    policy.save()
    meant = people.director.post(page, {"rationale": "Good luck.", "shown": shown})

    assert (stale.status_code, stale.json()["code"]) == (409, "FINDINGS_CHANGED")
    assert (meant.status_code, meant.json()["escalation"]) == (200, None)


def test_coordinators_never_see_the_reason_of_an_interview(world, people, body):
    pk = people.A.post(URL, body("A", "B", target_week="2026-03-20", reason="fellowship_interview: Boston")).json()[
        "id"
    ]

    seen = {
        name: getattr(people, name).get(f"{URL}/{pk}")
        for name in ("A", "B", "coordinator", "architect", "director", "administrator", "agent")
    }

    texts = {name: (answer.json()["reason_code"], answer.json()["reason"]) for name, answer in seen.items()}
    known = ("fellowship_interview", "fellowship_interview: Boston")
    nothing = (None, None)
    assert texts == {
        **{"A": known, "B": nothing, "coordinator": nothing, "architect": nothing},
        **{"director": known, "administrator": nothing, "agent": nothing},
    }
    for name, answer in seen.items():
        whole = answer.content.decode()
        report = getattr(people, name).get(f"{URL}/{pk}/report?format=md").content.decode()
        told = "interview" in (whole + report).lower() or "boston" in (whole + report).lower()
        assert told is (name in {"A", "director"}), name


def test_two_weeks_in_a_row_are_for_the_coordinator_to_decide(world, people, body):
    before = world.cells()
    asked = people.A.post(URL, body("A", "D"))
    pk = asked.json()["id"]

    people.D.post(f"{URL}/{pk}/consent")
    waiting = world.cells()
    queue = people.coordinator.get(f"{URL}/escalations").json()["items"]
    approved = people.coordinator.post(f"{URL}/{pk}/approve", {"rationale": "D agrees to two."})

    assert (status_of(asked), waiting) == ((202, "PENDING"), before)
    assert [(item["level"], item["codes"]) for item in queue] == [("Coordinator", ["BACK_TO_BACK_FMIT_2"])]
    assert status_of(approved) == (200, "EXECUTED")


# --- what waits, and the answers --------------------------------------------------------------------------------------


def test_a_request_without_consent_waits_for_the_partner_and_is_executed_by_the_consent(world, people, body):
    asked = people.A.post(URL, body("A", "B", target_week="2026-03-20"))
    pk = asked.json()["id"]

    answer = people.B.post(f"{URL}/{pk}/consent")

    assert status_of(asked) == (202, "PENDING")
    assert status_of(answer) == (200, "EXECUTED")
    events = list(SwapAudit.objects.filter(swap=pk).exclude(event="NOTIFIED").values_list("event", flat=True))
    assert events == ["REQUESTED", "VALIDATED", "CONSENTED", "VALIDATED", "EXECUTED", "VERIFIED"]


def test_a_declined_request_is_rejected_and_changes_nothing(world, people, body):
    before = world.cells()
    pk = people.A.post(URL, body()).json()["id"]

    answer = people.E.post(f"{URL}/{pk}/decline", {"note": "I am away."})

    assert status_of(answer) == (200, "REJECTED")
    assert world.cells() == before


def test_a_request_taken_back_is_cancelled(people, body):
    pk = people.A.post(URL, body()).json()["id"]

    assert status_of(people.A.post(f"{URL}/{pk}/cancel")) == (200, "CANCELLED")


def test_validating_writes_nothing(world, people, body):
    before = world.cells()

    answer = people.A.post(f"{URL}/validate", body())

    assert answer.status_code == 200
    assert (answer.json()["verdict"], SwapRecord.objects.count(), SwapAudit.objects.count()) == ("PASS", 0, 0)
    assert world.cells() == before


def test_the_list_is_a_page_filtered_by_status_and_person(world, people, body):
    people.A.post(URL, body())
    people.B.post(URL, body("B", "E", source_week="2026-03-20"))
    a, e = world.attending["A"].pk, world.attending["E"].pk

    def totals(client):
        asked = ("", f"?person={a}", f"?person={e}", "?status=PENDING", "?status=EXECUTED", "?page=9")
        return [client.get(f"{URL}{query}").json()["total"] for query in asked]

    assert totals(people.coordinator) == [2, 1, 2, 2, 0, 2]
    assert totals(people.A) == [1, 1, 1, 1, 0, 1]
    assert totals(people.E) == [2, 1, 2, 2, 0, 2]
    assert totals(people.C) == [0, 0, 0, 0, 0, 0]
    assert people.coordinator.get(f"{URL}?status=NONE").status_code == 400


# --- intake -----------------------------------------------------------------------------------------------------------


NOBODY = "00000000-0000-0000-0000-000000000001"
INTAKE = {
    "SOURCE_NOT_FOUND": (404, {"source_faculty_id": NOBODY}),
    "TARGET_NOT_FOUND": (404, {"target_faculty_id": NOBODY}),
    "INVALID_SWAP_TYPE": (422, {"swap_type": "one_to_one"}),
    "WEEK_NOT_ASSIGNED": (422, {"source_week": "2026-06-05"}),
    "PAST_DATE": (422, {"source_week": "2026-02-20"}),
    "TOO_FAR": (422, {"source_week": "2027-03-12"}),
}


def test_intake_refuses_with_its_code(people, body):
    answers = {code: people.coordinator.post(URL, body(**fields)) for code, (_, fields) in INTAKE.items()}

    assert {code: (answer.status_code, code in answer.json()["codes"]) for code, answer in answers.items()} == {
        code: (status, True) for code, (status, _) in INTAKE.items()
    }
    assert SwapRecord.objects.count() == 0


def test_an_absorbed_week_names_no_target(people, body):
    answer = people.coordinator.post(URL, body(target_week="2026-03-20", swap_type="absorb"))

    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_SWAP_TYPE")


def test_nobody_swaps_with_themselves(people, body):
    assert people.coordinator.post(URL, body("A", "A")).json()["codes"][0] == "SELF_SWAP"


def test_a_field_left_out_is_named(people, body):
    names = ("source_faculty_id", "source_week", "target_faculty_id", "swap_type", "reason")
    given = {name: {key: value for key, value in body().items() if key != name} for name in names}

    answers = {name: people.A.post(URL, fields) for name, fields in given.items()}

    assert {name: (answer.status_code, list(answer.json())) for name, answer in answers.items()} == {
        name: (400, [name]) for name in names
    }


@pytest.mark.parametrize(("length", "status"), [(500, 202), (501, 400), (0, 400)])
def test_a_reason_has_1_to_500_characters(people, body, length, status):
    assert people.A.post(URL, body(reason="x" * length)).status_code == status


def test_a_week_has_one_open_request(people, body):
    people.A.post(URL, body())

    answer = people.A.post(URL, body(taker="C"))

    assert (answer.status_code, answer.json()["code"]) == (409, "DUPLICATE_REQUEST")


def test_the_tenth_request_of_a_day_passes_and_the_eleventh_is_told_when(clock, world, people, body):
    asked = []
    for _ in range(11):
        answer = people.A.post(URL, body())
        asked.append(answer)
        if answer.status_code == 202:
            people.A.post(f"{URL}/{answer.json()['id']}/cancel")
        clock.shift(60)

    assert [answer.status_code for answer in asked] == [202] * 10 + [429]
    last = asked[-1]
    assert (last.json()["code"], last.headers["Retry-After"]) == ("RATE_LIMITED", str(24 * 3600 - 10 * 60))


def test_five_pending_requests_are_enough_until_one_lapses(clock, people, body, world):
    for offset in range(5):
        week = dt.date(2026, 3, 30) + dt.timedelta(weeks=offset)
        swaps.record(world.attending["A"], world.attending["E"], source_week=week)
    clock.shift(HOUR)

    answer = people.A.post(URL, body())
    clock.shift(47 * HOUR + dt.timedelta(seconds=1))
    sweep_swaps()
    later = people.A.post(URL, body())

    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert answer.headers["Retry-After"] == str(47 * 3600)
    assert later.status_code == 202


def test_only_the_own_weeks_can_be_given(people, body, world):
    answer = people.B.post(URL, body("A", "E"))

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert world.attending["A"].name not in answer.content.decode()


def test_saying_that_the_partner_agreed_is_for_those_who_ask_for_others(people, body):
    answer = people.A.post(URL, body(partner_consented=True))

    assert status_of(answer)[1] in {"PENDING", "forbidden"}


# --- candidates, marketplace ------------------------------------------------------------------------------------------


def test_candidates_really_pass_and_are_ranked(world, people):
    a = world.attending["A"].pk

    answer = people.A.get(f"{URL}/candidates?week=2026-03-15").json()
    for_others = people.coordinator.get(f"{URL}/candidates?person={a}&week=2026-03-15").json()

    names = {item["name"] for item in answer["items"]}
    scores = [item["score"] for item in answer["items"]]
    assert {"Attending C", "Attending E"} <= names
    found = {item["name"]: [line["code"] for line in item["findings"]] for item in answer["items"]}
    assert (found["Attending E"], found["Attending D"]) == ([], ["BACK_TO_BACK_FMIT_2"])
    assert "Attending A" not in names
    assert scores == sorted(scores, reverse=True)
    # The same partners; staff alone read names in the findings.
    assert [item["person"] for item in for_others["items"]] == [item["person"] for item in answer["items"]]
    assert people.B.get(f"{URL}/candidates?person={a}&week=2026-03-15").status_code == 403
    assert people.A.get(f"{URL}/candidates").status_code == 400


def test_a_week_on_the_marketplace_is_taken_by_a_colleague_and_executed(world, people):
    offered = people.A.post(f"{URL}/offers", {"week": "2026-03-13", "note": "Happy to swap"})
    pk = offered.json()["id"]

    own = people.A.post(f"{URL}/offers/{pk}/take", {})
    taken = people.E.post(f"{URL}/offers/{pk}/take", {})
    again = people.C.post(f"{URL}/offers/{pk}/take", {})

    assert (offered.status_code, offered.json()["status"]) == (201, "OPEN")
    assert (own.status_code, own.json()["code"]) == (422, "SELF_SWAP")
    assert status_of(taken) == (200, "EXECUTED")
    assert again.status_code == 404


def test_an_offer_is_withdrawn_by_whose_it_is(people):
    pk = people.A.post(f"{URL}/offers", {"week": "2026-03-13"}).json()["id"]

    assert people.B.post(f"{URL}/offers/{pk}/withdraw").status_code == 403
    assert people.A.post(f"{URL}/offers/{pk}/withdraw").json()["status"] == "WITHDRAWN"
    assert people.B.get(f"{URL}/offers").json()["total"] == 0


ODD_DATES = ["0001-01-01", "9999-12-31", "1900-02-28", "2025-07-01"]


def test_dates_far_away_are_refused_with_a_sentence(people, body, world):
    a = world.attending["A"].pk

    def asked(day):
        judged = people.coordinator.post(f"{URL}/validate", body(source_week=day))
        assert judged.json()["code"] in {"PAST_DATE", "TOO_FAR"}
        return [
            people.coordinator.post(URL, body(source_week=day)).status_code,
            people.coordinator.post(URL, body(target_week=day)).status_code,
            people.coordinator.post(URL, body(sessions=[{"date": day, "session": "AM"}])).status_code,
            people.coordinator.get(f"{URL}/candidates?person={a}&week={day}").status_code,
            people.coordinator.post(f"{URL}/offers", {"person": str(a), "week": day}).status_code,
            people.coordinator.get(f"{URL}?start_date={day}&end_date={day}").status_code,
        ]

    answered = {day: asked(day) for day in ODD_DATES}

    assert answered == {day: [422, 422, 400, 400, 400, 200] for day in ODD_DATES}


NONSENSE = {
    "a null byte": {"reason": "\x00"},
    "blanks": {"reason": "   "},
    "more sessions than a week has": {"sessions": [{"date": "2026-03-13", "session": "AM"}] * 22},
    "a session without its name": {"sessions": [{"date": "2026-03-13"}]},
    "no list of sessions": {"sessions": "all"},
    "a list of types": {"swap_type": ["absorb"]},
    "a name for an id": {"source_faculty_id": "A"},
    "a date in words": {"source_week": "13 March"},
    "perhaps": {"partner_consented": "perhaps"},
}


def test_bodies_that_make_no_sense_are_400(people, body):
    answered = {what: people.coordinator.post(URL, body(**fields)).status_code for what, fields in NONSENSE.items()}

    assert answered == dict.fromkeys(NONSENSE, 400)
