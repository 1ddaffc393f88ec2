"""What a check says of a swap, what may be read in it by whom, and the decision that all findings together make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schedules.domain.margins.posts import Standby
from schedules.domain.problem import Date, PersonId
from schedules.domain.roster import Slot
from schedules.domain.rules import Report
from swaps.domain.tables import CHECK, Actor, Compare, ContinuityKind, Level, Reason, SwapPolicy, Tier, Verdict

STAFF = frozenset({Actor.COORDINATOR, Actor.PROGRAM_DIRECTOR, Actor.ADMINISTRATOR, Actor.APPROVER})


@dataclass(frozen=True, slots=True)
class SwapFacts:
    """What the roster does not say: when it is asked, why, and what happened before."""

    at: dt.datetime
    """Aware, in the program's time zone."""
    reason: Reason = Reason.OTHER
    balances: Mapping[PersonId, float] = field(default_factory=dict)
    """Weeks given minus weeks taken in the last three months, of everybody who may swap with these two."""
    failed_attempts: int = 0
    """The requester's failed requests of the last 30 days."""
    continuity: Mapping[Slot, ContinuityKind] = field(default_factory=dict)
    """Sessions that are somebody's continuity clinic, and of which kind."""
    standby: Standby | None = None


@dataclass(frozen=True, slots=True)
class SwapFinding:
    """One line of the report. `message` may name people; `public` says the same without names or reasons."""

    code: str
    tier: Tier
    verdict: Verdict
    message: str
    public: str
    level: Level | None = None
    measured: float | None = None
    limit: float | None = None
    days: tuple[Date, ...] = ()
    people: tuple[PersonId, ...] = ()
    """Whom the message names, or is about."""
    about: tuple[str, ...] = ()
    """What somebody accepts who accepts it, item by item: posts left open, sessions, weeks of a person. No names."""
    readers: frozenset[Actor] = STAFF
    """Who may read `message`; everybody else reads `public`."""

    def text_for(self, reader: Actor) -> str:
        return self.message if reader in self.readers else self.public

    @property
    def matter(self) -> Matter | None:
        """What is to be decided about it; None where nobody has to."""
        if self.verdict is not Verdict.ESCALATE or self.level is None:
            return None
        measured = self.measured if any(band.limit for band in CHECK[self.code].bands) else None
        # Time alone makes a swap more imminent; its level says when that asks somebody else.
        nearer = any(band.compare is Compare.BELOW for band in CHECK[self.code].bands)
        return Matter(self.code, self.level, frozenset(self.about), None if nearer else measured)


@dataclass(frozen=True, slots=True)
class Matter:
    """A finding as a decision binds to it: its code, what it is about, and how bad it is."""

    code: str
    level: Level
    """Who has to decide; of an accepted one, who has decided."""
    about: frozenset[str] = frozenset()
    measured: float | None = None
    """None where the items say everything."""

    def covers(self, other: Matter) -> bool:
        """Whether who accepted this one has accepted the other: nothing in it is new, worse, or for a higher level."""
        return (
            self.code == other.code
            and self.level >= other.level
            and self.about >= other.about
            and (other.measured is None or (self.measured is not None and self.measured >= other.measured))
        )


@dataclass(frozen=True)
class Assessment:
    """Everything that was found about one swap; the worst verdict decides."""

    findings: tuple[SwapFinding, ...]
    before: Report
    after: Report
    utilization: tuple[float | None, float | None] = (None, None)
    """Of the touched dates, before and after; None = not measured."""

    @cached_property
    def verdict(self) -> Verdict:
        return max((finding.verdict for finding in self.findings), default=Verdict.PASS)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Every level that a finding asks for, the highest first."""
        return tuple(sorted({finding.level for finding in self.findings if finding.level}, reverse=True))

    @property
    def level(self) -> Level | None:
        """Who decides; None where nobody has to, or nobody may (rejected)."""
        return self.levels[0] if self.levels and self.verdict is Verdict.ESCALATE else None

    @property
    def passes_tier_one(self) -> bool:
        return self.verdict is not Verdict.REJECT

    def of(self, code: str) -> tuple[SwapFinding, ...]:
        return tuple(finding for finding in self.findings if finding.code == code)


def finding(
    code: str,
    measured: float | None,
    policy: SwapPolicy,
    message: str,
    *,
    public: str = "",
    people: tuple[PersonId, ...] = (),
    days: tuple[Date, ...] = (),
    about: tuple[str, ...] = (),
    readers: frozenset[Actor] = STAFF,
    judged: float | None = None,
) -> SwapFinding | None:
    """The finding of a measure by the check table; None where it reaches no band.

    `judged` is compared instead of `measured` where a band speaks of something else than what people read.
    """
    check = CHECK[code]
    band = check.band(measured if judged is None else judged, policy)
    if band is None:
        return None
    return SwapFinding(
        code=code,
        tier=check.tier,
        verdict=band.verdict,
        level=band.level,
        measured=measured,
        limit=float(getattr(policy, band.limit)) if band.limit else None,
        message=message,
        public=public or check.sentence,
        people=people,
        days=days,
        about=about,
        readers=readers,
    )
