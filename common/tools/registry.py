"""The register of tools and documents: a function's name, signature and docstring are its whole description."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ParamSpec, TypeVar, get_origin

from django.utils.module_loading import autodiscover_modules
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from common.errors import DomainError
from common.tools.schema import Answer, answer_model, as_json

P = ParamSpec("P")
T = TypeVar("T")

GIVEN = ("by", "at")
"""Parameters that the door gives: who calls, and when."""


class BadArguments(DomainError):
    """Arguments that no call of the tool can have; `fields` names each fault."""

    code = "invalid"
    status = 400

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        sentences = (f"{name}: {' '.join(faults)}" for name, faults in fields.items())
        super().__init__(" ".join(sentences), fields=dict(fields))


class _Arguments(BaseModel):
    """What all arguments share: a name that is not known is refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Tool:
    """One thing that may be called. `run(by=, at=, **arguments)` is the door's only way in."""

    run: Callable[..., Any]
    writes: bool = False
    """Whether some call of it changes data."""
    shown: Callable[[Any, Answer], Answer] = lambda _by, answer: answer
    """What of an answer its caller may read."""

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def title(self) -> str:
        return self.name.removesuffix("_tool").replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.run.__doc__ or "")

    @cached_property
    def signature(self) -> inspect.Signature:
        """Of the arguments alone; the answer is the model that JSON is checked against."""
        whole = inspect.signature(self.run, eval_str=True)
        parameters = [parameter for parameter in whole.parameters.values() if parameter.name not in GIVEN]
        return whole.replace(parameters=parameters, return_annotation=answer_model(whole.return_annotation))

    @property
    def answer(self) -> type[BaseModel]:
        return self.signature.return_annotation

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The model of the arguments; unknown names are refused."""
        fields: dict[str, Any] = {
            name: (parameter.annotation, ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in self.signature.parameters.items()
        }
        camel = "".join(part.capitalize() for part in self.name.split("_"))
        return create_model(f"{camel}Arguments", __base__=_Arguments, __doc__="", **fields)

    @cached_property
    def lists(self) -> frozenset[str]:
        """Arguments that take several values."""
        fields = self.arguments.model_fields.items()
        return frozenset(name for name, field in fields if get_origin(field.annotation) is list)

    def call(self, given: Mapping[str, Any], /, *, by: Any, at: dt.datetime) -> Answer:
        """The answer to arguments as they came in, held to its own schema.

        Raises BadArguments, and whatever the service refuses with.
        """
        try:
            arguments = self.arguments.model_validate(dict(given))
        except ValidationError as fault:
            raise BadArguments(_faults(fault)) from fault
        read = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        shown = self.shown(by, as_json(self.run(by=by, at=at, **read)))
        return self.answer.model_validate(shown).model_dump(mode="json")


@dataclass(frozen=True)
class Document:
    """A text that may be read: its address, perhaps with one name in braces, and what gives it."""

    address: str
    read: Callable[..., str]
    media_type: str

    @property
    def name(self) -> str:
        return self.read.__name__

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.read.__doc__ or "")

    @cached_property
    def signature(self) -> inspect.Signature:
        whole = inspect.signature(self.read, eval_str=True)
        return whole.replace(parameters=[item for item in whole.parameters.values() if item.name not in GIVEN])


TOOLS: dict[str, Tool] = {}
DOCUMENTS: dict[str, Document] = {}


def tool(**kind: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Register a function ``(*, by, at, ...) -> answer``; `kind` are further fields of `Tool`.

    Its docstring is read by agents: say what it really does.
    """

    def register(run: Callable[P, T]) -> Callable[P, T]:
        TOOLS[run.__name__] = Tool(run, **kind)
        return run

    return register


def document(address: str, *, media_type: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Register a function ``(*, by, at, ...) -> text`` as the document at an address."""

    def register(read: Callable[..., str]) -> Callable[..., str]:
        DOCUMENTS[address] = Document(address, read, media_type)
        return read

    return register


def load() -> None:
    """Have every app register its tools."""
    autodiscover_modules("tools")


def _faults(fault: ValidationError) -> dict[str, list[str]]:
    """Field -> sentences; without what was given, which may be anybody's data."""
    faults: dict[str, list[str]] = {}
    for item in fault.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"]) or "arguments"
        sentence = "There is no such argument." if item["type"] == "extra_forbidden" else f"{item['msg']}."
        faults.setdefault(name, []).append(sentence)
    return faults
