"""Messages made to be expensive: each repeats what some reader might look at again and again. `size` is about how many octets."""

from collections.abc import Iterator

_FIELDS: dict[bytes, list[bytes]] = {
    b"From": [
        b"(", b"<", b'"', b"\\", b",", b":", b";", b"[", b"a ", b"a@", b".", b"@", b"a:b;", b"<a@b>,", b'"a" <b@c>,',
        b"(a)", b"\r\n ", b"\xe9",
    ],
    b"Subject": [
        b"=?", b"=?a?q?", b"=?utf-8?q?a?= ", b"=?a?b?====?=", b"[a]", b"re:", b"(fwd)", b"[fwd:", b" ", b"]",
        b"=?utf-7?q?+?=",
    ],
    b"References": [b"<", b"<a@b>", b"a@", b"@", b">", b"a", b"<a b>", b'<"a">', b"<a@b> (", b"\xff"],
    b"In-Reply-To": [b"<", b"a@b ", b"<a@b>"],
    b"Date": [b" ", b"1", b"Mon, ", b"1 Jan ", b":", b"(", b"+"],
    b"Content-Type": [
        b";", b"a/b;x=1", b";x=1", b";x*0=a", b";x*0*=a'b'%41", b';x="', b';x="\\', b"/", b" ", b"a", b'="', b"; x",
    ],
    b"Content-Disposition": [b"attachment;filename*1=a", b";filename*=x''%41%", b";;;"],
    b"Content-Language": [b"en, ", b"-", b",", b"a"],
    b"Content-Transfer-Encoding": [b"a", b" ", b"/"],
    b"Content-ID": [b"<", b"\r\n ", b"\x00"],
    b"Message-ID": [b"<", b"<<", b"a", b"@"],
    b"X": [b"a", b"\r\n ", b"\x00"],
}  # fmt: skip

_BODIES: dict[bytes, list[bytes]] = {
    b"text/plain": [b" ", b"\r\n", b"\xff", b"\x00", b"[cid:", b"a"],
    b"text/plain; charset=utf-7": [b"+", b"+A", b"+AAA-", b"\xff"],
    b"text/plain; charset=hz-gb-2312": [b"~{", b"~", b"\xff"],
    b"text/plain; charset=iso-2022-jp": [b"\x1b$B", b"\x1b", b"\xff"],
    b"text/html": [
        b"<", b"<a", b"<!--", b"<script>", b"</script", b"<style><script>", b"<p>", b"&", b"&#", b"&amp", b"<a href='",
        b"</", b"> ", b"<title",
    ],
    b"text/plain\r\nContent-Transfer-Encoding: base64": [b"=", b"A", b"A=", b"\xff", b"\r\n"],
    b"text/plain\r\nContent-Transfer-Encoding: quoted-printable": [b"=", b"=\r\n", b"=4", b"=41", b" "],
    b"multipart/mixed; boundary=a": [
        b"--a\r\n", b"--ab\r\n", b"--a", b"--", b"\r\n--a\r\n\r\n", b"--a\n\n", b"-", b"\n--", b"--a--x\r\n",
    ],
    b"multipart/digest; boundary=a": [b"--a\r\n\r\n", b"--a\r\n\r\n\r\n", b"--a\r\n"],
    b"message/rfc822": [b"Content-Type: message/rfc822\r\n\r\n", b"\r\n", b"a", b"a\r\n", b"a:\r\n"],
}  # fmt: skip


def hostile(size: int) -> Iterator[tuple[str, bytes]]:
    """Every message with a name."""
    for field, pieces in _FIELDS.items():
        for piece in pieces:
            yield f"{field.decode()}: {piece!r}", field + b": " + piece * (size // len(piece)) + b"\r\n\r\nbody\r\n"
    for kind, pieces in _BODIES.items():
        for piece in pieces:
            yield f"{kind.decode()}: {piece!r}", b"Content-Type: " + kind + b"\r\n\r\n" + piece * (size // len(piece))
    for piece in (
        b"a",
        b"a\r\n",
        b":",
        b"a:\r\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\n ",
        b"From: a@b\r\n",
        b"To: <\r\n",
        b"a" * 70 + b"\r\n",
    ):
        yield f"header {piece!r}", b"X" + piece * (size // len(piece))
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60))
    for piece in (b"--b\r\n", b"--b1\n", b"--b59\r\n\r\n", b"--b0\r\n\r\n", b"a"):
        yield f"nested, {piece!r}", nested + piece * (size // len(piece))
    one = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    yield (
        "siblings never closed",
        one + b"".join(b"--b\r\nContent-Type: multipart/mixed; boundary=c%d\r\n\r\nx\r\n" % n for n in range(size // 60)),
    )
    yield (
        "prefixes of boundaries",
        b"".join(
            b"Content-Type: multipart/mixed; boundary=" + b"a" * n + b"\r\n\r\n--" + b"a" * n + b"\r\n" for n in range(1, 60)
        )
        + (b"--" + b"a" * 60 + b"\r\n") * (size // 64),
    )
    yield "messages in messages", b"Content-Type: message/rfc822\r\n\r\n" * (size // 32)
    yield "many recipients", b"To: " + b", ".join(b'"A %d" <a%d@b.example>' % (n, n) for n in range(size // 28)) + b"\r\n\r\n"
