"""What EHLO offers, in order: one table (RFC 5321 §4.1.1.1; registry "SMTP Service Extensions").

A keyword is offered when its condition holds in the session's present state; parameters and commands of what is not
offered are refused. Reserved for roles to come: CHUNKING, LIMITS, REQUIRETLS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailplatform.standards.status import Reply


@dataclass(frozen=True, slots=True)
class Offer:
    """What decides about extensions: the role's own set, whether TLS could be started, the size limit in octets, the SASL
    mechanisms that may be used now."""

    extensions: frozenset[str]
    size: int
    can_start_tls: bool = False
    mechanisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """An EHLO keyword, its parameter, and when it is shown."""

    keyword: str
    rfc: str
    param: Callable[[Offer], str] | None = None
    shown: Callable[[Offer], bool] | None = None


EXTENSIONS: tuple[Extension, ...] = (
    Extension("PIPELINING", "RFC 2920"),
    Extension("SIZE", "RFC 1870", param=lambda offer: str(offer.size)),
    Extension("8BITMIME", "RFC 6152"),
    Extension("SMTPUTF8", "RFC 6531"),
    Extension("ENHANCEDSTATUSCODES", "RFC 2034"),
    Extension("DSN", "RFC 3461"),
    Extension("STARTTLS", "RFC 3207", shown=lambda offer: offer.can_start_tls),
    Extension("AUTH", "RFC 4954", param=lambda offer: " ".join(offer.mechanisms), shown=lambda offer: bool(offer.mechanisms)),
)
KEYWORDS = frozenset(extension.keyword for extension in EXTENSIONS)


def ehlo(host: str, peer: str, offer: Offer) -> Reply:
    """The answer to EHLO. The first line carries the server's name (RFC 5321 §4.1.1.1)."""
    lines = []
    for extension in EXTENSIONS:
        if extension.keyword in offer.extensions and (extension.shown is None or extension.shown(offer)):
            lines.append(extension.keyword + (f" {extension.param(offer)}" if extension.param else ""))
    return Reply(250, "", f"{host} greets {peer}", tuple(lines))
