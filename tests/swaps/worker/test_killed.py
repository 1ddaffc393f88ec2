"""A process killed amid an execution: all of it or nothing, and the next sweep finishes what was decided."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings as project
from django.db import transaction

from swaps import services
from swaps.models import SwapRecord
from swaps.services import record
from tests.factories import backups, swaps
from tests.factories.swaps import EARLY, FRIDAYS
from tests.schedules.worker.cluster import database_url

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DIES = """
import os, signal, sys
import django
django.setup()
from django.utils.dateparse import parse_datetime
from swaps.models import SwapRecord
from swaps.services import execution
module, name = {"writing": (execution.rows, "write"), "verifying": (execution, "verify")}[sys.argv[2]]
setattr(module, name, lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL))
execution.execute(SwapRecord.objects.get(pk=sys.argv[1]), by=None, at=parse_datetime(sys.argv[3]))
"""


def approved(world):
    """A swap that is decided and not executed, as the process between the two transactions leaves it."""
    people = world.attending
    order = services.Order(people["A"].pk, FRIDAYS[1], people["B"].pk, "one_to_one", "conference", FRIDAYS[2])
    swap = services.request(order, by=world.user["A"], at=EARLY)
    with transaction.atomic():
        locked = record.lock(swap)
        locked.status = "APPROVED"
        return record.save(locked, by=None, at=EARLY, why="test", consent_at=EARLY)


@pytest.mark.parametrize("moment", ["writing", "verifying"])
def test_a_process_killed_between_execution_and_verification_leaves_nothing(moment, settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    backups.verified_backup()
    world = swaps.world()
    swap, before = approved(world), world.cells()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "BACKUP_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "scheduler_project.settings",
    }

    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(swap.pk), moment, EARLY.isoformat()],
        cwd=project.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    swap.refresh_from_db()
    assert (swap.status, world.cells(), swap.changes.count()) == ("APPROVED", before, 0)
    services.sweep(EARLY + dt.timedelta(minutes=3))
    assert SwapRecord.objects.get(pk=swap.pk).status == "EXECUTED"
