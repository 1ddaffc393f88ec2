"""Tools about how much is asked of how many: utilization, duty budgets after a loss, zones."""

from __future__ import annotations

from collections.abc import Sequence

from common.errors import Invalid
from resilience.domain.contingency import Scenario
from resilience.domain.covering import Loss
from resilience.domain.equilibrium import Equilibrium, equilibrium
from resilience.domain.levels import Level, Reading, Unknown
from resilience.domain.shedding import ShedLevel
from resilience.domain.utilization import TARGET, Bottleneck, waiting_days
from resilience.domain.zones import LEVELS, Zone, blast_radius
from resilience.services.absence_rate import arrivals
from resilience.services.answers import (
    BlastAnswer,
    BottleneckView,
    EquilibriumView,
    LeChatelierAnswer,
    LoanView,
    UtilizationAnswer,
    ZoneView,
)
from resilience.services.budgets import budgets, ordinary
from resilience.services.tools.answering import answers, say
from resilience.services.world import Basis, World
from schedules.domain.margins import SessionPosts
from schedules.domain.problem import Session

EXHAUSTED_LEVELS = ((7, Level.RED), (14, Level.ORANGE))
"""Days until exhaustion up to which it is so grave; later ones are YELLOW."""
LEFT_TO_PEOPLE = ("overtime", "deferred leave", "external staff")


@answers(UtilizationAnswer)
def check_utilization_threshold_tool(found: Basis, *, days: int | None = None) -> UtilizationAnswer:
    """How much of the available people the demand takes, and the bottleneck with its posts.

    `days` from today on; the policy's horizon by default. The wait is for somebody free to step in (Erlang C), where
    unplanned absences are on record.
    """
    world = found.horizon(_days(days))
    used = world.utilization
    rate = used.rate
    known = None if isinstance(rate, Unknown) else float(rate.value)
    wait = waiting_days(arrivals(found), _free_people(world))
    message = (
        rate.reason if isinstance(rate, Unknown) else f"{known:.0%} of the available person-half-days are asked for."
    )
    return say(
        UtilizationAnswer,
        found,
        used.level,
        message + (f" {_tight(used.bottleneck)}" if used.bottleneck else ""),
        world=world,
        demanded=used.demanded,
        available=used.available,
        rate=known,
        threshold=float(TARGET),
        bottleneck=_bottleneck(world, used.bottleneck),
        margin=used.margin,
        pool=used.pool,
        buffer=used.buffer,
        safe_maximum=used.safe_maximum,
        wait_days=None if isinstance(wait, Unknown) else wait.value,
        wait_reason=wait.reason if isinstance(wait, Unknown) else "",
    )


@answers(LeChatelierAnswer)
def analyze_le_chatelier_tool(
    found: Basis, *, people: Sequence[str] = (), days: int | None = None, lost: Scenario | None = None
) -> LeChatelierAnswer:
    """Until when the rest covers everything within their duty budgets once these people are gone, and what it costs.

    `people` are gone throughout, those of `lost` on their own dates; the schedule as it is where nobody is named. Per
    level of shedding too: work given up frees its hours.
    """
    world = found.horizon(_days(days))
    losses = _losses(world, people, lost)
    gone = world.refs({loss.person for loss in losses})
    after = world.without(losses)
    report = after.margins
    views: list[EquilibriumView] = []
    reading: Reading[Equilibrium] | None = None
    for shed in (None, *ShedLevel):
        tiers = shed.tiers if shed else frozenset()
        # Work given up only adds to what people may and would work: what lasts without it lasts with it.
        if reading is None or not views[-1].sustainable:
            reading = equilibrium(report, budgets(after, tiers), ordinary(after, tiers))
        if isinstance(reading, Unknown):
            return say(LeChatelierAnswer, found, Level.UNKNOWN, reading.reason, world=world, lost=gone)
        state = reading.value
        views.append(
            EquilibriumView(shed.name if shed else None, state.days, state.exhausted_on, state.debt, state.sustainable)
        )
    plain = views[0]
    return say(
        LeChatelierAnswer,
        found,
        _exhaustion_level(plain),
        _lasting(plain, len(world.problem.days)),
        world=world,
        lost=gone,
        horizon_days=len(world.problem.days),
        days_until_exhaustion=plain.days if plain.exhausted_on else None,
        exhausted_on=plain.exhausted_on,
        debt=plain.debt,
        sustainable=plain.sustainable,
        by_level=tuple(views),
        approvals=() if plain.sustainable else LEFT_TO_PEOPLE,
    )


@answers(BlastAnswer)
def calculate_blast_radius_tool(
    found: Basis, *, people: Sequence[str] = (), lost: Scenario | None = None
) -> BlastAnswer:
    """How far a shortage reaches: each zone alone, with legal loans, and pooled.

    Of the schedule as it is, or with `people` gone throughout, or those of `lost` on their own dates.
    """
    world = found.horizon(found.policy.margin_days)
    after = world.without(_losses(world, people, lost))
    reading = blast_radius(after.problem, after.roster)
    if isinstance(reading, Unknown):
        return say(BlastAnswer, found, Level.UNKNOWN, reading.reason, world=world)
    radius = reading.value
    short = [state.zone.value for state in radius.zones if state.isolated]
    return say(
        BlastAnswer,
        found,
        LEVELS[radius.containment],
        f"Short on their own: {', '.join(short)}." if short else "Every zone covers itself.",
        world=world,
        zones=tuple(
            ZoneView(
                zone=state.zone.value,
                demanded=state.demanded,
                isolated=state.isolated,
                borrowing=state.borrowing,
                pooled=state.pooled,
                margin=state.margin,
                borrowed=state.borrowed,
                lent=state.lent,
                affected=state.is_affected,
            )
            for state in radius.zones
        ),
        affected=sum(state.is_affected for state in radius.zones) / len(Zone),
        loans=tuple(
            LoanView(
                world.ref(loan.person), loan.lender.value, loan.borrower.value, loan.day, loan.session.value, loan.post
            )
            for loan in radius.loans
        ),
        containment=radius.containment.name,
        needs_approval=radius.needs_approval,
    )


def _free_people(world: World) -> int:
    """People with nothing to give up who could step in, on the half-day of the horizon that has the fewest."""
    asked = [item for item in world.margins.sessions if item.session is not Session.NIGHT and item.posts]
    free = [frozenset[str]().union(*(post.idle for post in item.posts)) - _on_posts(world, item) for item in asked]
    return min(map(len, free), default=0)


def _on_posts(world: World, session: SessionPosts) -> frozenset[str]:
    """People who hold one of the posts of a half-day already."""
    posts = {post.activity for post in session.posts}
    holders = ((person.id, world.roster.at(person.id, session.day, session.session)) for person in world.problem.people)
    activities = world.problem.activities
    return frozenset(
        person
        for person, code in holders
        if code is not None and (code in posts or activities[code].provides_supervision)
    )


def _days(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= 366:
        raise Invalid("The horizon is 1 to 366 days.")
    return days


def _losses(world: World, people: Sequence[str], lost: Scenario | None) -> tuple[Loss, ...]:
    if lost is not None:
        return lost.losses
    return tuple(Loss(str(person), world.start, world.end) for person in people)


def _bottleneck(world: World, tightest: Bottleneck | None) -> BottleneckView | None:
    if tightest is None:
        return None
    return BottleneckView(
        date=tightest.day,
        session=tightest.session.value,
        posts=tuple(post.label for post in tightest.posts),
        needed=tightest.needed,
        people=world.refs(tightest.people),
        rate=None if tightest.rate is None else float(tightest.rate),
        margin=tightest.margin,
    )


def _tight(tightest: Bottleneck) -> str:
    posts = " and ".join(dict.fromkeys(post.label for post in tightest.posts))
    return (
        f"Tightest: {posts} on {tightest.day:%a %d %b} {tightest.session} with {len(tightest.people)} people for"
        f" {tightest.needed}."
    )


def _exhaustion_level(state: EquilibriumView) -> Level:
    if state.exhausted_on is None:
        return Level.YELLOW if state.debt else Level.GREEN
    return next((level for most, level in EXHAUSTED_LEVELS if state.days <= most), Level.YELLOW)


def _lasting(state: EquilibriumView, horizon: int) -> str:
    if state.exhausted_on is not None:
        return f"Covered for {state.days} days; from {state.exhausted_on} on the duty budgets do not suffice."
    owed = f" {state.debt} half-days off would be owed." if state.debt else ""
    return f"Covered for the whole horizon of {horizon} days within all duty budgets.{owed}"
