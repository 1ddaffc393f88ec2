"""How stored names, sentences and ranges of dates read on a page: as people write them."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

from django import template
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
IDENTIFIER = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b|\b[a-z]+(?:_[a-z]+)+\b")


@register.filter
def in_words(text: object) -> str:
    """Identifiers as words: ``3 - SAFETY_SYSTEMS`` -> ``3 - Safety systems``, ``on_call`` -> ``on call``."""
    return IDENTIFIER.sub(lambda found: _words(found.group()), str(text))


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words.capitalize() if name.isupper() else words


@register.filter
def readable(text: object) -> str:
    """A sentence whose ISO dates are written out: ``from 2026-11-20`` -> ``from 20 Nov 2026``."""
    return ISO_DATE.sub(lambda found: _day(found.group()), str(text))


def _day(iso: str) -> str:
    with suppress(ValueError):
        return date_format(dt.date.fromisoformat(iso), "j M Y")
    return iso


@register.filter
def breakable(name: object) -> SafeString:
    """A file name that may break after its underscores."""
    return mark_safe(escape(str(name)).replace("_", "_<wbr>"))  # noqa: S308 (escaped)


@register.filter
def until(start: dt.date, end: dt.date) -> str:
    """A range of dates with its year once, or both where they differ: ``12 Mar – 8 Apr 2026``."""
    if start == end:
        return date_format(end, "j M Y")
    return f"{date_format(start, 'j M' if start.year == end.year else 'j M Y')} – {date_format(end, 'j M Y')}"
