"""Submission conversations, played against the sink (tests/support/submission_sink.py) in this process, over TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop

from mailplatform.runtime.tls import Certificates
from tests.support.certificate import a_certificate
from tests.support.smtp_sink import HOST, Sink
from tests.support.submission_sink import listener
from tests.transcripts.runner import Wire, in_process, play

SCRIPTS = sorted((Path(__file__).parent / "submission").glob("*.txt"))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    a_certificate(folder, HOST)
    return Certificates(folder, HOST)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("sync", [False, True], ids=["awaited", "at hand"])
def test_transcript(script: Path, sync: bool, certificates: Certificates) -> None:
    async def run() -> None:
        door = listener(Sink(sync=sync), sync=sync, tls=certificates)

        async def connect(_session: str) -> Wire:
            return await in_process(door.connection)

        await play(script, connect)
        assert await door.drain(5) == 0

    uvloop.run(run())
