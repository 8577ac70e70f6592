"""Addresses and paths of the envelope: read strictly, printed canonically, compared by key.

Standards: RFC 5321 §4.1.2 (Path, Mailbox), §4.1.3 (address literals), §4.5.3.1 (lengths: local part 64, domain 255, path 256
octets), §4.1.1.3 (postmaster without domain), appendix C (source routes: read and ignored); RFC 6531 §3.3 (UTF-8);
RFC 5890-5892 (A-labels).
Invariants: `key` is the same for all spellings of one address (case, quoting, U-label against A-label, Unicode form);
reading `str(address)` gives an equal address; what is refused says where and why.
Known gaps: of IDNA2008 the contextual rules and the bidi rule are not checked; joiners are refused. Underscores in host names
are taken, because senders have them; general address literals other than IPv6 are refused.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LOCALPART_OCTETS = 64
DOMAIN_OCTETS = 255
ADDRESS_OCTETS = 254  # a path is at most 256 with its angle brackets

_UTF8 = "\u00a0-\ud7ff\ue000-\U0010ffff"
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-" + _UTF8
_DOT_STRING = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
_QUOTED = re.compile(rf'"((?:[ !#-\[\]-~{_UTF8}]|\\[ -~])*)"')
_LITERAL = re.compile(r"\[([0-9A-Za-z.:]{1,60})\]")
_DOMAIN = re.compile(rf"[A-Za-z0-9_.\-{_UTF8}]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ASCII_ADDRESS = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
)
_ROUTE = re.compile(rf"@[A-Za-z0-9_.\-\[\]:{_UTF8}]+(?:,@[A-Za-z0-9_.\-\[\]:{_UTF8}]+)*:")
_LABEL_CATEGORIES = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_LABEL_EXCEPTIONS = frozenset("ßς་〇۽۾")  # PVALID against their category or folding, RFC 5892 §2.6


class BadAddress(ValueError):
    """An address that cannot be read. at: index of the character at fault in what was given; problem: words for the peer."""

    def __init__(self, problem: str, at: int = 0) -> None:
        self.problem = problem
        self.at = at
        super().__init__(f"{problem} (at character {at + 1})")


@dataclass(frozen=True, slots=True)
class Localpart:
    """What stands before the @, unquoted and in NFC; `str` quotes it where RFC 5321 asks."""

    text: str

    @property
    def key(self) -> str:
        return self.text.lower()

    def __str__(self) -> str:
        if _DOT_STRING.fullmatch(self.text):
            return self.text
        return '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class DomainName:
    """A host name in lower-case A-labels, or an address literal with its brackets. Build it with `domain_name`."""

    name: str

    @property
    def key(self) -> str:
        return self.name

    @property
    def is_literal(self) -> bool:
        return self.name.startswith("[")

    @property
    def unicode(self) -> str:
        """The name for people, in U-labels where they can be made (RFC 5891 §5.4)."""
        return ".".join(_u_label(label) for label in self.name.split(".")) if "xn--" in self.name else self.name

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Address:
    """localpart@domain. Two addresses are the same when their keys are."""

    localpart: Localpart
    domain: DomainName

    @property
    def key(self) -> str:
        """Canonical form: lower case, quoted only where needed, A-labels."""
        return f"{Localpart(self.localpart.key)}@{self.domain.name}"

    @property
    def is_ascii(self) -> bool:
        """Whether it may travel without SMTPUTF8."""
        return self.localpart.text.isascii()

    def __str__(self) -> str:
        return f"{self.localpart}@{self.domain.name}"


@dataclass(frozen=True, slots=True)
class Path:
    """What stands between < and > in MAIL and RCPT. address is None for the null path and for `<postmaster>`.

    internationalised: the peer wrote 8-bit characters, so the transaction must be SMTPUTF8 (RFC 6531 §3.5).
    """

    address: Address | None = None
    is_postmaster: bool = False
    internationalised: bool = False

    @property
    def is_null(self) -> bool:
        return self.address is None and not self.is_postmaster

    @property
    def key(self) -> str:
        return self.address.key if self.address else str(self)

    def __str__(self) -> str:
        """Without angle brackets; "" is the null path."""
        return str(self.address) if self.address else "postmaster" if self.is_postmaster else ""


NULL_PATH = Path()


def parse(text: str | bytes) -> Address:
    """An address as people and directories write it, without angle brackets. Raises BadAddress."""
    text = _text(text)
    address, at = _address(text, 0)
    if at != len(text):
        raise BadAddress("unexpected text after the address", at)
    return address


def localpart(text: str) -> Localpart:
    """The part before the @ alone, quoted or not. Raises BadAddress."""
    part, at = _localpart(text, 0)
    if at != len(text):
        raise BadAddress("character not allowed in the part before @", at)
    return part


def domain_name(text: str) -> DomainName:
    """A host name in A- or U-labels, or an address literal. Raises BadAddress."""
    domain, at = _domain(text, 0)
    if at != len(text):
        raise BadAddress("character not allowed in a domain name", at)
    return domain


def read_path(text: str | bytes, at: int = 0) -> tuple[Path, int]:
    """Read `<path>` at `at` in a command line: the path and the index after its >. Raises BadAddress."""
    text = _text(text)
    if not text.startswith("<", at):
        raise BadAddress("expected < before the address", at)
    start, at = at, at + 1
    if text.startswith(">", at):
        return NULL_PATH, at + 1
    if text[at : at + 11].lower() == "postmaster>":
        return Path(is_postmaster=True), at + 11
    if text.startswith("@", at):
        route = _ROUTE.match(text, at)
        if route is None:
            raise BadAddress("source route is not well formed", at)
        at = route.end()
    address, at = _address(text, at)
    if not text.startswith(">", at):
        raise BadAddress("expected > after the address", at)
    return Path(address, internationalised=not text[start:at].isascii()), at + 1


def reverse_path(text: str | bytes) -> Path:
    """The argument of MAIL FROM: `<address>` or `<>`. Raises BadAddress."""
    path, at = read_path(text)
    if at != len(text if isinstance(text, str) else _text(text)):
        raise BadAddress("unexpected text after the path", at)
    if path.is_postmaster:
        raise BadAddress("a sender needs a domain", 1)
    return path


def forward_path(text: str | bytes) -> Path:
    """The argument of RCPT TO: `<address>` or `<postmaster>`. Raises BadAddress."""
    path, at = read_path(text)
    if at != len(text if isinstance(text, str) else _text(text)):
        raise BadAddress("unexpected text after the path", at)
    if path.is_null:
        raise BadAddress("a recipient cannot be the null path", 1)
    return path


def _text(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadAddress("not UTF-8", error.start) from error


def _address(text: str, at: int) -> tuple[Address, int]:
    simple = _ASCII_ADDRESS.match(text, at)
    if simple is not None and text[simple.end() : simple.end() + 1] in (">", "") and simple.end() - at <= ADDRESS_OCTETS:
        if len(simple[1]) > LOCALPART_OCTETS:
            raise BadAddress(f"the part before @ is longer than {LOCALPART_OCTETS} octets", at)
        return Address(Localpart(simple[1]), DomainName(simple[2].lower())), simple.end()
    local, after = _localpart(text, at)
    if not text.startswith("@", after):
        raise BadAddress("expected @ after the local part", after)
    domain, end = _domain(text, after + 1)
    address = Address(local, domain)
    if len(str(address).encode()) > ADDRESS_OCTETS:
        raise BadAddress(f"the address is longer than {ADDRESS_OCTETS} octets", at)
    return address, end


def _localpart(text: str, at: int) -> tuple[Localpart, int]:
    found = _QUOTED.match(text, at)
    if found is not None:
        value = re.sub(r"\\(.)", r"\1", found[1])
    else:
        found = _DOT_STRING.match(text, at)
        if found is None:
            raise BadAddress(
                "the quoted part before @ is not well formed" if text.startswith('"', at) else "the part before @ is missing", at
            )
        value = found[0]
    value = unicodedata.normalize("NFC", value)
    if not value:
        raise BadAddress("the part before @ is empty", at)
    if len(value.encode()) > LOCALPART_OCTETS:
        raise BadAddress(f"the part before @ is longer than {LOCALPART_OCTETS} octets", at)
    return Localpart(value), found.end()


def _domain(text: str, at: int) -> tuple[DomainName, int]:
    if text.startswith("[", at):
        literal = _LITERAL.match(text, at)
        if literal is None:
            raise BadAddress("address literal is not well formed", at)
        return DomainName(_literal(literal[1], at)), literal.end()
    found = _DOMAIN.match(text, at)
    if found is None:
        raise BadAddress("the domain is missing", at)
    labels = []
    offset = at
    for written in found[0].split("."):
        labels.append(_a_label(written, offset))
        offset += len(written) + 1
    name = ".".join(labels)
    if len(name) > DOMAIN_OCTETS:
        raise BadAddress(f"the domain is longer than {DOMAIN_OCTETS} octets", at)
    return DomainName(name), found.end()


def _literal(inside: str, at: int) -> str:
    try:
        if inside[:5].lower() == "ipv6:":
            return f"[IPv6:{ipaddress.IPv6Address(inside[5:])}]"
        return f"[{ipaddress.IPv4Address(inside)}]"
    except ValueError as error:
        raise BadAddress("not an IPv4 or IPv6 address literal", at) from error


def _a_label(written: str, at: int) -> str:
    if not written:
        raise BadAddress("a label of the domain is empty", at)
    label = _punycode(written) if not written.isascii() else written.lower()
    if label is None or not _LABEL.fullmatch(label):
        raise BadAddress(
            "a label of the domain is longer than 63 octets" if len(label or "") > 63 else "not a label of a domain name", at
        )
    return label


@lru_cache(maxsize=4096)
def _punycode(written: str) -> str | None:
    """The A-label of a U-label (RFC 5891 §5), None when it is not one."""
    if len(written) > 63:
        return None
    label = unicodedata.normalize("NFC", written.lower())
    if label.startswith("-") or label.endswith("-") or label[2:4] == "--" or unicodedata.category(label[0]) in ("Mn", "Mc"):
        return None
    for char in label:
        if char.isascii() or char in _LABEL_EXCEPTIONS:
            continue
        if unicodedata.category(char) not in _LABEL_CATEGORIES or unicodedata.normalize("NFKC", char.casefold()) != char:
            return None
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _u_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError, ValueError):
        return label
    return text if _punycode(text) == label else label
