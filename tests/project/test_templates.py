"""Templates and static files: they compile, trust nothing unescaped, and load nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted(path for path in (ROOT / "static").rglob("*.css"))
SCRIPTS = sorted(path for path in (ROOT / "static").rglob("*.js"))

UNESCAPED = re.compile(r"\|\s*safe\b|\{%\s*autoescape\s+off|\|\s*safeseq\b")
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=|javascript:|\shx-on[:=-]", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href|action|url\()\s*=?\s*[\"'(]?\s*(?:https?:)?//(?!www\.w3\.org)", re.IGNORECASE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def found_in(paths: list[Path], pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(named(path), match.group()[:80]) for path in paths for match in pattern.finditer(path.read_text())]


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_template_compiles(path):
    engines["django"].get_template(str(path.relative_to(ROOT / "templates")))


def test_there_are_templates():
    assert len(TEMPLATES) > 10


def test_nothing_is_marked_safe():
    assert found_in(TEMPLATES, UNESCAPED) == []


def test_no_inline_scripts_or_handlers():
    # The content security policy would refuse them in the browser, silently.
    assert found_in(TEMPLATES, INLINE_SCRIPT) == []
    assert found_in(TEMPLATES, HANDLER) == []


def test_nothing_is_loaded_from_elsewhere():
    assert found_in([*TEMPLATES, *STYLES], ELSEWHERE) == []


def test_vendored_scripts_name_no_source_maps():
    # Manifest static files fail on a map that is not there.
    assert found_in(SCRIPTS, re.compile(r"sourceMappingURL=\S+")) == []


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_undefined_variables_fail_in_our_templates(debug, settings):
    settings.DEBUG = debug  # builds the engines anew
    engine = engines["django"]
    template = engine.from_string("{{ there|default:'optional' }}")
    template.template.origin.name = str(ROOT / "templates" / "example.html")
    assert template.render({}) == "optional"

    template = engine.from_string("{{ nowhere }}")
    template.template.origin.name = str(ROOT / "templates" / "example.html")
    with pytest.raises(pytest.fail.Exception, match="Undefined template variable 'nowhere'"):
        template.render({})
