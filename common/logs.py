"""What the logs must not say. Imported by the settings: nothing here needs the apps."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_DATABASE_DETAIL = re.compile(r"^\s*(DETAIL|CONTEXT|HINT):.*$", re.MULTILINE)
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of a log event what names people: values that PostgreSQL quotes in its details, and e-mail addresses."""
    for key in ("event", "exception"):
        if isinstance(event.get(key), str):
            event[key] = _E_MAIL.sub("[e-mail]", _DATABASE_DETAIL.sub("", event[key]))
    return event
