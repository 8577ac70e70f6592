"""What a session sees, takes and deletes; with IMAP beside it. RFC 1939, RFC 2449."""

from __future__ import annotations

import time
import uuid

import pytest

from mailplatform.directory import accounts
from mailplatform.store import maildrop
from tests.doors.pop3.conftest import Pop
from tests.support.doors import TESTER, House

ONE = b"Subject: one\r\n\r\nfirst\r\n.dot\r\n..\r\n"
TWO = b"Subject: two\r\n\r\nsecond, without an end"
THREE = b"Subject: three\n\nbare\n.\nlines\n"


def fill(house: House, *messages: bytes, flags: str = "") -> None:
    with house.reader("u1@a.test", None) as imap:
        for message in messages:
            imap.append("INBOX", message)


def until_free(house: House) -> Pop:
    """Sign in as soon as the session before has been given up."""
    for _ in range(100):
        pop = Pop(house.addresses["pop3"])
        pop.line()
        pop.ask("USER u1@a.test")
        if pop.ask("PASS a-password-of-tests").startswith(b"+OK"):
            return pop
        pop.close()
        time.sleep(0.05)
    raise AssertionError("the maildrop stays in use")


def test_messages_come_as_their_sizes_say(house: House) -> None:
    house.open("u1@a.test")
    fill(house, ONE, TWO, THREE)
    with Pop.signed_in(house) as pop:
        sizes = [int(line.split()[1]) for line in pop.many("LIST")]
        assert pop.ask("STAT") == b"+OK 3 %d\r\n" % sum(sizes)
        got = [b"".join(pop.many(f"RETR {number}")) for number in (1, 2, 3)]
        assert [len(content) for content in got] == sizes
        assert got == [ONE, TWO + b"\r\n", THREE.replace(b"\n", b"\r\n")]
        assert pop.ask("LIST 2") == b"+OK 2 %d\r\n" % sizes[1]
        assert b"".join(pop.many("TOP 1 1")) == b"Subject: one\r\n\r\nfirst\r\n"
        assert b"".join(pop.many("TOP 1 0")) == b"Subject: one\r\n\r\n"
        for command in ("RETR 0", "RETR 4", "LIST 9", "DELE 4", "TOP 4 0", "UIDL 4"):
            assert pop.ask(command).startswith(b"-ERR ")
        assert pop.ask("QUIT").startswith(b"+OK") and pop.line() == b""


def test_unique_ids_live_as_long_as_the_message(house: House) -> None:
    house.open("u1@a.test")
    fill(house, ONE, ONE, TWO)
    with Pop.signed_in(house) as pop:
        first = [line.split()[1] for line in pop.many("UIDL")]
        assert len(set(first)) == 3  # the same content twice is two messages
        assert pop.ask("UIDL 2") == b"+OK 2 %b\r\n" % first[1]
        pop.ask("DELE 1")
        assert [line.split()[0] for line in pop.many("UIDL")] == [b"2", b"3"]
        pop.ask("QUIT")
    with Pop.signed_in(house) as pop:
        assert [line.split() for line in pop.many("UIDL")] == [[b"1", first[1]], [b"2", first[2]]]


def test_deletions_wait_for_quit(house: House) -> None:
    house.open("u1@a.test")
    fill(house, ONE, TWO)
    with Pop.signed_in(house) as pop:
        assert pop.ask("DELE 1").startswith(b"+OK")
        assert pop.ask("DELE 1").startswith(b"-ERR")
        assert pop.ask("RETR 1").startswith(b"-ERR")
        assert pop.ask("RSET").startswith(b"+OK")
        assert pop.ask("STAT").startswith(b"+OK 2 ")
        pop.ask("DELE 2")
    with until_free(house) as pop:  # the connection was lost, nothing was deleted
        assert pop.ask("STAT").startswith(b"+OK 2 ")
        pop.ask("DELE 2")
        with house.reader("u1@a.test") as imap:
            assert pop.ask("QUIT").startswith(b"+OK")
            imap.ok("NOOP")
            assert imap.search("ALL") == [1]


@pytest.mark.parametrize(("policy", "inbox", "trash"), [("delete", 1, 0), ("trash", 1, 1), ("keep", 2, 0)])
def test_what_deleting_means_is_the_accounts_to_say(house: House, policy: str, inbox: int, trash: int) -> None:
    house.open("u1@a.test")
    fill(house, ONE, TWO)
    assert accounts.set_account("u1@a.test", pop3_delete=policy, actor=TESTER).pop3_delete == policy
    with Pop.signed_in(house) as pop:
        pop.many("RETR 1")
        pop.ask("DELE 1")
        assert pop.ask("QUIT").startswith(b"+OK")
    with house.reader("u1@a.test") as imap:
        assert len(imap.search("ALL")) == inbox
        assert len(imap.search("KEYWORD", "$POP3Deleted")) == (1 if policy == "keep" else 0)
        imap.select("Trash")
        assert len(imap.search("ALL")) == trash
    with Pop.signed_in(house) as pop:
        assert pop.ask("STAT") == b"+OK 1 %d\r\n" % (len(TWO) + 2)


def test_what_was_read_is_seen(house: House) -> None:
    house.open("u1@a.test")
    fill(house, ONE, TWO)
    with Pop.signed_in(house) as pop:
        pop.many("RETR 2")
        pop.many("TOP 1 5")
        pop.ask("QUIT")
    with house.reader("u1@a.test") as imap:
        assert imap.search("SEEN") == [2]


def test_one_session_at_a_time(house: House) -> None:
    (info,) = house.open("u1@a.test")
    with Pop.signed_in(house) as first, Pop(house.addresses["pop3"]) as second:
        second.line()
        second.ask("USER u1@a.test")
        assert second.ask("PASS a-password-of-tests").startswith(b"-ERR [IN-USE] ")
        assert second.ask("STAT").startswith(b"-ERR")  # still in AUTHORIZATION
        assert first.ask("QUIT").startswith(b"+OK")
        second.ask("USER u1@a.test")
        assert second.ask("PASS a-password-of-tests").startswith(b"+OK")
        second.ask("QUIT")
    # a process that was killed gives nothing back; its lease ends by itself
    holder = uuid.uuid4()
    maildrop.enter(info.id, holder, lease_seconds=1.0)
    with pytest.raises(maildrop.Busy):
        maildrop.enter(info.id, uuid.uuid4(), lease_seconds=1.0)
    assert maildrop.renew({holder: info.id}, lease_seconds=1.0) == {holder}
    until_free(house).close()
    assert maildrop.renew({holder: info.id}, lease_seconds=1.0) == frozenset()


def test_a_message_that_another_expunged_is_still_read(house: House) -> None:
    house.open("u1@a.test")
    fill(house, ONE, TWO)
    with Pop.signed_in(house) as pop, house.reader("u1@a.test") as imap:
        imap.ok("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)")
        imap.ok("EXPUNGE")
        assert b"".join(pop.many("RETR 1")) == ONE
        pop.ask("DELE 1")
        assert pop.ask("QUIT").startswith(b"+OK")


def test_a_large_message_is_streamed_exactly(house: House) -> None:
    house.open("u1@a.test")
    body = b"".join(b".%d %b\r\n" % (number, b"x" * 60) for number in range(30_000))
    fill(house, b"Subject: large\r\n\r\n" + body, ONE)
    with Pop.signed_in(house) as pop:
        content = b"".join(pop.many("RETR 1"))
        assert content == b"Subject: large\r\n\r\n" + body
        assert pop.ask("LIST 1") == b"+OK 1 %d\r\n" % len(content)
        assert b"".join(pop.many("TOP 1 1")) == b"Subject: large\r\n\r\n" + body[: body.index(b"\n") + 1]
        assert b"".join(pop.many("RETR 2")) == ONE


def test_many_in_order_and_out_of_order(house: House) -> None:
    house.open("u1@a.test")
    messages = [b"Subject: %d\r\n\r\n%b\r\n" % (number, b"y" * number) for number in range(40)]
    fill(house, *messages)
    with Pop.signed_in(house) as pop:
        pop.send(b"".join(b"RETR %d\r\n" % (number + 1) for number in range(40)))  # PIPELINING
        for message in messages:
            assert pop.line().startswith(b"+OK")
            assert b"".join(pop.lines()) == message
        for number in (39, 3, 4, 5, 1, 1, 40):
            assert b"".join(pop.many(f"RETR {number}")) == messages[number - 1]
        pop.send(b"".join(b"DELE %d\r\n" % number for number in range(1, 40)) + b"STAT\r\nQUIT\r\n")
        answers = [pop.line() for _ in range(41)]
        assert answers[39] == b"+OK 1 %d\r\n" % len(messages[-1]) and answers[40].startswith(b"+OK")
    with Pop.signed_in(house) as pop:
        assert pop.ask("STAT").startswith(b"+OK 1 ")
