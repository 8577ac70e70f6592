"""Send-as: under which addresses somebody may send, and that they do (RFC 6409 §6.1, §8.1).

Allowed are the addresses of one's own account (the principal one, the aliases that lead to it, their subaddresses) and those
that were granted (access.sending). Both the reverse-path and the author in From are held to it. The null reverse-path is
anybody's, for receipts and the like; the author is not.

What somebody is called is remembered for seconds, and forgotten when the directory or the rights change.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from mailplatform.access import epoch as access_epoch
from mailplatform.access import sending
from mailplatform.access.sending import SendingLimits
from mailplatform.access.values import Identity
from mailplatform.directory import canonical
from mailplatform.directory import epoch as directory_epoch
from mailplatform.directory.names import OwnNames, names_of
from mailplatform.mailflow.memory import Memory
from mailplatform.runtime import pubsub
from mailplatform.runtime.errors import Malformed, NotPermitted

_SHOWN = 5  # own addresses named in a refusal


@dataclass(frozen=True, slots=True)
class Sender:
    """What somebody may send: own addresses, granted ones, limits of their own."""

    login: str
    own: OwnNames
    granted: frozenset[str]
    limits: SendingLimits

    @property
    def address(self) -> str:
        """The address they send from when they name none."""
        return self.own.principal or self.login

    def may_send_as(self, address: str) -> bool:
        """Whether an address, however it is written, is theirs to send as."""
        if self.own.has(address):
            return True
        try:
            parts = canonical.split(address)
        except Malformed:
            return False
        return str(parts) in self.granted or f"*@{parts.domain}" in self.granted

    def check(self, address: str, what: str) -> None:
        """Refuse, in words, an address that is not theirs. what: "sender address", "author in From". Raises NotPermitted."""
        if not self.may_send_as(address):
            theirs = sorted(self.own.addresses | self.granted)
            named = ", ".join(theirs[:_SHOWN]) + (" and others" if len(theirs) > _SHOWN else "") or "none"
            raise NotPermitted(f"{what}: {self.login} may not send as {address}, only as {named}", subject=address)


_memory: Memory[int, Sender] = Memory()


def listen() -> pubsub.Subscriber:
    """Forget who is called what whenever the directory or the rights change; once, at the start of a door."""
    return pubsub.subscribe([directory_epoch.CHANNEL, access_epoch.CHANNEL], lambda _channel, _payload: forget())


def forget() -> None:
    """Forget it now."""
    _memory.clear()


def known(identity: Identity) -> Sender | None:
    """What somebody may send, if that is at hand without asking the database."""
    return _memory.get(identity.user_id)


def sender(identity: Identity) -> Sender:
    """What somebody may send."""
    found = known(identity)
    if found is None:
        generation = _memory.generation
        found = Sender(
            identity.login,
            names_of(identity.account_id),
            sending.granted(identity.user_id),
            sending.limits_of(identity.user_id),
        )
        _memory.put(identity.user_id, found, generation, settings.SITE.smtp.recipient_cache_seconds)
    return found


def check_reverse_path(sender: Sender, reverse_path: str) -> None:
    """The answer to MAIL. Raises NotPermitted."""
    if reverse_path:
        sender.check(reverse_path, "sender address")
