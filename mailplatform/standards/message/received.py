"""Trace fields: what a mail system writes above a message that it takes or delivers, and the count that finds loops.

Standards: RFC 5321 §4.4 (Received, Return-Path) and §6.3 (loops), RFC 3848 and RFC 6531 §4.3 (the words after `with`),
RFC 5322 §3.6.7 and §2.1.1 (folding), RFC 9228 (Delivered-To).
Invariants: whatever the peer called itself, each field is well formed: lines of at most 78 characters where words allow it, never
more than 998, no control characters; only UTF-8 addresses bring octets above 127 in. Every field ends with CRLF.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NAME = re.compile(r"[^A-Za-z0-9.:_\[\]-]")
_COMMENT = re.compile(r"[^ -'*-\[\]-~]")  # no parentheses, no backslash
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_RECEIVED = re.compile(rb"^received[ \t]*+:", re.I | re.M)
_LINE = 78
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date(at: datetime) -> str:
    """A moment as RFC 5322 §3.3 writes it, in UTC; a naive one is taken for UTC."""
    at = at.astimezone(UTC) if at.tzinfo else at
    return (
        f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year:04} {at.hour:02}:{at.minute:02}:{at.second:02} +0000"
    )


def with_word(*, esmtp: bool, tls: bool = False, authenticated: bool = False, smtputf8: bool = False, lmtp: bool = False) -> str:
    """The protocol's name in a Received field: SMTP, ESMTPSA, UTF8LMTPS … (RFC 3848, RFC 6531 §4.3)."""
    base = "LMTP" if lmtp else "ESMTP" if esmtp or tls or authenticated else "SMTP"
    if smtputf8:
        base = "UTF8" + base.removeprefix("E")
    return base + ("S" if tls else "") + ("A" if authenticated else "")


def received(
    *,
    helo: str,
    client_address: str,
    by: str,
    protocol: str,
    trace_id: str,
    at: datetime,
    recipient: str = "",
    reverse_name: str = "",
    tls: str = "",
) -> bytes:
    """A Received field with its CRLF. recipient: the one recipient, "" when there are several (they may not know of each other).
    client_address: canonical IPv4 or IPv6 text. protocol: see `with_word`. tls: version and cipher, shown as a comment."""
    literal = f"[IPv6:{client_address}]" if ":" in client_address else f"[{client_address}]"
    words = ["from", _name(helo) or "unknown"]
    words += [f"({_name(reverse_name)}", f"{_name(literal)})"] if reverse_name else [f"({_name(literal)})"]
    words += ["by", _name(by), "with", _name(protocol)]
    if tls:
        words += f"({_COMMENT.sub('?', tls[:120])})".split()
    words += ["id", _name(trace_id)]
    if recipient:
        words += ["for", f"<{_CONTROL.sub('?', recipient)}>"]
    words[-1] += ";"
    words += date(at).split()
    return _folded("Received:", words)


def return_path(reverse_path: str) -> bytes:
    """The Return-Path field of a final delivery; "" is the null path."""
    return f"Return-Path: <{_CONTROL.sub('?', reverse_path)}>\r\n".encode()


def delivered_to(address: str) -> bytes:
    """The Delivered-To field (RFC 9228)."""
    return f"Delivered-To: {_CONTROL.sub('?', address)}\r\n".encode()


def count_received(header: bytes) -> int:
    """How many Received fields a header has: RFC 5321 §6.3 takes at least 100 for a loop."""
    return len(_RECEIVED.findall(header))


def _name(text: str) -> str:
    return _NAME.sub("?", text[:255])


def _folded(name: str, words: list[str]) -> bytes:
    lines = [name]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip():
            lines.append("\t" + word)
        else:
            lines[-1] += " " + word
    return ("\r\n".join(lines) + "\r\n").encode()
