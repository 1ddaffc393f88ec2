"""The year: blocks, holidays and FMIT weeks."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from schedules import models
from schedules.domain.blocks import LONGEST_BLOCK, BlockDates, academic_year, standard_blocks
from schedules.domain.problem import Role
from schedules.services.imports.planner.linking import Planner
from schedules.services.imports.report import Row


class _Known(NamedTuple):
    """Blocks by source id, and by academic year and number."""

    by_key: dict[str, Any]
    by_number: dict[tuple[int, int], Any]


def blocks(planner: Planner) -> None:
    """Blocks of the files; the standard ones where only block assignments are named."""
    stored, by_key = planner.stored(models.Block)
    known = _Known(by_key, {(record.academic_year, record.number): record for record in stored})
    for record in stored:
        planner.blocks.add(record, key=record.source_id, name=str(record.number), imported=False)
    if planner.rows("blocks"):
        for row in planner.rows("blocks"):
            start, end = row.values["start"], row.values["end"]
            _block(planner, known, BlockDates(row.values["number"], start, end), row.key, row)
    elif planner.rows("block_assignments") and not stored:
        for year in _years(planner):
            for dates in standard_blocks(year):
                _block(planner, known, dates, f"block-{year}-{dates.number}", None)
    for record in _refuse_overlaps(planner, models.Block, stored, planner.rows("blocks")):
        planner.blocks.remove(record)


def _block(planner: Planner, known: _Known, dates: BlockDates, key: str, row: Row | None) -> None:
    number, start, end = dates
    if row is not None and dates.days > LONGEST_BLOCK:
        planner.plan.reject(row, f"block {number} has {dates.days} days; at most {LONGEST_BLOCK}: split the block")
        return
    year = academic_year(start + (end - start) / 2)
    taken = known.by_number.get((year, number))
    old = known.by_key.get(key) or taken
    values = {"academic_year": year, "number": number, "start_date": start, "end_date": end, "source_id": key}
    if row is not None and taken is not None and taken is not old:
        planner.plan.reject(row, f"block {number} of {year} is there already under another record id")
        return
    record = planner.plan.merge(models.Block, old, values)
    known.by_number[year, number] = record
    planner.blocks.add(record, key=key, name=str(number), imported=True)


def _years(planner: Planner) -> list[int]:
    """The academic year that most dates of the files fall into, where no file names blocks."""
    dates = [row.values["start"] for row in planner.rows("fmit_weeks")]
    dates += [row.values["date"] for row in planner.rows("holidays")]
    years = Counter(academic_year(day) for day in dates)
    if not years:
        row = planner.rows("block_assignments")[0]
        planner.plan.reject(row, "no file names blocks, and no FMIT week or holiday tells the academic year")
    return [year for year, _ in years.most_common(1)]


def _refuse_overlaps(planner: Planner, model: Any, stored: list[Any], rows: tuple[Row, ...]) -> list[Any]:
    """Dates that two records would claim: the database allows one. Returns the records left out for it."""
    row_of = {row.key: row for row in rows}
    refused: list[Any] = []
    before = None
    for record in sorted({*stored, *planner.plan.created[model]}, key=lambda r: (r.start_date, r.source_id)):
        if before is None or record.start_date > before.end_date:
            before = record
            continue
        wrong, kept = (record, before) if record.source_id in row_of else (before, record)
        if wrong.source_id in row_of:
            planner.plan.reject(row_of[wrong.source_id], f"overlaps {kept}, which is there already")
            planner.plan.withdraw(model, wrong)
            refused.append(wrong)
        before = kept if kept.end_date > before.end_date or wrong is before else before
    return refused


def holidays(planner: Planner) -> None:
    """Holidays, one a date."""
    stored, by_key = planner.stored(models.Holiday)
    by_date = {record.date: record for record in stored}
    for row in planner.rows("holidays"):
        day = row.values["date"]
        old = by_key.get(row.key)
        if day in by_date and old is not None and by_date[day] is not old:
            planner.plan.reject(row, f"{day} is a holiday already ({by_date[day].name})")
            continue
        if day in by_date and by_date[day]._state.adding:
            planner.plan.reject(row, f"{day} is named twice")
            continue
        values = {"name": row.values["name"], "date": day, "source_id": row.key}
        by_date[day] = planner.plan.merge(models.Holiday, old or by_date.get(day), values)


def fmit_weeks(planner: Planner) -> None:
    """FMIT weeks; two may not claim one date."""
    stored, by_key = planner.stored(models.FmitWeek)
    by_start = {record.start_date: record for record in stored}
    for row in planner.rows("fmit_weeks"):
        person = planner.person(row, Role.FACULTY)
        if person is None:
            continue
        start, end = row.values["start"], row.values["end"]
        values = {"person_id": person.pk, "start_date": start, "end_date": end, "source_id": row.key}
        planner.plan.merge(models.FmitWeek, by_key.get(row.key) or by_start.get(start), values)
    _refuse_overlaps(planner, models.FmitWeek, stored, planner.rows("fmit_weeks"))
