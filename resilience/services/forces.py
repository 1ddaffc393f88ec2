"""What the program cannot fill by itself where people are missing: posts, dates, and what whoever comes must be."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from resilience.domain.contingency import Scenario
from resilience.domain.covering import OpenPost, cover_lawfully
from resilience.domain.shedding import ShedLevel
from resilience.services.world import World, load, load_policy
from schedules.domain.margins.posts import session_posts
from schedules.domain.problem import ONE_DAY, Activity, Role, Session
from schedules.models import Credential

LONGEST_DAYS = 92
"""No further ahead is looked: a quarter is what is asked for at a time."""


@dataclass(frozen=True, slots=True)
class Need:
    """One post that stays open, with the dates on which it does."""

    post: str
    session: str
    people: int
    """The most that are missing at once."""
    dates: tuple[dt.date, ...]
    who: str
    """Kind of person, e.g. ``attending``."""
    credential: str
    """Name of the credential that the post needs; '' = none beyond being such a person."""

    @property
    def sentence(self) -> str:
        """As requests and reports say it."""
        bound = f"credential {self.credential}" if self.credential else "no further credential"
        people = "1 person" if self.people == 1 else f"{self.people} people"
        return f"{self.post}, {self.session}: {people} ({self.who}, {bound}) on {spans(self.dates)}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Every need of some dates."""

    start: dt.date
    end: dt.date
    needs: tuple[Need, ...]
    gap: str
    """Which of the dates asked for are not published, and so not looked at; '' where all are."""

    @property
    def posts(self) -> int:
        """Sessions in which a post stays open."""
        return sum(len(need.dates) for need in self.needs)


def requirement(loss: Scenario | None, *, at: dt.datetime) -> Requirement:
    """The posts of patient safety that stay open although everything is given up for them that may be.

    For the dates of the loss from today on, with these people gone, else for the window of margins with nobody else
    gone. Raises NothingPublished.
    """
    today = timezone.localdate(at)
    first = max(loss.start, today) if loss else today
    last = loss.end if loss else today + (load_policy().margin_days - 1) * ONE_DAY
    world = load(first, max(first, min(last, first + (LONGEST_DAYS - 1) * ONE_DAY)))
    after = world.without(item for item in (loss.losses if loss else ()) if item.person in world.problem.person)
    left = cover_lawfully(after.report, after.problem, after.roster, given_up=ShedLevel.CRITICAL.tiers)
    return Requirement(world.start, world.end, _needs(world, left.open), world.gap)


def spans(dates: Iterable[dt.date]) -> str:
    """Dates in words, runs as one: ``16 Mar to 20 Mar, 23 Mar 2026``."""
    listed = sorted(dates)
    runs = [
        [day for _, day in run] for _, run in groupby(enumerate(listed), key=lambda item: item[1].toordinal() - item[0])
    ]
    words = [_day(run[0]) if len(run) == 1 else f"{_day(run[0])} to {_day(run[-1])}" for run in runs]
    return f"{', '.join(words)} {listed[-1].year}" if listed else "no date"


def _needs(world: World, posts: Iterable[OpenPost]) -> tuple[Need, ...]:
    activity_of = _activities(world)
    missing: dict[tuple[str, Session], dict[dt.date, int]] = defaultdict(dict)
    for post in posts:
        missing[post.label, post.session][post.day] = post.missing
    names = dict(Credential.objects.values_list("code", "name"))
    return tuple(
        Need(
            post=label,
            session=session.value,
            people=max(days.values()),
            dates=tuple(sorted(days)),
            who=_who(activity_of.get(label), label),
            credential=_credential(activity_of.get(label), names),
        )
        for (label, session), days in sorted(missing.items(), key=lambda item: (item[0][0], item[0][1].value))
    )


def _activities(world: World) -> Mapping[str, Activity]:
    """Label of a post -> what somebody who steps in is given."""
    found = session_posts(world.problem, world.roster)
    labels = {post.label: post.activity for session in found for post in session.posts if post.activity}
    return {label: world.problem.activities[code] for label, code in labels.items()}


def _who(activity: Activity | None, label: str) -> str:
    if activity is None:
        return "physician"
    if activity.provides_supervision or activity.roles == {Role.FACULTY} or label.endswith("attending"):
        return "attending"
    if activity.pgy_levels:
        return f"resident of PGY-{' or PGY-'.join(map(str, sorted(activity.pgy_levels)))}"
    return "resident" if activity.roles == {Role.RESIDENT} else "physician"


def _credential(activity: Activity | None, names: Mapping[str, str]) -> str:
    if activity is None or not activity.credential:
        return ""
    return names.get(activity.credential, activity.credential)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b}"
