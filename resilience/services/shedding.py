"""Giving work up for uncovered patient care: simulated, executed through the gate, and brought back exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from accounts.models import User
from common.errors import DomainError, Invalid
from common.models import signed
from resilience.domain import shedding as domain
from resilience.domain.contingency import Scenario
from resilience.domain.covering import new_hard
from resilience.domain.shedding import Shedding, ShedLevel
from resilience.enums import SheddingState
from resilience.models import SheddingExecution
from resilience.services.fallbacks import changes_of, stored_changes
from resilience.services.world import NothingPublished, World, basis, load
from resilience.signals import shedding_executed, shedding_restored
from schedules.domain.changes import CellChange, differences
from schedules.domain.problem import ONE_DAY, Session
from schedules.domain.roster import Roster, Slot, Source
from schedules.domain.rules import RULES, Group, Violation
from schedules.mapping.cells import Cell
from schedules.services import published
from schedules.services.confirmation import digest
from schedules.services.gate import open_gate

ACTION = "shedding"


class SheddingRefused(DomainError):
    """The work may not be shed or brought back as things stand; `code` says why."""

    code = "shedding_stale"


@dataclass(frozen=True)
class SheddingPreview:
    """What shedding at a level would do to the published schedule of the world's dates."""

    world: World
    plan: Shedding
    changes: tuple[CellChange, ...]
    """Of the published cells; leave of people who are away is written with them."""
    result: str
    """Digest of the published cells after it."""

    @property
    def fingerprint(self) -> str:
        """What an approval answers: this level, these changes to these published cells."""
        level = self.plan.level.name if self.plan.level else ""
        return digest("shedding", level, self.world.published.digest(), self.result)


def simulate(*, at: dt.datetime, target_level: str = "", lost: Scenario | None = None) -> SheddingPreview:
    """Plan it for the days of the margin window: at the target, else at the smallest level that suffices. Reads only.

    With `lost`, as it would be if these people were gone as well, each on their own dates: nothing that can be executed
    before they are.
    Raises `Invalid` (no such level, nothing published, people unknown).
    """
    found = basis(at)
    try:
        world = found.horizon(found.policy.margin_days)
    except NothingPublished as missing:
        raise Invalid(str(missing)) from missing
    if lost is not None:
        world = world.without(lost.losses)
    plan = domain.simulate(world.problem, world.roster, target=_level(target_level))
    after = domain.execute(world.roster, plan)
    changes = differences(world.published, after) if plan.changes else ()
    result = after if changes else world.published
    return SheddingPreview(world, plan, changes, result.digest())


def execute(
    *,
    target_level: str,
    shown: str,
    approval: Any,
    by: User,
    at: dt.datetime,
    restore_due: dt.date | None = None,
) -> SheddingExecution:
    """Shed what a simulation of this level showed, and nothing else, through the gate.

    `shown` is its fingerprint. Raises `SheddingRefused` where the schedule changed since or there is nothing to shed,
    `Invalid`, whatever `approvals.redeem` and the gate raise.
    """
    # Imported when needed: approvals know what they approve, so they import this module.
    from resilience.services import approvals

    if restore_due is not None and restore_due < basis(at).today:
        raise Invalid("The date of the restoration is over: choose a later one.")
    with open_gate(operation="shedding", by=by, at=at, reason=f"shedding {target_level}", label="shedding"):
        seen = simulate(at=at, target_level=target_level)
        _require_same(seen, shown)
        approvals.redeem(approval, action=ACTION, shown=shown, at=at)
        level = seen.plan.level
        why = f"shedding {level.name if level else ''}"
        before = published.write(seen.changes, source=Source.FALLBACK, by=by, at=at, reason=why)
        after = load(seen.world.start, seen.world.end)
        if after.published.digest() != seen.result:
            raise SheddingRefused("The result is not what was shown, so nothing was changed. Simulate it again.")
        row = _record(seen, before, approval=approval, by=by, at=at, restore_due=restore_due)
        news = {"execution": row.pk, "by": by.pk, "at": at}
        transaction.on_commit(lambda: shedding_executed.send(sender=SheddingExecution, **news))
        return row


def restore(execution: SheddingExecution, *, by: User, at: dt.datetime, confirm: bool = False) -> SheddingExecution:
    """Bring the shed work back exactly, cells with their source and lock; the latest shedding first.

    Raises `SheddingRefused`: restored before, a later shedding of these dates is still in force, or the cells changed
    in between, (`would_violate`) a rule would be broken again, or (`would_open`) only posts would be open again and
    `confirm` is not given; and what the gate raises.
    """
    with open_gate(operation="restore-shed", by=by, at=at, reason="shed work restored", label="restore-shed"):
        row = SheddingExecution.objects.select_for_update().get(pk=execution.pk)
        _require_restorable(row)
        world = load(row.start_date, row.end_date)
        cells = [_cell(item) for item in row.snapshot]
        _require_as_left(world.published, row)
        _require_lawful(world, cells, confirm=confirm)
        published.put_back(cells, by=by, at=at, reason="shed work restored")
        row.state, row.restored_at, row.restored_by = SheddingState.RESTORED, at, by
        signed(row, by=by, at=at, reason="restored").save()
        news = {"execution": row.pk, "by": by.pk, "at": at}
        transaction.on_commit(lambda: shedding_restored.send(sender=SheddingExecution, **news))
        return row


def in_force() -> list[SheddingExecution]:
    """Executions that are not restored yet, the latest first: the order in which they come back."""
    return list(SheddingExecution.objects.filter(state=SheddingState.EXECUTED))


def _level(name: str) -> ShedLevel | None:
    if not name:
        return None
    if name not in ShedLevel.__members__:
        raise Invalid(f"There is no level {name!r}. Choose one of {', '.join(ShedLevel.__members__)}.")
    return ShedLevel[name]


def _require_same(seen: SheddingPreview, shown: str) -> None:
    if seen.fingerprint != shown:
        raise SheddingRefused("The schedule changed since this was simulated. Look at a new simulation.")
    if not seen.changes:
        raise SheddingRefused(
            "There is nothing to shed: no patient care is open that shedding could fill.", code="idle"
        )


def _record(
    seen: SheddingPreview,
    before: Iterable[Cell],
    *,
    approval: Any,
    by: User,
    at: dt.datetime,
    restore_due: dt.date | None,
) -> SheddingExecution:
    plan, world = seen.plan, seen.world
    row = SheddingExecution(
        level=plan.level.name if plan.level else ShedLevel.YELLOW.name,
        start_date=world.start,
        end_date=world.end,
        base=world.published.digest(),
        result=seen.result,
        changes=stored_changes(seen.changes),
        effects=[
            {"level": effect.level.name, "filled": effect.filled, "shed": effect.shed, "missing": effect.missing}
            for effect in plan.effects
        ],
        gaps=[[gap.day.isoformat(), gap.session.value, gap.label, gap.missing] for gap in plan.gaps],
        snapshot=[
            [
                cell.slot.person,
                cell.slot.day.isoformat(),
                cell.slot.session.value,
                cell.activity,
                cell.source,
                cell.locked,
            ]
            for cell in before
        ],
        executed_at=at,
        executed_by=by,
        approval=approval.pk,
        restore_due=restore_due,
    )
    signed(row, by=by, at=at, reason=f"shed at {row.level}").save()
    return row


def _cell(item: list[Any]) -> Cell:
    person, day, session, activity, source, locked = item
    return Cell(Slot(person, dt.date.fromisoformat(day), Session(session)), activity, Source(source), locked)


def _require_restorable(row: SheddingExecution) -> None:
    if row.state == SheddingState.RESTORED:
        raise SheddingRefused("This work was restored before.", code="already_restored")
    later = SheddingExecution.objects.filter(
        state=SheddingState.EXECUTED,
        executed_at__gt=row.executed_at,
        start_date__lte=row.end_date + ONE_DAY,
        end_date__gte=row.start_date - ONE_DAY,
    )
    if later.exists():
        raise SheddingRefused(
            "A later shedding of these dates is still in force: restore that one first.", code="order"
        )


def _require_as_left(now: Roster, row: SheddingExecution) -> None:
    """The cells that it changed are as it left them; other cells may have been edited since."""
    changed = [change for change in changes_of(row.changes) if now.cells.get(change.slot) != change.after]
    if changed:
        raise SheddingRefused(
            f"{len(changed)} of the {len(row.changes)} cells were changed since the work was shed. Restore them one by"
            " one in the schedule."
        )


def _require_lawful(world: World, cells: Iterable[Cell], *, confirm: bool) -> None:
    """Whether the reason for shedding is over. A person may decide that posts are open again; no rule is waived."""
    after = replace(world, published=world.published.with_changes({cell.slot: cell.activity for cell in cells}))
    broken = new_hard(world.report, after.report)
    rules = [item for item in broken if RULES[item.rule].group is not Group.COVERAGE]
    if rules:
        raise SheddingRefused(
            f"Restoring now would break {_sentences(rules)} Correct that first: nobody can confirm it.",
            code="would_violate",
        )
    if broken and not confirm:
        raise SheddingRefused(
            f"Restoring now would open posts again: {_sentences(broken)} Cover them otherwise first, or confirm that it"
            " is meant.",
            code="would_open",
        )


def _sentences(findings: Sequence[Violation]) -> str:
    """How many, and the first three in words."""
    return f"{len(findings)} of the rules: " + " ".join(item.message for item in findings[:3])
