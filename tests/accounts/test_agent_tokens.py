"""Long-lived tokens of agents: who makes them, what they open and when they stop."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from accounts import services
from accounts.enums import Role
from accounts.models import AgentToken
from accounts.services import agent_tokens, tokens
from common.errors import Invalid, NotAllowed

NOON = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(days=90)
ME = "/api/v1/auth/me"

pytestmark = pytest.mark.django_db


def _issue(user, by, **fields):
    return agent_tokens.issue(user, **{"name": "night report", "expires_at": LATER, "by": by, "at": NOON} | fields)


def test_a_token_opens_the_api_as_its_agent_and_notes_the_use(api, agent, administrator):
    record, token = _issue(agent, administrator)

    with time_machine.travel(NOON, tick=False):
        me = api.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}")

    assert (me.status_code, me.json()["id"], me.json()["role"]) == (200, str(agent.pk), "AGENT")
    record.refresh_from_db()
    assert record.last_used_at == NOON


def test_the_token_itself_is_kept_nowhere(agent, administrator):
    record, token = _issue(agent, administrator)

    kept = [str(value) for value in AgentToken.objects.values_list().get()]

    assert not any(token in value for value in kept)
    assert (record.hint, len(token)) == (token[-4:], 47)


def test_a_use_is_noted_once_a_minute(agent, administrator):
    record, token = _issue(agent, administrator)
    noted = []
    for seconds in (0, 59, 60):
        tokens.user_of(token, at=NOON + dt.timedelta(seconds=seconds))
        record.refresh_from_db()
        noted.append((record.last_used_at - NOON).seconds)

    assert noted == [0, 0, 60]


def test_it_ends_with_its_time(agent, administrator):
    _, token = _issue(agent, administrator)

    assert tokens.user_of(token, at=LATER - dt.timedelta(seconds=1)) == agent
    with pytest.raises(tokens.TokenNotValid):
        tokens.user_of(token, at=LATER)


def test_revoking_ends_it_at_once_and_says_who(agent, administrator):
    record, token = _issue(agent, administrator)

    revoked = agent_tokens.revoke(record, by=administrator, at=NOON)
    again = agent_tokens.revoke(record, by=administrator, at=LATER)

    assert (revoked.revoked_by, revoked.revoked_at, again.revoked_at) == (administrator, NOON, NOON)
    with pytest.raises(tokens.TokenNotValid):
        tokens.user_of(token, at=NOON)


@pytest.mark.parametrize("deed", ["deactivate", "another role"])
def test_it_opens_nothing_for_an_account_that_is_no_active_agent_any_more(agent, administrator, deed):
    _, token = _issue(agent, administrator)

    if deed == "deactivate":
        services.deactivate(agent, reason="retired", by=administrator, at=NOON)
    else:
        services.set_role(agent, role=Role.COORDINATOR, by=administrator, at=NOON)

    with pytest.raises(tokens.TokenNotValid):
        tokens.user_of(token, at=NOON)


@pytest.mark.parametrize("token", ["", "rsa_", "rsa_nonsense", "nonsense", "e30.e30.e30", "rsa_\u00e9"])
def test_what_is_no_token_is_a_401_that_says_what_to_do(token):
    with pytest.raises(tokens.TokenNotValid, match="Sign in again or refresh it") as refusal:
        tokens.user_of(token, at=NOON)

    assert (refusal.value.status, refusal.value.code) == (401, "token_not_valid")


def test_a_signed_token_is_judged_by_the_time_given(resident):
    with time_machine.travel(NOON, tick=False):
        token = tokens.issue(resident).access_token
        assert tokens.user_of(token, at=NOON + dt.timedelta(minutes=14)) == resident
        with pytest.raises(tokens.TokenNotValid):
            tokens.user_of(token, at=NOON + dt.timedelta(minutes=16))


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.ADMINISTRATOR])
def test_people_get_no_long_lived_token(user_as, administrator, role):
    with pytest.raises(agent_tokens.NotAnAgent):
        _issue(user_as(role), administrator)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"expires_at": NOON},
        {"expires_at": NOON + dt.timedelta(days=365, seconds=1)},
    ],
)
def test_a_token_needs_a_name_and_an_end_within_a_year(agent, administrator, wrong):
    with pytest.raises(Invalid):
        _issue(agent, administrator, **wrong)


def test_only_an_administrator_makes_and_ends_tokens(agent, director, administrator):
    record, _ = _issue(agent, administrator)

    with pytest.raises(NotAllowed):
        _issue(agent, director)
    with pytest.raises(NotAllowed):
        agent_tokens.revoke(record, by=agent, at=NOON)


def test_a_wrong_long_lived_token_answers_as_any_wrong_token(api):
    answer = api.get(ME, HTTP_AUTHORIZATION="Bearer rsa_nonsense")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_the_page_shows_a_new_token_once_and_revokes_it(browser_as, api, agent):
    browser = browser_as(Role.ADMINISTRATOR)

    made = browser.post("/agent-tokens", {"user": str(agent.pk), "name": "Night report", "days": "30"})
    token = re.search(r"rsa_[\w-]{43}", made.content.decode()).group()
    opened = api.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").status_code
    later = browser.get("/agent-tokens").content.decode()
    browser.post(f"/agent-tokens/{AgentToken.objects.get().pk}/revoke")

    assert (opened, token in later, "Night report" in later) == (200, False, True)
    assert api.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401
    assert "Revoked" in browser.get("/agent-tokens").content.decode()
    assert "no-store" in made["Cache-Control"]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "4000"}, {"user": "nobody"}])
def test_the_page_names_the_field_that_is_wrong(browser_as, agent, wrong):
    sent = {"user": str(agent.pk), "name": "Night report", "days": "30"} | wrong

    answer = browser_as(Role.ADMINISTRATOR).post("/agent-tokens", sent)

    assert (answer.status_code, AgentToken.objects.count()) == (422, 0)
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()


def test_the_list_takes_the_same_queries_for_one_and_for_three(
    browser_as, agent, administrator, django_assert_num_queries
):
    browser = browser_as(Role.ADMINISTRATOR)
    for _ in range(2):
        with django_assert_num_queries(6):
            browser.get("/agent-tokens")
        for _ in range(2):
            _issue(agent, administrator)
