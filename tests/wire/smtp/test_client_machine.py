"""A client's transaction step by step, pipelined and not (RFC 5321 §3.3, RFC 2920 §3.1)."""

from __future__ import annotations

import itertools

import pytest

from protocols.smtp.wire.client_commands import Envelope, ForwardPath, Unsafe, auth, ehlo, mail, rcpt
from protocols.smtp.wire.client_extensions import NOTHING, Offered
from protocols.smtp.wire.client_machine import Confused, Stage, Transaction, Turn
from protocols.smtp.wire.client_replies import ClientReply

MAIL, RCPTS = b"MAIL\r\n", [b"RCPT 1\r\n", b"RCPT 2\r\n"]
ALL = Offered(pipelining=True, eight_bit=True, smtputf8=True, dsn=True, announces_size=True)


def reply(code: int) -> ClientReply:
    return ClientReply(code, "", ("said",))


def play(codes: list[int], *, pipelining: bool) -> tuple[list[bytes], Transaction]:
    """What is sent while these codes are answered, until the end."""
    transaction = Transaction(MAIL, RCPTS, pipelining=pipelining)
    sent = [transaction.begin()]
    for code in codes:
        match transaction.heard(reply(code)):
            case Turn.SEND:
                sent.append(transaction.out)
            case Turn.CONTENT:
                sent.append(b"content")
                transaction.ended()
            case Turn.LONE_DOT:
                sent.append(b".")
                transaction.ended()
            case Turn.OVER:
                sent.append(b"over")
    return sent, transaction


def told(transaction: Transaction) -> list[tuple[int, Stage]]:
    return [(a.code if a else 0, s) for a, s in zip(transaction.answers, transaction.stages, strict=True)]


GROUP = MAIL + b"".join(RCPTS) + b"DATA\r\n"


@pytest.mark.parametrize(
    ("codes", "alone", "grouped", "answers"),
    [
        ([250, 250, 250, 354, 250], [MAIL, *RCPTS, b"DATA\r\n", b"content", b"over"], b"content", [(250, "dot"), (250, "dot")]),
        ([250, 550, 250, 354, 250], [MAIL, *RCPTS, b"DATA\r\n", b"content", b"over"], b"content", [(550, "rcpt"), (250, "dot")]),
        ([250, 251, 451, 354, 552], [MAIL, *RCPTS, b"DATA\r\n", b"content", b"over"], b"content", [(552, "dot"), (451, "rcpt")]),
        ([250, 250, 250, 452], [MAIL, *RCPTS, b"DATA\r\n", b"over"], b"", [(452, "data"), (452, "data")]),
        ([250, 250, 421], [MAIL, *RCPTS, b"over"], b"", [(421, "rcpt"), (421, "rcpt")]),
        ([421], [MAIL, b"over"], b"", [(421, "mail"), (421, "mail")]),
    ],
)
def test_the_way(codes: list[int], alone: list[bytes], grouped: bytes, answers: list[tuple[int, str]]) -> None:
    sent, one_by_one = play(codes, pipelining=False)
    assert sent == alone
    sent, in_group = play(codes, pipelining=True)
    assert sent == [GROUP, *([grouped] if grouped else []), b"over"]
    assert told(one_by_one) == told(in_group) == answers
    assert one_by_one.closing == in_group.closing == (421 in codes)


def test_alone_a_refused_sender_ends_it() -> None:
    sent, transaction = play([550], pipelining=False)
    assert (sent, told(transaction)) == ([MAIL, b"over"], [(550, "mail")] * 2)
    assert not transaction.clean


def test_alone_no_taken_recipient_ends_it() -> None:
    sent, transaction = play([250, 550, 551], pipelining=False)
    assert (sent, told(transaction)) == ([MAIL, *RCPTS, b"over"], [(550, "rcpt"), (551, "rcpt")])


def test_in_a_group_the_replies_behind_a_refusal_are_heard() -> None:
    sent, transaction = play([550, 503, 503, 503], pipelining=True)
    assert (sent, told(transaction)) == ([GROUP, b"over"], [(550, "mail")] * 2)
    sent, transaction = play([250, 550, 551, 554], pipelining=True)
    assert (sent, told(transaction)) == ([GROUP, b"over"], [(550, "rcpt"), (551, "rcpt")])


@pytest.mark.parametrize("codes", [[550, 503, 503, 354, 250], [250, 550, 550, 354, 250], [250, 550, 550, 354, 554]])
def test_who_says_354_to_nobody_gets_a_lone_dot(codes: list[int]) -> None:
    """RFC 2920 §3.1: and whatever is said to it delivers nothing."""
    sent, transaction = play(codes, pipelining=True)
    assert sent == [GROUP, b".", b"over"]
    assert all(code == 550 for code, _ in told(transaction))


@pytest.mark.parametrize(
    ("codes", "pipelining"),
    [([354], False), ([250, 354], False), ([250, 250, 250, 250], False), ([250, 250, 250, 354, 354], True), ([334], True)],
)
def test_replies_out_of_place(codes: list[int], pipelining: bool) -> None:
    with pytest.raises(Confused):
        play(codes, pipelining=pipelining)


@pytest.mark.parametrize("pipelining", [False, True])
def test_nobody_is_delivered_without_a_dot(pipelining: bool) -> None:
    """Every sequence of replies up to the end: success stands for a 2xx at its place, after the content, and for nothing else."""
    for codes in itertools.product([250, 354, 421, 451, 550], repeat=5):
        transaction = Transaction(MAIL, RCPTS, pipelining=pipelining)
        content = False
        try:
            for code in codes:
                turn = transaction.heard(reply(code))
                if turn is Turn.CONTENT:
                    content = True
                if turn in (Turn.CONTENT, Turn.LONE_DOT):
                    transaction.ended()
                if turn is Turn.OVER:
                    assert not transaction.undecided
                    break
        except Confused:
            pass
        for answer, stage in zip(transaction.answers, transaction.stages, strict=True):
            if answer is not None and answer.is_success:
                assert (stage, content, code) == (Stage.DOT, True, 250)


def test_commands_carry_what_was_offered() -> None:
    envelope = Envelope("a@b.test", 1234, eight_bit=True, smtputf8=True, ret="HDRS", envid="Q+2B1")
    path = ForwardPath("c@d.test", "FAILURE,DELAY", "rfc822;c+2Bx@d.test")
    assert mail(envelope, NOTHING) == b"MAIL FROM:<a@b.test>\r\n"
    assert mail(envelope, ALL) == b"MAIL FROM:<a@b.test> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=Q+2B1\r\n"
    assert rcpt(path, NOTHING) == b"RCPT TO:<c@d.test>\r\n"
    assert rcpt(path, ALL) == b"RCPT TO:<c@d.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;c+2Bx@d.test\r\n"
    assert mail(Envelope("", 1), NOTHING) == b"MAIL FROM:<>\r\n"
    assert auth("PLAIN", b"") == b"AUTH PLAIN =\r\n"
    assert auth("LOGIN") == b"AUTH LOGIN\r\n"


def test_an_international_path_needs_smtputf8() -> None:
    assert rcpt(ForwardPath("jürgen@d.test"), ALL) == "RCPT TO:<jürgen@d.test>\r\n".encode()
    with pytest.raises(Unsafe, match="SMTPUTF8"):
        rcpt(ForwardPath("jürgen@d.test"), NOTHING)
    with pytest.raises(Unsafe, match="SMTPUTF8"):
        mail(Envelope("jürgen@d.test", 1), NOTHING)


@pytest.mark.parametrize(
    "evil", ["a@b.test>\r\nDATA", "a\n@b.test", "a@b.test> NOTIFY=NEVER", "a\x00@b.test", "a" * 3000 + "@b.test"]
)
def test_no_address_is_a_second_command(evil: str) -> None:
    with pytest.raises(Unsafe):
        rcpt(ForwardPath(evil), ALL)
    with pytest.raises(Unsafe):
        mail(Envelope(evil, 1), ALL)
    with pytest.raises(Unsafe):
        ehlo("host\r\nMAIL FROM:<>")


def test_a_wish_that_makes_no_sense_is_left_out() -> None:
    assert rcpt(ForwardPath("c@d.test", "NEVER\r\nDATA", "rfc822; c"), ALL) == b"RCPT TO:<c@d.test>\r\n"
    assert mail(Envelope("a@b.test", 1, ret="BOTH", envid="a b"), ALL) == b"MAIL FROM:<a@b.test> SIZE=1\r\n"
