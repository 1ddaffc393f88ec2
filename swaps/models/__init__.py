"""Requests, what their execution touched, the cases that people decide, and the record that only grows."""

from swaps.models.cases import Complaint, EscalationCase, MarketplaceOffer
from swaps.models.policy import SwapPolicy
from swaps.models.records import SwapAudit, SwapChange, SwapRecord, SwapWeekChange

__all__ = [
    "Complaint",
    "EscalationCase",
    "MarketplaceOffer",
    "SwapAudit",
    "SwapChange",
    "SwapPolicy",
    "SwapRecord",
    "SwapWeekChange",
]
