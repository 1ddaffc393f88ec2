"""`docs/rules.md` is what the rule table says, and the columns it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

from schedules.domain.problem import Policy
from schedules.domain.rules import RULES
from schedules.domain.rules.document import document, main

DOCS = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_file_is_what_the_table_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == document(), "docs/rules.md is old: run `make docs`"


def test_every_rule_and_policy_field_stands_in_it() -> None:
    text = document()

    assert [code for code in RULES if f"### {code} (" not in text] == []
    assert [name for name in Policy.__dataclass_fields__ if name != "weights" and f"`{name}`" not in text] == []


def test_it_is_written_to_a_path_or_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path / "rules.md")])
    main([])

    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == document() == capsys.readouterr().out


@pytest.mark.parametrize("code", RULES)
def test_the_columns_a_rule_reads_exist(code: str) -> None:
    tables = {_snake(model.__name__): model for model in apps.get_app_config("schedules").get_models()}

    unknown = [
        column
        for column in RULES[code].reads
        for table, name in [column.split(".")]
        if table not in tables or name not in {field.name for field in tables[table]._meta.get_fields()}
    ]

    assert unknown == []


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
