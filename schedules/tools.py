"""Tools of scheduling for agents: judging, conflicts, generation, bulk edits and the state of the system."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

import backups.services
from accounts.models import User
from accounts.permissions import Permission
from common.errors import Invalid
from common.tools import document, tool
from schedules import access
from schedules.domain.problem import Session
from schedules.enums import Algorithm, ScheduleStatus
from schedules.models import Activity, Person, Schedule
from schedules.services import conflicts, editing, health, runs
from schedules.services.validation import validate

Version = Annotated[
    Literal["published"] | uuid.UUID, Field(description="'published', or the id of a version (drafts included).")
]
FirstDay = Annotated[dt.date, Field(description="First date, YYYY-MM-DD.")]
LastDay = Annotated[dt.date, Field(description="Last date, included, YYYY-MM-DD.")]
Confirmation = Annotated[
    str, Field(max_length=64, description="The confirmation_token of an earlier answer; empty = show what to confirm.")
]


class Told(BaseModel):
    """An answer of which the named fields are sure; further ones may come with them."""

    model_config = ConfigDict(extra="allow")


# --- the system ------------------------------------------------------------------------------------------------------


class HealthOut(BaseModel):
    status: Literal["healthy", "degraded", "unhealthy"]
    database: Literal["connected", "disconnected"]
    worker: Literal["running", "stopped", "unknown"]
    backup_age_seconds: int | None = Field(description="Of the newest verified backup; null = none is verified.")
    version: str


@tool()
def health_check(*, by: User, at: dt.datetime) -> HealthOut:
    """Whether the system itself works: database, worker, age of the newest verified backup.

    degraded = no worker is running, or no backup is fresh enough for changes. Says nothing about the schedule.
    """
    return HealthOut(**health.check(at))


# --- judging ---------------------------------------------------------------------------------------------------------


class Finding(Told):
    """One finding of the rule table. Severity `hard` breaks a rule; `warning` and `advisory` do not."""

    type: str
    rule: str
    severity: str
    message: str
    people: list[str]
    date: dt.date
    end_date: dt.date


class ValidationOut(Told):
    acgme_compliant: bool | None = Field(
        description="No hard violation of duty hours or supervision; null = nothing is assigned that could be judged."
    )
    acgme_violations: int
    total_violations: int
    advisories: int
    violations: list[Finding]
    not_measured: list[dict[str, Any]] = Field(description="Rules whose inputs are missing: these did not pass.")
    acceptance: dict[str, Any]
    coverage_rate: float | None = Field(description="Filled of demanded posts, 0 to 1; null = nothing is demanded.")
    total_blocks_assigned: int = Field(description="Person-half-days that hold an assignment.")
    total_blocks: int
    resilience: dict[str, Any] = Field(description="N-1 and N-2 margins; null where nothing was measured.")


@tool()
def validate_schedule(
    *, by: User, at: dt.datetime, start_date: FirstDay, end_date: LastDay, schedule: Version = "published"
) -> ValidationOut:
    """Judge stored dates by the whole rule table, with coverage and N-1 margins. Reads only.

    Residents and faculty read findings without the names of others; `withheld` counts those that are not for them.
    """
    _require_range(start_date, end_date)
    judged = validate(start_date, end_date, schedule=_version(by, schedule))
    figures = judged.figures()
    shown = access.judgement_visible_to(by, {**figures.pop("validation"), **figures})
    return ValidationOut.model_validate(shown)


class ConflictOut(Finding):
    id: str
    schedule: uuid.UUID
    proposed_fix: list[dict[str, Any]] | None = Field(
        description="Cells to set, checked by the rule table: it ends the finding and brings no new hard one."
    )


class ConflictsOut(BaseModel):
    items: list[ConflictOut]
    total: int
    with_fix: int


@tool()
def detect_conflicts(
    *,
    by: User,
    at: dt.datetime,
    start_date: FirstDay,
    end_date: LastDay,
    schedule: Version = "published",
    include_auto_resolution: Annotated[bool, Field(description="Name the checked fix of each finding.")] = True,
) -> ConflictsOut:
    """Every counted finding of stored dates, each with a small fix where one was found. Applies nothing.

    A fix was judged by the rule table together with the whole schedule. No fix does not mean that none exists.
    """
    access.require(by, Permission.SEE_DRAFTS)
    _require_range(start_date, end_date)
    found = conflicts.detect(start_date, end_date, schedule=_version(by, schedule))
    rows = [item.as_json() for item in found]
    fixed = sum(row["proposed_fix"] is not None for row in rows)
    if not include_auto_resolution:
        rows = [row | {"proposed_fix": None, "fix_brings": []} for row in rows]
    return ConflictsOut.model_validate({"items": rows, "total": len(rows), "with_fix": fixed})


# --- generation ------------------------------------------------------------------------------------------------------


class RunOut(Told):
    run_id: uuid.UUID
    status: str = Field(description="AWAITING_CONFIRMATION: a person must confirm it in the browser before it starts.")
    message: str
    start_date: dt.date
    end_date: dt.date
    schedule_id: uuid.UUID | None = Field(description="The draft, once there is one.")
    progress: dict[str, Any]
    preflight: dict[str, Any]


@tool(writes=True)
def generate_schedule(
    *,
    by: User,
    at: dt.datetime,
    start_date: FirstDay,
    end_date: LastDay,
    algorithm: Algorithm = Algorithm.CP_SAT,
    timeout_seconds: Annotated[int, Field(ge=runs.SHORTEST_TIMEOUT, le=runs.LONGEST_TIMEOUT)] = 120,
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1,
    mode: Annotated[Literal["new", "repair"], Field(description="repair = as few changes as possible.")] = "new",
    label: Annotated[str, Field(max_length=60)] = "",
    confirmation_token: Confirmation = "",
) -> RunOut:
    """Ask for a draft schedule of the dates; a worker makes it, nothing is published.

    Refused without a fresh verified backup. Without a confirmation token it is refused with `confirmation_required`:
    the refusal holds the pre-flight to show to a person and the token that starts exactly that. An agent's account
    cannot confirm at all: its request waits (AWAITING_CONFIRMATION) until a person confirms it in the browser.
    """
    access.require(by, Permission.GENERATE)
    backups.services.require_fresh()
    order = runs.Order(
        start=start_date,
        end=end_date,
        algorithm=algorithm.value,
        timeout_seconds=timeout_seconds,
        seed=seed,
        repair=mode == "repair",
        label=label,
    )
    return RunOut.model_validate(runs.as_json(runs.request_run(order, by=by, at=at, confirm=confirmation_token)))


# --- editing ---------------------------------------------------------------------------------------------------------


class Cell(BaseModel):
    """One half-day or night of one person."""

    model_config = ConfigDict(extra="forbid")

    person: uuid.UUID
    date: dt.date
    session: Session


class SetCell(Cell):
    activity: str = Field(max_length=20, description="Code of the activity.")
    locked: bool | None = Field(default=None, description="Lock or unlock the cell; null leaves that as it is.")


class BulkOut(Told):
    dry_run: bool = Field(description="True: nothing was written.")
    schedule: uuid.UUID
    rows: list[dict[str, Any]]
    new: list[Finding] = Field(description="Findings that the changes bring.")
    worsened: list[Finding]
    gone: list[Finding]
    refused: list[Finding] = Field(description="New hard findings that bar the changes from a published schedule.")
    confirmation_token: str = Field(default="", description="Applies exactly this within 15 minutes.")
    range_to_type: str = Field(default="", description="Where half-days are deleted: to be given back as `range`.")


@tool(writes=True)
def bulk_assign(
    *,
    by: User,
    at: dt.datetime,
    schedule: Annotated[uuid.UUID, Field(description="Id of the draft or published version.")],
    set: Annotated[list[SetCell], Field(description="Cells to set.")] = [],  # noqa: A002, B006 - name of the API; read only
    delete: Annotated[list[Cell], Field(description="Cells to clear.")] = [],  # noqa: B006 - read only
    reason: Annotated[str, Field(max_length=100)] = "",
    range: Annotated[str, Field(max_length=40, description="Typed by a person where half-days are deleted.")] = "",  # noqa: A002
    confirmation_token: Confirmation = "",
) -> BulkOut:
    """Set up to 5,000 cells of a schedule, all or nothing, behind a backup.

    Without a confirmation token it is a dry run: it writes nothing, says which findings the changes bring and end, and
    gives the token that applies exactly these rows. Applying needs the right to edit, which agents do not have.
    """
    access.require(by, Permission.GENERATE)
    version = access.schedule(by, schedule)
    changes = [_change(row, row.activity, row.locked) for row in set] + [_change(row, None, None) for row in delete]
    if not confirmation_token:
        shown, token = editing.offer(version, changes, by=by, at=at)
        more = {"confirmation_token": token, "range_to_type": editing.typed_range_of(changes)}
        return BulkOut.model_validate({"dry_run": True, **shown.as_json(), **more})
    access.require(by, Permission.EDIT_ASSIGNMENTS)
    backups.services.require_fresh()
    done = editing.apply(version, changes, token=confirmation_token, by=by, at=at, reason=reason, typed_range=range)
    return BulkOut.model_validate({"dry_run": False, **done.as_json()})


# --- what ids and codes there are ------------------------------------------------------------------------------------


@document("scheduler://people", media_type="text/csv")
def people(*, by: User, at: dt.datetime) -> str:
    """Active people as CSV: id, name, role, year of training. Tools name people by this id."""
    access.require(by, Permission.READ_PROGRAM)
    rows = Person.objects.filter(is_active=True).order_by("role", "name")
    return _csv(("id", "name", "role", "pgy_level"), rows.values_list("pk", "name", "role", "pgy_level"))


@document("scheduler://schedules", media_type="text/csv")
def schedules(*, by: User, at: dt.datetime) -> str:
    """Published versions and, for those who see them, drafts as CSV: id, state, first and last date, label."""
    states = (ScheduleStatus.PUBLISHED, ScheduleStatus.DRAFT)
    rows = access.schedules_visible_to(by).filter(status__in=states).order_by("start_date", "created_at")
    columns = ("pk", "status", "start_date", "end_date", "label")
    return _csv(("id", "status", "start_date", "end_date", "label"), rows.values_list(*columns))


@document("scheduler://activities", media_type="text/csv")
def activities(*, by: User, at: dt.datetime) -> str:
    """What a cell can hold as CSV: code, name, category."""
    access.require(by, Permission.READ_PROGRAM)
    return _csv(("code", "name", "category"), Activity.objects.order_by("code").values_list("code", "name", "category"))


def _csv(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _change(row: Cell, activity: str | None, locked: bool | None) -> editing.Change:
    return editing.Change(str(row.person), row.date, row.session, activity, locked)


def _version(by: User, schedule: str | uuid.UUID) -> Schedule | None:
    return access.schedule(by, schedule) if isinstance(schedule, uuid.UUID) else None


def _require_range(start: dt.date, end: dt.date) -> None:
    days = (end - start).days + 1
    if days < 1:
        raise Invalid("The range ends before it begins. Exchange the two dates.")
    if days > runs.LONGEST_RANGE:
        raise Invalid(f"The range has {days} days; give at most {runs.LONGEST_RANGE} at once.")
