"""Domains: their names, their limits, and that none goes while something lives in it."""

import pytest

from mailplatform.audit.models import AuditRow
from mailplatform.directory import accounts, canonical, domains, quotas
from mailplatform.directory.models import Organisation
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound
from tests.support.directory import TESTER, a_domain, an_account, an_alias

pytestmark = pytest.mark.usefixtures("rollback")


def test_the_first_domain_makes_the_organisation():
    first, second = a_domain("a.test"), a_domain("b.test")
    assert first.organisation_id == second.organisation_id == Organisation.objects.get().pk


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A.Test", "a.test"),
        ("a.test.", "a.test"),
        (" bücher.test ", "xn--bcher-kva.test"),
        ("b\u0075\u0308cher.test", "xn--bcher-kva.test"),
    ],
)
def test_names_are_kept_canonical(text, name):
    assert domains.add_domain(text, actor=TESTER).name == name
    with pytest.raises(AlreadyExists) as refused:
        domains.add_domain(name.upper(), actor=TESTER)
    assert refused.value.subject == "domain"


@pytest.mark.parametrize(
    "text",
    ["", ".", "a b.test", "-a.test", "a-.test", "a..test", "x" * 64 + ".test", "[192.0.2.1]", "a.test/", "é" * 70, "a@b.test"],
)
def test_what_is_no_name(text):
    with pytest.raises(Malformed) as refused:
        domains.add_domain(text, actor=TESTER)
    assert refused.value.subject == "domain"


def test_alias_domains_do_not_chain():
    a_domain("a.test")
    alias = domains.add_domain("b.test", alias_of="A.test", actor=TESTER)
    assert (alias.alias_of, alias.organisation_id) == ("a.test", domains.get_domain("a.test").organisation_id)
    with pytest.raises(Conflict) as refused:
        domains.add_domain("c.test", alias_of="b.test", actor=TESTER)
    assert refused.value.subject == "alias_of"
    with pytest.raises(NotFound):
        domains.add_domain("c.test", alias_of="z.test", actor=TESTER)


@pytest.mark.parametrize(
    ("field", "value"),
    [("quota_bytes", -1), ("max_recipients", 0), ("max_recipients", 2**31), ("max_message_size", 0), ("quota_messages", 2**63)]
    + [("subaddress_separator", bad) for bad in ("++", "a", "@", '"', " ", ".")]
    + [("colour", "red")],
)
def test_limits_name_their_field(field, value):
    a_domain()
    with pytest.raises(Malformed) as refused:
        domains.set_domain("a.test", actor=TESTER, **{field: value})
    assert refused.value.subject == field


def test_a_change_is_one_audit_row():
    a_domain()
    info = domains.set_domain("a.test", quota_bytes=5, enabled=False, actor=TESTER)
    assert (info.quota_bytes, info.enabled) == (5, False)
    domains.set_domain("a.test", quota_bytes=5, actor=TESTER)
    rows = AuditRow.objects.order_by("id").values_list("code", "params")
    assert list(rows)[1:] == [("domain.changed", {"quota_bytes": 5, "enabled": False})]


def test_only_an_empty_domain_goes():
    an_account()
    an_alias("info@a.test", "anna@a.test")
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    accounts.close_account("anna@a.test", actor=TESTER)
    with pytest.raises(Conflict) as refused:
        domains.remove_domain("a.test", actor=TESTER)
    assert "1 mailboxes" in refused.value.public and "1 other addresses" in refused.value.public
    domains.remove_domain("b.test", actor=TESTER)
    with pytest.raises(NotFound):
        domains.get_domain("b.test")
    with pytest.raises(NotFound):
        domains.remove_domain("b.test", actor=TESTER)


def test_counts_of_a_list_are_not_multiplied():
    an_account("anna@a.test")
    an_account("ben@a.test")
    an_alias("info@a.test", "ben@a.test")
    (info,) = domains.list_domains(organisation_id=domains.get_domain("a.test").organisation_id)
    assert (info.accounts, info.addresses) == (2, 3)


def test_limits_in_force():
    a_domain("a.test", quota_bytes=9, account_quota_bytes=5)
    plain, own = an_account("anna@a.test"), an_account("ben@a.test", quota_bytes=7, max_message_size=3)
    found = quotas.limits([plain.id, own.id, 0])
    assert found[plain.id].quota_bytes == 5 and found[own.id].quota_bytes == 7
    assert found[own.id].max_message_size == 3 and found[own.id].domain_quota_bytes == 9
    assert set(found) == {plain.id, own.id}
    assert quotas.limited_domains() == {found[own.id].domain_id: (9, None)}


@pytest.mark.parametrize(
    "text", ["anna@a.test", '"anna rossi"@a.test', '"a\\"b"@a.test', '"a@b"@a.test', "żaneta@a.test", '"a..b"@a.test']
)
def test_an_address_written_out_is_read_back(text):
    parts = canonical.split(text)
    assert str(parts) == text
    assert canonical.split(str(parts)).key == parts.key
