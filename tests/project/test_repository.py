"""What is tracked: no program data, nothing of one machine, and every variable and command that documents name."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PROGRAM_DATA = re.compile(
    r"(\.sql(\.gz)?(\.json)?$)|(\.dump$)|(^|/)airtable_.*\.json$|^(imports|backups/postgres|var)/"
    r"|(^|/)(people_import|rotation_weekly_patterns|activities)\.csv$"
)
MACHINE = re.compile(
    r"/(?:home|Users|root|work|workspace|mnt)/[a-z]|(?:registry|mirror|proxy)\.[a-z0-9.-]+\.[a-z]{2,}|://10\.\d"
)


@cache
def tracked() -> tuple[str, ...]:
    """Paths that git tracks; outside a repository the files that a release would hold."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return tuple(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())
    hidden = {".venv", ".git", "var", "staticfiles", "__pycache__"}
    return tuple(
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file() and not hidden & set(path.relative_to(ROOT).parts)
    )


def text_of(name: str) -> str:
    try:
        return (ROOT / name).read_text()
    except UnicodeDecodeError:
        return ""


def test_no_program_data_is_tracked():
    assert [name for name in tracked() if PROGRAM_DATA.search(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "residency_scheduler_20260312_101500.sql.gz",
        "data/airtable_residents.json",
        "imports/people_import.csv",
        "backups/postgres/anything",
        "var/pg/PG_VERSION",
    ],
)
def test_program_data_would_be_seen(name):
    assert PROGRAM_DATA.search(name)


def test_ignored_files_cover_program_data():
    names = ["a.sql.gz", "a.sql.gz.json", "airtable_x.json", "imports/x", "backups/postgres/x", "var/x"]
    done = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 128:
        pytest.skip("not a git repository")

    assert done.stdout.split() == names


def test_nothing_names_one_machine():
    found = {
        (name, match.group())
        for name in tracked()
        if PurePosixPath(name).suffix not in {".lock", ".svg", ".js", ".css"}
        and name != "tests/project/test_repository.py"
        for match in MACHINE.finditer(text_of(name))
    }

    assert found == set()


def test_every_setting_is_in_the_example():
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', text_of("scheduler_project/settings.py")))
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", text_of(".env.example"), re.MULTILINE))

    assert read - shown == set()
    assert shown - read - {"PORT"} == set()


def test_every_requirement_has_its_reason():
    lines = [*text_of("requirements.in").splitlines(), *text_of("requirements-dev.in").splitlines()]
    packages = [line for line in lines if re.match(r"[a-z]", line, re.IGNORECASE)]

    assert [line for line in packages if "#" not in line] == []


def test_locks_hold_hashes_of_everything_named():
    for name in ("requirements", "requirements-dev"):
        lock = text_of(f"{name}.txt")
        pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE))
        named = re.findall(r"^([A-Za-z0-9-]+)[\[~=]", text_of(f"{name}.in"), re.MULTILINE)
        assert {package.lower() for package in named} - pinned == set()
        blocks = re.split(r"\n(?=[a-z0-9])", lock)
        assert [block.split()[0] for block in blocks if "==" in block and "--hash=" not in block] == []


def test_documents_name_real_make_targets():
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    said = {word for name in tracked() if name.endswith(".md") for word in re.findall(r"`make ([a-z]+)", text_of(name))}

    assert said - targets == set()


def test_continuous_integration_runs_the_readmes_test_command():
    assert "make test" in text_of("README.md")
    assert text_of(".ci/run").rstrip().endswith("make test")
