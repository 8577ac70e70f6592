"""SMTP conversations, played against the sink (tests/support/smtp_sink.py) in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop

from tests.support.smtp_sink import Sink, listener
from tests.transcripts.runner import Wire, in_process, play

SCRIPTS = sorted((Path(__file__).parent / "smtp").glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("sync", [False, True], ids=["awaited", "at hand"])
def test_transcript(script: Path, sync: bool) -> None:
    async def run() -> None:
        door = listener(Sink(sync=sync))

        async def connect(_session: str) -> Wire:
            return await in_process(door.connection)

        await play(script, connect)
        assert await door.drain(5) == 0

    uvloop.run(run())
