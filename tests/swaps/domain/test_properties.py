"""What holds for every roster and every swap: the way back is exact, duty is not lost, no rule is newly broken."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.domain.changes import new_or_worsened
from schedules.domain.problem import Block, BlockAssignment, Problem, Session
from schedules.domain.roster import Roster
from schedules.domain.rules import check
from schedules.domain.rules.report import Severity
from schedules.mapping import EDGE_DAYS
from swaps.domain.checks import Untouched, assess, is_gap
from swaps.domain.exchange import Exchange, plan, undo, week_request
from swaps.domain.findings import SwapFacts
from swaps.domain.tables import SwapPolicy
from swaps.services.ground import CONTEXT, DAY_AFTER
from tests.factories.rosters import BLOCK_DAYS, attending, day, demand, resident, world

POLICY = SwapPolicy()
FACTS = SwapFacts(at=dt.datetime.combine(day(-60), dt.time(), dt.UTC))
PEOPLE = (resident(1, 1), resident(2, 2), attending(1), attending(2), attending(3))
RESIDENT_DAYS = ("- -", "C C", "C LEC", "IMW IMW", "IMW IMW CALL", "- - NF", "PC PC", "PR C")
FACULTY_DAYS = ("ADM ADM", "AT AT", "C AT", "AT AT CALL", "PCAT DO", "FMIT FMIT", "FMIT FMIT CALL", "PC PC")
WEEKS = (5, 8, 11, 15, 17)
EDGE_WEEKS = (-7, 0, 2, 19, 21, 24)

quick = settings(max_examples=60, deadline=None)
fewer = settings(max_examples=30, deadline=None)


def lines(chance: random.Random, kinds: tuple[str, ...], known: tuple[int, int]) -> dict[str, str]:
    return {str(offset): chance.choice(kinds) for offset in range(known[0], known[1] + 1)}


def placed(problem: Problem, around: int) -> Problem:
    """The residents are on their rotations in so many blocks before and after as well."""
    numbers = range(-around, around + 1)
    blocks = tuple(Block(f"B{n}", 2025, 20 + n, day(n * BLOCK_DAYS), day((n + 1) * BLOCK_DAYS - 1)) for n in numbers)
    items = (BlockAssignment(who.id, block, f"rotation-{who.id}") for who in problem.residents for block in blocks)
    return replace(problem, blocks=blocks, block_assignments=tuple(items))


def narrowed(problem: Problem, roster: Roster, exchange: Exchange) -> tuple[Problem, Roster]:
    """What the ground of the swap holds of a longer one (`ground.around`, `load_problem`, `load_roster`)."""
    touched = exchange.request.days
    start, end = touched[0] - CONTEXT, touched[-1] + DAY_AFTER + CONTEXT
    edge = dt.timedelta(days=EDGE_DAYS)
    near = [block for block in problem.blocks if block.start <= end + edge and block.end >= start - edge]
    inside = {slot: code for slot, code in roster if start <= slot.day <= end}
    known = {slot: code for slot, code in roster if start - edge <= slot.day <= end + edge}
    return replace(
        problem,
        start=start,
        end=end,
        blocks=tuple(near),
        block_assignments=tuple(item for item in problem.block_assignments if item.block in near),
        demands=tuple(demand for demand in problem.demands if start <= demand.day <= end),
    ), Roster(inside, {slot: code for slot, code in known.items() if slot not in inside})


def swap(seed: int, around: int = 0) -> tuple[Problem, Roster, Exchange]:
    """A random swap on a random roster: far from legal, so that every displaced duty is met.

    `around`: so many blocks are rostered before and after the block of the swap.
    """
    chance = random.Random(seed)
    known = (-around * BLOCK_DAYS, (around + 1) * BLOCK_DAYS - 1)
    plan_of = {
        person.id: lines(chance, RESIDENT_DAYS if person.is_resident else FACULTY_DAYS, known) for person in PEOPLE
    }
    away = [chance.randrange(BLOCK_DAYS) for _ in range(chance.randrange(4))]
    asked = [demand(offset, Session.NIGHT, "CALL", eligible=("F1", "F2"), maximum=1) for offset in range(BLOCK_DAYS)]
    led = [("F1", 1, 7), ("F2", 8, 14), ("F3", 15, 21)]
    leave = {"F2": " ".join(map(str, away))} if away else {}
    problem, roster = world(PEOPLE, plan_of, leave=leave, demands=asked, fmit=led, known=known, span=known)
    problem = placed(problem, around + 1)
    weeks = (*WEEKS, *EDGE_WEEKS) if around else WEEKS
    giver, taker = chance.sample([person.id for person in PEOPLE], 2)
    target = chance.choice((None, *weeks))
    request = week_request(
        roster,
        giver=giver,
        taker=taker,
        source_day=day(chance.choice(weeks)),
        target_day=None if target is None else day(target),
        policy=POLICY,
    )
    return problem, roster, plan(problem, roster, request)


@quick
@given(st.integers(0, 2**32))
def test_executed_and_rolled_back_equals_untouched(seed: int) -> None:
    problem, roster, exchange = swap(seed)
    back = undo(exchange)

    assert back.apply(exchange.apply(roster)) == roster
    assert back.replan(exchange.replan(problem)).fmit_weeks == problem.fmit_weeks


@quick
@given(st.integers(0, 2**32))
def test_only_the_two_are_touched_and_no_inpatient_duty_or_call_is_lost_or_made(
    seed: int,
) -> None:
    _, roster, exchange = swap(seed)
    lapsed = Counter((slot.day, slot.session) for slot in exchange.lapsed)

    def held(found: Roster) -> Counter[tuple[dt.date, Session, str]]:
        return Counter((slot.day, slot.session, code) for slot, code in found if code in ("FMIT", "CALL", "IMW", "NF"))

    gone = Counter((date, session) for date, session, _ in (held(roster) - held(exchange.apply(roster))).elements())
    made_up = held(exchange.apply(roster)) - held(roster)
    assert set(exchange.people) <= {exchange.request.giver, exchange.request.taker}
    assert (gone - lapsed, made_up) == (Counter(), Counter())


@fewer
@given(st.integers(0, 2**32))
def test_what_passes_tier_one_breaks_no_hard_rule_that_was_not_broken(
    seed: int,
) -> None:
    problem, roster, exchange = swap(seed)
    if not exchange.changes:
        return
    found = assess(Untouched(problem, roster), exchange, FACTS, policy=POLICY)

    new = new_or_worsened(check(problem, roster), check(exchange.replan(problem), exchange.apply(roster)))
    broken = [violation for violation in new if violation.severity is Severity.HARD and not is_gap(violation)]
    assert broken == [] or not found.passes_tier_one


@fewer
@given(st.integers(0, 2**32))
def test_the_ground_around_a_swap_is_enough_to_judge_it(seed: int) -> None:
    problem, roster, exchange = swap(seed, around=2)
    near, part = narrowed(problem, roster, exchange)

    whole = assess(Untouched(problem, roster), exchange, FACTS, policy=POLICY)
    found = assess(Untouched(near, part), plan(near, part, exchange.request), FACTS, policy=POLICY)

    assert plan(near, part, exchange.request).changes == exchange.changes
    assert found.findings == whole.findings
