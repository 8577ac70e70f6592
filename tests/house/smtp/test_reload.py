"""SIGHUP at the MX door: new sessions live under the limits that the file names now."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
import uvloop

from protocols.smtp import service
from tests.support.clients.smtp import SmtpClient
from tests.support.doors import a_site
from tests.transcripts.runner import in_process

ServiceContext = service.ServiceContext


async def size_offered(listener: service.Listener) -> str:
    client = SmtpClient(*await in_process(listener.connection))
    await client.answer()
    lines = (await client.command("EHLO client.test")).lines
    await client.quit()
    return next(line for line in lines if line.startswith("SIZE "))


@pytest.mark.usefixtures("rollback")
def test_limits_are_read_anew(tmp_path) -> None:
    file = tmp_path / "site.toml"
    site = dataclasses.replace(a_site(tmp_path), path=file)

    async def run() -> None:
        doors = service.build(ServiceContext(site, "smtp"), None)
        listener = doors.listeners["smtp"]
        assert await size_offered(listener) == "SIZE 52428800"
        file.write_text('[smtp]\nmax_message_bytes = "1M"\nmax_connections = 7\n')
        for again in doors.reload:
            again()
        assert await size_offered(listener) == "SIZE 1048576"
        assert listener.limits.total == 7
        file.write_text("[smtp]\nmax_mesage_bytes = 5\n")
        for again in doors.reload:
            again()
        assert await size_offered(listener) == "SIZE 1048576"
        await listener.drain(1)
        for end in doors.stop:
            ending = end()
            if asyncio.iscoroutine(ending):
                await ending

    uvloop.run(run())
