"""What others wrote, on the terminal of an administrator: it is read there, and does nothing else."""

import pytest

from mailplatform.access.failures import Ledger
from mailplatform.runtime import clock
from mailplatform.trace import record
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from tests.house.cli.support import Terminal

pytestmark = pytest.mark.usefixtures("rollback")
TRACE = "00000000000000000abc"
HOSTILE = "\x1b[2J\x9b1m\u202e\r"
SHOWN = "\\x1b[2J\\x9b1m\\u202e\\r"


def test_lists(terminal: Terminal) -> None:
    Ledger().hit("x", f"anna{HOSTILE}", "", "192.0.2.7", "imap", 600)
    said = terminal("access", "lockouts", "list").out
    assert f"anna{SHOWN}" in said and "\x1b" not in said
    assert terminal("access", "lockouts", "list", "--json").json[0]["login"] == f"anna{HOSTILE}"


def test_stories(terminal: Terminal) -> None:
    words = {"direction": Direction.SUBMITTED, "verdict": VerdictCode.ACCEPTED, "subject": f"hello{HOSTILE}"}
    record.write(
        MessageRow(trace_id=TRACE, at=clock.now(), reverse_path="u1@a.test", forward_path="x@b.test", **words),
        EventRow(TRACE, Code.DISCARDED, {"recipient": "x@b.test", "reason": f"no{HOSTILE}"}),
    )
    said = terminal("trace", "--id", TRACE).out
    assert f"hello{SHOWN}" in said and f"no{SHOWN}" in said and "\x1b" not in said and "\x9b" not in said
