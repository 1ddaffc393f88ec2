"""How the API gives texts that people read: Markdown and PDF as they are, refusals as JSON like everywhere."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer


class MarkdownRenderer(JSONRenderer):
    """For clients that accept Markdown alone; what is rendered is a refusal, the text itself is a plain answer."""

    media_type = "text/markdown"
    format = "md"


class PdfRenderer(JSONRenderer):
    """For clients that accept PDF alone."""

    media_type = "application/pdf"
    format = "pdf"


def markdown(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


def pdf(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="application/pdf")
