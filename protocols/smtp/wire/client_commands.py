"""The commands a client sends, as octets (RFC 5321 §4.1.1), with the parameters that the server offered to take.

Nothing with a control character in it can leave: a line break in an address would be a second command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailplatform.standards.sasl import encoding
from protocols.smtp.wire.client_extensions import Offered

MOST_COMMAND = 2048

_VALUE = re.compile(r"[!-<>-~]{1,500}")  # RFC 5321 §4.1.2 esmtp-value


class Unsafe(ValueError):
    """An argument that cannot stand in a command; says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MAIL says of a message. size: octets with all that is sent before the content. eight_bit: it has 8-bit octets.

    smtputf8: an address or a header field needs RFC 6531. ret, envid: RFC 3461 §4.3, §4.4, envid still in xtext.
    """

    reverse_path: str
    size: int
    eight_bit: bool = False
    smtputf8: bool = False
    ret: str = ""
    envid: str = ""


@dataclass(frozen=True, slots=True)
class ForwardPath:
    """What RCPT says of a recipient. notify, orcpt: RFC 3461 §4.1, §4.2 as they came, orcpt still in xtext."""

    address: str
    notify: str = ""
    orcpt: str = ""


def ehlo(host: str) -> bytes:
    return _line(f"EHLO {host}")


def helo(host: str) -> bytes:
    return _line(f"HELO {host}")


def mail(envelope: Envelope, offered: Offered) -> bytes:
    """MAIL with SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET and ENVID (RFC 3461)."""
    said = f"MAIL FROM:<{_path(envelope.reverse_path, offered)}>"
    if offered.announces_size:
        said += f" SIZE={envelope.size}"
    if envelope.eight_bit and offered.eight_bit:
        said += " BODY=8BITMIME"
    if envelope.smtputf8 and offered.smtputf8:
        said += " SMTPUTF8"
    if offered.dsn:
        said += f" RET={envelope.ret}" if envelope.ret in ("FULL", "HDRS") else ""
        said += _param("ENVID", envelope.envid)
    return _line(said)


def rcpt(path: ForwardPath, offered: Offered) -> bytes:
    """RCPT with NOTIFY and ORCPT (RFC 3461)."""
    said = f"RCPT TO:<{_path(path.address, offered)}>"
    if offered.dsn:
        said += _param("NOTIFY", path.notify) + _param("ORCPT", path.orcpt)
    return _line(said)


def auth(mechanism: str, initial: bytes | None = None) -> bytes:
    """AUTH (RFC 4954 §4), with an initial response if there is one."""
    return _line(
        f"AUTH {mechanism}" + (f" {(encoding.write(initial) or b'=').decode('ascii')}" if initial is not None else ""), 16384
    )


def answer(response: bytes) -> bytes:
    """One answer within AUTH."""
    return encoding.write(response) + b"\r\n"


DATA = b"DATA\r\n"
RSET = b"RSET\r\n"
QUIT = b"QUIT\r\n"
STARTTLS = b"STARTTLS\r\n"
CANCEL = b"*\r\n"
"""Gives up within AUTH."""


def _path(address: str, offered: Offered) -> str:
    if not address.isascii() and not offered.smtputf8:
        raise Unsafe("the address needs SMTPUTF8, which the server does not offer")
    if '"' not in address and ("<" in address or ">" in address):
        raise Unsafe("the address has a bracket in it")
    return address


def _param(name: str, value: str) -> str:
    """A wish about reports; one that could not be understood is left out, not a reason to keep the message."""
    return f" {name}={value}" if value and _VALUE.fullmatch(value) else ""


def _line(text: str, most: int = MOST_COMMAND) -> bytes:
    if not text.isprintable():
        raise Unsafe("there is a control character in it")
    line = text.encode("utf-8") + b"\r\n"
    if len(line) > most:
        raise Unsafe("it is longer than a command may be")
    return line
