"""The stored posture: what an evaluation leaves behind, who may override and lower it, and what the log keeps."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import Invalid, NotAllowed
from resilience.domain.levels import Level
from resilience.models import DayMargin, PostureRecord, PostureState
from resilience.services import days, posture
from resilience.signals import posture_changed
from schedules.models import ComplianceEvent
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, policy, ward, watched_ward

pytestmark = pytest.mark.django_db

TUESDAY = MONDAY + dt.timedelta(1)
HOUR = dt.timedelta(hours=1)
WEEK = [MONDAY + dt.timedelta(offset) for offset in range(7)]


def evaluate(at=MORNING, touched=WEEK):
    return posture.evaluate(at=at, touched=touched)


def absent(made, letters, day=TUESDAY):
    return [program.absence(made[letter], day) for letter in letters]


def test_the_first_evaluation_does_not_wait():
    made = ward()
    absent(made, "ABC")

    state = posture.evaluate(at=MORNING)

    assert (state.level, state.readings["k*(safety) within 7 days"]) == ("BLACK", -1.0)
    assert PostureRecord.objects.get().after == "BLACK"


def test_a_proven_shortage_escalates_at_once_and_is_logged_once(django_capture_on_commit_callbacks):
    made, heard = watched_ward(), []
    posture_changed.connect(lambda **news: heard.append((news["before"], news["after"])), weak=False, dispatch_uid="t")
    absent(made, "BC")

    with django_capture_on_commit_callbacks(execute=True):
        first = evaluate()
        evaluate(MORNING + HOUR)
    posture_changed.disconnect(dispatch_uid="t")

    assert first.level == "ORANGE"
    assert heard == [("GREEN", "ORANGE")]
    assert [record.after for record in PostureRecord.objects.order_by("at")] == ["GREEN", "ORANGE"]
    assert "ORANGE: k*(safety) within 7 days <= 0" in first.triggers


def test_a_rate_needs_two_evaluations():
    made = watched_ward()
    # Two of ten mornings' posts are open, but a third person could take them: no certificate says more than YELLOW.
    absent(made, "A")

    first = evaluate()
    second = evaluate(MORNING + HOUR)

    assert first.readings["coverage"] == 0.8
    assert (first.level, second.level) == ("YELLOW", "ORANGE")


def test_it_comes_down_one_step_after_three_clear_evaluations_and_a_day():
    made = watched_ward()
    away = absent(made, "BC")
    evaluate()
    for row in away:
        row.delete()

    evaluate(MORNING + HOUR)
    levels = [evaluate(MORNING + hours * HOUR, touched=None).level for hours in (13, 25, 26, 38, 50)]

    assert levels == ["ORANGE", "YELLOW", "YELLOW", "YELLOW", "GREEN"]


def test_the_times_are_policy():
    made = watched_ward(clear_seconds=2, clear_evaluations=2)
    away = absent(made, "BC")
    evaluate()
    for row in away:
        row.delete()

    seconds = [evaluate(MORNING + dt.timedelta(seconds=count)).level for count in (1, 3)]

    assert seconds == ["ORANGE", "YELLOW"]


def test_red_and_black_are_left_only_by_a_person(director, coordinator):
    made = watched_ward(clear_seconds=2)
    away = absent(made, "ABC")
    evaluate()
    for row in away:
        row.delete()
    for count in (1, 2, 3, 4):
        state = evaluate(MORNING + dt.timedelta(seconds=count))
    assert (state.level, posture.may_lower(state, at=MORNING + dt.timedelta(seconds=4))) == ("BLACK", True)

    with pytest.raises(NotAllowed):
        posture.lower(by=coordinator, at=MORNING + dt.timedelta(seconds=5), reason="over")
    with pytest.raises(Invalid):
        posture.lower(by=director, at=MORNING + dt.timedelta(seconds=5), reason=" ")
    lowered = posture.lower(by=director, at=MORNING + dt.timedelta(seconds=5), reason="Everybody is back")

    record = PostureRecord.objects.first()
    assert lowered.level == "RED"
    assert (record.event, record.by, record.reason) == ("LOWERED", director, "Everybody is back")


def test_lowering_before_it_is_due_is_refused(director):
    made = watched_ward()
    absent(made, "ABC")
    evaluate()

    with pytest.raises(posture.NotYet):
        posture.lower(by=director, at=MORNING + HOUR, reason="hope")


def test_an_override_counts_until_its_end_and_its_end_is_logged(director):
    watched_ward()

    posture.override(Level.ORANGE, by=director, at=MORNING, until=MORNING + 2 * HOUR, reason="storm warning")
    during = posture.in_force(at=MORNING + HOUR)
    evaluate(MORNING + 3 * HOUR)

    assert (during, posture.in_force(at=MORNING + 3 * HOUR)) == (Level.ORANGE, Level.GREEN)
    assert [record.event for record in PostureRecord.objects.order_by("at")] == [
        "EVALUATED", "OVERRIDDEN", "OVERRIDE_ENDED",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("level", "hours", "reason"), [(Level.GREEN, 25, "long"), (Level.GREEN, 1, ""), (Level.UNKNOWN, 1, "why")]
)
def test_overrides_have_limits(director, level, hours, reason):
    watched_ward()

    with pytest.raises(Invalid):
        posture.override(level, by=director, at=MORNING, until=MORNING + hours * HOUR, reason=reason)


def test_an_unwatched_posture_is_never_green():
    assert posture.in_force(at=MORNING) is Level.UNKNOWN

    watched_ward()

    assert posture.in_force(at=MORNING + dt.timedelta(minutes=59)) is Level.GREEN
    assert posture.in_force(at=MORNING + dt.timedelta(minutes=61)) is Level.UNKNOWN


def test_only_touched_dates_are_computed_anew():
    watched_ward()

    posture.evaluate(at=MORNING + HOUR, touched=days.touched(TUESDAY, TUESDAY))

    computed = dict(DayMargin.objects.filter(date__in=WEEK).values_list("date", "computed_at"))
    assert [computed[day] == MORNING + HOUR for day in WEEK] == [True, True, True, False, False, False, False]


def test_a_heartbeat_computes_what_is_missing_or_a_day_old():
    watched_ward()
    DayMargin.objects.filter(date=TUESDAY).delete()

    posture.evaluate(at=MORNING + HOUR)
    soon = DayMargin.objects.filter(computed_at=MORNING + HOUR).count()
    posture.evaluate(at=MORNING + 25 * HOUR)

    assert soon == 1
    assert DayMargin.objects.filter(computed_at=MORNING + 25 * HOUR).count() == 6


def test_dates_that_are_not_published_are_unknown_and_at_least_yellow():
    watched_ward()

    state = posture.evaluate(at=MORNING + dt.timedelta(days=20))

    assert (state.level, state.readings["k*(all) within 14 days"]) == ("YELLOW", None)
    assert state.unknown["k*(all) within 14 days"] == "Nothing is published on 2026-04-09."


def test_margins_that_are_stale_are_unknown():
    watched_ward(nightly_seconds=10**6)

    state = posture.evaluate(at=MORNING + dt.timedelta(hours=26, seconds=1), touched=[])

    assert "stale" in state.unknown["k*(safety) within 7 days"]
    assert state.level == "YELLOW"


def test_a_hard_duty_hour_violation_that_happened_is_red():
    made = watched_ward()
    ComplianceEvent.objects.create(
        schedule=made.schedule,
        rule="HOURS_80",
        severity="HARD",
        key="k",
        start_date=MONDAY - dt.timedelta(3),
        end_date=MONDAY - dt.timedelta(1),
        message="85 hours",
        seen_at=MORNING,
    )

    assert evaluate().level == "RED"


def test_pending_decisions_are_counted_at_their_thresholds():
    made = watched_ward()

    def pending(count):
        for _ in range(count):
            program.absence(made["D"], MONDAY + dt.timedelta(60), status="REQUESTED")
        evaluate()
        return evaluate(MORNING + dt.timedelta(minutes=1)).level

    assert [pending(7), pending(1), pending(5)] == ["GREEN", "YELLOW", "ORANGE"]


def test_the_state_survives_its_record():
    watched_ward()
    policy(clear_evaluations=1)

    state = PostureState.objects.get()

    assert posture.to_domain(state).level is Level.GREEN
    assert state.fully_evaluated_at == MORNING
    assert posture.is_full_due(at=MORNING + dt.timedelta(hours=23)) is False
    assert posture.is_full_due(at=MORNING + dt.timedelta(hours=24)) is True
