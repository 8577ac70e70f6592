"""A strict reader of ENVELOPE and BODYSTRUCTURE, written from the grammar of RFC 9051 §9 alone, so that it can judge ours.

It takes no liberty: one SP where the grammar says SP, none elsewhere; NIL only where nstring stands; no leading zeros.
"""

import re
from dataclasses import dataclass, field
from typing import Any

_QUOTED = re.compile(rb'"((?:[\x01-\x09\x0b\x0c\x0e-!#-\[\]-\x7f]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{(0|[1-9][0-9]*)\}\r\n")
_NUMBER = re.compile(rb"0|[1-9][0-9]*")
_FIELDS = ("date", "subject", "from", "sender", "reply_to", "to", "cc", "bcc", "in_reply_to", "message_id")


class GrammarError(AssertionError):
    pass


@dataclass
class Body:
    """One body of a BODYSTRUCTURE."""

    type: bytes
    subtype: bytes
    params: list[tuple[bytes, bytes]] | None = None
    id: bytes | None = None
    description: bytes | None = None
    encoding: bytes = b""
    octets: int = 0
    lines: int | None = None
    envelope: dict[str, Any] | None = None
    children: list["Body"] = field(default_factory=list)
    md5: bytes | None = None
    disposition: tuple[bytes, list[tuple[bytes, bytes]] | None] | None = None
    language: list[bytes] | bytes | None = None
    location: bytes | None = None


def read_envelope(data: bytes) -> dict[str, Any]:
    reader = _Reader(data)
    value = reader.envelope()
    reader.end()
    return value


def read_body(data: bytes, extended: bool) -> Body:
    reader = _Reader(data)
    value = reader.body(extended)
    reader.end()
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fail(self, expected: str) -> None:
        raise GrammarError(f"expected {expected} at {self.at}: {self.data[max(0, self.at - 40) : self.at + 40]!r}")

    def take(self, literal: bytes) -> None:
        if not self.data.startswith(literal, self.at):
            self.fail(repr(literal))
        self.at += len(literal)

    def sees(self, literal: bytes) -> bool:
        return self.data.startswith(literal, self.at)

    def sp(self) -> None:
        self.take(b" ")

    def end(self) -> None:
        if self.at != len(self.data):
            self.fail("the end")

    def string(self) -> bytes:
        quoted = _QUOTED.match(self.data, self.at)
        if quoted is not None:
            self.at = quoted.end()
            return re.sub(rb"\\(.)", rb"\1", quoted[1])
        literal = _LITERAL.match(self.data, self.at)
        if literal is None:
            self.fail("string")
            raise AssertionError
        start = literal.end()
        self.at = start + int(literal[1])
        value = self.data[start : self.at]
        if len(value) != int(literal[1]) or b"\x00" in value:
            self.fail("octets of a literal without NUL")
        return value

    def nstring(self) -> bytes | None:
        if self.sees(b"NIL"):
            self.take(b"NIL")
            return None
        return self.string()

    def number(self) -> int:
        found = _NUMBER.match(self.data, self.at)
        if found is None:
            self.fail("number")
            raise AssertionError
        self.at = found.end()
        if int(found[0]) >= 1 << 32:
            self.fail("a number of 32 bits")
        return int(found[0])

    def envelope(self) -> dict[str, Any]:
        self.take(b"(")
        values: dict[str, Any] = {}
        for n, name in enumerate(_FIELDS):
            if n:
                self.sp()
            values[name] = self.addresses() if 2 <= n <= 7 else self.nstring()
        self.take(b")")
        return values

    def addresses(self) -> list[tuple[bytes | None, ...]] | None:
        if self.sees(b"NIL"):
            self.take(b"NIL")
            return None
        self.take(b"(")
        found = []
        while not found or self.sees(b"("):
            self.take(b"(")
            parts = [self.nstring()]
            for _ in range(3):
                self.sp()
                parts.append(self.nstring())
            self.take(b")")
            found.append(tuple(parts))
        self.take(b")")
        groups = 0
        for _, _, local, host in found:
            if host is None:  # a group opens with its name and closes with NIL
                groups += 1 if local is not None else -1
            if groups not in (0, 1):
                self.fail("groups in pairs")
        if groups:
            self.fail("a closed group")
        return found

    def params(self) -> list[tuple[bytes, bytes]] | None:
        if self.sees(b"NIL"):
            self.take(b"NIL")
            return None
        self.take(b"(")
        found: list[tuple[bytes, bytes]] = []
        while not found or self.sees(b" "):
            if found:
                self.sp()
            name = self.string()
            self.sp()
            found.append((name, self.string()))
        self.take(b")")
        return found

    def body(self, extended: bool) -> Body:
        self.take(b"(")
        if self.sees(b"("):
            children = []
            while self.sees(b"("):
                children.append(self.body(extended))
            self.sp()
            body = Body(b"multipart", self.string(), children=children)
            if extended:
                self.sp()
                body.params = self.params()
                self.placement(body)
        else:
            body = self.single(extended)
        self.take(b")")
        return body

    def single(self, extended: bool) -> Body:
        kind = self.string()
        self.sp()
        body = Body(kind, self.string())
        self.sp()
        body.params = self.params()
        self.sp()
        body.id = self.nstring()
        self.sp()
        body.description = self.nstring()
        self.sp()
        body.encoding = self.string()
        self.sp()
        body.octets = self.number()
        if kind.lower() == b"multipart":
            self.fail("a multipart written as one")
        if kind.lower() == b"message" and body.subtype.lower() in (b"rfc822", b"global"):
            self.sp()
            body.envelope = self.envelope()
            self.sp()
            body.children = [self.body(extended)]
            self.sp()
            body.lines = self.number()
        elif kind.lower() == b"text":
            self.sp()
            body.lines = self.number()
        if extended:
            self.sp()
            body.md5 = self.nstring()
            self.placement(body)
        return body

    def placement(self, body: Body) -> None:
        self.sp()
        if self.sees(b"NIL"):
            self.take(b"NIL")
        else:
            self.take(b"(")
            name = self.string()
            self.sp()
            body.disposition = (name, self.params())
            self.take(b")")
        self.sp()
        if self.sees(b"("):
            self.take(b"(")
            tags = [self.string()]
            while self.sees(b" "):
                self.sp()
                tags.append(self.string())
            self.take(b")")
            body.language = tags
        else:
            body.language = self.nstring()
        self.sp()
        body.location = self.nstring()
