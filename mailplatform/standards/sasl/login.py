"""LOGIN: two challenges, two answers. Never a standard, still asked for by old mail programs.

Standards: none (draft-murchison-sasl-login, expired); the challenges are the words that clients have come to expect.
Invariants: a password is kept as octets and never shown by repr. Pure: it reads the answers, it checks nothing.
"""

from __future__ import annotations

from mailplatform.standards.sasl.plain import BadResponse, Credentials

ASK_LOGIN = b"Username:"
ASK_PASSWORD = b"Password:"


def credentials(login: bytes, password: bytes) -> Credentials:
    """The two answers (base64 undone) put together. Raises BadResponse."""
    try:
        name = login.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadResponse("identities are UTF-8") from error
    if not name or not password:
        raise BadResponse("login and password are not empty")
    if len(name) > 255 or len(password) > 1024 or "\x00" in name or b"\x00" in password:
        raise BadResponse("login or password is too long, or holds NUL")
    return Credentials(name, password)
