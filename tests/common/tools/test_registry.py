"""The register: what a function's signature says is what its callers see, and nothing else gets in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from common.tools import BadArguments, Tool
from common.tools.schema import model_of

NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)


class Sum(BaseModel):
    total: int
    by: str


def add(*, by: str, at: dt.datetime, first: Annotated[int, Field(ge=0)], more: list[int] = [], sign: int = 1) -> Sum:  # noqa: B006
    """Add numbers.

    Writes nothing.
    """
    return Sum(total=sign * (first + sum(more)), by=by)


ADD = Tool(add)


def test_a_tool_is_its_function():
    assert (ADD.name, ADD.title, ADD.description, ADD.writes) == (
        "add",
        "Add",
        "Add numbers.\n\nWrites nothing.",
        False,
    )
    assert list(ADD.signature.parameters) == ["first", "more", "sign"]


def test_a_call_reads_arguments_and_answers_plain_data():
    assert ADD.call({"first": "2", "more": [3, 4]}, by="pd", at=NOON) == {"total": 9, "by": "pd"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {"first": ["Field required."]}),
        ({"first": -1}, {"first": ["Input should be greater than or equal to 0."]}),
        ({"first": 1, "Sign": 2}, {"Sign": ["There is no such argument."]}),
        ({"first": 1, "by": "admin"}, {"by": ["There is no such argument."]}),
        ({"first": 1, "more": [[]]}, {"more.0": ["Input should be a valid integer."]}),
    ],
)  # fmt: skip
def test_arguments_that_no_call_can_have_are_named(given: dict[str, Any], fields: dict[str, list[str]]):
    with pytest.raises(BadArguments) as refused:
        ADD.call(given, by="pd", at=NOON)

    assert refused.value.extra == {"fields": fields}


def test_what_a_caller_may_not_read_is_left_out():
    tool = Tool(add, shown=lambda by, answer: answer if by == "pd" else answer | {"by": "withheld"})

    assert tool.call({"first": 1}, by="resident", at=NOON) == {"total": 1, "by": "withheld"}


class Alarm(IntEnum):
    GREEN = 0
    RED = 1


class Place(Enum):
    WARD = "ward"


@dataclass(frozen=True)
class Part:
    day: dt.date
    place: Place


@dataclass(frozen=True, kw_only=True)
class Whole:
    level: Alarm
    """How bad it is."""
    share: Fraction | None = None
    parts: tuple[Part, ...] = ()


def test_the_schema_of_a_dataclass_is_that_of_its_json():
    schema = model_of(Whole).model_json_schema()

    assert schema["properties"]["level"] == {
        "description": "How bad it is.", "enum": ["GREEN", "RED"], "title": "Level", "type": "string"
    }  # fmt: skip
    assert schema["properties"]["share"]["anyOf"] == [{"type": "number"}, {"type": "null"}]
    assert schema["properties"]["parts"]["items"] == {"$ref": "#/$defs/Part"}
    assert schema["$defs"]["Part"]["properties"]["day"] == {"format": "date", "title": "Day", "type": "string"}
    assert schema["$defs"]["Part"]["properties"]["place"]["const"] == "ward"
    assert schema["required"] == ["level"]


def test_an_answer_is_held_to_it():
    held = model_of(Whole).model_validate({"level": "RED", "parts": [{"day": "2026-03-12", "place": "ward"}]})

    assert held.model_dump(mode="json") == {
        "level": "RED", "share": None, "parts": [{"day": "2026-03-12", "place": "ward"}]
    }  # fmt: skip
    with pytest.raises(ValueError, match="GREEN"):
        model_of(Whole).model_validate({"level": "PINK"})
