"""What a session promises: replies in order, 250 only for what was taken, and a clean end whatever the peer does."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from mailplatform.runtime.spool import Room
from protocols.common.listener import Listener
from protocols.smtp.roles import Limits
from protocols.smtp.wire.data import stuffed
from tests.house.smtp.test_doors import bare, eventually, play
from tests.support.clients.smtp import SmtpClient
from tests.support.smtp_sink import Sink, listener


async def greeted(door: Listener) -> SmtpClient:
    client = await bare(door)
    await client.answer()
    await client.command("EHLO client.test")
    return client


@pytest.mark.parametrize(
    ("word", "reply"),
    [
        ("unknown", "550 5.1.1"),
        ("full", "452 4.2.2"),
        ("foreign", "550 5.7.1"),
        ("policy", "550 5.7.1"),
        ("later", "451 4.3.0"),
        ("nospace", "452 4.3.1"),
        ("bug", "451 4.3.0"),
    ],
)
def test_refusals_at_rcpt_and_after_data(word: str, reply: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        answers = await client.deliver("a@b.test", [f"{word}@a.test", "u1@a.test"], b"x\r\n")
        assert str(answers[1]).startswith(reply)
        assert answers[-1].code == 250
        answers = await client.deliver(f"{word}@b.test", ["u1@a.test"], b"x\r\n")
        assert str(answers[-1]).startswith(reply)
        assert len(sink.taken) == 1
        assert [(refused.stage, refused.passing) for refused in sink.refused] == [
            ("rcpt", reply[0] == "4"),
            ("data", reply[0] == "4"),
        ]
        assert sink.refused[0].forward_paths == (f"{word}@a.test",)
        await client.quit()

    with caplog.at_level(logging.ERROR):
        play(scene)
    assert ("ZeroDivisionError" in caplog.text) is (word == "bug")


def test_what_travels_with_a_message() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        message = b"Subject: x\r\n\r\n.\r\n..\r\n\xff\x00\r\n"
        await client.deliver("A@b.test", ["u1@a.test", '"u 2"@A.test'], message, "SIZE=99 BODY=8BITMIME")
        await client.quit()
        transaction, taken = sink.taken[0]
        assert taken == message
        assert transaction.reverse_path == "A@b.test"
        assert [recipient.forward_path for recipient in transaction.recipients] == ["u1@a.test", '"u 2"@a.test']
        assert (transaction.size_hint, transaction.body, transaction.smtputf8) == (99, "8BITMIME", False)
        session = transaction.session
        assert (session.helo, session.esmtp, session.tls, session.server_name) == ("client.test", True, "", "mx.example.test")

    play(scene)


def test_the_null_path_and_postmaster() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        assert (await client.deliver("", ["postmaster"], b"x\r\n"))[-1].code == 250
        await client.quit()
        assert (sink.taken[0][0].reverse_path, sink.taken[0][0].recipients[0].forward_path) == ("", "postmaster")

    play(scene)


def test_everything_in_one_segment_and_octet_by_octet() -> None:
    """Three messages, pipelined as no client should (RFC 2920 §3.1 wants a pause after DATA)."""
    one = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<u1@a.test>\r\nDATA\r\n" + stuffed(b".x\r\n")
    talk = b"EHLO c.test\r\n" + one * 3 + b"QUIT\r\n"

    async def scene(sink: Sink, door: Listener) -> None:
        codes = []
        for size in (len(talk), 1, 7):
            client = await bare(door)
            for at in range(0, len(talk), size):
                client.send(talk[at : at + size])
                await asyncio.sleep(0)
            text = await asyncio.wait_for(client.reader.read(), 5)
            codes.append([line[:3] for line in text.split(b"\r\n") if line[3:4] == b" "])
        assert codes[0] == codes[1] == codes[2] == [b"220", b"250", *[b"250", b"250", b"354", b"250"] * 3, b"221"]
        assert [data for _, data in sink.taken] == [b".x\r\n"] * 9

    play(scene)


def test_a_peer_that_leaves_within_data_leaves_nothing() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        for tail in (b"half a message", b"x\r\n.\r", b"x\r\n."):
            client = await greeted(door)
            await client.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
            client.send(tail)
            client.writer.write_eof()
            assert await asyncio.wait_for(client.reader.read(), 5) == b""
        assert sink.taken == []

    room = Room()
    play(scene, room=room)
    assert room.held == 0


def test_a_peer_that_half_closes_hears_its_answers() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await bare(door)
        client.send(b"HELO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<u1@a.test>\r\nDATA\r\nx\r\n.\r\n")
        client.writer.write_eof()
        text = await asyncio.wait_for(client.reader.read(), 5)
        assert [line[:3] for line in text.splitlines()] == [b"220", b"250", b"250", b"250", b"354", b"250"]
        assert len(sink.taken) == 1

    play(scene)


def test_a_peer_that_leaves_before_the_answer_has_sent_its_message() -> None:
    """RFC 1047: who took the message keeps it."""

    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        await client.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
        sink.gate = asyncio.Event()
        session = next(iter(door.connections))
        client.send(b"x\r\n.\r\n")
        await eventually(lambda: session.busy)
        client.writer.transport.abort()
        await eventually(lambda: session._peer_ended)
        assert sink.taken == []
        sink.gate.set()
        await eventually(lambda: len(sink.taken) == 1)

    play(scene)


def test_what_waits_while_we_work_is_bounded() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        sink.gate = asyncio.Event()
        client.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<u1@a.test>\r\n" + b"NOOP\r\n" * 400_000)
        await asyncio.sleep(0.1)
        session = next(iter(door.connections))
        assert len(session.lines) < 512 * 1024
        sink.gate.set()
        assert (await client.answer()).code == 250
        assert (await client.answer()).code == 250
        assert (await client.answer()).code == 250
        client.writer.transport.abort()
        await eventually(lambda: not door.connections)

    play(scene, limits=replace(Limits(), idle_commands=10**9))


def test_large_messages_go_through_files_and_come_back_whole(tmp_path: Path) -> None:
    message = b"".join(b"%d " % n * 10 + b"\r\n" for n in range(20_000))

    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        assert (await client.deliver("a@b.test", ["u1@a.test"], message))[-1].code == 250
        assert sink.taken[0][1] == message
        await client.quit()

    room = Room(tmp_path, memory=1000)
    play(scene, room=room)
    assert room.held == 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_452_and_passes() -> None:
    """/dev/full stands for the disk: every write to it fails with ENOSPC."""

    async def scene(sink: Sink, door: Listener) -> None:
        client = await greeted(door)
        big = b"x" * 70 + b"\r\n"
        answer = (await client.deliver("a@b.test", ["u1@a.test"], big * 1000))[-1]
        assert (answer.code, answer.enhanced) == (452, "4.3.1")
        assert (await client.deliver("a@b.test", ["u1@a.test"], big))[-1].code == 250
        assert len(sink.taken) == 1
        await client.quit()

    room = Room(memory=1000, opener=lambda: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    play(scene, room=room)
    assert room.held == 0


def test_memory_of_all_messages_together_is_bounded(tmp_path: Path) -> None:
    room = Room(tmp_path, memory=100_000, total=50_000)

    async def scene(sink: Sink, door: Listener) -> None:
        clients = [await greeted(door) for _ in range(8)]
        for client in clients:
            await client.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
        for _ in range(5):
            for client in clients:
                client.send(b"x" * 4998 + b"\r\n")
                await client.writer.drain()
                assert room.held <= 50_000
        for client in clients:
            client.send(b".\r\n")
            assert (await client.answer()).code == 250
            await client.quit()
        assert {len(data) for _, data in sink.taken} == {25_000}

    play(scene, room=room)
    assert room.held == 0


def test_the_door_says_nothing_of_who_it_is_to_a_browser() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await bare(door)
        await client.answer()
        client.send(b"POST / HTTP/1.1\r\nHost: mx\r\n\r\nMAIL FROM:<a@b.test>\r\n")
        assert (await client.answer()).code == 421
        assert await asyncio.wait_for(client.reader.read(), 5) == b""

    play(scene)


def test_a_listener_serves_over_tcp() -> None:
    """Bound sockets in, connections out; a stopped door refuses."""

    async def run() -> None:
        sink = Sink()
        door = listener(sink)
        sock = socket.create_server(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        await door.listen([sock])
        client = await SmtpClient.connect("127.0.0.1", port)
        assert (await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n"))[-1].code == 250
        assert sink.taken[0][0].session.client_address == "127.0.0.1"
        await client.quit()
        assert await door.drain(5) == 0
        with pytest.raises(OSError):
            await SmtpClient.connect("127.0.0.1", port)

    uvloop.run(run())
