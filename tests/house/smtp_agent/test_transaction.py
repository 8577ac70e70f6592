"""One message over one connection: what arrives, and what is said of each recipient."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from mailplatform.runtime.errors import TemporarilyUnavailable
from mailplatform.transport.values import Ending, Outcome
from tests.house.smtp_agent.scene import CONTENT, HASTY, PATIENT, PREFIX, Scene, play
from tests.support.fake_mx import CLOSE, FLOOD, HANG, RESET, Act, FakeMx

ALONE = ("8BITMIME",)
GROUPED = ("PIPELINING", "8BITMIME")
STAGES = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"]


def told(outcome: Outcome) -> tuple[str, str, bool]:
    return outcome.kind, outcome.stage, outcome.in_doubt


@pytest.mark.parametrize("extensions", [(), ALONE, GROUPED])
def test_it_arrives_as_it_is(extensions: tuple[str, ...]) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        one, two = await house.deliver("u1@a.test", "u2@a.test")
        assert (one.kind, one.code, one.reply, one.enhanced) == (Ending.DELIVERED, 250, "250 dot says so", "2.0.0")
        assert (two.mx, two.address, two.tls, two.stage) == ("mx.a.test", "127.0.0.1", "", "dot")
        (taken,) = mx.taken
        assert (taken.reverse_path, taken.forward_paths) == ("sender@out.test", ["u1@a.test", "u2@a.test"])
        assert taken.content == PREFIX + CONTENT
        assert house.dotted == 1

    play(scene, FakeMx(extensions))


@pytest.mark.parametrize("extensions", [ALONE, GROUPED])
def test_each_recipient_has_its_outcome(extensions: tuple[str, ...]) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answers = await house.deliver("u1@a.test", "no@a.test", "later@a.test", "u2@a.test")
        assert [told(a) for a in answers] == [
            (Ending.DELIVERED, "dot", False),
            (Ending.FAILED, "rcpt", False),
            (Ending.DEFERRED, "rcpt", False),
            (Ending.DELIVERED, "dot", False),
        ]
        assert [(a.reply, a.enhanced) for a in answers[1:3]] == [
            ("550 5.1.1 No such user here", "5.1.1"),
            ("451 rcpt says so", "4.0.0"),
        ]
        assert mx.taken[0].forward_paths == ["u1@a.test", "u2@a.test"]

    def rcpt(argument: str) -> int | str:
        return "550-5.1.1 No such user\r\n550 5.1.1 here" if "no@" in argument else 451 if "later@" in argument else 250

    play(scene, FakeMx(extensions, say={"RCPT": [rcpt]}))


def test_twice_451_then_taken() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        kinds = [(await house.one()).kind for _ in range(3)]
        assert kinds == [Ending.DEFERRED, Ending.DEFERRED, Ending.DELIVERED]
        assert len(mx.taken) == 1

    play(scene, FakeMx(say={"RCPT": [451, 451, 250]}))


@pytest.mark.parametrize("extensions", [ALONE, GROUPED])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [421, 450, 550, 554])
def test_refusals_at_every_stage(stage: str, code: int, extensions: tuple[str, ...]) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        final = code >= 500 and stage != "GREETING"  # RFC 5321 §3.1: a session that is refused says nothing of the message
        assert told(answer) == (Ending.FAILED if final else Ending.DEFERRED, stage.lower(), False)
        assert answer.reply.startswith(str(code))
        assert mx.taken == []

    play(scene, FakeMx(extensions, say={stage: [code], "HELO": [code]}))


@pytest.mark.parametrize("extensions", [ALONE, GROUPED])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "act",
    [
        HANG,
        CLOSE,
        RESET,
        FLOOD,
        b"\x00\xff\x16\x03\x01 what is this\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"250-" + b"x" * 100_000,
        b"25",
        b"334 more\r\n",
        b"999 x\r\n",
    ],
    ids=repr,
)
def test_trouble_at_every_stage_is_a_deferral(stage: str, act: Act | bytes, extensions: tuple[str, ...]) -> None:
    """And in doubt when the dot had gone, and only then."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert told(answer) == (Ending.DEFERRED, stage.lower(), stage == "DOT")
        assert answer.reply
        assert (answer.mx, mx.taken) == ("mx.a.test", [])
        assert mx.connections == 1

    terms = dataclasses.replace(HASTY, sessions_a_try=1)
    play(scene, FakeMx(extensions, say={stage: [act]}), terms=terms)


def test_a_drop_at_a_time_is_not_enough() -> None:
    """A whole reply is waited for so long, not each octet of it."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert told(answer) == (Ending.DEFERRED, "greeting", False)
        assert answer.reply == "the server did not answer within 0.2 s"

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            writer.close()

    async def with_drip(house: Scene, mx: FakeMx) -> None:
        server = await asyncio.start_server(drip, "127.0.0.2", house.terms.port)
        async with server:
            house.dns.set("mx.a.test", "A", "127.0.0.2")
            await scene(house, mx)

    play(with_drip)


def test_a_whole_attempt_has_an_end() -> None:
    """A tarpit that answers each recipient just in time."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        answers = await house.deliver(*(f"u{n}@a.test" for n in range(50)))
        assert {a.kind for a in answers} == {Ending.DEFERRED}
        assert {a.stage for a in answers} == {"rcpt"}
        assert mx.taken == []

    class Tarpit(FakeMx):
        async def __aenter__(self) -> FakeMx:
            await super().__aenter__()
            slow = await asyncio.start_server(self.slowly, "127.0.0.2", self.port)
            self.slow = slow
            return self

        async def slowly(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 slow\r\n")
            while await reader.readline():
                await asyncio.sleep(0.03)
                writer.write(b"250 ok\r\n")
            writer.close()

    async def slow(house: Scene, mx: FakeMx) -> None:
        house.dns.set("mx.a.test", "A", "127.0.0.2")
        await scene(house, mx)

    play(slow, Tarpit(ALONE), terms=dataclasses.replace(HASTY, attempt_timeout_seconds=0.3))


def test_the_dot_is_waited_for_beyond_the_attempt() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        async def late() -> bool:
            await asyncio.sleep(0.3)
            return True

        house.before_dot = late  # type: ignore[method-assign]
        assert (await house.one()).kind == Ending.DELIVERED

    play(scene, terms=dataclasses.replace(PATIENT, attempt_timeout_seconds=0.2))


def test_a_lost_lease_sends_no_dot() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        house.agreed = False
        assert await house.deliver("u1@a.test") == []
        assert (mx.taken, mx.reached["DOT"], house.dotted) == ([], 0, 1)

    play(scene)


@pytest.mark.parametrize("extensions", [ALONE, GROUPED])
def test_a_large_message_goes_piece_by_piece(extensions: tuple[str, ...]) -> None:
    content = b"Subject: large\r\n\r\n" + b".x" * 40 + b"\r\n" + (b"." + b"y" * 77 + b"\r\n") * 50_000

    async def scene(house: Scene, mx: FakeMx) -> None:
        assert (await house.one(content=content)).kind == Ending.DELIVERED
        assert mx.taken[0].content == PREFIX + content
        assert house.pieces_read == -(-len(content) // 65536)

    play(scene, FakeMx(extensions), terms=PATIENT)


def test_a_server_that_takes_no_more() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(content=b"x" * 78 + b"\r\n" + b"y\r\n" * 10_000_000)
        assert told(answer) == (Ending.DEFERRED, "data", False)
        assert answer.reply == "the server took no more of the message in time"
        assert house.pieces_read < 300  # of 458: what is not taken is not read either

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        for reply in (b"250-x\r\n250 8BITMIME\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readline()
            writer.write(reply)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async def with_deaf(house: Scene, mx: FakeMx) -> None:
        async with await asyncio.start_server(deaf, "127.0.0.2", house.terms.port, limit=1024):
            house.dns.set("mx.a.test", "A", "127.0.0.2")
            await scene(house, mx)

    play(with_deaf)


@pytest.mark.parametrize(("early", "kind"), [(b"552 5.3.4 too much\r\n", "failed"), (b"451 4.3.1 full\r\n", "deferred")])
def test_a_refusal_in_the_middle_of_the_message_counts(early: bytes, kind: str) -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(content=b"x\r\n" * 3_000_000)
        assert (answer.kind, answer.stage, answer.reply) == (kind, "data", early.decode().strip())
        assert house.dotted <= 1

    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        for reply in (b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readline()
            writer.write(reply)
        await reader.readline()
        writer.write(early)
        await reader.read()
        writer.close()

    async def with_impatient(house: Scene, mx: FakeMx) -> None:
        async with await asyncio.start_server(impatient, "127.0.0.2", house.terms.port, limit=1024):
            house.dns.set("mx.a.test", "A", "127.0.0.2")
            await scene(house, mx)

    play(with_impatient, terms=PATIENT)


def test_yes_before_the_end_is_no_yes() -> None:
    """A server that says 250 to everything at once has taken nothing."""

    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one()
        assert told(answer) == (Ending.DEFERRED, "data", False)
        assert "before the message was at its end" in answer.reply

    play(scene, FakeMx(say={"DATA": ["354 go\r\n250 already taken"]}))


def test_too_many_recipients_follow_at_once() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answers = await house.deliver(*(f"u{n}@a.test" for n in range(5)))
        assert {a.kind for a in answers} == {Ending.DELIVERED}
        assert [t.forward_paths for t in mx.taken] == [["u0@a.test", "u1@a.test"], ["u2@a.test", "u3@a.test"], ["u4@a.test"]]
        assert (mx.connections, house.dotted) == (1, 3)

    count = [0]

    def rcpt(_argument: str) -> int | str:
        count[0] += 1
        return 250 if count[0] in (1, 2, 6, 7, 9) else "452 4.5.3 too many"

    play(scene, FakeMx(say={"RCPT": [rcpt]}))


def test_content_that_cannot_be_read_waits() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        answer = await house.one(content=CONTENT)
        assert answer.kind == Ending.DELIVERED
        house.read_fails = True  # type: ignore[attr-defined]

        async def broken(_blob_id: int) -> object:
            raise OSError("disk")
            yield b""

        house.agent._read = broken  # type: ignore[assignment]
        answer = await house.one()
        assert told(answer) == (Ending.DEFERRED, "data", False)
        assert (answer.reply, len(mx.taken)) == ("the message could not be read: OSError", 1)

    play(scene)


def test_a_queue_that_cannot_be_asked_sends_no_dot() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        async def away() -> bool:
            raise TemporarilyUnavailable

        house.before_dot = away  # type: ignore[method-assign]
        answer = await house.one()
        assert told(answer) == (Ending.DEFERRED, "data", False)
        assert answer.reply.startswith("the queue could not be asked")
        assert (mx.taken, mx.reached["DOT"]) == ([], 0)

    play(scene)


def test_an_attempt_that_is_given_up_leaves_no_connection() -> None:
    async def scene(house: Scene, mx: FakeMx) -> None:
        async def never() -> bool:
            await asyncio.Event().wait()
            return True

        house.before_dot = never  # type: ignore[method-assign]
        attempt = asyncio.ensure_future(house.one())
        await mx.at("DATA")
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await mx.emptied()
        assert len(house.agent._pool) == 0

    play(scene, terms=PATIENT)
