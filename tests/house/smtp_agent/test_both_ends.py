"""Our agent and our own MX door: both ends of SMTP are ours, and the world between them is a socket."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailplatform.runtime.tls import Certificates
from mailplatform.transport.values import Ending
from tests.house.smtp_agent.scene import CONTENT, HASTY, PATIENT, PREFIX, Scene, play
from tests.support.certificate import a_certificate
from tests.support.fake_mx import FakeMx
from tests.support.smtp_sink import Sink, listener


def meet(scene: Any, *, tls: Path | None = None) -> None:
    """Run a scene(house, sink) with our door as the exchanger of a.test."""

    async def run(house: Scene, mx: FakeMx) -> None:
        sink = Sink()
        door = listener(sink, tls=Certificates(tls) if tls else None)
        server = await asyncio.get_running_loop().create_server(door.connection, "127.0.0.2", mx.port)
        house.dns.set("mx.a.test", "A", "127.0.0.2")
        try:
            await scene(house, sink)
        finally:
            await house.agent.close()
            server.close()
            await door.drain(1.0)

    play(run, terms=PATIENT)


def test_over_tls_several_messages(tmp_path: Path) -> None:
    async def scene(house: Scene, sink: Sink) -> None:
        for number in range(3):
            answer = await house.one(f"u{number}@a.test")
            assert (answer.kind, answer.reply[:15]) == (Ending.DELIVERED, "250 2.0.0 Ok: t")
            assert answer.tls.startswith("TLSv1.3")
        assert {content for _, content in sink.taken} == {PREFIX + CONTENT}
        assert {transaction.session.id for transaction, _ in sink.taken} == {sink.taken[0][0].session.id}

    a_certificate(tmp_path, "mx.example.test")
    meet(scene, tls=tmp_path)


def test_each_of_its_refusals_is_understood() -> None:
    async def scene(house: Scene, sink: Sink) -> None:
        words = ["u1", "unknown", "full", "foreign", "policy", "later", "bug"]
        answers = await house.deliver(*(f"{word}@a.test" for word in words))
        kinds = dict(zip(words, [str(answer.kind) for answer in answers], strict=True))
        assert kinds == {
            "u1": "delivered",
            "unknown": "failed",
            "full": "deferred",
            "foreign": "failed",
            "policy": "failed",
            "later": "deferred",
            "bug": "deferred",
        }
        assert answers[1].enhanced == "5.1.1"
        assert (await house.one("small@a.test", content=b"x\r\n" * 1000)).code == 552

    meet(scene)


def test_international_addresses_pass() -> None:
    async def scene(house: Scene, sink: Sink) -> None:
        answer = await house.one("jürgen@a.test", content="Subject: Grüße\r\n\r\nx\r\n".encode(), smtputf8=True)
        assert answer.kind == Ending.DELIVERED
        assert str(sink.taken[0][0].recipients[0].forward_path) == "jürgen@a.test"

    meet(scene)


LINES = st.sampled_from(
    [
        b"220 x\r\n",
        b"250 x\r\n",
        b"250-x\r\n",
        b"250-PIPELINING\r\n",
        b"250-SIZE 10\r\n",
        b"354 x\r\n",
        b"421 x\r\n",
        b"451 4.2.0 x\r\n",
        b"550 5.1.1 x\r\n",
        b"334 x\r\n",
        b"\r\n",
        b"x",
        b"250",
        b"\xff\n",
    ]
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(LINES, max_size=4).map(b"".join), max_size=9), st.booleans())
def test_whatever_a_server_says_every_recipient_has_an_outcome(script: list[bytes], hangs_up: bool) -> None:
    """A server that answers each line it hears with the next of these, then goes on or goes away."""
    dots = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = iter(script)
        writer.write(next(said, b"220 x\r\n"))
        try:
            while line := await reader.readline():
                dots[0] += line == b".\r\n"
                answer = next(said, b"" if hangs_up else b"250 x\r\n")
                if not answer and hangs_up:
                    break
                writer.write(answer)
        except ConnectionError:
            pass
        writer.close()

    async def scene(house: Scene, mx: FakeMx) -> None:
        async with await asyncio.start_server(serve, "127.0.0.2", mx.port):
            house.dns.set("mx.a.test", "A", "127.0.0.2")
            answers = await house.deliver("u1@a.test", "u2@a.test", content=b"x\r\n")
        assert len(answers) == 2
        for answer in answers:
            assert answer.reply
            assert answer.enhanced
            assert answer.kind in (Ending.DELIVERED, Ending.DEFERRED, Ending.FAILED)
            assert not answer.in_doubt or (answer.kind == Ending.DEFERRED and answer.stage == "dot")
            if answer.kind == Ending.DELIVERED or answer.in_doubt:
                assert dots[0] and house.dotted

    hasty = dict.fromkeys(("greeting_timeout_seconds", "command_timeout_seconds", "data_end_timeout_seconds"), 0.02)
    play(scene, terms=dataclasses.replace(HASTY, data_start_timeout_seconds=0.02, data_block_timeout_seconds=0.02, **hasty))
