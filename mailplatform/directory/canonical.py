"""Text in, canonical keys out: the form in which the directory's tables keep names, so that comparing is comparing bytes.

Domains: A-labels, lower case (RFC 5890 §2.3.2.1). Localparts: unquoted, NFC, lower case; UTF-8 allowed (RFC 6531 §3.3).
A receiving system alone may say that localparts do not distinguish case (RFC 5321 §2.4), and this one says so.
"""

from dataclasses import dataclass

from django.utils.translation import gettext

from mailplatform.directory import problems
from mailplatform.runtime.errors import Malformed
from mailplatform.standards.address import Address, BadAddress, DomainName, Localpart, parse
from mailplatform.standards.address import domain_name as read_domain

_DOMAIN_OCTETS = 253  # what DNS can hold, without the dot of the root


@dataclass(frozen=True, slots=True)
class Parts:
    """An address taken apart: `original` keeps the case of what was written, `key` and `domain` are canonical."""

    original: str
    key: str
    domain: str

    def __str__(self) -> str:
        return address(self.key, self.domain)


def domain_name(text: str) -> str:
    """The canonical form of a domain name; address literals are none. Raises Malformed (subject `domain`)."""
    try:
        name = read_domain(text.strip().removesuffix("."))
    except BadAddress as error:
        raise _no_domain(text, problems.said(error.problem)) from error
    if name.is_literal or len(name.name) > _DOMAIN_OCTETS:
        raise _no_domain(text, gettext("not a name that DNS can hold"))
    return name.name


def split(text: str) -> Parts:
    """Take an address apart. Raises Malformed (subject `address`)."""
    try:
        read = parse(text.strip())
    except BadAddress as error:
        words = gettext("address: %(text)r is not an address: %(problem)s")
        raise Malformed(words % {"text": text, "problem": problems.said(error.problem)}, subject="address") from error
    return Parts(read.localpart.text, read.localpart.key, read.domain.name)


def address(key: str, domain: str) -> str:
    """The address of a canonical localpart and domain, quoted where RFC 5321 §4.1.2 asks for it."""
    return str(Address(Localpart(key), DomainName(domain)))


def _no_domain(text: str, problem: str) -> Malformed:
    words = gettext("domain: %(text)r is not a domain name: %(problem)s")
    return Malformed(words % {"text": text, "problem": problem}, subject="domain")
