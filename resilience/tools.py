"""The eleven tools of resilience, described for agents and for REST; what they compute is in `services.tools`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

import backups.services
from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid, NotFound
from common.tools import document, tool
from resilience import access
from resilience.access import answer_visible_to, require
from resilience.services import answers, documents
from resilience.services import tools as computed

MOST_PEOPLE = 20
PlannedFor = Annotated[
    list[uuid.UUID],
    Field(
        max_length=MOST_PEOPLE, description="Ids: the plans for the loss of exactly these people; nobody = all plans."
    ),
]
Lost = Annotated[
    list[uuid.UUID],
    Field(max_length=MOST_PEOPLE, description="Ids of the people who would be lost; nobody = as it stands."),
]
Scenario = Literal[
    "",
    "faculty_absence",
    "single_absence",
    "dual_absence",
    "deployment",
    "pcs_season",
    "holiday_period",
    "mass_casualty",
]
FallbackScenario = Literal[
    "", "single_absence", "dual_absence", "deployment", "pcs_season", "holiday_period", "mass_casualty"
]
ShedLevel = Literal["", "YELLOW", "ORANGE", "RED", "BLACK", "CRITICAL"]


# --- how near the edge ----------------------------------------------------------------------------------------------


@tool(shown=answer_visible_to)
def check_utilization_threshold_tool(
    *,
    by: User,
    at: dt.datetime,
    days: Annotated[int | None, Field(ge=1, le=366, description="Horizon from today; null = the policy's.")] = None,
) -> answers.UtilizationAnswer:
    """Demanded over available person-half-days of the published schedule, with the tightest set of posts.

    Levels: below 0.70 GREEN, 0.80 YELLOW, 0.90 ORANGE, 0.95 RED, else BLACK; pools under 8 people are judged by their
    margin k* instead. `demanded`, `available`, `buffer` (up to 0.80) and `safe_maximum` count person-half-days.
    `wait_days` is null with the reason where arrivals were never measured.
    """
    _require_reading(by)
    return computed.check_utilization_threshold_tool(at=at, days=days)


@tool(shown=answer_visible_to)
def get_defense_level_tool(*, by: User, at: dt.datetime) -> answers.DefenseAnswer:
    """Where the program stands: defense level by coverage, posture in force with what triggers it, and each barrier.

    Barriers are READY, ACTIVE, DEGRADED, FAILED or UNKNOWN on evidence of their own. Lowering it is up to a person.
    """
    _require_reading(by)
    return computed.get_defense_level_tool(at=at)


@tool(shown=answer_visible_to)
def run_contingency_analysis_resilience_tool(
    *,
    by: User,
    at: dt.datetime,
    scenario: Annotated[
        Scenario,
        Field(
            description="What to call the loss, or whose stored cohort it is; without people too, N-1 and N-2 alone."
        ),
    ] = "",
    people: Annotated[
        list[uuid.UUID],
        Field(max_length=MOST_PEOPLE, description="Who is lost; with nobody, the cohort stored by that name."),
    ] = [],  # noqa: B006 - read only
    start: Annotated[dt.date | None, Field(description="First day of the loss.")] = None,
    end: Annotated[dt.date | None, Field(description="Last day of the loss, included.")] = None,
    analyze_n1: Annotated[bool, Field(description="The loss of each one person.")] = True,
    analyze_n2: Annotated[bool, Field(description="The loss of every two.")] = True,
    include_cascade_simulation: Annotated[
        bool, Field(description="Day by day: re-cover, accrue hours, drop out at the duty limit.")
    ] = False,
) -> answers.ContingencyAnswer:
    """What happens if people are lost: exact N-1 and N-2 margins with proofs, and scenarios judged to the end.

    A scenario is FATAL with a proof, SAFE with a roster that the rule table accepts, or UNKNOWN with the reason.
    Changes nothing.
    """
    _require_reading(by, simulates=bool(scenario or people or include_cascade_simulation))
    return computed.run_contingency_analysis_resilience_tool(
        at=at,
        scenario=scenario,
        people=_ids(people),
        start=start,
        end=end,
        analyze_n1=analyze_n1,
        analyze_n2=analyze_n2,
        include_cascade_simulation=include_cascade_simulation,
    )


@tool(shown=answer_visible_to)
def analyze_hub_centrality_tool(*, by: User, at: dt.datetime) -> answers.HubsAnswer:
    """Whom the program leans on, ranked by what their loss leaves open, and whom to train with the exact gain in k*.

    Degree and betweenness describe the graph of people and posts and rank nobody.
    """
    _require_reading(by)
    return computed.analyze_hub_centrality_tool(at=at)


# --- how far a loss reaches -----------------------------------------------------------------------------------------


@tool(shown=answer_visible_to)
def calculate_blast_radius_tool(*, by: User, at: dt.datetime, people: Lost = []) -> answers.BlastAnswer:  # noqa: B006
    """How far a shortage reaches: open posts of each zone on its own, with legal loans, and with everybody pooled.

    A zone borrows two people and lends one in a session, and lends only while its k* stays at least 1. Makes no loan;
    at containment MODERATE or above a person has to approve them.
    """
    _require_reading(by, simulates=bool(people))
    return computed.calculate_blast_radius_tool(at=at, people=_ids(people))


@tool(shown=answer_visible_to)
def analyze_le_chatelier_tool(
    *,
    by: User,
    at: dt.datetime,
    people: Lost = [],  # noqa: B006 - read only
    days: Annotated[int | None, Field(ge=1, le=366, description="Horizon from today; null = the policy's.")] = None,
) -> answers.LeChatelierAnswer:
    """How long the rest carry the load within their duty budgets after a lasting loss, and the time off then owed.

    Sustainable = covered to the end of the horizon without a debt; also per level of work given up.
    """
    _require_reading(by, simulates=bool(people))
    return computed.analyze_le_chatelier_tool(at=at, people=_ids(people), days=days)


@tool(shown=answer_visible_to)
def analyze_homeostasis_tool(*, by: User, at: dt.datetime) -> answers.HomeostasisAnswer:
    """Whether coverage, utilization, workload, stability and compliance stay in their bands, and who is strained.

    Each loop counts on its bad side alone; a correction it names needs a person.
    """
    _require_reading(by)
    return computed.analyze_homeostasis_tool(at=at)


@tool(shown=answer_visible_to)
def assess_cognitive_load_tool(*, by: User, at: dt.datetime) -> answers.LoadAnswer:
    """What waits for a decision of a person, in minutes, batches and what is overdue. Decides nothing.

    More than 7 is busy, more than 12 overloaded: then a named deputy is offered part of the queue.
    """
    require(by, Permission.SEE_DRAFTS)
    return computed.assess_cognitive_load_tool(at=at)


# --- what is kept ready, and what is done ---------------------------------------------------------------------------


@tool(shown=answer_visible_to)
def get_static_fallbacks_tool(
    *,
    by: User,
    at: dt.datetime,
    scenario: Annotated[FallbackScenario, Field(description="Plans of this kind; empty = of all.")] = "",
    people: PlannedFor = [],  # noqa: B006 - read only
) -> answers.FallbacksAnswer:
    """Plans kept ready for a loss of people, as differences to the published schedule. Activates none.

    VALID, STALE (the schedule changed since: refused), EXPIRED or ACTIVATED. Activation needs a person's approval.
    """
    _require_reading(by)
    return computed.get_static_fallbacks_tool(at=at, scenario=scenario, people=_ids(people))


@tool(writes=True, shown=answer_visible_to)
def execute_sacrifice_hierarchy_tool(
    *,
    by: User,
    at: dt.datetime,
    target_level: Annotated[
        ShedLevel, Field(description="How much may be given up; empty = the smallest level that suffices.")
    ] = "",
    simulate_only: Annotated[bool, Field(description="False executes, with an approval.")] = True,
    approval: Annotated[
        uuid.UUID | None, Field(description="Id of the approval that people granted in the browser.")
    ] = None,
    restore_due: Annotated[dt.date | None, Field(description="When the work is to come back.")] = None,
) -> answers.SheddingAnswer:
    """Which work to give up, least important first, so that uncovered patient care is filled. Simulates by default.

    Patient safety is never shed, and nobody is freed beyond what they fill. Executing needs the right to act, a fresh
    verified backup and the approval of exactly what was shown (`fingerprint`), which only people in the browser give.
    """
    require(by, Permission.SIMULATE_RESILIENCE)
    if simulate_only:
        return computed.execute_sacrifice_hierarchy_tool(at=at, target_level=target_level)
    require(by, Permission.APPROVE_RESILIENCE)
    if approval is None:
        raise Invalid(
            "Nothing was shed: give the id of an approval. Propose it in an incident; people approve it there.",
            code="approval_required",
        )
    backups.services.require_fresh()
    granted = access.approval(by, approval)
    return computed.execute_sacrifice_hierarchy_tool(
        at=at, target_level=target_level, simulate_only=False, by=by, approval=granted, restore_due=restore_due
    )


@tool(writes=True, shown=answer_visible_to)
def check_mtf_compliance_tool(
    *,
    by: User,
    at: dt.datetime,
    generate_sitrep: Annotated[bool, Field(description="Also write a situation report as a draft.")] = False,
) -> answers.ReadinessAnswer:
    """The readiness worksheet (an internal draft in DRRS style): people, supervision, required experience; C = worst.

    A draft situation report is for people to review and sign; nothing is released. UNKNOWN areas are not C-1.
    """
    _require_reading(by, simulates=generate_sitrep)
    return computed.check_mtf_compliance_tool(at=at, generate_sitrep=generate_sitrep, by=by)


# --- documents -------------------------------------------------------------------------------------------------------


@document("scheduler://quick-status", media_type="text/plain")
def quick_status(*, by: User, at: dt.datetime) -> str:
    """Seven lines on where production stands: posture, utilization, defense, coverage, decisions, alerts, next."""
    _require_reading(by)
    return documents.quick_status(at=at).text


@document("scheduler://incidents/{incident}/report", media_type="text/markdown")
def incident_report(*, by: User, at: dt.datetime, incident: str) -> str:
    """The report of an incident (by its id) as it would be written now. Drafts that were signed are documents."""
    return documents.incident_report(access.incident(by, _uuid(incident)), at=at)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as fault:
        raise NotFound("There is no such incident.") from fault


def _require_reading(by: User, *, simulates: bool = False) -> None:
    require(by, Permission.SIMULATE_RESILIENCE if simulates else Permission.READ_RESILIENCE)


def _ids(people: Sequence[uuid.UUID]) -> tuple[str, ...]:
    return tuple(map(str, people))
