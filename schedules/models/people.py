"""People and what is true of them: credentials, duties, absences, preferences, hours outside the schedule."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from common.models import TimeStamped, TrackedQuerySet, who_has_when
from schedules.domain.problem import DutyLogKind, PreferenceScope, Role, Session
from schedules.enums import AbsenceKind, AbsenceStatus


class Credential(TimeStamped):
    """A qualification that an activity may need."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class FacultyDuty(TimeStamped):
    """A faculty position: half-days per week of each kind of work, weeks per year, weekdays."""

    name = models.CharField(max_length=120, unique=True)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    minimum = models.JSONField(default=dict, help_text="Kind of work -> half-days per week at least.")
    maximum = models.JSONField(default=dict, help_text="Kind of work -> half-days per week at most; 0 means none.")
    inpatient_weeks_min = models.PositiveSmallIntegerField(default=0)
    inpatient_weeks_max = models.PositiveSmallIntegerField(default=0)
    available_weekdays = models.JSONField(default=list, help_text="0 = Monday .. 6 = Sunday.")
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "faculty duties"

    def __str__(self) -> str:
        return self.name


class Person(TimeStamped):
    """A resident or faculty member."""

    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=[(r.value, r.value.title()) for r in Role])
    pgy_level = models.PositiveSmallIntegerField(null=True, blank=True)
    faculty_role = models.CharField(max_length=120, blank=True)
    adjunct = models.BooleanField(default=False)
    duty = models.ForeignKey(FacultyDuty, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    excluded_from_call = models.BooleanField(default=False, help_text="Never given a call automatically.")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    calendar_token = models.CharField(
        max_length=64, unique=True, null=True, blank=True, help_text="Secret of the iCal feed."
    )
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords(excluded_fields=["calendar_token"])
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["role", "pgy_level", "name"]
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(fields=["source_id"], condition=~Q(source_id=""), name="person_source_id_once"),
            models.CheckConstraint(
                condition=Q(role=Role.RESIDENT, pgy_level__isnull=False) | Q(role=Role.FACULTY, pgy_level__isnull=True),
                name="residents_have_a_pgy_level",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonCredential(TimeStamped):
    """A person holds a credential until a date, or without end."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="credentials")
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="holders")
    expires_on = models.DateField(null=True, blank=True, help_text="Last valid date; empty = does not expire.")
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["person", "credential"]
        constraints = [models.UniqueConstraint(fields=["person", "credential"], name="credential_once_per_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.credential}"


class Absence(TimeStamped):
    """Days on which a person is away. Only approved ones block."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    start_date = models.DateField(db_index=True)
    end_date = models.DateField(help_text="Last day, included.")
    kind = models.CharField(max_length=20, choices=AbsenceKind)
    status = models.CharField(max_length=20, choices=AbsenceStatus, default=AbsenceStatus.REQUESTED)
    reason = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["start_date", "person"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="absence_ends_after_start"),
            models.UniqueConstraint(fields=["source_id"], condition=~Q(source_id=""), name="absence_source_id_once"),
            who_has_when("decided", name="absence_decided_by_has_time"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()} {self.start_date} to {self.end_date}"

    @property
    def days(self) -> int:
        """Calendar days, both dates included."""
        return (self.end_date - self.start_date).days + 1


class Preference(TimeStamped):
    """A like or dislike of a weekday, session or week; the solver weighs it, nothing more."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="preferences")
    scope = models.CharField(max_length=10, choices=[(s.value, s.value.title()) for s in PreferenceScope])
    weight = models.SmallIntegerField(help_text="-3 (strong dislike) to 3 (strong like).")
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    session = models.CharField(max_length=5, blank=True, choices=[(s.value, s.value) for s in Session])
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    activity = models.ForeignKey("schedules.Activity", null=True, blank=True, on_delete=models.CASCADE)
    note = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["person", "scope"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=-3, weight__lte=3) & ~Q(weight=0), name="preference_weight"),
            models.CheckConstraint(
                condition=(Q(scope="WEEKDAY", weekday__isnull=False))
                | (Q(scope="SESSION") & ~Q(session=""))
                | (Q(scope="WEEK", start_date__isnull=False, end_date__isnull=False, end_date__gte=F("start_date"))),
                name="preference_names_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.scope.lower()} {self.weight:+d}"


class DutyLog(TimeStamped):
    """Hours outside the schedule: moonlighting, clinical work from home, at-home call worked."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="duty_logs")
    date = models.DateField(db_index=True)
    kind = models.CharField(
        max_length=20, choices=[(k.value, k.value.replace("_", " ").capitalize()) for k in DutyLogKind]
    )
    hours = models.DecimalField(max_digits=4, decimal_places=2)
    note = models.CharField(max_length=200, blank=True)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["date", "person"]
        constraints = [models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=24), name="duty_log_hours_of_a_day")]

    def __str__(self) -> str:
        return f"{self.person} {self.date} {self.hours} h"


class BackupPoolEntry(TimeStamped):
    """A person on stand-by (jeopardy): the first to be asked when somebody is missing."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="standby")
    start_date = models.DateField()
    end_date = models.DateField()
    history = HistoricalRecords()
    objects = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ["start_date"]
        verbose_name_plural = "backup pool entries"
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="standby_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.start_date} to {self.end_date}"
