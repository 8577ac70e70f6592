"""The outbound agent's conversations: `S:` is what the server in the script says, `C:` what our agent must say.

`! send PATH … with WORD …` begins an attempt at a message for these recipients (words: eight_bit, dsn); `! told PATH KIND STAGE
[in_doubt] [relayed] WORDS` is one recipient's outcome; `! leave` ends the agent. Sessions are connections in their order.
"""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from mailplatform.transport.values import Outcome
from tests.house.smtp_agent.scene import CONTENT, PATIENT, Scene
from tests.house.smtp_agent.scene import play as stage
from tests.support.fake_mx import FakeMx
from tests.transcripts.runner import Player, Wire, read

SCRIPTS = sorted((Path(__file__).parent / "smtp_client").glob("*.txt"))
TURNED = str.maketrans("CS", "SC")
DSN = {"ret": "HDRS", "envid": "e+2B1", "item": {"notify": "SUCCESS,DELAY", "orcpt": "rfc822;first@out.test"}}


def told(outcome: Outcome) -> str:
    """An outcome in the words of a script."""
    doubt = "in_doubt " if outcome.in_doubt else ""
    relayed = "relayed " if outcome.dsn_relayed else ""
    return f"{outcome.kind} {outcome.stage} {doubt}{relayed}{outcome.reply}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_transcript(script: Path) -> None:
    steps = [dataclasses.replace(step, who=step.who.translate(TURNED)) for step in read(script.read_text("utf-8"), script.name)]

    async def run(house: Scene, mx: FakeMx) -> None:
        calls: asyncio.Queue[Wire] = asyncio.Queue()
        attempts: dict[str, asyncio.Task[list[Outcome]]] = {}

        async def connect(_session: str) -> Wire:
            return await asyncio.wait_for(calls.get(), 5)

        def send(*words: str) -> None:
            paths, _, wishes = (" ".join(words) + " ").partition(" with ")
            content = CONTENT.replace(b"Hello", b"Hell\xc3\xb6") if "eight_bit" in wishes else CONTENT
            attempt = asyncio.ensure_future(house.deliver(*paths.split(), content=content, **DSN if "dsn" in wishes else {}))
            attempts.update(dict.fromkeys(paths.split(), attempt))

        async def expect(path: str, *words: str) -> None:
            outcomes = await attempts[path]
            same = [name for name, attempt in attempts.items() if attempt is attempts[path]]
            assert told(outcomes[same.index(path)]) == " ".join(words)

        def leave() -> None:
            attempts["leave"] = asyncio.ensure_future(house.agent.close())  # type: ignore[arg-type]

        async with await asyncio.start_server(lambda *wire: calls.put_nowait(wire), "127.0.0.2", mx.port):
            house.dns.set("mx.a.test", "A", "127.0.0.2")
            await Player(connect, actions={"send": send, "told": expect, "leave": leave}).play(steps)

    stage(run, terms=PATIENT)
