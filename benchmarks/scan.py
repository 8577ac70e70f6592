"""What reading one message costs: `python -m benchmarks.scan` prints microseconds of CPU (best of several) for a few messages.

The targets of the summary made at each delivery: 5 KB ≤ 100 µs, 2 MB ≤ 1,000 µs.
"""

import base64
import time
from collections.abc import Callable

from mailplatform.standards.message import headers, structure, text
from mailplatform.standards.message.summary import summarise
from tests.standards.samples import corpus

_LINE = b"The minutes of the meeting are below, please read them before Friday and tell me what is wrong.\r\n"
_RECEIVED = (
    b"Received: from host%d.example.net (host%d.example.net [192.0.2.%d])\r\n"
    b"\tby mx.example.test with ESMTPS id 0123456789AB\r\n"
    b"\tfor <bruno@example.test>; Tue, 24 Nov 2026 10:00:0%d +0000\r\n"
)
_SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=mail;\r\n\tb=" + b"\r\n\t ".join([b"A" * 70] * 4) + b"\r\n"
_FIELDS = b"""From: Anna Rossi <anna@example.net>
To: Bruno <bruno@example.test>, carla@example.test
Subject: Re: [team] =?utf-8?q?Caf=C3=A9?= at noon
Date: Tue, 24 Nov 2026 10:00:00 +0100
Message-ID: <2@example.net>
In-Reply-To: <1@example.test>
References: <0@example.test> <1@example.test>
MIME-Version: 1.0
"""
_PLAIN = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
_PDF = (
    b"Content-Type: application/pdf; name=report.pdf\r\nContent-Disposition: attachment; filename=report.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)


def messages() -> dict[str, bytes]:
    """The messages by name, CRLF throughout."""
    header = b"".join(_RECEIVED % (n, n, n, n) for n in range(5)) + _SIGNATURE + _FIELDS.replace(b"\n", b"\r\n")
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>"
    pdf = _PDF + base64.encodebytes(bytes(range(256)) * 5900).replace(b"\n", b"\r\n")
    made = {
        "5 KB plain": header + _PLAIN + _LINE * 34,
        "5 KB alternative": _multipart(header, b"alternative", _PLAIN + _LINE * 16, html + _LINE * 16),
        "20 KB HTML": header + html + (b"<div style='margin: 0'><span>&nbsp;" + _LINE + b"</span></div>") * 130,
        "2 MB attachment": _multipart(header, b"mixed", _PLAIN + _LINE * 12, pdf),
        "2 MB plain": header + _PLAIN + _LINE * 20000,
    }
    real = [
        raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, raw in sorted(corpus().items()) if name.startswith("sa-")
    ]
    near = [raw for raw in real if 4700 < len(raw) < 5500]
    for n, raw in enumerate(near[:3], 1):
        made[f"{len(raw) / 1024:.1f} KB real, {n}"] = raw
    return made


def _multipart(header: bytes, subtype: bytes, *parts: bytes) -> bytes:
    boundary = b"=_8a1f0c22e5c44a5d"
    head = header + b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n' % (subtype, boundary)
    return head + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def cost(call: Callable[[], object]) -> float:
    """Microseconds of CPU, best of 15 rounds."""
    rounds = 1
    best = float("inf")
    for _ in range(15):
        start = time.process_time_ns()
        for _ in range(rounds):
            call()
        spent = time.process_time_ns() - start
        best = min(best, spent / rounds / 1000)
        rounds = max(1, int(20_000 / max(best, 1)))
    return best


def main() -> None:
    print(f"{'message':24}{'octets':>10}{'summarise':>12}{'parse':>10}{'HEADER.FIELDS':>15}{'search text':>13}   (µs)")
    for name, raw in messages().items():
        root = structure.parse(raw)
        header = raw[: root.body_start]
        figures = (
            cost(lambda raw=raw: summarise(raw)),
            cost(lambda raw=raw: structure.parse(raw)),
            cost(lambda header=header: headers.pick(header, (b"from", b"to", b"subject", b"date"))),
            cost(lambda raw=raw, root=root: text.search_text(raw, root)),
        )
        print(f"{name:24}{len(raw):10}{figures[0]:12.1f}{figures[1]:10.1f}{figures[2]:15.1f}{figures[3]:13.1f}")


if __name__ == "__main__":
    main()
