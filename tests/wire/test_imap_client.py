"""The test client's own reading of answers: it must not forgive what the grammar forbids."""

import pytest

from tests.support.clients.imap_answers import AnswerError, tagged, untagged


def test_values() -> None:
    answer = untagged(
        b'* 12 FETCH (UID 7 FLAGS (\\Seen $Forwarded) RFC822.SIZE 44 BODY[1.HEADER.FIELDS (A B)]<0> {3}\r\na\r\n X NIL Y "q\\"")'
    )
    assert (answer.name, answer.number) == ("FETCH", 12)
    assert answer.fetched() == {
        "UID": 7,
        "FLAGS": ["\\Seen", "$Forwarded"],
        "RFC822.SIZE": 44,
        "BODY[1.HEADER.FIELDS (A B)]<0>": b"a\r\n",
        "X": None,
        "Y": b'q"',
    }


def test_codes() -> None:
    answer = untagged(b"* OK [PERMANENTFLAGS (\\Seen \\*)] Limited")
    assert (answer.code, answer.arguments, answer.text) == ("PERMANENTFLAGS", (["\\Seen", "\\*"],), "Limited")
    end = tagged(b"c1 OK [COPYUID 38505 304,319:320 3956:3958] Done", ())
    assert (end.status, end.code, end.arguments) == ("OK", "COPYUID", (38505, "304,319:320", "3956:3958"))


def test_multipart_bodies_stand_without_a_space() -> None:
    answer = untagged(b'* 1 FETCH (BODY (("text" "plain" NIL NIL NIL "7bit" 1 1)("text" "html" NIL NIL NIL "7bit" 1 1) "mixed"))')
    assert len(answer.fetched()["BODY"]) == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"*  1 EXISTS",
        b"* 1 FETCH (UID  7)",
        b"* 1 FETCH (UID 7",
        b"* 1 FETCH (UID 7) ",
        b'* LIST () "/" caf\xe9',
        b'* LIST () "/" "a\\b"',
        b"* 1 FETCH (BODY[] {5}\r\nabc)",
        b"* OK [UIDNEXT 4",
        b"* OK [UIDNEXT 4]no space",
    ],
)
def test_refuses(raw: bytes) -> None:
    with pytest.raises(AnswerError):
        untagged(raw)
