"""Living connections judged anew: whoever holds one asks, when an epoch has moved, which of its identities may stay.

A process reads both epochs every `[access] epoch_poll_seconds`, or on a hint of the channels "access" and
"directory"; the read is the truth. Every identity is judged by its own credential, so a changed password puts out
those who came in by the old one.
"""

from collections.abc import Iterable

from django.db.models import Q

from mailplatform.access.models import Credential
from mailplatform.access.values import Identity
from mailplatform.directory.values import AccountKind, AccountState
from mailplatform.runtime import clock
from mailplatform.runtime.database import cursor


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
