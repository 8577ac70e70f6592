"""Which language people here read: the user's own, else the organisation's. What is written to them asks here."""

from collections.abc import Collection

from mailplatform.directory.models import Account
from mailplatform.directory.resolve import resolve
from mailplatform.directory.values import Language


def of_accounts(account_ids: Collection[int]) -> dict[int, Language]:
    """The language in force of these accounts; a shared one has its organisation's. Ids that do not exist are absent."""
    rows = Account.objects.filter(pk__in=account_ids).values_list("pk", "owner__language", "organisation__language")
    return {pk: Language(own or shared) for pk, own, shared in rows}


def of_address(address: str) -> Language | None:
    """The language of who reads this address; None when nobody here does, or several who do not share one."""
    found = of_accounts([target.account_id for target in resolve(address).targets])
    spoken = set(found.values())
    return spoken.pop() if len(spoken) == 1 else None
