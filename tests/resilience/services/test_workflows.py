"""The three workflows of the operating procedure on the real program, from detection to recovery."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from accounts.models import User
from common.errors import DomainError
from resilience.domain.levels import Level
from resilience.models import AbsenceAnalysis, FallbackPlan, Incident
from resilience.services import approvals, documents, incidents, posture
from schedules.domain.problem import Session
from schedules.domain.rules import check
from schedules.enums import AbsenceStatus, ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Activity, Assignment, Block, Person, Schedule
from schedules.services import absences, imports
from swaps.models import MarketplaceOffer
from tests.factories import generation, program

PROGRAM_DATA = Path(os.environ.get("PROGRAM_DATA", Path(__file__).parents[4] / "shared" / "data" / "fm-ay2025"))
AT = dt.datetime(2026, 3, 13, 18, tzinfo=dt.UTC)
"""08:00 of Friday 13 March in the program's time zone."""
MONDAY, FRIDAY = dt.date(2026, 3, 16), dt.date(2026, 3, 20)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not PROGRAM_DATA.is_dir(), reason=f"no program data at {PROGRAM_DATA}"),
]


@pytest.fixture
def published() -> tuple[Schedule, Schedule]:
    """Blocks 10 and 11 of the real year, published."""
    imports.import_program(PROGRAM_DATA, by=None, at=AT, skip_bad=True)
    return _published(10), _published(11)


def _published(number: int) -> Schedule:
    block = Block.objects.get(number=number, academic_year=2025)
    made = generation.draft(block.start_date, block.end_date)
    with program.open_gate():
        made.status, made.published_at = ScheduleStatus.PUBLISHED, AT
        made.save()
    return made


def attendings() -> list[Person]:
    return list(Person.objects.filter(role="FACULTY", is_active=True, adjunct=False).order_by("name"))


def sick(person: Person) -> AbsenceAnalysis:
    reported = program.absence(person, MONDAY, FRIDAY, status=AbsenceStatus.REQUESTED, kind="SICK")
    found = incidents.look_at_absence(reported, at=AT)
    assert found is not None
    return found


def hard_findings() -> set[str]:
    """Those that some roster could avoid: an absent FMIT attending is found whoever replaces them."""
    problem = load_problem(AT.date(), FRIDAY)
    hard = check(problem, load_roster(problem, schedule="published")).hard
    return {f"{finding.rule} {finding.message}" for finding in hard if not finding.unavoidable}


def test_a_faculty_absence_of_each_impact(published, coordinator, director):
    # Arrange: one after the other, each attending reports sick for the week; nobody else is away.
    posture.evaluate_fully(at=AT)
    found = {}
    for person in attendings():
        row = sick(person)
        found.setdefault(row.impact, row)
        row.absence.delete() if row is not found.get(row.impact) else None

    # LOW: idle people cover it; the week is offered to volunteers, and nobody is asked.
    low = found["LOW"]
    assert low.idle_covers
    assert low.incident is None
    assert MarketplaceOffer.objects.filter(person=low.absence.person).count() == len(
        [item for item in low.proposals if item["key"] == "marketplace"]
    )

    # MEDIUM: a plan that brings no new hard finding, put in force by the coordinator's word.
    medium = found["MEDIUM"]
    key = next(item["key"] for item in medium.proposals if item["key"].startswith("fallback:"))
    before = hard_findings()
    absences.approve(medium.absence, by=director, at=AT)
    incident = _incident_of(medium, key, by=director)
    asked = incidents.propose(incident, key, by=director, at=AT)
    approvals.approve(asked, by=coordinator, at=AT)
    approvals.carry_out(asked, by=director, at=AT)
    # What comes with the loss itself (a call on the eve of the leave) is listed, and the plan adds nothing to it.
    plan = FallbackPlan.objects.get(pk=key.partition(":")[2])
    assert len(hard_findings() - before) <= len(plan.unresolved)
    assert not Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED,
        person=medium.absence.person,
        date__range=(MONDAY, FRIDAY),
        session=Session.AM,
    ).exclude(activity__code="LV")

    # HIGH: one attending after the other falls ill until a post has nobody to spare.
    high = _until_high()
    incident = high.incident
    assert incident is not None
    incidents.analyse(incident, at=AT)
    incident.refresh_from_db()
    assert Level[incident.severity] >= Level.ORANGE
    assert incident.analysed_at == AT
    assert {"DETECTED", "ANALYSED", "RESPONDED"} <= {
        target.step for target in incidents.times(incident, at=AT) if target.met
    }


def _incident_of(analysis: AbsenceAnalysis, key: str, *, by: User) -> Incident:
    """A person takes the proposal of an absence up as an incident."""
    made = incidents.report(
        title="A week without an attending",
        summary="",
        severity=Level.ORANGE,
        by=by,
        at=AT,
        people=[str(analysis.absence.person_id)],
        start=MONDAY,
        end=FRIDAY,
    )
    incidents.analyse(made, at=AT)
    made.refresh_from_db()
    assert key in {item["key"] for item in made.recommendations}
    return made


def _until_high() -> AbsenceAnalysis:
    for person in attendings():
        if Absence.objects.filter(person=person, start_date__lte=MONDAY, end_date__gte=MONDAY).exists():
            continue
        row = sick(person)
        if row.impact == "HIGH":
            return row
        row.absence.status = AbsenceStatus.APPROVED
        row.absence.save()
    raise AssertionError("Nobody's absence was of high impact.")


def test_a_deployment_of_three_is_answered_and_not_called_over_too_early(published, coordinator, director):
    posture.evaluate_fully(at=AT)
    lost = [str(person.pk) for person in attendings()[:3]]

    incident = incidents.report(
        title="Three attendings deploy",
        summary="A deployment of three.",
        severity=Level.RED,
        by=coordinator,
        at=AT,
        people=lost,
        start=MONDAY,
        end=FRIDAY,
    )
    incidents.analyse(incident, at=AT + dt.timedelta(seconds=30))
    incident.refresh_from_db()

    assert incident.impact["people"] == 3
    assert incident.impact["cascade_risk"] in {"LOW", "MEDIUM", "HIGH"}
    assert [item.kind for item in incident.documents.all()] == ["SITREP"]
    report = documents.incident_report(incident, at=AT)
    assert "**Severity**: RED" in report

    incidents.acknowledge(incident, by=director, at=AT + dt.timedelta(minutes=2))
    incidents.note_action(incident, text="Asked the hospital for a locum.", by=director, at=AT)
    incidents.monitor(incident, by=director, at=AT)
    with pytest.raises(DomainError) as refused:
        incidents.recover(incident, by=director, at=AT)
    assert refused.value.code == "not_recovered"
    assert any("24 hours" in sentence for sentence in refused.value.extra["missing"])

    incident.refresh_from_db()
    kept = {target.step: target.met for target in incidents.times(incident, at=AT + dt.timedelta(minutes=3))}
    assert (kept["ACKNOWLEDGED"], kept["ANALYSED"]) == (True, True)
    assert [line.event for line in incident.timeline.all()][:2] == ["OPENED", "NOTIFIED"]


def test_one_violation_has_a_checked_fix_and_many_escalate(published, director):
    _without_supervisors(published[0], MONDAY)
    one = incidents.look_at_violations(at=AT)
    assert one is not None
    assert (one.trigger_value, one.severity) == ("1", "YELLOW")
    (fix,) = [item for item in one.recommendations if item["act"] == "fix_violation"]

    for n in (1, 3, 4):
        _without_supervisors(published[0], MONDAY + dt.timedelta(days=n))
    many = incidents.look_at_violations(at=AT)
    assert many is not None
    assert (many.pk, many.trigger_value, many.severity) == (one.pk, "4", "ORANGE")
    assert director.notifications.filter(title="4 violations need a person").count() == 1

    incidents.fix_violation(many, fix["key"], by=director, at=AT)
    left = incidents.look_at_violations(at=AT)
    assert left is not None
    assert left.trigger_value == "3"


def _without_supervisors(schedule: Schedule, day: dt.date) -> None:
    """The morning's supervisors do something else: the residents in clinic are without one."""
    admin = Activity.objects.get(code="ADM")
    with program.open_gate():
        for row in schedule.assignments.filter(date=day, session=Session.AM, activity__provides_supervision=True):
            row.activity = admin
            row.save()
