"""The three workflows of the operating procedure on the real program, from detection to recovery, through the doors."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db.models import QuerySet
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import User
from resilience import tasks
from resilience.models import Approval, FallbackPlan, Incident, ResiliencePolicy
from resilience.services import documents
from schedules.domain.problem import ONE_DAY, Category, Session
from schedules.domain.rules import check
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Absence, Activity, Assignment, Block, Person, Schedule
from schedules.services import imports
from tests.factories import backups, generation, program
from tests.factories.kept import kept
from tests.factories.story import BEAT, Story

PROGRAM_DATA = Path(os.environ.get("PROGRAM_DATA", Path(__file__).parents[4] / "shared" / "data" / "fm-ay2025"))
BUILT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HARD_WEEK = dt.datetime(2026, 3, 9, 18, tzinfo=dt.UTC)
"""08:00 of Monday 9 March in the program's time zone: the planned attending of the week is absent, nobody is spare."""
QUIET_WEEK = HARD_WEEK + 7 * ONE_DAY
HARD_MONDAY, MONDAY = HARD_WEEK.date(), QUIET_WEEK.date()
FRIDAY = MONDAY + 4 * ONE_DAY
BLOCK_10 = dt.date(2026, 3, 12)

COORDINATOR, ARCHITECT, DIRECTOR = Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR
WAY = ["TRIAGED", "DIAGNOSED", "AWAITING_APPROVAL", "RESPONDING", "MONITORING", "RECOVERED", "REVIEWED", "CLOSED"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick_backups"),
    pytest.mark.skipif(not PROGRAM_DATA.is_dir(), reason=f"no program data at {PROGRAM_DATA}"),
]


@kept
def real_program() -> None:
    """Blocks 9, 10 and 11 of the real year, published."""
    imports.import_program(PROGRAM_DATA, by=None, at=BUILT, skip_bad=True)
    for number in (9, 10, 11):
        block = Block.objects.get(number=number, academic_year=2025)
        made = generation.draft(block.start_date, block.end_date)
        with program.open_gate():
            made.status, made.published_at = ScheduleStatus.PUBLISHED, BUILT
            made.save()
    seconds = int(BEAT.total_seconds())
    # As many clear evaluations as fit into the 24 hours at the story's beat.
    ResiliencePolicy.objects.create(heartbeat_seconds=seconds, unwatched_after_seconds=2 * seconds, clear_evaluations=2)


@pytest.fixture
def begin(
    api_as: Callable[[Role], APIClient], coordinator: User, architect: User, director: User
) -> Iterator[Callable[[dt.datetime], Story]]:
    """Open the story at a moment, with the program evaluated once."""
    with time_machine.travel(BUILT, tick=False):
        real_program()
    with time_machine.travel(HARD_WEEK, tick=False) as clock:

        def at(moment: dt.datetime) -> Story:
            clock.move_to(moment - BEAT)
            story = Story(clock, api_as)
            backups.verified_backup()
            story.passes(BEAT)
            return story

        yield at


def attendings() -> list[Person]:
    return list(Person.objects.filter(role="FACULTY", is_active=True, adjunct=False).order_by("name"))


def absent(story: Story, person: Person, start: dt.date, end: dt.date, kind: str = "SICK") -> str:
    """A coordinator records it, and the worker looks at it; the absence's id."""
    dates = {"start_date": start.isoformat(), "end_date": end.isoformat()}
    made = story.says(COORDINATOR, "absences", {"person": str(person.pk), "kind": kind, **dates})
    story.work_off()
    return str(made["id"])


def analysis(story: Story, absence: str) -> dict[str, Any]:
    (found,) = story.reads(COORDINATOR, f"resilience/absences?absence={absence}")["items"]
    return dict(found)


def carried_out(story: Story, asked: dict[str, Any], *words: Role) -> None:
    """Whoever is asked says yes, one after the other, and a director has it done; the worker follows up."""
    address = f"resilience/approvals/{asked['id']}"
    for role in words:
        story.says(role, f"{address}/approve", {"reason": "It has to be."})
    assert story.says(DIRECTOR, f"{address}/carry-out")["state"] == "USED"
    story.work_off()


def released(story: Story, kind: str, incident: str) -> str:
    """A document is drafted, reviewed and signed by three different people; its text."""
    made = story.says(ARCHITECT, "resilience/documents", {"kind": kind, "incident": incident})
    return signed(story, made["id"])


def signed(story: Story, document: str) -> str:
    story.says(COORDINATOR, f"resilience/documents/{document}/review", {"note": "Read."})
    done = story.says(DIRECTOR, f"resilience/documents/{document}/sign", {"note": "Released."})
    assert ([version["state"] for version in done["versions"]], done["chain_intact"]) == (
        ["DRAFT", "REVIEWED", "SIGNED"],
        True,
    )
    return str(done["text"])


def ended(story: Story, incident: str) -> dict[str, Any]:
    """Reviewed and closed by different people; the incident as it is read then."""
    one = f"incidents/{incident}"
    lessons = {"resolution": "Covered by the program's own people.", "lessons": "Train a second attending."}
    story.says(DIRECTOR, f"{one}/review", lessons | {"follow_ups": [{"text": "Train", "due": "2026-06-01"}]})
    late = story.says(COORDINATOR, f"{one}/update", {"text": "Too late."}, refused=409)
    assert late["code"] == "incident_state"
    return dict(story.says(COORDINATOR, f"{one}/close"))


def recovers_within(story: Story, incident: str, *, days: int) -> None:
    def lacks() -> object:
        shown = story.reads(COORDINATOR, f"incidents/{incident}")
        return shown["state"], shown["recovery_missing"]

    story.passes_until(lambda: recovers(story, incident), days=days, lacks=lacks)


def recovers(story: Story, incident: str) -> bool:
    """A coordinator says that it is over, as soon as nothing stands in the way."""
    one = f"incidents/{incident}"
    missing = story.reads(COORDINATOR, one)["recovery_missing"]
    if missing or story.reads(COORDINATOR, one)["state"] != "MONITORING":
        return False
    answer = story.api_as(COORDINATOR).post(f"/api/v1/{one}/recover", {"resolution": "Covered by our own people."})
    return answer.status_code == 200


def moves(story: Story, incident: str) -> list[str]:
    """The states that it went through, from its timeline."""
    lines = story.reads(COORDINATOR, f"incidents/{incident}/timeline?limit=1000")["items"]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    return [line["detail"]["after"] for line in lines if line["event"] == "MOVED"]


def kept_times(shown: dict[str, Any]) -> dict[str, bool]:
    """Step -> whether its first time was kept."""
    return {item["step"]: item["met"] for item in reversed(shown["times"])}


def avoidable(start: dt.date, end: dt.date) -> int:
    """Hard findings that some roster could avoid."""
    problem = load_problem(start, end)
    found = check(problem, load_roster(problem, schedule="published")).hard
    return sum(not finding.unavoidable for finding in found)


def of_impact(story: Story, impact: str) -> tuple[Person, str]:
    """Somebody whose absence of this week is of the impact, and the absence; everybody else is well."""
    for person in attendings():
        absence = absent(story, person, MONDAY, FRIDAY)
        if analysis(story, absence)["impact"] == impact:
            return person, absence
        taken_back(story, absence)
    raise AssertionError(f"Nobody's absence is of {impact} impact.")


def taken_back(story: Story, absence: str) -> None:
    story.says(COORDINATOR, f"absences/{absence}/reject", {"note": "Well again."})
    story.work_off()


def test_a_faculty_absence_of_low_and_of_medium_impact(begin: Callable[[dt.datetime], Story]):
    story = begin(QUIET_WEEK)

    # LOW: idle people cover it; at most a volunteer is looked for, and nothing is opened.
    _, low = of_impact(story, "LOW")
    seen = analysis(story, low)
    assert (seen["idle_covers"], seen["incident"]) == (True, None)
    assert {item["key"] for item in seen["proposals"]} <= {"marketplace"}
    taken_back(story, low)

    # MEDIUM: the architect takes it up and proposes the plan, the coordinator allows it, the director has it done.
    person, medium = of_impact(story, "MEDIUM")
    plan = next(item for item in analysis(story, medium)["proposals"] if item["key"].startswith("fallback:"))
    story.says(DIRECTOR, f"absences/{medium}/approve")
    report = {
        "title": "A week without an attending",
        "summary": "An attending is away; nobody idle can cover everything.",
        "severity": "ORANGE",
        "people": [str(person.pk)],
        "start": MONDAY.isoformat(),
        "end": FRIDAY.isoformat(),
    }
    incident = story.says(ARCHITECT, "incidents", report)["id"]
    one = f"incidents/{incident}"
    story.work_off()
    story.says(COORDINATOR, f"{one}/acknowledge")
    story.after(minutes=3)
    before = avoidable(MONDAY, FRIDAY)
    asked = story.says(ARCHITECT, f"{one}/propose", {"key": plan["key"]})
    own = story.says(ARCHITECT, f"resilience/approvals/{asked['id']}/approve", refused=403)
    shown = FallbackPlan.objects.get(pk=asked["target"])
    carried_out(story, asked, COORDINATOR)
    text = released(story, "INCIDENT_REPORT", incident)
    story.says(COORDINATOR, f"{one}/monitor")
    early = story.says(COORDINATOR, f"{one}/recover", refused=409)

    assert own["code"] == "forbidden"
    assert early["code"] == "not_recovered"
    assert asked["shown"] == Approval.objects.get(pk=asked["id"]).shown != ""
    assert avoidable(MONDAY, FRIDAY) - before <= len(shown.unresolved)
    assert held(person) == {"LV"}
    assert f"- [x] {asked['title']}" in text

    recovers_within(story, incident, days=4)
    done = ended(story, incident)

    assert (done["state"], done["may"]) == ("CLOSED", [])
    assert moves(story, incident) == WAY
    times = kept_times(done)
    assert [times[step] for step in ("DETECTED", "ANALYSED", "RESPONDED", "ACKNOWLEDGED")] == [True] * 4
    assert done["follow_ups"] == [{"text": "Train", "due": "2026-06-01"}]


def held(person: Person) -> set[str]:
    """What the person holds in the half-days of the week."""
    rows = Assignment.objects.filter(
        schedule__status=ScheduleStatus.PUBLISHED, person=person, date__range=(MONDAY, FRIDAY)
    ).exclude(session=Session.NIGHT)
    return set(rows.values_list("activity__code", flat=True))


def test_a_faculty_absence_of_high_impact(begin: Callable[[dt.datetime], Story]):
    # One attending after the other falls ill for two days, and each absence is granted, until nobody is to spare.
    story = begin(QUIET_WEEK)
    for person in attendings():
        absence = absent(story, person, MONDAY, MONDAY + ONE_DAY)
        seen = analysis(story, absence)
        if seen["impact"] == "HIGH":
            break
        story.says(COORDINATOR, f"absences/{absence}/approve")
        story.work_off()

    one = f"incidents/{seen['incident']}"
    shown = story.reads(COORDINATOR, one)
    posture = story.reads(COORDINATOR, "resilience/posture")

    # Before anybody granted it: analysed, ORANGE, shedding simulated, the plan attached.
    assert (seen["status"], seen["impact"], seen["margin_safety"]) == ("REQUESTED", "HIGH", 0)
    assert (shown["severity"], shown["state"], posture["level"]) == ("ORANGE", "DIAGNOSED", "ORANGE")
    assert posture["readings"]["k*(safety) within 7 days"] == 0
    assert shown["analysis"]["execute_sacrifice_hierarchy_tool"]["simulated"] is True
    early = fallback_of(shown)
    assert early["act"] == ""
    assert "Record and approve the absence first" in early["text"]

    story.says(COORDINATOR, f"{one}/acknowledge")
    story.after(minutes=5)
    story.says(COORDINATOR, f"absences/{absence}/approve")
    story.work_off()
    plan = fallback_of(story.reads(COORDINATOR, one))
    assert plan["act"] == "propose"
    asked = story.says(ARCHITECT, f"{one}/propose", {"key": plan["key"]})
    carried_out(story, asked, COORDINATOR)
    released(story, "SITREP", seen["incident"])
    story.says(COORDINATOR, f"{one}/update", {"text": "Everything is covered."})
    story.says(COORDINATOR, f"{one}/monitor")
    recovers_within(story, seen["incident"], days=10)
    done = ended(story, seen["incident"])

    assert asked["needed"] == ["COORDINATOR"]
    assert (done["state"], done["highest"]) == ("CLOSED", "ORANGE")
    assert moves(story, seen["incident"]) == WAY
    times = kept_times(done)
    assert [times[step] for step in ("DETECTED", "ANALYSED", "RESPONDED", "ACKNOWLEDGED")] == [True] * 4


def fallback_of(shown: dict[str, Any]) -> dict[str, Any]:
    """The plan that an incident attaches."""
    return dict(next(item for item in shown["recommendations"] if item["key"].startswith("fallback:")))


def test_a_deployment_of_three(begin: Callable[[dt.datetime], Story]):
    story = begin(HARD_WEEK)
    people = tightest_three(story)

    absences = [absent(story, person, HARD_MONDAY, HARD_MONDAY + 2 * ONE_DAY, kind="DEPLOYMENT") for person in people]
    for absence in absences:
        story.says(COORDINATOR, f"absences/{absence}/approve")
    story.work_off()
    made = Incident.objects.get(kind="ABSENCE")
    one = f"incidents/{made.pk}"
    shown = story.reads(DIRECTOR, one)

    # One incident about all three: BLACK, written up, with the ways out side by side.
    assert sorted(shown["people"]) == sorted(str(person.pk) for person in people)
    assert (shown["severity"], shown["impact"]["people"]) == ("BLACK", 3)
    assert shown["impact"]["cascade_risk"] in {"LOW", "MEDIUM", "HIGH"}
    assert [item["option"] for item in shown["recommendations"] if item["option"]] == [
        "Partial shedding",
        "People from outside",
        "Cross-training",
    ]
    written = {item.kind: item for item in made.documents.order_by("drafted_at")}
    assert written.keys() == {"SITREP", "MFR", "RFF"}
    asked_for = documents.newest(written["RFF"]).content
    assert "(attending, " in asked_for
    assert "credential) on " in asked_for
    assert "3 people of the program are missing." in asked_for

    # The breaker is open: ordinary changes are refused, and a memorandum is written.
    assert story.reads(DIRECTOR, "resilience/breaker")["state"] == "OPEN"
    trip = Incident.objects.get(kind="BREAKER")
    assert {item.kind for item in trip.documents.all()} == {"MFR", "SITREP"}

    story.says(COORDINATOR, f"{one}/acknowledge")
    asked = story.reads(DIRECTOR, "resilience/approvals?action=fallback")["items"]
    (fallback,) = asked
    by_coordinator = story.says(COORDINATOR, f"resilience/approvals/{fallback['id']}/approve", refused=403)
    carried_out(story, fallback, DIRECTOR)
    signed(story, str(written["RFF"].pk))
    story.says(DIRECTOR, f"{one}/note-action", {"text": "Asked the command for an attending."})
    story.says(DIRECTOR, f"{one}/set-severity", {"severity": "ORANGE", "reason": "Covered as far as it can be."})
    story.says(COORDINATOR, f"{one}/monitor")
    early = story.says(COORDINATOR, f"{one}/recover", refused=409)
    recovers_within(story, str(made.pk), days=20)
    done = ended(story, str(made.pk))

    assert fallback["incident"] == str(made.pk)
    assert (fallback["proposed_by"], fallback["needed"]) == (None, ["PROGRAM_DIRECTOR"])
    assert by_coordinator["code"] == "forbidden"
    assert any("YELLOW or better for 24 hours" in sentence for sentence in early["missing"])
    assert (done["state"], done["highest"]) == ("CLOSED", "BLACK")
    assert moves(story, str(made.pk)) == WAY
    assert story.reads(DIRECTOR, "resilience/breaker")["state"] == "CLOSED"
    trip.refresh_from_db()
    assert trip.state == "MONITORING"


def tightest_three(story: Story) -> list[Person]:
    """Three of those who alone could hold the tightest half-day of the week."""
    query = f"analyze_n1=false&analyze_n2=false&start={HARD_MONDAY}&end={HARD_MONDAY + 2 * ONE_DAY}"
    answer = story.reads(DIRECTOR, f"resilience/run_contingency_analysis_resilience_tool?{query}")
    tightest = min(answer["timeline"], key=lambda point: point["margin"])
    return list(Person.objects.filter(pk__in=[who["id"] for who in tightest["people"]]).order_by("name")[:3])


def test_one_violation_has_a_checked_fix_and_many_escalate(begin: Callable[[dt.datetime], Story], director: User):
    story = begin(QUIET_WEEK)
    tuesday = MONDAY + ONE_DAY

    # No door lets a published schedule break a rule; here its rows change behind the doors, and the night finds it.
    without_supervisors([tuesday])
    tasks.nightly()
    story.work_off()
    made = Incident.objects.get(kind="VIOLATION")
    one = f"incidents/{made.pk}"
    (fix,) = fixes(story, one)
    assert (made.trigger_value, made.severity) == ("1", "YELLOW")
    assert story.reads(DIRECTOR, "resilience/breaker")["state"] == "OPEN"

    # The fix makes the schedule better: the open breaker lets it pass.
    story.says(COORDINATOR, f"{one}/acknowledge")
    story.says(COORDINATOR, f"{one}/fix-violation", {"key": fix})
    story.work_off()
    made.refresh_from_db()
    assert (made.trigger_value, made.state) == ("0", "MONITORING")

    # All three kinds at once: supervision twice, and a resident without a day off, who so exceeds the hours too.
    lost, tired = without_supervisors([tuesday, tuesday + ONE_DAY]), without_a_free_day()
    tasks.nightly()
    story.work_off()
    made.refresh_from_db()
    assert (made.trigger_value, made.severity, made.state) == ("5", "ORANGE", "DIAGNOSED")
    assert made.summary == "DAY_FREE_IN_7, HOURS_80, SUPERVISION: 3 with a checked fix, 2 without."
    assert director.notifications.filter(title="5 violations need a person").count() == 1

    # Persons mend them: by hand where no small change helps, and by the checked fixes.
    by_hand(story, tired)
    while keys := fixes(story, one):
        story.says(COORDINATOR, f"{one}/fix-violation", {"key": keys[0]})
        story.work_off()
    made.refresh_from_db()
    if made.trigger_value != "0":
        by_hand(story, lost)
        made.refresh_from_db()
    assert made.trigger_value == "0"

    text = released(story, "MFR", str(made.pk))
    if made.state != "MONITORING":
        story.says(COORDINATOR, f"{one}/monitor")
    recovers_within(story, str(made.pk), days=6)
    done = ended(story, str(made.pk))

    assert "hard violation" in text
    assert (done["state"], done["highest"]) == ("CLOSED", "ORANGE")
    story.passes(ONE_DAY)
    assert story.reads(DIRECTOR, "resilience/breaker")["state"] == "CLOSED"


def fixes(story: Story, one: str) -> list[str]:
    return [item["key"] for item in story.reads(COORDINATOR, one)["recommendations"] if item["act"] == "fix_violation"]


Cells = list[tuple[str, dt.date, str, str]]
"""Person, date, session and activity."""


def half_days(**chosen: object) -> QuerySet[Assignment]:
    """Published half-days of block 10."""
    rows = Assignment.objects.filter(schedule__status=ScheduleStatus.PUBLISHED, schedule__start_date=BLOCK_10)
    return rows.exclude(session=Session.NIGHT).filter(**chosen).select_related("activity").order_by("date", "session")


def behind_the_doors(rows: QuerySet[Assignment], code: str) -> Cells:
    """These rows become something else; what they held."""
    before, activity = held_by(rows), Activity.objects.get(code=code)
    with program.open_gate():
        for row in rows:
            row.activity = activity
            row.save()
    return before


def held_by(rows: QuerySet[Assignment]) -> Cells:
    return [(str(row.person_id), row.date, row.session, row.activity.code) for row in rows]


def without_supervisors(days: list[dt.date]) -> Cells:
    """The supervisors of these mornings do something else: residents in clinic are without one."""
    return behind_the_doors(half_days(date__in=days, session=Session.AM, activity__provides_supervision=True), "ADM")


def without_a_free_day() -> Cells:
    """Somebody who began the block on a ward works there every day from Monday on: 12 hours, for more than 13 days."""
    wards = half_days(date__lt=MONDAY, activity__category=Category.INPATIENT, person__role="RESIDENT")
    away = Absence.objects.filter(start_date__lte=BLOCK_10 + 27 * ONE_DAY, end_date__gte=BLOCK_10).values("person")
    begun = Counter(person for person, _, _, _ in held_by(wards.exclude(person__in=away)))
    busiest = max(sorted(begun), key=begun.__getitem__)
    return behind_the_doors(half_days(person=busiest, date__gte=MONDAY), "IMW")


def by_hand(story: Story, cells: Cells) -> None:
    """A coordinator puts back what is still missing, by a dry run and its token."""
    now = set(held_by(half_days()))
    published = Schedule.objects.get(status=ScheduleStatus.PUBLISHED, start_date=BLOCK_10)
    missing = [
        {"person": who, "date": day.isoformat(), "session": session, "activity": code}
        for who, day, session, code in sorted(set(cells) - now)
    ]
    asked = {"schedule": str(published.pk), "set": missing}
    shown = story.says(COORDINATOR, "assignments/bulk", asked)
    sure = {"dry_run": False, "confirmation_token": shown["confirmation_token"], "range": shown["range_to_type"]}
    story.says(COORDINATOR, "assignments/bulk", asked | sure)
    story.work_off()
