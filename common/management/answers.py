"""What a person types at the terminal: answers and dates."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError


def typed(question: str) -> str:
    """What was typed after the question; '' where nobody is there to answer (no terminal, or the input has ended)."""
    try:
        return input(question).strip()
    except EOFError:
        return ""


def day(text: str) -> dt.date:
    """The type of a date among the arguments. Raises ArgumentTypeError with what to type instead."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date. Write it like 2026-03-12.") from None
