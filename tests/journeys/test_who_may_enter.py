"""Somebody allowed only from 127.0.0.2: refused elsewhere at every door in clear words, out within seconds when that changes.

A protocol is one line of WAYS: how its client signs in from an address, and how it hears that it is put out.
"""

from __future__ import annotations

import base64
import dataclasses
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from mailplatform.access import explain, failures, living, networks
from mailplatform.access.lockout import lockout
from mailplatform.access.models import Failure
from mailplatform.access.subjects import Whose
from mailplatform.mailflow.accounts import close_account, reopen_account
from mailplatform.runtime import pubsub
from mailplatform.settings.site import SiteConfig
from tests.support import doors
from tests.support.doors import PASSWORD, TESTER, House
from tests.support.valkey import Valkey
from tests.support.web import Browser

WHO = "u1@a.test"
ANNA = Whose("user", WHO)
HERE, ELSEWHERE, PROXY = "127.0.0.2", "127.0.0.1", "127.0.0.9"
WORDS = "sign-in from this network is not allowed for this account"
SECONDS = 5.0


class Lines:
    """A connection of lines from an address of our own."""

    def __init__(self, at: tuple[str, int], source: str, before: bytes = b"") -> None:
        self.sock = socket.create_connection(at, 20, source_address=(source, 0))
        if before:
            self.sock.sendall(before)
        self.file = self.sock.makefile("rb")

    def line(self) -> str:
        return self.file.readline().decode()

    def ask(self, text: str) -> str:
        """A command, and the last line of its answer."""
        self.sock.sendall(text.encode() + b"\r\n")
        return self.answer()

    def answer(self) -> str:
        while True:
            line = self.line()
            if not line.startswith(("* ", "250-")) or line.startswith("* BYE"):
                return line

    def close(self) -> None:
        self.file.close()
        self.sock.close()


class Way:
    """One protocol's client, and what it hears: let in, not from there, wrong password, out by policy or an administrator."""

    door, good, denied, wrong, goodbye, ended = "", "", "", "", "", ""

    def __init__(self, house: House, source: str, before: bytes = b"") -> None:
        self.lines = Lines(house.addresses[self.door], source, before)
        self.lines.line()

    def enter(self, password: str = PASSWORD) -> str:
        raise NotImplementedError

    def out(self) -> str:
        """The last words; then the connection ends."""
        words = self.lines.answer()
        assert self.lines.line() == ""
        return words

    def close(self) -> None:
        self.lines.close()


class ImapWay(Way):
    door = "imap"
    good = "a OK "
    denied = f"a NO [CONTACTADMIN] {WORDS}\r\n"
    wrong = "a NO [AUTHENTICATIONFAILED] authentication failed\r\n"
    goodbye = "* BYE [CONTACTADMIN] sign-in from this network is no longer allowed\r\n"
    ended = "* BYE an administrator has ended this session\r\n"

    def enter(self, password: str = PASSWORD) -> str:
        return self.lines.ask(f'a LOGIN {WHO} "{password}"')


class SubmissionWay(Way):
    door = "submission"
    good = "235 "
    denied = f"535 5.7.0 {WORDS[0].upper()}{WORDS[1:]}\r\n"
    wrong = "535 5.7.8 Authentication credentials invalid\r\n"
    goodbye = "421 4.7.0 Sign-in from this network is no longer allowed, closing connection\r\n"
    ended = "421 4.3.2 An administrator has ended this session, closing connection\r\n"

    def enter(self, password: str = PASSWORD) -> str:
        self.lines.ask("EHLO client.test")
        return self.lines.ask("AUTH PLAIN " + base64.b64encode(f"\0{WHO}\0{password}".encode()).decode())


class Pop3Way(Way):
    door = "pop3"
    good = "+OK"
    denied = f"-ERR [AUTH] {WORDS[0].upper()}{WORDS[1:]}\r\n"
    wrong = "-ERR [AUTH] Authentication failed\r\n"
    goodbye = denied
    ended = "-ERR [SYS/PERM] An administrator ended this session\r\n"

    def enter(self, password: str = PASSWORD) -> str:
        self.lines.ask(f"USER {WHO}")
        return self.lines.ask(f"PASS {password}")


WAYS: tuple[type[Way], ...] = (ImapWay, SubmissionWay, Pop3Way)
ROLES = [way.door for way in WAYS]


@pytest.fixture(autouse=True)
def counting_anew() -> Iterator[None]:
    """The failures of one test, and the networks known from it, are not the next one's."""
    lockout.cache_clear()
    yield
    lockout.cache_clear()


@contextmanager
def serving(site: SiteConfig, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The doors where people sign in."""
    monkeypatch.setattr(settings, "SITE", site)
    monkeypatch.setattr(pubsub, "_publisher", None)
    with doors.running(site, ROLES) as running:
        yield running


@pytest.fixture
def house(real: object, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with serving(doors.a_site(tmp_path, valkey.url), monkeypatch) as running:
        yield running


@pytest.fixture
def only_here(house: House) -> House:
    house.open(WHO)
    networks.add_network("desk", [HERE], actor=TESTER)
    networks.allow(ANNA, ["desk"], actor=TESTER)
    return house


@pytest.fixture
def proxied(real: object, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The doors behind a load balancer at PROXY."""
    site = doors.a_site(tmp_path, valkey.url)
    site = dataclasses.replace(site, proxy=dataclasses.replace(site.proxy, networks=(f"{PROXY}/32",), timeout_seconds=1.0))
    with serving(site, monkeypatch) as running:
        running.open(WHO)
        networks.add_network("desk", [HERE], actor=TESTER)
        networks.allow(ANNA, ["desk"], actor=TESTER)
        yield running


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.door)
def test_only_from_here_and_with_clear_words_elsewhere(only_here: House, way: type[Way]) -> None:
    for source, right in ((HERE, True), (ELSEWHERE, False)):
        client = way(only_here, source)
        said = client.enter()
        assert said.startswith(way.good) if right else said == way.denied
        explained = explain.explain(WHO, client_address=source, protocol=way.door)
        assert explained.allowed is right
        client.close()
        stranger = way(only_here, source)
        assert stranger.enter("wrong-password") == way.wrong
        stranger.close()


def changes() -> list[tuple[str, Callable[[], object], str]]:
    return [
        ("policy", lambda: networks.set_network("desk", cidrs=["127.0.0.3"], actor=TESTER), "goodbye"),
        ("ended", lambda: living.end_all(WHO, actor=TESTER), "ended"),
    ]


@pytest.mark.parametrize("hints", [True, False], ids=["hints", "no hints"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.door)
def test_a_change_puts_out_who_is_in_within_five_seconds(only_here: House, valkey: Valkey, way: type[Way], hints: bool) -> None:
    for what, change, words in changes():
        client = way(only_here, HERE)
        assert client.enter().startswith(way.good)
        wait_for_rows(1)
        if not hints:
            valkey.stop()
        try:
            began = time.monotonic()
            change()
            assert client.out().startswith(getattr(way, words)), what
            assert time.monotonic() - began < SECONDS
        finally:
            client.close()
            if not hints:
                valkey.start()
        wait_for_rows(0)
        networks.set_network("desk", cidrs=[HERE], actor=TESTER)
    client = way(only_here, HERE)
    assert client.enter().startswith(way.good)
    began = time.monotonic()
    close_account(WHO, actor=TESTER)
    client.out()
    assert time.monotonic() - began < SECONDS
    client.close()
    reopen_account(WHO, actor=TESTER)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.door)
def test_only_the_proxy_is_believed_and_it_must_speak(proxied: House, way: type[Way]) -> None:
    header = b"PROXY TCP4 %b 127.0.0.1 4711 1\r\n"
    through = way(proxied, PROXY, header % HERE.encode())
    assert through.enter().startswith(way.good)
    through.close()
    through = way(proxied, PROXY, header % b"127.0.0.7")
    assert through.enter() == way.denied
    through.close()
    silent = Lines(proxied.addresses[way.door], PROXY)
    assert silent.line() == "", "a proxy that does not say whom it speaks for is cut off, ungreeted"
    silent.close()
    bare = Lines(proxied.addresses[way.door], PROXY, b"EHLO x\r\n")
    assert bare.line() == ""
    bare.close()
    forger = way(proxied, ELSEWHERE, header % HERE.encode())
    forger.lines.line()  # whatever that line was taken for, it was not a header
    assert not forger.enter().startswith(way.good)
    forger.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.door)
def test_lock_out_and_throttle_are_one_to_the_client_and_two_to_the_administrator(
    house: House, way: type[Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = dataclasses.replace(settings.SITE.access, failure_delay_seconds=0.01, failure_delay_longest_seconds=0.1)
    monkeypatch.setattr(settings, "SITE", dataclasses.replace(settings.SITE, access=quick))
    lockout.cache_clear()
    house.open(WHO)
    most = house.site.access.lockout_failures

    def guess() -> str:
        client = way(house, ELSEWHERE)
        try:
            return client.enter("wrong-password")
        finally:
            client.close()

    assert guess() == way.wrong
    row = failures.list_failures(WHO)
    assert [(one.state, one.failures, one.last_protocol) for one in row] == [("throttled", 1, way.door)]
    for _ in range(most + 2):
        assert guess() == way.wrong
    Failure.objects.filter(login=WHO).update(shut_until="2099-01-01T00:00:00Z")
    time.sleep(1.1)  # as long as a process believes what it read of the ledger
    client = way(house, ELSEWHERE)
    assert client.enter() == way.wrong, "the right password, in words of a wrong one"
    client.close()
    (one,) = failures.list_failures(WHO)
    assert (one.state, one.last_address) == ("locked out", ELSEWHERE)
    assert explain.explain(WHO, client_address=ELSEWHERE, protocol=way.door).locked_out
    failures.clear_failures(login=WHO, actor=TESTER)
    time.sleep(1.1)
    client = way(house, ELSEWHERE)
    assert client.enter().startswith(way.good)
    client.close()


def test_the_web_from_here_only_and_a_change_counts_at_the_next_click(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.open(WHO, role="administrator")
    networks.add_network("desk", [HERE], actor=TESTER)
    networks.allow(ANNA, ["desk"], actor=TESTER)
    inside = Browser(REMOTE_ADDR=HERE)
    assert inside.sign_in(WHO, secure=True).status_code == 302
    assert inside.get("/admin/", secure=True).status_code == 200
    for forged in ({}, {"HTTP_X_FORWARDED_FOR": HERE}):
        page = Browser(REMOTE_ADDR=ELSEWHERE).sign_in(WHO, secure=True, **forged)
        assert page.status_code == 403
        assert "Sign-in from this network is not allowed for this account." in page.content.decode()
        wrong = Browser(REMOTE_ADDR=ELSEWHERE).sign_in(WHO, "wrong-password", secure=True, **forged)
        assert "this network" not in wrong.content.decode()
    web = dataclasses.replace(house.site.web, proxy_networks=("127.0.0.1/32",))
    monkeypatch.setattr(settings, "SITE", dataclasses.replace(house.site, web=web))
    through = Browser(REMOTE_ADDR=ELSEWHERE)
    assert through.sign_in(WHO, secure=True, HTTP_X_FORWARDED_FOR=f"192.0.2.1, {HERE}").status_code == 302
    assert through.get("/admin/", secure=True, HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 302
    networks.set_network("desk", cidrs=["127.0.0.3"], actor=TESTER, force=True)
    assert inside.get("/admin/", secure=True).headers["Location"].startswith("/sign-in")


def wait_for_rows(count: int) -> None:
    """Until so many sessions stand in the table, which is written behind."""
    until = time.monotonic() + 20
    while sum(one.login == WHO for one in living.list_sessions()) != count:
        assert time.monotonic() < until
        time.sleep(0.05)
