"""What an account is called: its address, aliases of aliases, alias domains, subaddresses; not its groups."""

from mailplatform.directory import accounts, addresses, domains, groups
from mailplatform.directory.accounts import NewAccount
from mailplatform.directory.names import OwnNames, names_of
from mailplatform.directory.values import CLI


def test_names(rollback) -> None:
    domains.add_domain("a.test", actor=CLI)
    domains.add_domain("b.test", actor=CLI)
    domains.add_domain("c.test", alias_of="a.test", actor=CLI)
    info = accounts.add_account(NewAccount("u1@a.test"), actor=CLI)
    other = accounts.add_account(NewAccount("u2@a.test"), actor=CLI)
    addresses.add_alias("anna@a.test", ["u1@a.test"], actor=CLI)
    addresses.add_alias("rossi@b.test", ["anna@a.test", "u2@a.test"], actor=CLI)
    groups.add_group("all@a.test", ["u1@a.test"], actor=CLI)
    addresses.add_catch_all("a.test", ["u1@a.test"], actor=CLI)
    found = names_of(info.id)
    assert found.principal == "u1@a.test"
    assert found.addresses == {"u1@a.test", "u1@c.test", "anna@a.test", "anna@c.test", "rossi@b.test"}
    for own in ("U1@A.test", "u1+x@a.test", '"u1+x"@a.test', "anna+@c.test", "Rossi+a+b@b.test"):
        assert found.has(own), own
    for foreign in ("u2@a.test", "all@a.test", "*@a.test", "+x@a.test", "u1@d.test", "u1", "", "u1-x@a.test", "any@a.test"):
        assert not found.has(foreign), foreign
    assert names_of(other.id).addresses == {"u2@a.test", "u2@c.test", "rossi@b.test"}
    addresses.set_address("anna@a.test", enabled=False, actor=CLI)
    assert names_of(info.id).addresses == {"u1@a.test", "u1@c.test"}


def test_nobody(rollback) -> None:
    assert names_of(None) == names_of(10**9) == OwnNames()
    domains.add_domain("a.test", actor=CLI)
    info = accounts.add_account(NewAccount("u1@a.test"), actor=CLI)
    domains.set_domain("a.test", enabled=False, actor=CLI)
    assert names_of(info.id) == OwnNames()
