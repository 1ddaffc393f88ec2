"""News for another program: one POST per event to the address of the settings, without a word about anybody."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import structlog
from django.conf import settings

TIMEOUT_SECONDS = 5

_log = structlog.get_logger(__name__)


class _HereOnly(urllib.request.HTTPRedirectHandler):
    """The address is the operator's choice: whoever answers there may not send us on, into the network perhaps."""

    def redirect_request(self, *args: Any) -> None:
        return None


_opener = urllib.request.build_opener(_HereOnly)


def post_event(event: dict[str, str], /) -> bool:
    """Send `{"kind", "at", "url"}` (a constant, a time, an address of this site) as JSON; False where nobody took it.

    Titles and texts name people and stay here: whoever may read them follows the address and signs in.
    """
    request = urllib.request.Request(  # noqa: S310 - the settings refuse an address that is not http or https
        settings.WEBHOOK_URL,
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS):
            return True
    except OSError as failure:  # URLError and timeouts are among them
        _log.warning("webhook_failed", kind=event["kind"], failure=type(failure).__name__)
        return False
