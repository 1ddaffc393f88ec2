"""News of backups for the apps above."""

from django.dispatch import Signal

database_restored = Signal()
"""The live database was replaced by a restored one. Arguments: `file`, `at` (aware), `reason`."""
