"""Octets to text: transfer encodings, character sets, encoded words. Whatever comes in, text comes out.

Standards: RFC 2045 §6 (base64, quoted-printable), RFC 2047 (encoded words), RFC 2231 §5 (their language), RFC 6532 (raw UTF-8).
Invariants: nothing raises; the text has no NUL, no other C0 control but tab and line ends, and no surrogate, so it may go into
any database; only character sets of a closed list are looked up, so a stranger's names never reach the codec registry.
Known gaps: ISO-8859-1 is read as Windows-1252, as browsers do; uuencode is not undone.
"""

from __future__ import annotations

import binascii
import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_WORD = re.compile(rb"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?\r\n]*+)\?=")
_BLANK = re.compile(rb"[ \t\r\n]*+\Z")
_FOLD = re.compile(rb"\r?\n")

# Not texts, or not linear in time (punycode), or not character sets at all.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_SUPERSETS = {
    "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis_620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "cp950",
}  # fmt: skip
_EXTRA = {
    "unicode_1_1_utf_7": "utf_7", "iso_8859_8_i": "iso8859_8", "iso_8859_8_e": "iso8859_8", "iso_8859_6_i": "iso8859_6",
    "x_sjis": "cp932", "x_gbk": "gb18030", "x_mac_roman": "mac_roman", "macintosh": "mac_roman", "cp_850": "cp850",
    "windows_874": "cp874", "x_windows_949": "cp949", "ks_c_5601": "cp949", "utf_8_mac": "utf_8", "x_utf_8": "utf_8",
}  # fmt: skip
_KNOWN = {**{name: name for name in aliases.values()}, **aliases, **_EXTRA}


@lru_cache(maxsize=512)
def codec(charset: str) -> str | None:
    """The name of Python's codec for a MIME character set, None when it is unknown."""
    name = _KNOWN.get(re.sub(r"[^a-z0-9]+", "_", charset.strip(" \t\"'").lower()))
    if name is None or name in _REFUSED:
        return None
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if info.name == "ascii" or not getattr(info, "_is_text_encoding", True):
        return None  # US-ASCII tells nothing: what is more than ASCII is not what it says
    return _SUPERSETS.get(info.name, info.name)


def to_text(data: bytes, charset: str = "") -> str:
    """Octets of a character set as clean text; an unknown or wrong one is tried as UTF-8, then read as Windows-1252."""
    name = codec(charset) if charset else None
    if name is None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    elif name == "utf-8" and not _mostly_utf8(data):
        text = data.decode("cp1252", "replace")
    else:
        try:
            text = data.decode(name, "replace")
        except (UnicodeError, ValueError, LookupError):
            text = data.decode("cp1252", "replace")
    return clean(text)


def clean(text: str) -> str:
    """The text without NUL, other controls and surrogates."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def to_line(data: bytes, charset: str = "") -> str:
    """As `to_text`, on one line."""
    text = to_text(data, charset)
    return text if text.isprintable() else text.replace("\r", " ").replace("\n", " ").replace("\t", " ")


def base64(data: bytes) -> bytes:
    """What base64 says, as far as it says something: foreign octets are skipped, a broken end is dropped (RFC 2045 §6.8)."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = data.translate(None, _NOT_BASE64)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def transfer(data: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; an unknown one is taken as none (RFC 2045 §6.4 would have it opaque)."""
    if encoding == "base64":
        return base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def decoded(value: bytes) -> str:
    """A header value for people: unfolded, encoded words decoded, raw octets as UTF-8 or Windows-1252, without outer space."""
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    value = value.strip()
    if b"=?" not in value:
        if value.isascii():
            text = value.decode("ascii")
            if text.isprintable():
                return text
        return to_text(value).replace("\r", " ")
    pieces: list[str] = []
    pending = b""
    charset = ""
    at = 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        name = word[1].decode("latin-1").lower()
        data = _word(word[2], word[3])
        if at and _BLANK.match(between):
            # RFC 2047 §6.2: space between encoded words is not shown. Some senders split a character over two words.
            if name == charset:
                pending += data
            else:
                pieces.append(to_text(pending, charset))
                pending, charset = data, name
        else:
            pieces.append(to_text(pending, charset))
            pieces.append(to_text(between))
            pending, charset = data, name
        at = word.end()
    pieces.append(to_text(pending, charset))
    pieces.append(to_text(value[at:]))
    text = "".join(pieces)
    return text if text.isprintable() else text.replace("\r", " ").replace("\n", " ")


def _word(encoding: bytes, data: bytes) -> bytes:
    return base64(data) if encoding in b"bB" else binascii.a2b_qp(data, header=True)


def _mostly_utf8(data: bytes) -> bool:
    """Whether what calls itself UTF-8 is so, or nearly: of what is not ASCII at most every other character is at fault."""
    if data.isascii():
        return True
    text = data[:8192].decode("utf-8", "replace")
    return text.count("\ufffd") * 2 <= sum(char > "\x7f" for char in text)
