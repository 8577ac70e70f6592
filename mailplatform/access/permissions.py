"""Guarded getters: what a user may touch, asked once at the door, answered with a value or with NotFound.

A user enters their own account with every right. Rights in other people's folders and delegation have their place
here and come with shared folders; until then any other account is one the user cannot see, administrators included:
administering is not reading.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext

from mailplatform.directory.models import Account
from mailplatform.directory.values import AccountState
from mailplatform.runtime.errors import NotFound


class AccountRight(StrEnum):
    READ = "read"
    WRITE = "write"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account somebody may act in, and as whom: `viewer_id` is their own account."""

    account_id: int
    organisation_id: int
    viewer_id: int
    right: AccountRight


def account_for(user_id: int, account_id: int | None = None, right: AccountRight = AccountRight.READ) -> AccountRef:
    """The user's own account, or the one named when they may. Raises NotFound for what they may not see."""
    own = Account.objects.filter(owner_id=user_id, kind="personal", owner__is_active=True).exclude(state=AccountState.CLOSED)
    row = own.values_list("id", "organisation_id").first()
    if row is None or account_id not in (None, row[0]):
        raise NotFound(gettext("account: there is no such account"), subject="account")
    return AccountRef(row[0], row[1], row[0], right)
