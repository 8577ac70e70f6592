"""SCRAM verifiers (RFC 5802 §3): made where the secret is seen, kept beside its hash.

An app password always has one: it is random, so nobody finds it by trying words against a verifier that was stolen. A chosen
password has one only where its organisation asks for it, since a verifier is easier to try words against than argon2id is; when
the organisation changes its mind they are erased. What should have one and has none (it came as a hash, or the organisation has
just asked) gets it at the next sign-in that shows the secret. All of a user's share salt and count, because a client gets one
salt before it has shown which secret it holds; the salt is drawn from the login and the site's key, as an unknown user's is, so
that it tells nothing and does not change when the first verifier is made.
"""

from django.db import transaction
from django.utils.crypto import salted_hmac

from mailplatform.access.epoch import bump
from mailplatform.access.models import Credential, ScramParameters
from mailplatform.access.values import SCRAM_ITERATIONS, CredentialKind
from mailplatform.audit.record import Subject, record
from mailplatform.directory import organisations
from mailplatform.directory.models import Organisation
from mailplatform.directory.organisations import OrganisationInfo
from mailplatform.directory.values import Actor
from mailplatform.standards.sasl import scram
from mailplatform.standards.sasl.scram import Verifier


def salt_of(login: str) -> bytes:
    """Different for every login, the same each time, and nothing that a stranger could compute."""
    return salted_hmac("mailplatform.access.scram", login, algorithm="sha256").digest()[:16]


def make(user_id: int, login: str, secret: str | bytes) -> Verifier | None:
    """The verifier of a secret of this user; slow, so outside of a transaction where that can be. None for what is no text."""
    try:
        text = secret if isinstance(secret, str) else secret.decode("utf-8")
    except UnicodeDecodeError:
        return None
    kept, _ = ScramParameters.objects.get_or_create(
        user_id=user_id, defaults={"salt": salt_of(login), "iterations": SCRAM_ITERATIONS}
    )
    if kept.iterations < SCRAM_ITERATIONS:  # of a time when fewer were enough: the others come again as their secrets do
        with transaction.atomic():
            Credential.objects.filter(user_id=user_id).update(scram_stored=None, scram_server=None)
            kept.salt, kept.iterations = salt_of(login), SCRAM_ITERATIONS
            kept.save(update_fields=["salt", "iterations"])
    return scram.verifier(scram.prepared(text), bytes(kept.salt), kept.iterations)


def remember(user_id: int, login: str, credential_id: int, secret: str | bytes) -> None:
    """Somebody has shown the secret of a credential that should have a verifier: make it."""
    verifier = make(user_id, login, secret)
    if verifier is not None:
        Credential.objects.filter(pk=credential_id, scram_stored=None).update(
            scram_stored=verifier.stored_key, scram_server=verifier.server_key
        )


def for_chosen(user_id: int) -> bool:
    """Whether this user's organisation wants verifiers of chosen passwords."""
    return Organisation.objects.filter(users=user_id, scram_for_passwords=True).exists()


@transaction.atomic
def keep_for_passwords(on: bool, *, organisation: str = "", actor: Actor) -> OrganisationInfo:
    """Turn verifiers of chosen passwords on or off; off erases those there are. organisation: its name, "" for the oldest.

    Raises NotFound.
    """
    info = organisations.get_organisation(organisation)
    if info.scram_for_passwords is not on:
        Organisation.objects.filter(pk=info.id).update(scram_for_passwords=on)
        if not on:
            Credential.objects.filter(user__organisation_id=info.id, kind=CredentialKind.PASSWORD).update(
                scram_stored=None, scram_server=None
            )
        subject = Subject("organisation", info.id, info.name, info.id)
        record("organisation.changed", subject, actor=actor, scram_for_passwords=on)
        bump()
    return organisations.get_organisation(info.name)
