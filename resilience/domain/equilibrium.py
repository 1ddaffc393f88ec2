"""After a lasting loss: until which day the rest can carry the load within their duty budgets (Le Chatelier)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resilience.domain.levels import Measured, Reading, Unknown
from schedules.domain.margins import MarginReport, Scope, SessionPosts
from schedules.domain.problem import Date, PersonId

Budgets = Mapping[PersonId, int]
"""Sessions of duty that each person may still work over the whole horizon; people who are missing have none."""


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """How long a reduced program lasts."""

    days: int
    """Dates from the first of the horizon on which everything is still covered."""
    exhausted_on: Date | None
    """The first date that cannot be covered any more; None within the horizon."""
    debt: int
    """Sessions that are owed as time off: worked beyond the ordinary share up to the last covered day."""

    @property
    def sustainable(self) -> bool:
        """Covered to the end of the horizon without owing anybody time off."""
        return self.exhausted_on is None and not self.debt


def equilibrium(
    report: MarginReport,
    budgets: Budgets,
    ordinary: Budgets,
    *,
    scope: Scope = Scope.SAFETY,
) -> Reading[Equilibrium]:
    """The largest day up to which one flow within all budgets covers every post.

    `report` is of the program after the loss (`covering.without`): nobody is asked for on dates on which they are gone.
    `budgets` are what duty-hour limits allow, `ordinary` what people would work anyway; the least number of sessions
    beyond `ordinary` is the debt. Longer prefixes only ask for more, so the day is found by bisection, once the whole
    horizon was tried: mostly all of it is covered.
    """
    sessions = [session for session in report.sessions if _asks(session, scope)]
    days = sorted({session.day for session in report.sessions})
    if not sessions:
        return Unknown("Nothing is demanded in the horizon.")

    def is_covered(count: int) -> bool:
        part = [session for session in sessions if session.day <= days[count - 1]]
        return _filled(part, budgets, scope) == _demanded(part, scope)

    low, high = (len(days), len(days)) if is_covered(len(days)) else (0, len(days) - 1)
    while low < high:
        middle = (low + high + 1) // 2
        if is_covered(middle):
            low = middle
        else:
            high = middle - 1
    covered = [session for session in sessions if low and session.day <= days[low - 1]]
    within = {person: min(count, ordinary.get(person, 0)) for person, count in budgets.items()}
    debt = _demanded(covered, scope) - _filled(covered, within, scope)
    return Measured(Equilibrium(low, days[low] if low < len(days) else None, debt))


def _asks(session: SessionPosts, scope: Scope) -> list[int]:
    return [index for index, post in enumerate(session.posts) if scope in post.scopes and post.needed > 0]


def _demanded(sessions: Sequence[SessionPosts], scope: Scope) -> int:
    return sum(session.posts[index].needed for session in sessions for index in _asks(session, scope))


def _filled(sessions: Sequence[SessionPosts], budgets: Budgets, scope: Scope) -> int:
    """Most posts that people can fill, each at most one post a session and no more sessions than the budget."""
    import networkx as nx
    from networkx.algorithms.flow import shortest_augmenting_path

    graph = nx.DiGraph()
    graph.add_nodes_from(("source", "sink"))
    for number, session in enumerate(sessions):
        for index in _asks(session, scope):
            post = session.posts[index]
            graph.add_edge(("post", number, index), "sink", capacity=post.needed)
            for person in post.anyone:
                graph.add_edge("source", ("person", person), capacity=budgets.get(person, 0))
                graph.add_edge(("person", person), ("at", person, number), capacity=1)
                graph.add_edge(("at", person, number), ("post", number, index), capacity=1)
    return int(nx.maximum_flow_value(graph, "source", "sink", flow_func=shortest_augmenting_path))
