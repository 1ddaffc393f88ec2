"""The second factor: setting up, the second step of signing in, recovery codes, turning off and the reset."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

import pyotp
import pytest
import time_machine
from django.apps import apps
from django.test import Client

from accounts.enums import Role
from accounts.models import Notification, RecoveryCode, SecondFactor
from accounts.services import second_factor
from common.errors import NotAllowed
from tests.factories import accounts

LOGIN = "/api/v1/auth/login/json"
PAGE = "/profile/second-factor"
NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=30)

pytestmark = pytest.mark.django_db


def _app_code(factor: SecondFactor, *, at: dt.datetime) -> str:
    return pyotp.TOTP(second_factor.key_of(factor)).at(at)


def _with_factor(user, *, at: dt.datetime = NOON - STEP) -> tuple[SecondFactor, list[str]]:
    factor = second_factor.begin(user, at=at)
    return factor, second_factor.confirm(user, code=_app_code(factor, at=at), at=at)


def _half_signed_in(user) -> Client:
    browser = Client()
    browser.post(
        "/login/?next=/profile", {"username": user.username, "password": accounts.PASSWORD, "next": "/profile"}
    )
    return browser


def _is_signed_in(browser: Client) -> bool:
    return browser.get("/profile").status_code == 200


# --- the service -----------------------------------------------------------------------------------------------------


def test_it_counts_from_its_first_right_code_on(coordinator):
    factor = second_factor.begin(coordinator, at=NOON)
    before = coordinator.has_second_factor
    codes = second_factor.confirm(coordinator, code=_app_code(factor, at=NOON), at=NOON)

    assert (before, coordinator.has_second_factor) == (False, True)
    assert (len(codes), len(set(codes)), {len(code) for code in codes}) == (10, 10, {14})
    assert coordinator.history.order_by("history_id").last().history_change_reason == "second factor turned on"


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_one_step_off(coordinator, steps, accepted):
    factor, _ = _with_factor(coordinator, at=NOON - 10 * STEP)

    if accepted:
        second_factor.check(coordinator, code=_app_code(factor, at=NOON + steps * STEP), at=NOON)
    else:
        with pytest.raises(second_factor.WrongCode):
            second_factor.check(coordinator, code=_app_code(factor, at=NOON + steps * STEP), at=NOON)


def test_a_code_counts_once_and_an_older_one_not_after_it(coordinator):
    factor, _ = _with_factor(coordinator, at=NOON - 10 * STEP)
    second_factor.check(coordinator, code=_app_code(factor, at=NOON), at=NOON)

    for older in (NOON, NOON - STEP):
        with pytest.raises(second_factor.WrongCode):
            second_factor.check(coordinator, code=_app_code(factor, at=older), at=NOON)


def test_a_recovery_code_works_once_however_it_is_typed_and_is_told(coordinator):
    _, codes = _with_factor(coordinator)

    second_factor.check(coordinator, code=f" {codes[3].upper().replace('-', ' ')} ", at=NOON)

    with pytest.raises(second_factor.WrongCode):
        second_factor.check(coordinator, code=codes[3], at=NOON)
    assert Notification.objects.get(user=coordinator).body == "9 are left. Make new ones in your profile."


def test_recovery_codes_are_kept_as_keyed_digests(coordinator, settings):
    _, codes = _with_factor(coordinator)
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))

    settings.SECRET_KEY = "another installation's key, quite as long"

    assert len(kept) == 10
    assert not any(code.replace("-", "") in digest for code in codes for digest in kept)
    with pytest.raises(second_factor.WrongCode):
        second_factor.check(coordinator, code=codes[0], at=NOON)


def test_the_key_is_kept_sealed(coordinator):
    factor, _ = _with_factor(coordinator)

    key, kept = second_factor.key_of(factor), SecondFactor.objects.values_list("sealed_secret", flat=True).get()

    assert (len(key), key in kept, len(kept)) == (32, False, 140)


def test_a_former_key_of_the_installation_still_counts_until_it_is_forgotten(coordinator, settings):
    former, present = settings.SECRET_KEY, "another key of the installation, quite as long"
    factor, codes = _with_factor(coordinator, at=NOON - 9 * STEP)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = present, [former]

    second_factor.check(coordinator, code=codes[0], at=NOON)
    second_factor.check(coordinator, code=_app_code(factor, at=NOON), at=NOON)
    settings.SECRET_KEY_FALLBACKS = []
    factor.refresh_from_db()

    second_factor.check(coordinator, code=_app_code(factor, at=NOON + STEP), at=NOON + STEP)
    with pytest.raises(second_factor.WrongCode):
        second_factor.check(coordinator, code=codes[1], at=NOON)


def test_a_key_that_was_lost_with_the_installations_refuses_and_is_begun_anew(browser_as, coordinator, settings):
    second_factor.begin(coordinator, at=NOON)
    settings.SECRET_KEY = "another key of the installation, quite as long"

    with pytest.raises(second_factor.WrongCode):
        second_factor.confirm(coordinator, code="123456", at=NOON)

    assert "It is off" in browser_as(Role.COORDINATOR).get(PAGE).content.decode()


def test_keys_from_before_they_were_sealed_are_sealed_and_opened_again(coordinator):
    plain = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    SecondFactor.objects.create(user=coordinator, sealed_secret=plain, created_at=NOON)
    migration = import_module("accounts.migrations.0005_seal_second_factors")

    migration.seal_all(apps, None)
    sealed = SecondFactor.objects.get()
    migration.open_all(apps, None)

    assert (second_factor.key_of(sealed), SecondFactor.objects.get().sealed_secret) == (plain, plain)


def test_new_recovery_codes_end_the_old_ones(coordinator):
    factor, old = _with_factor(coordinator)

    new = second_factor.renew_recovery_codes(coordinator, code=_app_code(factor, at=NOON), at=NOON)

    assert (len(new), set(new) & set(old)) == (10, set())
    with pytest.raises(second_factor.WrongCode):
        second_factor.check(coordinator, code=old[0], at=NOON)


def test_a_second_one_is_not_set_up_over_the_first(coordinator):
    factor, _ = _with_factor(coordinator)

    with pytest.raises(second_factor.AlreadyOn):
        second_factor.begin(coordinator, at=NOON)
    with pytest.raises(second_factor.AlreadyOn):
        second_factor.confirm(coordinator, code=_app_code(factor, at=NOON), at=NOON)


def test_an_administrator_resets_it_and_the_owner_is_told(coordinator, administrator, director):
    _with_factor(coordinator)

    with pytest.raises(NotAllowed):
        second_factor.reset(coordinator, by=director, at=NOON)
    second_factor.reset(coordinator, by=administrator, at=NOON)

    latest = coordinator.history.order_by("history_id").last()
    assert coordinator.has_second_factor is False
    assert (latest.history_change_reason, latest.history_user, latest.history_date) == (
        "second factor reset",
        administrator,
        NOON,
    )
    assert Notification.objects.get(user=coordinator).title == "Your second factor was reset"
    with pytest.raises(second_factor.NotSetUp):
        second_factor.reset(coordinator, by=administrator, at=NOON)


# --- in the browser --------------------------------------------------------------------------------------------------


def test_a_person_sets_it_up_signs_in_with_it_and_turns_it_off(browser_as, coordinator):
    browser = browser_as(Role.COORDINATOR)
    with time_machine.travel(NOON, tick=False) as clock:
        browser.post(PAGE, {"deed": "begin"})
        factor = SecondFactor.objects.get(user=coordinator)
        shown = browser.get(PAGE).content.decode()
        wrong = browser.post(PAGE, {"deed": "confirm", "code": "000000"})
        right = browser.post(PAGE, {"deed": "confirm", "code": _app_code(factor, at=NOON)}).content.decode()
        clock.shift(STEP)
        other = _half_signed_in(coordinator)
        before = _is_signed_in(other)
        sent = other.post("/login/code", {"code": _app_code(factor, at=NOON + STEP)})
        clock.shift(STEP)
        off = other.post(PAGE, {"deed": "off", "code": _app_code(factor, at=NOON + 2 * STEP)})

    assert 'src="data:image/svg+xml' in shown
    assert second_factor.key_of(factor) in shown
    assert (wrong.status_code, right.count("<li><code>")) == (422, 10)
    assert (before, sent.status_code, sent["Location"]) == (False, 302, "/profile")
    assert (off.status_code, coordinator.has_second_factor) == (302, False)


def test_the_password_alone_opens_nothing(coordinator):
    _with_factor(coordinator)

    browser = _half_signed_in(coordinator)

    assert browser.get("/login/code").status_code == 200
    assert (_is_signed_in(browser), browser.get("/api/v1/auth/me").status_code) == (False, 401)


def test_a_recovery_code_signs_in(coordinator):
    _, codes = _with_factor(coordinator)
    browser = _half_signed_in(coordinator)

    browser.post("/login/code", {"code": codes[0]})

    assert _is_signed_in(browser)


def test_wrong_codes_lock_like_wrong_passwords(coordinator):
    factor, _ = _with_factor(coordinator)
    with time_machine.travel(NOON, tick=False):
        browser = _half_signed_in(coordinator)
        statuses = [browser.post("/login/code", {"code": "000000"}).status_code for _ in range(5)]
        right = browser.post("/login/code", {"code": _app_code(factor, at=NOON)})

    assert statuses == [200, 200, 200, 200, 429]
    assert (right.status_code, right["Retry-After"], _is_signed_in(browser)) == (429, "120", False)


def test_the_right_password_again_does_not_reset_the_count_of_wrong_codes(coordinator):
    _with_factor(coordinator)
    with time_machine.travel(NOON, tick=False):
        statuses = [_half_signed_in(coordinator).post("/login/code", {"code": "0"}).status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 200, 429]


def test_the_code_must_follow_within_five_minutes(coordinator):
    factor, _ = _with_factor(coordinator)
    with time_machine.travel(NOON, tick=False) as clock:
        browser = _half_signed_in(coordinator)
        clock.shift(dt.timedelta(minutes=5, seconds=1))
        late = browser.post("/login/code", {"code": _app_code(factor, at=NOON + 10 * STEP)})

    assert (late.status_code, late["Location"], _is_signed_in(browser)) == (302, "/login/", False)


def test_a_password_changed_in_between_starts_anew(coordinator):
    factor, _ = _with_factor(coordinator)
    with time_machine.travel(NOON, tick=False):
        browser = _half_signed_in(coordinator)
        coordinator.set_password("another good one 7")
        coordinator.save()
        answer = browser.post("/login/code", {"code": _app_code(factor, at=NOON)})

    assert (answer["Location"], _is_signed_in(browser)) == ("/login/", False)


def test_nobody_reaches_the_second_step_without_the_first(client):
    assert client.get("/login/code")["Location"] == "/login/"


def test_an_administrator_resets_it_on_the_users_page(browser_as, coordinator, administrator):
    _with_factor(coordinator)
    browser = browser_as(Role.ADMINISTRATOR)
    address = f"/admin/accounts/user/{coordinator.pk}/change/"
    offered = b"reset_second_factor" in browser.get(address).content

    fields = {"username": coordinator.username, "role": coordinator.role, "is_active": "on", "new_password": ""}
    browser.post(address, fields | {"reset_second_factor": "on"})

    assert (offered, coordinator.has_second_factor) == (True, False)
    assert b"reset_second_factor" not in browser.get(address).content


# --- over the API ----------------------------------------------------------------------------------------------------


def test_the_json_login_asks_for_the_code(api, coordinator):
    factor, codes = _with_factor(coordinator)
    sent = {"username": coordinator.username, "password": accounts.PASSWORD}
    with time_machine.travel(NOON, tick=False):
        without = api.post(LOGIN, sent)
        wrong = api.post(LOGIN, sent | {"otp": "000000"})
        right = api.post(LOGIN, sent | {"otp": _app_code(factor, at=NOON)})
        again = api.post(LOGIN, sent | {"otp": _app_code(factor, at=NOON)})
        recovered = api.post(LOGIN, sent | {"otp": codes[0]})

    assert (without.status_code, without.json()) == (
        401,
        {
            "code": "otp_required",
            "detail": "This account has a second factor. "
            "Send `otp` too: the code of the authenticator app, or a recovery code.",
        },
    )
    assert (wrong.status_code, wrong.json()["code"]) == (401, "otp_wrong")
    assert (right.status_code, sorted(right.json())) == (200, ["access_token", "refresh_token", "token_type"])
    assert (again.status_code, recovered.status_code) == (401, 200)


def test_a_wrong_password_says_nothing_of_a_second_factor(api, coordinator):
    _with_factor(coordinator)

    answer = api.post(LOGIN, {"username": coordinator.username, "password": "no", "otp": "000000"})

    assert answer.json()["code"] == "wrong_credentials"


def test_asking_without_a_code_is_no_failed_try_and_wrong_codes_are(api, coordinator):
    _with_factor(coordinator)
    sent = {"username": coordinator.username, "password": accounts.PASSWORD}
    with time_machine.travel(NOON, tick=False):
        asked = [api.post(LOGIN, sent).status_code for _ in range(6)]
        tried = [api.post(LOGIN, sent | {"otp": "000000"}).status_code for _ in range(6)]

    assert (asked, tried) == ([401] * 6, [401, 401, 401, 401, 429, 429])
