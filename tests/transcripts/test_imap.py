"""IMAP conversations, played against a door in this process over a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop

from tests.support.imap_door import a_mailbox, imap_listener
from tests.transcripts.runner import Wire, in_process, play

SCRIPTS = sorted((Path(__file__).parent / "imap").glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_transcript(script: Path, real: object) -> None:
    a_mailbox("anna@a.test")

    async def run() -> None:
        async with imap_listener() as door:

            async def connect(_session: str) -> Wire:
                return await in_process(door.connection)

            await play(script, connect)

    uvloop.run(run())
