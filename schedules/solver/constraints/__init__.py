"""Every hard rule once more, under the code of the rule table, as constraints on the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schedules.solver.constraints import call, demand, duty_hours, faculty_weeks, structure, supervision
from schedules.solver.variables import Board

CONSTRAINTS: Mapping[str, Callable[[Board], None]] = {
    "DOUBLE_BOOKED": structure.double_booked,
    "ABSENT": structure.absent,
    "NOT_ELIGIBLE": structure.not_eligible,
    "PROTECTED": structure.protected,
    "HOURS_80": duty_hours.hours_80,
    "DAY_FREE_IN_7": duty_hours.day_free_in_7,
    "CONTINUOUS_24": duty_hours.continuous_24,
    "REST_14": duty_hours.rest_14,
    "CALL_EVERY_3RD": duty_hours.call_every_3rd,
    "NIGHT_FLOAT_6": duty_hours.night_float_6,
    "HOME_CALL": duty_hours.home_call,
    "SUPERVISION": supervision.supervision,
    "CLINIC_CAPACITY": supervision.clinic_capacity,
    "DEMAND_MIN": demand.demand_min,
    "FMIT_WEEK": call.fmit_week,
    "POST_CALL": call.post_call,
    "CALL_CONSECUTIVE": call.call_consecutive,
    "CALL_BEFORE_LEAVE": call.call_before_leave,
    "FACULTY_WEEK_MAX": faculty_weeks.faculty_week_max,
}
"""The hard rules in the order in which they are stated."""

BY_CONSTRUCTION: Mapping[str, str] = {
    "PGY1_MOONLIGHTING": "duty logs are facts; no choice of the solver can change them",
}
"""Hard codes of the rule table without a constraint of their own, and why they need none."""


def state_all(board: Board) -> None:
    """State every hard rule, and where idle time of the faculty goes."""
    for state in CONSTRAINTS.values():
        state(board)
    faculty_weeks.idle_time(board)
