"""Replies as bytes (RFC 5321 §4.2, RFC 2034)."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards import status
from protocols.smtp.wire import replies
from protocols.smtp.wire.extensions import EXTENSIONS, KEYWORDS, Offer, ehlo
from protocols.smtp.wire.replies import Reply, reply, said

GRAMMAR = re.compile(rb"(?:([2-5][0-5][0-9])-[ -~]*\r\n)*([2-5][0-5][0-9])(?: [ -~]*)?\r\n\Z")


def test_constants_are_well_formed() -> None:
    constants = [value for value in vars(replies).values() if isinstance(value, Reply)]
    assert len(constants) > 20
    for constant in constants:
        assert GRAMMAR.match(constant.raw), constant
        if constant.enhanced:
            assert constant.enhanced[0] == str(constant.code)[0], constant


@given(st.text(max_size=2000))
def test_any_text_is_safe(text: str) -> None:
    raw = reply(550, "5.7.1", text).raw
    assert GRAMMAR.match(raw)
    assert all(len(line) <= 510 for line in raw.split(b"\r\n"))
    codes = {line[:4] for line in raw.split(b"\r\n")[:-2]}
    assert codes <= {b"550-"}


def test_ehlo_offers_what_the_state_allows() -> None:
    offer = Offer(KEYWORDS, 1000, can_start_tls=True)
    assert ehlo("mx.test", "client.test", offer).raw == (
        b"250-mx.test greets client.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
        b"250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 STARTTLS\r\n"
    )
    inside = Offer(KEYWORDS - {"DSN"}, 1000, mechanisms=("SCRAM-SHA-256", "PLAIN"))
    assert ehlo("mx.test", "x", inside).raw.endswith(b"250 AUTH SCRAM-SHA-256 PLAIN\r\n")
    assert b"STARTTLS" not in ehlo("mx.test", "x", Offer(KEYWORDS, 1000)).raw
    assert ehlo("mx.test", "x", Offer(frozenset(), 1000)).raw == b"250 mx.test greets x\r\n"
    assert all(re.fullmatch(r"RFC \d+", extension.rfc) for extension in EXTENSIONS)


def test_a_hostile_name_cannot_break_the_reply() -> None:
    raw = ehlo("mx.test", "\u2028x\r\n250 evil", Offer(frozenset(), 1)).raw
    assert raw.count(b"\n") == 1


def test_accepted_carries_the_trace_id() -> None:
    assert replies.accepted("0abc") == b"250 2.0.0 Ok: 0abc\r\n"
    assert replies.accepted("0abc") == said(status.ACCEPTED, trace_id="0abc").raw
