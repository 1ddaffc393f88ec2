"""Where notifications lead whoever got them."""

from __future__ import annotations

from django.test import Client

from accounts.models import Notification


def dead_ends() -> set[tuple[str, str, str, int]]:
    """Kind, role, address and status of every notification whose page its reader does not get."""
    rows = Notification.objects.order_by("user", "url").values_list("user", "url", "kind").distinct()
    found, users = set(), Notification.user.field.related_model.objects.in_bulk([user for user, _, _ in rows])
    for user, url, kind in rows:
        client = Client()
        client.force_login(users[user], backend="django.contrib.auth.backends.ModelBackend")
        status = client.get(url, follow=True).status_code
        if status != 200:
            found.add((kind, users[user].role, url, status))
    return found
