"""Whatever a message is made of, it comes back as it came: by APPEND, and by SMTP behind the trace headers of this house.

All of our own samples, and those of the shared corpus where it is there: mail of three decades, hostile MIME, files that are no
messages at all. What clients ask besides (ENVELOPE, BODYSTRUCTURE, single parts) is read by a client that forgives nothing.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from typing import Any

from tests.standards.samples import everything
from tests.support.clients.imap import Imap
from tests.support.doors import House

AT_ONCE = 50
TRACE = (b"return-path", b"delivered-to", b"received", b"authentication-results")


def on_the_wire(content: bytes) -> bytes:
    """As a sender's mail server makes of it what SMTP can carry: lines end in CRLF (RFC 5321 §2.3.8), the last one too."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def bodies(reader: Imap, count: int) -> Iterator[bytes]:
    """BODY[] of every message, in order."""
    for first in range(1, count + 1, AT_ONCE):
        for fetched in reader.fetch(f"{first}:{min(count, first + AT_ONCE - 1)}", "RFC822.SIZE", "BODY.PEEK[]"):
            octets = fetched["BODY[]"]
            assert fetched["RFC822.SIZE"] == len(octets)
            yield octets


def check_envelope(envelope: list[Any]) -> None:
    """RFC 3501 §7.4.2: ten fields; addresses are lists of four, or NIL."""
    assert len(envelope) == 10
    for text in (*envelope[:2], *envelope[8:]):
        assert text is None or isinstance(text, bytes)
    for addresses in envelope[2:8]:
        assert addresses is None or all(len(each) == 4 for each in addresses)


def check_structure(structure: list[Any], depth: int = 0) -> None:
    """RFC 3501 §7.4.2: a multipart is its parts and a subtype, a part has seven fields at least."""
    assert depth < 200
    if isinstance(structure[0], list):
        parts = [each for each in structure if isinstance(each, list)]
        subtype = next(number for number, each in enumerate(structure) if not isinstance(each, list))
        assert isinstance(structure[subtype], bytes)
        assert parts[:subtype] == structure[:subtype]
        for part in structure[:subtype]:
            check_structure(part, depth + 1)
        return
    kind, subtype, params, _, _, encoding, size = structure[:7]
    assert isinstance(kind, bytes) and isinstance(subtype, bytes) and isinstance(encoding, bytes) and isinstance(size, int)
    assert params is None or len(params) % 2 == 0
    if (kind.lower(), subtype.lower()) in ((b"message", b"rfc822"), (b"message", b"global")) and isinstance(structure[7], list):
        check_envelope(structure[7])
        check_structure(structure[8], depth + 1)
        assert isinstance(structure[9], int)
    elif kind.lower() == b"text":
        assert isinstance(structure[7], int)


def check_described(reader: Imap, count: int) -> None:
    """ENVELOPE, BODYSTRUCTURE and BODY of every message; the text of each first part is as long as its structure says."""
    for fetched in reader.fetch(f"1:{count}", "ENVELOPE", "BODYSTRUCTURE", "BODY", "BODY.PEEK[1]", "BODY.PEEK[HEADER]"):
        check_envelope(fetched["ENVELOPE"])
        check_structure(fetched["BODYSTRUCTURE"])
        check_structure(fetched["BODY"])
        first = fetched["BODYSTRUCTURE"]
        first = first[0] if isinstance(first[0], list) else first
        if not isinstance(first[0], list):
            assert len(fetched["BODY[1]"]) == first[6]


def test_by_append(house: House) -> None:
    house.open("u1@a.test")
    messages = everything()
    with house.reader("u1@a.test", None, plus=True) as reader:
        for content in messages.values():
            reader.append("INBOX", content)
        reader.select("INBOX")
        back = list(bodies(reader, len(messages)))
        assert [name for (name, content), octets in zip(messages.items(), back, strict=True) if octets != content] == []
        check_described(reader, len(messages))


def test_by_smtp(house: House) -> None:
    house.open("u1@a.test")
    messages = {name: on_the_wire(content) for name, content in everything().items()}
    with smtplib.SMTP(*house.smtp, local_hostname="client.test") as smtp:
        smtp.ehlo()
        for name, content in messages.items():
            assert smtp.mail("anna@outside.example", ["BODY=8BITMIME"])[0] == 250, name
            assert smtp.rcpt("u1@a.test")[0] == 250, name
            code, text = smtp.data(content)
            assert code == 250, (name, text)
    with house.reader("u1@a.test") as reader:
        changed = []
        for (name, content), octets in zip(messages.items(), bodies(reader, len(messages)), strict=True):
            added = octets.removesuffix(content)
            fields = [line.partition(b":")[0].lower() for line in added.split(b"\r\n") if line[:1].strip()]
            if len(added) + len(content) != len(octets) or not added or set(fields) - set(TRACE):
                changed.append(name)
        assert changed == []
        check_described(reader, len(messages))
