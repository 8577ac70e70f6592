"""POP3 conversations, played against a door in this process over a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import uvloop

from mailplatform.runtime.tls import Certificates
from tests.support.certificate import a_certificate
from tests.support.imap_door import a_mailbox
from tests.support.pop3_door import pop3_listener
from tests.transcripts.runner import Wire, in_process, play

SCRIPTS = sorted((Path(__file__).parent / "pop3").glob("*.txt"))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    a_certificate(folder, "mail.a.test")
    return Certificates(folder, "mail.a.test")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_transcript(script: Path, real: object, certificates: Certificates) -> None:
    a_mailbox("anna@a.test")

    async def run() -> None:
        async with pop3_listener(tls=certificates) as door:

            async def connect(_session: str) -> Wire:
                return await in_process(door.connection)

            await play(script, connect)

    uvloop.run(run())
