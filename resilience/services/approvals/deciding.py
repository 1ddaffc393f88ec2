"""Saying yes or no to what was asked, alone in an emergency, and the second review that is owed then."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import Permission
from accounts.services import notify
from common.errors import Invalid, NotAllowed
from common.models import signed
from resilience.domain.incidents import Approver
from resilience.enums import OPEN_APPROVALS, ApprovalState, TimelineEvent
from resilience.models import Approval, ApprovalVote
from resilience.services import timeline
from resilience.services.approvals import parts
from resilience.services.approvals.asking import ApprovalRefused, end, present_base, require_somebody, url_of

REVIEW_WITHIN = dt.timedelta(hours=24)


@transaction.atomic
def approve(approval: Approval, *, by: User, at: dt.datetime, reason: str = "") -> Approval:
    """Say yes in the part that the person can take; granted once every part has said so.

    Raises `NotAllowed` (no such part, the proposer, a program), `ApprovalRefused` (`approval_expired`,
    `approval_void`, `approval_state`).
    """
    row = lock(approval)
    require_alive(row, at=at)
    part = _part(row, by, at=at)
    _vote(row, part, by=by, at=at, agrees=True, reason=reason)
    if not parts.missing(row, at=at):
        _grant(row, by=by, at=at)
    return row


@transaction.atomic
def refuse(approval: Approval, *, by: User, at: dt.datetime, reason: str) -> Approval:
    """Say no, with a reason; one no is enough. Raises `NotAllowed`, `Invalid`, `ApprovalRefused`."""
    row = lock(approval)
    require_alive(row, at=at)
    _require_reason(reason)
    _vote(row, _part(row, by, at=at), by=by, at=at, agrees=False, reason=reason)
    return end(row, ApprovalState.REFUSED, reason=reason.strip(), by=by, at=at)


@transaction.atomic
def withdraw(approval: Approval, *, by: User, at: dt.datetime) -> Approval:
    """Take the question back: who asked it, or a director. Raises `NotAllowed`, `ApprovalRefused`."""
    row = lock(approval)
    if not may_withdraw(row, by):
        raise NotAllowed("Only who asked for it or the program director takes it back.")
    if row.state not in OPEN_APPROVALS:
        raise ApprovalRefused(f"This is {row.get_state_display().lower()} already.")
    return end(row, ApprovalState.WITHDRAWN, reason="", by=by, at=at)


@transaction.atomic
def approve_in_emergency(approval: Approval, *, by: User, at: dt.datetime, reason: str) -> Approval:
    """One authorised person's yes where two are needed; another one reviews it within 24 hours.

    Raises as `approve`, `Invalid` (no reason, or one person is enough anyway), `ApprovalRefused` (`no_approver`: nobody
    is there for the review).
    """
    row = lock(approval)
    require_alive(row, at=at)
    part = _part(row, by, at=at)
    _require_reason(reason)
    rest = [other for other in parts.missing(row, at=at) if other is not part]
    if not rest:
        raise Invalid("Your word alone is enough here: approve it.")
    require_somebody(rest, without=_spoken(row) | {by.pk})
    _vote(row, part, by=by, at=at, agrees=True, reason=reason)
    row.is_emergency, row.review_due = True, at + REVIEW_WITHIN
    _grant(row, by=by, at=at)
    notify(
        [user for other in rest for user in parts.people_for(other) if user.pk not in _spoken(row)],
        kind="APPROVAL_REVIEW",
        title=f"To review within 24 hours: {row.title}",
        body="One person allowed it in an emergency.",
        url=url_of(row),
        at=at,
    )
    return row


@transaction.atomic
def review(approval: Approval, *, agrees: bool, reason: str, by: User, at: dt.datetime) -> Approval:
    """The second person's word on what one allowed in an emergency; a no that comes in time still stops it.

    What was carried out stays as it is: whoever says no restores it by its own act. Raises `NotAllowed`, `Invalid`,
    `ApprovalRefused` (no review is owed).
    """
    row = lock(approval)
    if not owes_review(row):
        raise ApprovalRefused("No second review is owed here.")
    _require_reason(reason)
    part = _part(row, by, at=at)
    _vote(row, part, by=by, at=at, agrees=agrees, reason=reason, is_review=True)
    row.reviewed_at = at
    if not agrees and row.state == ApprovalState.GRANTED:
        return end(row, ApprovalState.REFUSED, reason=reason.strip(), by=by, at=at)
    signed(row, by=by, at=at, reason="reviewed").save()
    if not agrees:
        tell_upward(row, title=f"The second review disagrees: {row.title}", at=at)
    return row


def lock(approval: Approval) -> Approval:
    """The row as it is now, locked to the end of the transaction."""
    return Approval.objects.select_for_update(of=("self",)).select_related("incident").get(pk=approval.pk)


def require_alive(row: Approval, *, at: dt.datetime) -> None:
    """Raise ApprovalRefused unless it is open, younger than four hours, and about the schedule as it is."""
    if row.state not in OPEN_APPROVALS:
        raise ApprovalRefused(f"This is {row.get_state_display().lower()} already. Ask anew.")
    if at >= row.expires_at:
        raise ApprovalRefused("This is older than four hours. Ask anew.", code="approval_expired")
    if present_base(row) != row.base:
        raise ApprovalRefused("The schedule changed since this was shown. Ask anew.", code="approval_void")


def owes_review(row: Approval) -> bool:
    used_or_granted = row.state in (ApprovalState.GRANTED, ApprovalState.USED)
    return row.is_emergency and row.reviewed_at is None and used_or_granted


def may_withdraw(row: Approval, user: User) -> bool:
    is_own = row.proposed_by_id is not None and row.proposed_by_id == user.pk
    return is_own or (user.may(Permission.APPROVE_RESILIENCE) and user.may(Permission.DECIDE_DIRECTOR))


def tell_upward(row: Approval, *, title: str, at: dt.datetime) -> None:
    """Tell the directors and the second authority, and write it down."""
    people = {
        user.pk: user
        for part in (Approver.PROGRAM_DIRECTOR, Approver.SECOND_AUTHORITY)
        for user in parts.people_for(part)
    }
    notify(people.values(), kind="APPROVAL_UPWARD", title=title, body="", url=url_of(row), at=at)
    if row.incident is not None:
        timeline.note(row.incident, TimelineEvent.MISSED, at=at, text=title, approval=str(row.pk))


def _part(row: Approval, by: User, *, at: dt.datetime) -> Approver:
    """The part the person takes, or why there is none."""
    if by.role == Role.AGENT:
        raise NotAllowed("Programs propose and simulate; only a person approves.")
    if row.proposed_by_id == by.pk:
        raise NotAllowed("You asked for this yourself: somebody else has to decide.")
    if by.pk in _spoken(row):
        raise ApprovalRefused("You have said your word here already. Another person has to.")
    part = parts.part_for(row, by, at=at)
    if part is None:
        raise NotAllowed(f"This needs the word of {parts.in_words(parts.missing(row, at=at)) or 'nobody else'}.")
    return part


def _vote(
    row: Approval,
    part: Approver,
    *,
    by: User,
    at: dt.datetime,
    agrees: bool,
    reason: str,
    is_review: bool = False,
) -> None:
    ApprovalVote.objects.create(
        approval=row, part=part, by=by, at=at, agrees=agrees, reason=reason.strip()[:500], is_review=is_review
    )
    if row.incident is not None:
        word = "yes" if agrees else "no"
        text = f"{row.title}: {word} of {parts.WORDS[part]}{' in review' if is_review else ''}."
        timeline.note(row.incident, TimelineEvent.DECIDED, by=by, at=at, text=text, approval=str(row.pk))


def _grant(row: Approval, *, by: User, at: dt.datetime) -> None:
    row.state = ApprovalState.GRANTED
    signed(row, by=by, at=at, reason="granted in an emergency" if row.is_emergency else "granted").save()
    if row.proposed_by is not None:
        notify(
            [row.proposed_by],
            kind="APPROVAL_GRANTED",
            title=f"Granted, to be carried out: {row.title}",
            body="",
            url=url_of(row),
            at=at,
        )


def _spoken(row: Approval) -> set[object]:
    return {vote.by_id for vote in row.votes.all()}


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("Give the reason: it is kept with the decision.")
