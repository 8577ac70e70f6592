"""Coming in, or not: USER/PASS, AUTH, STLS, capabilities, languages, deadlines, being put out.

RFC 2595, RFC 5034, RFC 3206, RFC 6856.
"""

from __future__ import annotations

import base64
import contextlib
import poplib
import re
import ssl
import time

import pytest

from mailplatform.access import credentials
from mailplatform.directory import accounts
from mailplatform.directory.values import CLI
from mailplatform.runtime import errors as domain
from mailplatform.standards.sasl import scram
from protocols.pop3 import words
from protocols.pop3.errors import REPLIES, refusal
from protocols.pop3.words import WORDS
from tests.doors.pop3.conftest import Pop
from tests.house.smtp.test_errors import family
from tests.support.doors import PASSWORD, TESTER, House


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def scram_in(pop: Pop, login: str, secret: str, *, initial: bool) -> bytes:
    mine = scram.Client(login, secret, "client-nonce")
    if initial:
        answer = pop.ask(f"AUTH SCRAM-SHA-256 {encoded(mine.first)}")
    else:
        assert pop.ask("AUTH SCRAM-SHA-256") == b"+ \r\n"
        answer = pop.ask(encoded(mine.first))
    answer = pop.ask(encoded(mine.final(base64.b64decode(answer[2:]))))
    if answer.startswith(b"+ "):
        assert mine.is_server(base64.b64decode(answer[2:]))
        answer = pop.ask("")
    return answer


def test_poplib_by_all_its_ways(house: House) -> None:
    house.open("u1@a.test")
    secure = ssl.create_default_context()
    secure.check_hostname, secure.verify_mode = False, ssl.CERT_NONE
    for way in ("clear", "stls", "implicit"):
        if way == "implicit":
            pop: poplib.POP3 = poplib.POP3_SSL(*house.addresses["pop3s"], context=secure, timeout=20)
        else:
            pop = poplib.POP3(*house.addresses["pop3"], timeout=20)
        assert ("STLS" in pop.capa()) is (way != "implicit")
        if way == "stls":
            pop.stls(secure)
            assert "STLS" not in pop.capa()
        assert {"USER", "SASL", "UTF8", "LANG", "PIPELINING"} <= pop.capa().keys()
        pop.user("u1@a.test")
        pop.pass_(PASSWORD)
        assert pop.stat() == (0, 0)
        assert pop.quit().startswith(b"+OK")


@pytest.mark.parametrize("initial", [True, False])
def test_sasl(house: House, initial: bool) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    drawn = credentials.add_app_password(info.user_id, "phone", scopes=["pop3"], actor=CLI)
    other = credentials.add_app_password(info.user_id, "reader", scopes=["imap"], actor=CLI)
    with Pop(house.addresses["pop3"]) as pop:
        pop.line()
        assert [line.strip() for line in pop.many("AUTH")] == [b"SCRAM-SHA-256", b"PLAIN"]
        assert pop.ask("AUTH LOGIN").startswith(b"-ERR ")
        for line in ("*", "!!!", encoded(b"no response"), ""):
            assert pop.ask("AUTH PLAIN") == b"+ \r\n"
            assert pop.ask(line).startswith(b"-ERR ")
        for secret in (other, PASSWORD):
            assert scram_in(pop, "u1@a.test", secret, initial=initial).startswith(b"-ERR [AUTH] ")
        assert scram_in(pop, "u1@a.test", drawn, initial=initial).startswith(b"+OK ")
        assert pop.ask("QUIT").startswith(b"+OK")
    with Pop(house.addresses["pop3"]) as pop:
        pop.line()
        said = encoded(b"\0u1@a.test\0" + PASSWORD.encode())
        assert pop.ask("AUTH PLAIN " + encoded(b"u2@a.test\0u1@a.test\0x")).startswith(b"-ERR [AUTH] ")
        if initial:
            assert pop.ask(f"AUTH PLAIN {said}").startswith(b"+OK ")
        else:
            pop.ask("AUTH PLAIN")
            assert pop.ask(said).startswith(b"+OK ")


def test_every_refusal_is_the_same_and_too_many_end_it(house: House) -> None:
    house.open("u1@a.test", "shut@a.test")
    accounts.set_account("shut@a.test", state="suspended", actor=TESTER)
    told = set()
    with Pop(house.addresses["pop3"]) as pop:
        pop.line()
        assert pop.ask("PASS x").startswith(b"-ERR ")
        for name in ("u1@a.test", "shut@a.test", "nobody@a.test", "no login"):
            assert pop.ask(f"USER {name}").startswith(b"+OK")
            told.add(pop.ask("PASS wrong"))
        assert told == {b"-ERR [AUTH] Authentication failed\r\n"}
        while line := pop.ask("BOGUS"):
            assert line.startswith(b"-ERR ")


def test_what_came_in_clear_with_stls_is_not_obeyed(house: House) -> None:
    """RFC 2595 §4, CVE-2011-0411; and what was said before is forgotten."""
    house.open("u1@a.test")
    pop = Pop(house.addresses["pop3"])
    pop.line()
    assert pop.ask("LANG it") == b"+OK it Lingua cambiata\r\n"
    pop.ask("USER u1@a.test")
    pop.send(b"STLS\r\nCAPA\r\nQUIT\r\n")
    assert pop.line().startswith(b"+OK ")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    pop.sock = context.wrap_socket(pop.sock)
    pop._file = pop.sock.makefile("rb")
    assert pop.ask(f"PASS {PASSWORD}") == b"-ERR USER comes first\r\n"
    assert pop.ask("STLS") == b"-ERR TLS is on already\r\n"
    pop.ask("USER u1@a.test")
    assert pop.ask(f"PASS {PASSWORD}").startswith(b"+OK ")
    pop.close()


def test_languages(house: House) -> None:
    house.open("u1@a.test")
    with Pop.signed_in(house) as pop:
        assert pop.many("LANG") == [b"en English\r\n", b"it Italiano\r\n"]
        assert pop.ask("LANG it-CH") == b"+OK it Lingua cambiata\r\n"
        assert pop.ask("RETR 1").decode() == "-ERR Non c'è questo messaggio\r\n"
        assert pop.ask("LANG tlh").startswith(b"-ERR ")
        assert pop.ask("LANG *") == b"+OK en Language changed\r\n"
        assert pop.ask("UTF8").startswith(b"-ERR ")  # only before sign-in


def test_every_word_in_every_language() -> None:
    for word, texts in WORDS.items():
        assert texts.keys() == words.LANGUAGES.keys(), word
        assert len({frozenset(re.findall(r"{(\w+)}", text)) for text in texts.values()}) == 1, word


@pytest.mark.parametrize("kind", sorted(set(family(domain.MailError)), key=lambda kind: kind.__name__))
def test_the_table_is_total(kind: type[domain.MailError]) -> None:
    if kind.__module__ == domain.__name__:
        assert kind in REPLIES
    assert refusal(kind()).word in WORDS


def test_a_changed_password_ends_the_session_and_deletes_nothing(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    with house.reader("u1@a.test", None) as imap:
        imap.append("INBOX", b"Subject: x\r\n\r\n")
    with Pop.signed_in(house) as pop:
        pop.ask("DELE 1")
        credentials.set_password(info.user_id, "another horse", actor=CLI)
        began = time.monotonic()
        assert pop.line() == b"-ERR [AUTH] This sign-in is no longer valid\r\n" and pop.line() == b""
        assert time.monotonic() - began < 5
    for _ in range(100):
        with Pop(house.addresses["pop3"]) as pop:
            pop.line()
            pop.ask("USER u1@a.test")
            if pop.ask("PASS another horse").startswith(b"+OK 1"):
                return
        time.sleep(0.05)
    raise AssertionError("the maildrop is still in use, or the message is gone")


def test_who_does_not_read_is_put_out_as_soon_as_they_do(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    with house.reader("u1@a.test", None) as imap:
        imap.append("INBOX", b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 200_000)
    with Pop.signed_in(house) as pop:
        assert pop.ask("TOP 1 200000").startswith(b"+OK")  # the rest is under way, and stands still
        credentials.set_password(info.user_id, "another horse", actor=CLI)
        time.sleep(0.5)  # the hint comes at once
        pop.sock.settimeout(5)
        *_, last = iter(pop.line, b"")
        assert last == b"-ERR [AUTH] This sign-in is no longer valid\r\n"


def test_a_long_answer_does_not_keep_anybody_in(house: House) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    content = b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 200_000
    with house.reader("u1@a.test", None) as imap:
        imap.append("INBOX", content)
    with Pop.signed_in(house) as pop, Pop(house.addresses["imap"]) as reader:
        reader.line()
        assert reader.ask(f"a LOGIN u1@a.test {PASSWORD}").startswith(b"a OK")
        reader.send(b"b EXAMINE INBOX\r\n")
        while not reader.line().startswith(b"b OK"):
            pass
        assert pop.ask("RETR 1").startswith(b"+OK")
        assert reader.ask("c FETCH 1 BODY[]").startswith(b"* 1 FETCH")
        credentials.set_password(info.user_id, "another horse", actor=CLI)
        time.sleep(5)  # neither reads meanwhile
        for one in (pop, reader):
            got = 0
            with contextlib.suppress(ConnectionResetError):
                one.sock.settimeout(5)
                while more := one.sock.recv(1 << 20):
                    got += len(more)
            assert got < len(content) - 2**20  # what the kernel held, and no end
