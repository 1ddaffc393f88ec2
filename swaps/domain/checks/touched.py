"""What margins say of the touched dates."""

from __future__ import annotations

from schedules.domain.margins import MarginReport, Scope
from schedules.domain.problem import HALF_DAYS, Date, Session


def utilization(report: MarginReport, touched: set[Date]) -> float | None:
    """Demanded / available person-half-days of the dates; may exceed 1; None where nothing is demanded.

    Where nobody is available it is demanded + 1: worse than with one person, and still a number.
    """
    needed, available = 0, 0
    for session in report.sessions:
        posts = [post for post in session.posts if Scope.ALL in post.scopes]
        if session.session in HALF_DAYS and session.day in touched and posts:
            needed += sum(post.needed for post in posts)
            available += len(frozenset().union(*(post.anyone for post in posts)))
    if not needed:
        return None
    return needed / available if available else needed + 1.0


def insecure(report: MarginReport, touched: set[Date]) -> tuple[set[tuple[Date, Session]], int]:
    """Sessions of the dates that one person's loss leaves open, and how many sessions need anybody."""
    sessions = [item for item in report.timeline() if item.day in touched]
    return {(item.day, item.session) for item in sessions if item.margin < 1}, len(sessions)
