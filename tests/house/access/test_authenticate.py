"""Who comes in, who does not, and that nobody learns why."""

from datetime import timedelta

import pytest

from mailplatform.access import credentials, permissions, sessions
from mailplatform.access.authenticate import authenticate
from mailplatform.access.hashing import Hasher
from mailplatform.access.lockout import Lockout
from mailplatform.access.models import Credential
from mailplatform.access.values import Identity
from mailplatform.directory import accounts, domains
from mailplatform.directory.models import User
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AlreadyExists, AuthenticationFailed, Malformed, NotFound
from mailplatform.runtime.ratelimit import LocalCounter
from tests.support.directory import TESTER, an_account

pytestmark = pytest.mark.usefixtures("rollback")
PASSWORD = "correct horse"
HERE = "192.0.2.7"


class Counting(Hasher):
    """A hasher that tells which hashes it was asked for; cheap, for tests."""

    def __init__(self, cache_seconds: float = 60) -> None:
        super().__init__(memory_bytes=64 << 10, passes=1, threads=1, cache_seconds=cache_seconds)
        self.asked: list[str] = []

    def verify(self, encoded: str, password: str | bytes) -> bool:
        self.asked.append(encoded)
        return super().verify(encoded, password)


@pytest.fixture
def hashes() -> Counting:
    return Counting()


@pytest.fixture
def locks() -> Lockout:
    return Lockout(LocalCounter(), failures=1000, window_seconds=600, longest_seconds=600)


@pytest.fixture
def enter(hashes, locks):
    def enter(login: str, password: str | bytes = PASSWORD, protocol: str = "imap", address: str = HERE) -> Identity:
        return authenticate(login, password, protocol=protocol, client_address=address, hashes=hashes, locks=locks)

    return enter


def a_user(address: str = "anna@a.test", password: str = PASSWORD, **columns: str):
    info = an_account(address, **columns)
    encoded = Hasher(memory_bytes=64 << 10, passes=1, threads=1, cache_seconds=0).hash(password)
    credentials.set_hashed(info.user_id, encoded, actor=TESTER)
    return info


def test_the_right_password(enter):
    info = a_user(name="Anna", role="administrator")
    identity = enter("anna@a.test")
    assert (identity.user_id, identity.account_id, identity.login) == (info.user_id, info.id, "anna@a.test")
    assert (identity.name, identity.role, identity.organisation_id) == ("Anna", "administrator", info.organisation_id)
    assert identity.access_epoch == sessions.epochs()[0]


def test_logins_in_any_case_and_alias_domain(enter):
    a_user()
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    assert {enter(login).login for login in ("ANNA@A.TEST", " anna@a.test ", "Anna@b.test")} == {"anna@a.test"}


def test_a_password_is_its_nfc_in_text_or_bytes(enter):
    a_user(password="pässwörd")
    for written in ("pässwörd", "pa\u0308sswo\u0308rd", "pässwörd".encode()):
        assert enter("anna@a.test", written).login == "anna@a.test"


def test_every_refusal_sounds_the_same(enter):
    a_user("anna@a.test")
    a_user("shut@a.test")
    a_user("gone@a.test")
    a_user("off@a.test")
    an_account("none@a.test")
    accounts.close_account("gone@a.test", actor=TESTER)
    accounts.set_account("shut@a.test", state="suspended", actor=TESTER)
    User.objects.filter(login="off@a.test").update(is_active=False)
    told = set()
    for login, password in [
        *(("anna@a.test", bad) for bad in ("wrong", "", PASSWORD.upper(), b"\xff\xfe", "x" * 5000)),
        *((login, PASSWORD) for login in ("ben@a.test", "anna@z.test", "anna", "", "\x00@a.test", "a@b@c d")),
        *((f"{name}@a.test", PASSWORD) for name in ("shut", "gone", "off", "none")),
    ]:
        with pytest.raises(AuthenticationFailed) as refused:
            enter(login, password)
        told.add(refused.value.public)
        assert PASSWORD not in str(refused.value)
    assert told == {"authentication failed"}


def test_an_unknown_user_costs_the_same_hash(enter, hashes):
    a_user()
    an_account("none@a.test")
    for login in ("anna@a.test", "nobody@a.test", "anna@z.test", "no login", "none@a.test"):
        hashes.asked.clear()
        with pytest.raises(AuthenticationFailed):
            enter(login, "wrong")
        assert len(hashes.asked) == 1
        assert hashes.asked[0].split("$")[:4] == hashes.decoy.split("$")[:4]


def test_a_changed_password_counts_at_once(enter):
    info = a_user()
    before = enter("anna@a.test")
    assert sessions.entitled([before]) == {before.credential_id}
    credentials.set_password(info.user_id, "another horse", actor=TESTER)
    with pytest.raises(AuthenticationFailed):
        enter("anna@a.test", PASSWORD)
    after = enter("anna@a.test", "another horse")
    assert sessions.entitled([before, after]) == {after.credential_id}
    assert after.access_epoch > before.access_epoch


def test_sessions_end_with_account_and_user(enter):
    info = a_user()
    identity = enter("anna@a.test")
    before = sessions.epochs()
    accounts.set_account("anna@a.test", state="suspended", actor=TESTER)
    assert sessions.epochs()[1] > before[1]
    assert sessions.entitled([identity]) == frozenset()
    accounts.set_account("anna@a.test", state="active", actor=TESTER)
    assert sessions.entitled([identity]) == {identity.credential_id}
    User.objects.filter(pk=info.user_id).update(is_active=False)
    assert sessions.entitled([identity]) == frozenset()
    assert sessions.entitled([]) == frozenset()


def test_a_believed_password_is_hashed_once(enter, hashes):
    a_user()
    believed = len(hashes._good)
    enter("anna@a.test")
    enter("anna@a.test")
    assert len(hashes._good) == believed + 1
    hashes.forget()
    assert enter("anna@a.test").login == "anna@a.test"


def test_old_costs_are_brought_up_to_date(enter, locks):
    a_user()
    dearer = Hasher(memory_bytes=128 << 10, passes=1, threads=1, cache_seconds=0)
    authenticate("anna@a.test", PASSWORD, protocol="imap", client_address=HERE, hashes=dearer, locks=locks)
    assert "m=128" in Credential.objects.get().secret
    authenticate("anna@a.test", PASSWORD, protocol="imap", client_address=HERE, hashes=dearer, locks=locks)


def test_last_use_is_written_now_and_then(enter):
    a_user()
    enter("anna@a.test")
    row = Credential.objects.get()
    assert (row.last_used_from, row.last_used_protocol) == (HERE, "imap")
    enter("anna@a.test", protocol="smtp")
    assert Credential.objects.get().last_used_protocol == "imap"
    Credential.objects.update(last_used_at=clock.now() - timedelta(hours=1))
    enter("anna@a.test", protocol="smtp")
    assert Credential.objects.get().last_used_protocol == "smtp"


def test_app_passwords_are_scoped(enter):
    info = a_user()
    drawn = credentials.add_app_password(info.user_id, "Phone", scopes=["imap", "submission"], actor=TESTER)
    everywhere = credentials.add_app_password(info.user_id, "Laptop", actor=TESTER)
    assert enter("anna@a.test", drawn).login == "anna@a.test"
    assert enter("anna@a.test", drawn.upper().replace("-", " ")).login == "anna@a.test"
    assert enter("anna@a.test", everywhere, protocol="dav").login == "anna@a.test"
    with pytest.raises(AuthenticationFailed):
        enter("anna@a.test", drawn, protocol="dav")
    listed = credentials.list_app_passwords(info.user_id)
    assert [(row.label, row.scopes) for row in listed] == [("Laptop", ()), ("Phone", ("imap", "submission"))]
    identity = enter("anna@a.test", drawn)
    credentials.remove_app_password(info.user_id, "Phone", actor=TESTER)
    assert sessions.entitled([identity]) == frozenset()
    with pytest.raises(AuthenticationFailed):
        enter("anna@a.test", drawn)


def test_an_expired_app_password_is_none(enter):
    info = a_user()
    drawn = credentials.add_app_password(info.user_id, "Guest", expires_at=clock.now() - timedelta(seconds=1), actor=TESTER)
    with pytest.raises(AuthenticationFailed):
        enter("anna@a.test", drawn)


def test_app_passwords_of_others_open_nothing(enter):
    a_user("anna@a.test")
    ben = a_user("ben@a.test")
    drawn = credentials.add_app_password(ben.user_id, "Phone", actor=TESTER)
    with pytest.raises(AuthenticationFailed):
        enter("anna@a.test", drawn)


@pytest.mark.parametrize(
    ("label", "scopes", "error", "field"),
    [
        ("", [], Malformed, "label"),
        ("x" * 101, [], Malformed, "label"),
        ("y", ["http"], Malformed, "scope"),
        ("Phone", [], AlreadyExists, "label"),
    ],
)
def test_app_passwords_refused(label, scopes, error, field):
    info = a_user()
    credentials.add_app_password(info.user_id, "Phone", actor=TESTER)
    with pytest.raises(error) as refused:
        credentials.add_app_password(info.user_id, label, scopes=scopes, actor=TESTER)
    assert refused.value.subject == field
    with pytest.raises(NotFound):
        credentials.remove_app_password(info.user_id, "none", actor=TESTER)


@pytest.mark.parametrize("password", ["short", "", "x" * 1001, "tab\tulator", "anna@a.test", "ANNA@A.TEST"])
def test_bad_passwords_are_refused_in_words(password):
    info = a_user()
    with pytest.raises(Malformed) as refused:
        credentials.set_password(info.user_id, password, actor=TESTER)
    assert refused.value.subject == "password" and refused.value.public.startswith("password: ")
    with pytest.raises(NotFound):
        credentials.set_password(0, PASSWORD, actor=TESTER)


def test_a_user_enters_their_own_account_only(enter):
    anna, ben = a_user("anna@a.test"), a_user("ben@a.test", role="administrator")
    own = permissions.account_for(anna.user_id)
    assert (own.account_id, own.viewer_id) == (anna.id, anna.id)
    assert permissions.account_for(anna.user_id, anna.id) == own
    for user, account in ((ben.user_id, anna.id), (0, None), (anna.user_id, 0)):
        with pytest.raises(NotFound):
            permissions.account_for(user, account)
    accounts.close_account("anna@a.test", actor=TESTER)
    with pytest.raises(NotFound):
        permissions.account_for(anna.user_id)


def test_too_many_failures_shut_the_door(hashes):
    a_user()
    now = [1000.0]
    locks = Lockout(LocalCounter(lambda: now[0]), failures=3, window_seconds=600, longest_seconds=60, monotonic=lambda: now[0])

    def enter(password: str) -> Identity:
        return authenticate("anna@a.test", password, protocol="imap", client_address=HERE, hashes=hashes, locks=locks)

    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            enter("wrong")
    hashes.asked.clear()
    with pytest.raises(AuthenticationFailed) as refused:
        enter(PASSWORD)
    assert hashes.asked == [] and refused.value.public == "authentication failed"
    now[0] += 1.5
    assert enter(PASSWORD).login == "anna@a.test"
