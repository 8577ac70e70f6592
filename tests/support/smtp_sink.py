"""An SMTP door without a house behind it: a sink that remembers what it was given, and listeners for it.

The sink's answers hang on the localpart: `unknown`, `full`, `foreign`, `policy`, `later`, `nospace`, `bug` are refused
as their names say, at RCPT; the same names as the reverse-path's localpart, at the end of data. `small` takes 1,000
octets. Everybody else is known. As an LMTP door it refuses `full-1` and the like at the end of data, each by itself.
"""

from __future__ import annotations

import asyncio
import pathlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from socket import socket
from typing import Any

from mailplatform.mailflow.transaction import Accepted, Disposition, Recipient, Transaction
from mailplatform.runtime import errors
from mailplatform.runtime.spool import Room, Spooled
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import load
from mailplatform.standards.address import Path
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.service import Doors, serve
from protocols.smtp.roles import MX, Limits, Role
from protocols.smtp.session import SmtpSession
from protocols.smtp.spine import Refused, Spine

HOST = "mx.example.test"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSALS: dict[str, Exception] = {
    "unknown": errors.NotFound("no such user here"),
    "full": errors.OverQuota("mailbox is full"),
    "foreign": errors.NotPermitted("relaying denied"),
    "policy": errors.PolicyRefused("not from you", reason="rule"),
    "later": errors.TemporarilyUnavailable(),
    "nospace": errors.StorageFull(),
    "bug": ZeroDivisionError("a bug"),
}


@dataclass
class Sink:
    """What was taken, and what was refused. `gate`, when set, must be opened before anything is admitted or delivered."""

    taken: list[tuple[Transaction, bytes]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    gate: asyncio.Event | None = None
    ids: int = 0
    sync: bool = False

    def spine(self) -> Spine:
        return Spine(self.new_id, self.admit, self.deliver, self.known, self.refused.append, lambda: NOW, self.deliver_each)

    def new_id(self, _at: datetime) -> str:
        self.ids += 1
        return f"t{self.ids:04d}"

    def known(self, path: Path, _transaction: Transaction) -> Recipient | None:
        return self.answer(path) if self.sync and self.word(str(path)) not in REFUSALS else None

    async def admit(self, path: Path, _transaction: Transaction) -> Recipient:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.word(str(path)) in REFUSALS:
            raise REFUSALS[self.word(str(path))]
        return self.answer(path)

    async def deliver(self, transaction: Transaction, spooled: Spooled) -> Accepted:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.word(transaction.reverse_path) in REFUSALS:
            raise REFUSALS[self.word(transaction.reverse_path)]
        self.taken.append((transaction, spooled.read()))
        return Accepted(transaction.trace_id, len(transaction.recipients), 0)

    async def deliver_each(self, transaction: Transaction, spooled: Spooled) -> list[Accepted | Exception]:
        """For LMTP: the localpart of a recipient before a hyphen, `full-1`, says what it is refused for at the end of data."""
        await self.deliver(replace(transaction), spooled)
        words = [self.word(recipient.forward_path).partition("-")[0] for recipient in transaction.recipients]
        return [REFUSALS.get(word) or Accepted(transaction.trace_id, 1, 0) for word in words]  # type: ignore[misc]

    def answer(self, path: Path) -> Recipient:
        most = 1000 if self.word(str(path)) == "small" else None
        return Recipient(str(path), Disposition.LOCAL, max_message_size=most)

    @staticmethod
    def word(path: str) -> str:
        return path.partition("@")[0]


def listener(sink: Sink, *, limits: Limits | None = None, role: Role = MX, room: Room | None = None, **options: Any) -> Listener:
    """A door onto the sink; to be made inside a running loop."""
    spine, limits, room = sink.spine(), limits or Limits(), room or Room()
    options.setdefault("limits", Connections(1000, 1000))
    options.setdefault("total", limits.session_seconds)
    return Listener(role.name, lambda door: SmtpSession(door, role, limits, spine, room, HOST), **options)


def run(home: pathlib.Path, sock: socket, ready: Connection) -> None:
    """A role over a sink, until SIGTERM; it says "ready" and "stopped"."""

    def build(_context: ServiceContext, certificates: Certificates | None) -> Doors:
        return Doors({"smtp": listener(Sink(), tls=certificates)}, drain_seconds=5.0, stop=[lambda: ready.send("stopped")])

    serve(ServiceContext(load(home), "smtp", sockets={"smtp": [sock]}, ready=lambda: ready.send("ready")), build)
