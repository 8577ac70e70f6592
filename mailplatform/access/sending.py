"""What somebody may send: addresses granted beside their own, and limits of their own in place of the site's.

A grant is an address, or `*@domain` for all of a domain; it may be outside the house. Whoever may send as an address need not
receive its mail. Changes count up the access epoch, so every process knows at once.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from mailplatform.access.epoch import bump
from mailplatform.access.models import SendAs, SendingLimit
from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.constraints import refusing
from mailplatform.directory.models import User
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import AlreadyExists, Malformed, NotFound


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """How much in an hour and a day; None is as the site says, 0 is nothing at all."""

    messages_per_hour: int | None = None
    messages_per_day: int | None = None
    recipients_per_hour: int | None = None
    recipients_per_day: int | None = None


def granted(user_id: int) -> frozenset[str]:
    """The addresses somebody may send as beside their own, canonical; `*@domain` stands for all of a domain."""
    return frozenset(SendAs.objects.filter(user_id=user_id).values_list("address", flat=True))


@transaction.atomic
def grant(user_id: int, address: str, *, actor: Actor) -> str:
    """Let somebody send as an address; its canonical form. Raises NotFound (user), Malformed, AlreadyExists."""
    user = _user(user_id)
    written = _canonical(address)
    words = gettext("address: %(login)s may send as %(address)s already") % {"login": user.login, "address": written}
    with refusing("send_as_once", AlreadyExists(words, subject="address")):
        SendAs.objects.create(user=user, address=written)
    record("send_as.granted", _subject(user), actor=actor, address=written)
    bump()
    return written


@transaction.atomic
def revoke(user_id: int, address: str, *, actor: Actor) -> str:
    """Undo `grant`. Raises NotFound, Malformed."""
    user = _user(user_id)
    written = _canonical(address)
    if not SendAs.objects.filter(user=user, address=written).delete()[0]:
        words = gettext("address: %(login)s was not granted %(address)s") % {"login": user.login, "address": written}
        raise NotFound(words, subject="address")
    record("send_as.revoked", _subject(user), actor=actor, address=written)
    bump()
    return written


def limits_of(user_id: int) -> SendingLimits:
    """Somebody's own limits."""
    row = SendingLimit.objects.filter(user_id=user_id).values_list(*SendingLimits.__slots__).first()
    return SendingLimits(*row) if row else SendingLimits()


@transaction.atomic
def set_limits(user_id: int, limits: SendingLimits, *, actor: Actor) -> SendingLimits:
    """Give somebody limits of their own. Raises NotFound, Malformed."""
    user = _user(user_id)
    values = {name: getattr(limits, name) for name in SendingLimits.__slots__}
    for name, value in values.items():
        if value is not None and not 0 <= value < 2**31:
            raise Malformed(gettext("%(field)s: not a number of messages or recipients") % {"field": name}, subject=name)
    SendingLimit.objects.update_or_create(user=user, defaults=values)
    record("sending_limits.set", _subject(user), actor=actor, **values)
    bump()
    return limits


def _canonical(address: str) -> str:
    address = address.strip()
    if address.startswith("*@"):
        return f"*@{canonical.domain_name(address[2:])}"
    return str(canonical.split(address))


def _user(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(gettext("user: there is no such user"), subject="user")
    return user


def _subject(user: User) -> Subject:
    return Subject("user", user.pk, user.login, user.organisation_id)
