"""Confirmation tokens: whose, for what, for how long, once."""

import datetime as dt

import pytest

from schedules.models import ConfirmationToken
from schedules.services import confirmation

AT = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def test_a_token_answers_its_question_once(coordinator):
    token = confirmation.issue(coordinator, purpose="generate", fingerprint="abc", at=AT).token

    confirmation.redeem(token, by=coordinator, purpose="generate", fingerprint="abc", at=AT + dt.timedelta(minutes=15))

    with pytest.raises(confirmation.ConfirmationRefused) as again:
        confirmation.redeem(token, by=coordinator, purpose="generate", fingerprint="abc", at=AT)
    assert again.value.code == "confirmation_used"


@pytest.mark.parametrize(
    ("purpose", "fingerprint", "after", "code"),
    [
        ("generate", "abc", dt.timedelta(minutes=15, seconds=1), "confirmation_expired"),
        ("generate", "changed", dt.timedelta(0), "confirmation_stale"),
        ("edit", "abc", dt.timedelta(0), "confirmation_invalid"),
    ],
)
def test_a_token_is_bound_to_time_state_and_purpose(coordinator, purpose, fingerprint, after, code):
    token = confirmation.issue(coordinator, purpose="generate", fingerprint="abc", at=AT).token

    with pytest.raises(confirmation.ConfirmationRefused) as refused:
        confirmation.redeem(token, by=coordinator, purpose=purpose, fingerprint=fingerprint, at=AT + after)

    assert refused.value.code == code


def test_nobody_uses_anothers_token(coordinator, director):
    token = confirmation.issue(coordinator, purpose="generate", fingerprint="abc", at=AT).token

    with pytest.raises(confirmation.ConfirmationRefused) as refused:
        confirmation.redeem(token, by=director, purpose="generate", fingerprint="abc", at=AT)

    assert refused.value.code == "confirmation_invalid"


@pytest.mark.parametrize("token", ["", "nonsense", "ü" * 64])
def test_nonsense_is_refused(coordinator, token):
    with pytest.raises(confirmation.ConfirmationRefused):
        confirmation.redeem(token, by=coordinator, purpose="generate", fingerprint="abc", at=AT)


def test_a_token_is_kept_for_a_day_after_its_end(coordinator):
    for hours in (0, 1):
        confirmation.issue(coordinator, purpose="edit", fingerprint="abc", at=AT + dt.timedelta(hours=hours))

    gone = confirmation.clear_expired(at=AT + dt.timedelta(days=1, minutes=30))

    assert (gone, ConfirmationToken.objects.get().created_at) == (1, AT + dt.timedelta(hours=1))
