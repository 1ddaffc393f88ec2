"""The checks of a swap: the rule table before and after, and the other rows of the check table, a function each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from statistics import fmean, pstdev

from schedules.domain.calls import could_call
from schedules.domain.changes import new_or_worsened
from schedules.domain.codes import ADMIN_CODE, CALL_CODE, OFF_CODE, WEEKEND_CODE
from schedules.domain.margins import MarginReport, PostReader, Scope
from schedules.domain.problem import HALF_DAYS, SESSIONS, Absence, Date, Demand, DutyLogKind, PersonId, Problem, Session
from schedules.domain.roster import Roster, Slot
from schedules.domain.rules import RULES, Report, Severity, Violation, check
from schedules.domain.rules.index import RosterIndex
from schedules.domain.rules.wording import span
from schedules.domain.timeline import TOLERANCE
from swaps.domain.exchange import Exchange, Kept
from swaps.domain.findings import STAFF, Assessment, SwapFacts, SwapFinding, finding
from swaps.domain.tables import CHECK, SENSITIVE_REASONS, Actor, Reason, SwapPolicy, SwapType, Tier, Verdict
from swaps.domain.weeks import DAYS_PER_WEEK, week_of

LEADS_THE_WEEK = 4
"""Days of the seven from which a person counts as having led an FMIT week: more than half."""

IDLE = frozenset({OFF_CODE, WEEKEND_CODE, ADMIN_CODE})
"""Faculty cells from which somebody can be moved to an open post."""

IN_PLAIN_WORDS = {
    "HOURS_80": "More than 80 hours a week on average, or close to it.",
    "DAY_FREE_IN_7": "Too many days of work in a row, or too few free days.",
    "REST_8": "Less than 8 hours between two duties.",
    "REST_14": "Less than 14 hours free after 24 hours of duty.",
}
"""What a rule that is a formula means for whoever may not read whom it concerns, and how."""

HARD_RULES = tuple(code for code, rule in RULES.items() if rule.hard)
JUDGED_RULES = tuple(code for code, rule in RULES.items() if rule.hard or code in CHECK)
"""What can reject a swap or warn of it; the other soft rules say nothing about swaps and are not asked."""

OF_ONE_CELL = frozenset({"ABSENT", "NOT_ELIGIBLE"})
"""Rules about what one cell holds: a cell that the swap writes is the swap's, whatever was wrong with it before."""

Checked = Iterator[SwapFinding | None]


@dataclass(frozen=True)
class Untouched:
    """A roster before any swap: judged once, whatever number of swaps is looked at."""

    problem: Problem
    roster: Roster

    @cached_property
    def index(self) -> RosterIndex:
        return RosterIndex(self.problem, self.roster)

    @cached_property
    def report(self) -> Report:
        """The judgement by every rule that speaks of swaps."""
        return check(self.problem, self.roster, only=JUDGED_RULES, index=self.index)


@dataclass(frozen=True)
class Case:
    """One swap under judgement: the roster before and after, and what else is known."""

    before: Untouched
    exchange: Exchange
    facts: SwapFacts
    policy: SwapPolicy
    rules: tuple[str, ...] = JUDGED_RULES

    @property
    def problem(self) -> Problem:
        return self.before.problem

    @property
    def roster(self) -> Roster:
        return self.before.roster

    @cached_property
    def after(self) -> Roster:
        return self.exchange.apply(self.roster)

    @cached_property
    def new_problem(self) -> Problem:
        return self.exchange.replan(self.problem)

    @cached_property
    def new_index(self) -> RosterIndex:
        return self.before.index.after(self.new_problem, self.after, self.exchange.changes)

    @cached_property
    def reports(self) -> tuple[Report, Report]:
        """What the rule table says before and after."""
        return self.before.report, check(self.new_problem, self.after, only=self.rules, index=self.new_index)

    @property
    def parties(self) -> tuple[PersonId, PersonId]:
        return self.exchange.request.giver, self.exchange.request.taker

    def name(self, person: PersonId) -> str:
        return self.problem.person[person].name

    @cached_property
    def answerable(self) -> tuple[Violation, ...]:
        """Findings of the rule table that the swap makes new or worse."""
        return new_or_worsened(*self.reports)

    @cached_property
    def gaps(self) -> tuple[tuple[Demand, int], ...]:
        """Demands of touched dates that fall short by the swap, with how many are left."""
        left = {(slot.day, slot.session, change.before) for slot, change in self.exchange.changes.items()}
        found = []
        for demand in self.problem.demands:
            if (demand.day, demand.session, demand.activity) not in left:
                continue
            was, now = (self._filled(roster, demand) for roster in (self.roster, self.after))
            if now < demand.minimum and now < was:
                found.append((demand, now))
        return tuple(found)

    def _filled(self, roster: Roster, demand: Demand) -> int:
        return sum(roster.at(who, demand.day, demand.session) == demand.activity for who in demand.eligible)

    def days_until(self, day: Date) -> float:
        """Days from the question to 00:00 of the date, in the program's time zone."""
        starts = dt.datetime.combine(day, dt.time(), self.facts.at.tzinfo)
        return (starts - self.facts.at) / dt.timedelta(days=1)

    @cached_property
    def utilization(self) -> tuple[float | None, float | None]:
        """Of the touched dates, before and after; None = not measured."""
        touched = set(self.exchange.days)
        if not touched:
            return None, None
        was, now = self.margins
        return utilization(was, touched), utilization(now, touched)

    @cached_property
    def margins(self) -> tuple[MarginReport, MarginReport]:
        """Before and after, over the touched dates only."""
        reader = PostReader(self.problem, standby=self.facts.standby)
        people = tuple(person.id for person in self.problem.people)
        was, now = (
            MarginReport(people, tuple(reader.posts(roster, *at) for at in product(self.exchange.days, SESSIONS)))
            for roster in (self.roster, self.after)
        )
        return was, now


def assess(before: Untouched, exchange: Exchange, facts: SwapFacts, *, policy: SwapPolicy) -> Assessment:
    """Judge a planned swap by every row of the check table; intake is judged before, by what was asked."""
    case = Case(before, exchange, facts, policy)
    return replace(_decide(case, ALL_CHECKS), utilization=case.utilization)


def assess_tier_one(before: Untouched, exchange: Exchange, facts: SwapFacts, *, policy: SwapPolicy) -> Assessment:
    """Only what may reject: the hard rules and three FMIT weeks in a row. For searching partners and weeks."""
    return _decide(Case(before, exchange, facts, policy, HARD_RULES), TIER_ONE_CHECKS)


def _decide(case: Case, checks: tuple[Callable[[Case], Checked], ...]) -> Assessment:
    found = tuple(item for judge in checks for item in judge(case) if item is not None)
    return Assessment(findings=found, before=case.reports[0], after=case.reports[1])


def is_gap(violation: Violation) -> bool:
    """An unfilled minimum, which COVERAGE_GAP puts before a person; every other new hard finding rejects."""
    return bool(open_posts(violation))


def open_posts(violation: Violation) -> frozenset[str]:
    """The posts that an unfilled minimum leaves open, as a COVERAGE_GAP is about them; none for any other finding."""
    measured, limit = violation.measured, violation.limit
    if violation.rule != "DEMAND_MIN" or measured is None or limit is None or measured >= limit:
        return frozenset()
    activity, _, *roles = violation.subject
    place = (activity, violation.start, violation.session, roles)
    return frozenset(_posts(*place, missing=range(int(measured), int(limit))))


def _posts(
    activity: str, day: Date, session: Session | None, roles: Iterable[str], *, missing: range
) -> tuple[str, ...]:
    """One for each number of people at which somebody is missing: one person fewer is a post more."""
    return tuple(f"{activity} {day} {session} {'/'.join(roles)} {number}" for number in missing)


def broken_rules(case: Case) -> Checked:
    """Tier 1: any hard violation of the rule table that is new or worse; a warning of a party's is a warning.

    Absences have lines of their own, and gaps are COVERAGE_GAP's.
    """
    parties = set(case.parties)
    written = wrong_where_written(case.reports[1], case.exchange, case.problem)
    for violation in dict.fromkeys((*case.answerable, *written)):
        if is_gap(violation) or violation.rule == "ABSENT":
            continue
        hard = violation.severity is Severity.HARD
        mine = bool(parties & set(violation.people)) and violation.rule in CHECK
        if not hard and (not mine or violation.rule == "HOURS_80"):
            continue
        yield SwapFinding(
            code=violation.rule,
            tier=Tier.ONE,
            verdict=Verdict.REJECT if hard else Verdict.WARN,
            message=violation.message,
            public=f"{IN_PLAIN_WORDS.get(violation.rule, RULES[violation.rule].sentence)} "
            f"({span(violation.start, violation.end)})",
            measured=violation.measured,
            limit=violation.limit,
            days=(violation.start, violation.end),
            people=violation.people,
        )


def wrong_where_written(report: Report, exchange: Exchange, problem: Problem) -> tuple[Violation, ...]:
    """ABSENT and NOT_ELIGIBLE in cells that the swap writes: also where the person had other work there that nobody has
    taken away yet, so that the finding as such is none of the swap. Who left the program may hold nothing at all."""
    return tuple(
        violation
        for violation in report.hard
        if violation.rule in OF_ONE_CELL
        and violation.session is not None
        and Slot(violation.people[0], violation.start, violation.session) in exchange.changes
        and violation.people[0] in problem.person
    )


def absences(case: Case) -> Checked:
    """ABSENT: one line for each absence, with all dates on which the swap would put the person to work."""
    days: dict[Absence, list[Date]] = defaultdict(list)
    for violation in wrong_where_written(case.reports[1], case.exchange, case.problem):
        if violation.rule == "ABSENT":
            days[case.problem.leave_days[violation.people[0]][violation.start]].append(violation.start)
    for absence, found in days.items():
        first, last = min(found), max(found)
        yield SwapFinding(
            code="ABSENT",
            tier=Tier.ONE,
            verdict=Verdict.REJECT,
            message=f"{case.name(absence.person)} is away ({absence.kind}) from {absence.start} to {absence.end} and "
            f"would work from {first} to {last}. Choose another week or partner.",
            public=f"{RULES['ABSENT'].sentence} ({first} to {last})",
            days=tuple(sorted(set(found))),
            people=(absence.person,),
        )


def kept_rows(case: Case) -> Checked:
    """Tier 1: a locked row of the giver cannot be taken; one of the taker leaves no room."""
    for slot, why in case.exchange.kept.items():
        code = "NOT_ELIGIBLE" if why is Kept.GIVER_LOCKED else "DOUBLE_BOOKED"
        where = f"{slot.day} {slot.session}"
        yield SwapFinding(
            code=code,
            tier=Tier.ONE,
            verdict=Verdict.REJECT,
            message=f"{case.name(slot.person)}: {why} on {where}. Ask the coordinator to unlock it, or leave it out.",
            public=f"A row of {where} is locked. Ask the coordinator to unlock it, or leave that session out.",
            days=(slot.day,),
            people=(slot.person,),
        )


def back_to_back(case: Case) -> Checked:
    """BACK_TO_BACK_FMIT_3 and _2: the longest run of FMIT weeks that holds one a person leads by this swap."""
    for person in case.parties:
        was, now = _led(case.before.index, person), _led(case.new_index, person)
        longest = max((run for run in _runs(now) if set(run) - was), key=len, default=())
        code = "BACK_TO_BACK_FMIT_3" if len(longest) >= case.policy.fmit_weeks_reject else "BACK_TO_BACK_FMIT_2"
        weeks = " and ".join(str(friday) for friday in longest)
        yield finding(
            code,
            len(longest),
            case.policy,
            f"{case.name(person)} would lead {len(longest)} FMIT weeks in a row, beginning {weeks}. Choose a week "
            "with a week between, or another partner.",
            people=(person,),
            days=tuple(longest),
            about=tuple(f"{person} {friday}" for friday in longest),
        )


def _led(index: RosterIndex, person: PersonId) -> set[Date]:
    """Fridays of the FMIT weeks that the person leads, by the roster, and by the plan where nothing is decided."""
    days = index.rows.get(person, {})
    held = {day for day in days if index.holds_fmit(person, day)}
    held |= {day for day, who in index.problem.fmit_attending.items() if who == person and day not in days}
    weeks: dict[Date, int] = {}
    for day in held:
        friday = week_of(day, starts_on=4)[0]
        weeks[friday] = weeks.get(friday, 0) + 1
    return {friday for friday, count in weeks.items() if count >= LEADS_THE_WEEK}


def _runs(fridays: set[Date]) -> Iterator[tuple[Date, ...]]:
    run: list[Date] = []
    for friday in sorted(fridays):
        if run and (friday - run[-1]).days != DAYS_PER_WEEK:
            yield tuple(run)
            run = []
        run.append(friday)
    if run:
        yield tuple(run)


def coverage_gap(case: Case) -> Checked:
    """COVERAGE_GAP: a minimum newly unfilled; the coordinator where somebody idle could step in, else the director."""
    row = CHECK["COVERAGE_GAP"]
    for demand, filled in case.gaps:
        able = [who for who in sorted(demand.eligible) if _could_step_in(case, who, demand)]
        band = row.bands[0] if able else row.bands[1]
        place = f"{demand.activity} on {demand.day} {demand.session} would have {filled} of {demand.minimum}"
        names = ", ".join(case.name(who) for who in able[:3])
        roles = sorted({case.problem.person[who].role.value for who in demand.eligible if who in case.problem.person})
        yield SwapFinding(
            code=row.code,
            tier=row.tier,
            verdict=band.verdict,
            level=band.level,
            message=f"{place}; {f'{names} could step in' if able else 'nobody idle could step in'}.",
            public=f"{place}; {'somebody could step in' if able else 'nobody idle could step in'}.",
            measured=filled,
            limit=demand.minimum,
            days=(demand.day,),
            people=tuple(able[:3]),
            about=_posts(demand.activity, demand.day, demand.session, roles, missing=range(filled, demand.minimum)),
        )


def _could_step_in(case: Case, who: PersonId, demand: Demand) -> bool:
    person = case.problem.person.get(who)
    if person is None or who in case.parties or case.problem.is_absent(who, demand.day):
        return False
    held = case.after.at(who, demand.day, demand.session)
    if demand.session is Session.NIGHT:
        if demand.activity == CALL_CODE:
            return held is None and could_call(case.new_problem, person, demand.day)
        return False
    return person.is_faculty and held in IDLE


def approaching_80(case: Case) -> Checked:
    """APPROACHING_80: a resident party comes above 75 h a week, or further above."""
    for violation in case.answerable:
        near = violation.rule == "HOURS_80" and violation.severity is Severity.WARNING
        if near and set(violation.people) & set(case.parties):
            yield finding(
                "APPROACHING_80",
                violation.measured,
                case.policy,
                violation.message,
                people=violation.people,
                days=(violation.start, violation.end),
            )


def imminent(case: Case) -> Checked:
    """IMMINENT: how soon the first touched date begins, and how soon the first gap."""
    starts = case.days_until(case.exchange.request.days[0])
    gap = min((case.days_until(demand.day) for demand, _ in case.gaps), default=None)
    at_once = gap is not None and gap < case.policy.gap_at_once_days
    measured = gap if at_once and gap is not None else starts
    what = "leaves a gap" if at_once else "begins"
    text = f"The swap {what} in {max(measured, 0):.1f} days."
    judged = measured if at_once else max(starts, case.policy.gap_at_once_days)
    yield finding("IMMINENT", round(measured, 4), case.policy, text, public=text, judged=judged)


def moonlighting(case: Case) -> Checked:
    """MOONLIGHTING: a resident party's weekly hours, moonlighting included, in the rotation periods touched."""
    touched = set(case.exchange.days)
    for period in case.new_index.rotation_periods:
        days = set(period.days)
        logged = sum(
            log.hours
            for log in case.problem.duty_logs
            if log.person == period.person.id and log.kind is DutyLogKind.MOONLIGHTING and log.day in days
        )
        counted = len(period.days) - len(period.leave)
        if period.person.id not in case.parties or not logged or not counted or not days & touched:
            continue
        weekly = period.hours * 7 / counted
        yield finding(
            "MOONLIGHTING",
            round(weekly, 2),
            case.policy,
            f"{period.person.name} would have {weekly:.1f} h a week in block {period.block.number}, "
            f"{logged:g} h of moonlighting in the block included.",
            people=(period.person.id,),
            about=(f"{period.person.id} block {period.block.number}",),
            judged=weekly - TOLERANCE,
        )


def fairness(case: Case) -> Checked:
    """FAIRNESS: how many sigmas a party's balance of given minus taken weeks is off after what is absorbed.

    Single sessions count as the sevenths of a week that they touch, as they do in the balances.
    """
    if case.exchange.request.type is not SwapType.ABSORB or not case.facts.balances:
        return
    giver, taker = case.parties
    balances = {giver: 0.0, taker: 0.0, **case.facts.balances}
    weeks = len(case.exchange.request.days) / DAYS_PER_WEEK
    balances[giver] += weeks
    balances[taker] -= weeks
    centre = fmean(balances.values())
    sigma = max(pstdev(balances.values()), case.policy.fairness_least_sigma)
    for person, sign in ((giver, 1), (taker, -1)):
        off = sign * (balances[person] - centre) / sigma
        what = "given away" if sign > 0 else "taken over"
        yield finding(
            "FAIRNESS",
            round(off, 4),
            case.policy,
            f"{case.name(person)} would have {what} {abs(balances[person]):.3g} weeks more than the other way round in "
            "three months. An exchange instead of an absorbed week keeps the balance.",
            people=(person,),
            about=(person,),
        )


def continuity(case: Case) -> Checked:
    """CONTINUITY: points of the continuity-clinic sessions that change hands or lapse."""
    slots = [slot for slot in sorted(case.facts.continuity) if slot in case.exchange.changes]
    kinds = [case.facts.continuity[slot] for slot in slots]
    points = sum(case.policy.continuity_points[kind] for kind in kinds)
    text = f"{len(kinds)} continuity-clinic sessions change hands ({points} points): write a hand-off plan."
    about = tuple(_named(slot) for slot in slots)
    yield finding("CONTINUITY", points, case.policy, text, public=text, about=about)


def _named(slot: Slot) -> str:
    return f"{slot.person} {slot.day} {slot.session}"


def utilization(report: MarginReport, touched: set[Date]) -> float | None:
    """Demanded / available person-half-days of the dates; may exceed 1; None where nothing is demanded.

    Where nobody is available it is demanded + 1: worse than with one person, and still a number.
    """
    needed, available = 0, 0
    for session in report.sessions:
        posts = [post for post in session.posts if Scope.ALL in post.scopes]
        if session.session in HALF_DAYS and session.day in touched and posts:
            needed += sum(post.needed for post in posts)
            available += len(frozenset().union(*(post.anyone for post in posts)))
    if not needed:
        return None
    return needed / available if available else needed + 1.0


def insecure(report: MarginReport, touched: set[Date]) -> tuple[set[tuple[Date, Session]], int]:
    """Sessions of the dates that one person's loss leaves open, and how many sessions need anybody."""
    sessions = [item for item in report.timeline() if item.day in touched]
    return {(item.day, item.session) for item in sessions if item.margin < 1}, len(sessions)


def resilience(case: Case) -> Checked:
    """UTILIZATION, RESILIENCE_DELTA and N1 over the touched dates.

    The delta is the larger of two worsenings: utilization, and the share of sessions that are not N-1 secure.
    """
    touched = set(case.exchange.days)
    if not touched:
        return
    was, now = case.utilization
    (weak_before, _), (weak_after, sessions) = (insecure(report, touched) for report in case.margins)
    if now is not None:
        text = f"Utilization of the touched dates is {now:.2f} after the swap."
        yield finding("UTILIZATION", now, case.policy, text, public=text)
    share = (len(weak_after) - len(weak_before)) / sessions if sessions else 0.0
    delta = max(share, (now or 0) - (was or 0))
    text = f"Utilization or N-1 security of the touched dates becomes worse by {delta:.2f}."
    yield finding("RESILIENCE_DELTA", round(delta, 6), case.policy, text, public=text)
    new = sorted(weak_after - weak_before)
    if new:
        places = ", ".join(f"{day} {session}" for day, session in new[:3])
        text = f"{len(new)} sessions no longer survive the loss of any one person: {places}."
        yield finding(
            "N1",
            len(new),
            case.policy,
            text,
            public=text,
            days=tuple(day for day, _ in new),
            about=tuple(f"{day} {session}" for day, session in new),
        )


def blast_radius(case: Case) -> Checked:
    """BLAST_RADIUS: assignments touched beyond the sessions that were asked for, and duties that lapse.

    The rows that simply change hands are the swap itself: an inpatient week alone has sixteen.
    """
    request = case.exchange.request
    asked = {*request.giver_places, *request.taker_places}
    beyond = [slot for slot in case.exchange.changes if (slot.day, slot.session) not in asked]
    count = len(beyond) + len(case.exchange.lapsed)
    text = f"{count} assignments beyond the exchanged sessions are touched: {len(case.exchange.lapsed)} lapse."
    about = tuple(_named(slot) for slot in (*beyond, *case.exchange.lapsed))
    yield finding("BLAST_RADIUS", count, case.policy, text, public=text, about=about)


def sensitive_reason(case: Case) -> Checked:
    """SENSITIVE_REASON: the program director decides and reads the reason alone."""
    if case.facts.reason in SENSITIVE_REASONS:
        yield finding(
            "SENSITIVE_REASON",
            None,
            case.policy,
            f"The reason is {Reason(case.facts.reason).value}: the program director decides, for privacy and fairness.",
            public="The program director decides this request.",
            readers=frozenset({Actor.PROGRAM_DIRECTOR}),
        )


def failed_attempts(case: Case) -> Checked:
    """FAILED_ATTEMPTS: the requester's failed requests of 30 days."""
    count = case.facts.failed_attempts
    text = f"{count} requests failed in {case.policy.failed_attempts_days} days: the coordinator helps to find a week."
    yield finding("FAILED_ATTEMPTS", count, case.policy, text, public=text, readers=STAFF | {Actor.REQUESTER})


TIER_ONE_CHECKS: tuple[Callable[[Case], Checked], ...] = (broken_rules, absences, kept_rows, back_to_back)
ALL_CHECKS = (
    *TIER_ONE_CHECKS,
    coverage_gap,
    approaching_80,
    imminent,
    moonlighting,
    fairness,
    continuity,
    resilience,
    blast_radius,
    sensitive_reason,
    failed_attempts,
)
