"""Strict reading of IMAP answers: bytes in, Python values out. RFC 9051 §9, and RFC 3501 §9 where that differs.

Values: NIL → None, number → int, quoted or literal → bytes, atom → str, parenthesised list → list. Anything the grammar does
not allow (two spaces, a bare LF, an 8-bit atom, a missing parenthesis) raises AnswerError: a test client must not forgive.
"""

from dataclasses import dataclass, field
from typing import Any

ATOM_END = frozenset(b' ()"{\r\n')
STATUSES = frozenset({"OK", "NO", "BAD", "PREAUTH", "BYE"})


class AnswerError(Exception):
    """The server said something that the grammar does not allow."""


@dataclass(frozen=True, slots=True)
class Untagged:
    """One untagged answer. `* 3 EXISTS` has number 3; `* OK [CODE args] text` has code, arguments and text."""

    name: str
    number: int | None = None
    values: tuple[Any, ...] = ()
    code: str = ""
    arguments: tuple[Any, ...] = ()
    text: str = ""
    raw: bytes = b""

    def fetched(self) -> dict[str, Any]:
        """The attributes of a FETCH answer, by their upper-case names."""
        pairs = self.values[0]
        return {pairs[n].upper(): pairs[n + 1] for n in range(0, len(pairs), 2)}


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of a command, with what came untagged before it."""

    tag: str
    status: str
    code: str = ""
    arguments: tuple[Any, ...] = ()
    text: str = ""
    untagged: tuple[Untagged, ...] = field(default=())

    def all(self, name: str) -> list[Untagged]:
        return [answer for answer in self.untagged if answer.name == name]

    def one(self, name: str) -> Untagged:
        found = self.all(name)
        if len(found) != 1:
            raise AnswerError(f"{len(found)} {name} answers, not one: {self.untagged}")
        return found[0]


class Reader:
    """A cursor over one complete answer (literals included, final CRLF excluded)."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def fail(self, expected: str) -> AnswerError:
        return AnswerError(
            f"expected {expected} at {self.at}: {self.raw[max(0, self.at - 40) : self.at + 40]!r} in {self.raw[:200]!r}"
        )

    def peek(self) -> int:
        return self.raw[self.at] if self.at < len(self.raw) else -1

    def end(self) -> bool:
        return self.at >= len(self.raw)

    def expect(self, text: bytes) -> None:
        if not self.raw.startswith(text, self.at):
            raise self.fail(repr(text))
        self.at += len(text)

    def value(self) -> Any:
        first = self.peek()
        if first == ord("("):
            return self.list()
        if first == ord('"'):
            return self.quoted()
        if first in (ord("{"), ord("~")):
            return self.literal()
        word = self.atom()
        if word.upper() == "NIL":
            return None
        return int(word) if word.isdigit() else word

    def list(self) -> list[Any]:
        self.expect(b"(")
        items: list[Any] = []
        while self.peek() != ord(")"):
            if items and not (self.peek() == ord("(") and isinstance(items[-1], list)):
                self.expect(b" ")  # bodies of a multipart stand without spaces. RFC 9051 §9 body-type-mpart
            items.append(self.value())
        self.expect(b")")
        return items

    def quoted(self) -> bytes:
        self.expect(b'"')
        out = bytearray()
        while True:
            char = self.peek()
            self.at += 1
            if char == ord('"'):
                return bytes(out)
            if char == ord("\\"):
                char = self.peek()
                self.at += 1
                if char not in b'"\\':
                    raise self.fail("a quoted special")
            if char in (-1, 0, 10, 13):
                raise self.fail("the end of a quoted string")
            out.append(char)

    def literal(self) -> bytes:
        if self.peek() == ord("~"):
            self.at += 1  # literal8. RFC 9051 §9
        self.expect(b"{")
        end = self.raw.find(b"}\r\n", self.at)
        digits = self.raw[self.at : end]
        if end < 0 or not digits.isdigit():
            raise self.fail("a literal's size")
        start = end + 3
        self.at = start + int(digits)
        if self.at > len(self.raw):
            raise self.fail("the whole literal")
        return self.raw[start : self.at]

    def atom(self) -> str:
        """An atom, a flag, a sequence set, or a FETCH attribute with its section: BODY[HEADER.FIELDS (A B)]<0>."""
        start = self.at
        while not self.end() and self.peek() not in ATOM_END:
            if self.peek() == ord("[") and self.at > start:
                self.at = self._section_end()
                continue
            if not 0x21 <= self.peek() <= 0x7E:
                raise self.fail("an atom's character")
            self.at += 1
        if start == self.at:
            raise self.fail("a value")
        return self.raw[start : self.at].decode("ascii")

    def _section_end(self) -> int:
        end = self.raw.find(b"]", self.at)
        if end < 0:
            raise self.fail("]")
        return end + 1

    def number(self) -> int:
        start = self.at
        while 0x30 <= self.peek() <= 0x39:
            self.at += 1
        if start == self.at:
            raise self.fail("a number")
        return int(self.raw[start : self.at])

    def rest(self) -> str:
        text = self.raw[self.at :]
        self.at = len(self.raw)
        if b"\r" in text or b"\n" in text or b"\0" in text:
            raise self.fail("text of one line")
        return text.decode("utf-8")

    def status_text(self) -> tuple[str, tuple[Any, ...], str]:
        """resp-text: an optional [CODE arguments], then text. RFC 9051 §9."""
        code, arguments = "", []
        if self.peek() == ord("["):
            self.at += 1
            end = self._code_end()
            inner = Reader(self.raw[self.at : end])
            code = inner.atom().upper()
            while not inner.end():
                inner.expect(b" ")
                arguments.append(inner.value())
            self.at = end + 1
            if not self.end():
                self.expect(b" ")
        return code, tuple(arguments), self.rest()

    def _code_end(self) -> int:
        """The ] that ends a code; one inside a quoted string does not."""
        at, quoted = self.at, False
        while at < len(self.raw):
            char = self.raw[at]
            if char == ord("\\") and quoted:
                at += 1
            elif char == ord('"'):
                quoted = not quoted
            elif char == ord("]") and not quoted:
                return at
            at += 1
        raise self.fail("]")


def untagged(raw: bytes) -> Untagged:
    """Parse one answer that begins with `* `."""
    reader = Reader(raw)
    reader.expect(b"* ")
    number = None
    if 0x30 <= reader.peek() <= 0x39:
        number = reader.number()
        reader.expect(b" ")
    name = reader.atom().upper()
    if name in STATUSES:
        reader.expect(b" ")
        code, arguments, text = reader.status_text()
        return Untagged(name, None, (), code, arguments, text, raw)
    values = []
    while not reader.end():
        reader.expect(b" ")
        values.append(reader.value())
    return Untagged(name, number, tuple(values), raw=raw)


def tagged(raw: bytes, before: tuple[Untagged, ...]) -> Tagged:
    """Parse the answer that ends a command."""
    reader = Reader(raw)
    tag = reader.atom()
    reader.expect(b" ")
    status = reader.atom().upper()
    if status not in ("OK", "NO", "BAD"):
        raise reader.fail("OK, NO or BAD")
    reader.expect(b" ")
    code, arguments, text = reader.status_text()
    return Tagged(tag, status, code, arguments, text, before)
