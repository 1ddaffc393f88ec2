"""What was judged, as pages show it: outcome in a sentence, report, picture, and what would work instead."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from accounts.permissions import Permission
from schedules.domain.problem import Role
from schedules.models import Person, ProgramPolicy
from schedules.queries.grid import CellKey
from swaps import access, services
from swaps.domain.exchange import Exchange, Place
from swaps.domain.tables import ESCALATION, Actor, Level, SwapPolicy, SwapStatus, SwapType, Verdict
from swaps.domain.weeks import DAYS_PER_WEEK
from swaps.enums import Scope
from swaps.mapping import places, to_finding
from swaps.models import SwapRecord
from swaps.services.judging import Judgement
from swaps.views.picture import Changed, Strip, strips
from swaps.views.report import PartyView, ReportView, report_of
from swaps.views.wording import DECIDED_VERDICT, LEVEL, VERDICT, week_label

if TYPE_CHECKING:
    from accounts.models import User

LAST_DAY = dt.timedelta(days=DAYS_PER_WEEK - 1)


class Option(NamedTuple):
    """An alternative to click."""

    title: str
    href: str


# --- a dry run --------------------------------------------------------------------------------------------------------


def judged(found: Judgement, *, reader: Actor, needs_consent: bool = True, is_decided: bool = False) -> ReportView:
    """The report of a dry run with what sending it would lead to; `is_decided`: it has got its decision."""
    planned = found.planned
    people: list[Person | None] = [planned.giver, planned.taker] if planned else [None, None]
    weeks = [planned.source_days, planned.target_days] if planned else [(), ()]
    return report_of(
        found.findings,
        reader=reader,
        outcome=_outcome(found, needs_consent),
        words=DECIDED_VERDICT if is_decided else VERDICT,
        parties=_parties(people, planned.hours() if planned else {}, weeks),
        limit=_limit(),
    )


def pictured(found: Judgement) -> list[Strip]:
    """Both people before and after, where there is a plan."""
    planned = found.planned
    if planned is None or planned.exchange is None:
        return []
    weeks = [(days[0], days[-1]) for days in (planned.source_days, planned.target_days) if days]
    return strips([planned.giver, planned.taker], weeks, changes_in(planned.exchange))


def changes_in(exchange: Exchange) -> dict[CellKey, Changed]:
    """The plan's cells by the keys of the grid."""
    return {
        (uuid.UUID(slot.person), slot.day, slot.session.value): Changed(change.before or "", change.after or "")
        for slot, change in exchange.changes.items()
    }


def _outcome(found: Judgement, needs_consent: bool) -> str:
    if found.exchange is not None and not found.exchange.changes:
        return "Both do the same there: nothing would change hands. Choose other sessions or somebody else."
    if found.verdict is Verdict.REJECT:
        return "This cannot be done: it would break what nobody may override. See below what stands in the way."
    partner = found.planned.taker.name if found.planned else "your partner"
    consent = f"{partner} is asked to agree within {_hours(found.policy.consent_time)}" if needs_consent else ""
    if found.level:
        decides = f"the {LEVEL[found.level]} decides within {answer_time(found.level, found.policy)}"
        return f"{consent}, and {decides}." if consent else f"{decides.capitalize()}."
    finding = "All clear." if found.verdict is Verdict.PASS else "It can be done; read the warnings below."
    return f"{finding} {consent}, and then it counts at once." if consent else f"{finding} It counts at once."


def answer_time(level: Level, policy: SwapPolicy) -> str:
    """``4 working hours``, ``24 hours``: how long the level has."""
    row = ESCALATION[level]
    return _hours(getattr(policy, row.time), working=row.business)


def _hours(length: dt.timedelta, *, working: bool = False) -> str:
    hours = length / dt.timedelta(hours=1)
    return f"{hours:g} working hours" if working else f"{hours:g} hours"


# --- a stored swap ----------------------------------------------------------------------------------------------------


def report_on(swap: SwapRecord, *, reader: Actor) -> ReportView | None:
    """What was found when the swap was judged last; None where nothing was stored."""
    stored = swap.judgement
    if "findings" not in stored:
        return None
    weeks = [
        tuple(day for day in week if day)
        for week in ((swap.source_week, swap.source_end), (swap.target_week, swap.target_end))
    ]
    return report_of(
        [to_finding(item) for item in stored["findings"]],
        reader=reader,
        outcome="",
        words=DECIDED_VERDICT,
        parties=_parties([swap.source_person, swap.target_person], stored.get("hours", {}), weeks),
        limit=_limit(),
    )


def picture_of(swap: SwapRecord, pending: Judgement | None) -> list[Strip]:
    """What an executed swap changed, or what a pending one would change by the rows as they are now."""
    if pending is not None:
        return pictured(pending)
    rows = swap.changes.all()
    changes = {(row.person_id, row.date, row.session): Changed(_code(row.before), _code(row.after)) for row in rows}
    if not changes:
        return []
    weeks = [(swap.source_week, swap.source_end)]
    if swap.target_week and swap.target_end:
        weeks.append((swap.target_week, swap.target_end))
    return strips([swap.source_person, swap.target_person], weeks, changes, words=("Before", "After"))


def _code(state: Mapping[str, Any] | None) -> str:
    return state["activity"] if state else ""


def alternatives_of(swap: SwapRecord, user: User) -> list[Option]:
    """For whoever asked, and for those who may ask for others: what was really checked when it was rejected."""
    may_ask = access.is_requester(user, swap) or user.may(Permission.REQUEST_FOR_ALL)
    if swap.status != SwapStatus.REJECTED or not may_ask:
        return []
    offers = [
        (item["person"], dt.date.fromisoformat(item["target_week"]) if item["target_week"] else None)
        for item in services.alternatives_of(swap)
    ]
    giver = None if swap.source_person.user_id == user.pk else swap.source_person
    parts = () if swap.scope == Scope.WEEK else places(swap.source_places)
    return options(offers, giver=giver, week=swap.source_week, parts=parts)


def options(
    offers: Iterable[tuple[str, dt.date | None]], *, giver: Person | None, week: dt.date, parts: Iterable[Place] = ()
) -> list[Option]:
    """Links into the wizard, by partner and week given back; `giver` only where it is not the reader."""
    rows, single = list(offers), [("part", f"{day}.{session}") for day, session in parts]
    names = names_of(person for person, _ in rows)
    return [
        Option(_title(names.get(uuid.UUID(who), "somebody"), target), _link(giver, who, week, target, single))
        for who, target in rows
    ]


def _title(name: str, target: dt.date | None) -> str:
    return (
        f"{name} takes it over"
        if target is None
        else f"{name} gives {week_label((target, target + LAST_DAY))} in return"
    )


def _link(
    giver: Person | None, partner: str, week: dt.date, target: dt.date | None, single: list[tuple[str, str]]
) -> str:
    kind = SwapType.ABSORB if target is None else SwapType.ONE_TO_ONE
    named = {"person": giver.pk if giver else None, "week": week, "partner": partner, "kind": kind, "target": target}
    return f"{reverse('swap_new')}?{urlencode([(name, str(value)) for name, value in named.items() if value] + single)}"


def names_of(people: Iterable[str]) -> dict[uuid.UUID, str]:
    """Names by id, in one query."""
    return dict(Person.objects.filter(pk__in=set(people)).values_list("pk", "name"))


def conflicts_of(swap: SwapRecord) -> list[dict[str, Any]]:
    """Rows that were changed meanwhile, where a roll back failed: before the swap, after it, and as they are."""
    rows = swap.conflicts
    if not rows:
        return []
    names = names_of(row["person"] for row in rows)
    before = {
        (str(change.person_id), change.date.isoformat(), change.session): _code(change.before)
        for change in swap.changes.all()
    }
    return [
        {
            "date": dt.date.fromisoformat(row["date"]),
            "session": row["session"] or "Week",
            "person": names.get(uuid.UUID(row["person"]), "somebody"),
            "before": before.get((row["person"], row["date"], row["session"]), ""),
            "expected": row["left"] or "",
            "found": row["now"] or "",
        }
        for row in rows
    ]


# --- both -------------------------------------------------------------------------------------------------------------


def _limit() -> float:
    policy = ProgramPolicy.objects.filter(pk=1).first() or ProgramPolicy()
    return float(policy.weekly_hours_limit)


def _parties(
    people: Iterable[Person | None], hours: Mapping[str, Iterable[float]], weeks: Iterable[tuple[dt.date, ...]]
) -> list[PartyView]:
    """Hours of the swap week before and after; the taker's are of the week taken where none is given back."""
    shown = []
    for person, side, days in zip(people, ("source", "target"), weeks, strict=True):
        if person is None or side not in hours:
            continue
        before, after = hours[side]
        week = week_label((days[0], days[-1])) if days else ""
        shown.append(PartyView(person.name, week, before, after, judged=person.role == Role.RESIDENT))
    return shown
