"""Publishing, rolling back, discarding and validating anew, on the tiny program's block."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection

from backups.models import Backup
from schedules.domain.problem import Session
from schedules.enums import ComplianceStatus, RunStatus, ScheduleStatus
from schedules.models import Amendment, ComplianceEvent, GenerationRun, Publication, Schedule
from schedules.services import editing, publishing
from schedules.signals import schedule_published
from tests.factories import backups, generation, program

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)
START, END = dt.date(2026, 3, 12), dt.date(2026, 4, 8)
WEEK_LATER = START + dt.timedelta(days=7)
ONE_DAY = dt.timedelta(days=1)


pytestmark = pytest.mark.usefixtures("quick_backups")


@pytest.fixture(autouse=True)
def frozen():
    """History rows of the factories bear the test's time."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def tiny(db):
    made = program.tiny_program()
    program.policy(require_n1=False, max_violations=100)
    return made


def publish(draft, director, at=AT, **more):
    return publishing.publish(draft, by=director, at=at, **more)


def test_a_draft_becomes_current_on_its_dates(tiny, director, django_capture_on_commit_callbacks):
    draft = generation.draft(START, END)
    news = []
    schedule_published.connect(listener := lambda **kwargs: news.append(kwargs["schedule"]))

    with django_capture_on_commit_callbacks(execute=True):
        publication = publish(draft, director)

    schedule_published.disconnect(listener)
    draft.refresh_from_db()
    assert (draft.status, draft.published_at, draft.published_by) == (ScheduleStatus.PUBLISHED, AT, director)
    assert (publication.override_reason, list(publication.replaced.all())) == ("", [])
    assert publication.backup_file.startswith("residency_scheduler_pre-publish-block-10_")
    assert draft.history.first().history_user == director
    assert news == [draft.pk]


def test_rows_of_an_overlapped_version_outside_the_dates_carry_over(tiny, director):
    old = generation.draft(START, END)
    publish(old, director)
    before = generation.cells(old)
    new = generation.draft(WEEK_LATER, WEEK_LATER + dt.timedelta(days=6))

    publication = publish(new, director, at=AT + ONE_DAY)

    old.refresh_from_db()
    rests = list(publication.remainders.order_by("start_date"))
    assert old.status == ScheduleStatus.SUPERSEDED
    assert [(r.start_date, r.end_date, r.status) for r in rests] == [
        (START, WEEK_LATER - ONE_DAY, ScheduleStatus.PUBLISHED),
        (WEEK_LATER + dt.timedelta(days=7), END, ScheduleStatus.PUBLISHED),
    ]
    amended = {(str(a.person_id), a.date, a.session) for a in new.amendments.all()}
    carried = generation.cells(rests[0]) | generation.cells(rests[1])
    expected = {key: code for key, code in before.items() if not new.start_date <= key[1] <= new.end_date}
    assert {k: v for k, v in carried.items() if k not in amended} == {
        k: v for k, v in expected.items() if k not in amended
    }


def test_a_second_publish_is_refused(tiny, director):
    draft = generation.draft(START, END)
    publish(draft, director)

    with pytest.raises(publishing.AlreadyDecided) as refused:
        publish(Schedule.objects.get(pk=draft.pk), director)

    assert (refused.value.status, refused.value.code) == (409, "schedule_state")
    assert Publication.objects.count() == 1


def test_inputs_that_changed_make_the_draft_stale(tiny, director):
    draft = generation.draft(START, END)
    backups.verified_backup()
    program.absence(tiny.residents[0], WEEK_LATER)

    with pytest.raises(publishing.StaleDraft, match="Validate it anew"):
        publish(draft, director)

    draft.refresh_from_db()
    assert (draft.status, draft.stale_since) == (ScheduleStatus.DRAFT, AT)


def test_a_stale_draft_leaves_a_fresh_one_of_the_same_dates_alone(tiny, director):
    old = generation.draft(START, END)
    backups.verified_backup()
    program.preference(tiny.residents[0])
    new = generation.draft(START, END)

    with pytest.raises(publishing.StaleDraft):
        publish(old, director)
    publish(new, director)

    new.refresh_from_db()
    assert new.status == ScheduleStatus.PUBLISHED


def test_validated_anew_it_can_be_published(tiny, director):
    draft = generation.draft(START, END)
    backups.verified_backup()
    program.preference(tiny.residents[0])
    with pytest.raises(publishing.StaleDraft):
        publish(draft, director)

    draft = publishing.revalidate(draft, by=director, at=AT)
    publish(draft, director)

    assert Schedule.objects.get(pk=draft.pk).status == ScheduleStatus.PUBLISHED


def test_publishing_makes_other_drafts_of_the_dates_stale(tiny, director):
    first, second = generation.draft(START, END), generation.draft(WEEK_LATER, END)

    publish(first, director)

    second.refresh_from_db()
    assert second.stale_reason == "Another draft of these dates was published."
    with pytest.raises(publishing.StaleDraft):
        publish(second, director)


def test_a_draft_that_fails_acceptance_needs_a_written_reason(tiny, director):
    program.policy(max_violations=0)
    draft = publishing.revalidate(generation.draft(START, END), by=director, at=AT)
    backups_before = Backup.objects.count()

    with pytest.raises(publishing.AcceptanceFailed) as refused:
        publish(draft, director, override_reason="   ")
    assert Backup.objects.count() == backups_before
    publication = publish(draft, director, override_reason="The director accepts the gaps.")

    assert refused.value.extra["acceptance"]["accepted"] is False
    assert publication.override_reason == "The director accepts the gaps."


def test_no_reason_publishes_a_duty_hour_violation(tiny, director):
    draft = generation.draft(START, END)
    night_float = tiny.residents[3]
    backups.verified_backup()
    for offset in range(7):
        day = WEEK_LATER + dt.timedelta(days=offset)
        change = editing.Change(str(night_float.pk), day, Session.NIGHT, "NF")
        editing.set_cell(draft, change, by=director, at=AT)

    with pytest.raises(publishing.NeverOverridden) as refused:
        publish(draft, director, override_reason="Because I say so.")

    assert refused.value.code == "duty_hours_or_supervision"
    assert Publication.objects.count() == 0


def test_roll_back_brings_the_previous_version_back_exactly(tiny, director):
    old = generation.draft(START, END)
    publish(old, director)
    before = {**generation.cells(old)}
    rows = set(old.assignments.values_list("pk", flat=True))
    new = generation.draft(WEEK_LATER, WEEK_LATER + dt.timedelta(days=6))
    publication = publish(new, director, at=AT)

    publishing.roll_back(new, by=director, at=AT + dt.timedelta(hours=24), reason="wrong week")

    old.refresh_from_db()
    new.refresh_from_db()
    publication.refresh_from_db()
    assert (old.status, new.status) == (ScheduleStatus.PUBLISHED, ScheduleStatus.SUPERSEDED)
    assert generation.cells(old) == before
    assert set(old.assignments.values_list("pk", flat=True)) == rows
    assert Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).get() == old
    assert (publication.rolled_back_by, publication.rollback_reason) == (director, "wrong week")


@pytest.mark.parametrize(
    ("after", "code"),
    [(dt.timedelta(hours=24, seconds=1), "rollback_expired"), (dt.timedelta(days=3), "rollback_expired")],
)
def test_after_24_hours_nothing_is_rolled_back(tiny, director, after, code):
    draft = generation.draft(START, END)
    publish(draft, director)

    with pytest.raises(publishing.RollbackRefused) as refused:
        publishing.roll_back(draft, by=director, at=AT + after)

    assert (refused.value.status, refused.value.code) == (409, "rollback_expired")
    assert Schedule.objects.get(pk=draft.pk).status == ScheduleStatus.PUBLISHED


def test_a_publish_is_rolled_back_once(tiny, director):
    draft = generation.draft(START, END)
    publish(draft, director)
    publishing.roll_back(draft, by=director, at=AT)

    with pytest.raises(publishing.RollbackRefused) as refused:
        publishing.roll_back(draft, by=director, at=AT)

    assert refused.value.code == "already_rolled_back"


def test_edits_since_the_publish_are_listed_and_need_a_further_yes(tiny, director):
    old = generation.draft(START, END)
    publish(old, director)
    new = generation.draft(START, END)
    publish(new, director, at=AT)
    person = tiny.faculty[4]
    change = editing.Change(str(person.pk), START, Session.AM, "ADM")
    editing.set_cell(Schedule.objects.get(pk=new.pk), change, by=director, at=AT + dt.timedelta(minutes=1))

    with pytest.raises(publishing.RollbackRefused) as refused:
        publishing.roll_back(new, by=director, at=AT + dt.timedelta(hours=1))
    publishing.roll_back(new, by=director, at=AT + dt.timedelta(hours=1), confirm=True)

    assert refused.value.code == "edited_since"
    assert [(e["person"], e["date"], e["activity"]) for e in refused.value.extra["edits"]] == [
        (str(person.pk), START.isoformat(), "ADM")
    ]
    assert Schedule.objects.get(status=ScheduleStatus.PUBLISHED) == old


def test_a_later_publish_bars_the_rollback_of_an_earlier_one(tiny, director):
    old = generation.draft(START, END)
    publish(old, director)
    publish(generation.draft(START, WEEK_LATER), director, at=AT)

    with pytest.raises(publishing.RollbackRefused) as refused:
        publishing.roll_back(old, by=director, at=AT)

    assert refused.value.code == "overtaken"


def test_a_discarded_draft_ends_its_run_and_keeps_its_rows(tiny, director):
    draft = generation.draft(START, END)
    run = GenerationRun.objects.create(
        start_date=START, end_date=END, status=RunStatus.DRAFT_READY, schedule=draft, requested_by=director
    )
    rows = draft.assignments.count()

    discarded = publishing.discard(draft, by=director, at=AT, reason="too many late calls")

    run.refresh_from_db()
    assert (discarded.status, run.status) == (ScheduleStatus.DISCARDED, RunStatus.DISCARDED)
    assert (draft.assignments.count(), discarded.history.first().history_change_reason) == (rows, "too many late calls")
    with pytest.raises(publishing.AlreadyDecided):
        publishing.discard(discarded, by=director, at=AT)


def test_the_diff_names_each_changed_cell_by_person(tiny, director):
    old = generation.draft(START, END)
    publish(old, director)
    person = tiny.faculty[4]
    new = program.schedule(START, START)
    rows = [row for row in generation.cells(old).items() if row[0][1] == START]
    people = {str(p.pk): p for p in (*tiny.residents, *tiny.faculty)}
    program.assignments(
        new,
        [(people[p], d, Session(s), "ADM" if (p, s) == (str(person.pk), "AM") else code) for (p, d, s), code in rows],
    )

    difference = publishing.compare(new)

    assert (difference["changed"], difference["new_dates"]) == (1, [])
    assert difference["people"] == [
        {
            "person": str(person.pk),
            "name": person.name,
            "changes": [{"date": "2026-03-12", "session": "AM", "before": "OFF", "after": "ADM"}],
        }
    ]


def test_violations_of_a_published_schedule_are_recorded_and_closed_by_their_fix(tiny, director):
    draft = generation.draft(START, END)
    gap = next(d for d in (START + dt.timedelta(days=n) for n in range(28)) if d.weekday() == 0)
    held = draft.assignments.get(date=gap, session="NIGHT", activity__code="CALL")
    backups.verified_backup()
    take = editing.Change(str(held.person_id), gap, Session.NIGHT, None)
    give_back = editing.Change(str(held.person_id), gap, Session.NIGHT, "CALL")
    editing.set_cell(draft, take, by=director, at=AT)
    publish(draft, director, override_reason="A locum takes the night.")

    opened = set(ComplianceEvent.objects.filter(status="OPEN", rule="DEMAND_MIN").values_list("start_date", flat=True))
    published = Schedule.objects.get(pk=draft.pk)
    editing.set_cell(published, give_back, by=director, at=AT + dt.timedelta(hours=1))

    assert gap in opened
    closed = ComplianceEvent.objects.filter(rule="DEMAND_MIN", start_date=gap, status=ComplianceStatus.CLOSED)
    assert closed.count() >= 1


def test_the_last_calls_post_call_day_amends_the_published_neighbour(tiny, director):
    following = END + ONE_DAY
    neighbour = program.schedule(following, following + dt.timedelta(days=6), status=ScheduleStatus.PUBLISHED)
    program.assignments(
        neighbour,
        [(person, following, session, "AT") for person in tiny.faculty[:4] for session in (Session.AM, Session.PM)],
    )
    draft = generation.draft(START, END)
    draft = publishing.revalidate(draft, by=director, at=AT)
    caller = draft.assignments.get(date=END, session="NIGHT", activity__code="CALL").person

    publish(draft, director)
    amended = {(r.session, r.activity.code) for r in neighbour.assignments.filter(person=caller, date=following)}
    publishing.roll_back(draft, by=director, at=AT)
    restored = {(r.session, r.activity.code) for r in neighbour.assignments.filter(person=caller, date=following)}

    assert Amendment.objects.filter(schedule=draft).count() == 2
    assert amended == {("AM", "PCAT"), ("PM", "DO")}
    assert restored == {("AM", "AT"), ("PM", "AT")}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_publishes_at_once_one_wins(director):
    program.tiny_program()
    program.policy(require_n1=False, max_violations=100)
    drafts = [generation.draft(START, END), generation.draft(START, END)]
    ends, start = [], threading.Barrier(2)

    def act(draft):
        start.wait()
        try:
            publish(draft, director)
            ends.append("published")
        except publishing.StaleDraft:
            ends.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["published", "stale"]
    assert Schedule.objects.filter(status=ScheduleStatus.PUBLISHED).count() == 1
