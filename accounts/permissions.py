"""What each role may do: the one table. Every door asks `User.may(Permission.X)` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from accounts.enums import Role


class Permission(Enum):
    """A thing a person can do. Values are sentences for the role page."""

    SEE_PUBLISHED = "see the published schedule"
    SEE_DRAFTS = "see drafts and runs"
    GENERATE = "generate schedules"
    CONFIRM_RUN = "confirm a generation"
    EDIT_ASSIGNMENTS = "edit and bulk assign"
    CLEAR_RANGE = "clear a range of assignments"
    PUBLISH = "publish and roll back a schedule"
    REQUEST_OWN = "ask for own absences, swaps and preferences"
    REQUEST_FOR_ALL = "file absences, swaps and preferences for others"
    REQUEST_FOR_NAMED = "propose absences, swaps and preferences for a named person"
    APPROVE_ABSENCES = "approve absences"
    SEE_SENSITIVE = "see sensitive reasons"
    CREATE_BACKUP = "create backups"
    RESTORE_BACKUP = "verify, restore and prune backups"
    SEE_BACKUPS = "see backups"
    SEE_DASHBOARD = "see the staff dashboard"
    READ_RESILIENCE = "read resilience"
    SIMULATE_RESILIENCE = "simulate resilience actions"
    APPROVE_RESILIENCE = "approve resilience actions at the own level"
    READ_PROGRAM = "read people, rotations and demand"
    EDIT_PROGRAM = "edit people and rotations, import program data"
    EDIT_DEMAND = "edit demand"
    EDIT_POLICY = "edit policy"
    DECIDE_COORDINATOR = "decide escalations at coordinator level"
    DECIDE_ARCHITECT = "decide escalations at architect level"
    DECIDE_DIRECTOR = "decide escalations at program director level and all overdue"
    MANAGE_USERS = "manage users, roles and tokens"


_EVERYBODY = {Permission.SEE_PUBLISHED, Permission.READ_RESILIENCE, Permission.READ_PROGRAM}
_MEMBER = _EVERYBODY | {Permission.REQUEST_OWN}
_STAFF = _EVERYBODY | {
    Permission.SEE_DRAFTS,
    Permission.GENERATE,
    Permission.CONFIRM_RUN,
    Permission.EDIT_ASSIGNMENTS,
    Permission.SEE_BACKUPS,
    Permission.CREATE_BACKUP,
    Permission.SEE_DASHBOARD,
}

ROLE_TABLE: Mapping[Role, frozenset[Permission]] = {
    Role.RESIDENT: frozenset(_MEMBER),
    Role.FACULTY: frozenset(_MEMBER),
    Role.COORDINATOR: frozenset(
        _STAFF
        | {
            Permission.REQUEST_FOR_ALL,
            Permission.APPROVE_ABSENCES,
            Permission.SIMULATE_RESILIENCE,
            Permission.APPROVE_RESILIENCE,
            Permission.EDIT_PROGRAM,
            Permission.EDIT_DEMAND,
            Permission.DECIDE_COORDINATOR,
        }
    ),
    Role.ARCHITECT: frozenset(
        _STAFF
        | {
            Permission.SIMULATE_RESILIENCE,
            Permission.APPROVE_RESILIENCE,
            Permission.EDIT_DEMAND,
            Permission.DECIDE_ARCHITECT,
        }
    ),
    Role.PROGRAM_DIRECTOR: frozenset(
        _STAFF
        | {
            Permission.PUBLISH,
            Permission.CLEAR_RANGE,
            Permission.REQUEST_OWN,
            Permission.REQUEST_FOR_ALL,
            Permission.APPROVE_ABSENCES,
            Permission.SEE_SENSITIVE,
            Permission.RESTORE_BACKUP,
            Permission.SIMULATE_RESILIENCE,
            Permission.APPROVE_RESILIENCE,
            Permission.EDIT_PROGRAM,
            Permission.EDIT_DEMAND,
            Permission.EDIT_POLICY,
            Permission.DECIDE_DIRECTOR,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        _STAFF
        | {
            Permission.PUBLISH,
            Permission.REQUEST_FOR_ALL,
            Permission.APPROVE_ABSENCES,
            Permission.RESTORE_BACKUP,
            Permission.EDIT_PROGRAM,
            Permission.EDIT_DEMAND,
            Permission.EDIT_POLICY,
            Permission.MANAGE_USERS,
        }
    ),
    Role.AGENT: frozenset(
        _EVERYBODY
        | {
            Permission.SEE_DRAFTS,
            Permission.GENERATE,
            Permission.REQUEST_FOR_NAMED,
            Permission.CREATE_BACKUP,
            Permission.SEE_BACKUPS,
            Permission.SIMULATE_RESILIENCE,
        }
    ),
}
