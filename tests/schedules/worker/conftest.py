"""One running task cluster for the tests that need one; started anew where a test has killed it."""

from collections.abc import Iterator

import pytest

from common.services import presence
from tests.schedules.worker import cluster


class Shared:
    """Starts the cluster at the first use and again after its death."""

    def __init__(self, folder):
        self.folder = folder
        self.context = None
        self.process = None

    def alive(self):
        if self.process is None or self.process.poll() is not None:
            self.stop()
            self.context = cluster.running(self.folder / "cluster.log")
            self.process = self.context.__enter__()
        cluster.until(lambda: presence.running(presence.SOLVER), "the cluster is up")
        return self.process

    def stop(self):
        if self.context is not None:
            self.context.__exit__(None, None, None)
            self.context = None


@pytest.fixture(scope="package")
def shared(tmp_path_factory) -> Iterator[Shared]:
    one = Shared(tmp_path_factory.mktemp("cluster"))
    yield one
    one.stop()


@pytest.fixture
def workers(shared, pd):
    return shared.alive()
