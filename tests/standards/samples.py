"""Messages to test with: our own, one for each thing that goes wrong or right, and a folder of others' mail when there is one.

The folder stands beside the checkout (`../shared/corpus`) or where MAILPLATFORM_CORPUS says; nothing of it is kept here.
"""

import os
from functools import cache
from pathlib import Path


def _crlf(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode("utf-8")


PLAIN = _crlf("""
From: Anna Rossi <anna@example.test>
To: "Bruno, the baker" <bruno@example.test>, carla@example.test (Carla)
Cc: Team: Dora <dora@example.test>, emil@example.test;
Subject: =?utf-8?q?Caf=C3=A9?= at
 =?utf-8?b?bm9vbg==?=
Date: Tue, 24 Nov 2026 10:00:00 +0100
Message-ID: <1@example.test>
In-Reply-To: <0@example.test>
References: <a@example.test> <0@example.test>

Meet me at the café.
Bring bread.
""")

MIXED = _crlf("""
From: anna@example.test
To: bruno@example.test
Subject: With an attachment
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <2@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

This is a preamble.
--outer
Content-Type: multipart/alternative; boundary=outer-inner

--outer-inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--outer-inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGh0bWw+PGhlYWQ+PHRpdGxlPng8L3RpdGxlPjxzdHlsZT5we308L3N0eWxlPjwvaGVhZD48cD5H
csO8w59lICZhbXA7IEvDvHNzZTwvcD48L2h0bWw+

--outer-inner--

--outer
Content-Type: application/pdf; name="report.pdf"
Content-Disposition: attachment;
 filename*0*=utf-8''%C3%9Cber;
 filename*1="sicht.pdf"
Content-Transfer-Encoding: base64
Content-ID: <pdf@example.test>
Content-Description: The report
Content-Language: de, en
Content-Location: http://example.test/report.pdf
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

JVBERi0xLjQK
--outer--
Epilogue.
""")

FORWARDED = _crlf("""
From: anna@example.test
To: bruno@example.test
Subject: Fwd: inner
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

See below.
--b
Content-Type: message/rfc822

From: carla@example.test
To: anna@example.test
Subject: inner
Date: Mon, 23 Nov 2026 09:00:00 +0000
Message-ID: <inner@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="c"

--c
Content-Type: text/plain

Inner text.
--c
Content-Type: message/rfc822

From: dora@example.test
Subject: innermost

Innermost text.
--c--

--b--
""")

DIGEST = _crlf("""
From: list@example.test
Subject: Digest
MIME-Version: 1.0
Content-Type: multipart/digest; boundary="d"

--d

From: anna@example.test
Subject: one

First.
--d
Content-Type: text/plain

Not a message.
--d--
""")

SAMPLES: dict[str, bytes] = {
    "empty": b"",
    "blank line": b"\r\n",
    "no header": b"\r\nOnly a body.\r\n",
    "no body": b"Subject: x\r\n\r\n",
    "no end": b"Subject: x",
    "plain": PLAIN,
    "plain LF": PLAIN.replace(b"\r\n", b"\n"),
    "plain CR": PLAIN.replace(b"\r\n", b"\r"),
    "mixed": MIXED,
    "mixed LF": MIXED.replace(b"\r\n", b"\n"),
    "mixed cut": MIXED[: MIXED.index(b"JVBER") + 3],
    "forwarded": FORWARDED,
    "digest": DIGEST,
    "message/global": FORWARDED.replace(b"message/rfc822", b"message/global"),
    "message itself": b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n",
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ntext\r\n--x--\r\n",
    "boundary absent": b"Content-Type: multipart/mixed; boundary=x\r\n\r\njust text\r\n",
    "closed at once": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n",
    "empty parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n\r\n--x\r\n\r\n\r\n--x--",
    "delimiter with space": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x \t\r\n\r\na\r\n--xy\r\nb\r\n--x-- \r\n",
    "same boundary inside": (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--\r\n"
    ),
    "broken type": b"Content-Type: text\r\n\r\nx\r\n",
    "strange type": b"Content-Type: x-y/z; a=b; a=c; ;; d; e=\"f\\\"g\"; h*=utf-8''%e2%82%ac\r\n\r\nx\r\n",
    "eight bits": "From: Grüße <grüße@bücher.example>\r\nSubject: Grüße\r\n\r\nGrüße\r\n".encode(),
    "latin-1": (
        "From: Grüße <a@example.test>\r\nSubject: Grüße\r\nContent-Type: text/plain; name=Grüße.txt\r\n\r\nGrüße\r\n"
    ).encode("latin-1"),
    "NUL": b"From: a\x00b <c\x00@d>\r\nSubject: x\x00y\r\nContent-Type: text/plain; name=\"n\x00.txt\"\r\n\r\nbody\x00\r\n",
    "broken words": (
        b"Subject: =?utf-8?b?w6?= =?x?q?=zz?= =?utf-8?q?a b?= =?iso-8859-1?q?=fc?= =?\r\nFrom: =?utf-8?q?a?= <=?q?>\r\n\r\n"
    ),
    "quotes": b'From: "a \\"b\\" \\\\ c" <"d e"@f>, (comment (nested)) g@h, <@r:i@j>, k:;, l\r\nSubject: "q\\\r\n\r\n',
    "encoded message": b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp4\r\n",
    "mbox line": b"From anna@example.test Tue Nov 24 10:00:00 2026\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nx\r\n",
    "long words": b"Subject: " + b"x" * 3000 + b"\r\nFrom: " + b"y" * 2000 + b"@example.test\r\n\r\n",
}  # fmt: skip


@cache
def corpus() -> dict[str, bytes]:
    """Others' messages by `folder/file`; empty when the folder is not there."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    root = Path(os.environ.get("MAILPLATFORM_CORPUS", beside))
    if not root.is_dir():
        return {}
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in sorted(root.glob("*/*")) if path.is_file()}


def everything() -> dict[str, bytes]:
    """Our own messages, and the others'."""
    return {**SAMPLES, **corpus()}
