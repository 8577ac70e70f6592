"""Replies as bytes (RFC 5321 §4.2, RFC 2034)."""

from __future__ import annotations

import re

from mailplatform.standards import status
from protocols.smtp.wire import replies
from protocols.smtp.wire.extensions import EXTENSIONS, KEYWORDS, Offer, ehlo


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
    assert replies.accepted("0abc") == status.ACCEPTED.format(trace_id="0abc").raw
