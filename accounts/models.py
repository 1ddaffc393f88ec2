"""Who signs in: users with their roles, second factors and tokens, and messages to them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from accounts.enums import STAFF_ROLES, Role
from accounts.permissions import ROLE_TABLE, Permission
from common.models import who_has_when


class Users(UserManager["User"]):
    """What `createsuperuser` makes is an administrator: what anybody may do follows from the role alone."""

    use_in_migrations = False

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **more: Any
    ) -> User:
        return super().create_superuser(username, email, password, **{"role": Role.ADMINISTRATOR} | more)


class User(AbstractUser):
    """A sign-in. What it may do follows from `role` alone; `is_staff` (the admin site) follows from it too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.CharField(max_length=20, choices=Role, default=Role.RESIDENT)
    wants_mail = models.BooleanField(default=True, help_text="Send notifications by mail as well.")
    password_link_at = models.DateTimeField(
        null=True, editable=False, help_text="When a link to set the password was made that still may be used."
    )
    history = HistoricalRecords(excluded_fields=["password", "last_login", "password_link_at"])
    objects: ClassVar[Users] = Users()

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it. Inactive users may nothing."""
        return self.is_active and permission in ROLE_TABLE[Role(self.role)]

    @property
    def sees_staff_pages(self) -> bool:
        return self.is_active and self.role in STAFF_ROLES

    @property
    def has_second_factor(self) -> bool:
        """Whether signing in asks for a code of an app."""
        return SecondFactor.objects.filter(user=self, confirmed_at__isnull=False).exists()

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


class AgentToken(models.Model):
    """A long-lived key of an agent account. Only its digest is kept; it is revoked, never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="agent_tokens")
    name = models.CharField(max_length=80, help_text="What it is for: the program and the machine that use it.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the token.")
    hint = models.CharField(max_length=8, editable=False, help_text="The token's last characters, to know it again.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="agent_token_expires_after_creation"
            ),
            who_has_when("revoked", name="agent_token_revoked_by_has_time"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_valid(self, *, at: dt.datetime) -> bool:
        """Whether it opens anything at that time: neither revoked nor expired, and its account is an active agent."""
        return self.revoked_at is None and at < self.expires_at and self.user.is_active and self.user.role == Role.AGENT


class SecondFactor(models.Model):
    """The authenticator app of one user; it counts from `confirmed_at` on, when a first code has proven it.

    History is the user's own: turning on, off and resetting change the sign-in and are reasons there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    sealed_secret = models.CharField(
        max_length=255, editable=False, help_text="The key shared with the app, encrypted (accounts.services.sealing)."
    )
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0, help_text="The 30-second step of the last code: none counts twice.")

    def __str__(self) -> str:
        return f"Second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """One of the codes that replace a lost phone, each once. Only a keyed digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once_per_factor")]

    def __str__(self) -> str:
        return f"Recovery code of {self.factor_id}"
