"""The part tree: offsets that nest, IMAP part numbers, and what is broken on purpose."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailplatform.standards.message import structure
from mailplatform.standards.message.structure import Part, find, parse, paths
from tests.standards.samples import DIGEST, FORWARDED, MIXED, SAMPLES, everything


def check(raw: bytes, root: Part) -> None:
    """Offsets lie in the message, children in their parent, in order; every number finds its part."""
    assert (root.header_start, root.end) == (0, len(raw))
    waiting = [root]
    while waiting:
        part = waiting.pop()
        assert part.header_start <= part.body_start <= part.end
        at = part.body_start
        for child in part.children:
            assert at <= child.header_start and child.end <= part.end
            at = child.end
        if part.type == "text":
            assert part.lines == raw[part.body_start : part.end].count(b"\n")
        waiting.extend(part.children)
    numbered = list(paths(root))
    assert len({number for number, _ in numbered}) == len(numbered)
    for number, part in numbered:
        assert find(root, number) is part
        assert find(root, (*number, 0)) is None
    for number, _ in numbered[:20]:
        assert find(root, (*number[:-1], 10**9)) is None


def test_every_message():
    for raw in everything().values():
        check(raw, parse(raw))


def body(raw: bytes, *number: int) -> bytes | None:
    part = find(parse(raw), number)
    return None if part is None else raw[part.body_start : part.end]


def test_numbers_of_a_mixed_message():
    assert body(MIXED, 1, 1) == b"Gr=FC=DFe"
    assert body(MIXED, 2) == b"JVBERi0xLjQK"
    assert body(MIXED, 1, 3) is None and body(MIXED, 3) is None and body(MIXED, 2, 1) is None and body(MIXED, 0) is None


def test_numbers_of_embedded_messages():
    """RFC 9051 §6.4.5.1: 4.1 is the first part of the multipart in the message that is part 4."""
    assert body(FORWARDED, 1) == b"See below."
    assert body(FORWARDED, 2, 1) == b"Inner text."
    assert body(FORWARDED, 2, 2, 1) == b"Innermost text."
    assert body(FORWARDED, 2, 2, 1, 1) is None
    assert [number for number, _ in paths(parse(FORWARDED))] == [(1,), (2,), (2, 1), (2, 2), (2, 2, 1)]
    assert body(SAMPLES["message itself"], 1) == b"Subject: in\r\n\r\ntext\r\n"
    assert body(SAMPLES["message itself"], 1, 1) == b"text\r\n"


def test_the_only_part_is_number_one():
    assert body(SAMPLES["plain"], 1) == body(SAMPLES["plain"])
    assert body(SAMPLES["plain"], 2) is None and body(SAMPLES["plain"], 1, 1) is None


def test_line_ends_belong_to_the_delimiter():
    raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\r\n\n--x\n\n\n--x\n\n--x--\n"
    assert [body(raw, n) for n in (1, 2, 3, 4)] == [b"a\r\n", b"", b"", None]


def test_a_delimiter_is_a_whole_line():
    assert body(SAMPLES["delimiter with space"], 1) == b"a\r\n--xy\r\nb"
    raw = b'Content-Type: multipart/mixed; boundary="x y"\r\n\r\n z--x y\r\n--x y\r\n\r\na\r\n--x y--z\r\n--x y--'
    assert body(raw, 1) == b"a\r\n--x y--z"


def test_outer_delimiters_end_inner_parts():
    raw = (
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
        b"--in\r\n\r\nnever closed\r\n--out\r\n\r\nnext\r\n--out--\r\n--in\r\n\r\nepilogue"
    )
    assert body(raw, 1, 1) == b"never closed" and body(raw, 2) == b"next" and body(raw, 3) is None


def test_same_boundary_inside():
    root = parse(SAMPLES["same boundary inside"])
    assert [(part.type, len(part.children)) for part in root.children] == [("multipart", 0), ("text", 0)]


def test_digest_defaults():
    one, other = parse(DIGEST).children
    assert (one.type, one.subtype, other.type) == ("message", "rfc822", "text")
    assert one.embedded is not None and other.embedded is None


def test_fields_of_a_part():
    pdf = find(parse(MIXED), (2,))
    assert pdf is not None
    assert (pdf.type, pdf.subtype, pdf.encoding, pdf.id) == ("application", "pdf", "base64", "<pdf@example.test>")
    assert (pdf.filename, pdf.param("name"), pdf.param("charset", "none")) == ("Übersicht.pdf", "report.pdf", "none")
    assert (pdf.disposition, pdf.language, pdf.size) == ("attachment", ("de", "en"), 12)


def test_encodings():
    for written, read in ((b"BASE64", "base64"), (b" x-Uuencode ; y", "x-uuencode"), (b"", "7bit"), (b"\xff", "7bit")):
        assert parse(b"Content-Transfer-Encoding:" + written + b"\r\n\r\n").encoding == read


def test_depth_and_number_are_bounded():
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(500))
    root = parse(deep)
    check(deep, root)
    depth = 0
    while root.children:
        root, depth = root.children[0], depth + 1
    assert depth == structure.MOST_DEPTH

    nested = b"Content-Type: message/rfc822\r\n\r\n" * 500
    check(nested, parse(nested))

    wide = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 5000
    root = parse(wide)
    check(wide, root)
    assert len(root.children) == structure.MOST_PARTS + 1
    assert root.children[-1].end == len(wide)


def test_a_message_of_delimiters_of_others():
    raw = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n" + b"--ab\r\n" * 20000 + b"--a--\r\n"
    root = parse(raw)
    check(raw, root)
    assert len(root.children) == 1


FRAGMENTS = st.sampled_from([
    b"Content-Type: ", b"multipart/mixed", b"multipart/digest", b"message/rfc822", b"text/plain", b"; boundary=", b"a",
    b"ab", b"--", b"--a", b"\r\n--ab", b"--a--", b"\r\n", b"\n", b"\r\n\r\n", b"\r", b"\0", b"\xe9", b" ", b"\t", b'"',
    b"Subject: x", b"Content-Disposition: attachment; filename*0*=x''%41",
])  # fmt: skip


@settings(max_examples=300)
@given(st.lists(FRAGMENTS, max_size=60))
def test_any_octets(pieces: list[bytes]):
    raw = b"".join(pieces)
    check(raw, parse(raw))


@given(st.binary(max_size=300))
def test_any_octets_at_all(raw: bytes):
    check(raw, parse(raw))
    assert parse(memoryview(raw)) == parse(raw)  # type: ignore[arg-type]
