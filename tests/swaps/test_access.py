"""Who sees which swap, case, offer and reason, and what each may do with a swap in each state: spelled out."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from accounts.enums import Role
from common.errors import NotAllowed, NotFound
from swaps import access
from swaps.access import Deed
from swaps.domain.tables import Actor, Level, SwapStatus
from tests.factories import accounts, program
from tests.factories.swaps import EARLY, account, case, executed, offer, record

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
STAFF = (Role.COORDINATOR, Role.ARCHITECT, Role.PROGRAM_DIRECTOR, Role.ADMINISTRATOR)


@pytest.fixture
def people():
    """Giver, taker and a colleague, each with an account; one user of every other role."""
    giver, taker, other = program.faculty(), program.faculty(), program.faculty()
    users = {role: accounts.user(role) for role in (*STAFF, Role.AGENT)}
    return SimpleNamespace(
        giver=giver,
        taker=taker,
        users={
            "giver": account(giver, "giver"),
            "taker": account(taker, "taker"),
            "other": account(other, "other"),
            **{role.value: user for role, user in users.items()},
        },
    )


def who(people, test) -> list[str]:
    """Names of the users for whom the test holds."""
    return sorted(name for name, user in people.users.items() if test(user))


def test_parties_and_staff_see_a_swap_and_others_find_nothing(people):
    swap = record(people.giver, people.taker)

    seen = who(people, lambda user: access.swaps_visible_to(user).exists())

    assert seen == ["ADMINISTRATOR", "AGENT", "ARCHITECT", "COORDINATOR", "PROGRAM_DIRECTOR", "giver", "taker"]
    with pytest.raises(NotFound):
        access.swap(people.users["other"], swap.pk)


def test_who_asked_for_others_sees_it_too(people):
    asker = accounts.user(Role.FACULTY)
    record(people.giver, people.taker, requested_by=asker)

    assert access.swaps_visible_to(asker).exists()


@pytest.mark.parametrize(
    ("level", "overdue", "queues"),
    [
        (Level.COORDINATOR, False, ["COORDINATOR"]),
        (Level.ARCHITECT, False, ["ARCHITECT"]),
        (Level.PROGRAM_DIRECTOR, False, ["PROGRAM_DIRECTOR"]),
        (Level.ARCHITECT, True, ["ARCHITECT", "PROGRAM_DIRECTOR"]),
    ],
)
def test_cases_wait_in_the_queue_of_their_level_and_overdue_ones_in_the_directors(people, level, overdue, queues):
    opened = case(record(people.giver, people.taker), level, overdue_at=EARLY if overdue else None)

    def sees(user):
        return access.decides_escalations(user) and opened in access.cases_visible_to(user)

    assert who(people, sees) == queues
    assert who(people, lambda user: access.may_decide(user, opened)) == queues


@pytest.mark.parametrize("name", ["giver", "taker", "other", "ADMINISTRATOR", "AGENT"])
def test_who_decides_nothing_has_no_queue(people, name):
    with pytest.raises(NotAllowed):
        access.cases_visible_to(people.users[name])


@pytest.mark.parametrize("side", ["giver", "taker"])
def test_a_party_never_decides(people, side):
    coordinator = people.users["COORDINATOR"]
    person = program.faculty(user=coordinator)
    pair = (person, people.taker) if side == "giver" else (people.giver, person)
    opened = case(record(*pair, requested_by=people.users["other"]))

    assert access.may_decide(coordinator, opened) is False


def test_who_filed_it_for_others_never_decides(people):
    opened = case(record(people.giver, people.taker, requested_by=people.users["COORDINATOR"]))

    assert access.may_decide(people.users["COORDINATOR"], opened) is False


MAY = {
    SwapStatus.PENDING: {
        "giver": [Deed.CANCEL],
        "taker": [Deed.CONSENT, Deed.DECLINE],
        "COORDINATOR": [Deed.APPROVE, Deed.REJECT],
    },
    SwapStatus.APPROVED: {},
    SwapStatus.EXECUTED: {
        "giver": [Deed.ROLL_BACK, Deed.COMPLAIN],
        "taker": [Deed.COMPLAIN],
        "COORDINATOR": [Deed.APPROVE, Deed.REJECT],
        "PROGRAM_DIRECTOR": [Deed.ROLL_BACK],
        "ADMINISTRATOR": [Deed.ROLL_BACK],
    },
    SwapStatus.REJECTED: {},
    SwapStatus.CANCELLED: {},
    SwapStatus.ROLLED_BACK: {},
    SwapStatus.ROLLBACK_FAILED: {},
}
"""State -> user -> deeds, with a case open at the coordinator's."""

EXECUTED_STATES = {SwapStatus.EXECUTED, SwapStatus.ROLLED_BACK, SwapStatus.ROLLBACK_FAILED}


@pytest.mark.parametrize("status", list(SwapStatus))
def test_what_everybody_may_do_in_every_state(people, status):
    fields = {"status": status.value}
    if status in EXECUTED_STATES:
        fields["executed_at"] = EARLY
    if status is SwapStatus.ROLLED_BACK:
        fields["rolled_back_at"] = EARLY
    swap = record(people.giver, people.taker, **fields)
    case(swap)

    deeds = {
        name: access.deeds_of(user, swap, at=EARLY + HOUR, rollback_until=EARLY + HOUR)
        for name, user in people.users.items()
    }

    assert {name: found for name, found in deeds.items() if found} == MAY[status]


def test_the_window_of_a_roll_back_closes_after_its_last_instant(people):
    swap, user = executed(people.giver, people.taker), people.users["giver"]
    until = EARLY + 24 * HOUR

    last = access.deeds_of(user, swap, at=until, rollback_until=until)
    later = access.deeds_of(user, swap, at=until + dt.timedelta(microseconds=1), rollback_until=until)

    assert (Deed.ROLL_BACK in last, Deed.ROLL_BACK in later) == (True, False)


def test_who_has_consented_is_not_asked_again(people):
    swap = record(people.giver, people.taker, consent_at=EARLY, consent_by=people.users["taker"])

    assert access.deeds_of(people.users["taker"], swap, at=EARLY, rollback_until=None) == []


READERS = {
    "giver": Actor.REQUESTER,
    "taker": Actor.PARTNER,
    "COORDINATOR": Actor.APPROVER,
    "ARCHITECT": Actor.COORDINATOR,
    "PROGRAM_DIRECTOR": Actor.PROGRAM_DIRECTOR,
    "ADMINISTRATOR": Actor.ADMINISTRATOR,
    "AGENT": Actor.PARTNER,
}


def test_in_which_capacity_everybody_reads(people):
    swap = record(people.giver, people.taker)
    case(swap)

    assert {name: access.reader_of(people.users[name], swap) for name in READERS} == READERS


@pytest.mark.parametrize(
    ("reason", "level", "codes", "texts"),
    [
        (
            "conference",
            Level.COORDINATOR,
            ["ADMINISTRATOR", "AGENT", "ARCHITECT", "COORDINATOR", "PROGRAM_DIRECTOR", "giver", "other", "taker"],
            ["COORDINATOR", "giver"],
        ),
        *(
            (sensitive, Level.PROGRAM_DIRECTOR, ["PROGRAM_DIRECTOR", "giver"], ["PROGRAM_DIRECTOR", "giver"])
            for sensitive in ("fellowship_interview", "job_interview", "medical", "family")
        ),
    ],
)
def test_who_knows_the_reason(people, reason, level, codes, texts):
    swap = record(people.giver, people.taker, reason_code=reason)
    case(swap, level)

    assert who(people, lambda user: access.sees_reason_code(user, swap)) == codes
    assert who(people, lambda user: access.sees_reason_text(user, swap)) == texts


def test_a_sensitive_reason_stays_with_the_director_whoever_is_asked(people):
    swap = record(people.giver, people.taker, reason_code="medical")
    case(swap, Level.COORDINATOR)

    assert who(people, lambda user: access.sees_reason_text(user, swap)) == ["PROGRAM_DIRECTOR", "giver"]


def test_whoever_has_decided_still_knows_why(people):
    swap = record(people.giver, people.taker, status=SwapStatus.REJECTED.value)
    decided = {"decided_by": people.users["COORDINATOR"], "decided_at": EARLY, "rationale": "Too soon."}
    case(swap, status="REJECTED", **decided)

    assert who(people, lambda user: access.sees_reason_text(user, swap)) == ["COORDINATOR", "giver"]


@pytest.mark.parametrize(("reason", "deaf"), [("medical", {"COORDINATOR", "taker"}), ("conference", set())])
def test_the_words_of_a_decision_go_as_far_as_its_reason(people, reason, deaf):
    swap = record(people.giver, people.taker, reason_code=reason, rationale="Too soon.")

    told = set(who(people, lambda user: access.rationale_for(user, swap)))

    assert {"COORDINATOR", "PROGRAM_DIRECTOR", "giver", "taker"} - told == deaf


def test_without_a_case_nobody_else_reads_the_text(people):
    swap = record(people.giver, people.taker)

    assert who(people, lambda user: access.sees_reason_text(user, swap)) == ["giver"]


def test_open_offers_are_everybodys_and_closed_ones_theirs(people):
    shown, gone = offer(people.giver), offer(people.taker, status="WITHDRAWN", closed_at=EARLY)

    assert len(who(people, lambda user: shown in access.offers_visible_to(user))) == len(people.users)
    assert who(people, lambda user: gone in access.offers_visible_to(user)) == [
        *("ADMINISTRATOR", "AGENT", "ARCHITECT", "COORDINATOR", "PROGRAM_DIRECTOR", "taker"),
    ]
    with pytest.raises(NotFound):
        access.offer(people.users["other"], gone.pk)


def test_who_may_ask(people):
    unlinked = accounts.user(Role.FACULTY)

    assert who(people, access.may_ask_for_swap) == [
        *("ADMINISTRATOR", "AGENT", "COORDINATOR", "PROGRAM_DIRECTOR", "giver", "other", "taker"),
    ]
    assert access.may_ask_for_swap(unlinked) is False
