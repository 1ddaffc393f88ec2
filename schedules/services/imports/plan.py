"""What an import will create, change and remove, and how rows find one another; nothing here writes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from schedules import models
from schedules.services.imports.report import Change, Counts, Notice, Rejection, Row

MAX_CHANGES = 500
"""Changes shown one by one in a report; more are only counted."""

LABELS: Mapping[type[Model], str] = {
    models.ProgramPolicy: "policy",
    models.Credential: "credentials",
    models.FacultyDuty: "duties",
    models.Activity: "activities",
    models.Person: "people",
    models.PersonCredential: "credential holders",
    models.RotationTemplate: "rotations",
    models.RotationPattern: "pattern cells",
    models.Block: "blocks",
    models.Holiday: "holidays",
    models.Absence: "absences",
    models.FmitWeek: "FMIT weeks",
    models.Demand: "demand",
    models.Preference: "preferences",
    models.DutyLog: "duty logs",
    models.BlockAssignment: "block assignments",
}
"""Every table an import writes, in the order in which it does."""


class LinkError(ValueError):
    """A link names nothing, or more than one thing; the text ends the sentence "<column> ..."."""


class Index:
    """Finds a record by source id, else by name; what the import brings comes before what is stored."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._by_key: dict[str, Any] = {}
        self._by_name: tuple[dict[str, list[Any]], dict[str, list[Any]]] = (defaultdict(list), defaultdict(list))

    def add(self, record: Any, *, key: str, name: str, imported: bool) -> None:
        if key:
            self._by_key[key] = record
        self._by_name[0 if imported else 1][name.casefold()].append(record)

    def remove(self, record: Any) -> None:
        """Forget a record that will not be written after all."""
        self._by_key = {key: found for key, found in self._by_key.items() if found is not record}
        for names in self._by_name:
            for found in names.values():
                found[:] = [other for other in found if other is not record]

    def find(self, text: str) -> Any:
        """The record meant by `text`. Raises LinkError where there is none, or the name is not enough."""
        if text in self._by_key:
            return self._by_key[text]
        for names in self._by_name:
            found = {record.pk: record for record in names.get(text.casefold(), ())}
            if len(found) > 1:
                raise LinkError(f"'{text}' names {len(found)} {self._what}s; use the record id")
            if found:
                return next(iter(found.values()))
        raise LinkError(f"'{text}' names no {self._what} that the files or the program hold")


@dataclass
class Plan:
    """Rows to write by model, what was refused and what to look at."""

    created: dict[type[Model], list[Any]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[type[Model], dict[Any, set[str]]] = field(default_factory=lambda: defaultdict(dict))
    removed: dict[type[Model], list[Any]] = field(default_factory=lambda: defaultdict(list))
    unchanged: Counter[type[Model]] = field(default_factory=Counter)
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(self.touches(model) for model in LABELS)

    def touches(self, model: type[Model]) -> bool:
        return bool(self.created.get(model) or self.changed.get(model) or self.removed.get(model))

    def counts(self) -> dict[str, Counts]:
        """Counts by table, in the order of writing."""
        return {
            label: Counts(
                created=len(self.created.get(model, ())),
                changed=len(self.changed.get(model, ())),
                unchanged=self.unchanged[model],
                removed=len(self.removed.get(model, ())),
            )
            for model, label in LABELS.items()
        }

    def reject(self, row: Row, reason: str) -> None:
        self.rejected.append(Rejection(row.file, row.row, reason))

    def withdraw(self, model: type[Model], record: Any) -> None:
        """Leave out a record that was merged before it turned out to be impossible."""
        self.created[model] = [other for other in self.created[model] if other is not record]
        self.changed[model].pop(record, None)

    def merge(
        self, model: type[Model], stored: Any, values: Mapping[str, Any], first: Mapping[str, Any] | None = None
    ) -> Any:
        """The record as it will be: `stored` with `values` set, or a new one of `values` and `first`.

        `first` are fields that the import derives once and people may edit afterwards.
        """
        if stored is None:
            record = model(**{**(first or {}), **values})
            self.created[model].append(record)
            return record
        different = [name for name, value in values.items() if getattr(stored, name) != value]
        for name in different:
            self._note(model, stored, name, values[name])
            setattr(stored, name, values[name])
        if different:
            self.changed[model].setdefault(stored, set()).update(different)
        else:
            self.unchanged[model] += 1
        return stored

    def _note(self, model: type[Model], stored: Any, name: str, after: Any) -> None:
        if len(self.changes) < MAX_CHANGES:
            before = getattr(stored, name)
            self.changes.append(Change(LABELS[model], str(stored), name.removesuffix("_id"), str(before), str(after)))
