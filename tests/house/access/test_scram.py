"""Who may prove a secret without sending it, and that a challenge tells nobody who is there."""

import pytest

from mailplatform.access import credentials, verifiers
from mailplatform.access.authenticate import authenticate
from mailplatform.access.lockout import Lockout
from mailplatform.access.models import Credential, ScramParameters
from mailplatform.access.scram import Offered, offer, prove
from mailplatform.access.values import SCRAM_ITERATIONS
from mailplatform.directory import accounts, domains, organisations
from mailplatform.runtime.errors import AuthenticationFailed, NotFound
from mailplatform.runtime.ratelimit import LocalCounter
from mailplatform.standards.sasl import scram
from tests.support.directory import TESTER, an_account

pytestmark = pytest.mark.usefixtures("rollback")
PASSWORD = "correct horse"
HERE = "192.0.2.7"


@pytest.fixture
def locks() -> Lockout:
    return Lockout(LocalCounter(), failures=3, window_seconds=600, longest_seconds=600)


def asked(login: str, locks: Lockout, *, protocol: str = "imap", secure: bool = True) -> Offered:
    return offer(login, protocol=protocol, client_address=HERE, secure=secure, locks=locks)


def proved(login: str, secret: str, locks: Lockout, *, protocol: str = "imap", secure: bool = True) -> str:
    """The login that comes in. Raises AuthenticationFailed."""
    offered = asked(login, locks, protocol=protocol, secure=secure)
    client = scram.Client(login, secret, "client-nonce")
    server = scram.Server(scram.client_first(client.first), offered.salt, offered.iterations, "server-nonce")
    which = server.finish(client.final(server.challenge), offered.verifiers)
    return prove(offered, which[0] if which else None, protocol=protocol, client_address=HERE, locks=locks).login


def refused(*args: object, **options: object) -> bool:
    try:
        proved(*args, **options)  # type: ignore[arg-type]
    except AuthenticationFailed:
        return True
    return False


def a_user(address: str = "anna@a.test") -> accounts.AccountInfo:
    info = an_account(address)
    credentials.set_password(info.user_id, PASSWORD, actor=TESTER)
    return info


def test_app_passwords_always_within_their_scopes(locks: Lockout) -> None:
    info = a_user()
    drawn = credentials.add_app_password(info.user_id, "phone", scopes=["imap"], actor=TESTER)
    assert proved("Anna@A.test", drawn, locks) == "anna@a.test"
    assert proved("anna@a.test", drawn, locks, secure=False) == "anna@a.test"
    assert refused("anna@a.test", drawn, locks, protocol="pop3")
    assert refused("anna@a.test", PASSWORD, locks)


def test_chosen_passwords_only_where_the_organisation_wants(locks: Lockout) -> None:
    info = a_user()
    assert refused("anna@a.test", PASSWORD, locks)
    assert verifiers.keep_for_passwords(True, actor=TESTER).scram_for_passwords
    assert refused("anna@a.test", PASSWORD, locks)  # it came before; a sign-in that shows it makes the verifier
    authenticate("anna@a.test", PASSWORD, protocol="imap", client_address=HERE, locks=locks)
    assert proved("anna@a.test", PASSWORD, locks) == "anna@a.test"
    credentials.set_password(info.user_id, "another horse", actor=TESTER)
    assert proved("anna@a.test", "another horse", locks) == "anna@a.test"
    assert refused("anna@a.test", "another horse", locks, secure=False)
    verifiers.keep_for_passwords(False, actor=TESTER)
    assert refused("anna@a.test", "another horse", locks)
    assert not Credential.objects.filter(user_id=info.user_id).exclude(scram_stored=None).exists()


def test_the_switch_names_its_organisation() -> None:
    a_user()
    (only,) = organisations.list_organisations()
    assert verifiers.keep_for_passwords(True, organisation=only.name, actor=TESTER).id == only.id
    with pytest.raises(NotFound):
        verifiers.keep_for_passwords(True, organisation="no such", actor=TESTER)


def test_a_challenge_tells_nobody_who_is_there(locks: Lockout) -> None:
    info = a_user()
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    told = {login: asked(login, locks) for login in ("anna@a.test", "nobody@a.test", "nobody@z.test", "no login")}
    assert {one.iterations for one in told.values()} == {SCRAM_ITERATIONS}
    assert len({one.salt for one in told.values()}) == len(told)
    for name in ("anna", "nobody"):  # also by the other name of the domain, in any case, and again
        assert asked(f"{name.upper()}@b.test", locks).salt == told[f"{name}@a.test"].salt
    drawn = credentials.add_app_password(info.user_id, "phone", actor=TESTER)
    assert asked("anna@a.test", locks).salt == told["anna@a.test"].salt
    assert proved("anna@b.test", drawn, locks) == "anna@a.test"
    accounts.set_account("anna@a.test", state="suspended", actor=TESTER)
    shut = asked("anna@a.test", locks)
    assert (shut.salt, shut.verifiers) == (told["anna@a.test"].salt, ())
    assert refused("anna@a.test", drawn, locks)


def test_guesses_shut_the_door_for_the_right_proof_too(locks: Lockout) -> None:
    info = a_user()
    drawn = credentials.add_app_password(info.user_id, "phone", actor=TESTER)
    for _ in range(3):
        assert refused("anna@a.test", "wrong", locks)
    assert refused("anna@a.test", drawn, locks)
    assert asked("anna@a.test", locks).verifiers == ()


def test_what_is_tried_while_the_door_is_shut_does_not_keep_it_shut() -> None:
    """As with passwords: a program that goes on with the right proof comes in when the lock-out ends."""
    time = 0.0
    locks = Lockout(LocalCounter(), failures=3, window_seconds=600, longest_seconds=600, monotonic=lambda: time)
    drawn = credentials.add_app_password(a_user().user_id, "phone", actor=TESTER)
    for _ in range(3):
        assert refused("anna@a.test", "wrong", locks)
    for _ in range(5):
        assert refused("anna@a.test", drawn, locks)
    time = 1.1  # the first lock-out lasts a second
    assert proved("anna@a.test", drawn, locks) == "anna@a.test"


def test_verifiers_of_fewer_iterations_come_again(locks: Lockout) -> None:
    info = a_user()
    drawn = credentials.add_app_password(info.user_id, "phone", actor=TESTER)
    ScramParameters.objects.filter(user_id=info.user_id).update(iterations=4096, salt=b"of another time.")
    credentials.add_app_password(info.user_id, "desk", actor=TESTER)
    assert asked("anna@a.test", locks).iterations == SCRAM_ITERATIONS
    assert refused("anna@a.test", drawn, locks)
    typed = drawn.replace("-", "").upper()
    authenticate("anna@a.test", typed, protocol="imap", client_address=HERE, locks=locks)
    assert proved("anna@a.test", drawn, locks) == "anna@a.test"
