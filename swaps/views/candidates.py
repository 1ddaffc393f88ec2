"""Partners and weeks that really pass tier 1, as cards with their score and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from swaps.domain.candidates import WEIGHTS, Candidate
from swaps.domain.tables import Actor, Verdict
from swaps.views.report import LineView, lines_of
from swaps.views.wording import COMPONENT, VERDICT, Word

CLEAR = Word("Breaks no rule", "ok")


class Part(NamedTuple):
    """One component of a score."""

    name: str
    weight: str
    percent: int


class Choice(NamedTuple):
    """What can be done with a candidate."""

    name: str
    href: str


@dataclass(frozen=True)
class CandidateView:
    """One card of the list."""

    title: str
    word: Word
    lines: list[LineView]
    percent: int
    parts: list[Part]
    choices: list[Choice]


def view_of(found: Candidate, *, title: str, choices: list[Choice], reader: Actor) -> CandidateView:
    """Findings in the words that the reader may read."""
    verdict = found.assessment.verdict
    return CandidateView(
        title=title,
        word=CLEAR if verdict is Verdict.PASS else VERDICT[verdict],
        lines=lines_of(found.assessment.findings, reader),
        percent=round(found.score * 100),
        parts=[
            Part(COMPONENT[part], f"{WEIGHTS[part]:.2f}", round(value * 100)) for part, value in found.parts.items()
        ],
        choices=choices,
    )
