"""manage.py mcp: the tools over standard input and output, as the account whose token is in MCP_TOKEN."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from accounts.models import User
from accounts.services.tokens import TokenNotValid, user_of

VARIABLE = "MCP_TOKEN"


class Command(BaseCommand):
    help = f"Serves the MCP tools over stdio with the caller's own token from {VARIABLE}."
    requires_system_checks = []  # their output would mix with the protocol

    def handle(self, *args: Any, **options: Any) -> None:
        token = os.environ.get(VARIABLE, "")
        if not token:
            raise CommandError(f"Set {VARIABLE} to your own token: an access token, or the one of your agent account.")
        try:
            user_of(token, at=timezone.now())
        except TokenNotValid as refusal:
            raise CommandError(refusal.detail) from refusal
        from common.tools.server import CALLER, server  # the SDK takes a second to load: only where it is asked for

        CALLER.set(lambda: _caller(token))
        server().run("stdio")


def _caller(token: str) -> User:
    """Asked anew for each call: a token that expired or was revoked in between opens nothing more."""
    close_old_connections()
    return user_of(token, at=timezone.now())
