"""What two apps need of models: UUID keys, time stamps, history, and querysets that refuse writes nobody would see."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models
from django.utils import timezone


class GateClosed(RuntimeError):
    """A guarded table was written outside the gate. A programming error, never a user's: no door shows it."""


_gate_open: ContextVar[bool] = ContextVar("gate_open", default=False)


@contextmanager
def guarded_writes_allowed() -> Iterator[None]:
    """Let guarded querysets write. Entered by the gate alone (`backups.services`)."""
    token = _gate_open.set(True)
    try:
        yield
    finally:
        _gate_open.reset(token)


class TimeStamped(models.Model):
    """UUID key and time stamps."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class TrackedQuerySet(models.QuerySet[Any]):
    """Refuses the bulk writes that django-simple-history does not see.

    Services use the ``_with_history`` forms of `simple_history.utils`, which pass ``default_user`` and reason,
    and which work on the unrestricted ``_base_manager``.
    """

    def update(self, **kwargs: Any) -> int:
        raise NotImplementedError("update() leaves no history; save each row or use bulk_update_with_history")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("bulk_create() leaves no history; use bulk_create_with_history")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("bulk_update() leaves no history; use bulk_update_with_history")
