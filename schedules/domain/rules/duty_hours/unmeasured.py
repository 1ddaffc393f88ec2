"""Why a duty-hour rule could not judge: a period that is not finished, days undecided, people without a rotation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from schedules.domain.problem import Block
from schedules.domain.rules.index import RosterIndex, RotationPeriod
from schedules.domain.rules.report import NotMeasured
from schedules.domain.rules.wording import names, span


def not_finished(rule: str, periods: list[RotationPeriod]) -> Iterator[NotMeasured]:
    """Periods that reach beyond what is scheduled: what is there is within the limit, the whole is not known."""
    by_block: dict[str, list[RotationPeriod]] = defaultdict(list)
    for period in periods:
        by_block[period.block.id].append(period)
    for found in by_block.values():
        block: Block = found[0].block
        missing = max(len(period.unknown) for period in found)
        yield NotMeasured(
            rule,
            f"Block {block.number} ({span(block.start, block.end)}) is not scheduled throughout: up to {missing} of "
            f"{len(found[0].days)} days of {names([period.person for period in found])} hold no assignments, "
            "so the average "
            "cannot be taken; what is scheduled is within the limit.",
        )


def not_decided(rule: str, index: RosterIndex) -> Iterator[NotMeasured]:
    if index.undecided:
        yield NotMeasured(
            rule,
            f"{names(index.undecided)}: some days of {span(index.problem.start, index.problem.end)} hold no "
            "assignments, "
            "so only the days that do were judged.",
        )


def not_placed(rule: str, index: RosterIndex) -> Iterator[NotMeasured]:
    if index.unplaced:
        yield NotMeasured(
            rule,
            f"{names(index.unplaced)} on duty without a block assignment: there is no rotation period to average over. "
            "Add the block assignment.",
        )
