"""The worksheet: adjusted by name and reason for a while, and a situation report drafted from it on request."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import Invalid, NotAllowed
from resilience.domain.readiness import Area
from resilience.models import Document
from resilience.services import readiness
from resilience.services.tools import check_mtf_compliance_tool
from schedules.models import Block
from tests.factories import program
from tests.factories.resilience import MONDAY, MORNING, watched_ward

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def ward():
    return watched_ward()


def area(name, at=MORNING):
    return {item.area: item for item in check_mtf_compliance_tool(at=at).areas}[name]


def test_an_adjustment_counts_until_its_end_and_names_who_made_it(ward, director):
    made = readiness.adjust("S", 3, by=director, at=MORNING, until=MORNING + DAY, reason="Two attendings are new")

    during, after = area("S"), area("S", MORNING + DAY)
    assert (made.measured, during.measured, during.rating) == (1, 1, 3)
    assert (during.adjusted_by, during.adjustment_reason) == (str(director), "Two attendings are new")
    assert (after.rating, after.adjusted_by) == (1, "")


def test_the_newest_adjustment_counts(ward, director):
    for rating, later in ((4, 0), (2, 1)):
        at = MORNING + later * dt.timedelta(minutes=1)
        readiness.adjust("P", rating, by=director, at=at, until=at + DAY, reason="seen")

    assert area("P", MORNING + dt.timedelta(minutes=2)).rating == 2


def test_an_adjustment_makes_the_overall_rating(ward, director):
    readiness.adjust("P", 4, by=director, at=MORNING, until=MORNING + DAY, reason="influenza")

    assert check_mtf_compliance_tool(at=MORNING).overall == 4
    assert readiness.worksheet(at=MORNING).readiness.ratings[Area.P].value == 4


@pytest.mark.parametrize(
    "wrong",
    [{"area": "X"}, {"rating": 0}, {"rating": 5}, {"reason": " "}, {"until": MORNING}, {"until": MORNING + 91 * DAY}],
)
def test_adjustments_have_limits(ward, director, wrong):
    wanted = {"area": "P", "rating": 2, "until": MORNING + DAY, "reason": "seen"} | wrong

    with pytest.raises(Invalid):
        readiness.adjust(wanted.pop("area"), wanted.pop("rating"), by=director, at=MORNING, **wanted)


def test_only_people_who_approve_adjust(ward, resident, agent):
    for user in (resident, agent):
        with pytest.raises(NotAllowed):
            readiness.adjust("P", 2, by=user, at=MORNING, until=MORNING + DAY, reason="seen")


def test_residents_lose_required_experience_to_leave(ward):
    student = program.resident(2)
    elective = program.rotation({(day, "AM"): "CARD" for day in range(5)}, name="Cardiology")
    program.block_assignment(student, Block.objects.get(), elective)
    program.assignments(
        ward.schedule, [(student, MONDAY + offset * DAY, "AM", "CARD") for offset in range(4)], source="PATTERN"
    )
    before = area("T")
    program.absence(student, MONDAY, MONDAY + DAY)

    assert (before.filled, before.demanded, before.rating) == (4, 5, 2)
    assert (area("T").filled, area("T").rating) == (2, 4)


def test_a_situation_report_is_drafted_on_request_only(ward, coordinator):
    without = check_mtf_compliance_tool(at=MORNING)
    drafted = check_mtf_compliance_tool(at=MORNING, generate_sitrep=True, by=coordinator)

    assert (without.drafts, len(drafted.drafts)) == ((), 1)
    assert str(Document.objects.get().pk) == drafted.drafts[0]
