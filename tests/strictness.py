"""What makes every test stricter: unordered rows shuffled, undefined template variables failing, no silent skips."""

from __future__ import annotations

import inspect
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Wall time says nothing of a property: a busy machine draws examples slowly, too.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

ARCHIVES = ("PK\\x03", "\\x1f\\x8b")
"""How names begin that were made of a workbook and of a compressed file."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests by name where no browser is; refuse to run at all where that must not happen (CI=true).

    Slow tests come first, else in random order: one that begins last would keep a whole run waiting.

    Names made of bytes are refused: an archive's hold its time, and two processes would collect different tests.
    """
    unstable = [item.nodeid[:120] for item in items if any(mark in item.nodeid for mark in ARCHIVES)]
    if unstable:
        raise pytest.UsageError(f"Give these parameters ids: {unstable}")
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    driven = [item for item in items if item.get_closest_marker("browser")]
    if not driven or any(shutil.which(name) for name in BROWSERS):
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        raise pytest.UsageError(f"{len(driven)} browser tests would be skipped: there is no chromium.")
    for item in driven:
        item.add_marker(pytest.mark.skip(reason="no chromium (Debian: apt install chromium)"))


@pytest.fixture(autouse=True, scope="session")
def shuffled_rows() -> Iterator[None]:
    """Rows of a query without an order arrive in random order, so that no test leans on PostgreSQL's habits."""
    from django.db.models import OrderBy
    from django.db.models.functions import Random
    from django.db.models.sql.compiler import SQLCompiler

    original = SQLCompiler.get_order_by

    def get_order_by(compiler: Any) -> list[Any]:
        ordered = original(compiler)
        query = compiler.query
        plain = not (query.distinct or query.combinator or query.subquery) and query.group_by is None
        if ordered or not plain or query.default_cols is False:
            return ordered
        return [(OrderBy(Random()), ("RANDOM()", (), None))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLCompiler, "get_order_by", get_order_by)
        yield


class _Undefined(str):
    """Stands for an undefined variable in a template of ours and fails the test that renders it.

    A filter ``default`` says that the variable is optional; templates of libraries are left alone.
    """

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return True

    def __mod__(self, variable: object) -> Any:
        from django.conf import settings

        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        expression = caller.f_locals.get("self") if caller else None
        names = [filter_function.__name__ for filter_function, _ in getattr(expression, "filters", ())]
        optional = {"default", "default_if_none"} & set(names)
        template = _template_of(caller)
        if template.startswith(str(settings.BASE_DIR / "templates")) and not optional:
            pytest.fail(f"Undefined template variable '{variable}' in {template}", pytrace=False)
        return _default(expression, caller.f_locals["context"]) if optional and caller else ""


def _default(expression: Any, context: Any) -> Any:
    """What the expression's filters make of nothing."""
    value: Any = ""
    for function, arguments in expression.filters:
        value = function(value, *(arg.resolve(context) if is_variable else arg for is_variable, arg in arguments))
    return value


def _template_of(frame: Any) -> str:
    """The file of the innermost template that is being rendered."""
    while frame is not None:
        context = frame.f_locals.get("context")
        template = getattr(getattr(context, "render_context", None), "template", None)
        if template is not None:
            return str(template.origin.name)
        frame = frame.f_back
    return ""


@pytest.fixture(autouse=True, scope="session")
def undefined_variables_fail() -> Iterator[None]:
    """No page renders a variable that its view forgot."""
    from django.template import Engine

    mark = _Undefined("%s")
    # On the class: an engine built anew after a test changed DEBUG or TEMPLATES is as strict as the first.
    strict = property(lambda _: mark, lambda _, __: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "string_if_invalid", strict, raising=False)
        yield
