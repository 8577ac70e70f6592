"""Domains, mailboxes and addresses in the browser: what a form does, what it says when it cannot, who is told of whom."""

import re

import pytest

from mailplatform.access import credentials, sending
from mailplatform.audit import search as audit
from mailplatform.directory import accounts, addresses, domains
from mailplatform.directory.addresses import list_addresses
from mailplatform.directory.values import AddressKind, Role
from mailplatform.runtime.errors import NotFound
from tests.support.directory import TESTER, a_domain, a_group, an_account, an_alias
from tests.support.web import ADMIN, Browser, signed_in

pytestmark = pytest.mark.usefixtures("rollback")
HOSTILE = "<script>alert(1)</script>\" onmouseover='x'"


@pytest.fixture
def browser(rollback: object) -> Browser:
    return signed_in()


def body(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def problems(answer: object) -> str:
    """The summary of what is wrong."""
    return body(answer).partition('class="problems"')[2].partition("</div>")[0]


def undo(browser: Browser, page: str) -> None:
    """Press Undo on the toast of the page."""
    toast = body(browser.get(page)).partition('class="toasts"')[2].partition("</form>")[0]
    where = toast.partition('action="')[2].partition('"')[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', toast))
    assert browser.post(where, fields).status_code == 302


def test_from_a_domain_to_a_mailbox_to_an_alias(browser: Browser) -> None:
    answer = browser.send("/admin/domains/add", {"domain": "New.Test", "description": "Fresh"})
    assert answer.headers["Location"] == "/admin/domains/new.test"
    answer = browser.send(
        "/admin/mailboxes/add", {"localpart": "Rosa", "domain": "new.test", "name": "Rosa", "quota_bytes": "1,5 GB"}
    )
    drawn = body(answer).partition("<code>")[2].partition("</code>")[0]
    assert Browser().sign_in("rosa@new.test", drawn).status_code == 302
    info = accounts.get_account("rosa@new.test")
    assert info.quota_bytes == 3 << 29
    browser.send("/admin/aliases/add", {"localpart": "office", "domain": "new.test", "targets": "rosa@new.test"})
    assert addresses.get_address("office@new.test").targets == ("rosa@new.test",)
    done = [row.code for row in audit.search(actor_id=accounts.get_account(ADMIN).user_id)]
    assert done[:3] == ["alias.added", "account.added", "domain.added"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"localpart": "", "domain": "a.test"}, "Address", "This field is required."),
        ({"localpart": "x@y", "domain": "a.test"}, "Address", "Write only what stands before the @"),
        ({"localpart": "admin", "domain": "a.test"}, "Address", "admin@a.test exists already."),
        ({"localpart": "new", "domain": "a.test", "password": "short"}, "Password", "Shorter than 8 characters."),
        ({"localpart": "new", "domain": "a.test", "quota_bytes": "much"}, "Space", "much is not a size."),
        ({"localpart": "new", "domain": "elsewhere.test"}, "Domain", "Select a valid choice"),
    ],
)
def test_errors_name_field_and_rule(browser: Browser, fields: dict[str, str], field: str, words: str) -> None:
    answer = browser.send("/admin/mailboxes/add", fields)
    assert answer.status_code == 422
    assert f">{field}</a>: {words}" in problems(answer)
    assert body(answer).count("autofocus") == 1
    assert "short" not in body(answer).partition('type="password"')[2].partition(">")[0]


def test_hostile_names_are_text(browser: Browser) -> None:
    an_account("h@a.test", name=HOSTILE)
    a_domain("h.test", description=HOSTILE)
    a_group("g@a.test", "h@a.test", name=HOSTILE)
    pages = [
        "/admin/",
        "/admin/domains",
        "/admin/domains/h.test",
        "/admin/mailboxes",
        "/admin/groups",
        "/admin/usage",
        "/admin/log",
    ]
    pages += [f"/admin/mailboxes?q={HOSTILE}", f"/admin/mailboxes/{accounts.get_account('h@a.test').id}"]
    for page in pages:
        text = body(browser.get(page))
        assert "<script>alert" not in text and "onmouseover='" not in text, page


def test_the_second_of_two_is_told(browser: Browser) -> None:
    info = an_account("p@a.test", name="Before")
    page = f"/admin/mailboxes/{info.id}/quota"
    shown = body(browser.get(page))
    stamp = shown.partition('name="stamp" value="')[2].partition('"')[0]
    accounts.set_account("p@a.test", quota_bytes=2 << 30, actor=TESTER)
    fields = {"quota_bytes": "5 GB", "stamp": stamp, "csrfmiddlewaretoken": token(shown)}
    answer = browser.post(page, fields)
    assert answer.status_code == 409
    said = problems(answer)
    assert "tester changed this while you had it open" in said and "is now 2 GB" in said
    assert accounts.get_account("p@a.test").quota_bytes == 2 << 30
    assert 'value="5 GB"' in body(answer)
    again = body(answer).partition('name="stamp" value="')[2].partition('"')[0]
    assert browser.post(page, {**fields, "stamp": again}).status_code == 302
    assert accounts.get_account("p@a.test").quota_bytes == 5 << 30


def test_only_what_was_changed_is_written(browser: Browser) -> None:
    info = an_account("p@a.test", quota_messages=7)
    browser.send(f"/admin/mailboxes/{info.id}/quota", {"quota_bytes": "1 GB", "quota_messages": "7"})
    last = audit.search(subject_kind="account", subject_id=info.id, limit=1)[0]
    assert last.params == {"quota_bytes": 1 << 30}


def test_a_closed_mailbox_is_opened_again(browser: Browser) -> None:
    info = an_account("p@a.test")
    asked = body(browser.get(f"/admin/mailboxes/{info.id}/close"))
    assert "Close p@a.test?" in asked and "can be opened again" in asked
    assert browser.send(f"/admin/mailboxes/{info.id}/close", {}).headers["Location"] == "/admin/mailboxes"
    assert accounts.get_account("p@a.test").state == "closed"
    undo(browser, "/admin/mailboxes")
    assert accounts.get_account("p@a.test").state == "active"


@pytest.mark.parametrize("kind", ["alias", "forward", "group", "catch-all"])
def test_what_is_removed_comes_back(browser: Browser, kind: str) -> None:
    an_account("p@a.test")
    made = {
        "alias": lambda: an_alias("x@a.test", "p@a.test"),
        "forward": lambda: addresses.add_forward("x@a.test", ["far@outside.test", "p@a.test"], actor=TESTER),
        "group": lambda: a_group("x@a.test", "p@a.test", "far@outside.test", name="Them", posting="members"),
        "catch-all": lambda: addresses.add_catch_all("a.test", ["p@a.test"], actor=TESTER),
    }[kind]()
    plural = "aliases" if kind == "alias" else f"{kind}s"
    answer = browser.send(f"/admin/{plural}/{made.id}/remove", {})
    assert answer.headers["Location"] == f"/admin/{plural}"
    with pytest.raises(NotFound):
        addresses.find_address(made.id)
    undo(browser, f"/admin/{plural}")
    (back,) = [one for one in list_addresses(kinds=(AddressKind(made.kind),)) if one.address == made.address]
    assert (back.targets, back.name, back.posting) == (made.targets, made.name, made.posting)


def test_targets_are_changed_one_by_one(browser: Browser) -> None:
    for one in ("p@a.test", "q@a.test", "r@a.test"):
        an_account(one)
    made = a_group("x@a.test", "p@a.test", "q@a.test")
    fields = {"targets": "q@a.test\nr@a.test, far@outside.test", "posting": "members", "enabled": "on", "name": ""}
    browser.send(f"/admin/groups/{made.id}", fields)
    now = addresses.find_address(made.id)
    assert now.targets == ("q@a.test", "r@a.test", "far@outside.test") and now.posting == "members"
    answer = browser.send(f"/admin/groups/{made.id}", {**fields, "targets": "nobody@a.test"})
    assert "nobody@a.test does not exist" in problems(answer)
    assert addresses.find_address(made.id) == now


def test_passwords_and_app_passwords(browser: Browser) -> None:
    info = an_account("p@a.test")
    page = f"/admin/mailboxes/{info.id}"
    browser.send(f"{page}/password", {"password": "a-fine-password"})
    assert Browser().sign_in("p@a.test", "a-fine-password").status_code == 302
    answer = browser.send(f"{page}/app-passwords/add", {"label": "phone", "scopes": ["imap"]})
    assert len(body(answer).partition("<code>")[2].partition("</code>")[0]) == 19
    (one,) = credentials.list_app_passwords(info.user_id)
    assert (one.label, one.scopes) == ("phone", ("imap",))
    assert "phone" in body(browser.get(f"{page}/sign-in"))
    assert "exists already" in problems(browser.send(f"{page}/app-passwords/add", {"label": "phone"}))
    browser.send(f"{page}/app-passwords/{one.id}/remove", {})
    assert credentials.list_app_passwords(info.user_id) == []


def test_send_as_and_sending_limits(browser: Browser) -> None:
    info = an_account("p@a.test")
    page = f"/admin/mailboxes/{info.id}"
    browser.send(f"{page}/send-as", {"address": "Sales@a.test"})
    assert sending.granted(info.user_id) == {"sales@a.test"}
    undo(browser, f"{page}/send-as")
    assert sending.granted(info.user_id) == frozenset()
    browser.send(f"{page}/limits", {"messages_per_hour": "5", "recipients_per_day": ""})
    assert sending.limits_of(info.user_id) == sending.SendingLimits(messages_per_hour=5)
    listed = body(browser.get("/admin/limits?own=yes"))
    assert "p@a.test" in listed and "admin@a.test" not in listed.partition("<main")[2]


def test_domain_settings_and_their_undo(browser: Browser) -> None:
    a_domain("d.test")
    browser.send("/admin/domains/d.test", {"description": "Ours", "subaddress_separator": "-"})
    now = domains.get_domain("d.test")
    assert (now.enabled, now.description, now.subaddress_separator) == (False, "Ours", "-")
    undo(browser, "/admin/domains/d.test")
    assert domains.get_domain("d.test").enabled
    browser.send("/admin/domains/d.test/limits", {"account_quota_bytes": "5 GB", "max_recipients": "0"})
    assert domains.get_domain("d.test").account_quota_bytes is None  # nothing is half done
    browser.send("/admin/domains/d.test/limits", {"account_quota_bytes": "5 GB", "max_recipients": "10"})
    assert domains.get_domain("d.test").account_quota_bytes == 5 << 30
    an_account("p@d.test")
    assert "still has 1 mailboxes" in problems(browser.send("/admin/domains/d.test/remove", {}))


def test_domain_administrators_are_appointed(browser: Browser) -> None:
    an_account("p@a.test")
    browser.send("/admin/domains/a.test/administrators", {"login": "p@a.test"})
    assert accounts.get_account("p@a.test").role == Role.DOMAIN_ADMINISTRATOR
    undo(browser, "/admin/domains/a.test/administrators")
    assert accounts.get_account("p@a.test").role == Role.EMPLOYEE


def test_lists_are_narrowed_sorted_and_paged_in_the_url(browser: Browser) -> None:
    for number in range(60):
        an_account(f"zed{number:02}@a.test")
    first = body(browser.get("/admin/mailboxes?q=zed"))
    assert first.count('href="/admin/mailboxes/') == 50 + 1 and "1–50 of 60" in first and "q=zed&amp;page=2" in first
    second = body(browser.get("/admin/mailboxes?q=zed&page=2"))
    assert "zed59@a.test" in second and "51–60 of 60" in second
    assert "zed59@a.test" in body(browser.get("/admin/mailboxes?q=zed&sort=-address"))
    assert "Nothing fits" in body(browser.get("/admin/mailboxes?q=nobody"))
    for odd in ("page=0", "page=99999999999999", "page=x", "sort=password", "role=xyz", "q=%00", "domain=" + "x" * 5000):
        assert browser.get(f"/admin/mailboxes?{odd}").status_code == 200, odd


def test_nobody_locks_themselves_out(browser: Browser) -> None:
    me = accounts.get_account(ADMIN)
    an_account("other@a.test", role=Role.ADMINISTRATOR)
    browser.send(f"/admin/mailboxes/{me.id}", {"name": "Me", "state": "suspended", "role": "employee"})
    now = accounts.get_account(ADMIN)
    assert (now.name, now.state, now.role) == ("Me", "active", "administrator")
    assert "lock yourself out" in problems(browser.send(f"/admin/mailboxes/{me.id}/close", {}))


def token(page: str) -> str:
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
