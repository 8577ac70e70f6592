"""What bounds a session: counts, sizes, deadlines, connections (RFC 5321 §4.5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import uvloop

from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.smtp.roles import Limits
from tests.house.smtp.test_doors import eventually
from tests.support.clients.smtp import SmtpClient
from tests.support.smtp_sink import Sink, listener
from tests.transcripts.runner import in_process

DEFAULT = Limits()


def play(
    scene: Callable[[Sink, Listener], Awaitable[None]],
    limits: Limits = DEFAULT,
    counts: Connections | None = None,
    **options: object,
) -> Sink:
    """Run a scene against a door with these limits."""
    sink = Sink()

    async def run() -> None:
        door = listener(sink, limits=limits, **options)
        door.limits = counts or door.limits
        await scene(sink, door)
        assert await door.drain(5) == 0

    uvloop.run(run())
    return sink


async def client_of(door: Listener, ehlo: str | None = "client.test") -> SmtpClient:
    client = SmtpClient(*await in_process(door.connection))
    assert (await client.answer()).code == 220
    if ehlo:
        assert (await client.command(f"EHLO {ehlo}")).code == 250
    return client


async def is_closed(client: SmtpClient) -> bool:
    return await asyncio.wait_for(client.reader.read(), 5) == b""


def test_errors_end_the_session() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        answers = await client.group("FROB", "FROB", "FROB")
        assert [answer.code for answer in answers] == [500, 500, 500]
        assert (await client.answer()).code == 421
        assert await is_closed(client)

    play(scene, replace(DEFAULT, errors=3))


def test_an_accepted_message_clears_the_errors() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        for _ in range(3):
            assert [a.code for a in await client.group("FROB", "FROB")] == [500, 500]
            assert (await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n"))[-1].code == 250
        await client.quit()

    assert len(play(scene, replace(DEFAULT, errors=3)).taken) == 3


def test_idle_commands_end_the_session() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        client.send(b"NOOP\r\n" * 1000)
        codes = []
        while not codes or codes[-1] == 250:
            codes.append((await client.answer()).code)
        assert codes == [250] * 9 + [421]  # EHLO was the first of ten
        assert await is_closed(client)

    play(scene, replace(DEFAULT, idle_commands=10))


def test_recipients_beyond_the_limit_wait_for_another_transaction() -> None:
    """RFC 5321 §4.5.3.1.10: 452, and those before are delivered to."""

    async def scene(sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        answers = await client.deliver("a@b.test", [f"u{n}@a.test" for n in range(150)], b"x\r\n")
        codes = [answer.code for answer in answers]
        assert codes == [250] + [250] * 100 + [452] * 50 + [354, 250]
        assert answers[101].enhanced == "4.5.3"
        assert len(sink.taken[0][0].recipients) == 100
        await client.quit()

    play(scene, replace(DEFAULT, recipients=100))


def test_endless_recipients_end_the_session() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        await client.command("MAIL FROM:<a@b.test>")
        client.send(b"RCPT TO:<u1@a.test>\r\n" * 500)
        codes = []
        while not codes or codes[-1] != 421:
            codes.append((await client.answer()).code)
        assert codes.count(250) == 10
        assert codes.count(452) < 40

    play(scene, replace(DEFAULT, recipients=10))


def test_a_message_far_too_large_is_cut_off() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        await client.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
        for _ in range(30):
            client.send(b"x" * 9998 + b"\r\n")
        assert (await client.answer()).code == 421
        assert sink.taken == []

    play(scene, replace(DEFAULT, message=50_000))


def test_a_message_too_large_is_heard_to_its_end() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        answers = await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n" * 20_000)
        assert (answers[-1].code, answers[-1].enhanced) == (552, "5.3.4")
        assert (await client.deliver("a@b.test", ["u1@a.test"], b"y\r\n"))[-1].code == 250
        assert [data for _, data in sink.taken] == [b"y\r\n"]
        await client.quit()

    play(scene, replace(DEFAULT, message=50_000))


def test_transactions_of_one_connection() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        for _ in range(2):
            assert (await client.deliver("a@b.test", ["u1@a.test"], b"x\r\n"))[-1].code == 250
        assert (await client.command("MAIL FROM:<a@b.test>")).code == 421
        assert await is_closed(client)

    play(scene, replace(DEFAULT, transactions=2))


def test_a_silent_client_is_asked_to_leave() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door, ehlo=None)
        answer = await client.answer()
        assert (answer.code, answer.enhanced) == (421, "4.4.2")
        assert await is_closed(client)

    play(scene, replace(DEFAULT, command_seconds=0.05))


def test_a_trickle_does_not_outlive_the_session() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door, ehlo=None)

        async def trickle() -> None:
            while not client.reader.at_eof():
                client.send(b"N")
                await asyncio.sleep(0.01)

        task = asyncio.create_task(trickle())
        assert (await client.answer()).code == 421
        await client.close()
        await task

    play(scene, replace(DEFAULT, command_seconds=0.2, session_seconds=0.2), idle=0.2)


def test_our_own_slowness_is_not_the_clients() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        sink.gate = asyncio.Event()
        waiting = asyncio.create_task(client.deliver("a@b.test", ["u1@a.test"], b"x\r\n"))
        await asyncio.sleep(1.2)
        assert not waiting.done()
        sink.gate.set()
        assert (await waiting)[-1].code == 250
        await client.quit()

    play(scene, replace(DEFAULT, command_seconds=1.0, data_seconds=1.0))


def test_connections_in_all_and_from_one_address() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        first = await client_of(door)
        second = await client_of(door)
        third = SmtpClient(*await in_process(door.connection))
        assert (await third.answer()).code == 421
        assert await is_closed(third)
        await first.quit()
        await eventually(lambda: door.limits.now == 1)
        fourth = await client_of(door)
        await fourth.quit()
        await second.quit()

    counts = Connections(100, 2)
    play(scene, counts=counts)
    assert (counts.now, counts.refused) == (0, 1)


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_who_counts_as_one_client(address: str, other: str, same: bool) -> None:
    counts = Connections(10, 1)
    assert counts.enter(address)
    assert counts.enter(other) is not same
    counts.leave(address)
    assert counts.of(address) == 0
    assert counts.enter(address)


def test_a_bomb_of_commands_does_not_starve_others() -> None:
    async def scene(_sink: Sink, door: Listener) -> None:
        bomber, other = await client_of(door), await client_of(door)
        bomber.send(b"NOOP\r\n" * 40_000)
        assert (await other.command("NOOP")).code == 250
        for _ in range(40_000):
            assert (await bomber.answer()).code == 250
        await bomber.quit()
        await other.quit()

    play(scene, replace(DEFAULT, idle_commands=10**6))


def test_who_does_not_read_is_not_read_from() -> None:
    """Replies do not pile up for a client that only sends."""

    async def scene(_sink: Sink, door: Listener) -> None:
        client = await client_of(door)
        session = next(iter(door.connections))
        for _ in range(200):
            client.send(b"HELP\r\n" * 1000)
            await asyncio.sleep(0)
        await eventually(lambda: not session.writable)
        await asyncio.sleep(0.1)  # and no further
        assert session.transport is not None
        assert session.transport.get_write_buffer_size() < 1 << 20
        client.writer.transport.abort()
        await eventually(lambda: not door.connections)

    play(scene, replace(DEFAULT, idle_commands=10**9))


def test_draining_lets_a_transaction_end() -> None:
    async def scene(sink: Sink, door: Listener) -> None:
        idle, working = await client_of(door), await client_of(door)
        await working.group("MAIL FROM:<a@b.test>", "RCPT TO:<u1@a.test>", "DATA")
        draining = asyncio.create_task(door.drain(5))
        answer = await idle.answer()
        assert (answer.code, answer.enhanced) == (421, "4.3.2")
        working.send(b"x\r\n.\r\n")
        assert (await working.answer()).code == 250
        assert (await working.answer()).code == 421
        assert await draining == 0
        late = SmtpClient(*await in_process(door.connection))
        assert (await late.answer()).code == 421
        assert len(sink.taken) == 1

    play(scene)
