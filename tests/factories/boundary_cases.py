"""Boundary cases of every rule as data: one short, exactly enough, one over. Judge and solver are tested with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schedules.domain.problem import (
    CallTally,
    DutyLimits,
    DutyLog,
    DutyLogKind,
    Person,
    Policy,
    Preference,
    PreferenceScope,
    Problem,
    Session,
    WorkKind,
)
from schedules.domain.roster import Roster
from schedules.domain.rules.report import Severity
from tests.factories.rosters import attending, day, demand, resident, residents, slot, world

HARD, WARNING, MINOR, ADVISORY = Severity.HARD, Severity.WARNING, Severity.MINOR, Severity.ADVISORY

PASSES: tuple[Severity, ...] = ()
NOT_MEASURED = None


@dataclass(frozen=True, slots=True)
class Case:
    """A roster and what one rule says of it: the severities of its findings in order, or None for NOT MEASURED."""

    rule: str
    name: str
    problem: Problem
    roster: Roster
    expected: tuple[Severity, ...] | None

    @property
    def id(self) -> str:
        return f"{self.rule}: {self.name}"

    @property
    def legal(self) -> bool:
        """Whether the rule lets the roster stand: nothing hard was found."""
        return self.expected is not None and HARD not in self.expected


def case(rule: str, name: str, expected: tuple[Severity, ...] | None, made: tuple[Problem, Roster]) -> Case:
    return Case(rule, name, *made, expected)


R1 = (resident(1),)
PGY1 = (resident(1, pgy=1),)
F1 = (attending(1),)
F2 = (attending(1), attending(2))


def log(person: str, offset: int, kind: DutyLogKind, hours: float) -> DutyLog:
    return DutyLog(person, day(offset), kind, hours)


def one(plan: dict[str, str], **fields: object) -> tuple[Problem, Roster]:
    """A world of one PGY-2 resident."""
    return world(R1, {"R1": plan}, **fields)  # type: ignore[arg-type]


def hours_80() -> Iterable[Case]:
    rule, busy = "HOURS_80", "D20 D20"
    logs = DutyLogKind
    yield case(rule, "300 h, 75 a week: passes", PASSES, one({"0-14": busy}))
    yield case(rule, "301 h: above 75 a week is a warning", (WARNING,), one({"0-14": busy, "15": "H1"}))
    yield case(rule, "320 h, exactly 80 a week: a warning, no violation", (WARNING,), one({"0-15": busy}))
    yield case(rule, "321 h: fails", (HARD,), one({"0-15": busy, "16": "H1"}))
    yield case(
        rule, "weeks of 100, 60, 80 and 80 h pass with a warning", (WARNING,), one({"0-4 7-9 14-17 21-24": busy})
    )
    yield case(rule, "84 h every week: fails", (HARD,), one({"0-27": "IMW IMW"}))
    yield case(rule, "7 leave days: 240 h are the limit", (WARNING,), one({"7-18": busy}, leave={"R1": "0-6"}))
    yield case(rule, "7 leave days: 241 h fail", (HARD,), one({"7-18": busy, "19": "H1"}, leave={"R1": "0-6"}))
    for kind in logs:
        at_limit, over = (log("R1", 16, kind, 20),), (log("R1", 16, kind, 21),)
        yield case(rule, f"{kind} hours count: 300 + 20", (WARNING,), one({"0-14": busy}, logs=at_limit))
        yield case(rule, f"{kind} hours count: 300 + 21", (HARD,), one({"0-14": busy}, logs=over))
    yield case(rule, "off-site duty counts 0 hours, and the report says so", (ADVISORY,), one({"0-27": "TDY TDY"}))
    yield case(
        rule, "averages do not cross the block's edge", PASSES, one({"-28--1": busy, "0-14": busy}, known=(-28, 27))
    )
    half = {"span": (14, 27)}
    yield case(rule, "half a block, the rest known: fails with it", (HARD,), one({"0-15": busy, "16": "H1"}, **half))
    yield case(rule, "half a block, the rest unknown", NOT_MEASURED, one({"14-20": busy}, known=(14, 27), **half))
    over = {"0-15": busy, "16": "H1"}
    for name, span in (("begins on the block's last day", (27, 40)), ("ends on the block's first day", (-7, 0))):
        yield case(rule, f"a range that {name}", (HARD,), one(over, known=(-28, 55), span=span))


def hours_80_rolling() -> Iterable[Case]:
    rule, busy = "HOURS_80_ROLLING", "D20 D20"
    yield case(rule, "320 h in 28 days across the edge: passes", PASSES, one({"-8-7": busy}, known=(-28, 27)))
    yield case(rule, "340 h in 28 days across the edge: warning", (WARNING,), one({"-8-8": busy}, known=(-28, 27)))
    yield case(
        rule,
        "7 leave days in the window lower the limit",
        (WARNING,),
        one({"0-11": busy, "12": "H1"}, leave={"R1": "13-19"}),
    )
    for name, later, expected in (
        ("windows that share a day are one finding", "11-27", (WARNING,)),
        ("windows that share none are two", "12-28", (WARNING, WARNING)),
    ):
        yield case(rule, name, expected, one({"-27--11": busy, later: busy}, known=(-28, 55)))
    yield case(rule, "no window of 28 known days", NOT_MEASURED, one({"0-13": busy}, known=(0, 13), span=(0, 13)))


def day_free_in_7() -> Iterable[Case]:
    rule, works = "DAY_FREE_IN_7", "C C"
    yield case(rule, "4 free days in 28: passes", PASSES, one({"0-5 7-12 14-19 21-26": works}))
    yield case(rule, "3 free days in 28: fails", (HARD, WARNING), one({"0-5 7-12 14-19 21-27": works}))
    yield case(rule, "7 leave days: 3 free days suffice", PASSES, one({"7-12 14-19 21-26": works}, leave={"R1": "0-6"}))
    yield case(
        rule, "7 leave days: 2 free days fail", (HARD, WARNING), one({"7-12 14-19 21-27": works}, leave={"R1": "0-6"})
    )
    yield case(
        rule,
        "a half-day off is no free day",
        (HARD, WARNING),
        one({"0-5 7-12 14-19 21-26": works, "27": "- C"}),
    )
    yield case(rule, "nights: one night off gives a day", PASSES, one({"0-4 6-11 13-18 20-25 27": "- - NF"}))
    yield case(
        rule,
        "nights: a gap is cut at the block's end",
        (HARD,),
        one({"0-5 7-12 14-19 21-26": "- - NF"}),
    )
    yield case(rule, "6 worked days in a row: passes", PASSES, one({"0-5": works}))
    yield case(rule, "7 worked days in a row: warning", (WARNING,), one({"0-6": works}))
    yield case(rule, "13 worked days in a row: warning", (WARNING,), one({"0-12": works}))
    yield case(rule, "14 worked days in a row: fails", (HARD,), one({"0-13": works}))
    yield case(rule, "7 worked days across the block's edge: warning", (WARNING,), one({"-3-3": works}, known=(-7, 27)))
    yield case(rule, "a run before the range is judged there", PASSES, one({"-9--2": works}, known=(-14, 27)))
    yield case(rule, "off-site days are no worked days", PASSES, one({"0-27": "TDY TDY"}))
    yield case(rule, "half a block, the rest unknown", NOT_MEASURED, one({"14": works}, known=(14, 27), span=(14, 27)))


def rest_8() -> Iterable[Case]:
    rule = "REST_8"
    yield case(rule, "7 h between shifts: advisory", (ADVISORY,), one({"0": "- - N11", "1": "- C"}))
    yield case(rule, "8 h between shifts: passes", PASSES, one({"0": "- - N10", "1": "- C"}))
    yield case(rule, "9 h between shifts: passes", PASSES, one({"0": "- - N9", "1": "- C"}))
    yield case(rule, "after 24 h REST_14 judges", PASSES, one({"0": "M7 M7 N11", "1": "- C"}))
    yield case(
        rule,
        "the day after the range is published: advisory",
        (ADVISORY,),
        one({"27": "- - N11", "28": "- C"}, known=(0, 28)),
    )
    yield case(rule, "less than 2 h is one duty period, no rest", PASSES, one({"0": "C C NF"}))
    yield case(
        rule, "across the block's edge: advisory", (ADVISORY,), one({"-1": "- - N11", "0": "- C"}, known=(-3, 27))
    )
    yield case(rule, "before the range is judged there", PASSES, one({"-3": "- - N11", "-2": "- C"}, known=(-5, 27)))


def continuous_24() -> Iterable[Case]:
    rule = "CONTINUOUS_24"
    home = (log("R1", 1, DutyLogKind.CLINICAL_FROM_HOME, 4),)
    yield case(rule, "23 h: passes", PASSES, one({"0": "C C NF"}))
    yield case(rule, "24 h: passes", PASSES, one({"0": "IMW IMW NF"}))
    yield case(rule, "24 h and 4 h of transition: passes", PASSES, one({"0": "IMW IMW NF"}, logs=home))
    yield case(rule, "25 scheduled hours: fails", (HARD,), one({"0": "IMW IMW N13"}))
    yield case(rule, "across the block's edge: fails", (HARD,), one({"-1": "IMW IMW NF", "0": "IMW"}, known=(-3, 27)))
    yield case(rule, "before the range is judged there", PASSES, one({"-3": "IMW IMW N13"}, known=(-5, 27)))


def rest_14() -> Iterable[Case]:
    rule = "REST_14"
    yield case(rule, "13 h after 24 h: fails", (HARD,), one({"0": "M7 M7 N11", "1": "- - NF"}))
    yield case(rule, "14 h after 24 h: passes", PASSES, one({"0": "M8 M8 N10", "1": "- - NF"}))
    yield case(rule, "15 h after 24 h: passes", PASSES, one({"0": "M9 M9 N9", "1": "- - NF"}))
    yield case(rule, "13 h after 23 h: passes", PASSES, one({"0": "IMW IMW N11", "1": "- - NF"}))
    yield case(rule, "across the block's edge: fails", (HARD,), one({"-1": "M7 M7 N11", "0": "- - NF"}, known=(-3, 27)))


def call_every_3rd() -> Iterable[Case]:
    rule, call, off = "CALL_EVERY_3RD", "IMW IMW CALL", "PC PC"
    nine = {"0 3 6 9 12 15 18 21 24": call, "1 4 7 10 13 16 19 22 25": off}
    yield case(rule, "8 calls in 28 days: passes", PASSES, one({"0 3 6 9 12 15 18 21": call}))
    yield case(rule, "9 calls in 28 days: passes", PASSES, one(nine))
    yield case(rule, "10 calls in 28 days: fails", (HARD,), one({**nine, "27": call}))
    yield case(rule, "night float is no call", PASSES, one({"0-5 7-12": "- - NF"}))
    yield case(rule, "averages do not cross the edge", PASSES, one({"-2": call, **nine}, known=(-28, 27)))
    yield case(rule, "half a block, the rest unknown", NOT_MEASURED, one({"14": call}, known=(14, 27), span=(14, 27)))


def night_float_6() -> Iterable[Case]:
    rule, night = "NIGHT_FLOAT_6", "- - NF"
    yield case(rule, "5 nights: passes", PASSES, one({"0-4": night}))
    yield case(rule, "6 nights: passes", PASSES, one({"0-5": night}))
    yield case(rule, "7 nights: fails", (HARD,), one({"0-6": night}))
    yield case(rule, "7 nights across the edge: fails", (HARD,), one({"-3-3": night}, known=(-7, 27)))
    yield case(rule, "6 nights across the edge: passes", PASSES, one({"-3-2": night}, known=(-7, 27)))
    yield case(rule, "7 nights before the range: judged there", PASSES, one({"-9--3": night}, known=(-14, 27)))
    yield case(rule, "overnight call is not counted", PASSES, one({"0-6": "- - CALL"}))


def pgy1_moonlighting() -> Iterable[Case]:
    rule, kinds = "PGY1_MOONLIGHTING", DutyLogKind
    for name, people, kind, hours, expected in (
        ("PGY-1, 0 h", PGY1, kinds.MOONLIGHTING, 0, PASSES),
        ("PGY-1, 1 h", PGY1, kinds.MOONLIGHTING, 1, (HARD,)),
        ("PGY-2", R1, kinds.MOONLIGHTING, 8, PASSES),
        ("PGY-1, work from home", PGY1, kinds.CLINICAL_FROM_HOME, 8, PASSES),
    ):
        yield case(rule, name, expected, world(people, {"R1": {"0": "C C"}}, logs=[log("R1", 2, kind, hours)]))
    yield case(rule, "no duty logs entered", NOT_MEASURED, world(PGY1, {"R1": {"0": "C C"}}))


def home_call() -> Iterable[Case]:
    rule = "HOME_CALL"
    on_day_2 = [log("R1", 2, DutyLogKind.HOME_CALL, 3)]
    moonlights = [log("R1", 2, DutyLogKind.MOONLIGHTING, 3)]
    yield case(rule, "on a working day: passes", PASSES, one({"2": "C"}, logs=on_day_2))
    yield case(rule, "after a night that ends that day: passes", PASSES, one({"1": "- - NF"}, logs=on_day_2))
    yield case(rule, "on a free day: fails", (HARD,), one({"1 3": "C C"}, logs=on_day_2))
    yield case(rule, "after a night that ends at midnight: fails", (HARD,), one({"1": "- - N6"}, logs=on_day_2))
    yield case(rule, "before duty that begins at midnight: fails", (HARD,), one({"3": "M12"}, logs=on_day_2))
    yield case(rule, "on an off-site day: passes", PASSES, one({"2": "TDY TDY"}, logs=on_day_2))
    yield case(rule, "other work on a free day: passes", PASSES, one({"1": "C"}, logs=moonlights))
    yield case(rule, "no duty logs entered", NOT_MEASURED, one({"0": "C C"}))


def supervised(
    pgy1: int, upper: int, faculty: str = "", *, extra: str = "", policy: Policy | None = None
) -> tuple[Problem, Roster]:
    """Residents in clinic on Monday AM, one PR holder per `extra` code, faculty holding the codes of `faculty`."""
    people: list[Person] = [*residents(pgy1, 1), *residents(upper, 2, first=pgy1 + 1)]
    plan = {person.id: {"4": "C"} for person in people}
    for number, code in enumerate(extra.split(), start=50):
        people.append(resident(number, 3))
        plan[f"R{number}"] = {"4": code}
    for number, code in enumerate(faculty.split(), start=1):
        people.append(attending(number))
        plan[f"F{number}"] = {"4": code}
    return world(people, plan, policy=policy)


def supervision() -> Iterable[Case]:
    rule = "SUPERVISION"
    for name, expected, made in (
        ("nobody in clinic", PASSES, supervised(0, 0, extra="LEC")),
        ("1 PGY-1, no supervisor", (HARD,), supervised(1, 0)),
        ("1 PGY-1, 1 supervisor", PASSES, supervised(1, 0, "AT")),
        ("2 PGY-1, 1 supervisor", PASSES, supervised(2, 0, "AT")),
        ("3 PGY-1, 1 supervisor", (HARD,), supervised(3, 0, "AT")),
        ("3 PGY-1, 2 supervisors", PASSES, supervised(3, 0, "AT AT")),
        ("3 PGY-2, 1 supervisor", PASSES, supervised(0, 3, "AT")),
        ("4 PGY-2, 1 supervisor", PASSES, supervised(0, 4, "AT")),
        ("5 PGY-2, 1 supervisor", (HARD,), supervised(0, 5, "AT")),
        ("1 PGY-1 and 2 PGY-2, 1 supervisor", PASSES, supervised(1, 2, "AT")),
        ("1 PGY-1 and 3 PGY-2, 1 supervisor", (HARD,), supervised(1, 3, "AT")),
        ("1 PGY-1 and 3 PGY-2, AT and PCAT", PASSES, supervised(1, 3, "AT PCAT")),
        ("4 PGY-2 and a procedure, 1 supervisor", (HARD,), supervised(0, 4, "AT", extra="PR")),
        ("4 PGY-2 and a procedure, 2 supervisors", PASSES, supervised(0, 4, "AT AT", extra="PR")),
        ("2 procedures, 1 supervisor", (HARD,), supervised(0, 0, "AT", extra="PR VAS")),
        ("a faculty procedure needs one too", (HARD,), supervised(0, 0, "VAS")),
        ("faculty in clinic need none", PASSES, supervised(0, 0, "C C")),
        ("sports medicine has no ratio", PASSES, supervised(0, 0, extra="SM")),
        ("a procedure beside faculty clinic", (HARD,), supervised(0, 0, "C", extra="PR")),
        ("policy 1:3 and 1:5, 3 PGY-1", PASSES, supervised(3, 0, "AT", policy=RATIOS)),
        ("policy 1:3 and 1:5, 2 PGY-1 and 1 PGY-2", PASSES, supervised(2, 1, "AT", policy=RATIOS)),
        ("policy 1:3 and 1:5, 2 PGY-1 and 2 PGY-2", (HARD,), supervised(2, 2, "AT", policy=RATIOS)),
    ):
        yield case(rule, name, expected, made)


RATIOS = Policy(pgy1_per_supervisor=3, upper_per_supervisor=5)


def clinic_capacity() -> Iterable[Case]:
    rule = "CLINIC_CAPACITY"
    for number, expected in ((7, PASSES), (8, PASSES), (9, (HARD,))):
        people = residents(number)
        yield case(rule, f"{number} in clinic", expected, world(people, {who.id: {"4": "C"} for who in people}))
    eight = residents(8)
    plan = {who.id: {"4": "C"} for who in eight}
    for code, expected in (("AT", PASSES), ("CV", PASSES), ("C", (HARD,)), ("VAS", (HARD,))):
        yield case(rule, f"8 and an attending in {code}", expected, world((*eight, *F1), {**plan, "F1": {"4": code}}))


def demand_min() -> Iterable[Case]:
    rule, monday = "DEMAND_MIN", 4
    clinic = [demand(monday, Session.AM, "C", 2, eligible=("R1", "R2", "F1"), hard=False)]
    call = [demand(monday, Session.NIGHT, "CALL", 1, eligible=("F1", "F2"), maximum=1)]
    people = (*residents(2), *F1)
    for number, expected in ((0, (MINOR,)), (1, (MINOR,)), (2, PASSES), (3, PASSES)):
        plan = {person.id: {"4": "C"} for person in people[:number]}
        yield case(rule, f"clinic of 2 with {number}", expected, world(people, plan, demands=clinic))
    for number, expected in ((0, (HARD,)), (1, PASSES), (2, (HARD,))):
        plan = {person.id: {"4": "- - CALL"} for person in F2[:number]}
        yield case(rule, f"exactly one call with {number}", expected, world(F2, plan, demands=call))
    team = [demand(monday, Session.AM, "IMW", 1, eligible=("R1", "R2"))]
    for number, expected in ((0, (HARD,)), (1, PASSES), (2, PASSES)):
        plan = {person.id: {"4": "IMW"} for person in people[:number]}
        patterned = {person.id: {"4": "IMW"} for person in people[:2]}
        yield case(
            rule,
            f"a team of 2 with {number} present",
            expected,
            world(people, plan, demands=team, pattern=patterned),
        )
    yield case(
        rule,
        "somebody not eligible does not count",
        (HARD,),
        world((*F2, attending(3)), {"F3": {"4": "- - CALL"}}, demands=call),
    )
    yield case(rule, "no demand defined", NOT_MEASURED, world(people, {}))


def fmit_week() -> Iterable[Case]:
    """The week of Friday 1 to Thursday 7, off on Friday 8."""
    rule, leads = "FMIT_WEEK", "FMIT FMIT"
    week = {"1 2": f"{leads} CALL", "3-7": leads, "8": "PC PC"}
    planned = {"fmit": [("F1", 1, 7)]}
    for name, expected, changes, more in (
        ("a whole week", PASSES, {}, {}),
        ("no Friday call", (HARD,), {"1": leads}, {}),
        ("no Saturday call", (HARD,), {"2": leads}, {}),
        ("a Sunday call", (HARD,), {"3": f"{leads} CALL"}, {}),
        ("a Thursday call", (HARD,), {"7": f"{leads} CALL"}, {}),
        ("at work on the Friday after", (HARD,), {"8": "PC ADM"}, {}),
        ("on leave on the Friday after", PASSES, {"8": "LV LV"}, {"leave": {"F1": "8"}}),
    ):
        yield case(rule, name, expected, world(F1, {"F1": {**week, **changes}}, **planned, **more))  # type: ignore[arg-type]
    asked = [demand(offset, Session.AM, "FMIT", eligible=("F1", "F2"), maximum=1) for offset in (4, 5)]
    replaced = {"F1": {"1 2": f"{leads} CALL", "3 6-7": leads, "8": "PC PC"}, "F2": {"4 5": leads}}
    yield case(
        rule,
        "a forced replacement is named",
        (ADVISORY,),
        world(F2, replaced, leave={"F1": "4 5"}, demands=asked, **planned),  # type: ignore[arg-type]
    )
    yield case(
        rule,
        "the Friday after, at the range's start: off",
        PASSES,
        world(F1, {"F1": {"-1": leads, "0": leads, "1": "PC PC"}}, known=(-7, 27)),
    )
    yield case(
        rule,
        "the Friday after, at the range's start: at work",
        (HARD,),
        world(F1, {"F1": {"0": leads, "1": "ADM ADM"}}, known=(-7, 27), span=(1, 27)),
    )
    yield case(
        rule, "the Friday after is not decided yet", PASSES, world(F1, {"F1": {"7": leads}}, known=(0, 7), span=(0, 7))
    )


def post_call() -> Iterable[Case]:
    rule, sunday = "POST_CALL", "3"
    for name, expected, after in (
        ("PCAT then DO", PASSES, "PCAT DO"),
        ("AT instead of PCAT", (HARD,), "AT DO"),
        ("work instead of DO", (HARD,), "PCAT ADM"),
        ("nothing", (HARD,), "- -"),
    ):
        yield case(rule, name, expected, world(F1, {"F1": {sunday: "- - CALL", "4": after}}))
    for name, expected, after in (
        ("resident off (PC)", PASSES, "PC PC"),
        ("resident at work in the morning", (HARD,), "C PC"),
        ("resident at work in the afternoon", (HARD,), "PC C"),
    ):
        yield case(rule, name, expected, one({sunday: "- - CALL", "4": after}))
    yield case(
        rule,
        "attending's Friday call asks for nothing",
        PASSES,
        world(F1, {"F1": {"1": "FMIT FMIT CALL", "2": "FMIT FMIT"}}),
    )
    yield case(
        rule,
        "a call on the eve of the range",
        (HARD,),
        world(F1, {"F1": {"-1": "- - CALL", "0": "AT AT"}}, known=(-3, 27)),
    )
    yield case(
        rule,
        "the day after is published already",
        (HARD,),
        world(F1, {"F1": {"27": "- - CALL", "28": "AT AT"}}, known=(0, 28)),
    )
    yield case(rule, "the day after is not decided yet", PASSES, world(F1, {"F1": {"27": "- - CALL"}}))


def call_consecutive() -> Iterable[Case]:
    rule, call = "CALL_CONSECUTIVE", "- - CALL"
    leads = "FMIT FMIT CALL"
    yield case(rule, "one night between: passes", PASSES, world(F1, {"F1": {"3 5": call}}))
    yield case(rule, "consecutive nights: fails", (HARD,), world(F1, {"F1": {"3 4": call}}))
    yield case(rule, "three nights: fails twice", (HARD, HARD), world(F1, {"F1": {"3-5": call}}))
    yield case(rule, "FMIT Friday and Saturday: passes", PASSES, world(F1, {"F1": {"1 2": leads}}))
    yield case(rule, "Friday and Saturday without FMIT: fails", (HARD,), world(F1, {"F1": {"1 2": call}}))
    yield case(rule, "FMIT Saturday and Sunday: fails", (HARD,), world(F1, {"F1": {"2 3": leads}}))
    yield case(rule, "a resident on consecutive nights: fails", (HARD,), one({"3 4": call}))
    yield case(rule, "across the block's edge: fails", (HARD,), world(F1, {"F1": {"-1 0": call}}, known=(-3, 27)))
    yield case(rule, "before the range: judged there", PASSES, world(F1, {"F1": {"-3 -2": call}}, known=(-5, 27)))


def call_before_leave() -> Iterable[Case]:
    rule, call = "CALL_BEFORE_LEAVE", "- - CALL"
    leads = "FMIT FMIT CALL"
    for name, expected, plan, leave in (
        ("Sunday, leave from Monday", (HARD,), {"3": call}, "4-6"),
        ("Sunday, leave from Tuesday", PASSES, {"3": call, "4": "PCAT DO"}, "5-6"),
        ("Wednesday, leave from Thursday", (HARD,), {"6": call}, "7"),
        ("Saturday of FMIT, leave from Sunday", (ADVISORY,), {"1 2": leads}, "3-5"),
        ("Friday of FMIT, leave from Saturday", PASSES, {"1": leads}, "2-5"),
        ("the last night of the range", (HARD,), {"27": call}, "28"),
    ):
        yield case(rule, name, expected, world(F1, {"F1": plan}, leave={"F1": leave}))


def _without_blocks(made: tuple[Problem, Roster]) -> tuple[Problem, Roster]:
    return replace(made[0], blocks=(), block_assignments=()), made[1]


def faculty_week_max() -> Iterable[Case]:
    rule = "FACULTY_WEEK_MAX"
    limits = DutyLimits("core", {}, {WorkKind.CLINIC: 4, WorkKind.SUPERVISION: 3, WorkKind.GME: 0})
    people = (attending(1, duty=limits),)
    for name, expected, plan in (
        ("3 of 4 half-days of clinic", PASSES, {"0": "C C", "1": "C"}),
        ("4 of 4 half-days of clinic", PASSES, {"0 1": "C C"}),
        ("5 of 4 half-days of clinic", (HARD,), {"0 1": "C C", "4": "C"}),
        ("4 in each of two weeks", PASSES, {"0 1 7 8": "C C"}),
        ("5 days around the week's edge", PASSES, {"5 6": "C C", "7 8": "C C"}),
        ("PCAT counts as supervision: 3", PASSES, {"0": "AT AT", "4": "PCAT DO"}),
        ("PCAT counts as supervision: 4", (HARD,), {"0": "AT AT", "1": "AT", "4": "PCAT DO"}),
        ("0 means 0", (HARD,), {"0": "GME"}),
        ("FMIT, LEC and ADM are not capped", PASSES, {"0-4": "FMIT FMIT", "5": "ADM ADM", "6": "ADM LEC"}),
    ):
        yield case(rule, name, expected, world(people, {"F1": plan}))
    yield case(
        rule,
        "a week that began before the range",
        (HARD,),
        world(people, {"F1": {"0 1": "C C", "4": "C"}}, span=(4, 27)),
    )
    for name, plan, span in (
        ("a range that begins on the week's last day", {"0 1": "C C", "6": "C"}, (6, 27)),
        ("a range that ends on the week's first day", {"7 8": "C C", "9": "C"}, (0, 7)),
        ("a range that begins on the block's last day", {"21 22": "C C", "27": "C"}, (27, 40)),
        ("a range that ends on the block's first day", {"0 1": "C C", "4": "C"}, (-7, 0)),
    ):
        yield case(rule, name, (HARD,), world(people, {"F1": plan}, known=(-7, 40), span=span))
    yield case(rule, "dates outside every block", NOT_MEASURED, _without_blocks(world(people, {"F1": {"0": "C C"}})))
    yield case(rule, "faculty without a duty", NOT_MEASURED, world((attending(1, duty=None),), {"F1": {"0": "C C"}}))


def protected() -> Iterable[Case]:
    """Wednesday is day 6."""
    rule, education = "PROTECTED", {"R1": {"6": "- LEC"}}
    for name, expected, held, more in (
        ("lecture kept", PASSES, "- LEC", {}),
        ("lecture replaced by clinic", (HARD,), "- C", {}),
        ("lecture taken by an absence", PASSES, "LV LV", {"leave": {"R1": "6"}}),
        ("lecture taken by a holiday", PASSES, "OFF OFF", {"holidays": (6,)}),
    ):
        yield case(rule, name, expected, world(R1, {"R1": {"6": held}}, pattern=education, **more))  # type: ignore[arg-type]
    clinic = {"R1": {"6": "C"}}
    yield case(rule, "PGY-1's Wednesday morning clinic kept", PASSES, world(PGY1, clinic, pattern=clinic))
    yield case(
        rule, "PGY-1's Wednesday morning clinic moved", (HARD,), world(PGY1, {"R1": {"6": "- C"}}, pattern=clinic)
    )
    yield case(rule, "PGY-2's Wednesday morning clinic moved", PASSES, world(R1, {"R1": {"6": "- C"}}, pattern=clinic))
    yield case(rule, "no rotation in the range", NOT_MEASURED, _without_blocks(world(R1, clinic)))
    yield case(rule, "a Thursday lecture moved", PASSES, world(R1, {"R1": {"7": "C"}}, pattern={"R1": {"7": "LEC"}}))


def double_booked() -> Iterable[Case]:
    rule, made = "DOUBLE_BOOKED", one({"0": "C C"})
    rows = [(*place, code) for place, code in made[1]]
    twice = Roster.from_rows([*rows, (*slot("R1", 0), "CARD")])
    yield case(rule, "one activity per session", PASSES, (made[0], Roster.from_rows(rows)))
    yield case(rule, "two activities in one session", (HARD,), (made[0], twice))


def absent() -> Iterable[Case]:
    rule = "ABSENT"
    away = {"leave": {"R1": "0-1"}}
    for name, expected, plan, more in (
        ("leave", PASSES, {}, {}),
        ("at work on the first day", (HARD,), {"0": "C LV"}, {}),
        ("at work on both days", (HARD, HARD), {"0 1": "C LV"}, {}),
        ("a night in the leave", (HARD,), {"1": "LV LV NF"}, {}),
        ("at work on the day before and after", PASSES, {"-1 2": "C C"}, {"known": (-2, 27)}),
        ("off-site during leave", (HARD,), {"0": "TDY LV"}, {}),
        ("off-site during a TDY absence", PASSES, {"0": "TDY TDY"}, {"leave_kind": "TDY"}),
    ):
        yield case(rule, name, expected, one(plan, **away, **more))  # type: ignore[arg-type]


def not_eligible() -> Iterable[Case]:
    rule, sports = "NOT_ELIGIBLE", {"F1": {"4": "SM"}}
    yield case(rule, "role held", PASSES, world(F1, {"F1": {"4": "AT"}}))
    yield case(rule, "role missing", (HARD,), one({"4": "AT"}))
    yield case(rule, "level held", PASSES, world((resident(1, 3),), {"R1": {"4": "SENIOR"}}))
    yield case(rule, "level missing", (HARD,), one({"4": "SENIOR"}))
    yield case(rule, "level missing on the first and the last day", (HARD, HARD), one({"0 27": "SENIOR"}))
    yield case(rule, "credential missing", (HARD,), world(F1, sports))
    yield case(rule, "credential not asked of residents", PASSES, one({"4": "SM"}))
    for name, expires, expected in (
        ("credential without expiry", None, PASSES),
        ("credential expires a day later", day(5), PASSES),
        ("credential's last day", day(4), PASSES),
        ("credential expired the day before", day(3), (HARD,)),
    ):
        people = (attending(1, credentials={"sports-medicine": expires}),)
        yield case(rule, name, expected, world(people, sports))


def soft() -> Iterable[Case]:
    """Soft rules: one roster that keeps the rule and one that does not."""
    week = {"R1": {"0-1 4-5": "C C"}}
    yield case("PATTERN", "as the rotation has it", PASSES, world(R1, week, pattern=week))
    yield case(
        "PATTERN", "moved within the week", PASSES, world(R1, {"R1": {"0-1 4": "C C", "6": "C C"}}, pattern=week)
    )
    yield case(
        "PATTERN", "one half-day dropped", (ADVISORY,), world(R1, {"R1": {"0-1 4": "C C", "5": "C ADM"}}, pattern=week)
    )
    yield case("PATTERN", "no rotation in the range", NOT_MEASURED, _without_blocks(world(R1, week)))
    limits = (attending(1, duty=DutyLimits("core", {WorkKind.CLINIC: 1}, {})),)
    reached = {"0 7 14 21": "C"}
    yield case("FACULTY_WEEK_MIN", "reached", PASSES, world(limits, {"F1": reached}))
    yield case("FACULTY_WEEK_MIN", "one week short", (ADVISORY,), world(limits, {"F1": {"0 7 14": "C"}}))
    yield case(
        "FACULTY_WEEK_MIN", "a week on leave", PASSES, world(limits, {"F1": {"0 7 14": "C"}}, leave={"F1": "21-22"})
    )
    call = "- - CALL"
    yield case("CALL_EQUITY", "even", PASSES, world(F2, {"F1": {"3 17": call}, "F2": {"10 24": call}}))
    yield case(
        "CALL_EQUITY",
        "one call above, one below",
        (ADVISORY,) * 2,
        world(F2, {"F1": {"3 10 17": call}, "F2": {"24": call}}),
    )
    yield case("CALL_EQUITY", "open nights may still even it out", PASSES, world(F2, {"F1": {"3 10": call}}))
    yield case("CALL_EQUITY", "too few nights are open", (ADVISORY,) * 2, world(F2, {"F1": {"3 10 17": call}}))
    away = {"F1": {"17 24": call}, "F2": {"3 10": call}}
    yield case("CALL_EQUITY", "a short absence does not lower the share", PASSES, world(F2, away, leave={"F1": "2-4"}))
    uneven = world(F2, {"F1": {"3 10 17 24": call}})
    yield case("CALL_EQUITY", "all Sundays to one", (ADVISORY, ADVISORY), uneven)
    caught_up = replace(
        uneven[0], call_history={"F2": CallTally(sunday=4, sunday_available=4), "F1": CallTally(sunday_available=4)}
    )
    yield case("CALL_EQUITY", "the year so far counts", PASSES, (caught_up, uneven[1]))
    yield case("CALL_SPACING", "4 nights apart", PASSES, world(F1, {"F1": {"10 14": call}}))
    yield case("CALL_SPACING", "3 nights apart", (ADVISORY,), world(F1, {"F1": {"10 13": call}}))
    near = {"F1": {"8-9": "FMIT FMIT", "13": call}}
    yield case("CALL_SPACING", "4 days after the own FMIT duty", PASSES, world(F1, near))
    near = {"F1": {"8-9": "FMIT FMIT", "12": call}}
    yield case("CALL_SPACING", "3 days after the own FMIT duty", (ADVISORY,), world(F1, near))
    pair = residents(2)
    weekend = "IMW IMW"
    yield case("WEEKEND_EQUITY", "even", PASSES, world(pair, {"R1": {"2 3": weekend}, "R2": {"9 10": weekend}}))
    yield case("WEEKEND_EQUITY", "one weekend apart", PASSES, world(pair, {"R1": {"2 3": weekend}}))
    yield case("WEEKEND_EQUITY", "two weekends apart", (ADVISORY,), world(pair, {"R1": {"2 3 9 10": weekend}}))
    yield case(
        "WEEKEND_EQUITY",
        "levels stand apart",
        PASSES,
        world((resident(1, 2), resident(2, 3)), {"R1": {"2 3 9 10": weekend}}),
    )
    yield case("FULL_DAYS", "a whole day of one kind", PASSES, world(F1, {"F1": {"4": "C C"}}))
    yield case("FULL_DAYS", "clinic and supervision", (ADVISORY,), world(F1, {"F1": {"4": "C AT"}}))
    dislike = [Preference("R1", PreferenceScope.WEEKDAY, -2, weekday=0)]
    yield case("PREFERENCE", "disliked Monday free", PASSES, one({"5": "C"}, wishes=dislike))
    yield case("PREFERENCE", "disliked Monday worked", (ADVISORY,), one({"4": "C C"}, wishes=dislike))
    yield case("PREFERENCE", "no preferences entered", NOT_MEASURED, one({"4": "C"}))
    yield case("N1_MARGIN", "one supervisor to spare", PASSES, supervised(2, 0, "AT AT"))
    yield case("N1_MARGIN", "an attending at administration", PASSES, supervised(2, 0, "AT ADM"))
    yield case("N1_MARGIN", "nobody to spare", (ADVISORY,), supervised(2, 0, "AT"))
    yield case("N1_MARGIN", "a second call-taker", PASSES, world(F2, {"F1": {"3": call}}))
    starts = {"F1": {"7": call}, "F2": {"8": "FMIT FMIT"}}
    yield case("N1_MARGIN", "the second call-taker leads from the day after", (ADVISORY,), world(F2, starts))
    yield case("N1_MARGIN", "no second call-taker", (ADVISORY,), world(F1, {"F1": {"3": call}}))


CASES: tuple[Case, ...] = tuple(
    found
    for group in (
        double_booked,
        absent,
        not_eligible,
        hours_80,
        hours_80_rolling,
        day_free_in_7,
        rest_8,
        continuous_24,
        rest_14,
        call_every_3rd,
        night_float_6,
        pgy1_moonlighting,
        home_call,
        supervision,
        clinic_capacity,
        demand_min,
        fmit_week,
        post_call,
        call_consecutive,
        faculty_week_max,
        protected,
        call_before_leave,
        soft,
    )
    for found in group()
)
"""Every case of every rule, in the order of the rule table."""
