"""Roles and permissions as stored and named everywhere."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    RESIDENT = "RESIDENT", "Resident"
    FACULTY = "FACULTY", "Faculty"
    COORDINATOR = "COORDINATOR", "Coordinator"
    ARCHITECT = "ARCHITECT", "Architect (resilience lead)"
    PROGRAM_DIRECTOR = "PROGRAM_DIRECTOR", "Program director"
    ADMINISTRATOR = "ADMINISTRATOR", "Administrator"
    AGENT = "AGENT", "API or agent account"


STAFF_ROLES = frozenset({Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR})
"""Roles that see the staff pages."""
