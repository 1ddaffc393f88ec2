"""The report of one swap: the data behind it, as JSON and as Markdown, for one reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from schedules.domain.problem import PersonId
from schedules.models import Person
from swaps.domain.findings import SwapFinding
from swaps.domain.report import Party, SwapReport, markdown
from swaps.domain.tables import SENSITIVE_REASONS, Actor, Level, SwapStatus, SwapType, Verdict
from swaps.mapping import finding_json, to_finding
from swaps.models import SwapRecord
from swaps.queries import open_case
from swaps.services.rollback import rollback_eligible_until

NEXT_STEPS: Mapping[SwapStatus, tuple[str, ...]] = {
    SwapStatus.PENDING: ("The partner answers.",),
    SwapStatus.APPROVED: ("It is executed within minutes.",),
    SwapStatus.EXECUTED: ("Look at your weeks.", "Complain, or have it rolled back, while there is time."),
    SwapStatus.REJECTED: ("Choose one of the alternatives, or another week, and ask again.",),
    SwapStatus.CANCELLED: ("Ask again if the week is still to be swapped.",),
    SwapStatus.ROLLED_BACK: ("Everybody has their own weeks again; ask anew for another swap.",),
    SwapStatus.ROLLBACK_FAILED: ("The coordinator settles the changed rows one by one.",),
}

KNOW_SENSITIVE = frozenset({Actor.REQUESTER, Actor.PROGRAM_DIRECTOR})
WITHHELD = "It was decided; the words are for those who know the reason."


def report(swap: SwapRecord, *, at: dt.datetime) -> SwapReport:
    """Everything that the report says, its words unhidden; times in the program's zone."""
    stored = swap.judgement
    measured = stored.get("hours", {})
    status = SwapStatus(swap.status)
    findings = findings_of(swap)
    return SwapReport(
        request_id=str(swap.pk),
        type=SwapType(swap.swap_type),
        status=status,
        requested_by=_who_asked(swap),
        requested_at=timezone.localtime(swap.requested_at),
        source=_party(swap.source_person, swap.source_week, measured.get("source")),
        target=_party(swap.target_person, swap.target_week, measured.get("target")),
        findings=findings,
        outcome="ESCALATED" if status is SwapStatus.PENDING and open_case(swap) else status.value,
        rationale=swap.rationale or _rationale(swap, findings),
        next_steps=tuple(_next_steps(swap, status)),
        utilization=tuple(stored.get("utilization", (None, None))),
        executed_at=timezone.localtime(swap.executed_at) if swap.executed_at else None,
        transaction_id=str(swap.transaction_id or ""),
        rollback_until=_local(rollback_eligible_until(swap)),
    )


def findings_of(swap: SwapRecord) -> tuple[SwapFinding, ...]:
    """The findings of the newest judgement, the gravest first."""
    found = [to_finding(item) for item in swap.judgement.get("findings", ())]
    return tuple(sorted(found, key=lambda item: (-item.verdict, item.tier.value, item.code)))


def report_markdown(swap: SwapRecord, *, reader: Actor, at: dt.datetime) -> str:
    """The report as Markdown, in the words that this reader may read."""
    return markdown(_report_for(swap, reader=reader, at=at), reader=reader)


def report_json(swap: SwapRecord, *, reader: Actor, at: dt.datetime) -> dict[str, Any]:
    """The report as plain data, in the words that this reader may read."""
    made = _report_for(swap, reader=reader, at=at)
    return {
        "request_id": made.request_id,
        "type": made.type.name,
        "status": made.status.value,
        "requested_by": made.requested_by,
        "requested_at": made.requested_at.isoformat(),
        "parties": {"source": _party_json(made.source, made), "target": _party_json(made.target, made)},
        "checks": {
            f"tier_{number}": [_line(item, reader) for item in made.findings if item.tier.value in tiers]
            for number, tiers in (("1", ("intake", "1")), ("2", ("2", "any")), ("3", ("3",)))
        },
        "utilization": {"before": made.utilization[0], "after": made.utilization[1]},
        "decision": {
            "outcome": made.outcome,
            "rationale": made.rationale,
            "executed_at": made.executed_at.isoformat() if made.executed_at else None,
            "swap_id": made.request_id if made.executed_at else None,
        },
        "audit_trail": {
            "logged_to": "swap_records",
            "transaction_id": made.transaction_id or None,
            "rollback_eligible_until": made.rollback_until.isoformat() if made.rollback_until else None,
            "events": [
                {"event": row.event, "at": timezone.localtime(row.at).isoformat(), "by_system": row.user_id is None}
                for row in swap.audit.all()
            ],
        },
        "alternatives": alternatives_of(swap),
        "conflicts": swap.conflicts,
        "next_steps": list(made.next_steps),
    }


def _report_for(swap: SwapRecord, *, reader: Actor, at: dt.datetime) -> SwapReport:
    """The report without what people wrote about a sensitive request, but for those who know its reason."""
    made = report(swap, at=at)
    written = swap.rationale or swap.rollback_reason
    if written and swap.reason_code in SENSITIVE_REASONS and reader not in KNOW_SENSITIVE:
        return replace(made, rationale=WITHHELD)
    return made


def alternatives_of(swap: SwapRecord) -> list[dict[str, Any]]:
    """Weeks and partners that passed tier 1 when the request was refused, the best first."""
    stored: list[dict[str, Any]] = swap.judgement.get("alternatives", [])
    names = dict(Person.objects.filter(pk__in=[item["person"] for item in stored]).values_list("pk", "name"))
    by_id: dict[PersonId, str] = {str(pk): name for pk, name in names.items()}
    return [{**item, "name": by_id.get(item["person"], "")} for item in stored]


def _party(person: Person, week: dt.date | None, measured: list[float] | None) -> Party:
    return Party(name=person.name, id=str(person.pk), week=week, hours=measured[0] if measured else 0)


def _party_json(party: Party, made: SwapReport) -> dict[str, Any]:
    return {
        "name": party.name,
        "id": party.id,
        "week": party.week.isoformat() if party.week else None,
        "hours": party.hours,
        "hours_limit": made.hours_limit,
    }


def _line(item: SwapFinding, reader: Actor) -> dict[str, Any]:
    stored = finding_json(item)
    shown = {name: stored[name] for name in ("code", "verdict", "level", "days")}
    private = reader not in item.readers
    return {
        **shown,
        "message": item.text_for(reader),
        "measured": None if private else item.measured,
        "limit": item.limit,
    }


def _who_asked(swap: SwapRecord) -> str:
    user = swap.requested_by
    if user is None:
        return "-"
    return str(swap.source_person.name if swap.source_person.user_id == user.pk else user.get_username())


def _rationale(swap: SwapRecord, findings: tuple[SwapFinding, ...]) -> str:
    """Why it is where it is, where nobody has written a word."""
    status = SwapStatus(swap.status)
    case = open_case(swap)
    if case is not None:
        return f"{Level(case.level).name.replace('_', ' ').capitalize()} decides: {', '.join(case.codes)}."
    if status is SwapStatus.REJECTED:
        refused = [item.public for item in findings if item.verdict is Verdict.REJECT]
        return refused[0] if refused else f"Refused: {swap.error_code}."
    if status is SwapStatus.PENDING:
        return "Every check allows it; the partner's consent is missing."
    return swap.rollback_reason or "Every check allows it."


def _next_steps(swap: SwapRecord, status: SwapStatus) -> list[str]:
    steps = list(NEXT_STEPS[status])
    if status is SwapStatus.PENDING:
        due = timezone.localtime(swap.consent_due)
        steps = [] if swap.consent_at else [f"The partner answers until {due:%Y-%m-%d %H:%M}."]
    case = open_case(swap)
    if case is not None:
        until = timezone.localtime(case.due_at)
        steps.append(f"The {case.get_level_display().lower()} decides until {until:%Y-%m-%d %H:%M}.")
    return steps


def _local(time: dt.datetime | None) -> dt.datetime | None:
    return timezone.localtime(time) if time else None
