"""The import itself: preview, dry run, and the one transaction that writes it."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.permissions import Permission
from common.errors import DomainError, NotAllowed
from common.models import bulk_create_with_history, bulk_update_with_history
from schedules.models import BlockAssignment, ProgramPolicy
from schedules.services.gate import open_gate
from schedules.services.imports.files import Source
from schedules.services.imports.parsing import read_source
from schedules.services.imports.plan import LABELS, Plan
from schedules.services.imports.planner import plan
from schedules.services.imports.report import ImportRefused, ImportReport, ParsedProgram
from schedules.services.news import tell_program

REASON = "program import"


class ImportClashed(DomainError):
    """The database refused what the check had allowed: somebody changed the program meanwhile."""

    code = "import_clashed"


def preview(parsed: ParsedProgram) -> ImportReport:
    """What `import_program` would do with it at this moment. Writes nothing."""
    return _report(parsed, plan(parsed), written=False)


def import_program(
    source: Source | ParsedProgram,
    *,
    by: User | None,
    at: dt.datetime,
    dry_run: bool = False,
    skip_bad: bool = False,
) -> ImportReport:
    """Read, check and write a program: all rows or none.

    Rows are keyed by their source ids; a second import of the same source writes nothing, not even history.
    Block assignments are a gated table: where they change, everything is written through the gate, which makes
    its backup before the transaction begins.

    Raises ImportRefused (with the report) where a row was refused and `skip_bad` is off, or where a whole file
    was; NotAllowed where the files change the policy and `by` may not; ImportClashed where the database changed
    meanwhile; whatever the gate raises.
    """
    parsed = source if isinstance(source, ParsedProgram) else read_source(source)
    wanted = plan(parsed)
    report = _report(parsed, wanted, written=False)
    if dry_run:
        return report
    _refuse(report, skip_bad=skip_bad)
    if by is not None and wanted.changed.get(ProgramPolicy) and not by.may(Permission.EDIT_POLICY):
        raise NotAllowed("The files change the program policy, which your role may not. Leave policy.csv out.")
    if wanted.is_empty:
        return report
    try:
        with _transaction(wanted, by=by, at=at):
            # Planned again under the lock: what was read before the backup may have changed since.
            wanted = plan(parsed)
            _refuse(_report(parsed, wanted, written=False), skip_bad=skip_bad)
            _write(wanted, by=by, at=at)
            tell_program()
    except IntegrityError as error:
        raise ImportClashed(
            "The program was changed while the import ran, and nothing was written. Look at the preview and try again."
        ) from error
    return _report(parsed, wanted, written=True)


def _transaction(wanted: Plan, *, by: User | None, at: dt.datetime) -> AbstractContextManager[object]:
    if wanted.touches(BlockAssignment):
        return open_gate(operation="import", by=by, at=at, reason=REASON, label="import")
    return transaction.atomic()


def _refuse(report: ImportReport, *, skip_bad: bool) -> None:
    if report.may_write or (skip_bad and report.may_skip):
        return
    number = len(report.rejected)
    what = f"{number} rows or files" if number > 1 else "One row or file"
    hint = "correct them" if skip_bad or not report.may_skip else "correct them, or leave them out (--skip-bad)"
    raise ImportRefused(f"{what} cannot be imported; nothing was written. Look at the list and {hint}.", report)


def _write(wanted: Plan, *, by: User | None, at: dt.datetime) -> None:
    for model in LABELS:
        for record in wanted.removed.get(model, ()):
            record._change_reason = REASON
            record._history_user = by
            record.delete()
        bulk_create_with_history(wanted.created.get(model, []), by=by, reason=REASON, at=at)
        changed = wanted.changed.get(model, {})
        columns = sorted(set().union(*changed.values())) if changed else []
        bulk_update_with_history(list(changed), columns, by=by, reason=REASON, at=at)


def _report(parsed: ParsedProgram, wanted: Plan, *, written: bool) -> ImportReport:
    return ImportReport(
        counts=wanted.counts(),
        rejected=(*parsed.rejected, *wanted.rejected),
        warnings=(*parsed.warnings, *wanted.warnings),
        changes=tuple(wanted.changes),
        written=written,
    )
