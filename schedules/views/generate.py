"""Generation: the six steps on one page, live progress, the result, and what can be done with it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest
from accounts.permissions import Permission
from common.errors import DomainError
from common.views import heavy_posts
from schedules import access
from schedules.domain.problem import DEFAULT_WEIGHTS
from schedules.domain.rules.prices import priced
from schedules.enums import OPEN_RUN_STATUSES, RunStatus, ScheduleStatus
from schedules.forms import GenerateForm, block_choices
from schedules.models import Block, GenerationRun, Publication, Schedule
from schedules.queries.dashboard import load_dashboard
from schedules.services import publishing, runs
from schedules.services.editing import EDITABLE
from schedules.views.chart import chart
from schedules.views.findings import findings_of_report

HISTORY_LENGTH = 25
NOTHING = "–"
STOP_POLLING = 286
"""The status by which htmx ends a polling element."""

STEPS = (
    ("Pre-flight", {RunStatus.QUEUED, RunStatus.PREFLIGHT}),
    ("Confirmation", {RunStatus.AWAITING_CONFIRMATION}),
    ("Backup", {RunStatus.BACKING_UP}),
    ("Generation", {RunStatus.SOLVING}),
    ("Validation", {RunStatus.VALIDATING}),
    ("Draft, publish", {RunStatus.DRAFT_READY, RunStatus.PUBLISHED, RunStatus.DISCARDED}),
)
FAILED_AT = {RunStatus.INFEASIBLE: 3, RunStatus.TIMED_OUT: 3}


@require_GET
def generate(request: SignedInRequest) -> HttpResponse:
    """Choose dates and options; the runs so far."""
    access.require(request.user, Permission.GENERATE)
    blocks = list(Block.objects.all())
    initial = _initial(request, blocks)
    context = {
        "form": GenerateForm(initial=initial),
        "chosen": f"{initial['start']}..{initial['end']}" if initial else "",
        "ranges": [*block_choices(blocks), *_years(blocks)],
        "rows": [_row(run) for run in _listed()[:HISTORY_LENGTH]],
        "can_confirm": request.user.may(Permission.CONFIRM_RUN),
    }
    return render(request, "schedules/generate.html", context)


def _listed() -> QuerySet[GenerationRun]:
    """Runs with what their lines show, without what would be heavy."""
    runs_so_far = GenerationRun.objects.select_related("requested_by", "schedule__publication")
    return runs_so_far.defer("preflight", "progress", "schedule__validation")


def _initial(request: SignedInRequest, blocks: list[Block]) -> dict[str, Any]:
    """The asked dates, else the block that comes next."""
    if request.GET.get("start") and request.GET.get("end"):
        return {"start": request.GET["start"], "end": request.GET["end"]}
    facts = load_dashboard(at=timezone.now(), today=timezone.localdate())
    block = facts.unpublished or facts.block or next(iter(blocks), None)
    return {"start": block.start_date, "end": block.end_date} if block else {}


def _years(blocks: list[Block]) -> list[tuple[str, str]]:
    years: dict[int, list[Block]] = {}
    for block in blocks:
        years.setdefault(block.academic_year, []).append(block)
    return [
        (f"{own[0].start_date}..{own[-1].end_date}", f"Whole year {year}-{(year + 1) % 100:02d}, block by block")
        for year, own in years.items()
    ]


@require_POST
@heavy_posts
def check(request: SignedInRequest) -> HttpResponse:
    """Pre-flight of the chosen dates, then the question; with `confirm` (the token of the question) the run begins."""
    access.require(request.user, Permission.GENERATE)
    form = GenerateForm(request.POST, auto_id=False)
    if not form.is_valid():
        return render(request, "schedules/_preflight.html", {"form": form, "refusal": "Correct the marked fields."})
    asked = form.cleaned_data
    order = runs.Order(
        start=asked["start"],
        end=asked["end"],
        algorithm=asked["algorithm"],
        timeout_seconds=asked["timeout_seconds"],
        seed=asked["seed"],
        repair=asked["repair"],
        pgy_levels=tuple(sorted(asked["pgy_levels"])),
        rotation_template_ids=tuple(sorted(str(rotation.pk) for rotation in asked["rotations"])),
        label=asked["label"],
    )
    try:
        run = runs.request_run(order, by=request.user, at=timezone.now(), confirm=request.POST.get("confirm") or False)
    except DomainError as error:
        return render(request, "schedules/_preflight.html", {"form": form} | _question(error))
    response = HttpResponse(status=204)
    response["HX-Redirect"] = f"/generate/{run.pk}"
    return response


def _question(error: DomainError) -> dict[str, Any]:
    """What a refusal shows: its sentence, the checklist, and the token where it asks for a yes."""
    token = error.extra.get("confirmation_token", "")
    return {
        "preflight": error.extra.get("preflight"),
        "token": token,
        "question": error.detail if token else "",
        "refusal": "" if token else error.detail,
    }


@require_GET
def run_page(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """One run in whatever state it is; safe to reload and to share."""
    access.require(request.user, Permission.GENERATE)
    return render(request, "schedules/run.html", _run_context(request, access.run(request.user, pk)))


@require_GET
def live(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """The live part, asked for each second; the answer to an ended run also reloads the page and ends the polling."""
    access.require(request.user, Permission.GENERATE)
    run = access.run(request.user, pk)
    response = render(request, "schedules/_run_live.html", _live_context(run))
    if run.status not in OPEN_RUN_STATUSES or run.status == RunStatus.AWAITING_CONFIRMATION:
        response.status_code = STOP_POLLING
        response["HX-Refresh"] = "true"
    return response


def percent(share: float | None, digits: int) -> str:
    """``97.5 %``; a dash where there is no figure."""
    return NOTHING if share is None else f"{share * 100:.{digits}f} %"


def _row(run: GenerationRun) -> dict[str, Any]:
    """One line of the history."""
    validation = run.result.get("validation") or {}
    seconds = run.result.get("generation_seconds")
    return {
        "run": run,
        "coverage": percent(run.result.get("coverage_rate"), 1),
        "findings": validation.get("total_violations", NOTHING),
        "gap": percent(run.result.get("gap"), 2),
        "seconds": NOTHING if seconds is None else f"{seconds:.1f}",
    }


def _live_context(run: GenerationRun) -> dict[str, Any]:
    now = timezone.now()
    progress = run.progress or {}
    elapsed = float(progress.get("elapsed") or 0)
    return {
        "run": run,
        "open": run.status in OPEN_RUN_STATUSES,
        "steps": _steps(run),
        "progress": progress,
        "elapsed": elapsed,
        "gap_text": percent(progress.get("gap"), 2),
        "since_start": (run.finished_at or now) - run.created_at,
        "chart": chart(progress.get("curve") or [], elapsed=elapsed),
        "stopping": bool(run.stop_request),
    }


def _steps(run: GenerationRun) -> list[dict[str, Any]]:
    """Each step with its state: done, now, failed or to come."""
    status = RunStatus(run.status)
    at = next((n for n, (_, statuses) in enumerate(STEPS) if status in statuses), None)
    failed = at is None
    if at is None:
        at = FAILED_AT.get(status, _step_of(run.failed_step))
    finished = status in {RunStatus.PUBLISHED, RunStatus.DISCARDED}
    states = ["done" if n < at or finished else "now" if n == at else "" for n in range(len(STEPS))]
    if failed:
        states[at] = "failed"
    return [
        {"number": n + 1, "name": name, "state": state}
        for n, ((name, _), state) in enumerate(zip(STEPS, states, strict=True))
    ]


def _step_of(name: str) -> int:
    return next((n for n, (_, statuses) in enumerate(STEPS) if name in {s.value for s in statuses}), 0)


def _soft_rules(run: GenerationRun) -> list[dict[str, Any]]:
    """What the roster pays for each soft rule, the dearest first."""
    rows = (run.result.get("soft_rules") or {}).items()
    return [
        {"code": code, "priced": priced(code) if code in DEFAULT_WEIGHTS else "", **row}
        for code, row in sorted(rows, key=lambda item: item[1]["points"], reverse=True)
    ]


def _run_context(request: SignedInRequest, run: GenerationRun, **more: Any) -> dict[str, Any]:
    draft = run.schedule
    publication = Publication.objects.filter(schedule=draft).first() if draft else None
    now = timezone.now()
    may_publish = request.user.may(Permission.PUBLISH)
    validation = (draft.validation if draft else None) or run.result.get("validation") or {}
    findings = findings_of_report(validation, schedule=_fixable(request, draft))
    return {
        **_live_context(run),
        "failed_step": dict(RunStatus.choices).get(run.failed_step, "").lower(),
        "preflight": run.preflight,
        "result": run.result,
        "figures": _figures(run, draft),
        "blocks": [{**block, "gap_text": percent(block.get("gap"), 2)} for block in run.result.get("blocks", ())],
        "soft_rules": _soft_rules(run),
        "validation": validation,
        "acceptance": validation.get("acceptance"),
        "findings": findings,
        "advisories": sum(finding.severity == "advisory" for finding in findings),
        "version": "published" if draft and draft.status == ScheduleStatus.PUBLISHED else draft and draft.pk,
        "refusal": "",
        "refused": "",
        "token": "",
        "draft": draft,
        "stale": publishing.stale_reason(draft) if draft and run.status == RunStatus.DRAFT_READY else "",
        "brings_back": publication is not None and publication.replaced.exists(),
        "replaces": draft is not None and Schedule.objects.published(draft.start_date, draft.end_date).exists(),
        "difference": _difference(draft) if draft and run.status == RunStatus.DRAFT_READY else None,
        "publication": publication,
        "can_roll_back": bool(publication and may_publish and publishing.can_roll_back(publication, at=now)),
        "time_left": publication.published_at + dt.timedelta(hours=publishing.ROLLBACK_HOURS) if publication else None,
        "may_publish": may_publish,
        "may_confirm": request.user.may(Permission.CONFIRM_RUN),
        "can_retry": run.status in runs.ENDED_WITHOUT_DRAFT,
        "edits": [],
        **more,
    }


def _difference(draft: Schedule) -> dict[str, Any]:
    """What the draft changes of the published dates, person by person, and how much it adds on others."""
    found = publishing.compare(draft)
    new_dates = frozenset(found["new_dates"])
    people = [
        {**person, "changes": changes}
        for person in found["people"]
        if (changes := [change for change in person["changes"] if change["date"] not in new_dates])
    ]
    altered = sum(len(person["changes"]) for person in people)
    return {**found, "people": people, "altered": altered, "added": found["changed"] - altered}


def _fixable(request: SignedInRequest, draft: Schedule | None) -> uuid.UUID | None:
    """The draft, where the reader may change it."""
    may_change = draft and draft.status in EDITABLE and request.user.may(Permission.EDIT_ASSIGNMENTS)
    return draft.pk if draft and may_change else None


def _figures(run: GenerationRun, draft: Schedule | None) -> dict[str, str]:
    """Figures of the result as texts, of the draft as it was last judged; a dash where something was not measured."""
    result = run.result
    resilience = result.get("resilience") or {}
    compliant = resilience.get("n1_compliant")
    covered = draft.coverage_rate if draft else result.get("coverage_rate")
    checks = ((draft.validation if draft else None) or {}).get("acceptance", {}).get("checks", ())
    judged = {check["code"]: check["ok"] for check in checks}
    if judged.get("N1") is False:
        compliant, resilience = False, {}
    assigned, total = result.get("total_blocks_assigned"), result.get("total_blocks")
    preferences = result.get("preferences_respected")
    absolute = result.get("absolute_gap")
    return {
        "coverage": percent(covered, 1),
        "assigned": percent(assigned / total if total and assigned is not None else None, 1),
        "n1": {True: "holds", False: "fails", None: "unknown"}.get(compliant, "not required"),
        "n1_note": f"margin {resilience['n1_margin']}" if resilience.get("n1_margin") is not None else "",
        "gap": percent(result.get("gap"), 2),
        "gap_note": f"{absolute:g} points" if absolute is not None else "",
        "free_decisions": str(result.get("free_decisions", NOTHING)),
        "preferences": f"{percent(preferences, 0)} of preferences respected" if preferences is not None else "",
    }


def _confirm(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.CONFIRM_RUN)
    runs.confirm(run, by=request.user, at=timezone.now(), answer=request.POST.get("confirm") or False)
    return "Confirmed. The generation begins."


def _stop(request: SignedInRequest, run: GenerationRun) -> str:
    runs.request_stop(run, by=request.user, at=timezone.now())
    return "Stopping; the best schedule found so far is kept."


def _abort(request: SignedInRequest, run: GenerationRun) -> str:
    runs.request_abort(run, by=request.user, at=timezone.now())
    return "Aborting; nothing will be kept."


def _retry(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.CONFIRM_RUN)
    runs.retry(run, by=request.user, at=timezone.now(), answer=request.POST.get("confirm") or False)
    return "A new generation of the same dates begins."


def _draft(run: GenerationRun) -> Schedule:
    """The draft that the run made. Raises NotFound where it made none."""
    if run.schedule is None:
        raise access.NotFound("This generation has no draft.")
    return run.schedule


def _publish(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.PUBLISH)
    publishing.publish(
        _draft(run), by=request.user, at=timezone.now(), override_reason=request.POST.get("override_reason", "")
    )
    return "Published. It can be rolled back for 24 hours."


def _discard(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.EDIT_ASSIGNMENTS)
    publishing.discard(_draft(run), by=request.user, at=timezone.now(), reason=request.POST.get("reason", ""))
    return "The draft is discarded. What is published was not touched."


def _revalidate(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.EDIT_ASSIGNMENTS)
    publishing.revalidate(_draft(run), by=request.user, at=timezone.now())
    return "The draft was judged by the present data."


def _roll_back(request: SignedInRequest, run: GenerationRun) -> str:
    access.require(request.user, Permission.PUBLISH)
    done = publishing.roll_back(
        _draft(run),
        by=request.user,
        at=timezone.now(),
        reason=request.POST.get("reason", ""),
        confirm=bool(request.POST.get("confirm_edits")),
    )
    if done.replaced.exists():
        return "Rolled back: the version before is current again."
    return "Rolled back: nothing is published on these dates, as before."


ACTS: dict[str, Callable[[SignedInRequest, GenerationRun], str]] = {
    "confirm": _confirm,
    "stop": _stop,
    "abort": _abort,
    "retry": _retry,
    "publish": _publish,
    "discard": _discard,
    "revalidate": _revalidate,
    "roll-back": _roll_back,
}


@require_POST
@heavy_posts
def act(request: SignedInRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """Do one thing to a run or its draft; a refusal is shown on the run's page with what it needs."""
    access.require(request.user, Permission.GENERATE)
    run = access.run(request.user, pk)
    if act not in ACTS:
        raise access.NotFound("There is no such action.")
    try:
        done = ACTS[act](request, run)
    except (access.NotAllowed, access.NotFound):
        raise
    except DomainError as error:
        more = {"refused": act, "edits": error.extra.get("edits", [])} | _question(error)
        run.refresh_from_db()
        return render(request, "schedules/run.html", _run_context(request, run) | more, status=error.status)
    messages.success(request, done)
    newest = GenerationRun.objects.filter(retry_of=run).first() if act == "retry" else run
    return redirect("run", pk=(newest or run).pk)
