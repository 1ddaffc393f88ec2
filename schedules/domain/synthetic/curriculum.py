"""What a made-up program teaches: its activities, its rotations' four-week patterns and the order of the year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schedules.domain.problem import HALF_DAYS, Session, Weekday

MON, TUE, WED, THU, FRI, SAT, SUN = Weekday
AM, PM, NIGHT = Session

Place = tuple[int, int, Session]
"""Week 1..4 of the block, weekday, session."""

Cells = dict[tuple[int, Session], str]
"""A week's activities by weekday and session."""

# code, name, category, hours (am, pm, night), clinic seat, supervision, supervises, shed tier
ACTIVITIES: tuple[tuple[str, str, str, tuple[int, int, int], int, str, int, str], ...] = (
    ("C", "Continuity clinic", "clinic", (5, 5, 0), 1, "by_pgy", 0, "continuity"),
    ("CV", "Telehealth clinic", "clinic", (5, 5, 0), 0, "by_pgy", 0, "continuity"),
    ("HV", "Home visits", "clinic", (5, 5, 0), 0, "by_pgy", 0, "continuity"),
    ("PR", "Office procedures", "procedure", (5, 5, 0), 1, "dedicated", 0, "required_experience"),
    ("SM", "Sports clinic", "specialty", (5, 5, 0), 1, "by_credential", 0, "required_experience"),
    ("FMIT", "Family medicine ward team", "inpatient", (6, 6, 0), 0, "none", 0, "patient_safety"),
    ("ICU", "Critical care", "inpatient", (6, 6, 0), 0, "none", 0, "patient_safety"),
    ("PEDW", "Children's ward", "inpatient", (6, 6, 0), 0, "none", 0, "patient_safety"),
    ("NBN", "Well-baby nursery", "inpatient", (6, 6, 0), 0, "none", 0, "patient_safety"),
    ("LD", "Birth unit", "inpatient", (6, 6, 0), 0, "none", 0, "patient_safety"),
    ("ER", "Emergency department", "inpatient", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("NF", "Ward night float", "night", (0, 0, 12), 0, "none", 0, "patient_safety"),
    ("CALL", "Attending overnight call", "night", (0, 0, 12), 0, "none", 0, "patient_safety"),
    ("CARD", "Heart clinic", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("DERM", "Skin clinic", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("GYN", "Women's health clinic", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("NEURO", "Neurology clinic", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("PALL", "Palliative care team", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("PEDC", "Children's clinic", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("PSY", "Behavioral health", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("GER", "Elder care", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("US", "Point-of-care ultrasound", "specialty", (5, 5, 0), 0, "none", 0, "required_experience"),
    ("LEC", "Didactics", "education", (5, 5, 0), 0, "none", 0, "core_education"),
    ("GME", "Residency education", "education", (5, 5, 0), 0, "none", 0, "core_education"),
    ("SIM", "Simulation lab", "education", (5, 5, 0), 0, "none", 0, "core_education"),
    ("ORI", "Welcome weeks", "education", (5, 5, 0), 0, "none", 0, "core_education"),
    ("PI", "Quality improvement", "education", (5, 5, 0), 0, "none", 0, "optional_education"),
    ("RSH", "Scholarly work", "research", (5, 5, 0), 0, "none", 0, "research_admin"),
    ("ADM", "Desk time", "admin", (5, 5, 0), 0, "none", 0, "research_admin"),
    ("DFM", "Department work", "admin", (5, 5, 0), 0, "none", 0, "research_admin"),
    ("AT", "Clinic attending", "supervision", (5, 5, 0), 0, "none", 1, "patient_safety"),
    ("PCAT", "Attending after call", "supervision", (5, 5, 0), 0, "none", 1, "patient_safety"),
    ("TDY", "Away rotation", "away", (0, 0, 0), 0, "none", 0, "required_experience"),
    ("W", "Weekend", "off", (0, 0, 0), 0, "none", 0, ""),
    ("OFF", "Off", "off", (0, 0, 0), 0, "none", 0, ""),
    ("PC", "Off after call", "off", (0, 0, 0), 0, "none", 0, ""),
    ("DO", "Afternoon off after call", "off", (0, 0, 0), 0, "none", 0, ""),
    ("LV", "Leave", "off", (0, 0, 0), 0, "none", 0, ""),
)

_CLINIC_PLACES: tuple[tuple[int, Session], ...] = tuple(
    (day, session) for day in (MON, TUE, THU, FRI) for session in HALF_DAYS
)
"""Half-days over which continuity clinic is spread; Wednesday belongs to teaching."""


@dataclass(frozen=True, slots=True)
class Curriculum:
    """A rotation: its four-week pattern, and whether a resident may take leave in it."""

    name: str
    pattern: Mapping[Place, str]
    leave: bool


def _spread(first: int, number: int) -> list[tuple[int, Session]]:
    """`number` clinic half-days, beginning at `first` and as far apart as five steps of eight leave them."""
    return [_CLINIC_PLACES[(first + 5 * step) % len(_CLINIC_PLACES)] for step in range(number)]


def _weeks(week: Callable[[int], Mapping[tuple[int, Session], str]]) -> dict[Place, str]:
    return {(number, day, session): code for number in range(1, 5) for (day, session), code in week(number).items()}


_NOTHING: Mapping[Place, str] = {}


def _office(
    code: str, first: int, clinics: int, *, intern: bool = False, more: Mapping[Place, str] = _NOTHING
) -> dict[Place, str]:
    """Weekdays of one specialty with clinic half-days spread between, teaching on Wednesday, weekends free.

    An intern has clinic on Wednesday morning as well. `more` sets single cells.
    """

    def week(number: int) -> Cells:
        cells: Cells = {(day, session): code for day in (MON, TUE, WED, THU, FRI) for session in HALF_DAYS}
        cells |= dict.fromkeys(_spread(first, clinics), "C")
        cells[WED, AM] = "C" if intern else "PI" if number == 2 else code
        cells[WED, PM] = "GME" if number == 4 else "LEC"
        return cells

    return _weeks(week) | dict(more)


def _clinic(first: int, *, procedures: int, intern: bool = False) -> dict[Place, str]:
    """A clinic month: six clinic half-days a week, procedures, telehealth, a home visit and desk time."""
    places = _spread(first, len(_CLINIC_PLACES))

    def week(number: int) -> Cells:
        cells: Cells = dict.fromkeys(places[:6], "C") | dict.fromkeys(places[6:], "ADM")
        if procedures >= number:
            cells[places[6]] = "PR"
        cells[places[7]] = "HV" if number == 1 else "CV" if number == 3 else "ADM"
        cells[WED, AM] = "C" if intern else "ADM"
        cells[WED, PM] = "GME" if number == 4 else "LEC"
        return cells

    return _weeks(week)


def _ward(code: str, clinic: int, *, teaching: bool) -> dict[Place, str]:
    """Every day on the ward but one clinic half-day a week; the solver chooses the days off."""

    def week(number: int) -> Cells:
        cells: Cells = {(day, session): code for day in Weekday for session in HALF_DAYS}
        cells[_CLINIC_PLACES[clinic]] = "C"
        if teaching:
            cells[WED, PM] = "GME" if number == 4 else "LEC"
        return cells

    return _weeks(week)


def _six_days(code: str, clinic: int) -> dict[Place, str]:
    """Monday to Saturday of one unit with a clinic half-day and teaching; Sundays free."""

    def week(number: int) -> Cells:
        cells: Cells = {(day, session): code for day in (MON, TUE, WED, THU, FRI, SAT) for session in HALF_DAYS}
        cells[_CLINIC_PLACES[clinic]] = "C"
        cells[WED, PM] = "GME" if number == 4 else "LEC"
        return cells

    return _weeks(week)


def _nights(code: str) -> dict[Place, str]:
    """Sunday to Thursday nights. Not the block's last Wednesday: the next block begins the morning after."""

    def week(number: int) -> Cells:
        days = (THU, SUN, MON, TUE) if number == 4 else (THU, SUN, MON, TUE, WED)
        return {(day, NIGHT): code for day in days}

    return _weeks(week)


def _away() -> dict[Place, str]:
    """Three weeks with a host elsewhere; the last week at home in clinic."""
    home = _office("ADM", 3, 4)
    away = {
        (week, day, session): "TDY" for week in (1, 2, 3) for day in (MON, TUE, WED, THU, FRI) for session in HALF_DAYS
    }
    return {place: code for place, code in home.items() if place[0] == 4} | away


def _welcome(first: int) -> dict[Place, str]:
    simulation: dict[Place, str] = {(week, TUE, AM): "SIM" for week in (2, 4)}
    return _office("ORI", first, 2, intern=True, more=simulation)


FIRST_BLOCK: tuple[Curriculum, ...] = (
    Curriculum("Welcome Month, Group A", _welcome(2), leave=False),
    Curriculum("Welcome Month, Group B", _welcome(5), leave=False),
)
"""What interns begin with, by turns."""

_INTERN = (
    Curriculum("Ward Team, Intern", _ward("FMIT", 3, teaching=True), leave=False),
    Curriculum("Continuity Clinic, Intern", _clinic(0, procedures=1, intern=True), leave=True),
    Curriculum("Ward Nights", _nights("NF"), leave=False),
    Curriculum("Children's Clinic", _office("PEDC", 1, 2, intern=True), leave=True),
    Curriculum("Ward Team, Intern", _ward("FMIT", 3, teaching=True), leave=False),
    Curriculum("Birth Unit", _six_days("LD", 6), leave=False),
    Curriculum("Emergency Department, Intern", _six_days("ER", 4), leave=True),
    Curriculum("Critical Care", _ward("ICU", 5, teaching=True), leave=False),
    Curriculum("Behavioral Health", _office("PSY", 4, 2, intern=True), leave=True),
    Curriculum("Ward Team, Intern", _ward("FMIT", 3, teaching=True), leave=False),
    Curriculum("Well-Baby Nursery", _six_days("NBN", 2), leave=True),
    Curriculum("Children's Ward", _ward("PEDW", 7, teaching=True), leave=False),
)
_SECOND = (
    Curriculum("Ward Team, Second Year", _ward("FMIT", 6, teaching=False), leave=False),
    Curriculum("Heart Clinic", _office("CARD", 0, 3), leave=True),
    Curriculum("Ward Nights", _nights("NF"), leave=False),
    Curriculum("Continuity Clinic, Second Year", _clinic(1, procedures=2), leave=True),
    Curriculum("Elder Care", _office("GER", 2, 3), leave=True),
    Curriculum("Women's Health", _office("GYN", 3, 3, more={(3, MON, AM): "PR"}), leave=True),
    Curriculum("Ward Team, Second Year", _ward("FMIT", 6, teaching=False), leave=False),
    Curriculum("Emergency Department, Senior", _six_days("ER", 1), leave=True),
    Curriculum("Sports Medicine", _office("SM", 4, 3), leave=True),
    Curriculum("Ward Nights", _nights("NF"), leave=False),
    Curriculum("Skin Clinic", _office("DERM", 5, 3), leave=True),
    Curriculum("Birth Unit, Senior", _six_days("LD", 0), leave=False),
    Curriculum("Continuity Clinic, Second Year", _clinic(1, procedures=2), leave=True),
)
_THIRD = (
    Curriculum("Ward Team, Lead", _ward("FMIT", 1, teaching=False), leave=False),
    Curriculum("Palliative Care", _office("PALL", 1, 3), leave=True),
    Curriculum("Continuity Clinic, Third Year", _clinic(4, procedures=4), leave=True),
    Curriculum("Ultrasound", _office("US", 6, 4), leave=True),
    Curriculum("Ward Nights", _nights("NF"), leave=False),
    Curriculum("Neurology", _office("NEURO", 7, 3), leave=True),
    Curriculum("Office Procedures", _office("ADM", 2, 4, more={(w, TUE, AM): "PR" for w in (1, 2, 3, 4)}), leave=True),
    Curriculum("Ward Team, Lead", _ward("FMIT", 1, teaching=False), leave=False),
    Curriculum("Away Elective", _away(), leave=True),
    Curriculum("Scholarly Month", _office("RSH", 3, 4), leave=True),
    Curriculum("Continuity Clinic, Third Year", _clinic(4, procedures=4), leave=True),
    Curriculum("Heart Clinic", _office("CARD", 0, 3), leave=True),
    Curriculum("Skin Clinic", _office("DERM", 5, 3), leave=True),
)

YEAR: Mapping[int, tuple[Curriculum, ...]] = {1: _INTERN, 2: _SECOND, 3: _THIRD}
"""By PGY level, the rotations of a year in order; residents of a level begin at different places of it."""
