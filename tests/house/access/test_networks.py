"""Who may come in from where: the rules, what their order means, and that sign-in and the explanation say the same."""

from __future__ import annotations

import itertools
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailplatform.access import admission, credentials, explain, networks, sessions
from mailplatform.access.admission import PROTOCOLS, Level, Rule, decide
from mailplatform.access.authenticate import authenticate
from mailplatform.access.hashing import Hasher
from mailplatform.access.lockout import Lockout
from mailplatform.access.models import Credential, NetworkRule
from mailplatform.access.sessions import Out, Present
from mailplatform.access.subjects import EVERYONE, Whose
from mailplatform.audit.models import AuditRow
from mailplatform.directory import accounts, groups
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import AlreadyExists, AuthenticationFailed, Conflict, Malformed, NotFound, SignInRefused
from mailplatform.runtime.ratelimit import LocalCounter
from tests.support.directory import TESTER, a_group, an_account, an_alias

pytestmark = pytest.mark.usefixtures("rollback")

PASSWORD = "correct horse"
CHEAP = Hasher(memory_bytes=64 << 10, passes=1, threads=1, cache_seconds=600)
OFFICE, HOME, ABROAD, SIX = "192.0.2.7", "198.51.100.9", "203.0.113.4", "2001:db8:7::1"
ANNA = Whose("user", "anna@a.test")


@pytest.fixture
def house() -> accounts.AccountInfo:
    """anna, who is in group staff through an alias and in all through staff; networks office, home, both."""
    info = an_account("anna@a.test")
    credentials.set_hashed(info.user_id, CHEAP.hash(PASSWORD), actor=TESTER)
    an_alias("sales@a.test", "anna@a.test")
    a_group("staff@a.test", "sales@a.test")
    a_group("all@a.test", "staff@a.test")
    a_group("board@a.test", "anna@a.test")
    an_account("other@a.test")
    a_group("others@a.test", "other@a.test")
    networks.add_network("office", ["192.0.2.0/24", "2001:db8:7::/48"], actor=TESTER)
    networks.add_network("home", [HOME], actor=TESTER)
    networks.add_network("both", ["::ffff:192.0.2.0/120", HOME], actor=TESTER)
    return info


def enter(address: str = OFFICE, protocol: str = "imap", password: str = PASSWORD):
    locks = Lockout(LocalCounter(), failures=1000, window_seconds=600, longest_seconds=600)
    return authenticate("anna@a.test", password, protocol=protocol, client_address=address, hashes=CHEAP, locks=locks)


def came_in(address: str, protocol: str = "imap") -> bool:
    try:
        enter(address, protocol)
    except SignInRefused:
        return False
    return True


def test_without_rules_everybody_comes_in_from_everywhere(house):
    assert all(came_in(address, protocol) for address in (OFFICE, HOME, ABROAD, SIX) for protocol in PROTOCOLS)


def test_the_right_password_from_a_wrong_network_is_told_so_and_a_wrong_one_is_not(house):
    networks.allow(ANNA, ["office"], actor=TESTER)
    with pytest.raises(SignInRefused, match="sign-in from this network is not allowed for this account"):
        enter(ABROAD)
    with pytest.raises(AuthenticationFailed) as wrong:
        enter(ABROAD, password="wrong")
    assert wrong.value.public == "authentication failed"
    assert enter(OFFICE).login == "anna@a.test"
    assert enter(f"::ffff:{OFFICE}").login == "anna@a.test"
    assert enter(f"{SIX}%eth0").login == "anna@a.test"


def test_a_change_of_policy_counts_at_the_next_sign_in_though_the_password_is_remembered(house):
    assert came_in(HOME)
    networks.allow(ANNA, ["office"], actor=TESTER)
    assert not came_in(HOME)
    networks.clear(ANNA, actor=TESTER)
    assert came_in(HOME)
    networks.allow(EVERYONE, ["home"], actor=TESTER)
    assert not came_in(OFFICE)
    networks.set_network("home", add=["192.0.2.0/28"], actor=TESTER)
    assert came_in(OFFICE)


def test_the_nearest_level_decides_alone_and_a_protocol_goes_before_all(house):
    networks.allow(EVERYONE, ["nowhere"], ["pop3"], actor=TESTER)
    networks.allow(Whose("domain", "a.test"), ["office"], actor=TESTER)
    assert [came_in(a) for a in (OFFICE, HOME)] == [True, False]
    assert came_in(OFFICE, "pop3")
    networks.allow(Whose("group", "all@a.test"), ["home"], ["imap"], actor=TESTER)
    assert [came_in(a) for a in (OFFICE, HOME)] == [False, True]
    assert came_in(OFFICE, "submission")
    networks.allow(ANNA, ["anywhere"], ["imap"], actor=TESTER)
    assert came_in(ABROAD)
    assert not came_in(ABROAD, "submission")


def test_of_several_groups_it_is_enough_that_one_lets_in(house):
    networks.allow(Whose("group", "staff@a.test"), ["home"], ["imap"], actor=TESTER)
    networks.allow(Whose("group", "board@a.test"), ["office"], actor=TESTER)
    networks.allow(Whose("group", "others@a.test"), ["nowhere"], actor=TESTER)
    assert [came_in(a) for a in (OFFICE, HOME, ABROAD)] == [True, True, False]
    assert [came_in(a, "pop3") for a in (OFFICE, HOME)] == [True, False]
    groups.set_group("board@a.test", remove=["anna@a.test"], actor=TESTER)
    assert [came_in(a) for a in (OFFICE, HOME)] == [False, True]


def test_those_who_are_in_are_judged_as_those_who_come(house):
    identity = enter(HOME)
    who = [Present(1, identity, "imap", HOME), Present(2, identity, "pop3", HOME), Present(3, identity, "imap", OFFICE)]
    assert sessions.judge(who) == {}
    networks.allow(ANNA, ["office"], ["imap"], actor=TESTER)
    assert sessions.judge(who) == {1: Out.NETWORK}
    assert sessions.may_stay(identity, protocol="imap", client_address=HOME) is Out.NETWORK
    accounts.set_account("anna@a.test", state="suspended", actor=TESTER)
    assert sessions.judge(who) == dict.fromkeys((1, 2, 3), Out.EXPIRED)


def test_networks_are_written_in_one_way_or_refused(house):
    info = networks.add_network(" VPN ", ["::ffff:10.0.0.0/104", "10.0.0.0/8", "2001:DB8::/32"], actor=TESTER)
    assert (info.name, info.cidrs) == ("vpn", ("10.0.0.0/8", "2001:db8::/32"))
    for wrong in ("10.0.0.1/8", "office", "10.0.0.0/33", "", "1.2.3.4.5"):
        with pytest.raises(Malformed) as refused:
            networks.add_network("x", [wrong], actor=TESTER)
        assert refused.value.subject == "cidr"
    for wrong in ("", "a/b", "x" * 101):
        with pytest.raises(Malformed):
            networks.add_network(wrong, ["10.0.0.0/8"], actor=TESTER)
    for taken in ("Office", "anywhere", "nowhere"):
        with pytest.raises(AlreadyExists):
            networks.add_network(taken, ["10.0.0.0/8"], actor=TESTER)
    with pytest.raises(Malformed):
        networks.allow(ANNA, ["office"], ["smoke"], actor=TESTER)
    for whose in (Whose("user", "nobody@a.test"), Whose("group", "sales@a.test"), Whose("domain", "b.test")):
        with pytest.raises(NotFound):
            networks.allow(whose, ["office"], actor=TESTER)
    with pytest.raises(NotFound):
        networks.allow(ANNA, ["moon"], actor=TESTER)
    with pytest.raises(NotFound):
        networks.clear(ANNA, actor=TESTER)


def test_a_network_in_use_is_not_removed_and_the_words_name_who_uses_it(house):
    networks.allow(ANNA, ["office"], ["imap", "pop3"], actor=TESTER)
    networks.allow(EVERYONE, ["office"], actor=TESTER)
    with pytest.raises(Conflict, match=r"office is used by anna@a\.test: imap, pop3; everyone: all"):
        networks.remove_network("office", actor=TESTER)
    networks.clear(ANNA, actor=TESTER)
    networks.clear(EVERYONE, protocols=["all"], actor=TESTER)
    networks.remove_network("office", actor=TESTER)
    codes = list(AuditRow.objects.filter(code__startswith="network.").order_by("id").values_list("code", "subject_name"))
    assert codes[-5:] == [
        ("network.allowed", "anna@a.test"),
        ("network.allowed", "default"),
        ("network.cleared", "anna@a.test"),
        ("network.cleared", "default"),
        ("network.removed", "office"),
    ]


def test_the_administrators_are_not_shut_out_of_the_web(house):
    accounts.set_account("anna@a.test", role="administrator", actor=TESTER)
    with pytest.raises(Conflict, match="every administrator"):
        networks.allow(EVERYONE, ["nowhere"], actor=TESTER)
    networks.allow(EVERYONE, ["nowhere"], ["imap"], actor=TESTER)
    networks.allow(EVERYONE, ["office"], ["web"], actor=TESTER)
    with pytest.raises(Conflict, match="every administrator"):
        networks.set_network("office", cidrs=[], actor=TESTER)
    networks.set_network("office", cidrs=[], actor=TESTER, force=True)
    assert not came_in(OFFICE, "web")
    networks.clear(EVERYONE, ["office"], actor=TESTER)
    Credential.objects.update(last_used_protocol="web", last_used_from=ABROAD)
    with pytest.raises(Conflict, match="every administrator"):
        networks.allow(ANNA, ["home"], ["web"], actor=TESTER)
    me = Actor(house.user_id, "anna@a.test")
    Credential.objects.update(last_used_from=HOME)
    with pytest.raises(Conflict, match=r"shut you out of the web from 203\.0\.113\.4"):
        networks.allow(ANNA, ["home"], ["web"], actor=me, client_address=ABROAD)
    networks.allow(ANNA, ["home"], ["web"], actor=me, client_address=HOME)


def test_the_last_administrator_stays(house):
    accounts.set_account("anna@a.test", role="administrator", actor=TESTER)
    for change in ({"state": "closed"}, {"state": "suspended"}, {"role": "employee"}):
        with pytest.raises(Conflict, match="last administrator"):
            accounts.set_account("anna@a.test", actor=TESTER, **change)
    accounts.set_account("anna@a.test", name="Anna", quota_bytes=5, actor=TESTER)
    accounts.set_account("other@a.test", role="administrator", actor=TESTER)
    accounts.set_account("anna@a.test", state="closed", actor=TESTER)
    with pytest.raises(Conflict, match="last administrator"):
        accounts.close_account("other@a.test", actor=TESTER)


# -- the property: an oracle of its own, sign-in, the explanation and the judgement of those who are in, all say the same

NETWORKS = {"office": ["192.0.2.0/24", "2001:db8:7::/48"], "home": [HOME], "nowhere": [], "anywhere": ["0.0.0.0/0", "::/0"]}
SUBJECTS = (ANNA, Whose("group", "all@a.test"), Whose("group", "board@a.test"), Whose("domain", "a.test"), EVERYONE)
rules = st.sets(
    st.tuples(
        st.sampled_from(range(len(SUBJECTS))), st.sampled_from(["all", "imap", "pop3", "web"]), st.sampled_from(sorted(NETWORKS))
    ),
    max_size=8,
)


def oracle(made: set[tuple[int, str, str]], protocol: str, address: str) -> bool:
    """The four sentences of access/admission.py, said another way."""

    def answer(subject: int) -> set[str] | None:
        for word in (protocol, "all"):
            named = {network for who, what, network in made if (who, what) == (subject, word)}
            if named:
                return named
        return None

    for level in ((0,), (1, 2), (3,), (4,)):
        answers = [found for subject in level if (found := answer(subject)) is not None]
        if answers:
            cidrs = itertools.chain.from_iterable(NETWORKS[network] for network in set().union(*answers))
            return any(ip_address(address) in ip_network(cidr) for cidr in cidrs)
    return True


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(made=rules)
def test_sign_in_explanation_and_judgement_agree_on_every_combination(house, made):
    NetworkRule.objects.all().delete()
    for subject, protocol, network in made:
        networks.allow(SUBJECTS[subject], [network], [protocol], actor=TESTER)
    if not made:
        admission.SILENT.__init__()
    everywhere = decide((), "imap", OFFICE)
    assert everywhere.allowed
    identity = None
    for protocol, address in itertools.product(("imap", "pop3", "submission", "web"), (OFFICE, HOME, ABROAD, SIX)):
        expected = oracle(made, protocol, address)
        assert came_in(address, protocol) is expected
        explained = explain.explain("anna@a.test", client_address=address, protocol=protocol)
        assert explained.allowed is expected
        assert explain.words(explained)
        if expected and identity is None:
            identity = enter(address, protocol)
        if identity is not None:
            stays = sessions.may_stay(identity, protocol=protocol, client_address=address) is None
            assert stays is expected


def test_the_explanation_names_the_rule(house):
    networks.allow(Whose("group", "all@a.test"), ["home", "office"], ["imap"], actor=TESTER)
    said = explain.explain("ANNA@a.test", client_address=ABROAD, protocol="imap")
    assert (said.allowed, said.because, said.level, said.subject) == (False, "not in network", "group", "all@a.test")
    assert (said.networks, said.matched, said.rule_protocol) == (("home", "office"), (), "imap")
    assert explain.words(said) == (
        "anna@a.test may not come in by imap from 203.0.113.4, in none of: home, office. "
        "The rule is that of the group all@a.test for imap."
    )
    said = explain.explain("anna@a.test", client_address=f"::ffff:{HOME}", protocol="imap")
    assert (said.allowed, said.address, said.matched) == (True, HOME, ("home",))
    assert explain.explain("anna@a.test", client_address=ABROAD, protocol="pop3").because == "no rule"


def test_the_explanation_knows_what_else_keeps_out(house):
    assert explain.explain("other@a.test", client_address=HOME, protocol="imap").because == "no credential"
    accounts.set_account("anna@a.test", state="suspended", actor=TESTER)
    said = explain.explain("anna@a.test", client_address=HOME, protocol="imap")
    assert (said.allowed, said.because) == (False, "inactive account")
    for wrong in ({"client_address": "office", "protocol": "imap"}, {"client_address": HOME, "protocol": "smoke"}):
        with pytest.raises(Malformed):
            explain.explain("anna@a.test", **wrong)


def test_the_order_of_levels_is_the_order_of_words():
    rule = [Rule(level, "x", "", level, ("192.0.2.0/24",)) for level in reversed(Level)]
    assert decide(rule, "imap", OFFICE).level is Level.USER


def test_everybodys_rule_is_made_beside_that_of_one_person(house: accounts.AccountInfo) -> None:
    networks.add_network("shop", ["192.0.2.0/24"], actor=TESTER)
    networks.allow(Whose("user", "anna@a.test"), ["shop"], ["imap"], actor=TESTER)
    networks.allow(EVERYONE, ["shop"], ["imap"], actor=TESTER)
    assert [one.level for one in networks.list_rules()] == ["user", "organisation"]
