"""Documents: what stands now in seven lines, and reports in versions that vouch for each other."""

from resilience.services.documents.bodies import incident_report
from resilience.services.documents.status import QuickStatus, quick_status
from resilience.services.documents.versions import (
    Chain,
    DocumentState,
    acts_for,
    draft,
    newest,
    pdf,
    review,
    revise,
    sign,
    text_for,
    verify,
)

__all__ = [
    "Chain",
    "DocumentState",
    "QuickStatus",
    "acts_for",
    "draft",
    "incident_report",
    "newest",
    "pdf",
    "quick_status",
    "review",
    "revise",
    "sign",
    "text_for",
    "verify",
]
