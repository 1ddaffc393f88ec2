"""What answers look like as JSON, as models: for the schema that clients see, and to hold every answer to it."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum, IntEnum
from fractions import Fraction
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

Answer = dict[str, Any]


def as_json(answer: Any) -> Answer:
    """A model or an answer dataclass (which says itself what it is as JSON) as plain data."""
    found = answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer.as_json()
    return dict(found)


def answer_model(annotation: Any) -> type[BaseModel]:
    """The model of an answer: itself, or the one of its dataclass."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return model_of(annotation)


@cache
def model_of(kind: type) -> type[BaseModel]:
    """The model of a dataclass as JSON: levels and enums by name, fractions as numbers, the docstrings kept."""
    hints, said = get_type_hints(kind), _docstrings(kind)
    found: dict[str, Any] = {}
    for item in fields(kind):
        needed = item.default is MISSING and item.default_factory is MISSING
        default = ... if needed else _plain_default(item)
        found[item.name] = (_json_type(hints[item.name]), Field(default, description=said.get(item.name)))
    return create_model(kind.__name__, __doc__=_own_docstring(kind), __config__=ConfigDict(extra="allow"), **found)


def _own_docstring(kind: type) -> str:
    """What somebody wrote; dataclasses without a docstring get their signature as one."""
    said = inspect.cleandoc(kind.__doc__ or "")
    return "" if said.startswith(f"{kind.__name__}(") else said


def _plain_default(item: Any) -> Any:
    default = item.default_factory() if item.default is MISSING else item.default
    return list(default) if isinstance(default, tuple) else default


def _docstrings(kind: type) -> dict[str, str]:
    """Field -> the string below it, those of bases included."""
    said: dict[str, str] = {}
    for base in reversed([cls for cls in kind.__mro__ if is_dataclass(cls)]):
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - for the type checker
        for field, below in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(below):
                said[field.target.id] = inspect.cleandoc(below.value.value)  # type: ignore[attr-defined]
    return said


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _json_type(kind: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return Union[tuple(_json_type(arm) for arm in inner)]  # noqa: UP007 - of a runtime tuple
    if origin in {tuple, list, set, frozenset}:
        return list[_json_type(inner[0])]  # type: ignore[misc]
    if origin is not None and issubclass(origin, Mapping):
        return dict[str, _json_type(inner[1])]  # type: ignore[misc]
    return next((translate(kind) for fits, translate in _KINDS if isinstance(kind, type) and fits(kind)), kind)


_KINDS: tuple[tuple[Callable[[type], bool], Callable[[Any], Any]], ...] = (
    (is_dataclass, model_of),
    (lambda kind: issubclass(kind, IntEnum), lambda kind: Literal[tuple(item.name for item in kind)]),
    (lambda kind: issubclass(kind, Enum), lambda kind: Literal[tuple(item.value for item in kind)]),
    (lambda kind: issubclass(kind, Fraction), lambda kind: float),
    (lambda kind: issubclass(kind, dt.date | dt.time | UUID), lambda kind: kind),
)
