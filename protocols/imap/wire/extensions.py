"""What the server says it can do: the capability table, RFC 3501 §7.2.1, and which tokens stand in which state.

One row a token: its RFC, the states that announce it, and what it needs. `capabilities` renders the list for a session. A token
stands here only when it works. LOGINDISABLED (RFC 3501 §6.2.3) is announced while a plain-text login is refused.
"""

from dataclasses import dataclass

from protocols.imap.wire.machine import State

BEFORE = frozenset({State.NOT_AUTHENTICATED})
AFTER = frozenset({State.AUTHENTICATED, State.SELECTED})
ALWAYS = BEFORE | AFTER


@dataclass(frozen=True, slots=True)
class Extension:
    """A capability token. `plain_login`: only where passwords may be sent; `starttls`: only where TLS can still begin;
    `scram`: only where the site announces it."""

    token: str
    rfc: str
    states: frozenset[State] = AFTER
    plain_login: bool = False
    starttls: bool = False
    scram: bool = False


CAPABILITIES: tuple[Extension, ...] = (
    Extension("IMAP4rev1", "3501", ALWAYS),
    Extension("LITERAL+", "7888", ALWAYS),
    Extension("SASL-IR", "4959", BEFORE),
    Extension("ID", "2971", ALWAYS),
    Extension("ENABLE", "5161", ALWAYS),
    Extension("STARTTLS", "3501", BEFORE, starttls=True),
    Extension("AUTH=SCRAM-SHA-256", "7677", BEFORE, scram=True),
    Extension("AUTH=PLAIN", "4616", BEFORE, plain_login=True),
    Extension("IDLE", "2177"),
    Extension("NAMESPACE", "2342"),
    Extension("CHILDREN", "3348"),
    Extension("SPECIAL-USE", "6154"),
    Extension("UNSELECT", "3691"),
    Extension("UIDPLUS", "4315"),
    Extension("MOVE", "6851"),
    Extension("CONDSTORE", "7162"),
    Extension("ESEARCH", "4731"),
    Extension("QUOTA", "9208"),
    Extension("QUOTA=RES-STORAGE", "9208"),
    Extension("QUOTA=RES-MESSAGE", "9208"),
)

ENABLED_BY: dict[str, str] = {"CONDSTORE": "7162"}
"""What ENABLE can switch on. QRESYNC (7162), UTF8=ACCEPT (6855) and IMAP4rev2 (9051) have their place here, not offered yet."""


def capabilities(state: State, *, plain_login: bool, starttls: bool, scram: bool = True) -> tuple[str, ...]:
    """The tokens of a session in `state`.

    `plain_login`: a password may be sent on this connection (TLS, or a network where it is allowed).
    `starttls`: TLS is not yet on and a certificate is there. `scram`: the site announces SCRAM.
    """
    tokens = [
        extension.token
        for extension in CAPABILITIES
        if state in extension.states
        and (plain_login or not extension.plain_login)
        and (starttls or not extension.starttls)
        and (scram or not extension.scram)
    ]
    if state is State.NOT_AUTHENTICATED and not plain_login:
        tokens.append("LOGINDISABLED")
    return tuple(tokens)


def enables(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the client's ENABLE that we know, in its order. RFC 5161 §3.1: others are ignored."""
    return tuple(token for token in tokens if token in ENABLED_BY)
