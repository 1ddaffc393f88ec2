"""What each document says, as Markdown, from what is known at the moment of writing. No names, no reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.utils import timezone

from resilience.enums import ApprovalState, ApproverPart, DocumentKind
from resilience.models import Approval, Incident
from resilience.services import breaker
from resilience.services.answers import ReadinessAnswer
from resilience.services.documents.status import UNKNOWN, quick_status
from resilience.services.forces import Requirement, requirement
from resilience.services.loss import loss_of
from resilience.services.tools import check_mtf_compliance_tool
from resilience.services.world import NothingPublished
from schedules.models import Breaker, Person

NONE = "None."
INTERNAL = "Internal draft. It goes to nobody outside the program until a person has reviewed and signed it."


def incident_report(incident: Incident, *, at: dt.datetime) -> str:
    """The report of an incident as it stands: the parts and headings of the operating procedure."""
    documents = [f"{item.get_kind_display()}: {item.title}" for item in incident.documents.order_by("drafted_at")]
    return _joined(
        "## INCIDENT REPORT",
        f"**Incident**: {incident.number}",
        f"**Severity**: {incident.severity}",
        f"**Time Detected**: {_utc(incident.detected_at)}",
        f"**Status**: {_status(incident)}",
        f"**Data age**: {_age(incident, at)}",
        "### Summary",
        incident.summary or incident.title,
        "### Impact Assessment",
        _bullets(_facts(incident.impact)),
        "### Analysis Results",
        _bullets(_analysis(incident)),
        "### Recommended Actions",
        _numbered(_advice(incident)),
        "### Required Approvals",
        _boxes(incident),
        "### Generated Documentation",
        _bullets(documents),
    )


def missing_people(incident: Incident | None) -> str:
    """Names of those who are missing, for the restricted part; '' where nobody is."""
    if incident is None or not incident.people:
        return ""
    names = Person.objects.filter(pk__in=incident.people).order_by("name").values_list("name", flat=True)
    return _joined("Missing:", _bullets(names))


def _sitrep(incident: Incident | None, at: dt.datetime) -> str:
    ready = check_mtf_compliance_tool(at=at)
    return _joined(
        "# SITUATION REPORT",
        f"As of {_utc(at)}. {INTERNAL}",
        "## 1. Situation",
        incident.summary or incident.title if incident else "No incident is named by this report.",
        *([f"Severity {incident.severity}, {_status(incident).lower()}."] if incident else []),
        "## 2. Status",
        _bullets(quick_status(at=at).lines),
        "## 3. Readiness",
        _bullets(_worksheet_lines(ready)),
        "## 4. Deficiencies",
        _bullets(ready.deficiencies),
        "## 5. Actions",
        _numbered(_advice(incident) if incident else ()),
    )


def _memorandum(incident: Incident | None, at: dt.datetime) -> str:
    row = breaker.current()
    return _joined(
        "# MEMORANDUM FOR RECORD",
        f"{_utc(at)}. {INTERNAL}",
        f"**Subject**: {incident.title if incident else 'State of the schedule circuit breaker'}",
        "1. **What happened.** " + (incident.summary or incident.title if incident else row.cause or "See below."),
        f"2. **Circuit breaker.** {row.get_state_display()}" + (f": {row.cause}" if row.cause else "") + ".",
        "3. **What was decided.**",
        _bullets([*_override(row), *_decisions(incident)]),
        "4. **What follows.**",
        _bullets(_advice(incident) if incident else ()),
    )


def _request(incident: Incident | None, at: dt.datetime) -> str:
    """What is asked for: posts, dates and credentials, for whom the incident misses, each on their own dates."""
    loss = loss_of(incident, at=at) if incident else None
    try:
        asked = requirement(loss, at=at)
    except NothingPublished as missing:
        posts, why = UNKNOWN, f"Unknown. {missing}"
    else:
        posts, why = _bullets(need.sentence for need in asked.needs), _shortage(asked, len(loss.lost) if loss else 0)
    return _joined(
        "# REQUEST FOR FORCES",
        f"{_utc(at)}. {INTERNAL}",
        "## 1. Requirement",
        "Posts that stay open, with the dates and what whoever comes must be:",
        posts,
        "## 2. Why the program cannot fill it",
        why,
        "## 3. Situation",
        incident.summary or incident.title if incident else "No incident is named by this request.",
    )


def _shortage(asked: Requirement, missing: int) -> str:
    gone = f"{missing} people of the program are missing. " if missing > 1 else ""
    looked = (
        f"{gone}From {asked.start:%d %b %Y} to {asked.end:%d %b %Y} everything that may be given up was given up for"
        " these posts, and nobody else of the program may hold them."
    )
    return f"{looked} {asked.gap}".strip()


def _worksheet(incident: Incident | None, at: dt.datetime) -> str:
    ready = check_mtf_compliance_tool(at=at)
    return _joined(
        "# READINESS WORKSHEET",
        f"{_utc(at)}. {INTERNAL}",
        _bullets(_worksheet_lines(ready)),
        "## Deficiencies",
        _bullets(ready.deficiencies),
    )


BODIES: Mapping[DocumentKind, Callable[[Incident | None, dt.datetime], str]] = {
    DocumentKind.SITREP: _sitrep,
    DocumentKind.MFR: _memorandum,
    DocumentKind.RFF: _request,
    DocumentKind.WORKSHEET: _worksheet,
}
"""Every kind but the incident report, which needs its incident."""


def _worksheet_lines(ready: ReadinessAnswer) -> list[str]:
    overall = "UNKNOWN" if ready.overall is None else f"C-{ready.overall}"
    areas = (
        f"{area.area} ({area.name}): {'UNKNOWN' if area.rating is None else f'{area.area}-{area.rating}'}"
        + (f", adjusted by a person: {area.adjustment_reason}" if area.adjusted_by else "")
        for area in ready.areas
    )
    return [f"Overall: {overall}", *areas, f"Circuit breaker: {ready.breaker}"]


def _status(incident: Incident) -> str:
    active = "ACTIVE - " if incident.is_open else ""
    return f"{active}{incident.get_state_display().upper()}"


def _age(incident: Incident, at: dt.datetime) -> str:
    if incident.analysed_at is None:
        return "not analysed yet"
    return f"analysed {int((at - incident.analysed_at).total_seconds() // 60)} minutes ago"


def _facts(facts: Mapping[str, Any]) -> Iterable[str]:
    """Figures by name; lists of things count."""
    for name, value in facts.items():
        shown = len(value) if isinstance(value, list | dict) else "UNKNOWN" if value is None else value
        yield f"{name.replace('_', ' ').capitalize()}: {shown}"


def _analysis(incident: Incident) -> Iterator[str]:
    """What each tool found, in the words of the operating procedure; a tool that was not run is left out."""
    for name, sentences in _FINDINGS.items():
        answer = incident.analysis.get(name)
        if answer:
            yield from sentences(answer)


def _losses(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"N-1 Resilience: {_PASSED[answer.get('n1_compliant')]}"
    yield f"N-2 Resilience: {_PASSED[answer.get('n2_compliant')]}"
    for scenario in answer.get("scenarios", ()):
        yield f"This loss: {scenario['outcome']}, {scenario['uncovered']} posts that nobody can fill"
    if answer.get("cascade"):
        yield f"Cascade Risk: {answer['cascade']['risk']}"


def _hubs(answer: Mapping[str, Any]) -> Iterator[str]:
    critical = [hub for hub in answer.get("hubs", ()) if hub["uncovered"]]
    yield f"Hub Centrality: {len(critical)} people whose loss alone leaves posts open"


def _zones(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"Blast Radius: {answer.get('containment', UNKNOWN)}"


def _lasting(answer: Mapping[str, Any]) -> Iterator[str]:
    lasting = {True: "sustainable", False: "not sustainable", None: UNKNOWN}[answer.get("sustainable")]
    left = f", exhausted on {answer['exhausted_on']}" if answer.get("exhausted_on") else ""
    yield f"Equilibrium: {lasting}{left}"


def _given_up(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer.get("chosen"):
        yield f"Shedding (simulated): level {answer['chosen']}, {len(answer.get('gaps', ()))} posts stay open"


_PASSED = {True: "PASSED", False: "FAILED", None: UNKNOWN}
_FINDINGS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "run_contingency_analysis_resilience_tool": _losses,
    "analyze_hub_centrality_tool": _hubs,
    "calculate_blast_radius_tool": _zones,
    "analyze_le_chatelier_tool": _lasting,
    "execute_sacrifice_hierarchy_tool": _given_up,
}


def _advice(incident: Incident) -> Iterator[str]:
    """Each recommendation with its simulated effect."""
    for item in incident.recommendations:
        effect = f" ({item['effect']})" if item.get("effect") else ""
        yield f"{item.get('title', '')}{effect}"


def _boxes(incident: Incident) -> str:
    """One box for each approval asked for, ticked once it is granted, and for what is still to be asked."""
    approvals = list(incident.approvals.order_by("proposed_at"))
    lines = [_box(item) for item in approvals]
    asked = {_key(item) for item in approvals}
    lines += [
        f"- [ ] {item['title']} (not asked yet)"
        for item in incident.recommendations
        if item.get("needs_approval") and item.get("key") not in asked
    ]
    return "\n".join(lines) or NONE


def _box(approval: Approval) -> str:
    tick = "x" if approval.state in (ApprovalState.GRANTED, ApprovalState.USED) else " "
    parts = " and ".join(ApproverPart(part).label.lower() for part in approval.needed)
    return f"- [{tick}] {approval.title}: {parts} ({approval.get_state_display().lower()})"


def _key(approval: Approval) -> str:
    """The key of the recommendation that an approval was asked for."""
    return f"{approval.action}:{approval.target}"


def _override(row: Breaker) -> Iterator[str]:
    if row.override_until is not None:
        yield f"Overridden by two authorised persons until {_utc(row.override_until)}: {row.override_reason}"


def _decisions(incident: Incident | None) -> Iterable[str]:
    if incident is None:
        return
    for item in incident.approvals.order_by("proposed_at"):
        yield f"{item.title}: {item.get_state_display().lower()}"


def _joined(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or NONE


def _numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1)) or NONE


def _utc(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC ({timezone.localtime(at):%H:%M} local)"
