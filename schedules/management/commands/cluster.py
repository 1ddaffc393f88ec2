"""manage.py cluster: run the workers of the task queue, and let none of them outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.cluster import Cluster

from common.services import presence
from schedules.services import health, runs
from schedules.signals import workers_look_up

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 3

log = structlog.get_logger(__name__)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux). Orphans would go on working on old code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Command(BaseCommand):
    help = "Runs the task queue's workers: one cluster for mail and sweeping, one for generation. Ends with both."
    requires_system_checks = []  # each cluster runs them; what watches over both needs nothing that they load

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", choices=presence.CLUSTERS, help="Run this cluster alone, in this process.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"]:
            self.check()
            run_one(options["name"])
        else:
            sys.exit(supervise())


def run_one(name: str) -> None:
    """Run one cluster until it is told to stop; meanwhile be counted as present, and sweep after dead workers."""
    os.register_at_fork(after_in_child=die_with_parent)
    cluster = Cluster()
    # The sentinel and its workers are forked here and open database connections of their own.
    cluster.start()
    next_sweep = 0.0
    while cluster.sentinel is not None and cluster.sentinel.is_alive():
        if time.monotonic() >= next_sweep:
            look_after(name)
            next_sweep = time.monotonic() + SWEEP_SECONDS
        time.sleep(LOOK_SECONDS)


def look_after(name: str) -> None:
    """Keep the presence lock and sweep: runs beside the solver's workers, what apps above have due beside the others.

    The solver's workers notice where the others are gone. A lost database is tried again.
    """
    try:
        presence.announce(name)
        if name == presence.SOLVER:
            runs.sweep(timezone.now())
            if not presence.running(presence.DEFAULT):
                health.check(timezone.now())
        else:
            # A listener that fails is logged and leaves the workers alone.
            workers_look_up.send_robust(sender=None, at=timezone.now())
    except DatabaseError as error:
        log.warning("cluster_database_lost", cluster=name, error=type(error).__name__)
        connection.close()


def supervise() -> int:
    """Run every cluster as a child, end all when one ends or a signal comes; the first child's exit status."""
    children = [
        subprocess.Popen(
            [sys.executable, sys.argv[0], "cluster", "--name", name],
            env={**os.environ, "Q_CLUSTER_NAME": name},
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads are running yet
        )
        for name in presence.CLUSTERS
    ]

    told: set[int] = set()

    def end(signum: int = signal.SIGTERM, frame: object = None) -> None:
        # Each is told once: a second signal would kill one that is just ending.
        for child in children:
            if child.pid not in told and child.poll() is None:
                told.add(child.pid)
                child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while all(child.poll() is None for child in children):
        time.sleep(LOOK_SECONDS)
    end()
    statuses = [child.wait() for child in children]
    return next((abs(status) for status in statuses if status), 0)
