"""Text in, canonical keys out: the form in which the directory's tables keep names, so that comparing is comparing
bytes.

Domains: A-labels, lower case (RFC 5890 §2.3.2.1). Localparts: unquoted, NFC, lower case; UTF-8 allowed (RFC 6531
§3.3). A receiving system alone may say that localparts do not distinguish case (RFC 5321 §2.4), and this one says so.
"""

import re
import unicodedata
from dataclasses import dataclass

from mailplatform.runtime.errors import Malformed

# RFC 5321 §4.1.2, with the UTF-8 of RFC 6531 §3.3.
_DOT_STRING = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010FFFF]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010FFFF]+)*"
)
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*)"')
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LOCALPART_OCTETS = 64  # RFC 5321 §4.5.3.1.1
_DOMAIN_OCTETS = 253  # RFC 5321 §4.5.3.1.2, less what DNS needs


@dataclass(frozen=True, slots=True)
class Parts:
    """An address taken apart: `original` keeps the case of what was written, `key` and `domain` are canonical."""

    original: str
    key: str
    domain: str

    def __str__(self) -> str:
        return address(self.key, self.domain)


def domain_name(text: str) -> str:
    """The canonical form of a domain name. Raises Malformed (subject `domain`)."""
    name = unicodedata.normalize("NFC", text.strip()).rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise Malformed(f"domain: {text!r} is not a domain name", subject="domain") from error
    labels = name.split(".")
    if len(name) > _DOMAIN_OCTETS or not all(_LABEL.fullmatch(label) for label in labels):
        raise Malformed(f"domain: {text!r} is not a domain name", subject="domain")
    return name


def localpart(text: str) -> str:
    """The canonical form of a localpart, quoted or not. Raises Malformed (subject `address`)."""
    return _unquoted(text).lower()


def split(text: str) -> Parts:
    """Take an address apart at its last `@`. Raises Malformed (subject `address`)."""
    before, at, after = text.strip().rpartition("@")
    if not at or not before:
        raise Malformed(f"address: {text!r} is not an address; it has the form name@domain", subject="address")
    original = _unquoted(before)
    return Parts(original, original.lower(), domain_name(after))


def address(key: str, domain: str) -> str:
    """The address of a canonical localpart and domain, quoted where RFC 5321 §4.1.2 asks for it."""
    if _DOT_STRING.fullmatch(key):
        return f"{key}@{domain}"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"@{domain}'


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    elif _DOT_STRING.fullmatch(text):
        value = text
    else:
        raise Malformed(f"address: {text!r} is not the local part of an address", subject="address")
    value = unicodedata.normalize("NFC", value)
    if not value or len(value.encode("utf-8", "surrogatepass")) > _LOCALPART_OCTETS:
        raise Malformed(f"address: the part before @ has 1 to {_LOCALPART_OCTETS} octets", subject="address")
    return value
