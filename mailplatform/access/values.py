"""The closed words of access, and the frozen values doors hold."""

from dataclasses import dataclass
from enum import StrEnum

WEB = "web"  # sign-in by browser: for passwords only, since an app password is for one program
DRAWN_ITERATIONS = 4096  # RFC 7677 §4; enough for what we draw, whose 80 bits no dictionary holds


class CredentialKind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    APP_PASSWORD = "app_password"  # noqa: S105


class Scope(StrEnum):
    """Protocols an app password may be good for."""

    IMAP = "imap"
    POP3 = "pop3"
    SMTP = "smtp"
    SIEVE = "sieve"
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
