"""The gate: the only way to write schedules, assignments and block assignments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

import backups.services
from accounts.models import User
from backups.enums import BackupKind, Risk
from backups.models import Backup
from common.errors import DomainError
from common.services import maintenance
from schedules.enums import BreakerState
from schedules.models import Breaker
from schedules.services.improving import EffectOf, improves


class BreakerOpen(DomainError):
    """The schedule circuit breaker bars every change."""

    code = "breaker_open"
    status = 423


class DatabaseDown(DomainError):
    """Nothing can be written now."""

    code = "database_down"
    status = 503


@dataclass(frozen=True)
class Operation:
    """How dangerous a gated operation is, and whether it always makes a backup of its own."""

    risk: Risk
    own_backup: bool = True
    emergency: bool = False
    """Coverage in an emergency, approved by people: an open breaker lets it through."""


OPERATIONS: Mapping[str, Operation] = {
    # A run makes its own backup after the confirmation, minutes before it writes through the gate.
    "generate": Operation(Risk.HIGH, own_backup=False),
    "publish": Operation(Risk.HIGH),
    "rollback": Operation(Risk.HIGH),
    "bulk": Operation(Risk.HIGH),
    "import": Operation(Risk.HIGH),
    "restore-range": Operation(Risk.HIGH),
    "clear": Operation(Risk.CRITICAL),
    "discard": Operation(Risk.MEDIUM),
    "revalidate": Operation(Risk.MEDIUM),
    "swap": Operation(Risk.MEDIUM, own_backup=False),
    "edit": Operation(Risk.MEDIUM, own_backup=False),
    "mark_stale": Operation(Risk.MEDIUM, own_backup=False),
    "fallback": Operation(Risk.HIGH, emergency=True),
    "shedding": Operation(Risk.HIGH, emergency=True),
    "restore-shed": Operation(Risk.HIGH, emergency=True),
}


@contextmanager
def open_gate(
    *,
    operation: str,
    by: User | None,
    at: dt.datetime,
    reason: str,
    label: str | None = None,
    effect: EffectOf | None = None,
) -> Iterator[Backup]:
    """Write gated tables inside this: maintenance, breaker and backup are checked, then one transaction is open.

    The backup comes before the transaction: the operation's own one, named by `label` (default: the operation), or
    for swaps, single edits and a run's writing a fresh one, made if there is none. Yields it. History rows written
    inside carry `reason` and `by`. `access` checks the caller's right before. Not inside another transaction.

    While the breaker is open, only emergency coverage passes, and a change whose `effect` strictly improves k*(safety),
    coverage or the hard findings.

    Raises DatabaseDown, BreakerOpen, UnderMaintenance, BackupFailed, GateBusy; an unknown operation is a KeyError.
    """
    wanted = OPERATIONS[operation]
    maintenance.require_off()
    require_database()
    if not wanted.emergency:
        require_breaker_closed(at, effect)
    name = label or operation.replace("_", "-")
    if wanted.own_backup:
        backup = backups.services.create(kind=BackupKind.PRE_OPERATION, label=name, by=by, at=at)
    else:
        backup = backups.services.ensure_fresh(label=name, by=by, at=at)
    with backups.services.guard(backup, reason=reason, by=by):
        yield backup


def require_database() -> None:
    """Raise DatabaseDown where the database does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as error:
        raise DatabaseDown("The database does not answer, so nothing was changed. Start it and try again.") from error


def require_breaker_closed(at: dt.datetime, effect: EffectOf | None = None) -> None:
    """Raise BreakerOpen where the breaker is open, nobody's override runs and the effect is no improvement."""
    breaker = Breaker.objects.filter(pk=1).first()
    if breaker is None or breaker.state != BreakerState.OPEN:
        return
    is_overridden = breaker.override_until is not None and breaker.override_until >= at
    if not is_overridden and (effect is None or not improves(effect())):
        cause = (breaker.cause or "no cause was given").rstrip(".")
        raise BreakerOpen(
            f"The schedule circuit breaker is open: {cause}. Only changes that"
            " make coverage or the safety margin better pass. Remove the cause, or have it overridden by two authorised"
            " people."
        )
