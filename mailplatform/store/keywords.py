"""Keywords: the names that entries carry as numbers, one table an account. RFC 9051 §2.3.2.

Names compare without regard to ASCII case and are shown as first spelled. Numbers are drawn under the account's lock and
never return; nobody may fill the table without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailplatform.runtime.errors import LimitReached
from mailplatform.store.lock import Ledger
from mailplatform.store.models import Keyword

KEYWORDS_AN_ACCOUNT = 2_000
NAME_BYTES = 255


def folded(name: str) -> str:
    """The form that two spellings of one keyword share."""
    return "".join(chr(ord(char) | 32) if "A" <= char <= "Z" else char for char in name)


def names(account_id: int) -> dict[int, str]:
    """The account's keywords: number → name."""
    return dict(Keyword.objects.filter(account_id=account_id).values_list("number", "name"))


def numbers(account_id: int, wanted: Iterable[str]) -> list[int]:
    """The numbers of those of these names that exist, ascending."""
    keys = {folded(name) for name in wanted}
    if not keys:
        return []
    return sorted(Keyword.objects.filter(account_id=account_id, folded__in=keys).values_list("number", flat=True))


def allot(ledger: Ledger, wanted: Sequence[str]) -> list[int]:
    """The numbers of these names, ascending; new names get numbers of the locked account. Raises LimitReached."""
    spelled: dict[str, str] = {}
    for name in wanted:
        spelled.setdefault(folded(name), name)
    if not spelled:
        return []
    found = dict(Keyword.objects.filter(account_id=ledger.account_id, folded__in=spelled).values_list("folded", "number"))
    new = []
    for key, name in spelled.items():
        if key not in found:
            if ledger.next_keyword > KEYWORDS_AN_ACCOUNT or len(name.encode()) > NAME_BYTES:
                raise LimitReached("this account can take no further keywords", subject="keywords")
            found[key] = ledger.next_keyword
            new.append(Keyword(account_id=ledger.account_id, number=ledger.next_keyword, name=name, folded=key))
            ledger.next_keyword += 1
    Keyword.objects.bulk_create(new)
    return sorted(found.values())
