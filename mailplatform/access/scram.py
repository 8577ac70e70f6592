"""SCRAM-SHA-256 for the doors (RFC 5802, RFC 7677): what a login's challenge is made of, and who proved to be it.

Which credentials have verifiers, `verifiers` says. A user's share salt and count, so one challenge serves them all. An unknown
user, one without verifiers, one who is shut out or suspended: each gets the salt and count that a known one would, the same each
time, and a proof of nothing fails as any other, counted by the lock-out as any other. Without TLS a listener could try words
against what he heard, so a chosen password is not proved there.
"""

from dataclasses import dataclass, field
from datetime import datetime

from mailplatform.access.authenticate import enter, name_of
from mailplatform.access.lockout import Lockout, lockout
from mailplatform.access.values import SCRAM_ITERATIONS, CredentialKind, Identity
from mailplatform.access.verifiers import salt_of
from mailplatform.directory import canonical
from mailplatform.directory.statements import run
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


def offer(login: str, *, protocol: str, client_address: str, secure: bool = True, locks: Lockout | None = None) -> Offered:
    """What to challenge this login with; never says whether there is such a user. secure: nobody listens."""
    locks = locks or lockout()
    parts, name = name_of(login)
    if parts is None:
        return Offered(name, salt_of(name), SCRAM_ITERATIONS)
    before = canonical.address(parts.key, "").removesuffix("@")
    params = {"before": before, "domain": parts.domain, "now": clock.now()}
    rows = run("mailplatform.access", "scram", params)
    if not rows:
        return Offered(name, salt_of(name), SCRAM_ITERATIONS)
    domain, user_id, organisation_id, known, full_name, role, may_enter, account_id, epoch, salt, iterations = rows[0][:11]
    salt, iterations = (bytes(salt), iterations) if salt is not None else (salt_of(f"{before}@{domain}"), SCRAM_ITERATIONS)
    if not may_enter or locks.shut(name, client_address):
        return Offered(name, salt, iterations)
    kinds = set(CredentialKind) if secure else {CredentialKind.APP_PASSWORD}
    good = [row[11:] for row in rows if row[12] in kinds and (not row[13] or protocol in row[13])]
    return Offered(
        name,
        salt,
        iterations,
        tuple(Verifier(bytes(row[3]), bytes(row[4])) for row in good),
        tuple(Identity(user_id, account_id, organisation_id, known, full_name, role, row[0], epoch) for row in good),
        tuple(row[5] for row in good),
    )


def prove(offered: Offered, proved: int | None, *, protocol: str, client_address: str, locks: Lockout | None = None) -> Identity:
    """The end of an exchange: which of the verifiers was proved, None for none. Raises AuthenticationFailed."""
    locks = locks or lockout()
    if locks.shut(offered.login, client_address):  # as with a password: nothing is looked at, so nothing counts
        raise AuthenticationFailed(private="locked out after failures", subject=offered.login, delay=locks.longest_delay)
    if proved is None:
        delay = locks.failed(offered.login, client_address, protocol)
        raise AuthenticationFailed(private="no proof", subject=offered.login, delay=delay)
    identity = offered.candidates[proved]
    enter(identity, offered.login, offered.last_used[proved], protocol=protocol, client_address=client_address, locks=locks)
    return identity
