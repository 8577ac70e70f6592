"""What the session reads with: the framer and the grammar as one. Start here.

API guide of the wire, for the session:

    reader = Reader()                        # limits of a stranger; after login: reader.limits = Limits(…)
    reader.feed(data)                        # whatever the socket gave
    while (event := reader.next()) is not None:
        match event:
            case Bad(error):                 # answer responses.refusal(error); close if error is TooBig and fatal
            case Continue(name=name):        # write responses.continuation() (or reader.refuse() and a tagged NO of your own)
            case Offer(command):             # an Append: write responses.continuation() if command.literal.sync, reader.accept();
                                             # or reader.refuse() and answer NO [TOOBIG], NO [TRYCREATE] …
            case Chunk(octets, left):        # octets of the accepted message; left == 0: all of this message is there
            case AppendEnd(command):         # the whole APPEND line was good: commit and answer. A Bad with the tag of the APPEND
                                             # instead means: drop what was streamed
            case Command():                  # machine.allowed(state, command), then its handler
    if reader.buffered > …: stop reading from the socket (back-pressure)

- Pulled: handle one event to its end before the next `next()`; pipelined commands wait in the reader.
- After AUTHENTICATE and IDLE the next line is no command: `reader.next_line()` gives bytes, None, or Bad;
  parse.account.sasl_answer, parse.account.is_done read it.
- STARTTLS: `reader.reset()` before the handshake. After ENABLE of IMAP4rev2 or UTF8=ACCEPT: `reader.utf8 = True`.
- The rest: commands.py (values), machine.py (states), extensions.py (CAPABILITY), responses.py and fetch_lines.py (rendering),
  names.py (LIST patterns, names that may be created), snapshot.py and view.py (sequence numbers and pending updates).
"""

from dataclasses import dataclass

from protocols.imap.wire import literals
from protocols.imap.wire.commands import Append, Command
from protocols.imap.wire.errors import BadSyntax, TooBig
from protocols.imap.wire.literals import Chunk, Framer, Limits
from protocols.imap.wire.parse.command import append_head, append_next, parse


@dataclass(frozen=True, slots=True)
class Bad:
    """What came is no command: `error.tag` is its tag when it had one. Answer with responses.refusal."""

    error: BadSyntax

    @property
    def fatal(self) -> bool:
        """Whether nothing more can be read: say BYE and close."""
        return isinstance(self.error, TooBig) and self.error.fatal


@dataclass(frozen=True, slots=True)
class Continue:
    """The client waits for `+` before a literal of the command `name` (e.g. LOGIN, UID SEARCH)."""

    tag: bytes | None
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A message to append, not yet read: accept or refuse."""

    command: Append


@dataclass(frozen=True, slots=True)
class AppendEnd:
    """The APPEND whose message(s) were handed on is complete; `command` is its first message's."""

    command: Append


Event = Command | Bad | Continue | Offer | Chunk | AppendEnd


class Reader:
    """See the module. `multiappend` lets one APPEND carry several messages (RFC 3502)."""

    __slots__ = ("_append", "_framer", "multiappend", "utf8")

    def __init__(self, limits: Limits = literals.BEFORE_LOGIN, *, utf8: bool = False, multiappend: bool = False) -> None:
        self._framer = Framer(limits)
        self._append: Append | None = None
        self.utf8 = utf8
        self.multiappend = multiappend

    @property
    def limits(self) -> Limits:
        """The framer's limits; may be set at any time."""
        return self._framer.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._framer.limits = limits

    @property
    def buffered(self) -> int:
        """Octets fed and not yet handed out."""
        return self._framer.buffered

    @property
    def mid_command(self) -> bool:
        """Whether a command has begun and is not complete."""
        return self._framer.mid_command

    def feed(self, octets: bytes | bytearray | memoryview) -> None:
        """Take what arrived."""
        self._framer.feed(octets)

    def reset(self) -> None:
        """Forget everything not yet handed out."""
        self._framer.reset()
        self._append = None

    def accept(self) -> None:
        """Take the message offered."""
        self._framer.accept()

    def refuse(self) -> None:
        """Refuse the message offered, or the literal a Continue spoke of, and with it the whole command."""
        self._framer.refuse()
        self._append = None

    def next_line(self, limit: int = 64 * 1024) -> bytes | Bad | None:
        """The next line as it is, without CRLF."""
        line = self._framer.next_line(limit)
        return Bad(line.error) if isinstance(line, literals.Broken) else line

    def next(self) -> Event | None:
        """The next event, or None when more octets are needed (or an Offer waits for its answer)."""
        piece = self._framer.next()
        match piece:
            case None | Chunk():
                return piece
            case literals.Frame(octets):
                try:
                    return parse(octets, utf8=self.utf8)
                except BadSyntax as error:
                    return Bad(error)
            case literals.WantLiteral(tag, name, size):
                return Continue(tag, name, size)
            case literals.MessageLiteral():
                return self._offer(piece)
            case literals.MessageEnd(tail):
                return self._end(tail)
            case literals.Broken(error):
                if self._append is not None and error.tag is None:
                    error.tag = self._append.tag
                self._append = None
                return Bad(error)

    def _offer(self, piece: literals.MessageLiteral) -> Offer | Bad:
        try:
            if piece.index == 0:
                offered = append_head(piece.head, piece.size, sync=piece.sync, utf8=self.utf8)
                self._append = offered
            elif self._append is None or not self.multiappend:
                raise BadSyntax(0, "the end of the command", None if self._append is None else self._append.tag)
            else:
                offered = append_next(self._append, piece.head, piece.size, sync=piece.sync, index=piece.index)
        except BadSyntax as error:
            self.refuse()
            return Bad(error)
        return Offer(offered)

    def _end(self, tail: bytes) -> AppendEnd | Bad:
        command, self._append = self._append, None
        if command is None:
            return Bad(BadSyntax(0, "a command"))
        if tail:
            return Bad(BadSyntax(0, "the end of the command after its message", command.tag))
        return AppendEnd(command)
