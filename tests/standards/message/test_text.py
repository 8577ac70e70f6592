"""What SEARCH looks through, and previews."""

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.standards.message import html, structure, text
from tests.standards.samples import DIGEST, FORWARDED, MIXED, PLAIN, everything


def search(raw: bytes) -> str:
    return text.search_text(raw, structure.parse(raw))


def preview(raw: bytes) -> str:
    return text.preview(raw, structure.parse(raw))


def finds(raw: bytes, words: str) -> bool:
    return text.search_key(words) in search(raw)


def test_encoded_texts_are_found():
    assert finds(MIXED, "grüße") and finds(MIXED, "GRÜSSE") is False
    assert finds(MIXED, "& küsse") and not finds(MIXED, "style") and not finds(MIXED, "PGh0")
    assert finds(MIXED, "Übersicht.PDF")
    assert not finds(MIXED, "preamble") and not finds(MIXED, "JVBER")


def test_phrases_cross_lines():
    assert finds(PLAIN, "Café. Bring  bread")


def test_embedded_messages_are_found_with_their_headers():
    assert finds(FORWARDED, "innermost text") and finds(FORWARDED, "subject: innermost") and finds(FORWARDED, "carla@")
    assert finds(DIGEST, "first.") and finds(DIGEST, "subject: one")


def test_a_broken_multipart_is_found():
    assert finds(b"Content-Type: multipart/mixed; boundary=x\r\n\r\nlost words\r\n", "LOST words")


def test_reports_are_found():
    raw = b"Content-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n"
    assert finds(raw, "status: 5.1.1") and preview(raw) == ""


def test_header_text():
    found = text.header_text(PLAIN)
    assert text.search_key("subject: café at noon") in found
    assert text.search_key('to: "bruno, the baker" <bruno@example.test>') in found
    assert len(found.splitlines()) == 8


def test_search_text_is_bounded():
    raw = b"Subject: x\r\n\r\n" + b"word " * 400_000
    assert len(search(raw)) <= 256 * 1024
    many = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + (b"--x\r\n\r\n" + b"y" * 200_000 + b"\r\n") * 8
    assert len(search(many)) <= 1_000_000 + 8


def test_previews():
    assert preview(PLAIN) == "Meet me at the café. Bring bread."
    assert preview(MIXED) == "Grüße"
    assert preview(FORWARDED) == "See below."
    assert preview(b"") == ""
    assert preview(b"Content-Type: text/html\r\n\r\n<style>x</style><p>Hello<br>you&nbsp;&amp; me</p>") == "Hello you & me"
    assert preview(b"\r\n" + b"word " * 200) == ("word " * 200)[:256].rstrip()
    assert preview("\r\n\u200b\u00ad\ufeff shown \u200c".encode()) == "shown"
    assert preview(b"\r\n[cid:logo@x] Hello") == "Hello"


def test_a_preview_skips_what_is_empty_or_attached():
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment\r\n\r\nattached\r\n"
        b"--x\r\n\r\n \r\n--x\r\nContent-Type: text/html\r\n\r\n<p>page\r\n--x--"
    )
    assert preview(raw) == "page"


def test_every_message():
    for name, raw in everything().items():
        root = structure.parse(raw)
        for found in (text.search_text(raw, root), text.header_text(raw, root), text.preview(raw, root)):
            found.encode("utf-8")
            assert "\x00" not in found, name
        shown = text.preview(raw, root)
        assert len(shown) <= 256 and shown == shown.strip() and not {"\r", "\n", "\t"} & set(shown), name


def test_html():
    for written, read in (
        ("", ""),
        ("plain", "plain"),
        ("a<b>b</b>c", "abc"),
        ("a<br>b<p>c</p>d", "a b c d"),
        ("1 < 2 &lt; 3", "1 < 2 < 3"),
        ("<!-- <b> --> x <!-- open", "x"),
        ("<!doctype html><?xml ?><title>t</title>x", "x"),
        ("<script>if (a < b) {}</script >x<SCRIPT\n>y</sCript\n>z", "xz"),
        ("<style>open", "open"),
        ("a<img alt='b' src=x", "a"),
        ("&#65;&#x42;&eacute;&#0;&#55296;&bogus;", "ABé\ufffd\ufffd&bogus;"),
    ):
        assert html.to_text(written) == read


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "!--", "-->", "script", "/script", "<script>", "</script>", "style", "p", " ", "&amp;", "&#x0;", "é"]
        )
    )
)
def test_any_html(pieces: list[str]):
    found = html.to_text("".join(pieces))
    found.encode("utf-8")
    assert found == found.strip() and "\x00" not in found
