"""How rows find the records they link to, stored ones and those of the same import."""

from __future__ import annotations

from typing import Any

from schedules.domain.problem import Role
from schedules.services.imports.plan import Index, LinkError, Plan
from schedules.services.imports.report import ParsedProgram, Row


class Planner:
    """Keeps of each table what later ones link to; a row whose links lead nowhere is refused."""

    def __init__(self, parsed: ParsedProgram) -> None:
        self.parsed = parsed
        self.plan = Plan()
        self.credentials = Index("credential")
        self.duties = Index("duty")
        self.people = Index("person")
        self.rotations = Index("rotation")
        self.blocks = Index("block")
        self.activities: dict[str, Any] = {}
        self.new_activities: list[Any] = []
        self.patterned: set[Any] = set()
        self.sports_medicine: Any = None

    def rows(self, table: str) -> tuple[Row, ...]:
        return self.parsed.rows(table)

    def stored(self, model: Any) -> tuple[list[Any], dict[str, Any]]:
        """Every stored record, and those with a source id by it."""
        records = list(model._default_manager.order_by("pk"))
        return records, {record.source_id: record for record in records if record.source_id}

    def linked(self, row: Row, **wanted: tuple[Index, str]) -> dict[str, Any] | None:
        """The records a row links to, by column; None where one is not there (the row is then refused)."""
        found, problems = {}, []
        for column, (index, text) in wanted.items():
            try:
                found[column] = index.find(text)
            except LinkError as error:
                problems.append(f"{column} {error}")
        if problems:
            self.plan.reject(row, "; ".join(problems))
            return None
        return found

    def person(self, row: Row, role: Role | None) -> Any:
        """The person of a row, who must have the role; None where the row was refused."""
        found = self.linked(row, person=(self.people, row.values["person"]))
        if found is None:
            return None
        person = found["person"]
        if role is not None and person.role != role:
            article = "resident" if role is Role.RESIDENT else "faculty member"
            self.plan.reject(row, f"person '{row.values['person']}' is no {article}")
            return None
        return person


def unclaimed(record: Any) -> Any:
    """A record made by hand, which an import may adopt; one with a source id belongs to another row."""
    return record if record is not None and not record.source_id else None
