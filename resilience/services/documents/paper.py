"""Markdown of our own documents as a PDF: headings, lists, bold words, nothing more."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_LIST = re.compile(r"^(?:[-*] (?P<box>\[[ x]\] )?|(?P<number>\d+)\. )(?P<text>.*)$")
MARGIN = 20 * mm


def paper(markdown: str, *, title: str, foot: str) -> bytes:
    """The PDF file, A4, with the foot and page number on every page."""
    target = io.BytesIO()
    template = SimpleDocTemplate(
        target,
        pagesize=A4,
        title=title,
        author="Residency Scheduler",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
    )

    def sign_page(canvas: Canvas, _: object) -> None:
        canvas.setFont(_fonts()[0], 7)
        canvas.drawString(MARGIN, 11 * mm, foot)
        canvas.drawRightString(A4[0] - MARGIN, 11 * mm, str(canvas.getPageNumber()))

    template.build(list(_paragraphs(markdown)), onFirstPage=sign_page, onLaterPages=sign_page)
    return target.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, str]:
    """Plain and bold; those that reportlab brings along, so that no machine's fonts matter."""
    import reportlab
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="Vera", boldItalic="VeraBd")
    return "Vera", "VeraBd"


def _paragraphs(markdown: str) -> Iterator[Paragraph]:
    plain, bold = _fonts()
    text = ParagraphStyle("text", fontName=plain, fontSize=9.5, leading=13.5, spaceAfter=4)
    heads = {
        1: ParagraphStyle("h1", parent=text, fontName=bold, fontSize=15, leading=19, spaceAfter=8),
        2: ParagraphStyle("h2", parent=text, fontName=bold, fontSize=12, leading=16, spaceBefore=8),
        3: ParagraphStyle("h3", parent=text, fontName=bold, fontSize=10.5, leading=14, spaceBefore=6),
    }
    item = ParagraphStyle("item", parent=text, leftIndent=14, bulletIndent=2, spaceAfter=2)
    for line in markdown.splitlines():
        depth = len(line) - len(line.lstrip("#"))
        if not line.strip():
            continue
        if 1 <= depth <= 3 and line[depth : depth + 1] == " ":
            yield Paragraph(_marked(line[depth + 1 :]), heads[depth])
        elif found := _LIST.match(line):
            bullet = f"{found['number']}." if found["number"] else (found["box"] or "\u2022").strip()
            yield Paragraph(_marked(found["text"]), item, bulletText=bullet)
        else:
            yield Paragraph(_marked(line), text)


def _marked(text: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", escape(text))
