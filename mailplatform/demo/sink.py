"""The sink: the one mail server outside that the demonstration has, the role ``sink``. It listens on loopback and sends nothing.

It plays ``slow.test``: every message is put off twice (451) and taken the third time; ``refuse@slow.test`` is refused for good
(550), ``full@slow.test`` has a full mailbox and is put off for ever (452). What it took can be looked at: the newest messages are
files of ``sink/`` in the home. It is as small as a receiving server may be (RFC 5321 §4.5.1): no TLS, no extensions but SIZE,
8BITMIME and ENHANCEDSTATUSCODES. How often a message came is forgotten when the sink ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import signal
from collections import OrderedDict
from pathlib import Path

from mailplatform.runtime import clock
from mailplatform.settings.service import ServiceContext

log = logging.getLogger(__name__)
DOMAIN = "slow.test"
PUT_OFF = 2  # times, for every message
KEPT = 100  # files
_MOST_BYTES = 10 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024
_REMEMBERED = 10_000
_CONNECTIONS = 50
_SILENCE = 60.0  # seconds
_PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>\s]*)>", re.IGNORECASE)
_REFUSALS = {
    f"refuse@{DOMAIN}": b"550 5.1.1 <refuse@slow.test>: there is nobody of this name here",
    f"full@{DOMAIN}": b"452 4.2.2 <full@slow.test>: the mailbox is full, try again when it has been emptied",
}


def run(context: ServiceContext) -> None:
    """The role: serve until SIGTERM."""
    asyncio.run(_serve(context))


async def _serve(context: ServiceContext) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sink = Sink(context.site.home / "sink")
    servers = [
        await asyncio.start_server(sink.talk, sock=one, limit=_LONGEST_LINE) for ones in context.sockets.values() for one in ones
    ]
    context.ready()
    await stopping.wait()
    for server in servers:
        server.close()


class Sink:
    """folder: where the files of accepted messages go; made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: OrderedDict[bytes, int] = OrderedDict()  # hash of a message → how often it was put off
        self._taken = 0
        self._open = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self._open += 1
        try:
            if self._open > _CONNECTIONS:
                writer.write(b"421 4.3.2 too many connections\r\n")
                return
            await asyncio.wait_for(self._converse(reader, writer), 10 * _SILENCE)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            log.debug("sink: a connection ended: %s", error)
        finally:
            self._open -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"220 mx.{DOMAIN} ESMTP the demonstration's sink\r\n".encode())
        sender: str | None = None
        recipients: list[str] = []
        while line := await asyncio.wait_for(reader.readline(), _SILENCE):
            verb, _, rest = line.strip().partition(b" ")
            match verb.upper():
                case b"EHLO":
                    extensions = (f"mx.{DOMAIN}", f"SIZE {_MOST_BYTES}", "8BITMIME", "ENHANCEDSTATUSCODES")
                    reply = b"\r\n".join(f"250{' ' if n == 3 else '-'}{text}".encode() for n, text in enumerate(extensions))
                    sender, recipients = None, []
                case b"HELO":
                    reply, sender, recipients = f"250 mx.{DOMAIN}".encode(), None, []
                case b"MAIL":
                    sender, recipients = _path(rest), []
                    reply = b"250 2.1.0 ok" if sender is not None else b"501 5.5.4 no reverse-path"
                case b"RCPT":
                    reply = _answer(_path(rest)) if sender is not None else b"503 5.5.1 MAIL first"
                    if reply.startswith(b"250"):
                        recipients.append(_path(rest) or "")
                case b"DATA":
                    if recipients:
                        writer.write(b"354 go on\r\n")
                        reply = self._take(sender or "", recipients, await _data(reader))
                    else:
                        reply = b"503 5.5.1 no valid recipients"
                    sender, recipients = None, []
                case b"RSET":
                    reply, sender, recipients = b"250 2.0.0 ok", None, []
                case b"NOOP":
                    reply = b"250 2.0.0 ok"
                case b"QUIT":
                    writer.write(b"221 2.0.0 goodbye\r\n")
                    await writer.drain()
                    return
                case b"PROXY":
                    continue  # our supervisor's probe says it where all loopback is behind a proxy
                case _:
                    reply = b"502 5.5.1 the sink does not know this command"
            writer.write(reply + b"\r\n")
            await writer.drain()

    def _take(self, sender: str, recipients: list[str], content: bytes | None) -> bytes:
        if content is None:
            return b"552 5.3.4 too large for the sink"
        name = hashlib.blake2b(content + "\n".join(sorted(recipients)).encode(), digest_size=16).digest()
        times = self._seen.pop(name, 0)
        if times < PUT_OFF:
            self._seen[name] = times + 1
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return f"451 4.7.1 slow.test is slow today, try again ({times + 1} of {PUT_OFF})".encode()
        self._keep(sender, recipients, content)
        self._taken += 1
        return f"250 2.0.0 taken by the sink, number {self._taken}".encode()

    def _keep(self, sender: str, recipients: list[str], content: bytes) -> None:
        """As a file, its envelope above it; the oldest beyond KEPT go."""
        envelope = f"X-Envelope-From: <{sender}>\r\nX-Envelope-To: {', '.join(f'<{path}>' for path in recipients)}\r\n"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path = self._folder / f"{clock.now():%Y%m%d-%H%M%S-%f}.eml"
            path.write_bytes(envelope.encode("utf-8", "replace") + content)
            for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("sink: %s cannot be written: %s", self._folder, error)


def _path(rest: bytes) -> str | None:
    found = _PATH.match(rest)
    return found[1].decode("utf-8", "replace") if found else None


def _answer(path: str | None) -> bytes:
    """The reply to RCPT."""
    if not path:
        return b"501 5.1.3 no forward-path"
    if path.rpartition("@")[2].lower() != DOMAIN:
        return b"550 5.7.1 the sink plays slow.test and nobody else"
    return _REFUSALS.get(path.lower(), b"250 2.1.5 ok")


async def _data(reader: asyncio.StreamReader) -> bytes | None:
    """Up to the lone dot, without the dots that were added; None when it was too large."""
    lines, size = [], 0
    while (line := await asyncio.wait_for(reader.readuntil(b"\r\n"), _SILENCE)) != b".\r\n":
        size += len(line)
        if size <= _MOST_BYTES:
            lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines) if size <= _MOST_BYTES else None
