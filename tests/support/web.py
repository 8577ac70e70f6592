"""A browser without a screen: Django's client that signs in through the page, as everybody does."""

import re
from html import unescape
from typing import Any

from django.test import Client

from mailplatform.access import credentials
from mailplatform.directory import accounts
from mailplatform.directory.values import Role
from tests.support.directory import TESTER, an_account

PASSWORD = "a-password-of-tests"
ADMIN = "admin@a.test"


class Browser(Client):
    """`enforce_csrf_checks` is on: forms are filled in from the page that shows them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(enforce_csrf_checks=True, **options)

    def sign_in(self, login: str, password: str = PASSWORD, **extra: Any) -> Any:
        return self.send("/sign-in", {"login": login, "password": password}, **extra)

    def send(self, page: str, fields: dict[str, Any], to: str = "", **extra: Any) -> Any:
        """Open a page, fill in its hidden fields and these, send it."""
        shown = self.get(page, **extra).content.decode()
        if extra.get("secure"):
            extra["HTTP_ORIGIN"] = "https://testserver"  # over TLS Django wants to know the page it came from
        forms = [part for part in shown.split("<form")[1:] if 'method="post"' in part]
        form = next((part for part in forms if _for(part, to or page)), (forms or [""])[0])
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.post(to or page, {name: unescape(value) for name, value in hidden.items()} | fields, **extra)


def _for(part: str, page: str) -> bool:
    head = part.partition(">")[0]
    return "action=" not in head or f'action="{page.partition("?")[0]}"' in head


def somebody(address: str = ADMIN, *, role: str = Role.EMPLOYEE, **columns: Any) -> Any:
    """An account with PASSWORD."""
    info = an_account(address, role=role, **columns)
    credentials.set_password(info.user_id, PASSWORD, actor=TESTER)
    return accounts.get_account(address)


def signed_in(address: str = ADMIN, *, role: str = Role.ADMINISTRATOR, **columns: Any) -> Browser:
    """A browser of somebody new who has signed in."""
    somebody(address, role=role, **columns)
    browser = Browser()
    answer = browser.sign_in(address)
    assert answer.status_code == 302, answer.content.decode()
    return browser
