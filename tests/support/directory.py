"""Builders of the directory: a domain, an account, a group, each made by its action."""

from mailplatform.directory import accounts, addresses, domains, groups
from mailplatform.directory.accounts import AccountInfo, NewAccount
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import AlreadyExists

TESTER = Actor(7, "tester")


def a_domain(name: str = "a.test", **limits: object) -> domains.DomainInfo:
    return domains.add_domain(name, actor=TESTER, **limits)


def an_account(address: str = "anna@a.test", **columns: object) -> AccountInfo:
    """An account, and its domain where there is none yet."""
    try:
        a_domain(address.rpartition("@")[2])
    except AlreadyExists:
        pass
    return accounts.add_account(NewAccount(address, **columns), actor=TESTER)


def an_alias(address: str, *targets: str) -> addresses.AddressInfo:
    return addresses.add_alias(address, targets, actor=TESTER)


def a_group(address: str, *members: str, **columns: str) -> addresses.AddressInfo:
    return groups.add_group(address, members, actor=TESTER, **columns)
