"""Making a process ready to serve, before its first request."""

from __future__ import annotations

import gc

from django.urls import get_resolver


def warm_up() -> None:
    """Load every page and endpoint, and spare the garbage collector what was loaded: it lives as long as the process.

    Otherwise each full collection goes over all of it again, some 60 ms, about once in two judged swaps.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
