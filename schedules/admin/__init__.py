"""The admin pages of the program's data; schedules and what belongs to them can be read there, never changed."""

from schedules.admin import calendar, people, policy, rotations, schedules

__all__ = ["calendar", "people", "policy", "rotations", "schedules"]
