"""The one answer to RCPT, branch by branch."""

import pytest

from mailplatform.directory import accounts, addresses, domains, groups, resolve
from mailplatform.directory.models import LocalAddress, Target
from mailplatform.directory.resolve import Kind
from tests.support.directory import TESTER, a_domain, a_group, an_account, an_alias

pytestmark = pytest.mark.usefixtures("rollback")


def reached(address: str) -> dict[str, str]:
    """Address → detail of every account reached."""
    return {target.address: target.detail for target in resolve.resolve(address).targets}


def test_exact_address_in_any_case():
    account = an_account("anna@a.test")
    found = resolve.resolve("AnNa@A.Test")
    assert (found.kind, [target.account_id for target in found.targets]) == (Kind.KNOWN, [account.id])
    assert found.path == "AnNa@A.Test"
    assert found.organisation_id == account.organisation_id
    assert found.epoch == resolve.epoch()


def test_unknown_and_foreign():
    an_account()
    assert resolve.resolve("nobody@a.test").kind is Kind.UNKNOWN
    assert resolve.resolve("anna@elsewhere.example").kind is Kind.FOREIGN
    assert resolve.resolve("anna@[192.0.2.1]").kind is Kind.FOREIGN
    assert resolve.resolve("no address").kind is Kind.FOREIGN
    assert resolve.resolve("@a.test").kind is Kind.FOREIGN


def test_subaddress_keeps_the_case_of_its_detail():
    an_account()
    assert reached("anna+Bills@a.test") == {"anna@a.test": "Bills"}
    assert reached("ANNA+a+b@a.test") == {"anna@a.test": "a+b"}
    assert resolve.resolve("+x@a.test").kind is Kind.UNKNOWN


def test_exact_goes_before_subaddress():
    an_account()
    an_account("anna+bills@a.test")
    assert reached("anna+bills@a.test") == {"anna+bills@a.test": ""}


def test_separator_is_the_domains():
    an_account()
    domains.set_domain("a.test", subaddress_separator="-", actor=TESTER)
    assert reached("anna-x@a.test") == {"anna@a.test": "x"}
    assert resolve.resolve("anna+x@a.test").kind is Kind.UNKNOWN
    domains.set_domain("a.test", subaddress_separator="", actor=TESTER)
    assert resolve.resolve("anna-x@a.test").kind is Kind.UNKNOWN


def test_catch_all_is_asked_last():
    an_account()
    an_account("post@a.test")
    addresses.add_catch_all("a.test", ["post@a.test"], actor=TESTER)
    assert reached("anna@a.test") == {"anna@a.test": ""}
    assert reached("anna+x@a.test") == {"anna@a.test": "x"}
    found = resolve.resolve("whoever@a.test")
    assert ([target.address for target in found.targets], found.matched) == (["post@a.test"], "")


def test_disabled_and_closed_never_fall_to_the_catch_all():
    an_account()
    an_account("post@a.test")
    an_alias("info@a.test", "post@a.test")
    addresses.add_catch_all("a.test", ["post@a.test"], actor=TESTER)
    accounts.close_account("anna@a.test", actor=TESTER)
    addresses.set_address("info@a.test", enabled=False, actor=TESTER)
    assert resolve.resolve("anna@a.test").kind is Kind.UNKNOWN
    assert resolve.resolve("info@a.test").kind is Kind.UNKNOWN
    accounts.set_account("anna@a.test", state="active", actor=TESTER)
    assert resolve.resolve("anna@a.test").kind is Kind.KNOWN


def test_suspended_account_still_gets_mail():
    an_account()
    accounts.set_account("anna@a.test", state="suspended", actor=TESTER)
    assert resolve.resolve("anna@a.test").kind is Kind.KNOWN


def test_alias_domain_answers_with_the_canonical_addresses():
    an_account()
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    assert reached("Anna+x@B.test") == {"anna@a.test": "x"}
    domains.set_domain("b.test", enabled=False, actor=TESTER)
    assert resolve.resolve("anna@b.test").kind is Kind.UNKNOWN
    domains.set_domain("b.test", enabled=True, actor=TESTER)
    domains.set_domain("a.test", enabled=False, actor=TESTER)
    assert resolve.resolve("anna@b.test").kind is Kind.UNKNOWN
    assert resolve.is_local_domain("B.test.")
    assert not resolve.is_local_domain("c.test")
    assert not resolve.is_local_domain("no domain")


def test_alias_carries_the_detail_and_a_target_may_name_its_own():
    an_account()
    an_account("ben@a.test")
    an_alias("sales@a.test", "anna+Sales@a.test", "ben@a.test")
    assert reached("sales@a.test") == {"anna@a.test": "Sales", "ben@a.test": ""}
    assert reached("sales+Q1@a.test") == {"anna@a.test": "Sales", "ben@a.test": "Q1"}


def test_groups_nest_and_name_each_account_once():
    for name in ("anna", "ben", "carl"):
        an_account(f"{name}@a.test")
    a_group("east@a.test", "anna@a.test", "ben@a.test")
    a_group("west@a.test", "ben@a.test", "carl@a.test")
    a_group("all@a.test", "east@a.test", "west@a.test", "anna@a.test")
    an_alias("everyone@a.test", "all@a.test")
    found = resolve.resolve("everyone+news@a.test")
    assert [target.address for target in found.targets] == ["anna@a.test", "ben@a.test", "carl@a.test"]
    assert {target.detail for target in found.targets} == {""}


def test_loops_end():
    an_account()
    a_group("one@a.test", "anna@a.test")
    a_group("two@a.test", "one@a.test")
    groups.set_group("one@a.test", add=["two@a.test"], actor=TESTER)
    an_alias("three@a.test", "two@a.test")
    groups.set_group("one@a.test", add=["three+x@a.test"], actor=TESTER)
    assert set(reached("three@a.test")) == {"anna@a.test"}


def test_a_group_without_living_members_is_unknown():
    an_account()
    a_group("staff@a.test", "anna@a.test")
    a_group("empty@a.test")
    accounts.close_account("anna@a.test", actor=TESTER)
    assert resolve.resolve("staff@a.test").kind is Kind.UNKNOWN
    assert resolve.resolve("empty@a.test").kind is Kind.UNKNOWN


def test_discard():
    an_account()
    addresses.add_discard("noreply@a.test", actor=TESTER)
    found = resolve.resolve("noreply@a.test")
    assert (found.kind, found.targets) == (Kind.DISCARD, ())
    an_alias("both@a.test", "noreply@a.test", "anna@a.test")
    assert resolve.resolve("both@a.test").kind is Kind.KNOWN


def test_outside_targets_are_told():
    an_account()
    alias = an_alias("boss@a.test", "anna@a.test")
    Target.objects.create(source_id=alias.id, outside="boss@elsewhere.example")
    found = resolve.resolve("boss@a.test")
    assert (found.kind, found.refusal, found.outside) == (Kind.KNOWN, None, ("boss@elsewhere.example",))
    assert len(found.targets) == 1


def test_target_in_a_disabled_domain_is_left_out():
    an_account()
    an_account("ben@b.test")
    a_group("staff@a.test", "anna@a.test", "ben@b.test")
    domains.set_domain("b.test", enabled=False, actor=TESTER)
    assert set(reached("staff@a.test")) == {"anna@a.test"}


def test_limits_are_the_accounts_else_the_domains():
    a_domain(
        "a.test", account_quota_bytes=1000, account_quota_messages=10, quota_bytes=5000, max_message_size=100, max_recipients=7
    )
    an_account("anna@a.test", quota_bytes=2000, max_message_size=50)
    an_account("ben@a.test", max_message_size=500)
    (anna,) = resolve.resolve("anna@a.test").targets
    assert (anna.quota_bytes, anna.quota_messages, anna.max_message_size) == (2000, 10, 50)
    assert (anna.domain_quota_bytes, anna.domain_quota_messages) == (5000, None)
    assert resolve.resolve("anna@a.test").max_message_size == 50
    assert resolve.resolve("ben@a.test").max_message_size == 100
    assert resolve.resolve("ben@a.test").max_recipients == 7


def test_postmaster_is_the_exact_address_where_there_is_one():
    an_account("root@a.test", role="administrator")
    an_account("postmaster@a.test")
    assert set(reached("Postmaster@a.test")) == {"postmaster@a.test"}


def test_postmaster_is_the_first_administrator_otherwise():
    an_account("ben@a.test")
    an_account("late@b.test", role="administrator")
    an_account("root@a.test", role="administrator")
    addresses.add_catch_all("a.test", ["ben@a.test"], actor=TESTER)
    assert set(reached("postmaster@a.test")) == {"late@b.test"}
    assert set(reached('"Postmaster"@a.test')) == {"late@b.test"}
    assert set(reached("POSTMASTER")) == {"late@b.test"}
    accounts.close_account("late@b.test", actor=TESTER)
    assert set(reached("postmaster")) == {"root@a.test"}
    assert resolve.resolve("postmaster@elsewhere.example").kind is Kind.FOREIGN


def test_postmaster_of_a_house_without_administrator():
    an_account("ben@a.test")
    assert resolve.resolve("postmaster@a.test").kind is Kind.UNKNOWN
    addresses.add_catch_all("a.test", ["ben@a.test"], actor=TESTER)
    assert set(reached("postmaster@a.test")) == {"ben@a.test"}


def test_utf8_and_quoted_localparts():
    an_account("Żaneta@a.test")
    an_account('"anna rossi"@a.test')
    assert set(reached("żaneta@a.test")) == {"żaneta@a.test"}
    assert set(reached("z\u0307aneta@a.test")) == {"żaneta@a.test"}  # NFC of what was sent decomposed
    assert set(reached('"Anna\\ Rossi"@a.test')) == {'"anna rossi"@a.test'}
    assert set(reached('"żaneta"@a.test')) == {"żaneta@a.test"}


def test_internationalised_domain_is_its_a_label():
    an_account("anna@bücher.test")
    assert set(reached("anna@xn--bcher-kva.test")) == {"anna@xn--bcher-kva.test"}
    assert set(reached("anna@BÜCHER.test")) == {"anna@xn--bcher-kva.test"}


def test_many_are_answered_at_once():
    for name in ("anna", "ben"):
        an_account(f"{name}@a.test")
    asked = ["anna@a.test", "ben@a.test", "anna@a.test", "x@a.test", "x@elsewhere.example", "bad"]
    found = resolve.resolve_many(asked)
    assert {path: answer.kind for path, answer in found.items()} == {
        "anna@a.test": Kind.KNOWN,
        "ben@a.test": Kind.KNOWN,
        "x@a.test": Kind.UNKNOWN,
        "x@elsewhere.example": Kind.FOREIGN,
        "bad": Kind.FOREIGN,
    }
    assert resolve.resolve_many([]) == {}


def test_every_write_moves_the_epoch():
    seen = [resolve.epoch()]
    for write in (
        lambda: a_domain(),
        lambda: an_account("anna@a.test"),
        lambda: an_alias("info@a.test", "anna@a.test"),
        lambda: a_group("staff@a.test"),
        lambda: groups.set_group("staff@a.test", add=["anna@a.test"], actor=TESTER),
        lambda: accounts.set_account("anna@a.test", name="Anna", actor=TESTER),
        lambda: addresses.remove_address("info@a.test", actor=TESTER),
        lambda: domains.set_domain("a.test", quota_bytes=1, actor=TESTER),
    ):
        write()
        seen.append(resolve.epoch())
    assert seen == sorted(set(seen))


def test_posting_rules():
    an_account("anna@a.test")
    an_account("ben@a.test")
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    a_group("open@a.test", "anna@a.test")
    a_group("house@a.test", "anna@a.test", posting="inside")
    a_group("club@a.test", "anna@a.test", posting="members")
    an_alias("back@a.test", "club@a.test")

    def may(group: str, sender: str) -> bool:
        return resolve.may_post(resolve.resolve(group), sender)

    assert may("open@a.test", "who@elsewhere.example") and may("open@a.test", "")
    assert may("house@a.test", "ben@a.test") and may("house@a.test", "Ben+x@b.test")
    assert not may("house@a.test", "who@elsewhere.example") and not may("house@a.test", "")
    assert may("club@a.test", "ANNA@a.test") and not may("club@a.test", "ben@a.test")
    assert not may("back@a.test", "ben@a.test") and may("back@a.test", "anna@a.test")


def test_the_address_of_a_group_is_no_member():
    an_account("anna@a.test")
    an_account("ben@a.test")
    a_group("club@a.test", "anna@a.test", "ben@a.test", posting="members")
    assert not resolve.may_post(resolve.resolve("club@a.test"), "club@a.test")


def test_nothing_is_resolved_for_an_address_without_rows():
    a_domain()
    assert not LocalAddress.objects.exists()
    assert resolve.resolve("anna@a.test").kind is Kind.UNKNOWN
