"""What drafts bring to a drill: made, gone stale, published and taken back, and that nothing is lost on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from accounts.enums import Role
from common.models import bulk_create_with_history
from schedules.domain.changes import differences
from schedules.domain.codes import LEAVE_CODE
from schedules.domain.problem import HALF_DAYS, Session
from schedules.domain.roster import Roster
from schedules.domain.rules import Severity
from schedules.enums import ScheduleStatus
from schedules.mapping import load_problem, load_roster
from schedules.models import Assignment, Publication, Schedule
from schedules.services import editing, publishing
from schedules.services.drills.engine import Drill, play, promise
from schedules.services.gate import open_gate
from schedules.services.publishing.drafts import amend_neighbours, current_inputs
from schedules.services.publishing.versions import save

LABEL = "drill"
LONGEST_DRAFT = 6
MOST_CHANGES = 3
EDITED_BEFORE, TRIED_LATE = 0.4, 0.15
"""Share of publishes and returns before which somebody edits a cell they replace, and of returns tried too late."""
COPIED = ("person_id", "date", "session", "activity_id", "rotation_id", "source", "locked")
NEW_VERSION = "another version is published"
"""First and last date, kept by a play after which other rows are current: whoever stands on them looks again."""
LOST, OTHERWISE = "lost silently", "another version than before"

Row = tuple[object, ...]
Rows = Mapping[UUID, Row]


@play("days drafted anew", kind="versions", weight=5)
def draft(drill: Drill) -> str:
    """A copy of two to six coming days with a few cells changed, as far as they break nothing."""
    if not drill.coming:
        return ""
    first = drill.chance.choice(drill.coming[:14])
    last = min(first + dt.timedelta(days=drill.chance.randrange(1, LONGEST_DRAFT)), drill.days[-1])
    made = _copied(drill, first, last)
    changed = sum(_changed(drill, made) for _ in range(drill.chance.randint(1, MOST_CHANGES)))
    drill.kept[f"base {made.pk}"] = _published(first, last).digest()
    return f"{first} to {last}, {changed} cells changed"


@play("draft published", kind="versions", weight=12)
def publish(drill: Drill) -> str:
    """What has gone stale is refused, and then judged anew or given up; what is fresh replaces exactly its dates."""
    ahead = Schedule.objects.filter(status=ScheduleStatus.DRAFT, label=LABEL, start_date__in=drill.coming)
    found = list(ahead.order_by("created_at", "pk"))
    if not found:
        return ""
    chosen, director = drill.chance.choice(found), drill.crew[Role.PROGRAM_DIRECTOR]
    if drill.chance.random() < EDITED_BEFORE:
        _changed(drill, _current(chosen.start_date), on=chosen.start_date)
    if publishing.stale_reason(chosen):
        return _stale(drill, chosen)
    if drill.kept[f"base {chosen.pk}"] != _published(chosen.start_date, chosen.end_date).digest():
        drill.kept[LOST] = "A draft counts as fresh although the published cells of its dates have changed."
    before = _published(drill.days[0], drill.days[-1])
    overlapped = Schedule.objects.filter(
        status=ScheduleStatus.PUBLISHED, start_date__lte=chosen.end_date, end_date__gte=chosen.start_date
    )
    replaced = _rows(list(overlapped))
    made = publishing.publish(chosen, by=director, at=drill.at, override_reason="drill")
    drill.kept[NEW_VERSION] = (chosen.start_date, chosen.end_date)
    drill.kept[f"before {made.pk}"] = replaced
    drill.kept[f"after {made.pk}"] = _rows(_versions(made))
    _compare_published(drill, made, before)
    drill.must_refuse(
        "A draft published twice", lambda: publishing.publish(chosen, by=director, at=drill.at, override_reason="drill")
    )
    return f"{chosen.start_date} to {chosen.end_date}"


@play("publish taken back", kind="versions", weight=12)
def take_back(drill: Drill) -> str:
    """Within a day, nothing published over it and with a yes to the edits that are lost; else it is refused."""
    made = [row for row in Publication.objects.order_by("published_at", "pk") if f"before {row.pk}" in drill.kept]
    if not made:
        return ""
    possible = [row for row in made if publishing.can_roll_back(row, at=drill.at)]
    if not possible and drill.chance.random() > TRIED_LATE:
        return ""
    publication, director = drill.chance.choice(possible or made), drill.crew[Role.PROGRAM_DIRECTOR]

    def deed(*, confirm: bool) -> Publication:
        return publishing.roll_back(publication.schedule, by=director, at=drill.at, reason="drill", confirm=confirm)

    if not possible:
        return drill.must_refuse("A publish taken back that is over", lambda: deed(confirm=True))
    if drill.chance.random() < EDITED_BEFORE and publication.schedule.start_date in drill.coming:
        _changed(drill, publication.schedule, on=publication.schedule.start_date)
    edited = _edited(drill, publication)
    if edited:
        drill.must_refuse("A publish taken back under edits", lambda: deed(confirm=False))
        listed = {(item["person"], item["date"], item["session"]) for item in publishing.edits_since(publication)}
        if edited - listed:
            drill.kept[LOST] = f"{len(edited - listed)} edited cells would be lost, and nobody is told of them."
    deed(confirm=True)
    drill.kept[NEW_VERSION] = (publication.schedule.start_date, publication.schedule.end_date)
    if _rows(publication.replaced.all()) != drill.kept[f"before {publication.pk}"]:
        drill.kept[OTHERWISE] = "The version before a publish did not come back row by row."
    drill.must_refuse("A second return of a version", lambda: deed(confirm=True))
    return f"{publication.schedule.start_date} to {publication.schedule.end_date}, {len(edited)} edits lost knowingly"


@promise("A publish replaces exactly its dates, its return brings every row back, and no edit is lost unsaid")
def versions_are_exact(drill: Drill) -> Iterator[str]:
    """As the plays of versions have compared them."""
    for key in (LOST, OTHERWISE):
        if key in drill.kept:
            yield str(drill.kept.pop(key))


def _copied(drill: Drill, first: dt.date, last: dt.date) -> Schedule:
    """A draft with the published cells of the dates, as a generation that changes nothing would write it."""
    by = drill.crew[Role.ARCHITECT]
    with open_gate(operation="generate", by=by, at=drill.at, reason="drill"):
        made = Schedule(
            start_date=first,
            end_date=last,
            status=ScheduleStatus.DRAFT,
            label=LABEL,
            created_by=by,
            created_at=drill.at,
        )
        made.fingerprint = current_inputs(made)
        save(made, by=by, at=drill.at, reason="drill")
        held = Assignment.objects.filter(
            schedule__status=ScheduleStatus.PUBLISHED, date__gte=first, date__lte=last
        ).order_by("date", "session", "person_id")
        copies = [Assignment(schedule=made, **row) for row in held.values(*COPIED)]
        bulk_create_with_history(copies, by=by, reason="drill", at=drill.at)
        amend_neighbours(made, by=by, at=drill.at)
        return made


def _current(day: dt.date) -> Schedule:
    """The published version of a date."""
    return Schedule.objects.get(status=ScheduleStatus.PUBLISHED, start_date__lte=day, end_date__gte=day)


def _changed(drill: Drill, made: Schedule, *, on: dt.date | None = None) -> bool:
    """One half-day, of that date if one is named, set to other work of the same person, if that breaks no rule."""
    free = made.assignments.filter(session__in=[half.value for half in HALF_DAYS], locked=False)
    cells = free.filter(date=on) if on else free
    found = list(cells.select_related("activity").order_by("date", "session", "person_id"))
    if not found:
        return False
    cell = drill.chance.choice(found)
    others = free.filter(person=cell.person_id).exclude(activity__code__in=(LEAVE_CODE, cell.activity.code))
    codes = sorted(set(others.values_list("activity__code", flat=True)))
    if not codes:
        return False
    change = editing.Change(str(cell.person_id), cell.date, Session(cell.session), drill.chance.choice(codes))
    brought = editing.preview(made, [change]).findings
    if any(item.severity is Severity.HARD for item in (*brought.new, *brought.worsened)):
        return False
    editing.set_cell(made, change, by=drill.crew[Role.ARCHITECT], at=drill.at)
    return True


def _stale(drill: Drill, chosen: Schedule) -> str:
    """It is refused; then it is judged anew, which says what it would change, or given up."""
    by = drill.crew[Role.ARCHITECT]
    told = drill.must_refuse(
        "A stale draft published",
        lambda: publishing.publish(chosen, by=by, at=drill.at, override_reason="drill"),
        codes=["stale_draft", "breaker_open"],
    )
    if drill.chance.random() < 0.5:
        publishing.discard(chosen, by=by, at=drill.at)
    else:
        publishing.revalidate(chosen, by=by, at=drill.at)
        drill.kept[f"base {chosen.pk}"] = _published(chosen.start_date, chosen.end_date).digest()
    return told


def _published(first: dt.date, last: dt.date) -> Roster:
    return load_roster(load_problem(first, last), schedule="published")


def _versions(publication: Publication) -> list[Schedule]:
    """What is current by the publish: the draft, and the rows around it that were carried over."""
    return [publication.schedule, *publication.remainders.all()]


def _rows(versions: Iterable[Schedule]) -> Rows:
    """Every row of the versions with its key, its source and its lock."""
    held = Assignment.objects.filter(schedule__in=[version.pk for version in versions]).order_by()
    return {row[0]: row[1:] for row in held.values_list("pk", *COPIED)}


def _compare_published(drill: Drill, made: Publication, before: Roster) -> None:
    """The draft's cells on its dates, what it amends on the date after, and everything else as it was."""
    draft = made.schedule
    written = set(draft.assignments.values_list("person_id", "date", "session"))
    written |= set(draft.amendments.values_list("person_id", "date", "session"))
    expected = {key for key in written if draft.start_date <= key[1] <= draft.end_date}
    after = _published(drill.days[0], drill.days[-1])
    for slot in {change.slot for change in differences(before, after)}:
        if (
            not draft.start_date <= slot.day <= draft.end_date
            and (UUID(slot.person), slot.day, slot.session.value) not in written
        ):
            drill.kept[OTHERWISE] = f"{slot.day} {slot.session} was changed by a publish of other dates."
    mine = {
        (UUID(slot.person), slot.day, slot.session.value)
        for slot, _ in after
        if draft.start_date <= slot.day <= draft.end_date
    }
    if mine != expected:
        drill.kept[OTHERWISE] = f"{len(mine ^ expected)} half-days of a publish are not those of its draft."


def _edited(drill: Drill, publication: Publication) -> set[tuple[str, str, str]]:
    """Person, date and session of the rows that are no longer as the publish left them."""
    left: Rows = drill.kept[f"after {publication.pk}"]  # type: ignore[assignment]
    now = _rows(_versions(publication))
    other = [left.get(key) or now[key] for key in left.keys() | now.keys() if left.get(key) != now.get(key)]
    return {(str(person), str(day), str(session)) for person, day, session, *_ in other}
