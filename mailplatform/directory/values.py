"""The closed words of the directory, and the frozen values other rooms see instead of its rows.

Every word here is also a CHECK constraint of the database; adding one is a migration. Rows never leave the directory:
what callers get is the values of this module (and of `resolve`), so a door can hold one across an `await` without
holding a connection.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user may administer. Employees administer themselves; domain administrators the domains they were given."""

    ADMINISTRATOR = "administrator"
    DOMAIN_ADMINISTRATOR = "domain_administrator"
    EMPLOYEE = "employee"


class Language(StrEnum):
    """What people here read; every table of words has all of them. A user's '' is the organisation's."""

    ENGLISH = "en"
    ITALIAN = "it"


class AccountKind(StrEnum):
    PERSONAL = "personal"  # has an owner who signs in
    SHARED = "shared"  # no owner; people come in by rights
    RESOURCE = "resource"  # a room, a car: booked, not read


class AccountState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"  # mail goes in, nobody comes in
    CLOSED = "closed"  # neither; the mail is kept, and `active` brings it back


class Pop3Delete(StrEnum):
    """What becomes of a message that a POP3 client deletes."""

    DELETE = "delete"  # it is expunged; undelete brings it back for a while
    TRASH = "trash"  # it goes to Trash
    KEEP = "keep"  # it stays for everyone else, and POP3 shows it no more


class AddressKind(StrEnum):
    ACCOUNT = "account"  # the one principal address of an account
    ALIAS = "alias"  # targets inside the house
    FORWARD = "forward"  # targets outside
    GROUP = "group"  # members, with posting rules
    CATCH_ALL = "catch_all"  # what no other address of the domain answers; its localpart is empty
    DISCARD = "discard"  # accepted and thrown away, as its owner asked


class Posting(StrEnum):
    """Who may write to a group."""

    ANYONE = "anyone"
    INSIDE = "inside"  # reverse-paths in the organisation's own domains
    MEMBERS = "members"  # reverse-paths that are a member's address


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change, as values: the audit row outlives the user."""

    id: int | None
    name: str


CLI = Actor(None, "cli")
