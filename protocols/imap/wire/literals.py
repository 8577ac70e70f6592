"""The framer: bytes as they come from a client, cut into whole commands. RFC 3501 §2.2.1, §4.3; LITERAL+ and LITERAL- RFC 7888.

Sans-IO and pulled: `feed` bytes, then call `next` until it gives None. What it has not been asked for stays in its buffer, so a
session that stops asking (and then stops reading) is all the back-pressure there is. A command's literals are kept inline in its
frame; the message of an APPEND never is: it is offered, and after `accept` handed on in chunks as it arrives.

Invariants: any byte sequence gives frames or `Broken`, never an exception, and the framer is in step again at the next line;
every octet is looked at once, whatever the size of the pieces fed; the buffer holds at most one command within the limits, plus
what one feed brought. Lines end in CRLF; a bare LF is answered BAD (and taken as a line end, so that the next command is read).
A non-synchronising literal of a refused command is read and dropped (RFC 7888 §4), or, beyond `Limits.discard`, is fatal.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from protocols.imap.wire.errors import BadSyntax, TooBig


@dataclass(frozen=True, slots=True)
class Limits:
    """Octets. `line`: a command without its literals; `literals`: all literals of one command but an APPEND's message;
    `discard`: the largest non-synchronising literal that is read only to be dropped; `nonsync`: the largest one at all
    (4,096 for LITERAL-, RFC 7888 §5; None for LITERAL+)."""

    line: int = 64 * 1024
    literals: int = 1024 * 1024
    discard: int = 128 * 1024 * 1024
    nonsync: int | None = None


BEFORE_LOGIN = Limits(line=16 * 1024, literals=16 * 1024, discard=256 * 1024)
"""For clients we do not know yet."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole command: all its octets, literals inline, the last CRLF included."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class WantLiteral:
    """The client waits for `+` before `size` octets of a literal of command `name` (upper case). Send it, or call `refuse`."""

    tag: bytes | None
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MessageLiteral:
    """An APPEND's message comes next: `head` is what stands before the literal. Call `accept` or `refuse`.

    `index` is 0 for the first message of a command, whose head starts with the tag; later heads start with the space."""

    head: bytes
    size: int
    sync: bool
    index: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Octets of an accepted message; `left` are still to come (0: this was the last)."""

    octets: bytes
    left: int


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """What stood between the last message of an APPEND and the end of its line (nothing, in a good command)."""

    tail: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that are no command; the framer has skipped, or will skip, the rest of it."""

    error: BadSyntax


Piece = Frame | WantLiteral | MessageLiteral | Chunk | MessageEnd | Broken


class _Doing(Enum):
    LINE = auto()
    LITERAL = auto()
    OFFER = auto()
    STREAM = auto()
    SKIP_OCTETS = auto()
    SKIP_LINE = auto()
    DEAD = auto()


_LITERAL_END = re.compile(rb"\{([0-9]{1,20})(\+?)\}\Z")
# No possessive groups here or elsewhere: Python 3.11.2 matches some of them wrongly.
_BALANCED = re.compile(rb'[^"]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"]*)*\Z', re.DOTALL)
_TAG = re.compile(rb"([!#$&',\-./0-9:;<=>?@A-Z\[\]^_`a-z|}~]{1,128}) ")
_NAME = re.compile(rb" ([A-Za-z]{1,20}(?: [A-Za-z]{1,20})?)")
# A later REPLACE (RFC 8508) stands beside APPEND here.
_APPEND = re.compile(rb"[^ \r\n]{1,128} APPEND ", re.IGNORECASE)
_TAIL = 32
"""Octets kept of a line that is skipped: enough to see the literal it may end in."""


class Framer:
    """See the module. `limits` may be changed at any time (after login)."""

    __slots__ = (
        "_begin_line",
        "_doing",
        "_fatal",
        "_index",
        "_left",
        "_literals",
        "_scan",
        "_sync",
        "_tail",
        "_waiting",
        "limits",
    )

    def __init__(self, limits: Limits = BEFORE_LOGIN) -> None:
        self.limits = limits
        self._waiting = bytearray()
        self._tail = b""
        self._fatal: Broken | None = None
        self._doing = _Doing.LINE
        self._scan = 0  # everything before was looked at
        self._begin_line = 0  # where the present line (after a literal: its continuation) begins
        self._literals = 0  # octets of this command's literals
        self._index = 0  # messages of this APPEND offered so far
        self._left = 0  # octets of the literal (or of what is skipped) still to come
        self._sync = False  # of the message offered

    def reset(self) -> None:
        """Forget everything not yet handed out (STARTTLS: what was pipelined in the clear must not live on)."""
        self._waiting.clear()
        self._tail = b""
        self._fatal = None
        self._start_command()

    @property
    def buffered(self) -> int:
        """Octets fed and not yet handed out."""
        return len(self._waiting)

    @property
    def mid_command(self) -> bool:
        """Whether a command has begun and is not complete (for deadlines)."""
        return self._doing is not _Doing.LINE or self._index > 0 or len(self._waiting) > 0

    def feed(self, octets: bytes | bytearray | memoryview) -> None:
        """Take what arrived; after a fatal error it is dropped."""
        if self._doing is not _Doing.DEAD:
            self._waiting += octets

    def accept(self) -> None:
        """Take the message offered; its chunks follow."""
        if self._doing is not _Doing.OFFER:
            raise RuntimeError("no message is offered")
        self._doing = _Doing.STREAM

    def refuse(self) -> None:
        """Refuse the literal asked for or offered, and with it the command; the reply is the caller's."""
        if self._doing is _Doing.OFFER:
            sync, size = self._sync, self._left
            self._start_command()
            if not sync:
                self._skip(size)
        elif self._doing is _Doing.LITERAL:
            del self._waiting[: self._scan]
            self._start_command()
        else:
            raise RuntimeError("no literal waits")

    def next(self) -> Piece | None:
        """The next piece, or None when more octets are needed."""
        while self._settled():
            doing = self._doing
            if doing is _Doing.LINE:
                piece, again = self._line()
                if not again:
                    return piece
            elif doing is _Doing.LITERAL:
                if len(self._waiting) - self._scan < self._left:
                    return None
                self._scan += self._left
                self._begin_line = self._scan
                self._doing = _Doing.LINE
            elif doing is _Doing.STREAM:
                return self._chunk()
            elif doing is _Doing.DEAD:
                fatal, self._fatal = self._fatal, None
                return fatal
            else:
                return None  # the caller owes accept or refuse
        return None

    def next_line(self, limit: int = 64 * 1024) -> bytes | Broken | None:
        """The next line without its CRLF (SASL answers, DONE of IDLE), or None; only between commands."""
        if not self._settled() or self._doing is not _Doing.LINE:
            return None
        found = self._waiting.find(b"\n", self._scan)
        if found < 0:
            self._scan = len(self._waiting)
            if self._scan > limit + 1:
                self._drop_line()
                return Broken(TooBig(limit, f"a line of at most {limit} octets"))
            return None
        line = bytes(self._waiting[: found + 1])
        del self._waiting[: found + 1]
        self._start_command()
        if not line.endswith(b"\r\n"):
            return Broken(BadSyntax(found, "CRLF at the end of the line"))
        if len(line) - 2 > limit:
            return Broken(TooBig(limit, f"a line of at most {limit} octets"))
        return line[:-2]

    # -- inside ------------------------------------------------------------------------------------------------------------------
    def _start_command(self) -> None:
        self._doing = _Doing.LINE
        self._scan = self._begin_line = self._literals = self._index = self._left = 0
        self._sync = False

    def _settled(self) -> bool:
        """Skip what is to be skipped; False when its end has not come yet."""
        while True:
            if self._doing is _Doing.SKIP_LINE:
                if not self._skip_line():
                    return False
            elif self._doing is _Doing.SKIP_OCTETS:
                dropped = min(self._left, len(self._waiting))
                del self._waiting[:dropped]
                self._left -= dropped
                if self._left:
                    return False
                self._tail = b""
                self._doing = _Doing.SKIP_LINE
            else:
                return True

    def _line(self) -> tuple[Piece | None, bool]:
        """Look for the end of a line: (piece, False), or (None, True) to go on in another state."""
        waiting = self._waiting
        found = waiting.find(b"\n", self._scan)
        if found < 0:
            self._scan = len(waiting)
            if self._scan - self._literals > self.limits.line + 1:  # the CR may be there
                error = self._long_line()
                self._drop_line()
                return Broken(error), False
            return None, False
        after = found + 1
        if found - 1 - self._literals > self.limits.line:
            return self._broken(
                TooBig(self.limits.line, f"a line of at most {self.limits.line} octets", self._tag()), after
            ), False
        if found == self._begin_line or waiting[found - 1] != 13:
            return self._broken(BadSyntax(found, "CRLF at the end of the line", self._tag()), after), False
        if found - self._begin_line > 3 and waiting[found - 2] == 125:  # "}"
            literal = _LITERAL_END.search(waiting, max(self._begin_line, found - 25), found - 1)
            if literal is not None:
                return self._literal(int(literal.group(1)), not literal.group(2), literal.start(), after)
        octets = bytes(waiting[:after])
        del waiting[:after]
        ended = self._index > 0
        self._start_command()
        return (MessageEnd(octets[:-2]) if ended else Frame(octets)), False

    def _literal(self, size: int, sync: bool, brace: int, after: int) -> tuple[Piece | None, bool]:
        """A line that announces a literal: `brace` is where it does, `after` where the octets will start."""
        limits = self.limits
        if _BALANCED.match(self._waiting, self._begin_line, brace) is None:
            return self._broken(BadSyntax(brace, "a closing quote", self._tag()), after), False
        if not sync and limits.nonsync is not None and size > limits.nonsync:
            return self._broken(TooBig(brace, f"a literal of at most {limits.nonsync} octets", self._tag()), after), False
        head = _APPEND.match(self._waiting) if not self._index else None
        if self._index or (head is not None and head.end() < brace):
            offered = MessageLiteral(bytes(self._waiting[:brace]), size, sync, self._index)
            del self._waiting[:after]
            self._doing = _Doing.OFFER
            self._left = size
            self._sync = sync
            self._index += 1
            self._scan = self._begin_line = 0
            return offered, False
        self._literals += size
        if self._literals > limits.literals:
            return self._broken(TooBig(brace, f"literals of at most {limits.literals} octets", self._tag()), after), False
        self._doing = _Doing.LITERAL
        self._scan = after
        self._left = size
        if not sync:
            return None, True
        name = _NAME.search(self._waiting, 0, min(brace, 200))
        word = name.group(1).decode("ascii").upper() if name is not None else ""
        return WantLiteral(self._tag(), word if word.startswith("UID ") else word.partition(" ")[0], size), False

    def _chunk(self) -> Chunk | None:
        take = min(self._left, len(self._waiting))
        if not take and self._left:
            return None
        if take == len(self._waiting):
            octets = bytes(self._waiting)
            self._waiting.clear()
        else:
            octets = bytes(self._waiting[:take])
            del self._waiting[:take]
        self._left -= take
        if not self._left:
            self._doing = _Doing.LINE
            self._scan = self._begin_line = 0
            self._literals = 0
        return Chunk(octets, self._left)

    def _long_line(self) -> TooBig:
        return TooBig(self.limits.line, f"a line of at most {self.limits.line} octets", self._tag())

    def _tag(self) -> bytes | None:
        if self._index:
            return None  # the reader knows it
        tag = _TAG.match(self._waiting)
        return tag.group(1) if tag is not None else None

    def _broken(self, error: BadSyntax, after: int) -> Broken:
        """Drop the line that ends before `after`; if it announces a non-synchronising literal, that too."""
        line = bytes(self._waiting[max(self._begin_line, after - _TAIL) : after])
        del self._waiting[:after]
        self._start_command()
        self._after_dropped(line)
        return Broken(error)

    def _drop_line(self) -> None:
        """Drop the unfinished line in the buffer and what still comes of it."""
        self._tail = bytes(self._waiting[-_TAIL:])
        self._waiting.clear()
        self._start_command()
        self._doing = _Doing.SKIP_LINE

    def _skip_line(self) -> bool:
        """Skip to the end of the line; False when it has not come yet."""
        found = self._waiting.find(b"\n")
        if found < 0:
            self._tail = (self._tail + bytes(self._waiting[-_TAIL:]))[-_TAIL:]
            self._waiting.clear()
            return False
        line = (self._tail + bytes(self._waiting[max(0, found + 1 - _TAIL) : found + 1]))[-_TAIL:]
        del self._waiting[: found + 1]
        self._start_command()
        self._after_dropped(line)
        return True

    def _after_dropped(self, line: bytes) -> None:
        literal = _LITERAL_END.search(line.rstrip(b"\r\n"))
        # A synchronising literal of a refused command is never sent; the other kind comes whatever we say.
        if literal is not None and literal.group(2):
            self._skip(int(literal.group(1)))

    def _skip(self, size: int) -> None:
        if size > self.limits.discard:
            self._waiting.clear()
            self._doing = _Doing.DEAD
            self._fatal = Broken(TooBig(0, f"a literal of at most {self.limits.discard} octets", None, fatal=True))
        else:
            self._doing = _Doing.SKIP_OCTETS
            self._left = size
