"""The state table and the capability table, enumerated. RFC 3501 §3, §6; RFC 5161 §3.1."""

import dataclasses
import inspect

import pytest

from protocols.imap.wire import commands as c
from protocols.imap.wire import extensions
from protocols.imap.wire.machine import ALLOWED, State, allowed, may_expunge, refusal
from protocols.imap.wire.search_keys import All
from protocols.imap.wire.sequence_sets import SequenceSet

COMMANDS = [kind for _, kind in inspect.getmembers(c, inspect.isclass) if issubclass(kind, c.Command) and kind is not c.Command]
ONE = SequenceSet(((1, 1),))
ANY = {"Capability", "Noop", "Logout", "Id"}
BEFORE = {"StartTls", "Authenticate", "Login"}
FOLDERS = {
    *("Select", "Examine", "Create", "Delete", "Rename", "Subscribe", "Unsubscribe", "List", "Lsub", "Status", "Append"),
    *("Namespace", "GetQuota", "GetQuotaRoot", "SetQuota", "Idle"),
}
MESSAGES = {"Check", "Close", "Unselect", "Expunge", "Search", "Fetch", "Store", "Copy", "Move"}
EXPECTED = {
    State.NOT_AUTHENTICATED: ANY | BEFORE,
    State.AUTHENTICATED: ANY | FOLDERS | {"Enable"},
    State.SELECTED: ANY | FOLDERS | MESSAGES,
    State.LOGOUT: set(),
}


@pytest.mark.parametrize("state", list(State))
def test_each_command_in_each_state(state: State) -> None:
    assert {kind.__name__ for kind in COMMANDS if kind in ALLOWED[state]} == EXPECTED[state]
    for kind in COMMANDS:
        command = object.__new__(kind)
        assert allowed(state, command) is (kind.__name__ in EXPECTED[state])
        if not allowed(state, command):
            assert kind.__name__.upper() in refusal(state, command)


def test_every_command_has_a_state() -> None:
    assert set(COMMANDS) == set().union(*ALLOWED.values())


def test_commands_are_frozen_and_slotted() -> None:
    for kind in COMMANDS:
        assert dataclasses.fields(kind)[0].name == "tag"
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert "__slots__" in vars(kind)


@pytest.mark.parametrize(
    ("command", "may"),
    [
        (None, False),
        (c.Noop(b"a"), True),
        (c.Idle(b"a"), True),
        (c.Check(b"a"), True),
        (c.Fetch(b"a", ONE, ()), False),
        (c.Fetch(b"a", ONE, (), True), True),
        (c.Store(b"a", ONE, c.StoreMode.ADD), False),
        (c.Store(b"a", ONE, c.StoreMode.ADD, by_uid=True), True),
        (c.Search(b"a", All()), False),
        (c.Search(b"a", All(), by_uid=True), True),
        (c.Expunge(b"a"), True),
        (c.Copy(b"a", ONE, "x"), True),
    ],
)
def test_expunges_wait_for_commands_with_sequence_numbers(command: c.Command | None, may: bool) -> None:
    assert may_expunge(command) is may


def test_capabilities_by_state() -> None:
    plain = extensions.capabilities(State.NOT_AUTHENTICATED, plain_login=False, starttls=True, scram=False)
    assert plain == ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE", "STARTTLS", "LOGINDISABLED")
    safe = extensions.capabilities(State.NOT_AUTHENTICATED, plain_login=True, starttls=False, scram=False)
    assert safe == ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE", "AUTH=PLAIN")
    scram = extensions.capabilities(State.NOT_AUTHENTICATED, plain_login=False, starttls=False, scram=True)
    assert set(scram) - set(plain) == {"AUTH=SCRAM-SHA-256"}
    inside = extensions.capabilities(State.SELECTED, plain_login=True, starttls=False)
    assert inside == extensions.capabilities(State.AUTHENTICATED, plain_login=True, starttls=False)
    assert {"IDLE", "UIDPLUS", "MOVE", "CONDSTORE", "ESEARCH", "SPECIAL-USE", "QUOTA", "UNSELECT", "NAMESPACE"} <= set(inside)
    assert not any(token.startswith("AUTH=") or token in ("STARTTLS", "LOGINDISABLED") for token in inside)


def test_no_token_twice_and_each_has_its_rfc() -> None:
    tokens = [extension.token for extension in extensions.CAPABILITIES]
    assert len(tokens) == len(set(tokens))
    assert all(extension.rfc.isdigit() and extension.states for extension in extensions.CAPABILITIES)


def test_enable_ignores_what_it_does_not_know() -> None:
    assert extensions.enables(("X-GOOD", "CONDSTORE", "IMAP4REV2")) == ("CONDSTORE",)
