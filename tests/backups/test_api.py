"""REST of backups: the role table, literally, and what each call answers."""

from __future__ import annotations

import pytest

from accounts.enums import Role
from backups.models import Backup
from backups.services.files import path_of
from tests.factories.backups import verified_backup

pytestmark = pytest.mark.django_db
UNKNOWN = "00000000-0000-0000-0000-000000000000"

RIGHTS = {
    Role.RESIDENT: {"list": 403, "create": 403, "verify": 403, "restore": 403},
    Role.FACULTY: {"list": 403, "create": 403, "verify": 403, "restore": 403},
    Role.COORDINATOR: {"list": 200, "create": 201, "verify": 200, "restore": 403},
    Role.ARCHITECT: {"list": 200, "create": 201, "verify": 200, "restore": 403},
    Role.PROGRAM_DIRECTOR: {"list": 200, "create": 201, "verify": 200, "restore": 200},
    Role.ADMINISTRATOR: {"list": 200, "create": 201, "verify": 200, "restore": 200},
    Role.AGENT: {"list": 200, "create": 201, "verify": 403, "restore": 403},
}


@pytest.mark.parametrize("role", list(RIGHTS))
def test_the_role_table(api_as, role, settings):
    settings.BACKUP_VERIFY = "checksum"
    backup = verified_backup(row_counts={"schedules_person": 0})
    api = api_as(role)

    seen = {
        "list": api.get("/api/v1/backups").status_code,
        "create": api.post("/api/v1/backups", {}).status_code,
        "verify": api.post(f"/api/v1/backups/{backup.pk}/verify").status_code,
        "restore": api.post(f"/api/v1/backups/{backup.pk}/restore", {}).status_code,
    }

    assert seen == RIGHTS[role]


def test_the_list_shows_what_was_proven(api_as):
    backup = verified_backup()

    answer = api_as(Role.COORDINATOR).get("/api/v1/backups").json()

    assert answer["total"] == 1
    assert (answer["items"][0]["file"], answer["items"][0]["state"]) == (backup.file, "VERIFIED")


@pytest.mark.parametrize("address", ["/api/v1/backups", "/api/v1/backups/{pk}", "/backups", "/backups/{pk}"])
def test_looking_shows_an_altered_file_as_broken_and_writes_nothing(api_as, browser_as, address):
    backup = verified_backup()
    path_of(backup.file).write_bytes(b"short")
    client = (api_as if "api" in address else browser_as)(Role.COORDINATOR)

    answer = client.get(address.format(pk=backup.pk))

    backup.refresh_from_db()
    assert b"the file has 5 bytes instead of" in answer.content
    assert (backup.state, backup.state_reason) == ("VERIFIED", "")


def test_creating_answers_the_verified_backup(api_as, coordinator):
    answer = api_as(Role.COORDINATOR).post("/api/v1/backups", {"label": "block-10"}).json()

    made = Backup.objects.get()
    assert (answer["id"], answer["state"], answer["kind"]) == (str(made.pk), "VERIFIED", "PRE_OPERATION")
    assert made.created_by == coordinator


def test_a_bad_label_is_a_clear_refusal(api_as):
    answer = api_as(Role.COORDINATOR).post("/api/v1/backups", {"label": "../x"})

    assert answer.status_code == 400
    assert Backup.objects.count() == 0


def test_a_backup_that_fails_answers_409(api_as, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.BACKUP_DIR = tmp_path / "file"

    answer = api_as(Role.COORDINATOR).post("/api/v1/backups", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "backup_failed")


def test_a_restore_without_the_typed_name_is_a_dry_run_with_both_counts(api_as):
    backup = verified_backup(row_counts={"schedules_person": 3})

    answer = api_as(Role.PROGRAM_DIRECTOR).post(f"/api/v1/backups/{backup.pk}/restore", {})

    rows = {row["table"]: (row["now"], row["in_backup"]) for row in answer.json()["row_counts"]}
    assert answer.json()["dry_run"] is True
    assert rows["schedules_person"] == (0, 3)


def test_another_name_is_refused(api_as):
    backup = verified_backup()

    answer = api_as(Role.PROGRAM_DIRECTOR).post(f"/api/v1/backups/{backup.pk}/restore", {"confirm": "yes"})

    assert (answer.status_code, answer.json()["code"]) == (409, "confirmation_required")


@pytest.mark.parametrize("action", ["", "/verify", "/restore"])
def test_an_unknown_one_is_not_there(api_as, action):
    api = api_as(Role.ADMINISTRATOR)
    url = f"/api/v1/backups/{UNKNOWN}{action}"

    assert (api.post(url) if action else api.get(url)).status_code == 404
