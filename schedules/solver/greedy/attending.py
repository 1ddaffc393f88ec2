"""Gaps in the FMIT plan, filled before anything else."""

from __future__ import annotations

from collections import Counter

from schedules.domain.calls import FMIT_NIGHTS
from schedules.domain.codes import CALL_CODE, FMIT_CODE, POST_CALL_CODE
from schedules.domain.problem import ONE_DAY, Date, PersonId, Session, Weekday
from schedules.domain.roster import Slot
from schedules.solver.greedy.draft import Draft, half_days
from schedules.solver.variables import Gap


def fill_gaps(draft: Draft) -> None:
    """Each gap to the present person with the fewest inpatient days, if no own FMIT duty touches it."""
    attending = draft.problem.fmit_attending
    planned = Counter(attending.values())
    for gap in draft.board.gaps:
        touching = {attending.get(day) for day in (gap.days[0] - ONE_DAY, gap.days[-1] + ONE_DAY)}
        takers = [person for person in gap.takers if _can_lead(draft, person, gap)]
        if takers:
            chosen = min(takers, key=lambda person: (person in touching, planned[person]))
            _lead(draft, chosen, gap)


def _can_lead(draft: Draft, person: PersonId, gap: Gap) -> bool:
    return all(draft.can(slot, FMIT_CODE) for slot in half_days(person, gap.days))


def _lead(draft: Draft, person: PersonId, gap: Gap) -> None:
    for slot in half_days(person, gap.days):
        draft.put(slot, FMIT_CODE)
    for day in gap.days:
        if day.weekday() in FMIT_NIGHTS:
            draft.put(Slot(person, day, Session.NIGHT), CALL_CODE)
        if day.weekday() == Weekday.THU:
            _rest_after_week(draft, person, day + ONE_DAY)


def _rest_after_week(draft: Draft, person: PersonId, friday: Date) -> None:
    for slot in half_days(person, (friday,)):
        if draft.can(slot, POST_CALL_CODE):
            draft.put(slot, POST_CALL_CODE)
