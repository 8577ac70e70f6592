"""Living connections judged anew: whoever holds one asks, when an epoch has moved, which of its identities may stay.

A process reads both epochs every `[access] epoch_poll_seconds`, or on a hint of the channels "access" and
"directory"; the read is the truth. Every identity is judged by its own credential, so a changed password puts out
those who came in by the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from mailplatform.access.admission import decide, rules_of
from mailplatform.access.models import Credential
from mailplatform.access.values import Identity
from mailplatform.directory.values import AccountKind, AccountState
from mailplatform.runtime import clock
from mailplatform.runtime.database import cursor


class Out(StrEnum):
    """Why somebody who is in must leave."""

    EXPIRED = "expired"  # the password was changed, the user or the account is no longer active
    NETWORK = "network"  # from where they are, they may no longer be in
    ENDED = "ended"  # an administrator said so


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is in. number: whatever the asker calls the session."""

    number: int
    identity: Identity
    protocol: str
    client_address: str


def judge(present: Sequence[Present]) -> dict[int, Out]:
    """Those of these sessions that must end, and why."""
    good = entitled(one.identity for one in present)
    rules = rules_of({one.identity.user_id for one in present})
    out = {}
    for one in present:
        if one.identity.credential_id not in good:
            out[one.number] = Out.EXPIRED
        elif not decide(rules[one.identity.user_id], one.protocol, one.client_address).allowed:
            out[one.number] = Out.NETWORK
    return out


def may_stay(identity: Identity, *, protocol: str, client_address: str) -> Out | None:
    """For one who is in, as a web asks with each request: None, or why they must be signed out."""
    return judge([Present(0, identity, protocol, client_address)]).get(0)


def epochs() -> tuple[int, int]:
    """The present epochs of access and of the directory; when neither moved, every living session may stay."""
    with cursor() as opened:
        opened.execute("SELECT a.value, d.value FROM access_epoch a, directory_epoch d WHERE a.id = 1 AND d.id = 1")
        access, directory = opened.fetchone()
    return int(access), int(directory)


def entitled(identities: Iterable[Identity]) -> frozenset[int]:
    """The ids of those credentials among these identities by which one may still be in. One statement."""
    ids = {identity.credential_id for identity in identities}
    shut = Q(user__accounts__kind=AccountKind.PERSONAL) & ~Q(user__accounts__state=AccountState.ACTIVE)
    rows = (
        Credential.objects.filter(pk__in=ids, user__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()))
        .exclude(pk__in=Credential.objects.filter(shut, pk__in=ids).values("pk"))
    )
    return frozenset(rows.values_list("pk", flat=True))
