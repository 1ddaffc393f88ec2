"""Rotations with their weekly patterns, and who is on which."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from schedules import models
from schedules.domain.problem import Role
from schedules.enums import RotationKind
from schedules.services.imports import derived
from schedules.services.imports.planner.linking import Planner
from schedules.services.imports.report import Notice, Row

_INACTIVE = frozenset({"inactive", "archived", "retired"})


def rotations(planner: Planner) -> None:
    """Rotation templates, then their patterns."""
    stored, by_key = planner.stored(models.RotationTemplate)
    for record in stored:
        planner.rotations.add(record, key=record.source_id, name=record.name, imported=False)
    kinds = derived.rotation_kinds(planner.rows("patterns"), planner.activities)
    for row in planner.rows("rotations"):
        values = {"name": row.values["name"], "source_id": row.key}
        if row.values["status"]:
            values["is_active"] = row.values["status"].casefold() not in _INACTIVE
        kind = kinds.get(row.key) or kinds.get(row.values["name"].casefold()) or RotationKind.OUTPATIENT
        record = planner.plan.merge(
            models.RotationTemplate, by_key.get(row.key), values, {"kind": RotationKind(kind).value}
        )
        planner.rotations.add(record, key=row.key, name=record.name, imported=True)
    _patterns(planner)


def _patterns(planner: Planner) -> None:
    """A rotation's pattern is one thing: cells that the files no longer name are removed."""
    stored: dict[Any, dict[tuple[int, int, str], Any]] = defaultdict(dict)
    for cell in models.RotationPattern.objects.order_by("pk"):
        stored[cell.rotation_id][cell.week, cell.weekday, cell.session] = cell
    named: dict[Any, set[tuple[int, int, str]]] = defaultdict(set)
    for row in planner.rows("patterns"):
        found = planner.linked(row, rotationName=(planner.rotations, row.values["rotation"]))
        activity = planner.activities.get(row.values["activity"])
        if activity is None:
            planner.plan.reject(row, f"activity '{row.values['activity']}' is none of the activities")
        if found is None or activity is None:
            continue
        rotation = found["rotationName"].pk
        place = (row.values["week"], row.values["weekday"], row.values["session"])
        named[rotation].add(place)
        values = {
            "rotation_id": rotation,
            "week": place[0],
            "weekday": place[1],
            "session": place[2],
            "activity_id": activity.pk,
        }
        planner.plan.merge(models.RotationPattern, stored[rotation].get(place), values)
    for rotation, places in named.items():
        gone = [cell for place, cell in stored[rotation].items() if place not in places]
        planner.plan.removed[models.RotationPattern].extend(gone)
    planner.patterned = {rotation for rotation, cells in stored.items() if cells} | set(named)


def block_assignments(planner: Planner) -> None:
    """Who is on which rotation in which block, one each."""
    stored = {(r.person_id, r.block_id): r for r in models.BlockAssignment.objects.order_by("pk")}
    seen: dict[tuple[Any, Any], Row] = {}
    used: dict[Any, tuple[Any, Row]] = {}
    for row in planner.rows("block_assignments"):
        person = planner.person(row, Role.RESIDENT)
        found = planner.linked(
            row, block=(planner.blocks, row.values["block"]), rotation=(planner.rotations, row.values["rotation"])
        )
        if person is None or found is None:
            continue
        pair = (person.pk, found["block"].pk)
        if pair in seen:
            planner.plan.reject(row, f"gives a second rotation for the block, after {seen[pair].row}")
            continue
        seen[pair] = row
        used.setdefault(found["rotation"].pk, (found["rotation"], row))
        values = {"person_id": pair[0], "block_id": pair[1], "rotation_id": found["rotation"].pk}
        values["source_id"] = row.key
        planner.plan.merge(models.BlockAssignment, stored.get(pair), values)
    for rotation, row in used.values():
        if rotation.pk not in planner.patterned:
            message = f"the rotation '{rotation.name}' is in use but has no weekly pattern: its days stay off"
            planner.plan.warnings.append(Notice(row.file, row.row, message))
