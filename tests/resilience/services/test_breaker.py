"""The circuit breaker: every cause opens it, it closes by itself, and two people can override it for a while."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.enums import Role
from common.errors import Invalid, NotAllowed
from resilience.models import DayMargin, PostureState
from resilience.services import breaker, posture
from resilience.signals import breaker_closed, breaker_tripped
from schedules.domain.problem import Session
from schedules.models import Breaker, ComplianceEvent
from schedules.services import editing, publishing
from schedules.services.gate import BreakerOpen, require_breaker_closed
from tests.factories import accounts, program
from tests.factories.resilience import MONDAY, MORNING, watched_ward

pytestmark = pytest.mark.django_db

TUESDAY = MONDAY + dt.timedelta(1)
HOUR = dt.timedelta(hours=1)
WEEK = [MONDAY + dt.timedelta(offset) for offset in range(7)]


def violate(made, **fields):
    standard = {
        "rule": "DEMAND_MIN",
        "severity": "HARD",
        "key": "k",
        "start_date": TUESDAY,
        "end_date": TUESDAY,
        "message": "nobody",
        "seen_at": MORNING,
    }
    return ComplianceEvent.objects.create(schedule=made.schedule, **standard | fields)


def is_barred(at):
    try:
        require_breaker_closed(at)
    except BreakerOpen as refusal:
        return refusal.status
    return None


def test_it_is_closed_where_nothing_speaks_against_the_schedule():
    watched_ward()

    assert (breaker.current().state, breaker.causes(at=MORNING), is_barred(MORNING)) == ("CLOSED", [], None)


def test_a_negative_safety_margin_opens_it():
    made = watched_ward()
    for letter in "ABC":
        program.absence(made[letter], TUESDAY)

    posture.evaluate(at=MORNING, touched=WEEK)

    assert (breaker.current().state, is_barred(MORNING)) == ("OPEN", 423)
    assert breaker.current().cause.startswith("k*(safety) is -1 within 7 days")


def test_a_hard_violation_opens_it_unless_it_is_over_or_unavoidable():
    made = watched_ward()
    violate(made, unavoidable=True)
    violate(made, key="past", start_date=MONDAY - dt.timedelta(5), end_date=MONDAY - dt.timedelta(5))
    before = breaker.judge(at=MORNING).state
    violate(made, key="now")

    assert (before, breaker.judge(at=MORNING).state) == ("CLOSED", "OPEN")
    assert breaker.current().causes == [["HARD_VIOLATION", "The published schedule has 1 hard violation."]]


def test_an_approved_absence_is_no_violation_that_opens_it():
    made = watched_ward()
    program.absence(made["A"], TUESDAY)

    posture.evaluate_fully(at=MORNING)

    assert set(ComplianceEvent.objects.values_list("rule", "severity")) == {("ABSENT", "HARD")}
    assert breaker.current().state == "CLOSED"


def test_stale_margins_open_it():
    watched_ward(nightly_seconds=10**6)
    DayMargin.objects.update(computed_at=MORNING - dt.timedelta(hours=26, seconds=1))

    assert breaker.judge(at=MORNING).state == "OPEN"
    assert breaker.current().causes[0][0] == "STALE_DATA"


@pytest.mark.parametrize(
    ("failure", "state"), [("ValueError while the margins were computed.", "OPEN"), ("", "CLOSED")]
)
def test_margins_that_could_not_be_computed_open_it(failure, state):
    watched_ward()
    DayMargin.objects.filter(date=TUESDAY).delete()
    PostureState.objects.update(failure=failure)

    # Without a failure the figures are only on their way.
    assert breaker.judge(at=MORNING).state == state
    assert [cause for cause, _ in breaker.current().causes] == ["STALE_DATA"] * (state == "OPEN")


def test_it_opens_by_hand_and_stays_so_until_it_is_taken_back(director, coordinator):
    watched_ward()
    with pytest.raises(NotAllowed):
        breaker.trip(by=coordinator, at=MORNING, reason="storm")
    with pytest.raises(Invalid):
        breaker.trip(by=director, at=MORNING, reason="")

    breaker.trip(by=director, at=MORNING, reason="storm")
    judged = breaker.judge(at=MORNING + 20 * HOUR).state
    cleared = breaker.clear(by=director, at=MORNING + 21 * HOUR, reason="over").state

    assert (judged, cleared) == ("OPEN", "HALF_OPEN")
    with pytest.raises(breaker.BreakerNotOpen):
        breaker.clear(by=director, at=MORNING, reason="again")


def test_it_half_opens_when_the_cause_is_gone_and_closes_after_a_clear_day(django_capture_on_commit_callbacks):
    made, heard = watched_ward(), []
    breaker_tripped.connect(lambda **news: heard.append(news["cause"]), weak=False, dispatch_uid="trip")
    breaker_closed.connect(lambda **news: heard.append("closed"), weak=False, dispatch_uid="close")
    found = violate(made)

    with django_capture_on_commit_callbacks(execute=True):
        states = [breaker.judge(at=MORNING).state]
        found.delete()
        states += [breaker.judge(at=MORNING + hours * HOUR).state for hours in (1, 24, 25)]
    breaker_tripped.disconnect(dispatch_uid="trip")
    breaker_closed.disconnect(dispatch_uid="close")

    assert states == ["OPEN", "HALF_OPEN", "HALF_OPEN", "CLOSED"]
    assert heard == ["HARD_VIOLATION", "closed"]


def test_a_cause_that_returns_opens_it_again():
    made = watched_ward()
    found = violate(made)
    breaker.judge(at=MORNING)
    found.delete()
    breaker.judge(at=MORNING + HOUR)
    violate(made)

    assert breaker.judge(at=MORNING + 2 * HOUR).state == "OPEN"
    assert [row.state for row in Breaker.history.order_by("history_date")][-3:] == ["OPEN", "HALF_OPEN", "OPEN"]


def test_two_people_override_it_for_at_most_eight_hours(director, architect, coordinator):
    made = watched_ward()
    violate(made)
    breaker.judge(at=MORNING)

    def override(**changed):
        wanted = {"by": director, "second": architect, "at": MORNING, "until": MORNING + 8 * HOUR, "reason": "storm"}
        return breaker.override(**wanted | changed)

    for refused in ({"by": architect}, {"second": director}, {"second": coordinator}):
        with pytest.raises(NotAllowed):
            override(**refused)
    for wrong in ({"until": MORNING + 8 * HOUR + dt.timedelta(seconds=1)}, {"reason": " "}):
        with pytest.raises(Invalid):
            override(**wrong)
    override()
    breaker.judge(at=MORNING + HOUR)

    assert (is_barred(MORNING + 8 * HOUR), is_barred(MORNING + 8 * HOUR + dt.timedelta(seconds=1))) == (None, 423)


def test_the_second_person_is_whom_the_policy_names(director, architect):
    lead = accounts.user(Role.FACULTY)
    program.policy(second_authority=lead)

    assert (breaker.may_second(lead, first=director), breaker.may_second(architect, first=director)) == (True, False)


def test_a_closed_breaker_cannot_be_overridden(director, architect):
    watched_ward()

    with pytest.raises(breaker.BreakerNotOpen):
        breaker.override(by=director, second=architect, at=MORNING, until=MORNING + HOUR, reason="just in case")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_backups")
def test_an_open_breaker_lets_improving_changes_through(director):
    made = watched_ward()
    program.absence(made["A"], TUESDAY)
    Breaker.objects.update_or_create(pk=1, defaults={"state": "OPEN", "cause": "A is away"})

    def put(letter, code, session=Session.AM):
        return editing.set_cell(
            made.schedule, editing.Change(made.id(letter), TUESDAY, session, code), by=director, at=MORNING
        )

    with pytest.raises(BreakerOpen):
        put("D", "OFF")
    put("B", "ICU")
    # Taking the cells of who is away out ends a hard finding.
    put("A", "LV")

    with pytest.raises(BreakerOpen):
        put("B", "ADM")
    assert made.schedule.assignments.get(person=made["B"], date=TUESDAY, session="AM").activity.code == "ICU"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("quick_backups")
@time_machine.travel(MORNING - HOUR, tick=False)
def test_an_open_breaker_lets_a_publish_be_taken_back_that_made_things_worse(director):
    made = watched_ward()

    def draft_without(letter):
        draft = program.schedule(MONDAY, MONDAY)
        rows = [
            (person, MONDAY, session, "ICU" if name == letter and session is Session.AM else "ADM")
            for name, person in made.people.items()
            for session in (Session.AM, Session.PM)
        ]
        program.assignments(draft, rows, source="SOLVER")
        return draft

    worse = draft_without("nobody")
    publishing.publish(worse, by=director, at=MORNING, override_reason="test")
    posture.evaluate(at=MORNING, touched=WEEK)
    assert breaker.current().state == "OPEN"

    with pytest.raises(BreakerOpen):
        publishing.publish(draft_without("nobody"), by=director, at=MORNING, override_reason="no better")
    publishing.publish(draft_without("B"), by=director, at=MORNING, override_reason="test")
    better = made.people["B"].assignments.get(schedule__status="PUBLISHED", date=MONDAY, session="AM")
    with pytest.raises(BreakerOpen):
        publishing.roll_back(better.schedule, by=director, at=MORNING)

    assert better.activity.code == "ICU"
    Breaker.objects.all().delete()
    publishing.roll_back(better.schedule, by=director, at=MORNING)
    Breaker.objects.create(pk=1, state="OPEN", cause="nobody is there")
    publishing.roll_back(worse, by=director, at=MORNING)
    posture.evaluate(at=MORNING, touched=WEEK)

    assert breaker.current().state == "HALF_OPEN"
