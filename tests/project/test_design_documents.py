"""The documents of the design: decisions numbered, titled and listed; the architecture names what there is."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
FILES = sorted(FOLDER.glob("[0-9]*.md"))


def test_decisions_are_numbered_from_one_without_gaps_or_doubles() -> None:
    assert [int(file.name[:4]) for file in FILES] == list(range(1, len(FILES) + 1))


def test_a_decision_says_its_number_in_its_title() -> None:
    titles = [re.match(r"# (\d+)\. ", file.read_text(encoding="utf-8")) for file in FILES]

    assert [title and int(title[1]) for title in titles] == list(range(1, len(FILES) + 1))


def test_the_index_lists_every_decision() -> None:
    listed = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))

    assert listed == [file.name for file in FILES]


def test_the_architecture_names_every_module_of_the_core() -> None:
    core = FOLDER.parents[1] / "schedules" / "domain"
    text = (FOLDER.parent / "architecture.md").read_text(encoding="utf-8")
    modules = {path.stem for path in core.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert {name for name in modules - {"__init__"} if not re.search(rf"`(schedules\.domain\.)?{name}`", text)} == set()
