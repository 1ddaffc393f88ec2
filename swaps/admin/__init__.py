"""The admin's pages of swaps: to look up and trace, to decide by dialogs, and to edit the numbers."""

from swaps.admin import policy, records

__all__ = ["policy", "records"]
