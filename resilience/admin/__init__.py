"""The admin's page of the numbers of resilience, with history."""

from resilience.admin import policy

__all__ = ["policy"]
