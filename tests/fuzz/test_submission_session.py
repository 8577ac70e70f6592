"""Any bytes on the submission port, within exchanges of SASL too: replies of SMTP or a clean end, as for the MX."""

from __future__ import annotations

import base64

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.common.listener import Listener
from tests.fuzz.test_smtp_session import FRAGMENTS, LIMITS, check
from tests.support.smtp_sink import Sink
from tests.support.submission_sink import OpenSession, listener


def encoded(text: bytes) -> bytes:
    return base64.b64encode(text) + b"\r\n"


SASL = st.sampled_from(
    [
        b"EHLO x\r\n",
        b"AUTH PLAIN\r\n",
        b"AUTH LOGIN\r\n",
        b"AUTH SCRAM-SHA-256\r\n",
        b"AUTH PLAIN " + encoded(b"\0anna@a.test\0pencil"),
        b"AUTH PLAIN " + encoded(b"\0anna@a.test\0later"),
        b"AUTH SCRAM-SHA-256 " + encoded(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
        encoded(b"\0anna@a.test\0pencil"),
        encoded(b"anna@a.test"),
        encoded(b"pencil"),
        encoded(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
        encoded(b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
        b"*\r\n",
        b"=\r\n",
        b"\r\n",
        b"MAIL FROM:<anna@a.test> RET=FULL ENVID=x\r\n",
        b"RCPT TO:<x@b.test> NOTIFY=NEVER\r\n",
    ]
)


def door() -> Listener:
    return listener(Sink(), limits=LIMITS, session=OpenSession)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(st.lists(SASL | FRAGMENTS | st.binary(max_size=12), max_size=25), st.lists(st.integers(0, 10_000), max_size=6))
def test_short(talk: list[bytes], cuts: list[int]) -> None:
    check(b"".join([b"EHLO x\r\n", *talk]), cuts, door)
