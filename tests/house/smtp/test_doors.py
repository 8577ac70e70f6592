"""How a connection begins: TLS by STARTTLS and from the first octet, SNI, the PROXY header, canonical addresses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.x509.oid import NameOID

from mailplatform.runtime.tls import Certificates
from protocols.common.listener import Listener
from protocols.common.peer import canonical, within
from protocols.common.proxy import SIGNATURE, BadProxy, Proxied, parse
from tests.support.certificate import a_certificate
from tests.support.clients.smtp import SmtpClient, insecure
from tests.support.smtp_sink import Sink, listener
from tests.transcripts.runner import in_process


@pytest.fixture(scope="module")
def tls_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("mx.example.test", "other.test", "*.wild.test"):
        a_certificate(folder, name)
    return folder


def play(scene: Callable[[Sink, Listener], Awaitable[None]], **options: object) -> Sink:
    sink = Sink()

    async def run() -> None:
        door = listener(sink, **options)
        await scene(sink, door)
        assert await door.drain(5) == 0

    uvloop.run(run())
    return sink


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so; ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def bare(door: Listener) -> SmtpClient:
    return SmtpClient(*await in_process(door.connection))


def name_of(client: SmtpClient) -> str:
    """The host name in the certificate that the server showed."""
    der = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return str(x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_starttls_then_a_message(tls_folder: Path) -> None:
    """RFC 3207 §4.2: the peer greets again, and is trusted with nothing said before."""

    async def scene(sink: Sink, door: Listener) -> None:
        client = await bare(door)
        await client.answer()
        assert "STARTTLS" in (await client.command("EHLO client.test")).lines
        assert (await client.start_tls()).code == 220
        assert (await client.command("MAIL FROM:<a@b.test>")).code == 503
        assert "STARTTLS" not in (await client.command("EHLO client.test")).lines
        assert (await client.command("STARTTLS")).code == 503
        assert (await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n"))[-1].code == 250
        await client.quit()
        session = sink.taken[0][0].session
        assert session.tls.startswith("TLSv1.3 TLS_")
        assert (session.helo, session.esmtp) == ("client.test", True)

    play(scene, tls=Certificates(tls_folder, "mx.example.test"))


def test_nothing_from_before_the_handshake_is_seen_after_it(tls_folder: Path) -> None:
    """CVE-2011-0411: commands injected behind STARTTLS."""

    async def scene(sink: Sink, door: Listener) -> None:
        client = await bare(door)
        await client.answer()
        await client.command("EHLO client.test")
        client.send(b"STARTTLS\r\nRSET\r\nMAIL FROM:<injected@evil.test>\r\n")
        assert (await client.answer()).code == 220
        await client.writer.start_tls(insecure())
        assert (await client.command("EHLO client.test")).code == 250
        assert (await client.command("RCPT TO:<u1@a.test>")).code == 503
        await client.quit()
        assert sink.taken == []

    play(scene, tls=Certificates(tls_folder, "mx.example.test"))


def test_a_failed_handshake_ends_the_connection_only(tls_folder: Path) -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await bare(door)
        await client.answer()
        assert (await client.command("STARTTLS")).code == 503
        await client.command("EHLO client.test")
        assert (await client.command("STARTTLS")).code == 220
        client.send(b"this is no ClientHello\r\n" * 10)
        rest = await asyncio.wait_for(client.reader.read(), 5)
        assert b"250" not in rest
        again = await bare(door)
        assert (await again.answer()).code == 220
        await again.quit()

    play(scene, tls=Certificates(tls_folder, "mx.example.test"))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("mx.example.test", "mx.example.test"),
        ("OTHER.test", "other.test"),
        ("a.wild.test", "*.wild.test"),
        ("a.b.wild.test", "mx.example.test"),
        ("unknown.test", "mx.example.test"),
    ],
)
def test_a_certificate_for_each_name(tls_folder: Path, asked: str, shown: str) -> None:
    """RFC 6066 §3, with TLS from the first octet."""

    async def scene(_sink: Sink, door: Listener) -> None:
        reader, writer = await in_process(door.connection)
        await asyncio.wait_for(writer.start_tls(insecure(), server_hostname=asked), 5)
        client = SmtpClient(reader, writer)
        assert (await client.answer()).code == 220
        assert name_of(client) == shown
        assert (await client.command("EHLO client.test")).code == 250
        await client.quit()

    play(scene, tls=Certificates(tls_folder, "mx.example.test"), implicit_tls=True)


def test_certificates_are_read_anew_and_kept_when_that_fails(tmp_path: Path) -> None:
    a_certificate(tmp_path, "one.test")
    certificates = Certificates(tmp_path)
    first = certificates.context
    a_certificate(tmp_path, "two.test")
    assert certificates.reload()
    assert certificates.names == ("one.test", "two.test")
    assert certificates.context is not first
    second = certificates.context
    (tmp_path / "one.test" / "key.pem").write_text("no key")
    assert not certificates.reload()
    assert certificates.context is second
    assert certificates.names == ("one.test", "two.test")


def test_old_protocols_are_refused(tls_folder: Path) -> None:
    """RFC 8996."""
    assert Certificates(tls_folder).context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert Certificates(tls_folder, minimum="1.3").context.minimum_version is ssl.TLSVersion.TLSv1_3


V2 = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 7, 127, 0, 0, 1]) + b"\x04\xd2\x00\x19"
V2_SIX = SIGNATURE + b"\x21\x21\x00\x24" + b"\x20\x01\x0d\xb8" + bytes(11) + b"\x05" + bytes(15) + b"\x01" + b"\x04\xd2\x00\x19"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"PROXY TCP4 192.0.2.7 127.0.0.1 1234 25\r\n", Proxied(40, ("192.0.2.7", 1234), ("127.0.0.1", 25))),
        (b"PROXY TCP6 2001:db8::5 ::1 1234 25\r\n", Proxied(36, ("2001:db8::5", 1234), ("::1", 25))),
        (b"PROXY UNKNOWN\r\n", Proxied(15, None)),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", Proxied(35, None)),
        (V2, Proxied(28, ("192.0.2.7", 1234), ("127.0.0.1", 25))),
        (V2_SIX, Proxied(52, ("2001:db8::5", 1234), ("::1", 25))),
        (SIGNATURE + b"\x20\x00\x00\x00", Proxied(16, None)),
        (SIGNATURE + b"\x21\x31\x00\x02ab", Proxied(18, None)),
    ],
)
def test_proxy_headers(header: bytes, expected: Proxied) -> None:
    """Whole, byte by byte, and with the client's first words behind."""
    assert parse(header) == expected
    assert parse(header + b"EHLO x\r\n") == expected
    for cut in range(len(header)):
        assert parse(header[:cut]) is None


@pytest.mark.parametrize(
    "header",
    [
        b"EHLO x\r\n",
        b"PROXY TCP4 192.0.2.7 127.0.0.1 1234\r\n",
        b"PROXY TCP4 ::1 127.0.0.1 1234 25\r\n",
        b"PROXY TCP4 192.0.2.300 127.0.0.1 1234 25\r\n",
        b"PROXY TCP4 192.0.2.7 127.0.0.1 99999 25\r\n",
        b"PROXY TCP4 192.0.2.7 127.0.0.1 1234 25\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x31\x11\x00\x0c",
        SIGNATURE + b"\x22\x11\x00\x0c",
        SIGNATURE + b"\x21\x11\x00\x04abcd",
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_bad_proxy_headers(header: bytes) -> None:
    with pytest.raises(BadProxy):
        parse(header)


@pytest.mark.parametrize(
    "header", [V2, b"PROXY TCP4 ::ffff:192.0.2.7 127.0.0.1 1234 25\r\n", b"PROXY TCP4 192.0.2.7 127.0.0.1 1234 25\r\n"]
)
def test_the_proxys_client_is_the_client(header: bytes) -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await bare(door)
        client.send(header)
        if b"ffff" in header:
            assert await asyncio.wait_for(client.reader.read(), 5) == b""
            return
        assert (await client.answer()).code == 220
        await client.command("EHLO client.test")
        await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n")
        await client.quit()
        session = sink.taken[0][0].session
        assert (session.client_address, session.client_port) == ("192.0.2.7", 1234)

    play(scene, proxies=(ip_network("127.0.0.0/8"),))


def test_a_proxy_that_says_nothing_of_it_is_cut_off() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client, silent = await bare(door), await bare(door)
        client.send(b"EHLO client.test\r\n")
        assert await asyncio.wait_for(client.reader.read(), 5) == b""
        assert await asyncio.wait_for(silent.reader.read(), 5) == b""
        assert sink.ids == 0

    play(scene, proxies=(ip_network("127.0.0.1/32"),), proxy_seconds=0.1)


def test_a_header_from_elsewhere_is_a_command() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await bare(door)
        assert (await client.answer()).code == 220
        assert (await client.command("PROXY TCP4 192.0.2.7 127.0.0.1 1234 25")).code == 500
        await client.quit()

    play(scene, proxies=(ip_network("10.0.0.0/8"),))


def test_canonical_addresses() -> None:
    """RFC 4291 §2.5.5.2."""
    assert canonical("::ffff:192.0.2.1") == "192.0.2.1"
    assert canonical("2001:DB8:0:0::1") == "2001:db8::1"
    assert canonical("fe80::1%eth0") == "fe80::1"
    assert canonical("") == "127.0.0.1"
    assert within("192.0.2.1", (ip_network("2001:db8::/32"), ip_network("192.0.2.0/24")))
    assert not within("192.0.3.1", (ip_network("192.0.2.0/24"),))
    assert not within("2001:db8::1", ())
