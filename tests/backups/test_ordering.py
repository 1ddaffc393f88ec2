"""Backups and proofs that somebody asks for: queued where a worker lives, done at once where none does."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db.models.signals import post_save
from django_q.models import OrmQ

from accounts.enums import Role
from backups import services, tasks
from backups.enums import BackupKind, BackupState
from backups.models import Backup
from backups.services import files
from common.services import presence
from tests.factories.backups import verified_backup
from tests.factories.generation import worker_present

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_backups")]
AT = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
ASYNC = {"HTTP_PREFER": "respond-async; wait=0"}


@pytest.fixture
def worker():
    with worker_present(presence.DEFAULT):
        yield


def _queued_tasks() -> list[str]:
    return [queued.func() for queued in OrmQ.objects.all()]


# --- the service -----------------------------------------------------------------------------------------------------


def test_with_a_worker_the_backup_waits_for_it(worker, coordinator):
    asked = services.request_backup(kind=BackupKind.REGULAR, by=coordinator, at=AT)

    assert (asked.state, files.path_of(asked.file).exists(), _queued_tasks()) == (
        "QUEUED",
        False,
        ["backups.tasks.make"],
    )

    tasks.make(str(asked.pk))

    asked.refresh_from_db()
    assert (asked.state, asked.created_by, files.path_of(asked.file).exists()) == ("VERIFIED", coordinator, True)
    assert services.is_at_work(asked, at=AT) is False


def test_between_the_dump_and_its_proof_it_is_at_work_still(worker):
    asked = services.request_backup(kind=BackupKind.REGULAR, by=None, at=AT)
    seen = []

    def look(sender, instance, **kwargs):
        seen.append((instance.state, services.is_at_work(instance, at=AT)))

    post_save.connect(look, sender=Backup)
    try:
        services.make_queued(asked.pk, at=AT)
    finally:
        post_save.disconnect(look, sender=Backup)

    assert seen == [("UNVERIFIED", True), ("VERIFIED", False)]


def test_a_task_that_comes_twice_makes_one_backup(worker):
    asked = services.request_backup(kind=BackupKind.REGULAR, by=None, at=AT)

    first, second = (services.make_queued(asked.pk, at=AT) for _ in range(2))

    assert (first.state, second) == ("VERIFIED", None)
    assert Backup.objects.count() == 1


def test_without_a_worker_it_is_made_at_once():
    made = services.request_backup(kind=BackupKind.REGULAR, by=None, at=AT)

    assert (made.state, OrmQ.objects.count()) == ("VERIFIED", 0)


def test_a_worker_that_fails_leaves_the_reason_in_the_row(worker, settings, tmp_path):
    asked = services.request_backup(kind=BackupKind.REGULAR, by=None, at=AT)
    (tmp_path / "file").touch()
    settings.BACKUP_DIR = tmp_path / "file"

    with pytest.raises(services.BackupFailed):
        tasks.make(str(asked.pk))

    asked.refresh_from_db()
    assert (asked.state, services.is_at_work(asked, at=AT)) == ("BROKEN", False)
    assert asked.state_reason != ""


def test_a_proof_that_is_asked_for_is_answered_once(worker):
    backup = verified_backup(row_counts={"schedules_person": 0})
    path = files.path_of(backup.file)
    path.write_bytes(path.read_bytes()[:-4] + b"oops")

    asked = services.request_proof(backup, by=None, at=AT)
    answer, again = (services.prove_asked(asked.pk, at=AT) for _ in range(2))

    assert (asked.proof_asked_at, _queued_tasks()) == (AT, ["backups.tasks.prove"])
    assert (answer.state, answer.proof_asked_at, again) == ("BROKEN", None, None)


def test_a_proof_that_nobody_answers_is_given_up_after_a_quarter_of_an_hour(worker):
    asked = services.request_proof(verified_backup(), by=None, at=AT)

    looks = [services.is_at_work(asked, at=AT + dt.timedelta(minutes=minutes)) for minutes in (0, 14, 15)]

    assert looks == [True, True, False]


def test_what_waits_for_a_worker_neither_opens_the_gate_nor_can_be_pruned(worker):
    with time_machine.travel(AT, tick=False):
        services.request_backup(kind=BackupKind.REGULAR, by=None, at=AT)

    assert (services.fresh_backup(), list(services.prunable(AT + dt.timedelta(days=400)))) == (None, [])


# --- the doors -------------------------------------------------------------------------------------------------------


def test_the_page_follows_the_worker_to_the_end(worker, browser_as):
    browser = browser_as(Role.COORDINATOR)
    asked = browser.post("/backups/create")
    page = asked["Location"]

    waiting = browser.get(page).content.decode()
    during = browser.get(f"{page}/live")
    tasks.make(str(Backup.objects.get().pk))
    after = browser.get(f"{page}/live")

    assert f'hx-get="{page}/live"' in waiting
    assert (during.status_code, "Waiting for a worker" in during.content.decode()) == (200, True)
    assert (after.status_code, after["HX-Refresh"]) == (286, "true")
    assert "hx-get" not in browser.get(page).content.decode()


def test_the_page_says_when_the_worker_has_gone(browser_as):
    with worker_present(presence.DEFAULT):
        page = browser_as(Role.COORDINATOR).post("/backups/create")["Location"]

    assert "start one with <code>manage.py cluster</code>" in browser_as(Role.COORDINATOR).get(page).content.decode()


def test_without_a_worker_the_page_makes_it_and_says_so(browser_as):
    shown = browser_as(Role.COORDINATOR).post("/backups/create", follow=True).content.decode()

    assert "was made and verified." in shown
    assert "No worker of the task queue is running" in shown


def test_verify_again_waits_for_the_worker_too(worker, browser_as):
    backup = verified_backup(row_counts={"schedules_person": 0})
    browser = browser_as(Role.COORDINATOR)

    browser.post(f"/backups/{backup.pk}/verify")
    during = browser.get(f"/backups/{backup.pk}/live")
    tasks.prove(str(backup.pk))

    assert "Being verified again." in during.content.decode()
    assert browser.get(f"/backups/{backup.pk}/live").status_code == 286


def test_the_api_answers_at_once_where_that_is_preferred(worker, api_as):
    api = api_as(Role.COORDINATOR)

    made = api.post("/api/v1/backups", {}, **ASYNC)
    seen = api.get(made["Location"])
    proof = api.post(f"{made['Location']}/verify", **ASYNC)

    assert (made.status_code, made.json()["state"], made["Preference-Applied"]) == (202, "QUEUED", "respond-async")
    assert (seen.status_code, seen.json()["id"]) == (200, made.json()["id"])
    assert (proof.status_code, proof.json()["proof_asked_at"] is not None) == (202, True)


@pytest.mark.parametrize("wish", [{}, {"HTTP_PREFER": "return=minimal"}])
def test_the_api_waits_for_the_end_where_nothing_else_is_preferred(worker, api_as, wish):
    made = api_as(Role.COORDINATOR).post("/api/v1/backups", {}, **wish)

    assert (made.status_code, made.json()["state"]) == (201, BackupState.VERIFIED)


def test_the_preference_is_put_aside_without_a_worker(api_as):
    made = api_as(Role.COORDINATOR).post("/api/v1/backups", {}, **ASYNC)

    assert (made.status_code, made.json()["state"], "Preference-Applied" in made) == (201, "VERIFIED", False)
