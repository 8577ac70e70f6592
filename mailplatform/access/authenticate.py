"""The only door to a credential, for every protocol and both webs: login and password in, Identity out.

Every failure is the same error with the same words: no such user, wrong password, suspended, closed, not for this
protocol, shut out. Only who has proven to be somebody, and may not come in from where they are, is told so. An unknown
user costs the same hash as a known one. Secrets are compared in constant time and reach neither log nor error. What is
asked of the database is asked at every sign-in, so a changed password, a closed account or a withdrawn app password
counts at once in every process; only the hashing is remembered (access.hashing).
Known gap: second factors and OAuth come with the webs.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailplatform.access import verifiers
from mailplatform.access.admission import admitted
from mailplatform.access.credentials import app_password_hash, as_drawn
from mailplatform.access.hashing import Hasher, hasher
from mailplatform.access.lockout import Lockout, lockout
from mailplatform.access.models import Credential
from mailplatform.access.values import WEB, CredentialKind, Identity
from mailplatform.directory import canonical
from mailplatform.directory.statements import run
from mailplatform.directory.values import AccountState
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AuthenticationFailed, Malformed, SignInRefused

_USED_EVERY = timedelta(minutes=10)  # a row written at every sign-in would cost more than the sign-in
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    kind: str
    scopes: tuple[str, ...]
    secret: str
    last_used_at: datetime | None
    lacks_verifier: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows of a login."""

    user_id: int
    organisation_id: int
    login: str
    name: str
    role: str
    may_enter: bool
    account_id: int | None
    access_epoch: int
    candidates: tuple[_Candidate, ...]


def authenticate(
    login: str,
    password: str | bytes,
    *,
    protocol: str,
    client_address: str,
    hashes: Hasher | None = None,
    locks: Lockout | None = None,
) -> Identity:
    """Let somebody in, or raise AuthenticationFailed; SignInRefused when they may not come in from this address.

    TemporarilyUnavailable when passwords queue too long.

    login: a full address in any case, also with an alias domain. protocol: a word of values.Scope. client_address: canonical.
    Blocks for some 25 ms; async doors call it in a lane of its own.
    """
    hashes, locks = hashes or hasher(), locks or lockout()
    parts, name = name_of(login)
    if locks.shut(name, client_address):
        raise AuthenticationFailed(private="locked out after failures", subject=name, delay=locks.longest_delay)
    known = _look_up(parts) if parts else None
    credential = _verified(known, password, protocol, hashes) if len(password) <= _MOST_BYTES else None
    if known is None or credential is None or not known.may_enter:
        delay = locks.failed(name, client_address, protocol)
        raise AuthenticationFailed(private=_reason(known, credential), subject=name, delay=delay)
    identity = Identity(
        known.user_id,
        known.account_id,
        known.organisation_id,
        known.login,
        known.name,
        known.role,
        credential.id,
        known.access_epoch,
    )
    if credential.lacks_verifier:
        app = credential.kind == CredentialKind.APP_PASSWORD
        verifiers.remember(known.user_id, known.login, credential.id, as_drawn(password) if app else password)
    enter(identity, name, credential.last_used_at, protocol=protocol, client_address=client_address, locks=locks)
    return identity


def name_of(login: str) -> tuple[canonical.Parts | None, str]:
    """A login as the tables and the lock-out know it; None for what is no address."""
    try:
        parts = canonical.split(login)
    except Malformed:
        return None, login.strip().lower()[:320]
    return parts, str(parts)


def enter(
    identity: Identity, name: str, last_used_at: datetime | None, *, protocol: str, client_address: str, locks: Lockout
) -> None:
    """Somebody has proven who they are: forget their failures from here, see whether they may come in from here, note the use of
    their credential (once in ten minutes). Raises SignInRefused."""
    locks.succeeded(name, client_address)
    decision = admitted(identity, protocol, client_address)
    if not decision.allowed:
        raise SignInRefused(private=f"{protocol} from {client_address}: no network of their {decision.level}", subject=name)
    now = clock.now()
    if last_used_at is None or now - last_used_at >= _USED_EVERY:
        Credential.objects.filter(pk=identity.credential_id).update(
            last_used_at=now, last_used_from=client_address, last_used_protocol=protocol
        )


def _look_up(parts: canonical.Parts) -> _Known | None:
    before = canonical.address(parts.key, "").removesuffix("@")
    rows = run("mailplatform.access", "credentials", {"before": before, "domain": parts.domain, "now": clock.now()})
    if not rows:
        return None
    user_id, organisation_id, login, name, role, active, account_id, state, epoch = rows[0][:9]
    candidates = tuple(_Candidate(row[9], row[10], tuple(row[11]), *row[12:15]) for row in rows if row[9] is not None)
    may_enter = active and (account_id is None or state == AccountState.ACTIVE)
    return _Known(user_id, organisation_id, login, name, role, may_enter, account_id, epoch, candidates)


def _verified(known: _Known | None, password: str | bytes, protocol: str, hashes: Hasher) -> _Candidate | None:
    """The credential this password is, asking all app passwords and exactly one slow hash, whoever asks."""
    candidates = known.candidates if known else ()
    mine = app_password_hash(password)
    for candidate in candidates:
        if candidate.kind == CredentialKind.APP_PASSWORD and hmac.compare_digest(candidate.secret, mine):
            good = protocol in candidate.scopes if candidate.scopes else protocol != WEB
            return candidate if good else None
    chosen = next((candidate for candidate in candidates if candidate.kind == CredentialKind.PASSWORD), None)
    right = hashes.verify(chosen.secret if chosen else hashes.decoy, password)
    if chosen is None or not right:
        return None
    if hashes.outdated(chosen.secret):
        Credential.objects.filter(pk=chosen.id, secret=chosen.secret).update(secret=hashes.hash(password))
    return chosen


def _reason(known: _Known | None, credential: _Candidate | None) -> str:
    if known is None:
        return "no such user"
    return "wrong password or protocol" if credential is None else "user or account not active"
