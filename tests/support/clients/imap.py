"""A small, strict IMAP client for tests and drills. Blocking, one connection an object.

    with Imap.connect("127.0.0.1", 143) as imap:
        imap.login("u1@a.test", "pw")
        imap.ok("SELECT", "INBOX")
        imap.fetch("1:*", "UID", "FLAGS")

A command is given in parts: str goes out as it stands, bytes as a literal. What the server says is parsed by
imap_answers and kept; nothing is forgiven.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, Self

from tests.support.clients.imap_answers import AnswerError, Tagged, Untagged, tagged, untagged

TIMEOUT = 20.0


class CommandFailed(AnswerError):
    """A command that should have been OK was not."""


class Imap:
    """One session."""

    def __init__(self, sock: socket.socket, *, timeout: float = TIMEOUT, plus: bool = False) -> None:
        self._sock = sock
        self._sock.settimeout(timeout)
        self._buffer = b""
        self._count = 0
        self.plus = plus  # send literals without waiting. RFC 7888
        self.transcript: list[bytes] = []
        self.greeting = untagged(self.read_answer())

    @classmethod
    def connect(
        cls, host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = TIMEOUT, plus: bool = False
    ) -> Self:
        sock = socket.create_connection((host, port), timeout)
        if tls is not None:
            sock = tls.wrap_socket(sock, server_hostname=host)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock, timeout=timeout, plus=plus)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._sock.close()

    # -- bytes

    def send_raw(self, data: bytes) -> None:
        self._sock.sendall(data)

    def _more(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise ConnectionError(f"the server closed the connection; unread: {self._buffer[:100]!r}")
        self._buffer += data

    def read_line(self) -> bytes:
        """One line with its CRLF."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._more()
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        if not line.endswith(b"\r\n"):
            raise AnswerError(f"a bare LF ends {line!r}")
        return line

    def _read_exactly(self, size: int) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have < size:
            data = self._sock.recv(1 << 20)
            if not data:
                raise ConnectionError("the server closed the connection inside a literal")
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]

    def read_answer(self) -> bytes:
        """One whole answer: its line and the literals it announces, without the final CRLF."""
        parts = []
        while True:
            line = self.read_line()
            parts.append(line)
            size = _announced(line)
            if size is None:
                break
            parts.append(self._read_exactly(size))
        answer = b"".join(parts)[:-2]
        self.transcript.append(answer[:500])
        return answer

    def starttls(self, context: ssl.SSLContext, host: str = "localhost") -> None:
        self.ok("STARTTLS")
        if self._buffer:
            raise AnswerError(f"bytes after the OK of STARTTLS: {self._buffer!r}")
        self._sock = context.wrap_socket(self._sock, server_hostname=host)

    # -- commands

    def start(self, *parts: str | bytes) -> str:
        """Send a command without waiting for its end; the tag."""
        self._count += 1
        tag = f"c{self._count}"
        line = tag.encode()
        for part in parts:
            if isinstance(part, str):
                line += b" " + part.encode("utf-8")
                continue
            line += b" {%d+}\r\n" % len(part) if self.plus else b" {%d}\r\n" % len(part)
            if not self.plus:
                self.send_raw(line)
                self._await_continuation()
                line = b""
            line += part
        self.send_raw(line + b"\r\n")
        return tag

    def _await_continuation(self) -> bytes:
        answer = self.read_answer()
        if not answer.startswith(b"+ "):
            raise CommandFailed(f"expected a continuation: {answer!r}")
        return answer

    def finish(self, tag: str) -> Tagged:
        """Read until the command of `tag` ends."""
        before: list[Untagged] = []
        while True:
            answer = self.read_answer()
            if answer.startswith(b"* "):
                before.append(untagged(answer))
            elif answer.startswith(tag.encode() + b" "):
                return tagged(answer, tuple(before))
            else:
                raise AnswerError(f"neither untagged nor for {tag}: {answer!r}")

    def command(self, *parts: str | bytes) -> Tagged:
        """One command, whatever its outcome."""
        return self.finish(self.start(*parts))

    def ok(self, *parts: str | bytes) -> Tagged:
        """One command that must succeed. Raises CommandFailed."""
        outcome = self.command(*parts)
        if outcome.status != "OK":
            raise CommandFailed(f"{parts}: {outcome.status} [{outcome.code}] {outcome.text}")
        return outcome

    def login(self, login: str, password: str) -> Tagged:
        return self.ok("LOGIN", quoted(login), quoted(password))

    def select(self, name: str = "INBOX", *parameters: str) -> Tagged:
        return self.ok("SELECT", quoted(name), *parameters)

    def fetch(self, sequence: str, *items: str, uid: bool = False) -> list[dict[str, Any]]:
        """The attributes of each FETCH answer, with the sequence number as "SEQ"."""
        words = ("UID", "FETCH") if uid else ("FETCH",)
        outcome = self.ok(*words, sequence, f"({' '.join(items)})")
        return [answer.fetched() | {"SEQ": answer.number} for answer in outcome.all("FETCH")]

    def search(self, *criteria: str | bytes, uid: bool = True) -> list[int]:
        words = ("UID", "SEARCH") if uid else ("SEARCH",)
        return [value for answer in self.ok(*words, *criteria).all("SEARCH") for value in answer.values if isinstance(value, int)]

    def append(self, name: str, message: bytes, flags: str = "()", date: str = "") -> Tagged:
        parts = ["APPEND", quoted(name), flags] + ([f'"{date}"'] if date else [])
        return self.ok(*parts, message)

    @contextlib.contextmanager
    def idle(self) -> "Iterator[Idling]":
        """IDLE while the block runs. RFC 2177."""
        tag = self.start("IDLE")
        seen = []
        while not (answer := self.read_answer()).startswith(b"+ "):
            seen.append(untagged(answer))
        idling = Idling(self, seen)
        yield idling
        self.send_raw(b"DONE\r\n")
        outcome = self.finish(tag)
        if outcome.status != "OK":
            raise CommandFailed(f"IDLE: {outcome}")
        idling.answers.extend(outcome.untagged)


class Idling:
    """What comes during IDLE."""

    def __init__(self, imap: Imap, answers: list[Untagged]) -> None:
        self._imap, self.answers = imap, answers

    def wait(self, name: str, seconds: float = 5.0) -> Untagged:
        """The next answer of this name. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while True:
            self._imap._sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                answer = untagged(self._imap.read_answer())
            finally:
                self._imap._sock.settimeout(TIMEOUT)
            self.answers.append(answer)
            if answer.name == name:
                return answer


def quoted(text: str) -> str:
    """A quoted string. RFC 9051 §9."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _announced(line: bytes) -> int | None:
    """The size of the literal that a line ends with, if it does."""
    if not line.endswith(b"}\r\n"):
        return None
    start = line.rfind(b"{")
    digits = line[start + 1 : -3]
    return int(digits) if start >= 0 and digits.isdigit() else None
