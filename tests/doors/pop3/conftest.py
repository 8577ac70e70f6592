"""The POP3 door beside the others, and clients of it."""

import poplib
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
from django.conf import settings

from mailplatform.runtime import pubsub
from tests.conftest import Real
from tests.support import doors
from tests.support import valkey as valkey_server
from tests.support.doors import PASSWORD, House

poplib._MAXLINE = 1 << 20  # type: ignore[attr-defined]


@pytest.fixture
def house(real: Real, valkey: valkey_server.Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    site = doors.a_site(tmp_path, valkey.url)
    monkeypatch.setattr(settings, "SITE", site)
    monkeypatch.setattr(pubsub, "_publisher", None)
    with doors.running(site, ("imap", "pop3")) as running:
        yield running


class Pop:
    """Lines out, lines in."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, 20)
        self._file = self.sock.makefile("rb")

    @classmethod
    def signed_in(cls, house: House, login: str = "u1@a.test", password: str = PASSWORD) -> "Pop":
        pop = cls(house.addresses["pop3"])
        assert pop.line().startswith(b"+OK")
        assert pop.ask(f"USER {login}").startswith(b"+OK")
        assert pop.ask(f"PASS {password}").startswith(b"+OK")
        return pop

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def line(self) -> bytes:
        """The next line, b"" at the end."""
        return self._file.readline()

    def ask(self, command: str) -> bytes:
        """A command and the first line of its answer."""
        self.send(command.encode() + b"\r\n")
        return self.line()

    def lines(self) -> list[bytes]:
        """The rest of a multi-line answer, unstuffed."""
        found = []
        while (line := self.line()) != b".\r\n":
            assert line.endswith(b"\r\n"), found
            found.append(line.removeprefix(b"."))
        return found

    def many(self, command: str) -> list[bytes]:
        """A command and all of its answer but the first line, which is good."""
        answer = self.ask(command)
        assert answer.startswith(b"+OK"), answer
        return self.lines()

    def close(self) -> None:
        self._file.close()
        self.sock.close()

    def __enter__(self) -> "Pop":
        return self

    def __exit__(self, *_: TracebackType | type[BaseException] | BaseException | None) -> None:
        self.close()
