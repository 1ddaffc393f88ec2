"""What to do about an incident, from what the tools found: each piece with its simulated effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from resilience.domain.levels import Level
from resilience.enums import IncidentKind
from resilience.models import AbsenceAnalysis, FallbackPlan, Incident
from resilience.services.answers import HubsAnswer, LeChatelierAnswer, SheddingAnswer


@dataclass(frozen=True)
class Advice:
    """One recommendation. `act` is the function a person calls with `key`: propose, fix_violation, or '' for none."""

    key: str
    title: str
    text: str = ""
    effect: str = ""
    act: str = ""
    needs_approval: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def advice(
    incident: Incident, answers: Mapping[str, Any], *, plan: FallbackPlan | None, absence: AbsenceAnalysis | None
) -> list[Advice]:
    """The gentlest first: volunteers, the backup pool, the plan, shedding, people from outside, training."""
    kept = [Advice(**item) for item in incident.recommendations if item.get("act") == "fix_violation"]
    several = len(incident.people) > 1
    return [
        *kept,
        *_of_absence(absence),
        *([_plan(plan)] if plan is not None and plan.changes else []),
        *_shedding(answers.get("execute_sacrifice_hierarchy_tool")),
        *_from_outside(answers.get("execute_sacrifice_hierarchy_tool"), several=several),
        *_training(answers["analyze_hub_centrality_tool"], wanted=several or Level[incident.severity] >= Level.ORANGE),
        *_lasting(answers["analyze_le_chatelier_tool"]),
        *_by_kind(incident),
    ]


def _of_absence(absence: AbsenceAnalysis | None) -> Iterator[Advice]:
    """What the absence's own analysis proposed, by its impact."""
    for item in absence.proposals if absence else ():
        yield Advice(**item)


def _plan(plan: FallbackPlan) -> Advice:
    share = plan.filled / plan.demanded if plan.demanded else 1.0
    effect = f"{len(plan.changes)} changes, {len(plan.moved)} people move; coverage {share:.1%}"
    left = f"; {len(plan.open_posts)} posts stay open" if plan.open_posts else ""
    return Advice(
        key=f"fallback:{plan.pk}",
        title=f"Put the fallback for {plan.get_scenario_display().lower()} in force",
        text=f"{plan.start_date} to {plan.end_date}.",
        effect=effect + left,
        act="propose",
        needs_approval=True,
    )


def _shedding(found: SheddingAnswer | None) -> Iterator[Advice]:
    if found is None or not found.changes or found.chosen is None:
        return
    done = next(effect for effect in found.effects if effect.level == found.chosen)
    yield Advice(
        key=f"shedding:{found.chosen}",
        title=f"Shed work at level {found.chosen}",
        text="The smallest level that fills everything." if found.chosen == found.smallest else found.message,
        effect=f"{done.shed} half-days given up, {done.filled} open posts filled, {done.missing} stay open",
        act="propose",
        needs_approval=True,
    )


def _from_outside(found: SheddingAnswer | None, *, several: bool) -> Iterator[Advice]:
    """A locum: the posts and dates that nobody of the program can fill."""
    if found is None or not found.gaps:
        return
    posts = "; ".join(f"{gap.date} {gap.session} {gap.post} ({gap.missing})" for gap in found.gaps[:6])
    yield Advice(
        key="locum",
        title="Ask for people from outside",
        text=f"No level of shedding fills: {posts}.",
        effect="Draft the request for forces below." if several else "",
        needs_approval=True,
    )


def _training(found: HubsAnswer, *, wanted: bool) -> Iterator[Advice]:
    best = found.trainings[0] if wanted and found.trainings else None
    if best is not None:
        yield Advice(
            key="training",
            title="Train a second person",
            text=f"Somebody outside the tightest group learns {best.post}.",
            effect=f"k* {best.margin_before} to {best.margin_after}",
        )


def _lasting(found: LeChatelierAnswer) -> Iterator[Advice]:
    if found.sustainable is False:
        yield Advice(
            key="overtime",
            title="Decide how the others are relieved",
            text=found.message,
            effect=f"{found.debt} half-days off are owed" if found.debt else "",
            needs_approval=True,
        )


def _by_kind(incident: Incident) -> Iterator[Advice]:
    """What helps whatever the tools say."""
    text = _PLAIN.get(IncidentKind(incident.kind))
    if text:
        yield Advice(key=f"look:{incident.kind.lower()}", title=text)


_PLAIN = {
    IncidentKind.POSTURE: "Look at what asks for the posture on the Resilience page",
    IncidentKind.BREAKER: "Remove the cause; only changes that improve coverage pass meanwhile",
    IncidentKind.ROLLBACK: "Look at the rows of the swap that were changed meanwhile, and restore them by hand",
    IncidentKind.HEALTH: "Look at backups and workers",
    IncidentKind.RUN: "Read why the generation failed, and retry it",
}
