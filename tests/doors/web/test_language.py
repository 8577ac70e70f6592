"""Which language somebody reads: the browser's choice, else the mailbox's own at sign-in, else what the browser asks for."""

import re

import pytest
from django.utils import translation

from mailplatform.directory import accounts
from mailplatform.directory.values import Role
from tests.support.directory import TESTER, a_domain
from tests.support.web import ADMIN, Browser, signed_in, somebody

pytestmark = pytest.mark.usefixtures("rollback")
ITALIAN, ENGLISH, GERMAN = ({"HTTP_ACCEPT_LANGUAGE": one} for one in ("it-IT,it;q=0.9,en;q=0.5", "en", "de-DE,de"))


def _language(page: str) -> str:
    match = re.search(r'<html lang="([^"]+)"', page)
    assert match is not None
    return match[1]


@pytest.mark.parametrize(
    ("asked", "language", "button"), [(ITALIAN, "it", "Accedi"), (ENGLISH, "en", "Sign in"), (GERMAN, "en", "Sign in")]
)
def test_the_sign_in_page_is_in_the_language_the_browser_asks_for(asked: dict[str, str], language: str, button: str) -> None:
    answer = Browser().get("/sign-in", **asked)
    page = answer.content.decode()
    assert _language(page) == language and f">{button}<" in page
    assert answer.headers["Content-Language"] == language and "Accept-Language" in answer.headers["Vary"]


def test_a_choice_is_kept_and_goes_before_what_the_browser_asks_for() -> None:
    browser = Browser()
    browser.send("/sign-in", {"language": "it"}, to="/choose")
    assert _language(browser.get("/sign-in", **ENGLISH).content.decode()) == "it"
    browser.send("/sign-in", {"language": "en"}, to="/choose")
    assert _language(browser.get("/sign-in", **ITALIAN).content.decode()) == "en"


def test_a_language_that_is_none_is_no_choice() -> None:
    browser = Browser()
    browser.send("/sign-in", {"language": "xx"}, to="/choose")
    browser.cookies["mailplatform_language"] = "xx"
    assert _language(browser.get("/sign-in", **ITALIAN).content.decode()) == "it"


def test_who_signs_in_reads_the_language_of_the_mailbox() -> None:
    somebody(role=Role.ADMINISTRATOR)
    accounts.set_account(ADMIN, language="it", actor=TESTER)
    browser = Browser()
    browser.sign_in(ADMIN, **ENGLISH)
    page = browser.get("/admin/", **ENGLISH).content.decode()
    assert _language(page) == "it" and "Caselle di posta" in page


def test_a_choice_goes_before_the_language_of_the_mailbox() -> None:
    somebody(role=Role.ADMINISTRATOR)
    accounts.set_account(ADMIN, language="it", actor=TESTER)
    browser = Browser()
    browser.send("/sign-in", {"language": "en"}, to="/choose")
    browser.sign_in(ADMIN)
    assert _language(browser.get("/admin/").content.decode()) == "en"


def test_errors_of_forms_and_of_the_house() -> None:
    a_domain("b.test")
    browser = signed_in()
    browser.cookies["mailplatform_language"] = "it"
    add = "/admin/domains/add"
    assert "Questo campo è obbligatorio." in browser.send(add, {"domain": ""}).content.decode()
    assert "b.test esiste già" in browser.send(add, {"domain": "b.test"}).content.decode()
    assert "non è un nome di dominio: una parte del dominio è vuota" in browser.send(add, {"domain": "b..test"}).content.decode()
    assert "Qui non c&#x27;è nulla" in browser.get("/admin/domains/999999").content.decode()


def test_wrong_passwords() -> None:
    somebody()
    page = Browser().sign_in(ADMIN, "not this one", **ITALIAN)
    assert page.status_code == 403 and "L&#x27;indirizzo o la password non sono corretti." in page.content.decode()


def test_numbers_and_dates_follow() -> None:
    browser = signed_in(quota_messages=1234567, quota_bytes=3 << 29)
    browser.cookies["mailplatform_language"] = "it"
    italian = browser.get("/admin/usage").content.decode()
    assert "1.234.567" in italian or "1,5 GB" in italian
    browser.cookies["mailplatform_language"] = "en"
    assert "1.5 GB" in browser.get("/admin/usage").content.decode()


def test_a_request_leaves_no_language_behind() -> None:
    Browser().get("/sign-in", **ITALIAN)
    assert translation.get_language() == "en"
