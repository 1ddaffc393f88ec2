"""Margins: exact against brute force and against a maximum flow that is not ours, and by hand on a small roster."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from functools import cache

import networkx as nx
import pytest

from schedules.domain.margins import MaskPost, Pool, Scope, analyse, margins, supervisors_needed, totals, uncovered
from schedules.domain.margins.hall import Hall, by_matching, by_subsets
from schedules.domain.pattern import as_lived
from schedules.domain.problem import (
    Absence,
    Activity,
    Category,
    Demand,
    DutyLimits,
    Person,
    Policy,
    Problem,
    Role,
    Session,
    SupervisionKind,
    WorkKind,
)
from schedules.domain.roster import Roster, Slot

INSTANCES = 2_400
Posts = tuple[MaskPost, ...]


def random_posts(seed: int) -> tuple[int, Posts]:
    """A few people and posts: from starved to plentiful, with empty and shared sets of eligible people."""
    dice = random.Random(seed)
    people = dice.randint(1, 7)
    density = dice.choice((0.2, 0.4, 0.6, 0.9))
    masks = {sum(1 << i for i in range(people) if dice.random() < density) for _ in range(dice.randint(1, 5))}
    return people, tuple(MaskPost(dice.choice((1, 1, 1, 2, 3)), mask) for mask in sorted(masks))


def open_by_force(people: int, posts: Posts, lost: int) -> int:
    """Posts left open by the best of all assignments, tried one by one."""

    @cache
    def most(person: int, needs: tuple[int, ...]) -> int:
        if person == people:
            return 0
        best = most(person + 1, needs)
        if not lost >> person & 1:
            for index, post in enumerate(posts):
                if needs[index] and post.eligible >> person & 1:
                    rest = (*needs[:index], needs[index] - 1, *needs[index + 1 :])
                    best = max(best, 1 + most(person + 1, rest))
        return best

    return sum(post.needed for post in posts) - most(0, tuple(post.needed for post in posts))


def open_by_flow(people: int, posts: Posts, lost: int) -> int:
    """The same by networkx: demand minus the maximum flow from people to posts."""
    graph = nx.DiGraph()
    graph.add_nodes_from(("source", "sink"))
    for person in range(people):
        if not lost >> person & 1:
            graph.add_edge("source", ("person", person), capacity=1)
    for index, post in enumerate(posts):
        graph.add_edge(("post", index), "sink", capacity=post.needed)
        for person in range(people):
            if post.eligible >> person & 1:
                graph.add_edge(("person", person), ("post", index), capacity=1)
    return sum(post.needed for post in posts) - nx.maximum_flow_value(graph, "source", "sink")


def losses(people: int, most: int) -> list[int]:
    """Every set of up to `most` people, as a mask."""
    return [
        sum(1 << person for person in chosen)
        for size in range(min(most, people) + 1)
        for chosen in itertools.combinations(range(people), size)
    ]


def margin_by_force(people: int, posts: Posts) -> int:
    """The largest k such that no loss of k people opens a post; minus the open posts where some are open already."""
    opened = open_by_force(people, posts, 0)
    if opened:
        return -opened
    return min(lost.bit_count() for lost in losses(people, people) if open_by_force(people, posts, lost)) - 1


def check_certificate(hall: Hall, posts: Posts) -> None:
    inside = [post for post in posts if post.eligible & ~hall.binding == 0]
    union = 0
    for post in inside:
        union |= post.eligible
    assert inside
    assert union == hall.binding
    assert union.bit_count() - sum(post.needed for post in inside) == hall.margin


@pytest.mark.parametrize("method", [by_subsets, by_matching])
def test_every_answer_equals_brute_force(method):
    for seed in range(INSTANCES):
        people, posts = random_posts(seed)

        hall = method(posts)

        check_certificate(hall, posts)
        already = open_by_force(people, posts, 0)
        critical = sum(1 << p for p in range(people) if open_by_force(people, posts, 1 << p) > already)
        assert hall.critical == critical, seed
        for lost in losses(people, 2):
            first = lost & -lost
            assert hall.open_posts(first, lost & ~first) == open_by_force(people, posts, lost), (seed, lost)


def test_margin_equals_brute_force_over_all_losses():
    for seed in range(0, INSTANCES, 4):
        people, posts = random_posts(seed)
        assert by_subsets(posts).margin == by_matching(posts).margin == margin_by_force(people, posts), seed


def test_open_posts_equal_a_maximum_flow():
    for seed in range(INSTANCES):
        people, posts = random_posts(seed)
        lost = random.Random(seed).choice(losses(people, people))
        assert uncovered(posts, lost) == open_by_flow(people, posts, lost), (seed, lost)


def test_fatal_groups_are_disjoint_and_hold_no_critical_person():
    for seed in range(INSTANCES):
        hall = by_subsets(random_posts(seed)[1])
        seen = hall.critical
        for group in hall.groups:
            assert not group & seen, seed
            assert group.bit_count() >= 2, seed
            seen |= group


def test_more_than_sixteen_posts_answer_as_a_maximum_flow():
    for seed in range(12):
        dice = random.Random(seed)
        people = 40
        posts = tuple(MaskPost(1, sum(1 << person for person in dice.sample(range(people), 4))) for _ in range(28))
        hall = analyse(posts)
        check_certificate(hall, posts)
        for _ in range(15):
            first, second = (1 << person for person in dice.sample(range(people), 2))
            assert hall.open_posts(first, second) == open_by_flow(people, posts, first | second)
            assert uncovered(posts, first | second) == hall.open_posts(first, second)


def test_posts_of_the_same_people_are_one_post():
    assert analyse([MaskPost(1, 0b111), MaskPost(1, 0b111)]) == Hall(1, 0b111, 0, (0b111,))


def test_nothing_needed_is_unknown():
    assert analyse([MaskPost(0, 0b1)]) is None


def test_all_pairs_of_forty_people_over_two_half_days():
    # Arrange: two half-days; the figure for 730 of them is printed by `make bench`.
    dice = random.Random(1)
    posts = [MaskPost(2, sum(1 << person for person in dice.sample(range(40), 6))) for _ in range(10)]
    halls = [analyse(posts), analyse(posts[:5])]

    # Act
    found = totals(halls)
    opened = {pair: found.after(1 << pair[0], 1 << pair[1]) for pair in itertools.combinations(range(40), 2)}

    # Assert
    assert len(opened) == 780
    for (a, b), count in opened.items():
        lost = 1 << a | 1 << b
        assert count == uncovered(posts, lost) + uncovered(posts[:5], lost)


# --- posts of a roster ----------------------------------------------------------------------------------------------

THURSDAY = dt.date(2026, 3, 12)
FRIDAY = dt.date(2026, 3, 13)
SATURDAY = dt.date(2026, 3, 14)


def activity(code: str, category: Category, **fields) -> Activity:
    return Activity(code, code, category, 5, 5, 12, **fields)


ACTIVITIES = {
    item.code: item
    for item in (
        activity("C", Category.CLINIC, supervision=SupervisionKind.BY_PGY, work_kind=WorkKind.CLINIC),
        activity("PR", Category.PROCEDURE, supervision=SupervisionKind.DEDICATED),
        activity("AT", Category.SUPERVISION, provides_supervision=True, roles=frozenset({Role.FACULTY})),
        activity("PCAT", Category.SUPERVISION, provides_supervision=True, roles=frozenset({Role.FACULTY})),
        activity("FMIT", Category.INPATIENT),
        activity("CALL", Category.NIGHT),
        activity("NF", Category.NIGHT),
        activity("ADM", Category.ADMIN),
        activity("TDY", Category.AWAY),
        activity("W", Category.OFF),
        activity("OFF", Category.OFF),
        activity("PC", Category.OFF),
        activity("LV", Category.OFF),
    )
}

DUTY = DutyLimits("Core", {}, {WorkKind.SUPERVISION: 5})
PEOPLE = (
    Person("r1", "r1", Role.RESIDENT, pgy_level=1),
    Person("r2", "r2", Role.RESIDENT, pgy_level=2),
    Person("r3", "r3", Role.RESIDENT, pgy_level=3),
    *(Person(f"f{n}", f"f{n}", Role.FACULTY, duty=DUTY) for n in (1, 2, 3, 4)),
    Person("adjunct", "adjunct", Role.FACULTY, adjunct=True),
)
FACULTY = frozenset({"f1", "f2", "f3", "f4", "adjunct"})
RESIDENTS = frozenset({"r1", "r2", "r3"})


def problem(*demands: Demand, start: dt.date = THURSDAY, end: dt.date = THURSDAY, **fields) -> Problem:
    return Problem(start, end, PEOPLE, ACTIVITIES, {}, (), (), demands=demands, **fields)


def demand(activity: str, session: Session, eligible: frozenset[str], minimum: int = 1, **fields) -> Demand:
    return Demand(**{"day": THURSDAY, "desired": minimum, "maximum": None, "hard": True} | fields, session=session,
                  activity=activity, minimum=minimum, eligible=eligible)  # fmt: skip


def roster(day: dt.date = THURSDAY, **codes: str) -> Roster:
    """One day: `person="AM PM"` or `person="AM PM NIGHT"`."""
    cells = {}
    for person, row in codes.items():
        for session, code in zip(Session, row.split(), strict=False):
            cells[Slot(person, day, session)] = code
    return Roster(cells)


def only(timeline):
    (margin,) = timeline
    return margin


def test_supervision_and_fmit_compete_for_the_same_attendings():
    # f1 leads the team, f2 supervises one PGY-1, f3 has clinic, f4 administration: four could do two posts.
    people = roster(r1="C OFF", r2="OFF OFF", r3="OFF OFF", f1="FMIT OFF", f2="AT OFF", f3="C OFF", f4="ADM OFF")
    report = margins(problem(demand("FMIT", Session.AM, FACULTY)), people)

    margin = only(report.timeline())

    assert (margin.margin, margin.people, margin.critical, margin.fatal_groups) == (2, ("f1", "f2", "f3", "f4"), (), ())
    assert margin.certificate == (
        "Thu 12 Mar 2026 AM: FMIT attending and supervision need 2; 4 available people can do it."
    )
    assert (report.n1_margin, report.n1_compliant, report.n2_compliant) == (2, True, True)


def test_absent_away_and_post_call_people_do_not_count():
    people = roster(r1="C OFF", f1="AT OFF", f2="TDY OFF", f3="PC OFF", f4="LV OFF", adjunct="OFF OFF")
    report = margins(problem(absences=(Absence("f4", THURSDAY, THURSDAY, "LEAVE"),)), people)

    margin = only(report.timeline())

    assert (margin.margin, margin.people, margin.critical) == (0, ("f1",), ("f1",))
    assert (report.n1_compliant, report.n2_compliant) == (False, False)


def test_idle_pool_leaves_people_on_their_posts():
    people = roster(r1="C OFF", f1="FMIT OFF", f2="AT OFF", f3="C OFF", f4="W OFF")
    report = margins(problem(demand("FMIT", Session.AM, FACULTY)), people)

    anyone, idle = only(report.timeline()), only(report.timeline(pool=Pool.IDLE))

    assert anyone.margin == 2
    assert (idle.margin, idle.critical) == (0, ("f1", "f2"))


def test_stand_by_joins_the_idle_pool():
    people = roster(r1="C OFF", f1="FMIT OFF", f2="AT OFF", f3="C OFF", f4="W OFF")
    report = margins(problem(demand("FMIT", Session.AM, FACULTY)), people, standby={THURSDAY: frozenset({"f4"})})

    idle = only(report.timeline(pool=Pool.IDLE))

    assert (idle.margin, idle.critical, idle.fatal_groups) == (1, (), (("f1", "f2", "f4"),))


def test_a_duty_without_supervision_never_supervises():
    no_supervision = DutyLimits("Department", {}, {WorkKind.SUPERVISION: 0})
    people = (PEOPLE[0], PEOPLE[3], Person("d1", "d1", Role.FACULTY, duty=no_supervision))
    world = Problem(THURSDAY, THURSDAY, people, ACTIVITIES, {}, (), ())

    margin = only(margins(world, roster(r1="C OFF", f1="AT OFF", d1="ADM OFF")).timeline())

    assert margin.people == ("f1",)


def test_resident_teams_are_reported_apart():
    people = roster(r1="FMIT OFF", r2="FMIT OFF", r3="OFF OFF", f1="FMIT OFF", f2="ADM OFF")
    report = margins(
        problem(demand("FMIT", Session.AM, FACULTY), demand("FMIT", Session.AM, RESIDENTS, minimum=2)), people
    )

    assert only(report.timeline(Scope.TEAMS)).margin == 0
    assert only(report.timeline(Scope.ALL)).margin == 1
    assert only(report.timeline(Scope.SAFETY)).people == ("f1", "f2")


def test_soft_demand_counts_to_all_and_not_to_safety():
    people = roster(r1="OFF OFF", f1="FMIT OFF", f2="C OFF")
    clinic = demand("C", Session.AM, FACULTY | RESIDENTS, hard=False)
    report = margins(problem(demand("FMIT", Session.AM, FACULTY), clinic), people)

    assert report.lowest(Scope.SAFETY) == 1
    assert report.lowest(Scope.ALL) == 0


def test_a_night_needs_people_who_may_take_call():
    # f1 holds Thursday's call; f2 leads the team; f3 had Wednesday's call; f4 is free; adjuncts are never asked.
    people = roster(f1="AT AT CALL", f2="FMIT FMIT", f3="PCAT OFF", f4="ADM ADM", adjunct="OFF OFF")
    people = Roster(people.cells, context={Slot("f3", dt.date(2026, 3, 11), Session.NIGHT): "CALL"})
    report = margins(problem(demand("CALL", Session.NIGHT, FACULTY)), people)

    margin = only(report.timeline())

    assert (margin.margin, margin.people, margin.fatal_groups) == (1, ("f1", "f4"), (("f1", "f4"),))


def test_a_call_of_the_eve_that_leave_took_away_keeps_nobody_from_the_next():
    # f3's Wednesday call was planned before f3's leave of that day: the date alone says what a longer range says.
    wednesday = dt.date(2026, 3, 11)
    world = problem(demand("CALL", Session.NIGHT, FACULTY), absences=(Absence("f3", wednesday, wednesday, "LEAVE"),))
    planned = Roster(
        roster(f1="AT AT CALL", f2="FMIT FMIT", f3="ADM ADM", f4="ADM ADM").cells,
        context={Slot("f3", wednesday, Session.AM): "AT", Slot("f3", wednesday, Session.NIGHT): "CALL"},
    )

    lived = as_lived(world, planned)

    assert only(margins(world, planned).timeline()).people == ("f1", "f4")
    assert only(margins(world, lived).timeline()).people == ("f1", "f3", "f4")
    assert lived.context == {Slot("f3", wednesday, Session.AM): "LV"}


def test_a_friday_night_may_go_to_anybody_not_on_call_around_it():
    people = roster(FRIDAY, f1="FMIT FMIT CALL", f2="AT AT", f3="ADM ADM", f4="ADM ADM")
    tomorrow = Absence("f4", SATURDAY, SATURDAY, "LEAVE")
    call = demand("CALL", Session.NIGHT, FACULTY, day=FRIDAY)
    report = margins(problem(call, start=FRIDAY, end=FRIDAY, absences=(tomorrow,)), people)

    assert only(report.timeline()).people == ("f1", "f2", "f3")


def test_a_resident_after_a_night_rests():
    people = roster(r1="FMIT OFF", r2="ADM OFF", r3="ADM OFF")
    people = Roster(people.cells, context={Slot("r2", dt.date(2026, 3, 11), Session.NIGHT): "NF"})
    team = demand("FMIT", Session.AM, RESIDENTS)

    margin = only(margins(problem(team), people).timeline(Scope.TEAMS))

    assert margin.people == ("r1", "r3")


def test_losses_over_the_range_add_up():
    # Thursday: f1 alone can lead (critical). Friday: f1 and f2 can (a fatal pair).
    cells = roster(f1="FMIT OFF", f2="LV OFF").cells | roster(FRIDAY, f1="FMIT OFF", f2="AT OFF").cells
    demands = (demand("FMIT", Session.AM, FACULTY), demand("FMIT", Session.AM, FACULTY, day=FRIDAY))
    absences = (Absence("f2", THURSDAY, THURSDAY, "LEAVE"),)

    losses = margins(problem(*demands, end=FRIDAY, absences=absences), Roster(cells)).losses()

    assert (losses.after("f1"), losses.after("f2"), losses.after("f1", "f2")) == (1, 0, 2)


def test_weakest_names_the_smallest_margin_first():
    cells = roster(f1="FMIT OFF", f2="AT OFF", f3="AT OFF").cells | roster(FRIDAY, f1="FMIT OFF", f2="LV LV").cells
    demands = (demand("FMIT", Session.AM, FACULTY), demand("FMIT", Session.AM, FACULTY, day=FRIDAY))

    report = margins(problem(*demands, end=FRIDAY), Roster(cells))

    assert [(item.day, item.margin) for item in report.weakest(1)] == [(FRIDAY, 0)]
    assert report.below(1) == 1


def test_an_open_post_has_a_negative_margin():
    report = margins(problem(demand("FMIT", Session.AM, FACULTY)), roster(r1="OFF OFF", f1="PC OFF"))

    margin = only(report.timeline())

    assert (margin.margin, margin.certificate) == (
        -1,
        "Thu 12 Mar 2026 AM: FMIT attending needs 1; nobody who is available can do it.",
    )
    assert report.n1_compliant is False


def test_without_demand_nothing_is_known():
    report = margins(problem(), roster(r1="OFF OFF"))

    assert (report.n1_margin, report.n1_compliant, report.n2_compliant) == (None, None, None)


@pytest.mark.parametrize(
    ("holders", "needed"),
    [
        ({}, 0),
        ({"C": ["r2"]}, 1),
        ({"C": ["r1", "r2"]}, 1),
        ({"C": ["r1", "r2", "r3"]}, 1),
        ({"C": ["r1", "r2", "r3"], "PR": ["r1"]}, 2),
        ({"C": ["f1"]}, 0),
        ({"PR": ["f1"]}, 1),
        ({"ADM": ["r1"]}, 0),
    ],
)
def test_supervisors_needed(holders, needed):
    assert supervisors_needed(problem(), holders) == needed


def test_supervisors_needed_follow_the_policy():
    strict = problem(policy=Policy(pgy1_per_supervisor=1, upper_per_supervisor=3))

    assert supervisors_needed(strict, {"C": ["r1", "r2"]}) == 2
