"""What to do about an incident, from what the tools found: each piece with its simulated effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from resilience.domain.incidents import SHEDDING_APPROVERS, Approver
from resilience.domain.levels import Level
from resilience.domain.shedding import ShedLevel
from resilience.enums import IncidentKind
from resilience.models import AbsenceAnalysis, FallbackPlan, Incident
from resilience.services.answers import HubsAnswer, LeChatelierAnswer, SheddingAnswer
from resilience.services.approvals.parts import in_words
from resilience.services.forces import Requirement


@dataclass(frozen=True)
class Advice:
    """One recommendation. `act` is the function a person calls with `key`: propose, fix_violation, or '' for none."""

    key: str
    title: str
    text: str = ""
    effect: str = ""
    act: str = ""
    needs_approval: bool = False
    option: str = ""
    """Heading under which it stands beside the other ways out; '' = on its own."""
    facts: tuple[tuple[str, str], ...] = ()
    """Of an option: the same questions in the same order for each."""
    plan: str = ""
    """Id of the fallback plan that it is about."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ground:
    """What advice rests on beside the answers of the tools."""

    plan: FallbackPlan | None = None
    """For those who are missing."""
    hurdle: str = ""
    """Why that plan cannot be proposed now; '' where it can."""
    ready: Sequence[FallbackPlan] = ()
    """Standing plans for the losses that would hurt most, the gravest first."""
    absence: AbsenceAnalysis | None = None
    needs: Requirement | None = None
    """What people from outside would be asked for."""


def advice(incident: Incident, answers: Mapping[str, Any], ground: Ground) -> list[Advice]:
    """The gentlest first: volunteers, the backup pool, the plan, shedding, people from outside, training.

    Where several people are missing, shedding, people from outside and training stand side by side.
    """
    kept = [Advice(**item) for item in incident.recommendations if item.get("act") == "fix_violation"]
    shedding, hubs = answers.get("execute_sacrifice_hierarchy_tool"), answers["analyze_hub_centrality_tool"]
    if len(incident.people) > 1:
        ways = [_partly(shedding), _locum(ground.needs), _trained(hubs)]
    else:
        wanted = Level[incident.severity] >= Level.ORANGE
        ways = [*_shedding(shedding), *_from_outside(shedding), *_training(hubs, wanted=wanted)]
    return [
        *kept,
        *_of_absence(ground.absence),
        *([plan_advice(ground.plan, ground.hurdle)] if ground.plan is not None and ground.plan.changes else []),
        *(_ready(plan) for plan in ground.ready),
        *ways,
        *_lasting(answers["analyze_le_chatelier_tool"]),
        *_by_kind(incident),
    ]


def _of_absence(absence: AbsenceAnalysis | None) -> Iterator[Advice]:
    """What the absence's own analysis proposed, by its impact."""
    for item in absence.proposals if absence else ():
        yield Advice(**item)


def plan_advice(plan: FallbackPlan, hurdle: str) -> Advice:
    """To put a plan in force; with a hurdle nothing is offered, but what has to be done before."""
    share = plan.filled / plan.demanded if plan.demanded else 1.0
    effect = f"{len(plan.changes)} changes, {len(plan.moved)} people move; coverage {share:.1%}"
    absences = "one absence" if len(plan.people) == 1 else f"{len(plan.people)} absences"
    left = f"; {len(plan.open_posts)} posts stay open" if plan.open_posts else ""
    return Advice(
        key=f"fallback:{plan.pk}",
        title=f"Put the fallback for {absences} in force",
        text=f"{plan.start_date} to {plan.end_date}." + (f" Not to be proposed yet: {hurdle}" if hurdle else ""),
        effect=effect + left,
        act="" if hurdle else "propose",
        needs_approval=True,
        plan=str(plan.pk),
    )


def _ready(plan: FallbackPlan) -> Advice:
    """A plan that is kept for a loss which has not come: attached, to be had at hand."""
    open_posts = len(plan.open_posts)
    left = f"{open_posts} posts would stay open" if open_posts else "every post would be covered"
    return Advice(
        key=f"ready:{plan.pk}",
        title=f"Have the fallback for {plan.get_scenario_display().lower()} at hand",
        text=f"Kept for a loss that would leave nobody to spare, {plan.start_date} to {plan.end_date}.",
        effect=f"{len(plan.changes)} changes, {len(plan.moved)} people would move; {left}",
        plan=str(plan.pk),
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


def _from_outside(found: SheddingAnswer | None) -> Iterator[Advice]:
    """A locum: the posts and dates that nobody of the program can fill."""
    if found is None or not found.gaps:
        return
    posts = "; ".join(f"{gap.date} {gap.session} {gap.post} ({gap.missing})" for gap in found.gaps[:6])
    yield Advice(
        key="locum",
        title="Ask for people from outside",
        text=f"No level of shedding fills: {posts}.",
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


# --- several people missing: the ways out side by side ---------------------------------------------------------------


def _facts(fills: str, costs: str, stays: str, ready: str, word: str) -> tuple[tuple[str, str], ...]:
    return (("Fills", fills), ("Costs", costs), ("Stays open", stays), ("Ready", ready), ("Needs the word of", word))


def _partly(found: SheddingAnswer | None) -> Advice:
    """Partial shedding: the level that is enough, or that fills the most."""
    option = "Partial shedding"
    if found is None or found.chosen is None:
        nothing = "no patient care is open that shedding could fill"
        return Advice("no-shedding", "Shed nothing", option=option, effect=nothing, facts=_facts(*["nothing"] * 5))
    done = next(effect for effect in found.effects if effect.level == found.chosen)
    word = in_words(sorted(SHEDDING_APPROVERS[ShedLevel[found.chosen]], key=list(Approver).index))
    return Advice(
        key=f"shedding:{found.chosen}",
        title=f"Shed work at level {found.chosen}",
        text=found.message,
        effect=f"{done.shed} half-days given up, {done.filled} open posts filled, {done.missing} stay open",
        act="propose" if found.changes else "",
        needs_approval=True,
        option=option,
        facts=_facts(f"{done.filled} posts", f"{done.shed} half-days of work", str(done.missing), "at once", word),
    )


def _locum(needs: Requirement | None) -> Advice:
    """People from outside for the posts that nobody of the program can fill, with dates and credentials."""
    option, word = "People from outside", in_words([Approver.PROGRAM_DIRECTOR])
    if needs is None:
        return Advice("locum", "Ask for people from outside", option=option, effect="What is lacking is unknown.")
    if not needs.needs:
        nothing = "the program can hold every post of patient safety by itself"
        return Advice("locum", "Ask for nobody", option=option, effect=nothing, facts=_facts(*["nothing"] * 5))
    return Advice(
        key="locum",
        title="Ask for people from outside",
        text="; ".join(need.sentence for need in needs.needs),
        effect="The request for forces is drafted below: review and sign it.",
        needs_approval=True,
        option=option,
        facts=_facts(f"{needs.posts} posts", "external staff", "0 once they come", "when they come", word),
    )


def _trained(found: HubsAnswer) -> Advice:
    """Somebody of the program learns what the tightest posts need."""
    option, best = "Cross-training", found.trainings[0] if found.trainings else None
    if best is None:
        nothing = "no single training makes the tightest day less tight"
        return Advice(
            "training", "Train nobody for this", option=option, effect=nothing, facts=_facts(*["nothing"] * 5)
        )
    gain = f"k* {best.margin_before} to {best.margin_after}"
    return Advice(
        key="training",
        title="Train a second person",
        text=f"Somebody outside the tightest group learns {best.post}.",
        effect=gain,
        option=option,
        facts=_facts(
            f"{best.uncovered_before - best.uncovered_after} posts that one more loss would open",
            "the time of a teacher and a learner",
            "what is open today",
            "after the training",
            "nobody",
        ),
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
