"""LMTP conversations (RFC 2033), played against the sink as an LMTP door."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop

from protocols.smtp.roles import LMTP
from tests.support.smtp_sink import Sink, listener
from tests.transcripts.runner import Wire, in_process, play

SCRIPTS = sorted((Path(__file__).parent / "lmtp").glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("sync", [False, True], ids=["awaited", "at hand"])
def test_transcript(script: Path, sync: bool) -> None:
    async def run() -> None:
        door = listener(Sink(sync=sync), role=LMTP)

        async def connect(_session: str) -> Wire:
            return await in_process(door.connection)

        await play(script, connect)
        assert await door.drain(5) == 0

    uvloop.run(run())
