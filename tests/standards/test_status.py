"""The table of replies: well formed, and consistent with itself."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards import status
from mailplatform.standards.status import Reply

TABLE = {name: value for name, value in vars(status).items() if isinstance(value, Reply)}


def test_every_reply_is_well_formed():
    assert len(TABLE) > 50
    for name, reply in TABLE.items():
        assert re.fullmatch(r"[2-5][0-5][0-9]", str(reply.code)), name
        assert not reply.enhanced or re.fullmatch(r"[245]\.[0-7]\.[0-9]{1,2}", reply.enhanced), name
        assert reply.text.isascii() and reply.text.isprintable() and len(reply.text) < 200, name


def test_classes_agree():
    """RFC 3463 §3.1 with RFC 2034 §4: 2xx is 2.x.x, 4xx 4.x.x, 5xx 5.x.x; none stands with 3xx."""
    for name, reply in TABLE.items():
        if reply.code // 100 == 3:
            assert not reply.enhanced, name
        elif reply.enhanced:
            assert reply.enhanced[0] == str(reply.code)[0], name
        assert reply.is_temporary == (reply.code // 100 == 4), name


def test_filled_in_places_are_printable():
    reply = status.NO_SUCH_USER.format(address="ü\r\n250 fine" + "x" * 1000)
    assert str(reply).startswith("550 5.1.1 <???250 fine")
    assert len(reply.raw) < 510 and reply.raw.count(b"\r\n") == 1


def test_lines():
    assert status.OK.raw == b"250 2.0.0 OK\r\n"
    assert Reply(250, "", "a", ("b", "c")).raw == b"250-a\r\n250-b\r\n250 c\r\n"
    assert Reply(250, "", "a\nb").raw == b"250 a?b\r\n"


GRAMMAR = re.compile(rb"(?:([2-5][0-5][0-9])-[ -~]*\r\n)*([2-5][0-5][0-9])(?: [ -~]*)?\r\n\Z")


@given(st.text(max_size=2000), st.lists(st.text(max_size=1000), max_size=3))
def test_any_text_is_safe(text: str, more: list[str]):
    raw = Reply(550, "5.7.1", text, tuple(more)).raw
    assert GRAMMAR.match(raw)
    assert all(len(line) <= 510 for line in raw.split(b"\r\n"))
    assert {line[:4] for line in raw.split(b"\r\n")[:-2]} <= {b"550-"}
