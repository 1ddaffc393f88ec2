"""REST: reports and drafts in versions that vouch for each other: read, revised, reviewed, signed."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.access import caller
from accounts.api import RefusalOut
from accounts.models import User
from accounts.permissions import Permission
from common.services.throttling import HEAVY
from resilience import access
from resilience.api import texts
from resilience.api.acts import Act, ForStaff, acting
from resilience.api.texts import MarkdownRenderer, PdfRenderer
from resilience.enums import DocumentKind
from resilience.models import Document, DocumentVersion
from resilience.services import documents


class VersionOut(serializers.ModelSerializer):
    """One version; `digest` covers its content and the digest before it in the chain."""

    class Meta:
        model = DocumentVersion
        fields = ["number", "state", "author", "at", "note", "sequence", "previous", "digest"]


class DocumentOut(serializers.ModelSerializer):
    class Meta:
        model = Document
        fields = ["id", "kind", "title", "incident", "drafted_at"]


class DocumentDetailOut(DocumentOut):
    """With the newest text as the caller may read it, every version, and whether the chain is whole."""

    text = serializers.SerializerMethodField(help_text="Markdown.")
    versions = VersionOut(many=True)
    chain_intact = serializers.SerializerMethodField()
    may = serializers.SerializerMethodField(help_text="What the caller may do, as addresses below this one.")

    class Meta(DocumentOut.Meta):
        fields = [*DocumentOut.Meta.fields, "text", "versions", "chain_intact", "may"]

    def _caller(self) -> User:
        user: User = self.context["request"].user
        return user

    def get_text(self, document: Document) -> str:
        return documents.text_for(documents.newest(document), self._caller())

    def get_chain_intact(self, document: Document) -> bool:
        return documents.verify().intact

    def get_may(self, document: Document) -> list[str]:
        return sorted(documents.acts_for(document, self._caller()))


class DraftIn(serializers.Serializer):
    kind = serializers.ChoiceField(DocumentKind.choices)
    incident = serializers.UUIDField(required=False, allow_null=True, default=None)


class VersionNoteIn(serializers.Serializer):
    note = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class RevisionIn(VersionNoteIn):
    content = serializers.CharField(max_length=100_000, help_text="Markdown.")


ACTS = (
    Act(
        "revise",
        "Keep a new version beside those before it.",
        documents.revise,
        RevisionIn,
        Permission.SIMULATE_RESILIENCE,
    ),
    Act("review", "Say that it was read and is right.", documents.review, VersionNoteIn),
    Act("sign", "Sign the reviewed version.", documents.sign, VersionNoteIn),
)


@extend_schema_view(
    list=extend_schema(operation_id="incident_documents", tags=["incidents"]),
    retrieve=extend_schema(operation_id="incident_document", tags=["incidents"], responses={200: DocumentDetailOut}),
)
@acting(ACTS, load=access.document, shown=DocumentDetailOut, name="document", tag="incidents")
class Documents(ForStaff):
    """Reports and drafts, for those who see drafts."""

    rows = Document.objects.order_by("-drafted_at")
    serializer_class = DocumentOut
    filterset_fields = {"kind": ["exact"], "incident": ["exact"]}
    ordering_fields = ["drafted_at"]

    @property
    def throttle_scope(self) -> str:
        """Writing one reads everything there is."""
        return HEAVY if self.request.method == "POST" or self.action == "pdf" else ""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(DocumentDetailOut(self.get_object(), context=self.get_serializer_context()).data)

    @extend_schema(
        operation_id="incident_document_draft",
        tags=["incidents"],
        request=DraftIn,
        responses={201: DocumentDetailOut, 403: RefusalOut, 409: RefusalOut},
    )
    def create(self, request: Request) -> Response:
        """Write a draft from what is known now."""
        access.require(caller(request), Permission.SIMULATE_RESILIENCE)
        given = DraftIn(data=request.data)
        given.is_valid(raise_exception=True)
        about = given.validated_data["incident"]
        incident = access.incident(caller(request), about) if about else None
        made = documents.draft(
            DocumentKind(given.validated_data["kind"]), by=caller(request), at=timezone.now(), incident=incident
        )
        return Response(DocumentDetailOut(made, context=self.get_serializer_context()).data, status=201)

    @extend_schema(
        operation_id="incident_document_markdown",
        tags=["incidents"],
        responses={(200, "text/markdown"): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, MarkdownRenderer])
    def markdown(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """The newest version as the caller may read it."""
        version = documents.newest(access.document(caller(request), pk))
        return texts.markdown(documents.text_for(version, caller(request)))

    @extend_schema(
        operation_id="incident_document_pdf",
        tags=["incidents"],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer, PdfRenderer])
    def pdf(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """The newest version as the caller may read it, as PDF."""
        version = documents.newest(access.document(caller(request), pk))
        return texts.pdf(documents.pdf(version, user=caller(request)))


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("resilience/documents", Documents, basename="api-documents")

urlpatterns = router.urls
