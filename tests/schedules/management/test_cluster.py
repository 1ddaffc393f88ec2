"""manage.py cluster: both clusters come up, are seen as present, and end with the command."""

import pytest
from django.db import connection

from common.services import presence
from schedules.management.commands.cluster import look_after
from schedules.signals import health_looked_at, workers_look_up
from tests.factories import generation
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


def test_a_listener_that_fails_leaves_the_workers_alone(caplog):
    def broken(**kwargs):
        raise LookupError("nothing there")

    heard = []
    workers_look_up.connect(broken)
    workers_look_up.connect(listener := lambda **kwargs: heard.append(kwargs["at"]))

    look_after(presence.DEFAULT)

    workers_look_up.disconnect(broken)
    workers_look_up.disconnect(listener)
    connection.close()  # lets the presence go
    assert len(heard) == 1
    assert "nothing there" in caplog.text


@pytest.mark.parametrize(("others", "asked"), [(presence.DEFAULT, 0), (presence.SOLVER, 1)])
def test_workers_of_generation_ask_how_the_system_does_where_the_others_are_gone(others, asked):
    heard = []
    health_looked_at.connect(listener := lambda **kwargs: heard.append(kwargs["at"]))

    with generation.worker_present(others):
        look_after(presence.SOLVER)

    health_looked_at.disconnect(listener)
    connection.close()  # lets the presence go
    assert len(heard) == asked
