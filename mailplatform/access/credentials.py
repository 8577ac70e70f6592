"""Passwords and app passwords: set, drawn, listed, taken away. Every change counts up the access epoch and ends
living sessions.

A changed password is a new row, so sessions that came in by the old one are found out by their credential. App
passwords are drawn here, shown once, good only for the protocols they were made for.
"""

import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from mailplatform.access import verifiers
from mailplatform.access.epoch import bump
from mailplatform.access.hashing import hasher, keyed, prepared
from mailplatform.access.models import Credential
from mailplatform.access.values import CredentialKind, Scope
from mailplatform.audit.record import Subject, record
from mailplatform.directory.constraints import refusing
from mailplatform.directory.models import User
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import AlreadyExists, Malformed, NotFound

MIN_CHARACTERS = 8
MOST_CHARACTERS = 1000
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters, none that is read as another
_GROUPS, _GROUP_LETTERS = 4, 4


@dataclass(frozen=True, slots=True)
class AppPasswordInfo:
    """An app password without its secret. Empty scopes mean every protocol."""

    id: int
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    last_used_protocol: str


def generated() -> str:
    """A new random secret of 80 bits, in groups a person can type."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP_LETTERS))
    return "-".join(letters[at : at + _GROUP_LETTERS] for at in range(0, len(letters), _GROUP_LETTERS))


def hashed(password: str, *, login: str = "") -> str:
    """Check a chosen password and hash it; slow on purpose, so call it before a transaction. Raises Malformed."""
    check_policy(password, login=login)
    return hasher().hash(password)


def check_policy(password: str, *, login: str = "") -> None:
    """Refuse, in words, a password that is too short, too long, unprintable or the login itself. Raises Malformed."""
    if len(password) < MIN_CHARACTERS:
        words = gettext("password: shorter than %(count)d characters") % {"count": MIN_CHARACTERS}
    elif len(password) > MOST_CHARACTERS:
        words = gettext("password: longer than %(count)d characters") % {"count": MOST_CHARACTERS}
    elif any(unicodedata.category(letter) in ("Cc", "Cs") for letter in password):
        words = gettext("password: has a control character")
    elif login and password.lower() in (login, login.rpartition("@")[0]):
        words = gettext("password: is the login itself")
    else:
        return
    raise Malformed(words, subject="password")


def set_password(user_id: int, password: str, *, actor: Actor) -> None:
    """Give a user this password in place of any other, in force at once. Raises NotFound, Malformed."""
    user = _user(user_id)
    encoded = hashed(password, login=user.login)
    set_hashed(user_id, encoded, actor=actor)
    if verifiers.for_chosen(user_id):
        kept = Credential.objects.filter(user=user, kind=CredentialKind.PASSWORD, secret=encoded).first()
        if kept is not None:
            verifiers.remember(user_id, user.login, kept.pk, password)


@transaction.atomic
def set_hashed(user_id: int, encoded: str, *, actor: Actor) -> None:
    """Give a user the password behind this argon2id hash. Raises NotFound."""
    user = _user(user_id, lock=True)
    Credential.objects.filter(user=user, kind=CredentialKind.PASSWORD).delete()
    Credential.objects.create(user=user, kind=CredentialKind.PASSWORD, secret=encoded)
    record("password.set", _subject(user), actor=actor)
    bump()


@transaction.atomic
def set_hashed_many(secrets_by_user: Sequence[tuple[int, str]]) -> None:
    """The first passwords of new users, in one statement; the rows that made the users tell of them."""
    Credential.objects.bulk_create(
        Credential(user_id=user_id, kind=CredentialKind.PASSWORD, secret=encoded) for user_id, encoded in secrets_by_user
    )


@transaction.atomic
def add_app_password(
    user_id: int, label: str, *, scopes: Collection[str] = (), expires_at: datetime | None = None, actor: Actor
) -> str:
    """Draw an app password and return it, this once. Raises NotFound, Malformed (label, scope), AlreadyExists (label)."""
    user = _user(user_id, lock=True)
    label = label.strip()
    if not label or len(label) > 100:
        raise Malformed(gettext("label: 1 to 100 characters that tell what it is for"), subject="label")
    for scope in scopes:
        if scope not in set(Scope):
            words = {"scope": scope, "scopes": ", ".join(Scope)}
            raise Malformed(gettext("scope: %(scope)s is none of %(scopes)s") % words, subject="scope")
    drawn = generated()
    verifier = verifiers.make(user_id, user.login, drawn)
    assert verifier is not None
    with refusing(
        "credential_label_once", AlreadyExists(gettext("label: %(label)s exists already") % {"label": label}, subject="label")
    ):
        Credential.objects.create(
            user=user,
            kind=CredentialKind.APP_PASSWORD,
            label=label,
            scopes=sorted(set(scopes)),
            secret=app_password_hash(drawn),
            scram_stored=verifier.stored_key,
            scram_server=verifier.server_key,
            expires_at=expires_at,
        )
    record("app_password.added", _subject(user), actor=actor, label=label, scopes=sorted(set(scopes)))
    bump()
    return drawn


@transaction.atomic
def remove_app_password(user_id: int, label: str, *, actor: Actor) -> None:
    """Take an app password away; who came in by it is put out. Raises NotFound."""
    user = _user(user_id, lock=True)
    if not Credential.objects.filter(user=user, kind=CredentialKind.APP_PASSWORD, label=label.strip()).delete()[0]:
        raise NotFound(gettext("label: there is no app password %(label)s") % {"label": label}, subject="label")
    record("app_password.removed", _subject(user), actor=actor, label=label)
    bump()


def list_app_passwords(user_id: int) -> list[AppPasswordInfo]:
    """A user's app passwords by label."""
    rows = Credential.objects.filter(user_id=user_id, kind=CredentialKind.APP_PASSWORD).order_by("label")
    columns = ("id", "label", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from", "last_used_protocol")
    return [AppPasswordInfo(pk, label, tuple(scopes), *rest) for pk, label, scopes, *rest in rows.values_list(*columns)]


def app_password_hash(drawn: str | bytes) -> str:
    """The keyed hash of an app password as it was typed: case, blanks and hyphens do not count."""
    letters = _letters(drawn)
    # Derived from the site's secret key (a file of the home), so the rows alone, without it, cannot be searched.
    return keyed(salted_hmac("mailplatform.access.app_password", "", algorithm="sha256").digest(), letters)


def as_drawn(typed: str | bytes) -> bytes:
    """An app password as it was shown, however it was typed."""
    letters = _letters(typed)
    return b"-".join(letters[at : at + _GROUP_LETTERS] for at in range(0, len(letters), _GROUP_LETTERS))


def _letters(drawn: str | bytes) -> bytes:
    return prepared(drawn).lower().replace(b"-", b"").replace(b" ", b"")


def _user(user_id: int, *, lock: bool = False) -> User:
    rows = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    user = rows.filter(pk=user_id).first()
    if user is None:
        raise NotFound(gettext("user: there is no such user"), subject="user")
    return user


def _subject(user: User) -> Subject:
    return Subject("user", user.pk, user.login, user.organisation_id)
