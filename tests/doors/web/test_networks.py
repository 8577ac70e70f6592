"""Networks in the browser: naming one, a rule, trying it, what is refused, wrong passwords forgotten."""

import pytest

from mailplatform.access import failures, networks
from mailplatform.access.subjects import Whose
from mailplatform.runtime.errors import NotFound
from tests.support.directory import TESTER, an_account
from tests.support.house import rows
from tests.support.web import Browser, signed_in, somebody

pytestmark = pytest.mark.usefixtures("rollback")


def test_a_network_a_rule_and_the_answer() -> None:
    browser = signed_in()
    somebody("anna@a.test")
    browser.send("/admin/networks/add", {"name": "Office", "cidrs": "192.0.2.0/24, 2001:db8::/32"})
    (office,) = networks.list_networks()
    assert office.name == "office" and office.cidrs == ("192.0.2.0/24", "2001:db8::/32")
    rule = {"level": "user", "subject": "anna@a.test", "protocols": ["imap"], "networks": ["office"]}
    assert browser.send("/admin/networks/rules/add", rule).status_code == 302
    page = browser.get("/admin/networks").content.decode()
    assert "anna@a.test" in page and "192.0.2.0/24" in page and "anna@a.test: imap" in page
    for address, words in (("192.0.2.9", "which is in office"), ("198.51.100.1", "in none of: office")):
        answer = browser.get("/admin/networks", {"user": "anna@a.test", "address": address, "protocol": "imap"})
        assert words in answer.content.decode(), address
    wrong = browser.get("/admin/networks", {"user": "anna@a.test", "address": "somewhere", "protocol": "imap"}).content.decode()
    assert "is not an IP address" in wrong


def test_a_network_in_use_is_not_removed_and_a_rule_is_taken_away() -> None:
    browser = signed_in()
    an_account("anna@a.test")
    made = networks.add_network("office", ["192.0.2.0/24"], actor=TESTER)
    networks.allow(Whose("user", "anna@a.test"), ["office"], ["imap"], actor=TESTER)
    answer = browser.send(f"/admin/networks/{made.id}/remove", {})
    assert answer.status_code == 422 and "clear that first" in answer.content.decode()
    where = "/admin/networks/rules/clear?level=user&subject=anna@a.test&protocol=imap"
    assert "anna@a.test" in browser.get(where).content.decode()
    assert browser.send(where, {}).status_code == 302
    assert networks.list_rules() == []
    browser.send(f"/admin/networks/{made.id}/remove", {})
    with pytest.raises(NotFound):
        networks.get_network("office")


def test_nobody_shuts_themselves_out_by_mistake() -> None:
    browser = signed_in()
    networks.add_network("office", ["192.0.2.0/24"], actor=TESTER)
    rule = {"level": "organisation", "protocols": ["web"], "networks": ["office"]}
    answer = browser.send("/admin/networks/rules/add", rule)
    assert answer.status_code == 422 and "shut you out" in answer.content.decode()
    assert networks.list_rules() == []


def test_the_second_of_two_administrators_is_told() -> None:
    browser = signed_in()
    made = networks.add_network("office", ["192.0.2.0/24"], actor=TESTER)
    page = f"/admin/networks/{made.id}"
    stale = browser.get(page).content.decode().partition('name="stamp" value="')[2].partition('"')[0]
    networks.set_network("office", add=["198.51.100.0/24"], actor=TESTER)
    answer = browser.send(page, {"stamp": stale, "cidrs": "203.0.113.0/24", "description": ""})
    assert answer.status_code == 409 and "198.51.100.0/24" in answer.content.decode()
    assert networks.get_network("office").cidrs == ("192.0.2.0/24", "198.51.100.0/24")


def test_wrong_passwords_are_seen_and_forgotten() -> None:
    browser = signed_in()
    somebody("anna@a.test")
    for _ in range(3):
        Browser().sign_in("anna@a.test", "wrong-password")
    page = browser.get("/admin/networks").content.decode()
    assert "anna@a.test" in page and "3 wrong passwords" in page
    browser.send("/admin/networks", {"login": "anna@a.test"}, to="/admin/networks/lockouts/clear")
    assert failures.list_failures("anna@a.test") == []
    assert rows("SELECT count(*) FROM audit_auditrow WHERE code = 'access.lockout_cleared'") == [(1,)]
