"""TLS, signing in, extensions, and one connection for several messages."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import ssl
from pathlib import Path

import pytest

from mailplatform.transport.values import Ending
from tests.house.smtp_agent.scene import (
    CONTENT,
    PATIENT,
    PREFIX,
    Scene,
    a_route,
    client_context,
    play,
    server_context,
)
from tests.support.fake_mx import CLOSE, HANG, FakeMx


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path)


# -- TLS


def test_tls_where_it_is_offered_whatever_the_certificate(tls: ssl.SSLContext) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert (answer.kind, mx.taken[0].tls) == (Ending.DELIVERED, True)
        assert answer.tls.startswith("TLSv1.3 TLS_")
        assert mx.commands[:3] == ["EHLO out.test", "STARTTLS", "EHLO out.test"]

    play(scene, FakeMx(context=tls), terms=PATIENT)


def test_tls_can_be_turned_off(tls: ssl.SSLContext) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        assert ((await house.one()).kind, mx.taken[0].tls) == (Ending.DELIVERED, False)

    play(scene, FakeMx(context=tls), terms=dataclasses.replace(PATIENT, tls=False))


@pytest.mark.parametrize(
    ("said", "connections"),
    [
        (454, 1),
        ("502 5.5.1 what", 1),
        (b"220 go\r\nnot a handshake\r\n", 2),
        (b"220 go\r\n220 injected\r\n", 2),
        (CLOSE, 2),
        (HANG, 2),
    ],
)
def test_tls_that_fails_is_done_without_and_told(said: object, connections: int) -> None:
    """Opportunistic: better in clear than never (RFC 7435), once, over a new connection."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert (answer.kind, answer.tls, mx.connections) == (Ending.DELIVERED, "", connections)
        assert answer.reply.startswith("250 dot says so (without TLS: ")

    mx = FakeMx(("PIPELINING", "STARTTLS"), say={"STARTTLS": [said]})  # type: ignore[list-item]
    play(scene, mx)


@pytest.mark.parametrize(
    ("mode", "offers", "trusts", "kind", "words"),
    [
        ("none", True, False, Ending.DELIVERED, "250"),
        ("may", True, False, Ending.DELIVERED, "250"),
        ("encrypt", True, False, Ending.DELIVERED, "250"),
        ("encrypt", False, False, Ending.DEFERRED, "the server does not offer TLS, which its route asks for"),
        ("verify", True, True, Ending.DELIVERED, "250"),
        ("verify", True, False, Ending.DEFERRED, "the TLS handshake failed: self-signed certificate"),
        ("verify", False, True, Ending.DEFERRED, "the server does not offer TLS"),
    ],
)
def test_what_a_route_asks_of_tls(tmp_path: Path, mode: str, offers: bool, trusts: bool, kind: Ending, words: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, host="mx.a.test", tls=mode))
        assert answer.kind == kind
        assert answer.reply.startswith(words)
        assert all(taken.tls == (mode != "none") for taken in mx.taken)

    context = server_context(tmp_path)
    trusted = client_context(tmp_path) if trusts else None
    play(scene, FakeMx(context=context if offers else None), terms=PATIENT, trusted=trusted)


def test_a_certificate_of_another_name_is_not_the_routes(tmp_path: Path) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, host="mx.a.test", tls="verify"))
        assert (answer.kind, answer.stage) == (Ending.DEFERRED, "starttls")
        assert "Hostname mismatch" in answer.reply

    context = server_context(tmp_path, "other.test")
    play(scene, FakeMx(context=context), terms=PATIENT, trusted=client_context(tmp_path, "other.test"))


def test_tls_from_the_first_octet(tmp_path: Path) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, host="mx.a.test", tls="implicit"))
        assert (answer.kind, answer.tls[:7], mx.taken[0].tls) == (Ending.DELIVERED, "TLSv1.3", True)

    context = server_context(tmp_path)
    play(scene, FakeMx(context=context, implicit=True), terms=PATIENT, trusted=client_context(tmp_path))


# -- signing in


def decoded(word: str) -> bytes:
    return base64.b64decode(word)


def test_plain_over_tls(tls: ssl.SSLContext) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, login="us", password="pässword"))
        assert answer.kind == Ending.DELIVERED
        (said,) = [line for line in mx.commands if line.startswith("AUTH")]
        assert decoded(said.split()[2]) == "\0us\0pässword".encode()

    play(scene, FakeMx(("AUTH LOGIN PLAIN",), context=tls), terms=PATIENT)


def test_login_over_tls(tls: ssl.SSLContext) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, login="us", password="secret"))
        assert answer.kind == Ending.DELIVERED
        at = mx.commands.index("AUTH LOGIN")
        assert [decoded(line) for line in mx.commands[at + 1 : at + 3]] == [b"us", b"secret"]

    play(scene, FakeMx(("AUTH LOGIN",), context=tls, say={"AUTH": ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", 235]}), terms=PATIENT)


def test_no_password_in_clear_unless_the_route_says_so() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, login="us", password="secret"))
        assert (answer.kind, answer.stage, answer.enhanced) == (Ending.DEFERRED, "auth", "4.7.11")
        assert not any(line.startswith("AUTH") for line in mx.commands)
        answer = await house.one(route=a_route(mx, login="us", password="secret", auth_without_tls=True))
        assert answer.kind == Ending.DELIVERED

    play(scene, FakeMx(("AUTH PLAIN",)))


@pytest.mark.parametrize(
    ("offers", "said", "words"),
    [
        ("AUTH PLAIN", [535], "535 auth says so"),
        ("AUTH LOGIN", ["334 x", "334 x", "334 x", "501 stop"], "501 stop"),
        ("AUTH CRAM-MD5", [235], "the server offers no way to sign in that we know"),
        ("AUTH PLAIN", [HANG], "the server did not answer within"),
    ],
)
def test_a_password_that_is_refused_is_our_own_trouble(offers: str, said: list[object], words: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx, login="us", password="secret", auth_without_tls=True))
        assert (answer.kind, answer.stage) == (Ending.DEFERRED, "auth")
        assert answer.reply.startswith(words)
        assert "secret" not in answer.reply

    play(scene, FakeMx((offers,), say={"AUTH": said}))  # type: ignore[dict-item]


@pytest.mark.parametrize("stage", ["GREETING", "EHLO"])
def test_a_smart_host_that_will_not_have_us_is_our_own_trouble(stage: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(route=a_route(mx))
        assert (answer.kind, answer.code, answer.stage) == (Ending.DEFERRED, 554, stage.lower())

    play(scene, FakeMx(say={stage: [554], "HELO": [554]}))


# -- what a server can take

EIGHT = "Subject: x\r\n\r\nGrüße\r\n".encode()
UTF8_HEADER = "Subject: Grüße\r\n\r\nx\r\n".encode()


def test_extensions_are_used_where_offered() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        item = {"notify": "SUCCESS,FAILURE", "orcpt": "rfc822;u0@a.test"}
        answer = await house.one(content=EIGHT, smtputf8=True, ret="HDRS", envid="id1", item=item)
        assert (answer.kind, answer.dsn_relayed) == (Ending.DELIVERED, True)
        size = len(PREFIX) + len(EIGHT)
        assert f"MAIL FROM:<sender@out.test> SIZE={size} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id1" in mx.commands
        assert "RCPT TO:<u1@a.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;u0@a.test" in mx.commands

    play(scene, FakeMx(("SIZE", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING")))


def test_nothing_is_said_that_was_not_offered() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(ret="HDRS", envid="id1", item={"notify": "NEVER"}, body8bit=True, smtputf8=True)
        assert (answer.kind, answer.dsn_relayed) == (Ending.DELIVERED, False)
        assert "MAIL FROM:<sender@out.test>" in mx.commands
        assert "RCPT TO:<u1@a.test>" in mx.commands

    play(scene, FakeMx(()))


@pytest.mark.parametrize("code", [500, 502])
def test_a_server_that_knows_helo_only(code: int) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        assert (await house.one()).kind == Ending.DELIVERED
        assert mx.commands[:2] == ["EHLO out.test", "HELO out.test"]

    play(scene, FakeMx(say={"EHLO": [code]}))


@pytest.mark.parametrize(
    ("offers", "content", "changes", "enhanced", "words"),
    [
        (("SIZE 40",), CONTENT, {}, "5.3.4", "the message has 53 octets, mx.a.test takes up to 40"),
        (("SIZE 0",), CONTENT, {}, "", ""),
        (("SIZE",), UTF8_HEADER, {}, "5.6.3", "the message has 8-bit content, which mx.a.test does not take: a header has"),
        (("SIZE 70",), EIGHT, {}, "5.3.4", "the message has 164 octets, mx.a.test takes up to 70"),
        (("SIZE",), CONTENT, {"body8bit": True}, "", ""),
        (("8BITMIME",), UTF8_HEADER, {"smtputf8": True}, "5.6.7", "the message has international header fields"),
        (("8BITMIME",), EIGHT, {"smtputf8": True}, "", ""),
        (("8BITMIME",), UTF8_HEADER, {}, "", ""),
        (("8BITMIME",), CONTENT, {"reverse_path": "jürgen@out.test"}, "5.6.7", "sender <jürgen@out.test>"),
    ],
)
def test_what_a_server_cannot_take_fails_in_words(
    offers: tuple[str, ...], content: bytes, changes: dict[str, object], enhanced: str, words: str
) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(content=content, **changes)
        if enhanced:
            assert (answer.kind, answer.enhanced, answer.stage) == (Ending.FAILED, enhanced, "mail")
            assert answer.reply.startswith(words)
            assert mx.reached["MAIL"] == 0
        else:
            assert (answer.kind, mx.taken[0].content) == (Ending.DELIVERED, PREFIX + content)

    play(scene, FakeMx(offers))


@pytest.mark.parametrize("more", [b"", b"x\r\n" * 200_000])
def test_eight_bits_become_seven_for_a_server_without_8bitmime(more: bytes) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        assert (await house.one(content=EIGHT + more)).kind == Ending.DELIVERED
        (taken,) = mx.taken
        assert taken.content.isascii() and taken.content.startswith(PREFIX + b"Subject: x\r\n")
        assert b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n" + more in taken.content
        assert f"MAIL FROM:<sender@out.test> SIZE={len(taken.content)}" in mx.commands
        assert (await house.one(content=CONTENT)).kind == Ending.DELIVERED
        assert mx.taken[1].content == PREFIX + CONTENT

    play(scene, FakeMx(("SIZE",)), terms=PATIENT)


def test_one_international_recipient_fails_alone() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        one, two = await house.deliver("u1@a.test", "jürgen@a.test")
        assert (one.kind, two.kind, two.enhanced, two.stage) == (Ending.DELIVERED, Ending.FAILED, "5.6.7", "rcpt")
        assert mx.taken[0].forward_paths == ["u1@a.test"]

    play(scene, FakeMx(("8BITMIME", "PIPELINING")))


# -- one connection for several messages


def test_a_connection_takes_one_message_after_another(tls: ssl.SSLContext) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        for number in range(5):
            answer = await house.one(f"u{number}@a.test")
            assert answer.tls
        assert (mx.connections, len(mx.taken), mx.living) == (1, 5, 1)
        await house.agent.close()
        assert mx.commands[-1] == "QUIT"

    play(scene, FakeMx(context=tls), terms=PATIENT)


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_a_refused_message_leaves_the_connection_clean(extensions: tuple[str, ...]) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        kinds = [(await house.one()).kind for _ in range(4)]
        assert kinds == [Ending.FAILED, Ending.DELIVERED, Ending.DEFERRED, Ending.DELIVERED]
        assert (mx.connections, mx.reached["RSET"]) == (1, 1)

    play(scene, FakeMx(extensions, say={"RCPT": [550, 250, 250, 250], "DOT": [250, 451, 250]}), terms=PATIENT)


def test_not_for_ever() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        for _ in range(5):
            await house.one()
        assert [taken.connection for taken in mx.taken] == [1, 1, 2, 2, 3]

    play(scene, terms=dataclasses.replace(PATIENT, reuse_messages=2))


def test_an_idle_connection_is_ended() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        await house.one()
        await mx.at("QUIT")
        assert len(house.agent._pool) == 0

    play(scene, terms=dataclasses.replace(PATIENT, reuse_idle_seconds=0.05))


def test_no_more_wait_than_may() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        await asyncio.gather(*(house.one() for _ in range(10)))
        assert len(house.agent._pool) == 3
        await mx.at("QUIT", 7)

    play(scene, terms=dataclasses.replace(PATIENT, idle_connections=3))


@pytest.mark.parametrize("said", [CLOSE, 421, HANG, b"what?\r\n"])
def test_a_connection_that_died_waiting_says_nothing_about_the_server(said: object) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        await house.one()
        assert (await house.one()).kind == Ending.DELIVERED
        assert (mx.connections, len(mx.taken)) == (2, 2)

    play(scene, FakeMx(say={"MAIL": [250, said, 250]}))  # type: ignore[list-item]


def test_connections_of_two_routes_are_not_mixed() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        await house.one(route=a_route(mx, name="one"))
        await house.one(route=a_route(mx, name="two"))
        await house.one()
        assert mx.connections == 3

    play(scene, terms=PATIENT)
