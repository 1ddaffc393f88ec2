"""Schedules to take away: a block as a workbook, rows as CSV, a person's duties as a calendar. Reads only."""

from schedules.services.exports.calendars import calendar_of
from schedules.services.exports.tables import rows_csv
from schedules.services.exports.workbook import block_workbook

__all__ = ["block_workbook", "calendar_of", "rows_csv"]
