"""From rows to the pure core's data of swaps and back: policy, places, findings, and the state of an assignment."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from schedules.domain.changes import CellChange
from schedules.domain.problem import FmitWeek, Session
from schedules.domain.roster import Slot, Source
from schedules.mapping.cells import Cell, Origin
from swaps import models
from swaps.domain.exchange import Exchange, Place, SwapRequest
from swaps.domain.findings import Matter, SwapFinding
from swaps.domain.tables import Actor, ContinuityKind, Level, SwapPolicy, SwapType, Tier, Verdict

RowState = Mapping[str, Any]
"""What is kept of an assignment: enough to put the row back as it was. See `SwapChange`."""

COMPARED = ("activity", "locked", "rotation")
"""A touched row is as the swap left it while these are, and within its version the source: a later version made the row
anew, and says by its source only who made it."""


def load_policy() -> SwapPolicy:
    """The program's numbers for swaps; the defaults where no record was made yet."""
    row = models.SwapPolicy.objects.filter(pk=1).first()
    if row is None:
        return SwapPolicy()
    stored = {field.name: getattr(row, field.name) for field in fields(SwapPolicy)}
    stored["continuity_points"] = {kind: int(row.continuity_points.get(kind.name, 0)) for kind in ContinuityKind}
    stored["continuity_activities"] = {
        code: ContinuityKind[kind]
        for code, kind in row.continuity_activities.items()
        if kind in ContinuityKind.__members__
    }
    stored["working_days"] = frozenset(row.working_days)
    return SwapPolicy(**stored)


def places_json(places: Iterable[Place]) -> list[list[str]]:
    return [[day.isoformat(), session.value] for day, session in places]


def places(stored: Iterable[Iterable[str]]) -> tuple[Place, ...]:
    return tuple((dt.date.fromisoformat(day), Session(session)) for day, session in stored)


def digest(exchange: Exchange) -> str:
    """Equal exactly while a plan does the same to the same cells, and to the same FMIT weeks."""
    lines = [f"{s.person}|{s.day}|{s.session}|{c.before}|{c.after}" for s, c in sorted(exchange.changes.items())]
    lines += [f"{week.person}|{week.start}|{person}" for week, person in exchange.weeks]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def finding_json(finding: SwapFinding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "tier": finding.tier.value,
        "verdict": finding.verdict.name,
        "level": finding.level.name if finding.level else None,
        "message": finding.message,
        "public": finding.public,
        "measured": finding.measured,
        "limit": finding.limit,
        "days": [day.isoformat() for day in finding.days],
        "people": list(finding.people),
        "about": list(finding.about),
        "readers": sorted(reader.value for reader in finding.readers),
    }


def to_finding(stored: Mapping[str, Any]) -> SwapFinding:
    return SwapFinding(
        code=stored["code"],
        tier=Tier(stored["tier"]),
        verdict=Verdict[stored["verdict"]],
        level=Level[stored["level"]] if stored["level"] else None,
        message=stored["message"],
        public=stored["public"],
        measured=stored["measured"],
        limit=stored["limit"],
        days=tuple(dt.date.fromisoformat(day) for day in stored["days"]),
        people=tuple(stored["people"]),
        about=tuple(stored.get("about", ())),
        readers=frozenset(Actor(reader) for reader in stored["readers"]),
    )


def matter_json(matter: Matter) -> dict[str, Any]:
    return {
        "code": matter.code,
        "level": matter.level.name,
        "about": sorted(matter.about),
        "measured": matter.measured,
    }


def to_matter(stored: Mapping[str, Any]) -> Matter:
    return Matter(stored["code"], Level[stored["level"]], frozenset(stored["about"]), stored["measured"])


def shown_digest(findings: Iterable[SwapFinding]) -> str:
    """Equal exactly while the findings ask somebody to decide the same."""
    asked = sorted(json.dumps(matter_json(found.matter)) for found in findings if found.matter)
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()


def state_of(cell: Cell) -> RowState | None:
    """What is kept of a cell with its origin; None of an empty one."""
    if cell.activity is None or cell.origin is None:
        return None
    origin = cell.origin
    return {
        "id": str(origin.row),
        "schedule": str(origin.version),
        "activity": cell.activity,
        "source": cell.source.value,
        "locked": cell.locked,
        "rotation": str(origin.rotation) if origin.rotation else None,
        "created_at": origin.created_at.isoformat() if origin.created_at else None,
    }


def slot_of(change: models.SwapChange) -> Slot:
    return Slot(str(change.person_id), change.date, Session(change.session))


def cell_before(change: models.SwapChange) -> Cell:
    """What the slot held before the swap."""
    state = change.before
    if state is None:
        return Cell(slot_of(change), None)
    origin = Origin(
        UUID(state["rotation"]) if state["rotation"] else None,
        UUID(state["schedule"]),
        UUID(state["id"]),
        dt.datetime.fromisoformat(state["created_at"]),
    )
    return Cell(slot_of(change), state["activity"], Source(state["source"]), state["locked"], origin)


def same_state(one: RowState | None, other: RowState | None) -> bool:
    """Whether two states show the same; ids and versions may differ after a row was carried over."""
    if one is None or other is None:
        return one is other
    compared = (*COMPARED, "source") if one["schedule"] == other["schedule"] else COMPARED
    return all(one[name] == other[name] for name in compared)


def recorded(swap: models.SwapRecord) -> Exchange:
    """The exchange as it was executed, from its snapshot."""
    changes = {}
    for row in swap.changes.all():
        slot = slot_of(row)
        changes[slot] = CellChange(slot, _code(row.before), _code(row.after))
    request = SwapRequest(
        giver=str(swap.source_person_id),
        taker=str(swap.target_person_id),
        type=SwapType(swap.swap_type),
        giver_places=places(swap.source_places),
        taker_places=places(swap.target_places),
    )
    weeks = tuple(
        (FmitWeek(str(row.before_id), row.start_date, row.end_date), str(row.after_id))
        for row in swap.week_changes.all()
    )
    return Exchange(request=request, changes=changes, weeks=weeks)


def _code(state: RowState | None) -> str | None:
    return state["activity"] if state else None
