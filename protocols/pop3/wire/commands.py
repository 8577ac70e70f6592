"""What a POP3 client can say, as frozen values (RFC 1939 §5-§7 and its extensions)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a client."""


@dataclass(frozen=True, slots=True)
class User(Command):
    """RFC 1939 §7; UTF-8 by RFC 6856 §2.2."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass(Command):
    """RFC 1939 §7; all that follows the first space, octets as sent."""

    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Auth(Command):
    """RFC 5034 §4. initial: the initial response as sent, base64 (`=` is the empty one); mechanism "": list them."""

    mechanism: str = ""
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Stls(Command):
    """RFC 2595 §4."""


@dataclass(frozen=True, slots=True)
class Capa(Command):
    """RFC 2449 §5."""


@dataclass(frozen=True, slots=True)
class Utf8(Command):
    """RFC 6856 §2.1."""


@dataclass(frozen=True, slots=True)
class Lang(Command):
    """RFC 6856 §3. tag: "" lists the languages, "*" is the server's own choice."""

    tag: str = ""


@dataclass(frozen=True, slots=True)
class Quit(Command):
    """RFC 1939 §4, §6."""


@dataclass(frozen=True, slots=True)
class Stat(Command):
    """RFC 1939 §5."""


@dataclass(frozen=True, slots=True)
class List(Command):
    """RFC 1939 §5. number: None for all."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Uidl(Command):
    """RFC 1939 §7. number: None for all."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Retr(Command):
    """RFC 1939 §5."""

    number: int


@dataclass(frozen=True, slots=True)
class Top(Command):
    """RFC 1939 §7: the header and so many lines of the body."""

    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Dele(Command):
    """RFC 1939 §5."""

    number: int


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """RFC 1939 §5."""


@dataclass(frozen=True, slots=True)
class Rset(Command):
    """RFC 1939 §5."""
