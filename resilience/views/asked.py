"""What an approval asks, as people read it: the figures that were shown, and the picture of what would change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

import resilience.services.fallbacks as fallback_services
from common.errors import DomainError
from resilience.enums import OPEN_APPROVALS, ApprovalAction, FallbackScenario
from resilience.models import Approval, FallbackPlan
from resilience.services.answers import CellView
from resilience.services.tools import execute_sacrifice_hierarchy_tool
from resilience.views.moves import MovePicture, apart
from schedules.views.generate import percent

Fact = tuple[str, list[str]]
"""A label and its lines."""


def facts_of(approval: Approval) -> list[Fact]:
    """The stored facts in words; an action without words of its own shows its facts by name."""
    words = _WORDS.get(ApprovalAction(approval.action))
    found = words(approval.facts) if words and approval.facts else _plain(approval.facts)
    return [(label, lines) for label, lines in found if lines]


def _fallback(facts: Mapping[str, Any]) -> Iterable[Fact]:
    demanded = facts.get("demanded")
    yield "For", [FallbackScenario(facts["scenario"]).label] if facts.get("scenario") else []
    yield "Changes", [f"{facts.get('changes', 0)}, {facts.get('moved', 0)} people move"]
    yield "Coverage with it", [percent(facts["filled"] / demanded, 1)] if demanded else []
    yield "Stays open", [" ".join(str(part) for part in post) + " missing" for post in facts.get("open", ())]
    yield "Not solved", list(facts.get("unresolved", ()))


def _shedding(facts: Mapping[str, Any]) -> Iterable[Fact]:
    level = facts.get("level", "")
    effect = next((row for row in facts.get("effects", ()) if row["level"] == level), None)
    yield "Level", [level.capitalize()]
    if effect:
        yield "Fills", [f"{effect['filled']} open posts; {effect['missing']} stay open"]
        yield "Gives up", [f"{effect['shed']} half-days of other work, {facts.get('changes', 0)} changes in all"]
    yield "Stays open", [_gap(gap) for gap in facts.get("gaps", ())]


def _gap(gap: Mapping[str, Any]) -> str:
    day = date_format(dt.date.fromisoformat(gap["date"]), "D j M")
    return f"{day} {gap['session']} {gap['post']}: {gap['missing']} missing"


def _override(facts: Mapping[str, Any]) -> Iterable[Fact]:
    until = timezone.localtime(dt.datetime.fromisoformat(facts["until"]))
    yield "The breaker is open because", [facts.get("cause", "")]
    yield "Let changes through until", [date_format(until, "D j M H:i")]
    yield "Why", [facts.get("reason", "")]


def _plain(facts: Mapping[str, Any]) -> Iterable[Fact]:
    return ((name.capitalize(), [str(value)]) for name, value in facts.items())


_WORDS: Mapping[ApprovalAction, Callable[[Mapping[str, Any]], Iterable[Fact]]] = {
    ApprovalAction.FALLBACK: _fallback,
    ApprovalAction.SHEDDING: _shedding,
    ApprovalAction.OVERRIDE: _override,
}


def changes_of(approval: Approval, *, at: dt.datetime) -> tuple[MovePicture, MovePicture] | None:
    """What others would take over and what those who are away give up; None once it is decided or has changed."""
    if approval.state not in OPEN_APPROVALS:
        return None
    try:
        changes = _cells(approval, at)
    except DomainError:
        return None
    return apart(changes) if changes else None


def _cells(approval: Approval, at: dt.datetime) -> tuple[CellView, ...]:
    """The very cells that were shown: of another fingerprint nothing is shown."""
    if approval.action == ApprovalAction.FALLBACK:
        plan = FallbackPlan.objects.filter(pk=approval.target).first()
        same = plan is not None and fallback_services.fingerprint(plan) == approval.shown
        return fallback_services.preview(plan, at=at).changes if plan and same else ()
    if approval.action == ApprovalAction.SHEDDING:
        found = execute_sacrifice_hierarchy_tool(at=at, target_level=approval.target)
        return found.changes if found.fingerprint == approval.shown else ()
    return ()
