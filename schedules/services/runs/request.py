"""Asking for a generation, confirming it, stopping it and trying again: everything a person does to a run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, Invalid
from common.services.presence import SOLVER
from schedules.enums import OPEN_RUN_STATUSES, Algorithm, RunStatus, StopRequest
from schedules.models import BlockAssignment, GenerationRun, IdempotencyKey, Person
from schedules.services import confirmation
from schedules.services.preflight import Preflight, preflight
from schedules.services.runs import notices
from schedules.services.transitions import OverlappingRun, RunConflict, move, save, translated

PURPOSE = "generate"
LONGEST_RANGE = 366
SHORTEST_TIMEOUT = 5
LONGEST_TIMEOUT = 600
ENDED_WITHOUT_DRAFT = (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.INFEASIBLE, RunStatus.CANCELLED)
UNCLAIMED_STATUSES = (RunStatus.QUEUED, RunStatus.BACKING_UP)
"""Where a run waits for a worker: asked and confirmed by one person, or confirmed after waiting for one."""


class ConfirmationRequired(DomainError):
    """Nothing was done: the person has to say yes to what `preflight` shows."""

    code = "confirmation_required"


class PreflightFailed(DomainError):
    """Something that generation needs is missing; `preflight` names what and what to do."""

    code = "preflight_failed"


class KeyReused(DomainError):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_key_reused"
    status = 422


@dataclass(frozen=True, slots=True)
class Order:
    """What to generate and how. Dates inclusive; empty filters mean everybody."""

    start: dt.date
    end: dt.date
    algorithm: str = Algorithm.CP_SAT.value
    timeout_seconds: int = 120
    seed: int = 1
    repair: bool = False
    pgy_levels: tuple[int, ...] = ()
    rotation_template_ids: tuple[str, ...] = ()
    label: str = ""

    def check(self) -> None:
        """Raises Invalid (400) with a sentence for dates, algorithm and timeout that make no sense."""
        if self.end < self.start:
            raise Invalid(f"The range ends ({self.end}) before it begins ({self.start}). Exchange the two dates.")
        days = (self.end - self.start).days + 1
        if days > LONGEST_RANGE:
            raise Invalid(
                f"The range has {days} days. Generate at most {LONGEST_RANGE} days (one academic year) at once."
            )
        if self.algorithm not in Algorithm.values:
            known = ", ".join(Algorithm.values)
            raise Invalid(f"The algorithm {self.algorithm!r} is not known. Choose one of: {known}.")
        if not SHORTEST_TIMEOUT <= self.timeout_seconds <= LONGEST_TIMEOUT:
            raise Invalid(f"timeout_seconds must lie between {SHORTEST_TIMEOUT} and {LONGEST_TIMEOUT}.")

    def digest(self) -> str:
        return confirmation.digest(json.dumps(asdict(self), default=str, sort_keys=True))


def chosen_people(order: Order) -> QuerySet[Person]:
    """Whom the order's filters leave."""
    chosen = Person.objects.filter(is_active=True)
    if order.pgy_levels:
        chosen = chosen.filter(pgy_level__in=order.pgy_levels)
    if order.rotation_template_ids:
        touching = BlockAssignment.objects.filter(
            rotation_id__in=[UUID(pk) for pk in order.rotation_template_ids],
            block__start_date__lte=order.end,
            block__end_date__gte=order.start,
        )
        chosen = chosen.filter(pk__in=touching.values("person"))
    return chosen


def _require_somebody(order: Order) -> None:
    if (order.pgy_levels or order.rotation_template_ids) and not chosen_people(order).exists():
        raise Invalid(
            f"Nobody of these levels and rotations is scheduled from {order.start} to {order.end}. Choose others, or"
            " none for everybody."
        )


_STORED_AS = {"start": "start_date", "end": "end_date"}
"""Fields of an order that the run calls otherwise."""

_FIELDS = {field.name: _STORED_AS.get(field.name, field.name) for field in fields(Order)}


def order_of(run: GenerationRun) -> Order:
    """The order that a run carries out."""
    stored: dict[str, Any] = {name: getattr(run, column) for name, column in _FIELDS.items()}
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Order(**{**stored, **lists})


def request_run(
    order: Order,
    *,
    by: User,
    at: dt.datetime,
    confirm: bool | str = False,
    idempotency_key: str = "",
    needs_worker: bool = True,
) -> GenerationRun:
    """Create a run and ring for a worker, or say why not.

    `confirm` is the token of an earlier answer, or True = yes to the state of this moment. Who may not confirm gets a
    run that waits for a person. The same key and order give the same run again.
    Raises Invalid, OverlappingRun, PreflightFailed, ConfirmationRequired, ConfirmationRefused, KeyReused.
    """
    order.check()
    _require_somebody(order)
    body = confirmation.digest(order.digest(), confirm)
    known = _run_of_key(idempotency_key, body=body, by=by)
    if known is not None:
        return known
    shown = preflight(order.start, order.end, at=at, needs_worker=needs_worker)
    # A twin of this request may have come first meanwhile: then it is the run that the pre-flight complains of.
    known = _run_of_key(idempotency_key, body=body, by=by)
    if known is not None:
        return known
    waits = not by.may(Permission.CONFIRM_RUN)
    _refuse_what_cannot_work(shown)
    question = confirmation.digest(shown.fingerprint, order.digest())
    try:
        with _answered(waits or confirm, shown=shown, question=question, by=by, at=at):
            run = _create(order, shown=shown, by=by, at=at, confirmed=not waits)
            if idempotency_key:
                IdempotencyKey.objects.create(user=by, key=idempotency_key, body_sha256=body, run=run, created_at=at)
            if waits:
                notices.waiting(run, at=at)
                return run
            return ring(run)
    except IntegrityError as error:
        twin = _run_of_key(idempotency_key, body=body, by=by)
        if twin is not None:
            return twin
        raise translated(error) from error


def confirm(run: GenerationRun, *, by: User, at: dt.datetime, answer: bool | str = True) -> GenerationRun:
    """A person says yes to a run that waits for one; it starts. The pre-flight is taken anew and kept with the run."""
    if run.status != RunStatus.AWAITING_CONFIRMATION:
        raise RunConflict(
            f"This generation is {run.get_status_display().lower()}; it does not wait for a confirmation.",
            status=run.status,
        )
    shown = preflight(run.start_date, run.end_date, at=at, ignore_run=run)
    _refuse_what_cannot_work(shown)
    question = confirmation.digest(shown.fingerprint, order_of(run).digest())
    with _answered(answer, shown=shown, question=question, by=by, at=at):
        confirmed = move(
            run,
            RunStatus.BACKING_UP,
            at=at,
            by=by,
            why="confirmed",
            confirmed_by=by,
            confirmed_at=at,
            preflight=shown.as_json(),
            fingerprint=shown.inputs,
            reason="",
        )
        return ring(confirmed)


def retry(
    run: GenerationRun, *, by: User, at: dt.datetime, answer: bool | str = False, needs_worker: bool = True
) -> GenerationRun:
    """Try an ended run again, behind a `pre-retry` backup of its own; only while health is green."""
    if run.status not in ENDED_WITHOUT_DRAFT:
        raise RunConflict(
            f"This generation is {run.get_status_display().lower()}; only one without a draft can be retried.",
            status=run.status,
        )
    order = order_of(run)
    shown = preflight(order.start, order.end, at=at, needs_worker=needs_worker)
    _refuse_what_cannot_work(shown)
    question = confirmation.digest(shown.fingerprint, order.digest(), run.pk)
    try:
        with _answered(answer, shown=shown, question=question, by=by, at=at):
            return ring(_create(order, shown=shown, by=by, at=at, confirmed=True, retry_of=run))
    except IntegrityError as error:
        raise translated(error) from error


def request_stop(run: GenerationRun, *, by: User, at: dt.datetime) -> GenerationRun:
    """Stop and keep the best roster found so far."""
    return _ask(run, StopRequest.STOP, by=by, at=at)


def request_abort(run: GenerationRun, *, by: User, at: dt.datetime) -> GenerationRun:
    """Stop and keep nothing."""
    return _ask(run, StopRequest.ABORT, by=by, at=at)


@transaction.atomic
def _ask(run: GenerationRun, wish: StopRequest, *, by: User, at: dt.datetime) -> GenerationRun:
    locked = GenerationRun.objects.select_for_update().get(pk=run.pk)
    if locked.status not in OPEN_RUN_STATUSES:
        raise RunConflict(f"This generation is {locked.get_status_display().lower()} already.", status=locked.status)
    if locked.claim is None:
        return move(
            locked, RunStatus.CANCELLED, at=at, by=by, why="cancelled before it began", finished_at=at, stopped_by=by
        )
    return save(locked, at=at, by=by, why=f"asked: {wish.label}", stop_request=wish, stopped_by=by)


def ring(run: GenerationRun) -> GenerationRun:
    """Put the run's id into the solver's queue. The row is the truth: a second ring does nothing twice."""
    async_task(
        "schedules.tasks.execute_run", str(run.pk), q_options={"cluster": SOLVER, "task_name": f"run {run.pk}"[:100]}
    )
    return run


def _create(
    order: Order,
    *,
    shown: Preflight,
    by: User,
    at: dt.datetime,
    confirmed: bool,
    retry_of: GenerationRun | None = None,
) -> GenerationRun:
    run = GenerationRun(
        **{_FIELDS[name]: list(value) if isinstance(value, tuple) else value for name, value in asdict(order).items()},
        requested_by=by,
        confirmed_by=by if confirmed else None,
        confirmed_at=at if confirmed else None,
        preflight=shown.as_json(),
        fingerprint=shown.inputs,
        created_at=at,
        retry_of=retry_of,
        # A run that waits for a person bars nobody, so it must not pass through a barring status on the way.
        status=RunStatus.QUEUED if confirmed else RunStatus.AWAITING_CONFIRMATION,
    )
    return save(run, at=at, by=by, why="retry" if retry_of else "requested")


def _run_of_key(key: str, *, body: str, by: User) -> GenerationRun | None:
    if not key:
        return None
    found = IdempotencyKey.objects.filter(user=by, key=key).select_related("run").first()
    if found is None:
        return None
    if found.body_sha256 != body:
        raise KeyReused("This Idempotency-Key was used for another request. Use a new key for a new request.")
    return found.run


def _refuse_what_cannot_work(shown: Preflight) -> None:
    overlap = shown.item("OVERLAP")
    if overlap is not None and overlap.blocks:
        raise OverlappingRun(overlap.sentence, preflight=shown.as_json())
    blockers = [item for item in shown.items if item.blocks]
    if blockers:
        raise PreflightFailed(
            " ".join(f"{item.sentence} {item.action}".strip() for item in blockers),
            code="breaker_open" if any(item.code == "BREAKER" for item in blockers) else None,
            preflight=shown.as_json(),
        )


@contextmanager
def _answered(answer: bool | str, *, shown: Preflight, question: str, by: User, at: dt.datetime) -> Iterator[None]:
    """One transaction that begins with an explicit yes to what is shown: True, or the token that answers exactly it."""
    if not answer:
        raise _ask_again(shown, question=question, by=by, at=at)
    try:
        with transaction.atomic():
            if isinstance(answer, str):
                confirmation.redeem(answer, by=by, purpose=PURPOSE, fingerprint=question, at=at)
            yield
    except confirmation.ConfirmationRefused as refused:
        raise _ask_again(shown, question=question, by=by, at=at, refused=refused) from refused


def _ask_again(
    shown: Preflight,
    *,
    question: str,
    by: User,
    at: dt.datetime,
    refused: confirmation.ConfirmationRefused | None = None,
) -> ConfirmationRequired:
    """The question with a new token; `refused` says why an earlier answer does not count."""
    token = confirmation.issue(by, purpose=PURPOSE, fingerprint=question, at=at)
    return ConfirmationRequired(
        refused.detail if refused else shown.question,
        code=refused.code if refused else None,
        preflight=shown.as_json(),
        backup_verified_at=shown.backup_verified_at,
        confirmation_token=token.token,
        expires_at=token.expires_at.isoformat(),
    )
