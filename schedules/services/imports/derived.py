"""What an import adds of its own to new activities, rotations and demand; people may edit all of it afterwards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schedules.domain.codes import CLINIC_CODE, DAY_OFF_CODE, PCAT_CODE, SPORTS_MEDICINE_CODE, SUPERVISION_CODE
from schedules.domain.demand import derived_rules
from schedules.domain.problem import Activity, Category, Role, Session, WorkKind
from schedules.enums import DemandBasis, RotationKind
from schedules.services.imports.report import Row

SPORTS_MEDICINE = "sports-medicine"
"""Code of the credential that faculty need for the activity SM."""

WORK_KINDS: Mapping[str, WorkKind] = {
    **dict.fromkeys((CLINIC_CODE, "CV", "HV", "HC"), WorkKind.CLINIC),
    **dict.fromkeys((SUPERVISION_CODE, PCAT_CODE), WorkKind.SUPERVISION),
    "GME": WorkKind.GME,
    "DFM": WorkKind.DEPARTMENT,
    SPORTS_MEDICINE_CODE: WorkKind.SPORTS_MEDICINE,
    "VAS": WorkKind.VASECTOMY,
}
"""Kind of faculty work by activity code, where the file does not say it (ADR 0002)."""

FACULTY_ONLY = frozenset({SUPERVISION_CODE, PCAT_CODE, DAY_OFF_CODE})
"""Activities that only faculty hold, where the file does not say it."""

_ROTATION_KINDS: Mapping[Category, RotationKind] = {
    Category.INPATIENT: RotationKind.INPATIENT,
    Category.NIGHT: RotationKind.NIGHT,
    Category.AWAY: RotationKind.OFF_SITE,
    Category.EDUCATION: RotationKind.EDUCATION,
    Category.RESEARCH: RotationKind.EDUCATION,
    Category.CLINIC: RotationKind.OUTPATIENT,
    Category.PROCEDURE: RotationKind.OUTPATIENT,
    Category.SPECIALTY: RotationKind.OUTPATIENT,
}


def activity_fields(code: str, sports_medicine: Any) -> dict[str, Any]:
    """Fields of a new activity that the file need not name."""
    return {
        "work_kind": WORK_KINDS.get(code, WorkKind.UNCAPPED).value,
        "roles": [Role.FACULTY.value] if code in FACULTY_ONLY else [],
        "credential": sports_medicine if code == SPORTS_MEDICINE_CODE else None,
        "credential_roles": [Role.FACULTY.value] if code == SPORTS_MEDICINE_CODE else [],
    }


def rotation_kinds(cells: Iterable[Row], activities: Mapping[str, Any]) -> dict[str, RotationKind]:
    """The kind of work that fills most of each pattern, by rotation; a night weighs as much as two half-days."""
    weights: dict[str, Counter[RotationKind]] = defaultdict(Counter)
    for row in cells:
        activity = activities.get(row.values["activity"])
        kind = _ROTATION_KINDS.get(Category(activity.category)) if activity else None
        if kind is not None:
            weight = 2 if row.values["session"] == Session.NIGHT else 1
            for name in {row.values["rotation"], row.values["rotation"].casefold()}:
                weights[name][kind] += weight
    return {name: weight.most_common(1)[0][0] for name, weight in weights.items()}


def demand_fields(new_activities: Iterable[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Activity code and fields of every demand row that new activities start with."""
    table = [
        Activity(
            code=record.code,
            name=record.name,
            category=Category(record.category),
            am_hours=float(record.am_hours),
            pm_hours=float(record.pm_hours),
            night_hours=float(record.night_hours),
        )
        for record in new_activities
    ]
    for rule in derived_rules(table):
        yield (
            rule.activity,
            {
                "session": rule.session.value,
                "basis": (DemandBasis.TEAM if rule.team else DemandBasis.FIXED).value,
                "minimum": rule.minimum,
                "desired": rule.desired,
                "maximum": rule.maximum,
                "weekdays": sorted(int(day) for day in rule.weekdays),
                "on_holidays": rule.on_holidays,
                "roles": sorted(role.value for role in rule.roles),
            },
        )
