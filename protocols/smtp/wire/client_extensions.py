"""What a server offers, read from its reply to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.smtp.wire.client_replies import ClientReply


@dataclass(frozen=True, slots=True)
class Offered:
    """The extensions we use. size: octets of the largest message, None when the server names none (RFC 1870 §3: 0).

    auth: SASL mechanisms in upper case.
    """

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    starttls: bool = False
    announces_size: bool = False
    size: int | None = None
    auth: frozenset[str] = frozenset()


NOTHING = Offered()
"""After HELO."""


def offered(reply: ClientReply) -> Offered:
    """Read the reply to EHLO; lines that make no sense are passed over."""
    words: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # Servers older than RFC 2554 wrote AUTH=LOGIN.
        keyword, *params = line.replace("AUTH=", "AUTH ", 1).upper().split() or [""]
        words.setdefault(keyword, []).extend(params)
    size = words.get("SIZE", [])
    most = int(size[0]) if size and size[0].isascii() and size[0].isdigit() and len(size[0]) <= 20 else 0
    return Offered(
        pipelining="PIPELINING" in words,
        eight_bit="8BITMIME" in words,
        smtputf8="SMTPUTF8" in words,
        dsn="DSN" in words,
        starttls="STARTTLS" in words,
        announces_size="SIZE" in words,
        size=most or None,
        auth=frozenset(words.get("AUTH", ())),
    )
