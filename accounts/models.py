"""Who signs in: the user, the role and what the role may do."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts.enums import STAFF_ROLES, Role
from accounts.permissions import ROLE_TABLE, Permission


class User(AbstractUser):
    """A sign-in. What it may do follows from `role` alone; `is_staff` (the admin site) follows from it too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.CharField(max_length=20, choices=Role, default=Role.RESIDENT)
    wants_mail = models.BooleanField(default=True, help_text="Send notifications by mail as well.")
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it. Inactive users may nothing."""
        return self.is_active and permission in ROLE_TABLE[Role(self.role)]

    @property
    def sees_staff_pages(self) -> bool:
        return self.is_active and self.role in STAFF_ROLES

    @property
    def rights(self) -> frozenset[str]:
        """Names of what the role allows, for templates: ``{% if "PUBLISH" in user.rights %}``."""
        return frozenset(permission.name for permission in Permission if self.may(permission))

    @cached_property
    def unread_count(self) -> int:
        """Unread notifications, asked once per request."""
        return self.notifications.filter(read_at__isnull=True).count()

    def save(self, *args: object, **kwargs: object) -> None:
        self.is_staff = self.role in STAFF_ROLES
        self.is_superuser = self.role == Role.ADMINISTRATOR
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Notification(models.Model):
    """One message to one user, in the application and, where they want it, by mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    created_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True, help_text="Path inside this site.")
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "read_at"])]

    def __str__(self) -> str:
        return self.title
