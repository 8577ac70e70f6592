"""Every message at hand, read by us and by the standard library's `email`, must be the same message.

Where they part on purpose, the reason stands at the exception: the library ends a header at the first line that is no field
(we at the first empty line, as IMAP servers do), takes a bare CR for a line end, and reads ISO-8859-1 to the letter.
"""

import email
import email.header
import email.utils
import re
from collections.abc import Iterator
from email.message import Message

from mailplatform.standards.message import addresses, dates, decode, headers, structure, text
from mailplatform.standards.message.structure import Part
from tests.standards.samples import everything

_TYPE = re.compile(r"\s*[^\s/;]+/[^\s/;]+\s*(;.*)?", re.S)
_DATE = re.compile(
    r"([A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} ([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)? ([+-]\d{4}|GMT|E[SD]T|P[SD]T)( \(.*\))?"
)
# Fields that the library's own reader of addresses is sure of.
_ADDRESS = r"[^\s\"()<>@,:;\\]+@[^\s\"()<>@,:;\\]+"
_LIST = re.compile(rf"""(?:\s*(?:(?:"[^"\\<>@]*"\s*|[^"()<>@,:;\\\[\]]*)<{_ADDRESS}>|{_ADDRESS})\s*(?:,|$))+""")


def comparable() -> Iterator[tuple[str, bytes, Message]]:
    for name, raw in everything().items():
        message = email.message_from_bytes(raw)
        if "\r" in raw.replace(b"\r\n", b"").decode("latin-1") or raw.startswith(b"\xef\xbb\xbf"):
            continue
        entities = list(message.walk())
        if any(type(defect).__name__ == "MissingHeaderBodySeparatorDefect" for one in entities for defect in one.defects):
            continue
        if any(not _TYPE.fullmatch(str(one["content-type"])) for one in entities if one["content-type"] is not None):
            continue
        yield name, raw, message


def their_tree(message: Message) -> tuple:
    kind = message.get_content_type()
    # Of other message/* types the library makes messages too (delivery-status: one a group of fields); they are leaves to IMAP.
    inner = message.is_multipart() and (kind.startswith("multipart/") or kind in ("message/rfc822", "message/global"))
    return (kind, *(their_tree(one) for one in (message.get_payload() if inner else [])))


def our_tree(part: Part) -> tuple:
    return (f"{part.type}/{part.subtype}", *(our_tree(one) for one in part.children))


def test_part_trees():
    seen = 0
    for name, raw, message in comparable():
        assert our_tree(structure.parse(raw)) == their_tree(message), name
        seen += 1
    assert seen >= 20


def test_decoded_text():
    seen = 0
    for name, raw, message in comparable():
        root = structure.parse(raw)
        theirs = [one for one in message.walk() if not one.is_multipart() and one.get_content_maintype() == "text"]
        if any(one.get_content_maintype() == "message" for one in message.walk()):
            continue  # delivery-status and its kin: see their_tree
        ours = [part for part in text.leaves(root) if part.type == "text"]
        assert len(theirs) == len(ours), name
        for one, part in zip(theirs, ours, strict=True):
            try:
                data = one.get_payload(decode=True)
                expected = data.decode(one.get_content_charset("ascii"))
            except (LookupError, UnicodeError):
                continue  # the library gives up, or the text is not what it says
            if one.get_content_charset("ascii").startswith("iso-8859-1"):
                expected = data.decode("cp1252", "replace")
            octets = decode.transfer(raw[part.body_start : part.end], part.encoding)
            if part.encoding == "base64" and data.translate(None, b"\r\n") in raw.translate(None, b"\r\n"):
                continue  # broken base64, which the library leaves as it is
            assert decode.to_text(octets, part.param("charset")).split() == decode.clean(expected).split(), name
            seen += 1
    assert seen >= 10


def test_dates():
    seen = 0
    for name, raw, message in comparable():
        value = headers.first(raw[: headers.header_end(raw)], b"date")
        if value is None or not _DATE.fullmatch(value.decode("latin-1")):
            continue
        moment = dates.parse(value)
        assert moment is not None, name
        assert moment.timestamp() == email.utils.mktime_tz(email.utils.parsedate_tz(str(message["date"]))), name
        seen += 1
    assert seen >= 4


def test_addresses():
    seen = 0
    for name, raw, _ in comparable():
        header = raw[: headers.header_end(raw)]
        for field in (b"from", b"to", b"cc", b"reply-to", b"sender"):
            value = headers.first(header, field)
            if value is None or len(value) > 4000 or b"\x00" in value or not _LIST.fullmatch(value.decode("latin-1")):
                continue
            expected = [one for one in email.utils.getaddresses([value.decode("latin-1")]) if one[1]]
            found = [one for one in addresses.parse(value) if one.host]
            assert [f"{(one.local or b'').decode('latin-1')}@{one.host.decode('latin-1')}" for one in found] == [
                address for _, address in expected
            ], name
            names = [" ".join((one.name or b"").decode("latin-1").split()) for one in found]
            assert names == [" ".join(shown.split()) for shown, _ in expected], name
            seen += 1
    assert seen >= 5


def test_subjects():
    seen = 0
    for name, raw, _ in comparable():
        value = headers.first(raw[: headers.header_end(raw)], b"subject")
        if value is None or not value.isascii() or b"\x00" in value:
            continue
        try:
            expected = str(email.header.make_header(email.header.decode_header(value.decode())))
        except (LookupError, UnicodeError, email.errors.HeaderParseError):
            continue
        if "\ufffd" in expected or "ï¿½" in expected or any("\x80" <= char < "\xa0" for char in expected):
            continue
        assert decode.decoded(value).split() == decode.clean(expected).split(), name
        seen += 1
    assert seen >= 5
