"""What a pre-flight answers: the checklist, the counts, what is there now, and the question to confirm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class ItemStatus(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: what was found and what to do about it."""

    code: str
    status: ItemStatus
    sentence: str
    action: str = ""
    blocks: bool = False
    """Whether generation refuses to start. A proven impossibility does not block: the solver explains it in full."""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preflight:
    """The answer. `fingerprint` is of everything shown that a yes is bound to, `inputs` of what the solver reads."""

    start: dt.date
    end: dt.date
    label: str
    items: tuple[Item, ...]
    counts: Mapping[str, int]
    present: Mapping[str, Any] = field(default_factory=dict)
    """What the range holds now and a publish would replace."""
    backup_file: str = ""
    backup_verified_at: str = ""
    inputs: str = ""
    fingerprint: str = ""

    @property
    def question(self) -> str:
        """The sentence that a person answers with yes."""
        backup = (
            f"Backup verified at {self.backup_verified_at[:16].replace('T', ' ')}."
            if self.backup_verified_at
            else "No fresh verified backup exists; one will be made."
        )
        dates = f"{self.start} to {self.end}"
        what = dates if self.label == dates else f"{self.label} ({dates})"
        return f"{backup} Proceed with schedule generation for {what}?"

    @property
    def ok(self) -> bool:
        return not any(item.blocks for item in self.items)

    def item(self, code: str) -> Item | None:
        return next((item for item in self.items if item.code == code), None)

    def as_json(self) -> dict[str, Any]:
        """As stored with the run and answered by the API."""
        return {
            "start_date": self.start.isoformat(),
            "end_date": self.end.isoformat(),
            "label": self.label,
            "ok": self.ok,
            "question": self.question,
            "items": [
                asdict(item) | {"status": item.status.value, "details": list(item.details)} for item in self.items
            ],
            "counts": dict(self.counts),
            "present": dict(self.present),
            "backup": {"file": self.backup_file, "verified_at": self.backup_verified_at} if self.backup_file else None,
            "fingerprint": self.fingerprint,
        }
