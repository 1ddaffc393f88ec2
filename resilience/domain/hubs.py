"""Whom the program leans on: people by what their loss leaves open, and whom to train so that it leaves less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from resilience.domain.contingency import fatal_groups
from schedules.domain.margins import MarginReport, Pool, Post, Scope, SessionMargin, SessionPosts
from schedules.domain.problem import PersonId


@dataclass(frozen=True, slots=True)
class Hub:
    """One person; degree and betweenness describe the graph of people and posts and rank nobody."""

    person: PersonId
    uncovered: int
    """Session posts that the loss of this person alone leaves open."""
    fatal_sessions: int
    """Sessions in which the loss of this person and one more of a group leaves a post open."""
    degree: int
    """Posts (by name) the person could fill."""
    betweenness: float


@dataclass(frozen=True, slots=True)
class Training:
    """A person who learns a post, and what that gives, computed and not estimated."""

    person: PersonId
    post: str
    margin_before: int
    margin_after: int
    """k* over the range, before and after."""
    uncovered_before: int
    uncovered_after: int
    """Session posts that single losses leave open, summed over everybody."""


def hubs(report: MarginReport, *, scope: Scope = Scope.SAFETY, pool: Pool = Pool.ANYONE) -> tuple[Hub, ...]:
    """Everybody who could fill a post, the gravest loss first: by uncovered posts, then by fatal groups, then by id."""
    import networkx as nx

    alone = report.losses(scope, pool).of_one
    groups = fatal_groups(report, scope=scope, pool=pool)
    graph = nx.Graph()
    for post in _posts(report, scope):
        graph.add_edges_from((("person", person), ("post", post.label)) for person in post.people(pool))
    between = nx.betweenness_centrality(graph) if graph else {}
    found = [
        Hub(
            person=person,
            uncovered=alone.get(person, 0),
            fatal_sessions=sum(sessions for group, sessions in groups if person in group),
            degree=len(graph["person", person]),
            betweenness=between["person", person],
        )
        for person in report.people
        if ("person", person) in graph
    ]
    return tuple(sorted(found, key=lambda hub: (-hub.uncovered, -hub.fatal_sessions, hub.person)))


def trainings(report: MarginReport, *, scope: Scope = Scope.SAFETY, count: int = 5) -> tuple[Training, ...]:
    """The cross-trainings with the greatest exact gain: every person who is available and every post they lack.

    Ranked by k* of the range, then by what single losses would leave open; those without any gain are left out. Only
    posts of the sessions with the lowest k* are tried: no other can raise it.
    """
    timeline = report.timeline(scope)
    if not timeline:
        return ()
    lowest = min(item.margin for item in timeline)
    before = sum(report.losses(scope).of_one.values())
    found = []
    for person, label in sorted(_candidates(timeline, report, lowest)):
        trained = replace(report, sessions=tuple(_sessions_with(report, person, label)))
        margin = trained.lowest(scope)
        after = sum(trained.losses(scope).of_one.values())
        if margin is not None and (margin > lowest or after < before):
            found.append(Training(person, label, lowest, margin, before, after))
    return tuple(sorted(found, key=lambda item: (-item.margin_after, item.uncovered_after, item.person))[:count])


def _posts(report: MarginReport, scope: Scope) -> Iterator[Post]:
    for session in report.sessions:
        yield from (post for post in session.posts if scope in post.scopes and post.needed > 0)


def _candidates(timeline: tuple[SessionMargin, ...], report: MarginReport, lowest: int) -> set[tuple[PersonId, str]]:
    """People of the program outside a tightest set, with the posts of it."""
    return {
        (person, post.label)
        for item in timeline
        if item.margin == lowest
        for post in item.binding
        for person in report.people
        if person not in item.people
    }


def _sessions_with(report: MarginReport, person: PersonId, label: str) -> Iterator[SessionPosts]:
    """The sessions if the person could fill the post wherever they are available for another one of the scope."""
    for session in report.sessions:
        there = any(person in post.anyone for post in session.posts)
        yield replace(
            session,
            posts=tuple(
                replace(post, anyone=post.anyone | {person}) if there and post.label == label else post
                for post in session.posts
            ),
        )
