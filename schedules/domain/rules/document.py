"""`docs/rules.md` from the rule table: `python -m schedules.domain.rules.document` prints it, with a path writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from schedules.domain.problem import Policy
from schedules.domain.rules.report import Group, Rule
from schedules.domain.rules.table import RULES

TITLES = {
    Group.DUTY_HOURS: "Duty hours",
    Group.SUPERVISION: "Supervision",
    Group.COVERAGE: "Coverage",
    Group.STRUCTURE: "Structure",
    Group.FAIRNESS: "Fairness and wishes",
}

INTRODUCTION = """\
# Rules

This file is generated from the rule table (`make docs`); a test compares the two. The table is the only judge of a
roster: publish, edit, swap, what-if, API and reports all call `schedules.domain.rules.check`.

A finding is **HARD** (the roster breaks a rule), **WARNING** (to look at; counted), **MINOR** (a demand minimum that is
not patient safety is unfilled; counted) or **ADVISORY** (reported, never counted). A rule without its inputs answers
NOT MEASURED, never passed. Rules of the groups duty hours and supervision are never relaxed or overridden. A finding
that no roster of the data could avoid says so (`unavoidable`): cells that are protected or locked exceed the clinic's
capacity, fewer people than a minimum could do the work, or dates without a present FMIT attending force a replacement.

## How time is measured

- AM of h hours is [12:00-h, 12:00), PM is [12:00, 12:00+h), NIGHT is [18:00, 18:00+h). A night belongs to the date on
  which it begins. Duties less than {merge_gap_hours:g} h apart are one duty period.
- Averages (HOURS_80, DAY_FREE_IN_7, CALL_EVERY_3RD) are taken over the rotation period: the resident's block assignment
  within its block. They never cross its edges. Where the range holds part of a period, the rest comes from what is
  published around it; where that is unknown, a limit already exceeded is found and everything else is NOT MEASURED.
- Rest, continuous duty, nights in a row and runs of worked days cross every edge. A finding wholly outside the range is
  judged there; one that touches the range is reported.
- A leave day is a day of any approved absence; it counts on neither side of an average. Off-site duty is timed by its
  host: it counts 0 hours and no duty day, and the report says so.
- Moonlighting, clinical work from home and home call worked count as hours on their date. As long as no duty log at all
  is entered, PGY1_MOONLIGHTING and HOME_CALL are NOT MEASURED. A free day for HOME_CALL is a date, 00:00 to 24:00,
  without duty that is neither leave nor off-site.

Numbers in the sentences below are the defaults of the program policy, which is one editable record.
"""


def document() -> str:
    """The whole file as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    policy = Policy()
    yield INTRODUCTION.format(merge_gap_hours=policy.merge_gap_hours)
    for group, title in TITLES.items():
        yield f"## {title}"
        yield ""
        for rule in RULES.values():
            if rule.group is group:
                yield from _rule(rule)
    yield "## Policy"
    yield ""
    yield "| field | default |"
    yield "|---|---|"
    for item in fields(Policy):
        if item.name != "weights":
            yield f"| `{item.name}` | {getattr(policy, item.name)} |"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} ({'hard' if rule.hard else 'soft'})"
    yield ""
    yield rule.sentence
    yield ""
    yield f"- Source: {rule.source}."
    yield f"- Reads: {', '.join(f'`{column}`' for column in dict.fromkeys(rule.reads))}."
    yield ""


def main(arguments: list[str]) -> None:
    if arguments:
        Path(arguments[0]).write_text(document(), encoding="utf-8")
    else:
        sys.stdout.write(document())


if __name__ == "__main__":
    main(sys.argv[1:])
