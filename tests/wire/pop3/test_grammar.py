"""Lines and commands: RFC 1939 §3, §5, §7, RFC 2449 §4, RFC 5034 §4, RFC 6856."""

from __future__ import annotations

import pytest

from protocols.pop3.wire import commands as c
from protocols.pop3.wire.grammar import BadLine, Lines, parse

COMMANDS: list[tuple[bytes, c.Command]] = [
    (b"USER anna@a.test", c.User("anna@a.test")),
    (b"user \xc3\xa0nna@a.test ", c.User("\u00e0nna@a.test")),
    (b"PASS correct horse  battery ", c.Pass(b"correct horse  battery ")),
    (b"AUTH", c.Auth()),
    (b"auth plain", c.Auth("PLAIN")),
    (b"AUTH SCRAM-SHA-256 bg==", c.Auth("SCRAM-SHA-256", b"bg==")),
    (b"AUTH PLAIN =", c.Auth("PLAIN", b"=")),
    (b"STLS", c.Stls()),
    (b"CAPA", c.Capa()),
    (b"UTF8", c.Utf8()),
    (b"LANG", c.Lang()),
    (b"LANG *", c.Lang("*")),
    (b"LANG it-CH", c.Lang("it-ch")),
    (b"QUIT", c.Quit()),
    (b"stat", c.Stat()),
    (b"LIST", c.List()),
    (b"LIST 3", c.List(3)),
    (b"UIDL", c.Uidl()),
    (b"UIDL 003", c.Uidl(3)),
    (b"RETR 1", c.Retr(1)),
    (b"TOP 1 0", c.Top(1, 0)),
    (b"TOP 12 34 ", c.Top(12, 34)),
    (b"DELE 2147483647", c.Dele(2147483647)),
    (b"NOOP", c.Noop()),
    (b"RSET ", c.Rset()),
]

BAD = (
    [
        b"",
        b" ",
        b"HELP",
        b"APOP anna c4c9334bac560ecc979e58001b3e22fb",
        b"RETR",
        b"RETR x",
        b"RETR -1",
        b"RETR 1 2",
        b"RETR 99999999999",
    ]
    + [b"TOP 1", b"TOP 1 x", b"TOP 1 2 3", b"LIST 1 2", b"STAT 1", b"USER", b"USER  ", b"USER \xff", b"PASS", b"AUTH PLAIN a b"]
    + [b"AUTH PL/AIN", b"LANG i_t", b"LANG \xc3\xa0", b"DELE 2147483648", b"RETR\x001", b"RETR \xd9\xa1"]
)


@pytest.mark.parametrize(
    ("line", "command"), COMMANDS, ids=lambda value: value.decode("latin-1") if isinstance(value, bytes) else ""
)
def test_commands(line: bytes, command: c.Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize("line", BAD)
def test_what_is_none(line: bytes) -> None:
    with pytest.raises(BadLine):
        parse(line)


def test_secrets_are_not_shown() -> None:
    assert "hunter2" not in repr(parse(b"PASS hunter2")) + repr(parse(b"AUTH PLAIN hunter2="))


def read(data: bytes, step: int, limit: int = 64) -> list[bytes | str]:
    lines, found = Lines(limit), []
    for start in range(0, len(data), step):
        lines.feed(data[start : start + step])
        while (line := lines.next()) is not None:
            found.append(str(line) if isinstance(line, BadLine) else line)
    return found


TALK = b"CAPA\r\nUSER a\r\n\r\nbare\n" + b"x" * 100 + b"\r\nNOOP\r\n" + b"y" * 62 + b"\r\n" + b"z" * 63 + b"\r\nQUIT\r\n"
SAID = [b"CAPA", b"USER a", b"", b"bare", "line too long", b"NOOP", b"y" * 62, "line too long", b"QUIT"]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, len(TALK)])
def test_lines_however_they_come(step: int) -> None:
    assert read(TALK, step) == SAID


def test_what_trails_waits() -> None:
    lines = Lines()
    lines.feed(b"NOOP\r\nRE")
    assert (lines.next(), lines.next(), lines.buffered) == (b"NOOP", None, 2)
    lines.feed(b"TR 1\r\n")
    assert lines.next() == b"RETR 1"


def test_a_flood_without_an_end_is_told_once_and_not_kept() -> None:
    lines = Lines(64)
    told = []
    for _ in range(1000):
        lines.feed(b"x" * 50)
        line = lines.next()
        if line is not None:
            told.append(str(line))
        assert lines.buffered < 128
    assert told == ["line too long"]
    lines.feed(b"\r\nNOOP\r\n")
    assert lines.next() == b"NOOP"


def test_reset_forgets() -> None:
    lines = Lines(16)
    lines.feed(b"x" * 20)
    assert isinstance(lines.next(), BadLine)
    lines.reset()
    lines.feed(b"NOOP\r\n")
    assert lines.next() == b"NOOP"
