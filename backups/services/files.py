"""Backup files: their names, folder, sidecars, and what can be told from a file alone."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backups.enums import BackupKind
from common.errors import DomainError, Invalid

PREFIX = "residency_scheduler"
CLOSING_LINE = b"-- PostgreSQL database dump complete"
_LABEL = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_NAME = re.compile(rf"{PREFIX}_(?:(SACRED)_|pre-([A-Za-z0-9-]+)_)?(\d{{8}})(?:_(\d{{6}}))?\.sql\.gz")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


class BackupFailed(DomainError):
    """No backup was made or it proved worthless; the gate stays closed."""

    code = "backup_failed"


class FileBroken(Exception):
    """The file is not what was written; the text says how."""


def folder() -> Path:
    """The backup folder, made with mode 0700 where missing. Raises BackupFailed where it cannot be used."""
    path = Path(settings.BACKUP_DIR)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    except OSError as error:
        raise BackupFailed(
            f"The backup folder cannot be used ({error.strerror}). Give the application's account the folder"
            " named by BACKUP_DIR, then try again."
        ) from error
    return path


def path_of(file: str) -> Path:
    """Where a backup's file lies (or lay)."""
    return Path(settings.BACKUP_DIR) / file


def sidecar_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def name_for(kind: BackupKind, label: str, stamp: dt.datetime) -> str:
    """The file name of the policy, in the program's time zone. Raises Invalid for a label with other characters."""
    local = timezone.localtime(stamp)
    moment = f"{local:%Y%m%d_%H%M%S}"
    if kind == BackupKind.SACRED:
        return f"{PREFIX}_SACRED_{local:%Y%m%d}.sql.gz"
    if kind == BackupKind.REGULAR:
        return f"{PREFIX}_{moment}.sql.gz"
    if not _LABEL.fullmatch(label) or len(label) > 60:
        raise Invalid("A backup's label is letters, digits and single hyphens, at most 60 of them.")
    return f"{PREFIX}_pre-{label}_{moment}.sql.gz"


def free_name(kind: BackupKind, label: str, stamp: dt.datetime, *, taken: Any) -> str:
    """The name, or the next second's one while `taken(name)`; a second sacred file of a day carries its time too."""
    name = name_for(kind, label, stamp)
    while taken(name):
        stamp += dt.timedelta(seconds=1)
        if kind == BackupKind.SACRED:
            name = f"{PREFIX}_SACRED_{timezone.localtime(stamp):%Y%m%d_%H%M%S}.sql.gz"
        else:
            name = name_for(kind, label, stamp)
    return name


def read_name(name: str) -> tuple[BackupKind, str, dt.datetime] | None:
    """Kind, label and time that a file name says, or None where it is no backup's name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    sacred, label, day, clock = match.groups()
    try:
        moment = dt.datetime.strptime(f"{day}{clock or '000000'}", "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    kind = BackupKind.SACRED if sacred else BackupKind.PRE_OPERATION if label else BackupKind.REGULAR
    return kind, label or "", timezone.make_aware(moment)


def examine(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a whole gzip file that ends with the dump's closing line. Raises FileBroken."""
    digest, size, tail = hashlib.sha256(), 0, b""
    unzip = zlib.decompressobj(wbits=31)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                tail = (tail + unzip.decompress(chunk))[-400:]
    except FileNotFoundError:
        raise FileBroken("the file is missing") from None
    except (OSError, zlib.error):
        raise FileBroken("the file cannot be read or is no gzip file") from None
    if not unzip.eof:
        raise FileBroken("the file is truncated")
    if unzip.unused_data:
        raise FileBroken("the file goes on after its end")
    if CLOSING_LINE not in tail:
        raise FileBroken("the dump lacks its closing line")
    return digest.hexdigest(), size


def changed_since(file: str, *, size: int, sha256: str, verified_at: dt.datetime | None) -> str:
    """The cheap look: why the file is not the verified one ('' when it is).

    Its bytes are read only where the time stamp is later than the proof: a copied or touched file is no altered one,
    and the clocks of database and disk may differ.
    """
    try:
        seen = path_of(file).stat()
    except OSError:
        return "the file is missing"
    if seen.st_size != size:
        return f"the file has {seen.st_size} bytes instead of {size}"
    if verified_at is not None and seen.st_mtime > verified_at.timestamp():
        return altered(file, sha256=sha256)
    return ""


def altered(file: str, *, sha256: str) -> str:
    """Why the file's bytes are not the verified ones ('' when they are), whatever its time stamp says."""
    path = path_of(file)
    try:
        seen = path.stat()
        same = _digest(path, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns) == sha256
    except OSError:
        return "the file cannot be read"
    return "" if same else "the file was changed after its verification"


@lru_cache(maxsize=1024)
def _digest(path: Path, *_stamp: int) -> str:
    """SHA-256 of a file, read once until the disk says that it changed; no program sets the time of that (ctime)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def half_written(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A temporary file beside `target`, mode 0600: locked while it is written, gone afterwards.

    The lock tells other processes and machines that somebody is at it; `remove_leftovers` takes what nobody holds.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield part, file
        finally:
            part.unlink(missing_ok=True)


def remove_leftovers() -> None:
    """Delete the temporary files of killed processes."""
    for part in folder().glob(".*.part"):
        with suppress(OSError), part.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def write_sidecar(path: Path, facts: dict[str, Any]) -> None:
    """Write the `.json` beside a backup: temporary name, fsync, atomic rename, mode 0600."""
    target = sidecar_of(path)
    with half_written(target) as (part, file):
        file.write(json.dumps(facts, indent=1, sort_keys=True).encode())
        file.flush()
        os.fsync(file.fileno())
        part.replace(target)


def _text(longest: int) -> Callable[[Any], bool]:
    return lambda fact: isinstance(fact, str) and len(fact) <= longest


def _is_table(kind: type) -> Callable[[Any], bool]:
    return lambda fact: isinstance(fact, dict) and all(isinstance(value, kind) for value in fact.values())


def _is_moment(fact: Any) -> bool:
    moment = parse_datetime(fact)
    return moment is not None and timezone.is_aware(moment)


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "row_counts": _is_table(int),
    "schema_version": _is_table(str),
    "postgres_version": _text(40),
    "app_version": _text(40),
    "sha256": lambda fact: _SHA256.fullmatch(fact) is not None,
    "size_bytes": lambda fact: isinstance(fact, int),
    "created_at": _is_moment,
}
"""What a sidecar tells beside its file's name, and how each fact looks."""


def read_sidecar(path: Path) -> dict[str, Any]:
    """The facts of a sidecar; {} where there is none, or where it is not as we write them."""
    try:
        facts = json.loads(sidecar_of(path).read_text())
        known = {name: facts[name] for name in _SOUND if name in facts}
        return known if all(_SOUND[name](fact) for name, fact in known.items()) else {}
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def sync_folder(path: Path) -> None:
    """Make a rename durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
