"""Living connections in the browser: shown to those who administer them, ended after a question."""

import pytest

from mailplatform.access import living
from mailplatform.access.living import Process, SessionRow
from mailplatform.directory import accounts, administrators
from mailplatform.runtime import clock
from tests.support.directory import TESTER, an_account
from tests.support.house import rows
from tests.support.web import Browser, signed_in, somebody

pytestmark = pytest.mark.usefixtures("rollback")
PROCESS = Process(4711, "imap", "host", 1)


def connected(login: str, number: int, address: str = "192.0.2.7") -> None:
    user = accounts.get_account(login)
    now = clock.now()
    row = SessionRow(
        *(number, "imap", "selected", user.user_id, user.organisation_id, login, "INBOX", "<b>Mutt</b>", "TLSv1.3", address),
        *(now, now, 10, 2048),
    )
    living.beat(PROCESS)
    living.write(PROCESS, [row], [])


def test_who_is_in_and_out_again() -> None:
    browser = signed_in()
    an_account("anna@a.test")
    connected("anna@a.test", 1)
    page = browser.get("/admin/sessions").content.decode()
    assert "anna@a.test" in page and "192.0.2.7" in page and "&lt;b&gt;Mutt" in page
    assert "anna@a.test" not in browser.get("/admin/sessions?q=bruno").content.decode().partition("<main")[2]
    where = page.partition('href="/admin/sessions/end')[2].partition('"')[0]
    asked = browser.get(f"/admin/sessions/end{where}").content.decode()
    assert "anna@a.test" in asked
    browser.send(f"/admin/sessions/end{where}", {})
    assert rows("SELECT count(*) FROM access_living_session WHERE ending_at IS NOT NULL") == [(1,)]
    assert browser.get(f"/admin/sessions/end{where}").status_code == 404


def test_a_domain_administrator_sees_their_own_people_only() -> None:
    somebody("boss@a.test")
    administrators.appoint("boss@a.test", "a.test", actor=TESTER)
    an_account("anna@a.test")
    an_account("secret@f.test")
    connected("anna@a.test", 1)
    connected("secret@f.test", 2, "198.51.100.9")
    browser = Browser()
    browser.sign_in("boss@a.test")
    page = browser.get("/admin/sessions").content.decode()
    assert "anna@a.test" in page and "secret" not in page and "198.51.100.9" not in page
    assert browser.get("/admin/sessions/end?login=secret@f.test").status_code == 404


def test_a_domain_administrator_ends_no_administrators_session() -> None:
    browser = signed_in()  # the administrator
    connected("admin@a.test", 1)
    somebody("boss@a.test")
    administrators.appoint("boss@a.test", "a.test", actor=TESTER)
    connected("boss@a.test", 2)
    assert browser.get("/admin/sessions").content.decode().count("/admin/sessions/end?id=") == 2
    boss = Browser()
    boss.sign_in("boss@a.test")
    page = boss.get("/admin/sessions").content.decode()
    assert "admin@a.test" in page and page.count("/admin/sessions/end?id=") == 1
    assert boss.get("/admin/sessions/end?login=admin@a.test").status_code == 404
    assert boss.get("/admin/sessions/end?login=boss@a.test").status_code == 200


def test_a_page_that_looks_for_news_does_not_keep_somebody_signed_in() -> None:
    browser = signed_in()
    seen = "SELECT now() - seen_at > interval '5 min' FROM access_websession"
    rows("UPDATE access_websession SET seen_at = now() - interval '10 min' RETURNING 1")
    page = browser.get("/admin/sessions", headers={"X-Looks-Again": "1"})
    assert page.status_code == 200 and 'hx-headers=\'{"X-Looks-Again": "1"}\'' in page.content.decode()
    assert rows(seen) == [(True,)]
    browser.get("/admin/sessions")
    assert rows(seen) == [(False,)]
