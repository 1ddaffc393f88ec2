"""What tests of swaps share: a clock three weeks before the published block, and the backup that an execution needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.factories import backups, swaps


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """Stands at EARLY until a test moves it."""
    with time_machine.travel(swaps.EARLY, tick=False) as moved:
        yield moved


@pytest.fixture
def fresh_backup(settings: Any, tmp_path: Any) -> None:
    """What an execution needs: a verified backup there. The scratch restore has tests of its own."""
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()
