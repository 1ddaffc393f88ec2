"""Rotations of residents in blocks: through the gate, for those who edit the program, with history."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.enums import Role
from common.errors import Invalid, NotAllowed
from schedules.models import BlockAssignment
from schedules.services import rotations
from tests.factories import program
from tests.factories.backups import verified_backup

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_a_resident_is_put_on_a_rotation_and_moved(coordinator):
    verified_backup()
    person, block, first, second = program.resident(), program.block(), program.rotation(), program.rotation()

    made = rotations.assign(person, block=block, rotation=first, by=coordinator, at=AT)
    moved = rotations.change_rotation(made, rotation=second, by=coordinator, at=AT, reason="swapped months")

    assert (made.rotation, moved.rotation, moved.pk) == (first, second, made.pk)
    latest = moved.history.first()
    assert (latest.history_user, latest.history_change_reason) == (coordinator, "swapped months")


def test_a_second_rotation_in_a_block_is_refused(coordinator):
    verified_backup()
    person, block, rotation = program.resident(), program.block(), program.rotation()
    program.block_assignment(person, block, rotation)

    with pytest.raises(rotations.AlreadyAssigned):
        rotations.assign(person, block=block, rotation=rotation, by=coordinator, at=AT)


def test_an_assignment_is_removed_and_its_history_stays(coordinator):
    verified_backup()
    made = program.block_assignment(program.resident(), program.block(), program.rotation())

    rotations.remove(made, by=coordinator, at=AT)

    assert BlockAssignment.objects.count() == 0
    assert BlockAssignment.history.filter(history_type="-", history_user=coordinator).count() == 1


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.FACULTY, Role.ARCHITECT, Role.AGENT])
def test_others_do_not_assign(user_as, role):
    with pytest.raises(NotAllowed):
        rotations.assign(
            program.resident(), block=program.block(), rotation=program.rotation(), by=user_as(role), at=AT
        )


def test_faculty_and_rotations_out_of_use_are_refused(coordinator):
    block = program.block()

    with pytest.raises(Invalid, match="Only residents"):
        rotations.assign(program.faculty(), block=block, rotation=program.rotation(), by=coordinator, at=AT)
    with pytest.raises(Invalid, match="no longer in use"):
        rotations.assign(
            program.resident(), block=block, rotation=program.rotation(is_active=False), by=coordinator, at=AT
        )


def test_over_rest_it_is_the_same(api_as):
    verified_backup()
    person, block, first, second = program.resident(), program.block(), program.rotation(), program.rotation()
    body = {"person": str(person.pk), "block": str(block.pk), "rotation": str(first.pk)}
    client = api_as(Role.COORDINATOR)

    made = client.post("/api/v1/block-assignments", body)
    again = client.post("/api/v1/block-assignments", body)
    moved = client.patch(f"/api/v1/block-assignments/{made.json()['id']}", {"rotation": str(second.pk)})
    refused = api_as(Role.RESIDENT).delete(f"/api/v1/block-assignments/{made.json()['id']}")
    gone = client.delete(f"/api/v1/block-assignments/{made.json()['id']}")

    assert (made.status_code, made.json()["rotation"]) == (201, str(first.pk))
    assert (again.status_code, again.json()["code"]) == (409, "already_assigned")
    assert (moved.status_code, moved.json()["rotation"]) == (200, str(second.pk))
    assert (refused.status_code, gone.status_code) == (403, 204)
