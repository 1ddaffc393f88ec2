"""Blocks, who is on what in them, FMIT weeks, holidays and demand."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value
from simple_history.models import HistoricalRecords

from common.models import Guarded, GuardedQuerySet, TimeStamped, TrackedQuerySet
from schedules.domain.blocks import LONGEST_BLOCK
from schedules.domain.problem import Session
from schedules.enums import DemandBasis
from schedules.models.people import Person
from schedules.models.rotations import Activity, RotationTemplate


class DateRange(Func):
    """``daterange(start, end, '[]')``: both dates included."""

    function = "daterange"
    output_field = DateRangeField()

    def __init__(self, start: str, end: str) -> None:
        super().__init__(F(start), F(end), Value("[]"))

    def deconstruct(self) -> tuple[str, tuple[str, str], dict[str, str]]:
        start, end, _ = self.get_source_expressions()
        return "schedules.models.calendar.DateRange", (start.name, end.name), {}


def dates_never_overlap(
    name: str, *, condition: Q | None = None, deferrable: Deferrable | None = None
) -> ExclusionConstraint:
    """No two rows (that meet the condition) hold the same date; `start_date` and `end_date` included."""
    overlap = [(DateRange("start_date", "end_date"), RangeOperators.OVERLAPS)]
    return ExclusionConstraint(name=name, expressions=overlap, condition=condition, deferrable=deferrable)


def _require_order(row: Block | FmitWeek) -> None:
    """Before the database compares ranges, which it refuses to do with one that ends before it begins."""
    if row.start_date and row.end_date and row.end_date < row.start_date:
        raise ValidationError({"end_date": "The last day is before the first day."})


class Block(TimeStamped):
    """A scheduling period of the academic year (1 July to 30 June); dates included."""

    academic_year = models.PositiveSmallIntegerField(
        help_text="The year in which it begins: 2025 is July 2025 to June 2026."
    )
    number = models.PositiveSmallIntegerField()
    start_date = models.DateField()
    end_date = models.DateField()
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["start_date"]
        constraints = [
            models.UniqueConstraint(fields=["academic_year", "number"], name="block_number_once_a_year"),
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="block_ends_after_start"),
            # Judged at the end of a statement, so that one can move all of them.
            dates_never_overlap("blocks_do_not_overlap", deferrable=Deferrable.IMMEDIATE),
        ]

    def clean(self) -> None:
        _require_order(self)
        days = (self.end_date - self.start_date).days + 1 if self.start_date and self.end_date else 0
        if days > LONGEST_BLOCK:
            raise ValidationError({"end_date": f"{days} days; a block has at most {LONGEST_BLOCK}. Split it."})

    def __str__(self) -> str:
        return f"Block {self.number} ({self.start_date} to {self.end_date})"


class BlockAssignment(Guarded, TimeStamped):
    """A resident's rotation in one block. Written through the gate only."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="block_assignments")
    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="assignments")
    rotation = models.ForeignKey(RotationTemplate, on_delete=models.PROTECT, related_name="block_assignments")
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = GuardedQuerySet.as_manager()

    class Meta:
        ordering = ["block", "person"]
        constraints = [models.UniqueConstraint(fields=["person", "block"], name="one_rotation_per_block")]

    def __str__(self) -> str:
        return f"{self.person} block {self.block.number}: {self.rotation}"


class FmitWeek(TimeStamped):
    """Friday to Thursday: the attending who leads the inpatient team."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="fmit_weeks")
    start_date = models.DateField()
    end_date = models.DateField()
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["start_date"]
        verbose_name = "FMIT week"
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="fmit_week_ends_after_start"),
            # Judged at the end of a statement, so that one can move all of them.
            dates_never_overlap("one_fmit_attending_a_day", deferrable=Deferrable.IMMEDIATE),
        ]

    def clean(self) -> None:
        _require_order(self)

    def __str__(self) -> str:
        return f"FMIT {self.start_date}: {self.person}"


class Holiday(TimeStamped):
    """A federal or program holiday: clinics close."""

    date = models.DateField(unique=True)
    name = models.CharField(max_length=120)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.name} {self.date}"


class Demand(TimeStamped):
    """What must be filled in a session: derived on import, then editable.

    FIXED asks for `minimum`..`maximum` on its weekdays. TEAM derives the minimum each day from the n present
    residents whose pattern names the activity in that session: (n + 1) // 2 if n >= 2, else 0.
    """

    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="demands")
    session = models.CharField(max_length=5, choices=[(s.value, s.value) for s in Session])
    basis = models.CharField(max_length=10, choices=DemandBasis, default=DemandBasis.FIXED)
    minimum = models.PositiveSmallIntegerField(default=0)
    desired = models.PositiveSmallIntegerField(default=0)
    maximum = models.PositiveSmallIntegerField(null=True, blank=True)
    weekdays = models.JSONField(default=list, blank=True, help_text="0 = Monday .. 6 = Sunday; empty = every day.")
    on_holidays = models.BooleanField(default=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    roles = models.JSONField(default=list, blank=True, help_text="Who counts: RESIDENT, FACULTY; empty = everybody.")
    is_active = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["activity", "session"]
        constraints = [
            models.CheckConstraint(condition=Q(desired__gte=F("minimum")), name="demand_desired_at_least_minimum"),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True) | Q(maximum__gte=F("desired")), name="demand_maximum_at_least_desired"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity.code} {self.session}: {self.minimum}"
