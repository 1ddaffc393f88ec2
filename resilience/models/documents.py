"""Reports and drafts for the chain of command, in versions that are only ever added to and vouch for each other."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from common.models import TimeStamped
from resilience.enums import DocumentKind, DocumentState
from resilience.models.incidents import Incident

_USER = settings.AUTH_USER_MODEL


class Document(TimeStamped):
    """One document; its text and state are those of its newest version."""

    kind = models.CharField(max_length=20, choices=DocumentKind)
    title = models.CharField(max_length=200)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="documents")
    drafted_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-drafted_at"]

    def __str__(self) -> str:
        return self.title


class DocumentVersion(models.Model):
    """One version. Its digest covers its whole content and the digest of the version before it, of any document.

    Append-only: a trigger of the database refuses everything else.
    """

    sequence = models.PositiveBigIntegerField(primary_key=True, help_text="Place in the chain over all documents.")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=DocumentState)
    content = models.TextField(help_text="Markdown.")
    restricted = models.TextField(blank=True, help_text="Markdown for those who see sensitive reasons alone.")
    author = models.CharField(max_length=150, help_text="Sign-in name, or 'system'.")
    by = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    previous = models.CharField(max_length=64, blank=True, help_text="Digest before it in the chain; first: empty.")
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="document_version_once")]

    def __str__(self) -> str:
        return f"{self.document} v{self.number}"
