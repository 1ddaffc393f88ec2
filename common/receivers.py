"""What common does when a history row is about to be written: name the user and the reason of the work around it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from simple_history.signals import pre_create_historical_record

from common.models import current_history


@receiver(pre_create_historical_record)
def name_user_and_reason(sender: Any, history_instance: Any, **kwargs: Any) -> None:
    """A reason or user that the writer set itself wins."""
    around = current_history()
    if around is None:
        return
    by, reason = around
    if not history_instance.history_change_reason:
        history_instance.history_change_reason = reason[:100]
    if by is not None and history_instance.history_user_id is None:
        history_instance.history_user = by
