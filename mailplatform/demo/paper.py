"""What is attached in the demonstration, made by code: one-page PDFs, small pictures, tables, invitations; pure.

Formats: PDF 1.4 as far as one page of text needs it, PNG, CSV, iCalendar with a REQUEST.
"""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """One A4 page: a title and lines below it. Letters outside WinAnsi become question marks."""

    def shown(text: str) -> bytes:
        return text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")

    drawn = b"BT /F1 18 Tf 56 770 Td (" + shown(title) + b") Tj /F1 10 Tf 0 -34 Td 15 TL\n"
    drawn += b"".join(b"(" + shown(line) + b") Tj T*\n" for line in lines) + b"ET"
    packed = zlib.compress(drawn)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    made, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(made)


def png(seed: str, width: int = 96, height: int = 64) -> bytes:
    """A small picture of a window in a wall; the seed chooses its colours."""
    colour = zlib.crc32(seed.encode())
    wall, sky = tuple(colour >> shift & 255 | 128 for shift in (0, 8, 16)), (170, 205, 235)
    frame = (120, 72 + colour % 40, 40)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            dx, dy = min(x - 20, width - 21 - x), min(y - 10, height - 11 - y)
            inside = dx >= 0 and dy >= 0
            bar = inside and (min(dx, dy) < 4 or abs(x - width // 2) < 2)
            rows += bytes(frame if bar else sky if inside else wall)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """CSV in UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def invitation(
    uid: str,
    summary: str,
    place: str,
    begins: datetime,
    minutes: int,
    organiser: tuple[str, str],
    guests: Sequence[tuple[str, str]],
) -> str:
    """A meeting request. Times are UTC; organiser and guests are (name, address)."""

    def moment(at: datetime) -> str:
        return f"{at:%Y%m%dT%H%M%SZ}"

    lines = ["BEGIN:VCALENDAR", "PRODID:-//Rossi Keller//Calendar//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT"]
    lines += [f"UID:{uid}", f"DTSTAMP:{moment(begins - timedelta(days=3))}", f"DTSTART:{moment(begins)}"]
    lines += [f"DTEND:{moment(begins + timedelta(minutes=minutes))}"]
    lines += [f"SUMMARY:{_escaped(summary)}", f"LOCATION:{_escaped(place)}"]
    lines.append(f'ORGANIZER;CN="{organiser[0]}":mailto:{organiser[1]}')
    lines += [
        f'ATTENDEE;CN="{name}";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}' for name, address in guests
    ]
    lines += ["SEQUENCE:0", "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR"]
    return "".join(_folded(line) for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """Lines of at most 75 octets , cut between characters."""
    done, room = "", 75
    for character in line:
        size = len(character.encode())
        if size > room:
            done, room = done + "\r\n ", 74
        done, room = done + character, room - size
    return done + "\r\n"
