"""One SHA-256 over everything a generation depends on: equal exactly while its inputs are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from schedules.domain.problem import Problem
from schedules.domain.roster import Roster

_LABELS = frozenset({"name"})
"""Fields that change what people read and nothing that is decided."""


def fingerprint(problem: Problem, roster: Roster | None = None) -> str:
    """SHA-256 (hex) over people, patterns, absences, demand, policy and the rest of the problem, and over the
    roster's cells, locks and context: what is published in the range and at its edges.
    """
    digest = hashlib.sha256()
    for part in _parts(problem, roster):
        digest.update(part.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _parts(problem: Problem, roster: Roster | None) -> Iterator[str]:
    encode = _Encoder()
    for field in fields(problem):
        yield f"{field.name}={encode(getattr(problem, field.name))}"
    if roster is not None:
        for name, cells in (("cells", roster.cells), ("context", roster.context)):
            yield name
            yield from sorted(f"{s.person}|{s.day}|{s.session}|{code}" for s, code in cells.items())
        yield "locked"
        yield from sorted(f"{s.person}|{s.day}|{s.session}" for s in roster.locked)


class _Encoder:
    """Values to text, one text per value. Sets of people recur in every demand: each is encoded once."""

    def __init__(self) -> None:
        self._sets: dict[frozenset[Any], str] = {}
        self._fields: dict[type, tuple[str, ...]] = {}

    def __call__(self, value: Any) -> str:
        if isinstance(value, frozenset):
            return self._set(value)
        if isinstance(value, Mapping):
            return "{" + ",".join(sorted(f"{self(k)}:{self(v)}" for k, v in value.items())) + "}"
        if isinstance(value, tuple | list):
            return "[" + ",".join(map(self, value)) + "]"
        if is_dataclass(value):
            return "(" + ",".join(self(getattr(value, name)) for name in self._names(type(value))) + ")"
        return repr(value) if isinstance(value, float) else str(value)

    def _set(self, value: frozenset[Any]) -> str:
        found = self._sets.get(value)
        if found is None:
            text = ",".join(sorted(map(self, value)))
            found = self._sets[value] = hashlib.sha256(text.encode()).hexdigest()
        return found

    def _names(self, kind: type) -> tuple[str, ...]:
        found = self._fields.get(kind)
        if found is None:
            found = self._fields[kind] = tuple(f.name for f in fields(kind) if f.name not in _LABELS)
        return found
