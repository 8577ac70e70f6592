"""Any bytes on the LMTP port, in every state: the same promise as on SMTP's, and as many answers to a message as recipients.

`make fuzz` runs `test_long` for minutes; the short one is part of the suite.
"""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.common.listener import Listener
from protocols.smtp.roles import LMTP
from tests.fuzz.test_smtp_session import FRAGMENTS, LIMITS, check
from tests.support.smtp_sink import Sink, listener

OWN = [line + b"\r\n" for line in (b"LHLO x", b"RCPT TO:<full-1@a.test>", b"RCPT TO:<bug-1@a.test>", b"RCPT TO:<small@a.test>")]
BEGUN = [b"LHLO x\r\n", b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<u1@a.test>\r\n", b"DATA\r\n"]
TALK = st.builds(
    lambda state, talk: b"".join(BEGUN[:state] + talk),
    st.integers(0, len(BEGUN)),
    st.lists(st.sampled_from(OWN) | FRAGMENTS | st.binary(max_size=12), max_size=25),
)
CUTS = st.lists(st.integers(0, 10_000), max_size=6)


def lmtp() -> Listener:
    return listener(Sink(), limits=LIMITS, role=LMTP)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(TALK, CUTS)
def test_short(talk: bytes, cuts: list[int]) -> None:
    check(talk, cuts, lmtp)


@pytest.mark.fuzz
def test_long() -> None:
    until = time.monotonic() + 60 * float(os.environ.get("MINUTES", "1"))

    @settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(TALK, CUTS)
    def once(talk: bytes, cuts: list[int]) -> None:
        if time.monotonic() < until:
            check(talk, cuts, lmtp)

    rounds = 0
    while time.monotonic() < until:
        once()
        rounds += 1
    assert rounds > 0
