"""Clock times of duty: intervals, periods, rests and free days."""

from __future__ import annotations

import pytest

from schedules.domain.problem import Session
from schedules.domain.timeline import Duty, duty, duty_periods, free_days, midnight, rests, runs
from tests.factories.rosters import ACTIVITIES, day


def worked(code: str, offset: int, session: Session) -> Duty:
    found = duty(ACTIVITIES[code], day(offset), session)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "session", "start", "end"),
    [
        ("C", Session.AM, 7, 12),
        ("C", Session.PM, 12, 17),
        ("IMW", Session.AM, 6, 12),
        ("IMW", Session.PM, 12, 18),
        ("NF", Session.NIGHT, 18, 30),
        ("N13", Session.NIGHT, 18, 31),
    ],
)
def test_a_session_has_its_clock_times(code: str, session: Session, start: int, end: int) -> None:
    item = worked(code, 0, session)

    assert (item.start - midnight(day(0))) / 60 == start
    assert (item.end - midnight(day(0))) / 60 == end


@pytest.mark.parametrize(
    ("code", "session"),
    [("OFF", Session.AM), ("LV", Session.PM), ("TDY", Session.AM), ("C", Session.NIGHT), ("NF", Session.AM)],
)
def test_time_off_off_site_duty_and_sessions_without_hours_are_no_duty(code: str, session: Session) -> None:
    assert duty(ACTIVITIES[code], day(0), session) is None


def test_duties_less_than_two_hours_apart_are_one_period() -> None:
    duties = [worked("C", 0, Session.AM), worked("C", 0, Session.PM), worked("NF", 0, Session.NIGHT)]

    (period,) = duty_periods(duties, merge_gap_hours=2)

    assert period.hours == 23
    assert (period.first, period.last) == (day(0), day(0))


def test_duties_two_hours_apart_are_two_periods() -> None:
    duties = [worked("N11", 0, Session.NIGHT), worked("C", 1, Session.AM)]

    assert len(list(duty_periods(duties, merge_gap_hours=2))) == 2
    assert len(list(duty_periods(duties, merge_gap_hours=2.1))) == 1


def test_a_longer_duty_inside_a_period_sets_its_end() -> None:
    overlapping = [worked("N13", 0, Session.NIGHT), worked("H1", 1, Session.AM)]

    periods = list(duty_periods(overlapping, merge_gap_hours=2))

    assert [rest.hours for rest in rests(periods)] == [4]


def test_no_duty_is_free_every_day() -> None:
    assert free_days([], first=day(0), last=day(27), leave=()) == 28


def test_leave_days_are_not_free_days() -> None:
    assert free_days([], first=day(0), last=day(27), leave=[day(3), day(4)]) == 26
    assert free_days([], first=day(0), last=day(27), leave=[day(0), day(27)]) == 26


def test_a_leave_day_that_duty_reaches_into_is_not_subtracted() -> None:
    night = worked("NF", 2, Session.NIGHT)

    # From 06:00 of day 3 to 24:00 of day 5 are 66 hours; leave on day 3 is not wholly inside.
    assert free_days([night], first=day(2), last=day(5), leave=[day(3)]) == 2


def test_a_night_that_runs_into_the_period_shortens_the_first_gap() -> None:
    eve = worked("NF", -1, Session.NIGHT)

    assert free_days([], first=day(0), last=day(0), leave=()) == 1
    assert free_days([eve], first=day(0), last=day(0), leave=()) == 0
    assert free_days([eve], first=day(0), last=day(1), leave=()) == 1


def test_duty_after_the_period_does_not_lengthen_a_gap() -> None:
    later = worked("C", 9, Session.AM)

    assert free_days([later], first=day(0), last=day(6), leave=()) == 7


def test_runs_are_maximal() -> None:
    dates = [day(offset) for offset in (0, 1, 2, 4, 6, 7)]

    assert [len(run) for run in runs(dates)] == [3, 1, 2]
    assert list(runs([])) == []
