"""In and out: what opens the door, what keeps it shut, what a session ends with."""

import dataclasses

import pytest
from django.conf import settings

from mailplatform.access import credentials, web_sessions
from mailplatform.directory import accounts
from mailplatform.directory.values import Role
from mailplatform.runtime import clock
from tests.support.clock import movable
from tests.support.directory import TESTER
from tests.support.web import ADMIN, PASSWORD, Browser, signed_in, somebody

pytestmark = pytest.mark.usefixtures("rollback")


def test_the_way_in_and_out() -> None:
    browser = signed_in()
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert ADMIN in page.content.decode()
    browser.send("/admin/", {}, to="/sign-out")
    assert browser.get("/admin/").headers["Location"] == "/sign-in?next=%2Fadmin%2F"


def test_what_is_wrong_is_never_told_apart() -> None:
    somebody()
    closed = somebody("closed@a.test")
    accounts.close_account(closed.address, actor=TESTER)
    pages = [
        Browser().sign_in(login, password).content.decode().replace(login, "x")
        for login, password in ((ADMIN, "wrong-password"), ("nobody@a.test", PASSWORD), (closed.address, PASSWORD))
    ]
    words = [page.partition('role="alert">')[2].partition("</div>")[0] for page in pages]
    assert words[0] and len(set(words)) == 1


def test_an_app_password_opens_no_web() -> None:
    info = somebody()
    drawn = credentials.add_app_password(info.user_id, "phone", actor=TESTER)
    assert Browser().sign_in(ADMIN, drawn).status_code == 403


def test_back_to_the_page_that_was_wanted_but_never_elsewhere() -> None:
    somebody(role=Role.ADMINISTRATOR)
    assert Browser().send("/sign-in?next=/admin/domains", {"login": ADMIN, "password": PASSWORD}).headers["Location"] == (
        "/admin/domains"
    )
    for bad in ("//evil.test/", "https://evil.test/", "javascript:alert(1)", "/\\evil.test"):
        answer = Browser().send("/sign-in", {"login": ADMIN, "password": PASSWORD, "next": bad})
        assert answer.headers["Location"] == "/"


def test_over_plain_http_only_from_this_machine() -> None:
    somebody()
    far = Browser().get("/sign-in?next=/admin/", REMOTE_ADDR="192.0.2.9", HTTP_HOST="mail.a.test:10080")
    assert far.headers["Location"] == "https://mail.a.test:10443/sign-in?next=/admin/"
    assert Browser().get("/sign-in", REMOTE_ADDR="192.0.2.9", secure=True).status_code == 200


def test_a_proxy_is_believed_only_when_it_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"REMOTE_ADDR": "192.0.2.9", "HTTP_X_FORWARDED_FOR": "198.51.100.7, 127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"}
    assert Browser().get("/sign-in", **told).status_code == 302  # a stranger claims TLS and loopback, and is sent to HTTPS
    web = dataclasses.replace(settings.SITE.web, proxy_networks=("192.0.2.0/24",))
    monkeypatch.setattr(settings, "SITE", dataclasses.replace(settings.SITE, web=web))
    page = Browser().get("/sign-in", **told)
    assert page.status_code == 200 and page.wsgi_request.client_address == "127.0.0.1"
    assert page.headers["Strict-Transport-Security"] == "max-age=15552000"
    assert Browser().get("/sign-in", REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR="203.0.113.5").status_code == 302


def test_a_form_from_elsewhere_changes_nothing() -> None:
    browser = signed_in()
    answer = browser.post("/admin/domains/add", {"domain": "b.test"})
    assert answer.status_code == 403
    assert "not valid any more" in answer.content.decode()


def test_cookies_fit_the_connection() -> None:
    somebody(role=Role.ADMINISTRATOR)
    browser = Browser()
    browser.sign_in(ADMIN, secure=True)
    for name in ("__Host-mailplatform_session", "__Host-mailplatform_csrf"):
        cookie = browser.cookies[name]
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"]
    assert browser.get("/admin/", secure=True).status_code == 200
    assert browser.get("/admin/").status_code == 302  # the other connection has cookies of its own


@pytest.mark.parametrize("what", ["password", "state", "role"])
def test_a_session_ends_when_what_it_stands_on_changes(what: str) -> None:
    browser = signed_in()
    somebody("another@a.test", role=Role.ADMINISTRATOR)  # the last one cannot be taken away
    user = accounts.get_account(ADMIN).user_id
    match what:
        case "password":
            credentials.set_password(user, "another-password", actor=TESTER)
        case "state":
            accounts.set_account(ADMIN, state="suspended", actor=TESTER)
        case "role":
            accounts.set_account(ADMIN, role="employee", actor=TESTER)
    assert browser.get("/admin/").status_code == (403 if what == "role" else 302)


def test_idle_and_old_sessions_end(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    browser = signed_in()
    began = clock.now()
    with movable(tmp_path) as moved:
        for _ in range(11):
            moved.pass_(hours=1, minutes=-1)
            assert browser.get("/admin/").status_code == 200
        moved.pass_(hours=1, minutes=-1)
        assert browser.get("/admin/").status_code == 200
        moved.pass_(minutes=30)
        assert browser.get("/admin/").status_code == 302, clock.now() - began  # twelve hours are over
        assert browser.sign_in(ADMIN).status_code == 302
        moved.pass_(hours=1, minutes=1)
        assert browser.get("/admin/").status_code == 302


def test_an_administrator_ends_somebodys_session() -> None:
    browser = signed_in()
    user = accounts.get_account(ADMIN).user_id
    (one,) = web_sessions.list_web_sessions(user)
    web_sessions.put_out(one.id, actor=TESTER)
    assert browser.get("/admin/").status_code == 302


def test_employees_read_that_it_is_not_for_them() -> None:
    browser = signed_in("anna@a.test", role=Role.EMPLOYEE)
    page = browser.get("/admin/domains")
    assert page.status_code == 403
    assert "looks after no domain" in page.content.decode()


def test_the_language_of_the_browser_then_of_the_user_then_of_choice() -> None:
    italian = {"HTTP_ACCEPT_LANGUAGE": "it"}
    somebody(role=Role.ADMINISTRATOR)
    browser = Browser()
    browser.sign_in(ADMIN, **italian)
    assert '<html lang="it"' in browser.get("/admin/", **italian).content.decode()
    accounts.set_account(ADMIN, language="en", actor=TESTER)
    browser = Browser()
    browser.sign_in(ADMIN, **italian)
    assert '<html lang="en"' in browser.get("/admin/", **italian).content.decode()
    browser = Browser()
    browser.send("/sign-in", {"language": "it"}, to="/choose")
    assert browser.get("/sign-in").content.decode().partition("<html lang=")[2].startswith('"it"')


def test_what_a_browser_is_told() -> None:
    for page in (Browser().get("/sign-in"), signed_in().get("/admin/domains"), Browser().get("/nothing")):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "nonce" not in policy
        text = page.content.decode()
        assert " style=" not in text and "<style" not in text and " onclick" not in text
        assert all("src=" in part.partition(">")[0] for part in text.split("<script")[1:])
        assert page.headers["Cache-Control"] == "no-store"
