"""Posts filled by people at the least cost: a minimum-cost maximum flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schedules.domain.problem import PersonId

NOWHERE = -1


def cheapest(needed: Sequence[int], costs: Mapping[tuple[int, PersonId], int]) -> list[tuple[int, PersonId]]:
    """(post, person) pairs: as many as possible, then the cheapest; costs are not negative.

    Successive cheapest augmenting paths (Jewell 1958) over the posts: each adds one person, and may move others.
    """
    at: dict[PersonId, int] = {}
    filled = [0] * len(needed)
    while True:
        path = _cheapest_path(needed, filled, costs, at)
        if path is None:
            return [(index, person) for index, person in costs if at.get(person) == index]
        filled[path[-1][0]] += 1
        for index, person in path:
            at[person] = index


def _cheapest_path(
    needed: Sequence[int], filled: Sequence[int], costs: Mapping[tuple[int, PersonId], int], at: Mapping[PersonId, int]
) -> list[tuple[int, PersonId]] | None:
    """A free person to a first post, who there goes on to the next one, up to a post that lacks somebody; None = none.

    Bellman and Ford's relaxation: who leaves a post gives back what being there cost.
    """
    reach: dict[int, tuple[int, PersonId, int]] = {}
    for (index, person), cost in costs.items():
        if person not in at and (index not in reach or cost < reach[index][0]):
            reach[index] = (cost, person, NOWHERE)
    moves = [
        (at[person], index, person, cost - costs[at[person], person])
        for (index, person), cost in costs.items()
        if person in at
    ]
    changed = True
    while changed:
        changed = False
        for left, index, person, more in moves:
            if left in reach and left != index:
                total = reach[left][0] + more
                if index not in reach or total < reach[index][0]:
                    reach[index] = (total, person, left)
                    changed = True
    lacking = [index for index in reach if filled[index] < needed[index]]
    if not lacking:
        return None
    step = min(lacking, key=lambda index: (reach[index][0], index))
    path: list[tuple[int, PersonId]] = []
    while step != NOWHERE:
        _, person, before = reach[step]
        path.append((step, person))
        step = before
    return path[::-1]


def with_ties(
    costs: Mapping[tuple[int, PersonId], int], load: Mapping[PersonId, float], needed: int
) -> dict[tuple[int, PersonId], int]:
    """The costs with the order of who steps in first below them: no sum of ranks outweighs one unit of cost."""
    people = sorted({person for _, person in costs}, key=lambda person: (load.get(person, 0), person))
    rank = {person: place for place, person in enumerate(people)}
    scale = 1 + needed * len(people)
    return {(index, person): cost * scale + rank[person] * bool(cost) for (index, person), cost in costs.items()}
