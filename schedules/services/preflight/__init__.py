"""Pre-flight: what a generation of a range would start from, read only."""

from schedules.services.preflight.checks import inputs_of, preflight
from schedules.services.preflight.report import Item, ItemStatus, Preflight

__all__ = ["Item", "ItemStatus", "Preflight", "inputs_of", "preflight"]
