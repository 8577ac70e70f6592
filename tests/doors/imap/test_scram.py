"""AUTHENTICATE SCRAM-SHA-256, with an initial response and without, in clear and under TLS. RFC 7677, RFC 4959."""

from __future__ import annotations

import base64

import pytest

from mailplatform.access import credentials
from mailplatform.directory.values import CLI
from mailplatform.standards.sasl import scram
from tests.support.clients.imap import Imap
from tests.support.doors import PASSWORD, House


def encoded(text: bytes) -> bytes:
    return base64.b64encode(text) + b"\r\n"


def scram_in(imap: Imap, login: str, secret: str, *, initial: bool = True) -> bytes:
    """Go through the exchange; the tagged answer."""
    mine = scram.Client(login, secret, "client-nonce")
    if initial:
        imap.send_raw(b"a AUTHENTICATE SCRAM-SHA-256 " + encoded(mine.first))
    else:
        imap.send_raw(b"a authenticate scram-sha-256\r\n")
        assert imap.read_answer() == b"+ "
        imap.send_raw(encoded(mine.first))
    imap.send_raw(encoded(mine.final(base64.b64decode(imap.read_answer()[2:]))))
    answer = imap.read_answer()
    if answer.startswith(b"+ "):
        assert mine.is_server(base64.b64decode(answer[2:]))
        imap.send_raw(b"\r\n")
        answer = imap.read_answer()
    return answer


@pytest.mark.parametrize("initial", [True, False], ids=["initial response", "asked for"])
def test_scram_by_app_password(house: House, initial: bool) -> None:
    (info,) = house.open("u1@a.test")
    assert info.user_id is not None
    drawn = credentials.add_app_password(info.user_id, "phone", scopes=["imap"], actor=CLI)
    other = credentials.add_app_password(info.user_id, "sender", scopes=["submission"], actor=CLI)
    with Imap.connect(*house.addresses["imap"]) as imap:
        assert "AUTH=SCRAM-SHA-256" in imap.ok("CAPABILITY").one("CAPABILITY").values
        for secret in (PASSWORD, other, "wrong"):
            assert scram_in(imap, "u1@a.test", secret, initial=initial).startswith(b"a NO [AUTHENTICATIONFAILED] ")
        assert scram_in(imap, "u1@a.test", drawn, initial=initial).startswith(b"a OK [CAPABILITY IMAP4rev1 ")
        imap.select("INBOX")


def test_an_exchange_can_be_given_up_or_spoilt(house: House) -> None:
    house.open("u1@a.test")
    mine = scram.Client("u1@a.test", "x", "client-nonce")
    with Imap.connect(*house.addresses["imap"]) as imap:
        for line in (b"*\r\n", b"!!!\r\n", encoded(b"c=biws,r=another,p=AAAA"), b"\r\n"):
            imap.send_raw(b"a AUTHENTICATE SCRAM-SHA-256 " + encoded(mine.first))
            assert imap.read_answer().startswith(b"+ ")
            imap.send_raw(line)
            assert imap.read_answer().startswith(b"a BAD ")
        imap.send_raw(b"a AUTHENTICATE SCRAM-SHA-256 " + encoded(b"n,a=u2@a.test,n=u1@a.test,r=client-nonce"))
        assert imap.read_answer().startswith(b"a NO [AUTHORIZATIONFAILED] ")
        imap.login("u1@a.test", PASSWORD)
