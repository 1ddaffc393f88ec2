"""A mail server for tests that really listens, takes every message and keeps it: as much of SMTP as clients say."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Mailbox:
    """What arrived at `url`, in the order of arrival."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self._arrived: list[EmailMessage] = []
        self._lock = threading.Lock()

    def add(self, raw: bytes) -> None:
        message = message_from_bytes(raw, policy=policy.default)
        with self._lock:
            self._arrived.append(message)

    def letters(self) -> list[tuple[str, str]]:
        """(recipient, subject) of each message."""
        with self._lock:
            return [(str(message["To"]), str(message["Subject"])) for message in self._arrived]

    def texts(self) -> list[str]:
        with self._lock:
            return [message.get_content() for message in self._arrived]


class _Session(socketserver.StreamRequestHandler):
    """One client's conversation (RFC 5321): each command a line, the message from DATA to a lone full stop."""

    ANSWERS = {b"EHLO": b"250 ready", b"HELO": b"250 ready", b"QUIT": b"221 good bye"}

    def handle(self) -> None:
        self._say(b"220 a mailbox for tests")
        for line in self.rfile:
            command = line.split(b":")[0].strip().upper()[:4]
            if command == b"DATA":
                self._say(b"354 go on, end with a full stop")
                self.server.mailbox.add(self._message())  # type: ignore[attr-defined]
            self._say(self.ANSWERS.get(command, b"250 done"))
            if command == b"QUIT":
                return

    def _message(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, answer: bytes) -> None:
        self.wfile.write(answer + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mailbox: Mailbox


@contextmanager
def listening() -> Iterator[Mailbox]:
    """A mailbox on a free port of this machine."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.mailbox = Mailbox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.mailbox
        finally:
            server.shutdown()
            thread.join()
