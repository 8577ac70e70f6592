"""The doors in process: SMTP and IMAP on loopback, built as their roles build them, over a real database.

The event loop runs in a thread of its own, so tests use blocking clients. Certificates are self-signed; from loopback a
password may be sent without TLS, as the site of these tests says.
"""

import asyncio
import dataclasses
import importlib
import inspect
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from django.conf import settings

from mailplatform.access.hashing import hasher
from mailplatform.directory import accounts, domains
from mailplatform.directory.accounts import AccountInfo, NewAccount
from mailplatform.directory.values import Actor
from mailplatform.mailflow.accounts import open_accounts
from mailplatform.runtime.errors import AlreadyExists
from mailplatform.runtime.tls import Certificates
from mailplatform.settings.service import Listener, ServiceContext
from mailplatform.settings.site import SiteConfig
from mailplatform.supervisor.up import open_socket
from tests.support.certificate import a_certificate
from tests.support.clients.imap import Imap

HOST = "mx.house.test"
PASSWORD = "a-password-of-tests"
TESTER = Actor(7, "tester")
DOORS = ("smtp", "submission", "lmtp", "imap")
MODULES = {
    "smtp": "protocols.smtp.service",
    "submission": "protocols.smtp.submission",
    "lmtp": "protocols.smtp.lmtp",
    "imap": "protocols.imap.service",
    "pop3": "protocols.pop3.service",
}


def a_site(home: Path, redis_url: str = "") -> SiteConfig:
    """The site of the tests: the settings' own, with a home of its own, one host name, and passwords from loopback."""
    base: SiteConfig = settings.SITE
    for folder in ("packs", "spool", "run", "tls"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    site = dataclasses.replace(
        base,
        home=home,
        network=dataclasses.replace(base.network, hostname=HOST),
        redis=dataclasses.replace(base.redis, url=redis_url or base.redis.url),
        access=dataclasses.replace(base.access, plaintext_networks=("127.0.0.0/8",), announce_scram=True),
    )
    site.sockets_dir.mkdir(exist_ok=True)  # elsewhere when the home's path is long
    return site


@dataclasses.dataclass(slots=True)
class House:
    """Running doors by listener: smtp, submission, submissions, lmtp, lmtp.sock (a path), imap, imaps.

    tls: a client's context that trusts them."""

    site: SiteConfig
    addresses: dict[str, Any]
    tls: ssl.SSLContext

    @property
    def smtp(self) -> tuple[str, int]:
        return self.addresses["smtp"]  # type: ignore[no-any-return]

    def open(self, *addresses: str, **columns: Any) -> list[AccountInfo]:
        """Open accounts whole, their domains as well; all have PASSWORD."""
        for name in dict.fromkeys(address.rpartition("@")[2] for address in addresses):
            try:
                domains.add_domain(name, actor=TESTER)
            except AlreadyExists:
                pass
        encoded = hasher().hash(PASSWORD)
        open_accounts([NewAccount(a, **columns) for a in addresses], encoded=[encoded] * len(addresses), actor=TESTER)
        return [accounts.get_account(address) for address in addresses]

    def reader(self, address: str, folder: str | None = "INBOX", **options: Any) -> Imap:
        """A logged-in IMAP client, with a folder selected."""
        imap = Imap.connect(*self.addresses["imap"], **options)
        imap.login(address, PASSWORD)
        if folder is not None:
            imap.select(folder)
        return imap


@contextmanager
def running(site: SiteConfig, roles: Sequence[str] = DOORS) -> Iterator[House]:
    """Serve these roles until the block ends; then they drain."""
    folder = a_certificate(site.home / "tls", HOST)
    certificates = Certificates(site.home / "tls", HOST)
    sockets: dict[str, list[socket.socket]] = {}
    contexts = []
    for role in roles:
        ways = {way.name: way for way in site.listeners()[role]}
        for name, way in ways.items():
            sockets[name] = [open_socket(way) if way.is_unix else _bound()]
        contexts.append(_context(site, role, ways, sockets))
    with _Loop(contexts, certificates):
        tls = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        tls.check_hostname = False
        yield House(site, {name: _name(bound[0]) for name, bound in sockets.items()}, tls)


def _name(sock: socket.socket) -> Any:
    """(host, port), or the path of a Unix socket."""
    name = sock.getsockname()
    return name if isinstance(name, str) else name[:2]


def _bound() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    sock.setblocking(False)
    return sock


def _context(site: SiteConfig, role: str, ways: dict[str, Listener], sockets: dict[str, list[socket.socket]]) -> ServiceContext:
    there = {
        name: way if way.is_unix else dataclasses.replace(way, port=sockets[name][0].getsockname()[1])
        for name, way in ways.items()
    }
    return ServiceContext(site, role, sockets={name: sockets[name] for name in ways}, listeners=there)


class _Loop:
    """An event loop in a thread; entering waits until the doors accept, leaving until they have drained."""

    def __init__(self, contexts: Sequence[ServiceContext], certificates: Certificates) -> None:
        self._contexts, self._certificates = contexts, certificates
        self._ready, self._failed = threading.Event(), None
        self._thread = threading.Thread(target=self._run, name="doors", daemon=True)

    def __enter__(self) -> "_Loop":
        self._thread.start()
        self._ready.wait(20)
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the doors do not drain"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        built = []
        try:
            for context in self._contexts:
                doors = importlib.import_module(MODULES[context.role]).build(context, self._certificates)
                doors = await doors if inspect.isawaitable(doors) else doors
                built.append(doors)
                for name, listener in doors.listeners.items():
                    await listener.listen(context.sockets[name])
        except Exception as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        await self._stopping.wait()
        for doors in built:
            await asyncio.gather(*(listener.drain(2.0) for listener in doors.listeners.values()))
            for end in doors.stop:
                ending = end()
                if inspect.isawaitable(ending):
                    await ending
