"""Findings of the rule table as pages show them: from the stored report of a version, never judged anew for display."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.permissions import Permission
from schedules import access
from schedules.domain.problem import Session
from schedules.queries.grid import CellKey, GridData
from schedules.services.editing import EDITABLE
from schedules.views.grid import Mark

if TYPE_CHECKING:
    from accounts.models import User

TONES: Mapping[str, tuple[str, str]] = {
    "hard": ("bad", "Hard"),
    "warning": ("warn", "Warning"),
    "minor": ("warn", "Unfilled"),
    "advisory": ("", "Advisory"),
}
"""Severity -> tone and word of its label."""

ORDER = list(TONES)
LONGEST_MARK_DAYS = 3
"""Findings over longer spans are shown at the person, not in every cell."""


@dataclass(frozen=True)
class Finding:
    """One finding of a stored report."""

    rule: str
    severity: str
    people: tuple[uuid.UUID, ...]
    names: tuple[str, ...]
    start: dt.date
    end: dt.date
    session: str
    message: str
    unavoidable: bool
    key: str = ""
    schedule: uuid.UUID | None = None
    """The version whose stored report holds it, where the reader may change that."""

    @property
    def may_be_fixed(self) -> bool:
        """Whether to lead on to what could fix it: counted, of a version that may be changed, and not unavoidable."""
        return bool(self.schedule and self.key) and self.severity != "advisory" and not self.unavoidable

    @property
    def tone(self) -> str:
        return TONES.get(self.severity, ("warn", ""))[0]

    @property
    def word(self) -> str:
        word = TONES.get(self.severity, ("", self.severity.title()))[1]
        return f"{word}, unavoidable" if self.unavoidable else word

    @property
    def when(self) -> str:
        days = f"{self.start:%d %b}" if self.start == self.end else f"{self.start:%d %b} – {self.end:%d %b}"
        return f"{days} {self.session}".strip()

    @property
    def marks_cells(self) -> bool:
        return bool(self.people) and (self.end - self.start).days < LONGEST_MARK_DAYS

    def touches(self, start: dt.date, end: dt.date) -> bool:
        return self.start <= end and self.end >= start


@dataclass(frozen=True)
class Summary:
    """How many findings of each weight."""

    hard: int
    counted: int
    advisory: int


def findings_of_report(report: Mapping[str, Any] | None, *, schedule: uuid.UUID | None = None) -> list[Finding]:
    """The findings of a validation object, gravest first; `schedule` where they may be fixed there."""
    return findings_in(_rows(report), schedule=schedule)


def _rows(report: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return (report or {}).get("violations") or ((report or {}).get("validation") or {}).get("violations") or []


def findings_in(rows: Iterable[Mapping[str, Any]], *, schedule: uuid.UUID | None = None) -> list[Finding]:
    """Rows of a report as findings, gravest first."""
    found = [
        Finding(
            rule=row["rule"],
            severity=row["severity"].lower(),
            people=tuple(uuid.UUID(person) for person in row.get("people", ())),
            names=tuple(row.get("names", ())),
            start=dt.date.fromisoformat(row["date"]),
            end=dt.date.fromisoformat(row.get("end_date") or row["date"]),
            session=row.get("session") or "",
            message=row["message"],
            unavoidable=bool(row.get("unavoidable")),
            key=row.get("key", ""),
            schedule=schedule,
        )
        for row in rows
    ]
    return sorted(found, key=_gravest_first)


def _gravest_first(finding: Finding) -> tuple[int, dt.date, str]:
    gravity = ORDER.index(finding.severity) if finding.severity in ORDER else len(ORDER)
    return gravity, finding.start, finding.rule


def findings_of(data: GridData, *, reader: User) -> list[Finding]:
    """Findings of the shown versions that touch the shown dates and that the reader may know."""
    edits = reader.may(Permission.EDIT_ASSIGNMENTS)
    found = [
        finding
        for schedule in data.schedules
        for finding in findings_in(
            access.findings_visible_to(reader, _rows(schedule.validation)),
            schedule=schedule.pk if edits and schedule.status in EDITABLE else None,
        )
        if finding.touches(data.start, data.end)
    ]
    return sorted(found, key=_gravest_first)


def summary_of(reports: Sequence[Mapping[str, Any] | None]) -> Summary | None:
    """Counts over the stored reports; None where one of them was never judged, or there is none."""
    if not reports or not all(reports):
        return None
    severities = [finding.severity for report in reports for finding in findings_of_report(report)]
    advisory = severities.count("advisory")
    return Summary(severities.count("hard"), len(severities) - advisory, advisory)


def marks_of(data: GridData, findings: Iterable[Finding]) -> dict[CellKey, Mark]:
    """Cells to outline: those of the finding's people, dates and session."""
    marks: dict[CellKey, Mark] = {}
    for finding in findings:
        if not finding.marks_cells or finding.severity == "advisory":
            continue
        tone = "v" if finding.tone == "bad" else "vw"
        sessions = [finding.session] if finding.session else [session.value for session in Session]
        for person in finding.people:
            for day in _days(finding):
                for session in sessions:
                    if (person, day, session) in data.cells:
                        mark = marks.setdefault((person, day, session), Mark(tone))
                        mark.sentences.append(finding.message)
                        mark.tone = "v" if "v" in (mark.tone, tone) else tone
    return marks


def findings_per_person(findings: Iterable[Finding]) -> dict[uuid.UUID, int]:
    """Counted findings by person, for the badge beside the name."""
    counts: dict[uuid.UUID, int] = {}
    for finding in findings:
        if finding.severity != "advisory":
            for person in finding.people:
                counts[person] = counts.get(person, 0) + 1
    return counts


def _days(finding: Finding) -> list[dt.date]:
    return [finding.start + dt.timedelta(days=n) for n in range((finding.end - finding.start).days + 1)]
