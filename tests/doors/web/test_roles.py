"""Every page of the administrators' web, as everybody who might ask: nobody reads a name that is not theirs.

The pages come from the URLconf itself, so a new one is asked as well; a new kind of parameter must be named in `scene`.
"""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, reverse

from tests.doors.web.scene import HIDDEN, Scene, build
from tests.support.web import PASSWORD, Browser
from webadmin.urls import urlpatterns

pytestmark = pytest.mark.usefixtures("rollback")

ONLY_ADMINISTRATORS = {
    *("domain-add", "domain-administrators", "domain-dismiss", "domain-enable", "domain-remove"),
    *("networks", "network-add", "network", "network-remove", "rule-add", "rule-clear", "lockout-clear"),
}
OF_A_CHOICE = {"queue-delete", "sessions-end", "rule-clear"}  # without anything chosen there is no such page


def pages(ids: dict[str, object]) -> Iterator[tuple[str, str]]:
    """(name, path) of every page about these objects."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern) and pattern.name
        yield pattern.name, reverse(f"webadmin:{pattern.name}", kwargs=_parameters(pattern, ids))


def _parameters(pattern: URLPattern, ids: dict[str, object]) -> dict[str, object]:
    noun = str(pattern.name).removesuffix("-remove")
    return {name: ids[noun] if name == "pk" else ids[name] for name in pattern.pattern.converters}


def _browser(login: str) -> Browser:
    browser = Browser()
    assert browser.sign_in(login).status_code == 302
    return browser


@pytest.fixture
def scene(rollback: object) -> Scene:
    return build()


def test_a_domain_administrator_sees_their_own_and_no_foreign_name(scene: Scene) -> None:
    dora = _browser("dora@a.test")
    for name, path in pages(scene.ours):
        for query in ("", f"?q={HIDDEN}", "?domain=xanadu.test", "?sort=-address&page=2"):
            answer = dora.get(path + query)
            text = (
                answer.content.decode()
                .replace(f'value="{HIDDEN}"', "")
                .replace(f"q={HIDDEN}", "")
                .replace("domain=xanadu.test", "")
            )
            expected = {403} if name in ONLY_ADMINISTRATORS else {404} if name in OF_A_CHOICE else {200, 302}
            assert answer.status_code in expected, (path, answer.status_code)
            assert HIDDEN not in text, f"{path}{query}: {text[max(0, text.find(HIDDEN) - 200) :][:400]}"


def test_what_is_foreign_is_not_there(scene: Scene) -> None:
    dora = _browser("dora@a.test")
    for (_, path), (_, ours) in zip(pages(scene.theirs), pages(scene.ours), strict=True):
        if path == ours:
            continue
        for answer in (dora.get(path), dora.send("/admin/mailboxes/add", _everything(), to=path)):
            assert answer.status_code in (403, 404), (path, answer.status_code)
            assert HIDDEN not in answer.content.decode(), path


def test_employees_and_strangers_see_nothing(scene: Scene) -> None:
    emil, nobody = _browser("emil@a.test"), Browser()
    for ids in (scene.ours, scene.theirs):
        for _, path in pages(ids):
            answer = emil.get(path)
            assert answer.status_code == 403, path
            assert HIDDEN not in answer.content.decode() and "anna" not in answer.content.decode()
            answer = nobody.get(path)
            assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in?"), path
            assert nobody.send("/sign-in", _everything(), to=path).headers["Location"] == "/sign-in", path


def test_an_administrator_sees_every_page_of_the_organisation_and_of_no_other(scene: Scene) -> None:
    admin = _browser("admin@a.test")
    for ids in (scene.ours, scene.theirs):
        for name, path in pages(ids):
            answer = admin.get(path)
            assert answer.status_code in ({404} if name in OF_A_CHOICE else {200, 302}), (path, answer.status_code)
            assert f"other-{HIDDEN}" not in answer.content.decode(), path
    assert admin.get(f"/admin/domains/other-{HIDDEN}.test").status_code == 404


def test_forms_do_not_tell_a_domain_administrator_what_exists_elsewhere(scene: Scene) -> None:
    dora = _browser("dora@a.test")
    words = set()
    for target in (f"{HIDDEN}-boss@{HIDDEN}.test", f"nobody-there@{HIDDEN}.test"):
        fields = {"localpart": "probe", "domain": "a.test", "targets": target}
        text = dora.send("/admin/aliases/add", fields).content.decode()
        words.add(text.partition('role="alert"')[2].partition("</div>")[0].replace(target, "it"))
    assert len(words) == 1 and "do not administer" in words.pop()


def test_a_domain_administrator_does_not_become_more(scene: Scene) -> None:
    dora = _browser("dora@a.test")
    admin = dora.get("/admin/mailboxes?q=admin").content.decode()
    boss = _id(admin)
    for path in ("", "/quota", "/password", "/app-passwords/add", "/send-as", "/limits", "/close"):
        answer = dora.send("/admin/mailboxes/add", _everything(), to=f"/admin/mailboxes/{boss}{path}")
        assert answer.status_code == 403, path
    assert dora.get(f"/admin/mailboxes/{boss}/sign-in").status_code == 403
    assert (
        "/sign-in"
        not in dora.get(f"/admin/mailboxes/{boss}").content.decode().partition('class="tabs"')[2].partition("</nav>")[0]
    )
    emil = _id(dora.get("/admin/mailboxes?q=emil").content.decode())
    dora.send(f"/admin/mailboxes/{emil}", {"name": "Emil", "state": "active", "role": "administrator"})
    assert _browser("emil@a.test").get("/admin/").status_code == 403
    answer = dora.send(f"/admin/mailboxes/{emil}/send-as", {"address": f"x@{HIDDEN}.test"})
    assert "not in a domain that you administer" in answer.content.decode()


def _id(text: str) -> int:
    links = text.split('href="/admin/mailboxes/')[1:]
    return next(int(number) for number in (part.partition('"')[0] for part in links) if number.isdigit())


def _everything() -> dict[str, str]:
    chosen = {"domain": "a.test", "state": "active", "role": "employee", "posting": "anyone", "enabled": "on"}
    words = dict.fromkeys(("name", "label", "localpart"), "x")
    return {**chosen, **words, "password": PASSWORD, "address": "x@a.test", "login": "dora@a.test", "targets": "anna@a.test"}
