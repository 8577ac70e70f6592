"""Builders of message bytes: what a test does not name has a plain default. CRLF throughout."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

_numbers = itertools.count(1)
DATE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def a_message(
    *,
    subject: str = "Minutes of the meeting",
    author: str = "Anna Rossi <anna@outside.example>",
    to: str = "u1@a.test",
    cc: str = "",
    date: datetime | str = DATE,
    message_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | bytes = "Dear all,\r\nplease find the minutes below.\r\n",
    size: int = 0,
) -> bytes:
    """One message of text/plain; `message_id` None makes a fresh one, "" leaves it out; `size` pads it to so many octets."""
    identity = f"<m{next(_numbers)}@outside.example>" if message_id is None else message_id
    fields = {
        "From": author,
        "To": to,
        "Cc": cc,
        "Subject": subject,
        "Date": date if isinstance(date, str) else format_datetime(date),
        "Message-ID": identity,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value).encode()
    text = body if isinstance(body, bytes) else body.encode()
    missing = size - len(head) - 2 - len(text)
    if missing > 0:
        line = b"x" * 70 + b"\r\n"
        text += (line * (missing // len(line) + 1))[: missing - 2] + b"\r\n" if missing > 2 else b"\n" * missing
    return head + b"\r\n" + text


def a_multipart(
    *parts: tuple[str, bytes], subtype: str = "mixed", boundary: str = "=_b1", subject: str = "With attachments", **fields: Any
) -> bytes:
    """A multipart of (Content-Type and further header lines, body) pairs."""
    return a_message(
        subject=subject,
        headers={"Content-Type": f'multipart/{subtype}; boundary="{boundary}"'},
        body=multipart_body(boundary, parts),
        **fields,
    )


def multipart_body(boundary: str, parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The body of a multipart. RFC 2046 §5.1.1."""
    text = b""
    for head, body in parts:
        text += f"--{boundary}\r\nContent-Type: {head}\r\n\r\n".encode() + body + b"\r\n"
    return text + f"--{boundary}--\r\n".encode()
