"""What follows from a judgement: rejected, put before a person, waiting for consent, or free to be executed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from accounts.models import User
from common.models import signed
from schedules.models import Holiday, Schedule
from swaps import queries
from swaps.domain.deadlines import deadline
from swaps.domain.findings import Matter, SwapFinding
from swaps.domain.tables import Actor, Level, SwapPolicy, SwapStatus, Verdict
from swaps.enums import CaseStatus, Event
from swaps.mapping import to_matter
from swaps.models import EscalationCase, SwapRecord
from swaps.services import record
from swaps.services.ground import versions_of
from swaps.services.judging import Judgement

LOOK_AHEAD = dt.timedelta(days=60)
"""Holidays so far ahead count for deadlines in working hours."""


def settle(swap: SwapRecord, found: Judgement, *, actor: Actor, by: User | None, at: dt.datetime) -> SwapRecord:
    """Move a locked PENDING swap on by its newest judgement; APPROVED waits for its execution by the caller.

    `actor` gives the consent or the approval that comes with it. Findings that their level approved before ask no
    second time; a case whose findings are gone is closed.
    """
    record.save(swap, by=by, at=at, why="judged", judgement=found.as_json(), schedule=_version(found))
    record.note(swap, Event.VALIDATED, by=by, at=at, verdict=found.verdict.name, codes=_codes(found))
    if found.verdict is Verdict.REJECT:
        return _reject(swap, found, by=by, at=at)
    wanted = unapproved(swap, found)
    if wanted:
        level = max(item.level for item in wanted if item.level is not None)
        codes = [item.code for item in wanted]
        escalate(swap, level=level, codes=codes, policy=found.policy, by=by, at=at)
    if wanted or swap.consent_at is None:
        return swap
    close_case(swap, by=None, at=at, reason="nothing is left to decide")
    return record.move(swap, SwapStatus.APPROVED, actor=actor, by=by, at=at)


def escalate(
    swap: SwapRecord, *, level: Level, codes: list[str], policy: SwapPolicy, by: User | None, at: dt.datetime
) -> EscalationCase:
    """Put the swap before the level; an open case is raised to it, never lowered."""
    case = EscalationCase.objects.select_for_update().filter(swap=swap, status=CaseStatus.OPEN).first()
    if case is not None and case.level >= level and set(codes) <= set(case.codes):
        return case
    if case is None:
        case = EscalationCase(swap=swap, level=level, first_level=level, opened_at=at, due_at=due(level, at, policy))
    elif level > case.level:
        case.level, case.due_at, case.reminded_at = level, due(level, at, policy), None
        case.moved_up_at = at
    case.codes = sorted({*case.codes, *codes})
    signed(case, by=by, at=at, reason="escalated").save()
    record.note(swap, Event.ESCALATED, by=by, at=at, level=level.name, codes=case.codes, due_at=case.due_at.isoformat())
    tell_deciders(case, title=f"Swap to decide: {record.dates_of(swap)}", kind="SWAP_ESCALATED", at=at)
    return case


def due(level: Level, at: dt.datetime, policy: SwapPolicy) -> dt.datetime:
    """The last instant for the level's answer to a case that reaches it at `at`."""
    local = timezone.localtime(at)
    free = Holiday.objects.filter(date__gte=local.date(), date__lte=local.date() + LOOK_AHEAD)
    return deadline(level, local, policy=policy, holidays=frozenset(free.values_list("date", flat=True)))


def tell_deciders(case: EscalationCase, *, title: str, kind: str, at: dt.datetime, body: str = "") -> None:
    """Notify those who decide at the case's level and are no party."""
    people = [user for user in queries.deciders(Level(case.level)) if not queries.is_party(user, case.swap)]
    record.tell(people, case.swap, kind=kind, title=title, body=body or _due_sentence(case), at=at)


def accepted(swap: SwapRecord) -> list[Matter]:
    """What approvers have accepted of this swap, finding by finding, each with the level that did."""
    cases = EscalationCase.objects.filter(swap=swap, status=CaseStatus.APPROVED).order_by("decided_at")
    return [
        replace(to_matter(stored), level=Level(level))
        for level, found in cases.values_list("level", "accepted")
        for stored in found
    ]


def accepted_posts(swap: SwapRecord) -> frozenset[str]:
    """The posts that an approver lets the swap leave open, and no others."""
    return frozenset().union(*(matter.about for matter in accepted(swap) if matter.code == "COVERAGE_GAP"))


def unapproved(swap: SwapRecord, found: Judgement) -> list[SwapFinding]:
    """Findings that ask for a decision which nobody of their level has made.

    An approval covers the findings that were shown and no more: another date of the same code, another person, or a
    finding grown worse is a new one.
    """
    known = accepted(swap)
    return [item for item in found.findings if item.matter and not any(matter.covers(item.matter) for matter in known)]


def close_case(swap: SwapRecord, *, by: User | None, at: dt.datetime, reason: str) -> None:
    """End an open case that nobody has to decide any more."""
    for case in EscalationCase.objects.select_for_update().filter(swap=swap, status=CaseStatus.OPEN):
        case.status = CaseStatus.CLOSED
        signed(case, by=by, at=at, reason=reason).save()


def _reject(swap: SwapRecord, found: Judgement, *, by: User | None, at: dt.datetime) -> SwapRecord:
    record.move(
        swap, SwapStatus.REJECTED, actor=Actor.CHECKS, by=None, at=at, decided_at=at, error_code=found.error_code
    )
    record.note(swap, Event.REJECTED, by=None, at=at, codes=_codes(found))
    close_case(swap, by=None, at=at, reason="rejected by the checks")
    first = next(item for item in found.findings if item.verdict is Verdict.REJECT)
    # What is refused on the spot is no news for a partner who has heard nothing of it.
    heard = swap.consent_at is not None or swap.requested_at < at
    people = record.parties(swap) if heard else [swap.requested_by, swap.source_person.user]
    body = f"{first.public} The report names weeks and partners that would pass."
    record.tell(people, swap, kind="SWAP_REJECTED", title=f"Swap refused: {record.dates_of(swap)}", body=body, at=at)
    return swap


def ask_partner(swap: SwapRecord, *, at: dt.datetime) -> None:
    """Tell the partner of the request and until when it waits for them."""
    when = timezone.localtime(swap.consent_due)
    record.tell(
        [swap.target_person.user],
        swap,
        kind="SWAP_REQUESTED",
        title=f"You are asked to swap: {record.dates_of(swap)}",
        body=f"Answer until {when:%Y-%m-%d %H:%M}; afterwards the request lapses.",
        at=at,
    )


def _codes(found: Judgement) -> list[str]:
    return sorted({item.code for item in found.findings})


def _version(found: Judgement) -> Schedule | None:
    """The published version that holds the giver's first session."""
    if found.planned is None:
        return None
    versions = versions_of(day for day, _ in found.planned.request.giver_places)
    return versions[0] if versions else None


def _due_sentence(case: EscalationCase) -> str:
    return f"Answer until {timezone.localtime(case.due_at):%Y-%m-%d %H:%M}."
