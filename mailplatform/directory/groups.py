"""Groups: one address, many members, and a rule who may write to it. Members are addresses of the house, groups among
them, or addresses outside."""

from collections.abc import Sequence

from django.utils.translation import gettext

from mailplatform.directory import addresses
from mailplatform.directory.addresses import AddressInfo
from mailplatform.directory.epoch import changing
from mailplatform.directory.values import Actor, AddressKind, Posting
from mailplatform.runtime.errors import Malformed

_GROUP = (AddressKind.GROUP,)


def add_group(
    address: str, members: Sequence[str] = (), *, name: str = "", posting: str = Posting.ANYONE, actor: Actor
) -> AddressInfo:
    """Make a group. Raises Malformed, NotFound, AlreadyExists."""
    _check(posting)
    return addresses.add(address, AddressKind.GROUP, members, actor=actor, name=name, posting=posting)


@changing()
def set_group(
    address: str,
    *,
    name: str | None = None,
    posting: str | None = None,
    enabled: bool | None = None,
    members: Sequence[str] | None = None,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    actor: Actor,
) -> AddressInfo:
    """Change a group: name, rule, members (all, or some in and out). Raises NotFound, AlreadyExists, Malformed."""
    if posting is not None:
        _check(posting)
    given = {"name": name, "posting": posting, "enabled": enabled}
    changes = {field: value for field, value in given.items() if value is not None}
    info = addresses.set_address(address, kinds=_GROUP, actor=actor, **changes)
    if members is not None or add or remove:
        info = addresses.set_targets(address, replace=members, add=add, remove=remove, kinds=_GROUP, actor=actor)
    return info


def remove_group(address: str, *, actor: Actor) -> None:
    """Take a group away; its members stay. Raises NotFound, Conflict (something leads to it)."""
    addresses.remove_address(address, kinds=_GROUP, actor=actor)


def get_group(address: str) -> AddressInfo:
    """One group with its members. Raises NotFound, Malformed."""
    return addresses.get_address(address, kinds=_GROUP)


def list_groups(*, domain: str = "", organisation_id: int | None = None) -> list[AddressInfo]:
    """Groups by domain and name. Raises NotFound (domain)."""
    return addresses.list_addresses(domain=domain, organisation_id=organisation_id, kinds=_GROUP)


def _check(posting: str) -> None:
    if posting not in set(Posting):
        raise Malformed(
            gettext("posting: %(posting)s is none of anyone, inside, members") % {"posting": posting}, subject="posting"
        )
