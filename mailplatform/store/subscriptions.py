"""Subscribed names that no folder has: of folders deleted, or renamed away. RFC 9051 §6.3.7: a server MUST NOT take a name off
the list of subscriptions by itself, even when there is no folder of it any more.

What a live folder is subscribed to stands in its own row; a name is here only while no live folder has it. Callers hold the
account's lock. At most MOST names are kept an account, the oldest yield: a script must not fill the table.
"""

from __future__ import annotations

from collections.abc import Collection

from mailplatform.store.models import LostSubscription

MOST = 10_000


def lost(account_id: int) -> tuple[str, ...]:
    """The names, in order."""
    return tuple(LostSubscription.objects.filter(account_id=account_id).order_by("name").values_list("name", flat=True))


def keep(account_id: int, names: Collection[str]) -> None:
    """These names have no folder any more."""
    if not names:
        return
    rows = [LostSubscription(account_id=account_id, name=name) for name in sorted(names)]
    LostSubscription.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)
    mine = LostSubscription.objects.filter(account_id=account_id)
    last = mine.order_by("-pk").values_list("pk", flat=True)[MOST : MOST + 1].first()
    if last is not None:
        mine.filter(pk__lte=last).delete()


def drop(account_id: int, names: Collection[str]) -> set[str]:
    """These names have a folder again, or are unsubscribed; those of them that were here."""
    if not names:
        return set()
    rows = LostSubscription.objects.filter(account_id=account_id, name__in=names)
    found = set(rows.values_list("name", flat=True))
    if found:
        rows.delete()
    return found
