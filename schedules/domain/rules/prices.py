"""What each soft rule's weight is the price of, in words: for the policy's form and the report of a generation."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.domain.rules.table import RULES

_PRICED_APART: Mapping[str, str] = {
    "PATTERN_MOVED": "A half-day of the rotation's pattern that is held at another time of the week.",
    "PATTERN_DROPPED": "A half-day of the rotation's pattern that is left out.",
    "CLINIC_COMFORT": "Everybody in clinic above the comfortable number.",
    "N1_SAFETY": "A half-day in which nobody at all could take one attending's place: then a roster is not accepted.",
    "REPAIR_CHANGE": "In repair, every half-day that differs from what is published.",
}
"""What is counted where the price is not that of a whole rule."""


def priced(code: str) -> str:
    """What a soft rule's weight is the price of, in words."""
    return _PRICED_APART[code] if code in _PRICED_APART else RULES[code].sentence
