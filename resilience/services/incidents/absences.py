"""What an absence does to the program, looked at when it is reported or granted, and what is proposed for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.services import notify
from common.errors import DomainError
from resilience.domain.covering import Loss
from resilience.domain.incidents import Impact, absence_impact
from resilience.domain.levels import Level, Measured, Reading, Unknown
from resilience.enums import ImpactName, IncidentKind
from resilience.models import AbsenceAnalysis, Incident
from resilience.services import fallbacks, timeline
from resilience.services.incidents.advice import Advice, plan_advice
from resilience.services.incidents.opening import Finding, ask_for_analysis, either, missing_title, open_incident
from resilience.services.incidents.watching import watch
from resilience.services.loss import AT_ONCE, reckoned_with
from resilience.services.world import NothingPublished, World, load, load_policy
from schedules.domain.margins import MarginReport, Pool, Scope
from schedules.domain.problem import ONE_DAY, PersonId, days_between
from schedules.enums import AbsenceStatus
from schedules.models import Absence
from schedules.signals import cover_wanted

STANDING = (AbsenceStatus.REQUESTED, AbsenceStatus.APPROVED)
SEVERITIES = {Impact.HIGH: Level.ORANGE, Impact.UNKNOWN: Level.YELLOW}
"""Of the incident that one absence opens, by the table of posture: open posts make it RED, open attending posts within
the week BLACK. LOW and MEDIUM open none, unless two or more people are missing: that always needs a person."""


PROPOSED_TO_PEOPLE = (Impact.MEDIUM, Impact.UNKNOWN)
"""What no volunteer covers and no incident answers: a person chooses among the proposals."""


def look_at_absence(absence: Absence, *, at: dt.datetime) -> AbsenceAnalysis | None:
    """Analyse it with everybody else who is away on its dates; HIGH impact opens an incident.

    None where it does not count: over, decided against, or neither granted nor to be analysed at once.
    """
    if not _counts(absence, today=timezone.localdate(at)):
        _forget(absence, at=at)
        return None
    start = max(absence.start_date, timezone.localdate(at))
    found = _judge(absence, start)
    with transaction.atomic():
        row, _ = AbsenceAnalysis.objects.update_or_create(
            absence=absence, defaults={"computed_at": at} | found.stored()
        )
        before = row.proposals
        row.proposals = [item.as_json() for item in _proposals(absence, found, at=at)]
        if found.impact in SEVERITIES or len(found.missing) > 1:
            row.incident = open_incident(_finding(absence, found, start, at=at), at=at)
            if absence.status == AbsenceStatus.APPROVED and row.incident.analysis_asked_at != at:
                ask_for_analysis(row.incident, at=at)  # what had to wait for the leave can be proposed now
        row.save(update_fields=["proposals", "incident"])
        if found.impact in PROPOSED_TO_PEOPLE and not before:
            _tell(absence, found.impact, at=at)
    return row


def _tell(absence: Absence, impact: Impact, *, at: dt.datetime) -> None:
    """Whoever coordinates has to choose: stand-by people, then the plan. Once for each absence."""
    notify(
        User.objects.filter(is_active=True, role=Role.COORDINATOR),
        kind="ABSENCE_IMPACT",
        title=f"{impact.value.capitalize()} impact: an absence from {absence.start_date} to {absence.end_date}",
        body="It needs the backup pool or a fallback. Nothing is done before a person decides.",
        url=f"/absences/{absence.pk}",
        at=at,
    )


def look_at_reported(start: dt.date, end: dt.date, *, at: dt.datetime) -> int:
    """Look again at the reported absences of these dates, because something there has changed; returns how many."""
    rows = _analysed(start, end).filter(absence__status=AbsenceStatus.REQUESTED)
    return sum(look_at_absence(row.absence, at=at) is not None for row in rows.select_related("absence"))


def _analysed(start: dt.date, end: dt.date) -> QuerySet[AbsenceAnalysis]:
    return AbsenceAnalysis.objects.filter(absence__start_date__lte=end, absence__end_date__gte=start)


@transaction.atomic
def _forget(absence: Absence, *, at: dt.datetime) -> None:
    """It counts no more: an incident about it alone is only watched, and those analysed with it are looked at anew."""
    row = AbsenceAnalysis.objects.select_related("incident").filter(absence=absence).first()
    if row is None:
        return
    row.delete()
    known = row.incident
    if known is not None and known.is_open and not known.absences.exists():
        watch(timeline.lock(known), "The absence was taken back or decided against, or is over.", at=at)
    shared = _analysed(absence.start_date, absence.end_date).filter(lost__contains=[str(absence.person_id)])
    for other in shared.select_related("absence"):
        look_at_absence(other.absence, at=at)


class _Judged:
    """Margins of the absence's dates with everybody gone who is, each on the own dates."""

    def __init__(self, world: World | None, gone: Sequence[Absence], reason: str = "") -> None:
        self.world, self.gone = world, gone
        self.lost = frozenset(str(item.person_id) for item in gone)
        self.reason = reason
        self.missing = _still_scheduled(world, gone) if world is not None else self.lost
        self.certificate = ""
        self.margins: dict[str, list[int | None]] = {}
        self.all: Reading[int] = Unknown(reason)
        self.safety: Reading[int] = Unknown(reason)
        self.idle: Reading[bool] = Unknown(reason)
        if world is not None:
            self._measure(world)
        self.impact = absence_impact(self.all, self.safety, self.idle)

    def _measure(self, world: World) -> None:
        losses = [Loss(str(item.person_id), item.start_date, item.end_date) for item in self.gone]
        report = world.without(loss for loss in losses if loss.person in world.problem.person).margins
        lowest, safety = report.lowest(Scope.ALL), report.lowest(Scope.SAFETY)
        idle = report.lowest(Scope.ALL, Pool.IDLE)
        nothing = "Nothing is demanded on these dates."
        self.all = Unknown(nothing) if lowest is None else Measured(lowest)
        self.safety = Unknown(nothing) if safety is None else Measured(safety)
        self.idle = Unknown(nothing) if idle is None else Measured(idle >= 0)
        self.margins = _by_day(report)
        weakest = report.weakest(1)
        self.certificate = weakest[0].certificate[:300] if weakest else ""
        self.reason = nothing if lowest is None else ""

    def stored(self) -> dict[str, object]:
        return {
            "impact": ImpactName(self.impact.value),
            "lost": sorted(self.lost),
            "margin_all": None if isinstance(self.all, Unknown) else self.all.value,
            "margin_safety": None if isinstance(self.safety, Unknown) else self.safety.value,
            "margins": self.margins,
            "idle_covers": None if isinstance(self.idle, Unknown) else self.idle.value,
            "certificate": self.certificate,
            "reason": self.reason[:300],
        }

    def severity(self, *, today: dt.date, window: int) -> Level:
        """By the table of posture, with these people gone: attending posts are BLACK where they are open that soon."""
        near = {(today + count * ONE_DAY).isoformat() for count in range(window)}
        opened = [pair for pair in self.margins.values() if any(margin is not None and margin < 0 for margin in pair)]
        if any(day in near and (pair[1] or 0) < 0 for day, pair in self.margins.items()):
            return Level.BLACK
        return Level.RED if opened else SEVERITIES.get(self.impact, Level.YELLOW)


def _by_day(report: MarginReport) -> dict[str, list[int | None]]:
    """Date -> the lowest k*(all) and k*(safety) of its sessions; None where nothing is demanded."""
    found: dict[str, list[int | None]] = {}
    for place, scope in enumerate((Scope.ALL, Scope.SAFETY)):
        for item in report.timeline(scope):
            pair = found.setdefault(item.day.isoformat(), [None, None])
            known = pair[place]
            pair[place] = item.margin if known is None else min(known, item.margin)
    return found


def _judge(absence: Absence, start: dt.date) -> _Judged:
    gone = [absence, *_others(absence)]
    try:
        return _Judged(load(start, absence.end_date), gone)
    except NothingPublished as missing:
        return _Judged(None, gone, str(missing))


def _others(absence: Absence) -> QuerySet[Absence]:
    """Everybody else who is away on one of its dates, by an approved absence or one that is to be reckoned with."""
    rows = Absence.objects.filter(reckoned_with(), start_date__lte=absence.end_date, end_date__gte=absence.start_date)
    return rows.exclude(pk=absence.pk).order_by("pk")


def _counts(absence: Absence, *, today: dt.date) -> bool:
    if absence.end_date < today or absence.status not in STANDING:
        return False
    return absence.status == AbsenceStatus.APPROVED or absence.kind in AT_ONCE


def _still_scheduled(world: World, gone: Iterable[Absence]) -> frozenset[PersonId]:
    """Whose published cells hold work on the days away: an absence that the schedule was made for is no loss."""
    activities = world.problem.activities
    away = {(str(item.person_id), day) for item in gone for day in days_between(item.start_date, item.end_date)}
    return frozenset(
        slot.person for slot, code in world.published if (slot.person, slot.day) in away and activities[code].is_duty
    )


def _finding(absence: Absence, found: _Judged, start: dt.date, *, at: dt.datetime) -> Finding:
    missing = sorted({str(absence.person_id)} | found.missing)
    margin = "unknown" if isinstance(found.safety, Unknown) else str(found.safety.value)
    cause = _cause(absence, missing)
    known = Incident.objects.open().filter(cause=cause).first()
    everybody = sorted({*missing, *(known.people if known else ())})
    span = (
        either(min, known and known.start_date, absence.start_date),
        either(max, known and known.end_date, absence.end_date),
    )
    return Finding(
        kind=IncidentKind.ABSENCE,
        cause=cause,
        severity=found.severity(today=timezone.localdate(at), window=load_policy().safety_days),
        title=missing_title(everybody, *span),
        summary=found.certificate or found.reason,
        metric="k*(safety) without the absent",
        value=margin,
        threshold="1",
        people=missing,
        start=start,
        end=absence.end_date,
    )


def _cause(absence: Absence, missing: list[PersonId]) -> str:
    """That of the open incident about somebody who is missing on the same dates: together they are one loss."""
    known = Incident.objects.open().filter(
        kind=IncidentKind.ABSENCE, start_date__lte=absence.end_date, end_date__gte=absence.start_date
    )
    shared = (row.cause for row in known.order_by("number") if set(row.people) & set(missing))
    return next(shared, f"absence:{absence.pk}")


def _proposals(absence: Absence, found: _Judged, *, at: dt.datetime) -> Iterator[Advice]:
    """LOW: a volunteer. MEDIUM and unknown: the backup pool, then the plan. HIGH is answered by its incident."""
    if found.impact is Impact.LOW:
        yield from _volunteer(absence, at=at)
        return
    if found.impact is Impact.HIGH or found.world is None:
        return
    pool = _backup_pool(found.world, found.lost)
    if pool:
        yield Advice(
            key="backup-pool",
            title="Call the backup pool",
            text=f"{len(pool)} people are on stand-by on these dates.",
            effect="They are free of other duty.",
        )
    try:
        plan = fallbacks.make("single_absence", {str(absence.person_id)}, absence.start_date, absence.end_date, at=at)
    except DomainError:
        return
    if plan.changes:
        yield plan_advice(plan, fallbacks.hurdle(plan, at=at))


def _volunteer(absence: Absence, *, at: dt.datetime) -> Iterator[Advice]:
    """Whoever can post an offer for somebody's work says so; nobody may listen."""
    answers = cover_wanted.send(
        sender=AbsenceAnalysis, person=absence.person_id, start=absence.start_date, end=absence.end_date, at=at
    )
    for _, sentence in answers:
        if sentence:
            yield Advice(key="marketplace", title="Look for a volunteer", text=sentence)


def _backup_pool(world: World, lost: frozenset[PersonId]) -> frozenset[PersonId]:
    found: set[PersonId] = set()
    for day in days_between(world.start, world.end):
        found |= world.standby.get(day, frozenset())
    return frozenset(found - lost)
