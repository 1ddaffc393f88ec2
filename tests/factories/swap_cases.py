"""Cases of every check of swaps as data, on both sides of its boundary: judged by the core and through the doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schedules.domain.problem import DutyLimits, DutyLog, DutyLogKind, Problem, Session, WorkKind
from schedules.domain.roster import Roster
from swaps.domain.tables import Level, Verdict
from tests.factories.rosters import attending, day, demand, resident, slot, world

WARN, UP, REJECT = Verdict.WARN, Verdict.ESCALATE, Verdict.REJECT
COORDINATOR, ARCHITECT, DIRECTOR = Level.COORDINATOR, Level.ARCHITECT, Level.PROGRAM_DIRECTOR

Said = tuple[tuple[Verdict, Level | None], ...]
NOTHING: Said = ()
REJECTED: Said = ((REJECT, None),)
WARNED: Said = ((WARN, None),)


def up(level: Level) -> Said:
    return ((UP, level),)


@dataclass(frozen=True)
class SwapCase:
    """A roster, a swap on it, and what one check says. Offsets of days; `places` narrow the week to sessions."""

    code: str
    name: str
    made: tuple[Problem, Roster]
    expected: Said
    giver: str = "F1"
    taker: str = "F2"
    source: int = 1
    target: int | None = None
    places: tuple[tuple[int, Session], ...] = ()
    hours_before: float = 60 * 24
    """Before 00:00 of day 1 of the block."""
    reason: str = "conference"
    given: Mapping[str, int] = field(default_factory=dict)
    """Weeks that people gave away in the last three months, to a colleague who is no party."""
    failed: int = 0

    @property
    def id(self) -> str:
        return f"{self.code}: {self.name}"


def inpatient(*firsts: int) -> dict[str, str]:
    """FMIT weeks from these Fridays, and the Friday off after the last of each run."""
    found = {}
    for first in firsts:
        found[f"{first}-{first + 1}"] = "FMIT FMIT CALL"
        found[f"{first + 2}-{first + 6}"] = "FMIT FMIT"
        if first + 7 not in firsts:
            found[f"{first + 7}"] = "PC PC"
    return found


THREE = (attending(1), attending(2), attending(3))
NO_SUPERVISION = attending(1, duty=DutyLimits("core", {}, {WorkKind.SUPERVISION: 0}))
TWO_RESIDENTS = (resident(1), resident(2))


def simple(**fields: object) -> tuple[Problem, Roster]:
    """F1's week from day 1, two idle colleagues."""
    return world(THREE, {"F1": inpatient(1)}, **fields)  # type: ignore[arg-type]


def among(people: int) -> tuple[Problem, Roster]:
    """F1's week among so many colleagues, whose balances are even but for what is `given` to F3."""
    return world(tuple(attending(number) for number in range(1, people + 1)), {"F1": inpatient(1)})


def between_residents(gives: dict[str, str], has: dict[str, str], **fields: object) -> tuple[Problem, Roster]:
    return world(TWO_RESIDENTS, {"R1": gives, "R2": has}, pattern={}, **fields)  # type: ignore[arg-type]


def resident_case(
    code: str, name: str, expected: Said, gives: dict[str, str], has: dict[str, str], source: int, **fields: object
) -> SwapCase:
    logs = fields.pop("logs", ())
    made = between_residents(gives, has, logs=logs)
    return SwapCase(code, name, made, expected, giver="R1", taker="R2", source=source, **fields)  # type: ignore[arg-type]


BUSY = {"0-4 7-11 21-24": "D20 D20"}
"""280 hours in the block; 300 are 75 a week, 320 are 80."""


def moonlit(hours: float) -> tuple[DutyLog, ...]:
    return (DutyLog("R2", day(3), DutyLogKind.MOONLIGHTING, hours),)


def gap(third: str) -> tuple[Problem, Roster]:
    """F1's clinic of day 5 displaces F2's supervision, which F1 may not hold; a third person may be free."""
    asked = [demand(5, Session.AM, "AT", eligible=("F2", "F3"), hard=False)]
    people = (NO_SUPERVISION, attending(2), attending(3))
    return world(people, {"F1": {"5": "C C"}, "F2": {"5": "AT ADM"}, "F3": {"5": third}}, demands=asked)


def last_supervisor(others: str) -> tuple[Problem, Roster]:
    """F2 supervises a resident's clinic of day 5 and takes F1's week; F1 may not supervise. F3 holds `others`."""
    people = (NO_SUPERVISION, attending(2), attending(3), resident(1))
    return world(people, {"F1": inpatient(1), "F2": {"5": "AT AT"}, "F3": {"5": others}, "R1": {"5": "C C"}})


def friday_off(clinic: dict[str, str]) -> tuple[Problem, Roster]:
    """F1 is away on the Friday after the week: with F2 off as well, F3 alone is left to supervise the clinic."""
    people = (*THREE, resident(1))
    return world(people, {"F1": inpatient(1), "F3": {"1-8": "AT AT"}, "R1": clinic}, leave={"F1": "8"})


def many_at_work(people: int) -> tuple[Problem, Roster]:
    """`people` - 1 of so many are asked for on day 5: 4 of 5 are 0.80, 5 of 6 are 0.83, 6 of 7 are 0.86."""
    crew = tuple(attending(number) for number in range(1, people + 1))
    asked = [demand(5, Session.AM, "ADM", people - 1, eligible=[person.id for person in crew], hard=False)]
    return world(crew, {"F1": {"5": "C C"}, **{one.id: {"5": "ADM AT"} for one in crew[1:]}}, demands=asked)


def lapsing(friday: str) -> tuple[Problem, Roster]:
    """Nine half-days of the taker's supervision lapse, and the Saturday's; Friday morning may be one more."""
    plan = {"F1": inpatient(1) | {"8": "LV LV"}, "F2": {"1": friday, "2": "AT", "4-7": "AT AT", "8": "PC PC"}}
    return world((NO_SUPERVISION, attending(2)), plan, leave={"F1": "8"})


FIVE_AM = (5, Session.AM)
CASES: tuple[SwapCase, ...] = (
    # Tier 1
    resident_case("HOURS_80", "80.0 hours", NOTHING, {"18": "D20 D20"}, BUSY | {"26": "D20 D20"}, 18),
    resident_case("HOURS_80", "80.25 hours", REJECTED, {"18": "D20 D20"}, BUSY | {"26": "D20 D20", "14": "H1 -"}, 18),
    resident_case("DAY_FREE_IN_7", "four days left", NOTHING, {"10": "C C"}, {"0-5 7-9 11-12 14-19 21-26": "C C"}, 10),
    resident_case(
        "DAY_FREE_IN_7", "three days left", REJECTED + WARNED, {"20": "C C"}, {"0-5 7-12 14-19 21-26": "C C"}, 20
    ),
    resident_case("REST_14", "14 hours", NOTHING, {"6": "- - N6"}, {"5": "M8 M8 N10"}, 6),
    resident_case("REST_14", "13 hours", REJECTED, {"6": "- - N6"}, {"5": "M7 M7 N11"}, 6),
    SwapCase("SUPERVISION", "another stays", last_supervisor("AT AT"), NOTHING),
    SwapCase("SUPERVISION", "the last one leaves", last_supervisor("ADM ADM"), REJECTED * 2),
    SwapCase("ABSENT", "the day before and after", simple(leave={"F2": "0 9"}), NOTHING),
    SwapCase("ABSENT", "one day of the week", simple(leave={"F2": "4"}), REJECTED),
    SwapCase(
        "NOT_ELIGIBLE",
        "both hold the credential",
        world(
            (attending(1, credentials={"sports-medicine": None}), attending(2, credentials={"sports-medicine": None})),
            {"F1": {"5": "SM AT"}},
        ),
        NOTHING,
        source=5,
    ),
    SwapCase(
        "NOT_ELIGIBLE",
        "the taker does not",
        world((attending(1, credentials={"sports-medicine": None}), attending(2)), {"F1": {"5": "SM AT"}}),
        REJECTED,
        source=5,
    ),
    SwapCase("DOUBLE_BOOKED", "room for all", simple(), NOTHING),
    SwapCase("DOUBLE_BOOKED", "a locked row", simple(locked=[slot("F2", 5)]), REJECTED),
    SwapCase(
        "BACK_TO_BACK_FMIT_3",
        "two in a row",
        world(THREE, {"F1": inpatient(8), "F2": inpatient(15)}),
        NOTHING,
        source=8,
    ),
    SwapCase(
        "BACK_TO_BACK_FMIT_3",
        "three in a row",
        world(THREE, {"F1": inpatient(8), "F2": inpatient(1) | inpatient(15)}),
        REJECTED,
        source=8,
    ),
    # Tier 2
    SwapCase(
        "BACK_TO_BACK_FMIT_2",
        "a week between",
        world(THREE, {"F1": inpatient(1), "F2": inpatient(15)}),
        NOTHING,
    ),
    SwapCase(
        "BACK_TO_BACK_FMIT_2",
        "two in a row",
        world(THREE, {"F1": inpatient(8), "F2": inpatient(15)}),
        up(COORDINATOR),
        source=8,
    ),
    SwapCase("COVERAGE_GAP", "none", simple(), NOTHING),
    SwapCase("COVERAGE_GAP", "somebody idle", gap("ADM ADM"), up(COORDINATOR), source=5),
    SwapCase("COVERAGE_GAP", "nobody idle", gap("C C"), up(DIRECTOR), source=5),
    resident_case("APPROACHING_80", "75.0 hours", NOTHING, {"18": "D20 D20"}, BUSY, 18),
    resident_case("APPROACHING_80", "76.5 hours", WARNED, {"18": "D20 D20"}, BUSY | {"14": "- - N6"}, 18),
    SwapCase("IMMINENT", "14 days", simple(), NOTHING, hours_before=14 * 24),
    SwapCase("IMMINENT", "an hour less", simple(), WARNED, hours_before=14 * 24 - 1),
    SwapCase("IMMINENT", "7 days", simple(), WARNED, hours_before=7 * 24),
    SwapCase("IMMINENT", "an hour less than 7", simple(), up(COORDINATOR), hours_before=7 * 24 - 1),
    SwapCase("IMMINENT", "a gap in 24 hours", gap("ADM ADM"), up(COORDINATOR), places=(FIVE_AM,), hours_before=-3 * 24),
    SwapCase(
        "IMMINENT",
        "a gap in less",
        gap("ADM ADM"),
        up(DIRECTOR),
        places=(FIVE_AM,),
        hours_before=-3 * 24 - 0.1,
    ),
    resident_case("MOONLIGHTING", "none", NOTHING, {"18": "D20 D20"}, BUSY, 18),
    resident_case("MOONLIGHTING", "80.0 hours", up(DIRECTOR), {"18": "D20 D20"}, BUSY, 18, logs=moonlit(20)),
    resident_case("MOONLIGHTING", "80.06 hours", REJECTED, {"18": "D20 D20"}, BUSY, 18, logs=moonlit(20.25)),
    SwapCase("FAIRNESS", "1 sigma", among(9), NOTHING),
    SwapCase("FAIRNESS", "2.0 sigma", among(9), WARNED, given={"F1": 1}),
    SwapCase("FAIRNESS", "2.4 sigma", among(9), up(COORDINATOR), given={"F1": 2}),
    resident_case("CONTINUITY", "2 points", NOTHING, {"18": "C"}, {}, 18),
    resident_case("CONTINUITY", "3 points", WARNED, {"18": "CV"}, {}, 18),
    resident_case("CONTINUITY", "4 points", WARNED, {"18": "C C"}, {}, 18),
    resident_case("CONTINUITY", "5 points", up(DIRECTOR), {"18": "C CV"}, {}, 18),
    # Tier 3
    SwapCase("UTILIZATION", "0.80", many_at_work(5), NOTHING, places=(FIVE_AM,)),
    SwapCase("UTILIZATION", "0.83", many_at_work(6), WARNED, places=(FIVE_AM,)),
    SwapCase("UTILIZATION", "0.86", many_at_work(7), up(ARCHITECT), places=(FIVE_AM,)),
    SwapCase("RESILIENCE_DELTA", "no worse", friday_off({}), NOTHING),
    SwapCase("RESILIENCE_DELTA", "0.07", friday_off({"1-7": "C C", "8": "C"}), up(COORDINATOR)),
    SwapCase("RESILIENCE_DELTA", "1", friday_off({"8": "C C"}), up(ARCHITECT)),
    SwapCase("N1", "as before", friday_off({}), NOTHING),
    SwapCase("N1", "newly insecure", friday_off({"8": "C C"}), up(ARCHITECT)),
    SwapCase("BLAST_RADIUS", "10 beyond", lapsing("- AT"), NOTHING),
    SwapCase("BLAST_RADIUS", "11 beyond", lapsing("AT AT"), up(ARCHITECT)),
    # Any
    *(
        SwapCase("SENSITIVE_REASON", reason, simple(), expected, reason=reason)
        for reason, expected in (
            ("fellowship_interview", up(DIRECTOR)),
            ("job_interview", up(DIRECTOR)),
            ("medical", up(DIRECTOR)),
            ("family", up(DIRECTOR)),
            ("conference", NOTHING),
            ("pto", NOTHING),
            ("illness", NOTHING),
            ("other", NOTHING),
        )
    ),
    SwapCase("FAILED_ATTEMPTS", "two", simple(), NOTHING, failed=2),
    SwapCase("FAILED_ATTEMPTS", "three", simple(), up(COORDINATOR), failed=3),
)
