"""manage.py cluster: both clusters come up, are seen as present, and end with the command."""

import pytest

from common.services import presence
from tests.schedules.worker import cluster

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_it_starts_both_clusters_and_a_termination_ends_them_cleanly(tmp_path):
    with cluster.running(tmp_path / "cluster.log") as process:
        for name in presence.CLUSTERS:
            cluster.until(lambda name=name: presence.running(name), f"{name} is up")
        process.terminate()
        status = process.wait(timeout=cluster.PATIENCE)

    assert status == 0
    assert [presence.running(name) for name in presence.CLUSTERS] == [0, 0]
    assert "Traceback" not in (tmp_path / "cluster.log").read_text()
