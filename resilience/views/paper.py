"""Markdown of our own documents as parts that a template draws: headings, lists, bold words, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HEADING = re.compile(r"^(#{1,3})\s+(.*)$")
ITEM = re.compile(r"^(?:[-*]|\d+\.)\s+(?:\[(?P<box>[ x])\]\s+)?(?P<text>.*)$")

Words = list[tuple[bool, str]]
"""Pieces of a line, each with whether it is bold."""


@dataclass(frozen=True)
class Part:
    """A heading (h1, h2, h3), a paragraph (p) or the items of a list (list)."""

    kind: str
    words: Words = field(default_factory=list)
    items: list[Words] = field(default_factory=list)


def parts(markdown: str) -> list[Part]:
    """The document from top to bottom; lines of a list that follow each other are one list."""
    found: list[Part] = []
    for line in filter(None, map(str.strip, markdown.splitlines())):
        heading, item = HEADING.match(line), ITEM.match(line)
        if heading:
            found.append(Part(f"h{len(heading[1])}", _words(heading[2])))
        elif item:
            if not found or found[-1].kind != "list":
                found.append(Part("list"))
            found[-1].items.append(_words(BOXES[item["box"]] + item["text"]))
        else:
            found.append(Part("p", _words(line)))
    return found


BOXES = {None: "", " ": "\N{BALLOT BOX} ", "x": "\N{BALLOT BOX WITH CHECK} "}


def _words(text: str) -> Words:
    """Every second piece between double asterisks is bold."""
    return [(bool(number % 2), piece) for number, piece in enumerate(text.split("**")) if piece]
