"""Covering within the rules: by days, and person by person where one rule bars the obvious choice."""

from __future__ import annotations

import datetime as dt

from resilience.domain.covering import cover_lawfully
from schedules.domain.problem import DutyLimits, Person, Role, Session, WorkKind
from schedules.domain.roster import Roster
from schedules.domain.rules import check
from tests.resilience.domain.world import THURSDAY, demand, ids, problem, roster

FRIDAY = THURSDAY + dt.timedelta(days=1)


def attending(name: str) -> Person:
    return Person(name, name, Role.FACULTY, duty=DutyLimits("Core", {}, {WorkKind.SUPERVISION: 5}))


def test_a_call_whose_holder_is_missed_the_day_after_is_covered_with_that_day():
    """Whoever takes the night is off the next afternoon; the other one then takes over their post."""
    people = (attending("f1"), attending("f2"))
    world = problem(
        people,
        demand("CALL", ids(people), session=Session.NIGHT),
        demand("FMIT", ids(people), day=FRIDAY, session=Session.PM),
        end=FRIDAY,
    )
    cells = {
        **roster(f1="ADM ADM", f2="ADM ADM").cells,
        **roster(FRIDAY, f1="ADM FMIT", f2="ADM ADM").cells,
    }
    before = Roster(cells)

    found = cover_lawfully(check(world, before), world, before)

    after = found.roster
    callers = [slot.person for slot, code in after if code == "CALL"]
    attendings = [slot.person for slot, code in after if code == "FMIT"]
    assert (found.open, len(callers), len(attendings)) == ((), 1, 1)
    assert callers != attendings
