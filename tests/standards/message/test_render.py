"""ENVELOPE and BODYSTRUCTURE: strictly the grammar for every message, and saying what the message says."""

from mailplatform.standards.message import render, structure
from mailplatform.standards.message.structure import Part
from tests.standards.imap_grammar import Body, read_body, read_envelope
from tests.standards.samples import DIGEST, FORWARDED, MIXED, PLAIN, SAMPLES, everything


def envelope(raw: bytes) -> dict:
    return read_envelope(render.envelope(raw, structure.parse(raw)))


def body(raw: bytes, extended: bool = True) -> Body:
    return read_body(render.bodystructure(raw, structure.parse(raw), extended), extended)


def test_every_message_renders_by_the_grammar():
    for name, raw in everything().items():
        root = structure.parse(raw)
        read_envelope(render.envelope(raw, root))
        read_body(render.bodystructure(raw, root, False), False)
        _same(read_body(render.bodystructure(raw, root), True), root, name)


def _same(written: Body, part: Part, name: str) -> None:
    assert (written.type, written.subtype) == (part.type.encode(), part.subtype.encode()), name
    if part.type == "multipart":
        assert len(written.children) == max(len(part.children), 1), name
    else:
        assert written.octets == part.size, name
        assert (written.lines is not None) == (part.type == "text" or written.envelope is not None), name
    for one, other in zip(written.children, part.children, strict=False):
        _same(one, other, name)


def test_envelope_of_a_plain_message():
    assert envelope(PLAIN) == {
        "date": b"Tue, 24 Nov 2026 10:00:00 +0100",
        "subject": b"=?utf-8?q?Caf=C3=A9?= at =?utf-8?b?bm9vbg==?=",
        "from": [(b"Anna Rossi", None, b"anna", b"example.test")],
        "sender": [(b"Anna Rossi", None, b"anna", b"example.test")],
        "reply_to": [(b"Anna Rossi", None, b"anna", b"example.test")],
        "to": [(b"Bruno, the baker", None, b"bruno", b"example.test"), (b"Carla", None, b"carla", b"example.test")],
        "cc": [
            (None, None, b"Team", None),
            (b"Dora", None, b"dora", b"example.test"),
            (None, None, b"emil", b"example.test"),
            (None, None, None, None),
        ],
        "bcc": None,
        "in_reply_to": b"<0@example.test>",
        "message_id": b"<1@example.test>",
    }


def test_an_envelope_without_fields_is_all_nil():
    assert set(envelope(b"").values()) == {None}


def test_sender_and_reply_to_stand_when_given():
    values = envelope(b"From: a@x\r\nSender: b@x\r\nReply-To: c@x\r\nReply-To: d@x\r\n\r\n")
    assert values["sender"] == [(None, None, b"b", b"x")]
    assert values["reply_to"] == [(None, None, b"c", b"x"), (None, None, b"d", b"x")]


def test_empty_sender_is_as_absent():
    """RFC 9051 §7.5.2: absent or empty, the server sets the value of From."""
    assert envelope(b"From: a@x\r\nSender: \r\nTo:\r\n\r\n")["sender"] == [(None, None, b"a", b"x")]
    assert envelope(b"From: a@x\r\nTo:\r\n\r\n")["to"] is None


def test_eight_bits_and_line_ends_go_into_literals():
    raw = SAMPLES["eight bits"]
    written = render.envelope(raw, structure.parse(raw))
    assert "{7}\r\nGrüße".encode() in written
    assert envelope(raw)["subject"] == "Grüße".encode()
    assert render.string(b"a\rb") == b"{3}\r\na\rb"
    assert render.string(b'a"b\\c') == b'"a\\"b\\\\c"'
    assert render.string(b"a\x00b") == b'"a?b"'
    assert render.string(b"") == b'""'


def test_structure_of_a_mixed_message():
    root = body(MIXED)
    assert (root.subtype, root.params) == (b"mixed", [(b"boundary", b"outer")])
    alternative, pdf = root.children
    assert [child.subtype for child in alternative.children] == [b"plain", b"html"]
    plain = alternative.children[0]
    assert (plain.params, plain.encoding) == ([(b"charset", b"iso-8859-1")], b"quoted-printable")
    assert (plain.octets, plain.lines) == (len(b"Gr=FC=DFe"), 0)
    assert (pdf.type, pdf.subtype, pdf.params) == (b"application", b"pdf", [(b"name", b"report.pdf")])
    assert (pdf.id, pdf.description, pdf.md5) == (b"<pdf@example.test>", b"The report", b"Q2hlY2sgSW50ZWdyaXR5IQ==")
    assert pdf.disposition == (b"attachment", [(b"filename*", b"utf-8''%C3%9Cbersicht.pdf")])
    assert (pdf.language, pdf.location) == ([b"de", b"en"], b"http://example.test/report.pdf")
    assert pdf.octets == len(b"JVBERi0xLjQK")


def test_structure_of_an_embedded_message():
    _, wrapper = body(FORWARDED).children
    assert (wrapper.type, wrapper.subtype) == (b"message", b"rfc822")
    assert wrapper.envelope is not None and wrapper.envelope["subject"] == b"inner"
    start = FORWARDED.index(b"From: carla")
    assert wrapper.octets == FORWARDED.index(b"\r\n--b--") - start
    assert wrapper.lines == FORWARDED[start : start + wrapper.octets].count(b"\n")
    inner = wrapper.children[0].children[1]
    assert inner.envelope is not None and inner.envelope["subject"] == b"innermost"
    assert inner.children[0].octets == len(b"Innermost text.")


def test_a_digest_holds_messages_unless_a_part_says_otherwise():
    one, other = body(DIGEST).children
    assert (one.type, one.subtype, other.type) == (b"message", b"rfc822", b"text")
    assert one.envelope is not None and one.envelope["subject"] == b"one"


def test_global_messages_are_shown_as_messages():
    wrapper = body(SAMPLES["message/global"]).children[1]
    assert wrapper.subtype == b"global"
    assert wrapper.envelope is not None and wrapper.envelope["subject"] == b"inner"


def test_a_multipart_without_parts_shows_an_empty_text():
    for name in ("no boundary", "boundary absent", "closed at once"):
        root = body(SAMPLES[name])
        assert [(child.type, child.octets, child.lines) for child in root.children] == [(b"text", 0, 0)], name


def test_without_content_type_the_charset_is_said():
    assert body(PLAIN).params == [(b"charset", b"us-ascii")]
    assert body(b"Content-Type: text/html\r\n\r\n").params is None
