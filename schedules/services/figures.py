"""Figures of the staff dashboard that apps above know: each registers its own, the page shows them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong right now and needs somebody before all else. `button` names what a person does at `url`."""

    title: str
    sentence: str
    url: str
    button: str
    tone: str
    """warn or bad."""
    subject: str = ""
    """What the page would say of itself as well, so that it is said once: breaker."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its note. An empty value is shown as unknown; `tone` (ok, warn, bad) makes the value a tag."""

    label: str
    value: str
    note: str
    url: str
    tone: str = ""
    alarms: tuple[Alarm, ...] = ()
    """What stands behind the figure and cannot wait: the page begins with it."""


Provider = Callable[[dt.datetime], Iterable[Figure]]

_providers: list[Provider] = []


def figure_provider(function: Provider) -> Provider:
    """Register a function that states figures at a moment. Used in `receivers` of the app that knows them."""
    if function not in _providers:
        _providers.append(function)
    return function


def figures(at: dt.datetime) -> list[Figure]:
    """All of them, in the order of registration. Reads only."""
    return [figure for provider in _providers for figure in provider(at)]
