"""Duty-hour rules of residents: ACGME Common Program Requirements VI.F (2023) = 6.20-6.28 (2025), program policy."""

from __future__ import annotations

from schedules.domain.rules.duty_hours.free_days import day_free_in_7
from schedules.domain.rules.duty_hours.hours import hours_80, hours_80_rolling
from schedules.domain.rules.duty_hours.logs import home_call, pgy1_moonlighting
from schedules.domain.rules.duty_hours.nights import call_every_3rd, night_float_6
from schedules.domain.rules.duty_hours.rest import continuous_24, rest_8, rest_14

__all__ = [
    "call_every_3rd",
    "continuous_24",
    "day_free_in_7",
    "home_call",
    "hours_80",
    "hours_80_rolling",
    "night_float_6",
    "pgy1_moonlighting",
    "rest_8",
    "rest_14",
]
