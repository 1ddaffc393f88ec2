"""A walk over every address of the site: nothing without a sign-in that is not on the list, no change by a GET."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.enums import Role
from backups.enums import BackupKind, BackupState
from backups.models import Backup
from schedules.domain.problem import Session
from schedules.enums import RunStatus, ScheduleStatus
from schedules.models import GenerationRun
from tests.factories import program, swaps

DAY = dt.date(2026, 3, 12)

PUBLIC = {
    "health",
    "login/",
    "admin/login/",  # leads to login/
    "api/v1/auth/login/json",
    "api/v1/auth/refresh",
    "api/v1/auth/logout",
    "api/v1/^.*$",  # says 404
    "^.*$",  # says 404
    "password/<str:uidb64>/<str:token>",  # so is this one, for an hour
    "calendar/<str:token>.ics",  # the token in the address is the secret
}


def _addresses(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, route)
        else:
            yield route


ADDRESSES = sorted(set(_addresses(get_resolver().url_patterns)))


def _filled(route: str, things: dict[str, object]) -> str:
    """An address of the route: ids of real things by the part of the route before them, else of nothing."""
    nothing = str(uuid.uuid4()) if "<uuid:" in route else "1"
    thing = next((str(pk) for part, pk in things.items() if re.search(rf"{part}/<", route)), nothing)
    address = re.sub(r"<uuid:\w+>", thing, route)
    address = re.sub(r"<path:content_type_id>", "1", address)
    address = re.sub(r"<path:\w+>", thing, address)
    address = re.sub(r"<(str|slug):(format|kind)>", "csv", address)
    address = re.sub(r"<(str|slug):other>", "published", address)
    address = re.sub(r"<int:\w+>", "1", address)
    address = re.sub(r"<\w+:\w+>|<\w+>|\(\?P<\w+>[^)]*\)", "x", address)
    return "/" + re.sub(r"[\^$]|\\\.", "", address.replace("^.*$", "no/such/page"))


def test_the_walk_finds_the_site():
    assert len(ADDRESSES) > 80
    assert set(ADDRESSES) >= PUBLIC


@pytest.mark.django_db
def test_every_address_asks_for_a_sign_in_unless_it_is_public():
    client = Client()
    open_to_all = set()
    for route in ADDRESSES:
        answer = client.get(_filled(route, {}))
        to_login = answer.status_code == 302 and answer["Location"].startswith(("/login/", "/admin/login/"))
        if not (to_login or answer.status_code == 401):
            open_to_all.add(route)

    assert open_to_all == PUBLIC - {"admin/login/"}


@pytest.fixture
def things(db: None, administrator) -> dict[str, object]:
    """Real things by the part of the route before their id."""
    made = program.tiny_program()
    shown = program.schedule(DAY, DAY + dt.timedelta(days=6), status=ScheduleStatus.PUBLISHED)
    draft = program.schedule(DAY, DAY + dt.timedelta(days=6))
    for version in (shown, draft):
        program.assignments(version, [(made.residents[0], DAY, Session.AM, "C")])
    run = GenerationRun.objects.create(
        start_date=DAY, end_date=DAY, status=RunStatus.AWAITING_CONFIRMATION, requested_by=administrator
    )
    backup = Backup.objects.create(
        file="residency_scheduler_20260312_000000.sql.gz",
        kind=BackupKind.REGULAR,
        state=BackupState.VERIFIED,
        created_at=timezone.now(),
        verified_at=timezone.now(),
    )
    absence = program.absence(made.residents[0], DAY, status="REQUESTED")
    swap = swaps.record(*made.faculty[:2], requested_by=administrator)
    swaps.case(swap)
    return {
        "absences": absence.pk,
        "backups": backup.pk,
        "fixes": draft.pk,
        "generate": run.pk,
        "runs": run.pk,
        "schedules": draft.pk,
        "people": made.residents[0].pk,
        "person": made.residents[0].pk,
        "schedules/absence": absence.pk,
        "schedules/schedule": draft.pk,
        "rotationtemplate": made.clinic.pk,
        "rotation-templates": made.clinic.pk,
        "blocks": made.block.pk,
        "swaps": swap.pk,
        "swaprecord": swap.pk,
        "offers": (offer := swaps.offer(made.faculty[0])).pk,
        "market": offer.pk,
    }


def _writes() -> dict[str, int]:
    """Rows that this transaction has inserted, changed or deleted so far, by table; the cache is nobody's data."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname <> 'django_cache'"
        )
        return dict(cursor.fetchall())


WALKS = {
    Role.ADMINISTRATOR: ADDRESSES,
    # The same admin pages as the administrator's, or the login page.
    Role.PROGRAM_DIRECTOR: [route for route in ADDRESSES if not route.startswith("admin/")],
    Role.RESIDENT: [route for route in ADDRESSES if not route.startswith("admin/")],
}


@pytest.mark.parametrize("role", WALKS)
def test_a_get_changes_nothing(things, user_as, role):
    client = Client(raise_request_exception=False)
    client.force_login(user_as(role), backend="django.contrib.auth.backends.ModelBackend")
    changed, answered = {}, {}
    before = _writes()
    for route in WALKS[role]:
        answered[route] = client.get(_filled(route, things)).status_code
        after = _writes()
        if after != before:
            changed[route] = {table: n - before.get(table, 0) for table, n in after.items() if n != before.get(table)}
        before = after

    assert changed == {}
    assert {route: status for route, status in answered.items() if status >= 500} == {}


@pytest.mark.django_db
def test_the_counting_of_writes_sees_a_write():
    before = _writes()
    program.holiday(DAY)

    assert _writes() != before


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_address_shows_our_own_page(client, settings, debug):
    settings.DEBUG = debug

    answer = client.get("/no/such/page")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
    assert "URLconf" not in answer.content.decode()


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_told_so_on_a_page_of_ours(browser_as):
    answer = browser_as(Role.COORDINATOR).post(
        "/absences/new", {"reason": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    )

    assert (answer.status_code, "Too much at once" in answer.content.decode()) == (413, True)


@pytest.mark.django_db
def test_an_address_without_its_slash_leads_to_the_one_with(client):
    assert client.get("/login")["Location"] == "/login/"
