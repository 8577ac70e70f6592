"""Aliases, catch-alls, discards and groups: what they may lead to, and what may not be pulled from under them."""

import pytest

from mailplatform.audit.models import AuditRow
from mailplatform.directory import accounts, addresses, domains, groups
from mailplatform.directory.models import Target
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound, PolicyRefused
from tests.support.directory import TESTER, a_domain, a_group, an_account, an_alias

pytestmark = pytest.mark.usefixtures("rollback")


def test_an_alias_is_shown_as_it_was_written():
    an_account("anna@a.test")
    an_account("ben@a.test")
    info = an_alias("Info@a.test", "anna+Info@a.test", "BEN@a.test")
    assert (info.address, info.kind, info.targets) == ("info@a.test", "alias", ("anna+Info@a.test", "ben@a.test"))
    assert addresses.list_addresses(domain="a.test") == [info]
    assert addresses.get_address("INFO@a.test") == info


def test_a_target_may_be_written_with_an_alias_domain():
    an_account()
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    assert an_alias("info@b.test", "anna@b.test").targets == ("anna@a.test",)


def test_an_alias_to_outside_is_refused_in_words():
    an_account()
    for make in (
        lambda: an_alias("boss@a.test", "boss@elsewhere.example"),
        lambda: addresses.add_catch_all("a.test", ["boss@elsewhere.example"], actor=TESTER),
    ):
        with pytest.raises(PolicyRefused) as refused:
            make()
        assert refused.value.reason == "forward_outside"
        assert "only forwards and groups lead there" in refused.value.public
    assert addresses.list_addresses() == groups.list_groups() == []


def test_forwards_and_groups_lead_outside():
    an_account()
    info = addresses.add_forward("away@a.test", ["Boss@Elsewhere.example", "anna@a.test"], actor=TESTER)
    assert (info.kind, info.targets) == ("forward", ("Boss@elsewhere.example", "anna@a.test"))
    group = a_group("staff@a.test", "anna@a.test", "boss@elsewhere.example")
    assert group.targets == ("anna@a.test", "boss@elsewhere.example")
    with pytest.raises(AlreadyExists):
        groups.set_group("staff@a.test", add=["boss@elsewhere.example"], actor=TESTER)
    assert groups.set_group("staff@a.test", remove=["boss@elsewhere.example"], actor=TESTER).targets == ("anna@a.test",)
    assert addresses.leads_outside(["x@elsewhere.example"]) and not addresses.leads_outside(["anna@a.test"])


@pytest.mark.parametrize(
    ("address", "targets", "error", "field"),
    [
        ("info@a.test", [], Malformed, "target"),
        ("info@a.test", ["nobody@a.test"], NotFound, "target"),
        ("info@a.test", ["nobody"], Malformed, "address"),
        ("info@a.test", ["info@a.test"], Malformed, "target"),
        ("info@a.test", ["anna@a.test", "ANNA@a.test"], AlreadyExists, "target"),
        ("anna@a.test", ["ben@a.test"], AlreadyExists, "address"),
        ("info@z.test", ["anna@a.test"], NotFound, "domain"),
        ("*@a.test", ["anna@a.test"], Malformed, "address"),
    ],
)
def test_what_no_alias_can_be(address, targets, error, field):
    an_account("anna@a.test")
    an_account("ben@a.test")
    with pytest.raises(error) as refused:
        an_alias(address, *targets)
    assert refused.value.subject == field
    assert addresses.list_addresses() == []


def test_catch_all_once_a_domain():
    an_account()
    info = addresses.add_catch_all("a.test", ["anna@a.test"], actor=TESTER)
    assert (info.address, info.kind) == ("*@a.test", "catch_all")
    with pytest.raises(AlreadyExists):
        addresses.add_catch_all("a.test", ["anna@a.test"], actor=TESTER)
    addresses.remove_address("*@a.test", actor=TESTER)
    with pytest.raises(NotFound):
        addresses.get_address("*@a.test")


def test_a_literal_star_is_an_address_of_its_own():
    an_account("star@a.test")
    an_alias('"*x"@a.test', "star@a.test")
    assert addresses.get_address("*x@a.test").kind == "alias"


def test_targets_change_whole_or_in_part():
    for name in ("anna", "ben", "carl"):
        an_account(f"{name}@a.test")
    an_alias("info@a.test", "anna@a.test")

    def change(**what: list[str]) -> tuple[str, ...]:
        return addresses.set_targets("info@a.test", actor=TESTER, **what).targets

    assert change(add=["ben@a.test"]) == ("anna@a.test", "ben@a.test")
    assert change(remove=["anna@a.test"]) == ("ben@a.test",)
    assert change(replace=["carl+x@a.test", "anna@a.test"]) == ("carl+x@a.test", "anna@a.test")
    with pytest.raises(NotFound):
        change(remove=["carl@a.test"])
    with pytest.raises(Conflict):
        change(remove=["carl+x@a.test", "anna@a.test"])
    with pytest.raises(AlreadyExists):
        change(add=["anna@a.test"])
    assert addresses.get_address("info@a.test").targets == ("carl+x@a.test", "anna@a.test")
    assert AuditRow.objects.filter(code="alias.targets_changed").count() == 3


def test_a_discard_leads_nowhere():
    an_account()
    addresses.add_discard("noreply@a.test", actor=TESTER)
    with pytest.raises(Conflict):
        addresses.set_targets("noreply@a.test", add=["anna@a.test"], actor=TESTER)


def test_nothing_goes_while_something_leads_to_it():
    an_account()
    an_alias("info@a.test", "anna@a.test")
    a_group("staff@a.test", "info@a.test")
    with pytest.raises(Conflict) as refused:
        addresses.remove_address("info@a.test", actor=TESTER)
    assert "staff@a.test" in refused.value.public
    groups.remove_group("staff@a.test", actor=TESTER)
    addresses.remove_address("info@a.test", actor=TESTER)
    assert Target.objects.count() == 0
    assert accounts.get_account("anna@a.test").state == "active"


def test_kinds_do_not_answer_for_each_other():
    an_account()
    an_alias("info@a.test", "anna@a.test")
    a_group("staff@a.test", "anna@a.test")
    for ask in (
        lambda: groups.get_group("info@a.test"),
        lambda: groups.remove_group("anna@a.test", actor=TESTER),
        lambda: addresses.remove_address("staff@a.test", actor=TESTER),
        lambda: addresses.set_address("anna@a.test", enabled=False, actor=TESTER),
        lambda: accounts.get_account("info@a.test"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_groups():
    for name in ("anna", "ben"):
        an_account(f"{name}@a.test")
    info = a_group("staff@a.test", "anna@a.test", name="Staff", posting="members")
    assert (info.name, info.posting, info.targets) == ("Staff", "members", ("anna@a.test",))
    changed = groups.set_group(
        "staff@a.test", name="All", posting="inside", enabled=False, add=["ben@a.test"], remove=["anna@a.test"], actor=TESTER
    )
    assert (changed.name, changed.posting, changed.enabled, changed.targets) == ("All", "inside", False, ("ben@a.test",))
    assert groups.set_group("staff@a.test", members=[], actor=TESTER).targets == ()
    with pytest.raises(Malformed) as refused:
        groups.set_group("staff@a.test", posting="nobody", actor=TESTER)
    assert refused.value.subject == "posting"
    with pytest.raises(Malformed):
        a_group("x@a.test", posting="nobody")


def test_lists_are_of_one_domain_or_all():
    an_account("anna@a.test")
    a_domain("b.test")
    an_alias("x@b.test", "anna@a.test")
    an_alias("y@a.test", "anna@a.test")
    assert [info.address for info in addresses.list_addresses()] == ["y@a.test", "x@b.test"]
    assert [info.address for info in addresses.list_addresses(domain="b.test")] == ["x@b.test"]
    assert addresses.list_addresses(organisation_id=0) == []
