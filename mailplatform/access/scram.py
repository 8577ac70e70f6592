"""SCRAM-SHA-256 for the doors (RFC 5802, RFC 7677): what a login's challenge is made of, and who proved to be it.

Verifiers are kept for app passwords, which are drawn, random and good under the letters they were shown in. A user's share
salt and count, so one challenge serves them all. An unknown user, one without app passwords, one who is shut out: each gets a
salt of their own that stays the same, and a proof of nothing fails as any other, counted by the lock-out as any other.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.crypto import salted_hmac

from mailplatform.access.authenticate import enter, name_of
from mailplatform.access.lockout import Lockout, lockout
from mailplatform.access.values import DRAWN_ITERATIONS, Identity
from mailplatform.directory import canonical
from mailplatform.directory.statements import run
from mailplatform.directory.values import AccountState
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AuthenticationFailed
from mailplatform.standards.sasl.scram import Verifier


@dataclass(frozen=True, slots=True)
class Offered:
    """What a challenge is made of, and what its answer is compared with. login: canonical where it is an address.

    verifiers: of the credentials that are good for the protocol; candidates: who each of them would let in.
    """

    login: str
    salt: bytes
    iterations: int
    verifiers: tuple[Verifier, ...] = ()
    candidates: tuple[Identity, ...] = field(default=(), repr=False)
    last_used: tuple[datetime | None, ...] = ()


def offer(login: str, *, protocol: str, client_address: str, locks: Lockout | None = None) -> Offered:
    """What to challenge this login with; never says whether there is such a user."""
    locks = locks or lockout()
    parts, name = name_of(login)
    nobody = Offered(name, _false_salt(name), DRAWN_ITERATIONS)
    if parts is None or locks.shut(name, client_address):
        return nobody
    before = canonical.address(parts.key, "").removesuffix("@")
    params = {"before": before, "domain": parts.domain, "now": clock.now()}
    rows = [row for row in run("mailplatform.access", "scram", params) if not row[9] or protocol in row[9]]
    if not rows:
        return nobody
    user_id, organisation_id, login, full_name, role, account_id, state, epoch = rows[0][:8]
    if account_id is not None and state != AccountState.ACTIVE:
        return nobody
    return Offered(
        name,
        bytes(rows[0][13]),
        rows[0][14],
        tuple(Verifier(bytes(row[10]), bytes(row[11])) for row in rows),
        tuple(Identity(user_id, account_id, organisation_id, login, full_name, role, row[8], epoch) for row in rows),
        tuple(row[12] for row in rows),
    )


def prove(offered: Offered, proved: int | None, *, protocol: str, client_address: str, locks: Lockout | None = None) -> Identity:
    """The end of an exchange: which of the verifiers was proved, None for none. Raises AuthenticationFailed."""
    locks = locks or lockout()
    if proved is None or locks.shut(offered.login, client_address):
        locks.failed(offered.login, client_address)
        raise AuthenticationFailed(private="no proof", subject=offered.login)
    identity = offered.candidates[proved]
    enter(identity, offered.login, offered.last_used[proved], protocol=protocol, client_address=client_address, locks=locks)
    return identity


def _false_salt(name: str) -> bytes:
    """Different for every name, the same each time, and nothing that a stranger could compute."""
    return salted_hmac("mailplatform.access.scram", name, algorithm="sha256").digest()[:16]
