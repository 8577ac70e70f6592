"""SASL PLAIN: one message with who, as whom, and the password.

Standards: RFC 4616; RFC 4422 §3 (an authorisation identity may be empty). Pure: it reads and writes, it checks nothing.
Invariants: a password is kept as octets and never shown by repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class BadResponse(ValueError):
    """A response that is not of its mechanism's form. The message holds nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """authorisation: whom to act as, "" for oneself. login: whose password it is. password: octets as sent."""

    login: str
    password: bytes = field(repr=False)
    authorisation: str = ""


def parse(response: bytes) -> Credentials:
    """Read `[authzid] NUL authcid NUL passwd`. Raises BadResponse."""
    parts = response.split(b"\x00")
    if len(parts) != 3:
        raise BadResponse("expected authorisation identity, login and password with NUL between them")
    try:
        authorisation, login = parts[0].decode("utf-8"), parts[1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadResponse("identities are UTF-8") from error
    if not login or not parts[2]:
        raise BadResponse("login and password are not empty")
    if len(login) > 255 or len(authorisation) > 255 or len(parts[2]) > 1024:
        raise BadResponse("login or password is too long")
    return Credentials(login, parts[2], authorisation)


def response(credentials: Credentials) -> bytes:
    """The message a client sends."""
    return b"\x00".join((credentials.authorisation.encode(), credentials.login.encode(), credentials.password))
