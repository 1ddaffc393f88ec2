"""A process that is about to serve has everything loaded, and the collector lets it be."""

from __future__ import annotations

import gc
import sys

from common.services.warming import warm_up


def test_what_is_loaded_before_the_first_request_is_left_out_of_collections():
    try:
        warm_up()
        assert gc.get_freeze_count() > 10_000
        assert "scheduler_project.api" in sys.modules
    finally:
        gc.unfreeze()
