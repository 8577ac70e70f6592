"""The closed words of access, and the frozen values doors hold."""

from dataclasses import dataclass
from enum import StrEnum

WEB = "web"  # sign-in by browser: for passwords only, since an app password is for one program
SCRAM_ITERATIONS = 100_000
"""Of every verifier of ours, drawn or chosen (RFC 7677 §4 asks 4096): the client computes them, we do not, and a count that
differed from that of unknown users would tell them apart."""


class CredentialKind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    APP_PASSWORD = "app_password"  # noqa: S105


class Scope(StrEnum):
    """Protocols, as app passwords, policies and living sessions name them."""

    IMAP = "imap"
    POP3 = "pop3"
    SUBMISSION = "submission"
    MANAGESIEVE = "managesieve"
    JMAP = "jmap"
    DAV = "dav"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who came in, and by which credential. `account_id` is the user's own account, None when there is none."""

    user_id: int
    account_id: int | None
    organisation_id: int
    login: str
    name: str
    role: str
    credential_id: int
    access_epoch: int
