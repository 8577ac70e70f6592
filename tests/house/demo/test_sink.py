"""The sink: puts off twice, takes the third time, refuses whom it should, and survives whatever it is told."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailplatform.demo.sink import KEPT, Sink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[int]:
    """The port of a sink that keeps its files in tmp_path/sink."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        server = await asyncio.start_server(Sink(tmp_path / "sink").talk, "127.0.0.1", 0, limit=1 << 20)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def send(port: int, to: str, text: str) -> tuple[int, bytes]:
    """The last reply."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.ehlo("a.test")
        smtp.mail("anna@example.test")
        answer = smtp.rcpt(to)
        return answer if answer[0] != 250 else smtp.data(f"Subject: x\r\n\r\n{text}\r\n".encode())


def test_twice_later_then_taken(sink: int, tmp_path: Path) -> None:
    codes = [send(sink, "paola@slow.test", text)[0] for text in ("one", "two", "one", "one", "two", ".two", "one")]
    assert codes == [451, 451, 451, 250, 451, 451, 451]
    (kept,) = (tmp_path / "sink").iterdir()
    assert kept.read_bytes() == (
        b"X-Envelope-From: <anna@example.test>\r\nX-Envelope-To: <paola@slow.test>\r\nSubject: x\r\n\r\none\r\n"
    )


@pytest.mark.parametrize(
    ("to", "code"), [("refuse@slow.test", 550), ("Refuse@SLOW.test", 550), ("full@slow.test", 452), ("x@other.test", 550)]
)
def test_refused(sink: int, to: str, code: int) -> None:
    assert send(sink, to, "x")[0] == code


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    one = Sink(tmp_path / "sink")
    for n in range(KEPT + 5):
        for _ in range(3):
            reply = one._take("a@b.test", ["x@slow.test"], b"%d" % n)
        assert reply.startswith(b"250")
    assert len(list((tmp_path / "sink").iterdir())) == KEPT


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        (b"DATA\r\nQUIT\r\n", [b"503", b"221"]),
        (b"\xff\x00\r\nRCPT TO:<x@slow.test>\r\nMAIL\r\nNOOP\r\nQUIT\r\n", [b"502", b"503", b"501", b"250", b"221"]),
        (b"MAIL FROM:<a@b.test>\r\nRCPT TO:x\r\nRSET\r\nDATA\r\nQUIT\r\n", [b"250", b"501", b"250", b"503", b"221"]),
        (b"PROXY UNKNOWN\r\nQUIT\r\n", [b"221"]),
        (b"x" * 3_000_000, []),
    ],
)
def test_whatever_it_is_told(sink: int, said: bytes, answers: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", sink), 10) as peer:
        try:
            peer.sendall(said)
            text = b""
            while more := peer.recv(4096):
                text += more
        except ConnectionError:
            text = b"220"
    assert [line[:3] for line in text.split(b"\r\n") if line][1:] == answers
