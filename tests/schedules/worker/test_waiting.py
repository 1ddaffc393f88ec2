"""The whole way through REST and the real cluster: asked with `wait`, answered with the result, then published."""

import pytest
from rest_framework.test import APIClient

from accounts.enums import Role
from tests.factories import accounts, program

URL = "/api/v1/schedule/generate?wait=true"
BODY = {"start_date": "2026-03-12", "end_date": "2026-04-08", "timeout_seconds": 5, "confirm": True}
RESULT = {
    "run_id",
    "status",
    "total_blocks_assigned",
    "total_blocks",
    "coverage_rate",
    "generation_seconds",
    "objective",
    "bound",
    "gap",
    "validation",
    "resilience",
    "backup",
    "schedule_id",
    "message",
}

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pd():
    program.tiny_program()
    program.policy(require_n1=False, max_violations=100)
    return accounts.user(Role.PROGRAM_DIRECTOR)


def test_waiting_for_the_result_and_publishing_it(workers, pd, settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_VERIFY = tmp_path, "checksum"
    client = APIClient()
    client.force_authenticate(pd)

    answer = client.post(URL, BODY)
    published = client.post(f"/api/v1/schedules/{answer.json()['schedule_id']}/publish")
    run = client.get(f"/api/v1/schedule/runs/{answer.json()['run_id']}").json()

    assert answer.status_code == 200
    assert answer.json().keys() >= RESULT
    assert answer.json()["resilience"].keys() == {"n1_compliant", "n2_compliant", "n1_margin", "weakest"}
    assert answer.json()["validation"]["acgme_compliant"] is True
    assert answer.json()["backup"]["file"].startswith("residency_scheduler_pre-block-10_")
    assert published.status_code == 200
    assert run["status"] == "PUBLISHED"
