"""Names, sidecars and what a file alone tells."""

from __future__ import annotations

import datetime as dt
import gzip

import pytest
from django.utils import timezone

from backups.enums import BackupKind
from backups.services import files
from common.errors import Invalid

NOON = dt.datetime(2026, 3, 1, 22, 0, 5, tzinfo=dt.UTC)  # 12:00:05 in the program's zone
DUMP = b"--\n-- PostgreSQL database dump complete\n--\n"


@pytest.mark.parametrize(
    ("kind", "label", "name"),
    [
        (BackupKind.REGULAR, "", "residency_scheduler_20260301_120005.sql.gz"),
        (BackupKind.SACRED, "", "residency_scheduler_SACRED_20260301.sql.gz"),
        (BackupKind.PRE_OPERATION, "block-10", "residency_scheduler_pre-block-10_20260301_120005.sql.gz"),
        (BackupKind.PRE_OPERATION, "swap-17", "residency_scheduler_pre-swap-17_20260301_120005.sql.gz"),
    ],
)
def test_names_follow_the_policy_and_can_be_read_back(kind, label, name):
    assert files.name_for(kind, label, NOON) == name
    read = files.read_name(name)
    assert read is not None
    assert read[:2] == (kind, label)
    assert timezone.localtime(read[2]).date() == dt.date(2026, 3, 1)


@pytest.mark.parametrize("label", ["", "block 10", "../x", "a_b", "-a", "a--b", "blöck", "x" * 61, "a\n"])
def test_a_label_with_other_characters_is_refused(label):
    with pytest.raises(Invalid):
        files.name_for(BackupKind.PRE_OPERATION, label, NOON)


@pytest.mark.parametrize(
    ("kind", "label", "name"),
    [
        (BackupKind.REGULAR, "", "residency_scheduler_20260301_120006.sql.gz"),
        (BackupKind.SACRED, "", "residency_scheduler_SACRED_20260301_120006.sql.gz"),
        (BackupKind.PRE_OPERATION, "retry", "residency_scheduler_pre-retry_20260301_120006.sql.gz"),
    ],
)
def test_a_name_that_exists_gets_a_new_time_stamp(kind, label, name):
    first = files.name_for(kind, label, NOON)

    assert files.free_name(kind, label, NOON, taken=lambda wanted: wanted == first) == name


@pytest.mark.parametrize(
    "name",
    [
        "other_20260301_120005.sql.gz",
        "residency_scheduler_2026.sql.gz",
        "residency_scheduler_20261332_000000.sql.gz",
        "x.json",
    ],
)
def test_other_files_are_no_backups(name):
    assert files.read_name(name) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(DUMP)[:-3], "the file is truncated"),
        (gzip.compress(DUMP) + b"more", "the file goes on after its end"),
        (gzip.compress(b"-- half a dump"), "the dump lacks its closing line"),
        (b"not gzip at all", "the file cannot be read or is no gzip file"),
        (b"", "the file is truncated"),
        (None, "the file is missing"),
    ],
    ids=["cut off", "goes on", "half a dump", "no gzip", "empty", "missing"],
)
def test_a_file_that_is_not_whole_is_broken(tmp_path, content, reason):
    path = tmp_path / "x.sql.gz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(files.FileBroken) as refused:
        files.examine(path)

    assert str(refused.value) == reason


def test_what_is_being_written_stays_and_what_a_killed_process_left_goes(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    left = tmp_path / ".x.sql.gz.json.part"
    left.touch()

    with files.half_written(tmp_path / "y.sql.gz") as (part, _):
        files.remove_leftovers()
        during = sorted(tmp_path.iterdir())

    assert (during, list(tmp_path.iterdir())) == ([part], [])


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2",
        "[1, 2]",
        '{"row_counts": 7}',
        '{"row_counts": {"schedules_person": "many"}}',
        '{"sha256": "short"}',
        '{"size_bytes": "large"}',
        '{"created_at": "2025-13-45T00:00:00Z"}',
        '{"created_at": "2025-07-01T00:00:00"}',
        '{"created_at": 7}',
    ],
)
def test_a_sidecar_that_is_not_ours_tells_nothing(tmp_path, text):
    path = tmp_path / "x.sql.gz"
    files.sidecar_of(path).write_text(text)

    assert files.read_sidecar(path) == {}
