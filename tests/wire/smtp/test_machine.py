"""The state table, enumerated: every command in every state (RFC 5321 §4.1.4)."""

from __future__ import annotations

import pytest

from mailplatform.standards.address import NULL_PATH
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire.machine import Machine, State

COMMANDS: dict[str, wire.Command] = {
    "EHLO": wire.Ehlo("x"),
    "HELO": wire.Helo("x"),
    "MAIL": wire.MailFrom(NULL_PATH, wire.MailParams()),
    "RCPT": wire.RcptTo(NULL_PATH, wire.RcptParams()),
    "DATA": wire.Data(),
    "BDAT": wire.Bdat(1, True),
    "RSET": wire.Rset(),
    "NOOP": wire.Noop(),
    "QUIT": wire.Quit(),
    "HELP": wire.Help(),
    "VRFY": wire.Vrfy(),
    "EXPN": wire.Expn(),
    "STARTTLS": wire.StartTls(),
    "AUTH": wire.Auth("PLAIN", None),
    "XYZZY": wire.Unknown("XYZZY"),
}
FREE = "EHLO HELO RSET NOOP QUIT HELP VRFY EXPN XYZZY"
ALLOWED = {
    State.CONNECTED: FREE,
    State.READY: FREE + " MAIL STARTTLS AUTH",
    State.MAIL: FREE + " RCPT",
    State.RCPT: FREE + " RCPT DATA BDAT",
}


def machine(state: State) -> Machine:
    found = Machine()
    if state is not State.CONNECTED:
        found.greeted()
    if state in (State.MAIL, State.RCPT):
        found.mail()
    if state is State.RCPT:
        found.rcpt(taken=True)
    assert found.state is state
    return found


@pytest.mark.parametrize("state", ALLOWED)
@pytest.mark.parametrize("verb", COMMANDS)
def test_when_a_command_may_come(state: State, verb: str) -> None:
    answer = machine(state).judge(COMMANDS[verb])
    if verb in ALLOWED[state].split():
        assert answer is None
    else:
        assert answer is not None
        assert answer.code in (503, 554)
        assert answer.enhanced == "5.5.1"


def test_every_command_is_enumerated() -> None:
    assert {type(command) for command in COMMANDS.values()} == set(wire.Command.__args__)


def test_data_after_refusals_only() -> None:
    """RFC 5321 §3.3: no valid recipients is 554, none at all 503."""
    found = machine(State.MAIL)
    assert found.judge(wire.Data()).code == 503
    found.rcpt(taken=False)
    assert found.judge(wire.Data()).code == 554
    found.rcpt(taken=True)
    assert found.judge(wire.Data()) is None


def test_tls_begins_anew_and_once() -> None:
    """RFC 3207 §4.2."""
    found = machine(State.READY)
    found.secured()
    assert found.state is State.CONNECTED
    assert found.judge(COMMANDS["MAIL"]).code == 503
    found.greeted()
    assert found.judge(wire.StartTls()).code == 503


def test_reset_forgets_the_transaction_and_no_greeting() -> None:
    found = machine(State.RCPT)
    found.reset()
    assert found.state is State.READY
    fresh = Machine()
    fresh.reset()
    assert fresh.state is State.CONNECTED
