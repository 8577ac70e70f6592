"""One mail transaction over an open link: envelope, content, final dot, and what it came to for each recipient.

Standards: RFC 5321 §3.3, §4.2.1, §4.5.3.2; RFC 1870 §6.1; RFC 6152 §3 (8-bit content is converted for a server without
8BITMIME) and RFC 6531 §3.4 (international addresses and header fields are not changed, they fail in words); RFC 1047: once the
dot has left, silence is doubt, and the outcome says so.

Invariants: every recipient ends with exactly one Ending; a recipient is delivered only by a 2xx to the dot, said after it;
without `before_dot`'s yes no dot is sent; before the dot nothing has happened, whatever happens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailplatform.standards.message.sevenbit import NotConvertible
from protocols.smtp.agent.content import Content, Unreadable
from protocols.smtp.agent.link import Link, Trouble
from protocols.smtp.wire import client_commands as commands
from protocols.smtp.wire.client_commands import Envelope, ForwardPath, Unsafe
from protocols.smtp.wire.client_data import END, DotStuffer
from protocols.smtp.wire.client_machine import Confused, Stage, Transaction, Turn
from protocols.smtp.wire.client_replies import ClientReply

if TYPE_CHECKING:
    from mailplatform.settings.defaults import Outbound

DELIVERED, DEFERRED, FAILED = "delivered", "deferred", "failed"
BeforeDot = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Ending:
    """What one recipient's attempt came to. words: the remote's, or ours. code: 0 when no reply said it.

    in_doubt: the dot was sent, and no answer came: it may have arrived. again: only the number of recipients was too large, the
    rest may follow at once (RFC 5321 §4.5.3.1.10)."""

    kind: str
    stage: str
    words: str
    code: int = 0
    enhanced: str = ""
    in_doubt: bool = False
    again: bool = False


class LeaseLost(Exception):
    """The items are another agent's by now: nothing may be sent, and nothing said about them."""


def ending_of(trouble: Trouble) -> Ending:
    """What trouble means for a recipient."""
    kind = FAILED if trouble.permanent else DEFERRED
    return Ending(kind, trouble.stage, trouble.words, trouble.code, trouble.enhanced, in_doubt=trouble.stage == Stage.DOT)


async def transact(
    link: Link, envelope: Envelope, paths: Sequence[ForwardPath], content: Content, terms: Outbound, before_dot: BeforeDot
) -> list[Ending]:
    """Carry a message to these recipients; an Ending for each, in their order.

    The link stays usable unless `link.is_usable` says otherwise. Raises Trouble when it ended before anything was decided about
    any recipient, so that another server may be tried; LeaseLost."""
    try:
        envelope, content = await _fitted(link, envelope, content)
        mail = commands.mail(envelope, link.offered)
    except _Unfit as unfit:
        return [unfit.ending] * len(paths)
    except Unsafe as error:
        return [Ending(FAILED, Stage.MAIL, f"sender <{envelope.reverse_path}>: {error}", 0, _unsafe(error))] * len(paths)
    endings: list[Ending | None] = []
    lines: list[bytes] = []
    for path in paths:
        try:
            lines.append(commands.rcpt(path, link.offered))
            endings.append(None)
        except Unsafe as error:
            endings.append(Ending(FAILED, Stage.RCPT, f"<{path.address}>: {error}", 0, _unsafe(error)))
    if lines:
        transaction = Transaction(mail, lines, pipelining=link.offered.pipelining)
        rest = iter(await _carry(link, transaction, content, terms, before_dot))
        return [ending or next(rest) for ending in endings]
    return [ending for ending in endings if ending]


async def _carry(link: Link, transaction: Transaction, content: Content, terms: Outbound, before_dot: BeforeDot) -> list[Ending]:
    trouble: Trouble | None = None
    try:
        await _converse(link, transaction, content, terms, before_dot)
    except Confused as error:
        link.abort()
        trouble = Trouble(transaction.stage, str(error), enhanced="4.5.0")
    except Unreadable as error:
        link.abort()
        trouble = Trouble(transaction.stage, str(error), enhanced="4.3.0")
    except Trouble as error:
        link.abort()
        trouble = error
    except BaseException:
        link.abort()
        raise
    if trouble is not None and transaction.stage is not Stage.DOT and len(transaction.undecided) == len(transaction.answers):
        raise trouble
    if transaction.closing:
        link.quit()
    endings = []
    for stage, answer in zip(transaction.stages, transaction.answers, strict=True):
        if answer is not None:
            endings.append(_judged(stage, answer))
        else:
            assert trouble is not None  # a conversation that ends by itself leaves nobody undecided
            endings.append(replace(ending_of(trouble), stage=str(transaction.stage)))
    if any(ending.kind == DELIVERED for ending in endings):
        link.sent += 1
        endings = [replace(e, again=_too_many(e)) if e.stage == Stage.RCPT else e for e in endings]
    if not transaction.clean and link.is_usable:
        await _reset(link, terms)
    return endings


async def _converse(link: Link, transaction: Transaction, content: Content, terms: Outbound, before_dot: BeforeDot) -> None:
    link.send(transaction.begin())
    turn = Turn.LISTEN
    while turn is not Turn.OVER:
        if turn is Turn.SEND:
            link.send(transaction.out)
        elif turn is Turn.LONE_DOT:
            link.send(END)
            transaction.ended()
        elif turn is Turn.CONTENT:
            early = await _send(link, content, terms, before_dot)
            if early is not None:
                transaction.heard(early)
                link.abort()  # it stands in the middle of a message
                return
            transaction.ended()
        stage = transaction.stage
        patient = stage is Stage.DOT
        turn = transaction.heard(await link.reply(_seconds(terms, stage), stage, patient=patient))


def _seconds(terms: Outbound, stage: Stage) -> float:
    """RFC 5321 §4.5.3.2."""
    if stage is Stage.DOT:
        return terms.data_end_timeout_seconds
    return terms.data_start_timeout_seconds if stage is Stage.DATA else terms.command_timeout_seconds


async def _send(link: Link, content: Content, terms: Outbound, before_dot: BeforeDot) -> ClientReply | None:
    """The message and its dot; or, no dot being sent, the refusal that came before it."""
    stuffer = DotStuffer()
    held = b""
    try:
        async for piece in content.pieces():
            if held:
                link.send(held)
                await link.flushed(terms.data_block_timeout_seconds, Stage.DATA)
            held = stuffer.feed(piece)
        if not await before_dot():
            raise LeaseLost
        await link.flushed(terms.data_block_timeout_seconds, Stage.DATA)  # or it is gone
    except Trouble:
        early = link.said()
        if early is None or early.code < 400:
            raise
        return early
    early = link.said()
    if early is None:
        link.send(held + stuffer.finish() + END)
        return None
    if early.code < 400:
        raise Confused(f"the server said {early.words} before the message was at its end")
    return early


async def _reset(link: Link, terms: Outbound) -> None:
    """Make the link ready for another message, or end it."""
    try:
        reply = await link.ask(commands.RSET, terms.command_timeout_seconds, "mail")
    except Trouble:
        link.abort()
        return
    if not reply.is_success:
        link.quit()


class _Unfit(Exception):
    """The server cannot take this message."""

    def __init__(self, words: str, enhanced: str) -> None:
        super().__init__(words)
        self.ending = Ending(FAILED, Stage.MAIL, words, 0, enhanced)


async def _fitted(link: Link, envelope: Envelope, content: Content) -> tuple[Envelope, Content]:
    """Envelope and content as this server must hear them. Raises _Unfit, Trouble when the content cannot be read."""
    offered, host = link.offered, link.host
    try:
        if envelope.smtputf8 and not offered.smtputf8 and await content.has_eight_bit_header():
            raise _Unfit(f"the message has international header fields, which {host} does not take", "5.6.7")
        if not offered.eight_bit and await content.has_eight_bit():
            content, size = await content.in_seven_bits()
            envelope = replace(envelope, size=size)
        if offered.size is not None and envelope.size > offered.size:
            raise _Unfit(f"the message has {envelope.size} octets, {host} takes up to {offered.size}", "5.3.4")
        return replace(envelope, eight_bit=await content.has_eight_bit(deep=False)), content
    except NotConvertible as error:
        raise _Unfit(f"the message has 8-bit content, which {host} does not take: {error}", "5.6.3") from None
    except Unreadable as error:
        raise Trouble("data", str(error), enhanced="4.3.0") from None


def _unsafe(error: Unsafe) -> str:
    return "5.6.7" if "SMTPUTF8" in str(error) else "5.1.3"


def _judged(stage: Stage, reply: ClientReply) -> Ending:
    kind = DELIVERED if reply.is_success else FAILED if reply.is_permanent else DEFERRED
    if stage is Stage.RCPT and reply.code == 552 and reply.enhanced in ("", "5.5.3"):
        kind = DEFERRED  # RFC 5321 §4.5.3.1.10: too many recipients, said the old way
    return Ending(kind, stage, reply.words, reply.code, reply.enhanced or f"{str(reply.code)[0]}.0.0")


def _too_many(ending: Ending) -> bool:
    return ending.kind == DEFERRED and (ending.code == 552 or (ending.code == 452 and ending.enhanced in ("4.5.3", "4.0.0")))
