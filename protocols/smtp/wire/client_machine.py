"""One mail transaction as a client carries it out: what to send when, and what each reply means (RFC 5321 §3.3, §4.1.4).

Pure: it is told each reply and says what comes next. With PIPELINING (RFC 2920 §3.1) MAIL, all RCPT and DATA leave in one
piece and their replies are matched in order; a server that says 354 though no recipient was taken gets a lone dot.

Invariants: every recipient ends with the reply that decided about it, or with none when the connection ended before;
a reply that makes no sense at its place is `Confused`, never a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from protocols.smtp.wire.client_commands import DATA
from protocols.smtp.wire.client_replies import ClientReply

CLOSING = 421
START = 354


class Stage(StrEnum):
    """Where a transaction stands: whose reply is awaited."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class Turn(StrEnum):
    """What comes next."""

    SEND = "send"  # `out`, then listen
    LISTEN = "listen"
    CONTENT = "content"  # the message, `ending` and the final dot, then listen
    LONE_DOT = "lone dot"  # the final dot alone, then listen: nobody gets anything
    OVER = "over"


class Confused(Exception):
    """A reply that cannot stand where it came."""


class Transaction:
    """mail, rcpts: the commands, as octets. rcpts is not empty.

    answers, stages: for each recipient the reply that decided, and to which command it was; None: undecided yet.
    closing: the server says goodbye. clean: the connection can take the next MAIL at once.
    """

    __slots__ = ("_at", "_mail", "_pipelining", "_rcpts", "_taken", "answers", "clean", "closing", "out", "stage", "stages")

    def __init__(self, mail: bytes, rcpts: Sequence[bytes], *, pipelining: bool) -> None:
        self._mail = mail
        self._rcpts = list(rcpts)
        self._pipelining = pipelining
        self._at = 0
        self._taken: list[int] = []
        self.stage = Stage.MAIL
        self.answers: list[ClientReply | None] = [None] * len(self._rcpts)
        self.stages: list[Stage] = [Stage.MAIL] * len(self._rcpts)
        self.closing = False
        self.clean = False
        self.out = b""

    def begin(self) -> bytes:
        """What to send first."""
        return b"".join([self._mail, *self._rcpts, DATA]) if self._pipelining else self._mail

    def heard(self, reply: ClientReply) -> Turn:
        """What comes after this reply. Raises Confused."""
        if reply.code == CLOSING:  # RFC 5321 §3.8: it may come to any command
            self.closing = True
            return self._decide(reply)
        match self.stage:
            case Stage.MAIL:
                return self._heard_mail(reply)
            case Stage.RCPT:
                return self._heard_rcpt(reply)
            case Stage.DATA:
                return self._heard_data(reply)
            case Stage.DOT:
                if 300 <= reply.code < 400:
                    raise Confused(f"the server answered the message with {reply.words}")
                self.clean = True
                return self._decide(reply)

    def ended(self) -> None:
        """The final dot, or a lone one, has been sent."""
        self.stage = Stage.DOT

    @property
    def undecided(self) -> list[int]:
        """Recipients without an answer yet."""
        return [n for n, answer in enumerate(self.answers) if answer is None]

    def _heard_mail(self, reply: ClientReply) -> Turn:
        self._expect_no_start(reply, "MAIL")
        if not reply.is_success:
            self._decide(reply)
            if not self._pipelining:
                return Turn.OVER
        self.stage = Stage.RCPT
        return self._next(self._rcpts[0])

    def _heard_rcpt(self, reply: ClientReply) -> Turn:
        self._expect_no_start(reply, "RCPT")
        if self.answers[self._at] is None:  # MAIL was taken
            self.stages[self._at] = Stage.RCPT
            if reply.is_success:
                self._taken.append(self._at)
            else:
                self.answers[self._at] = reply
        self._at += 1
        if self._at < len(self._rcpts):
            return self._next(self._rcpts[self._at])
        if not self._taken and not self._pipelining:
            return Turn.OVER
        self.stage = Stage.DATA
        return self._next(DATA)

    def _heard_data(self, reply: ClientReply) -> Turn:
        if reply.code == START:
            return Turn.CONTENT if self._taken else Turn.LONE_DOT
        if reply.code < 400 and self._taken:
            raise Confused(f"the server answered DATA with {reply.words}")
        return self._decide(reply)

    def _next(self, command: bytes) -> Turn:
        if self._pipelining:
            return Turn.LISTEN
        self.out = command
        return Turn.SEND

    def _decide(self, reply: ClientReply) -> Turn:
        """This reply is the end of all who have none."""
        for n in self.undecided:
            self.answers[n] = reply
            self.stages[n] = self.stage
        return Turn.OVER

    def _expect_no_start(self, reply: ClientReply, command: str) -> None:
        if 300 <= reply.code < 400:
            raise Confused(f"the server answered {command} with {reply.words}")
