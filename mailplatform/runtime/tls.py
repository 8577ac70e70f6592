"""The certificates of this site, as SSL contexts that choose by host name.

`home/tls/<host name>/` holds `cert.pem` (the chain, leaf first) and `key.pem`. A client that names a host by SNI
(RFC 6066 §3) gets that host's certificate, `*.example.test` serves one label, and anybody else gets the default one.
TLS 1.2 and up (RFC 8996), session tickets on, no renegotiation.

A reload builds everything anew and swaps it in; what cannot be read leaves the old set in force and is said in the log.
Known gap: ticket keys are per process (Python's ssl cannot set them), so a client resumes only at the worker it met
before.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

log = logging.getLogger(__name__)

CHAIN = "cert.pem"
KEY = "key.pem"


class Certificates:
    """`default` names the host of those who name none; `minimum` is 1.2 or 1.3.

    The contexts in force. Raises FileNotFoundError when the folder holds none, ssl.SSLError when one is unreadable."""

    def __init__(self, folder: Path, default: str = "", *, minimum: str = "1.2", alpn: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._default = default.lower()
        self._minimum = ssl.TLSVersion.TLSv1_3 if minimum == "1.3" else ssl.TLSVersion.TLSv1_2
        self._alpn = alpn
        self._by_name: dict[str, ssl.SSLContext] = {}
        self._context = self._load()

    @property
    def context(self) -> ssl.SSLContext:
        """The server context of new handshakes; it switches by SNI itself."""
        return self._context

    @property
    def names(self) -> tuple[str, ...]:
        """The host names that have a certificate."""
        return tuple(sorted(self._by_name))

    def reload(self) -> bool:
        """Read the folder again; False when that failed and the old certificates stay."""
        try:
            self._context = self._load()
        except (OSError, ValueError) as error:
            log.error("certificates not reloaded, the old ones stay in force: %s: %s", self._folder, error)
            return False
        return True

    def _load(self) -> ssl.SSLContext:
        found: dict[str, ssl.SSLContext] = {}
        for folder in sorted(self._folder.iterdir()):
            if (folder / CHAIN).is_file() and (folder / KEY).is_file():
                found[folder.name.lower()] = _server(folder / CHAIN, folder / KEY, self._minimum, self._alpn)
        if not found:
            raise FileNotFoundError(f"no <host name>/{CHAIN} and {KEY} under {self._folder}")
        default = found.get(self._default) or next(iter(found.values()))

        def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            chosen = pick(found, name) if name else None
            if chosen is not None:
                connection.context = chosen

        for context in found.values():
            context.sni_callback = choose
        self._by_name = found
        return default


def pick(found: dict[str, ssl.SSLContext], name: str) -> ssl.SSLContext | None:
    """The context for a host name: the exact one, else that of the wildcard one label up (RFC 6125 §6.4.3), else None."""
    name = name.lower().rstrip(".")
    return found.get(name) or found.get("*." + name.partition(".")[2])


def _server(chain: Path, key: Path, minimum: ssl.TLSVersion, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.load_cert_chain(chain, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_context(*, verified: bool, minimum: str = "1.2") -> ssl.SSLContext:
    """For calls to other servers. verified: the certificate must be good and name the host (RFC 6125 §6); else none is looked
    at, which still keeps everybody out who only listens (RFC 7435)."""
    context = ssl.create_default_context() if verified else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if minimum == "1.3" else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context
