"""The program's data, its schedules and the runs that make them."""

from schedules.models.calendar import Block, BlockAssignment, Demand, FmitWeek, Holiday
from schedules.models.compliance import Breaker, ComplianceEvent
from schedules.models.people import (
    Absence,
    BackupPoolEntry,
    Credential,
    DutyLog,
    FacultyDuty,
    Person,
    PersonCredential,
    Preference,
)
from schedules.models.policy import ProgramPolicy
from schedules.models.rotations import Activity, RotationPattern, RotationTemplate
from schedules.models.runs import ConfirmationToken, GenerationRun, IdempotencyKey
from schedules.models.schedule import Amendment, Assignment, Publication, Schedule

__all__ = [
    "Absence",
    "Activity",
    "Amendment",
    "Assignment",
    "BackupPoolEntry",
    "Block",
    "BlockAssignment",
    "Breaker",
    "ComplianceEvent",
    "ConfirmationToken",
    "Credential",
    "Demand",
    "DutyLog",
    "FacultyDuty",
    "FmitWeek",
    "GenerationRun",
    "Holiday",
    "IdempotencyKey",
    "Person",
    "PersonCredential",
    "Preference",
    "ProgramPolicy",
    "Publication",
    "RotationPattern",
    "RotationTemplate",
    "Schedule",
]
