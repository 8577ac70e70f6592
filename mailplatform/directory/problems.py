"""What is wrong with an address or a domain name, in the reader's language. `standards.address` says it in English, to peers.

A test holds the two together: every problem that BadAddress is raised with is among these.
"""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

PROBLEMS = frozenset(
    {
        _("a label of the domain is empty"),
        _("a label of the domain is longer than 63 octets"),
        _("a recipient cannot be the null path"),
        _("a sender needs a domain"),
        _("address literal is not well formed"),
        _("character not allowed in a domain name"),
        _("character not allowed in the part before @"),
        _("expected < before the address"),
        _("expected > after the address"),
        _("expected @ after the local part"),
        _("not UTF-8"),
        _("not a label of a domain name"),
        _("not an IPv4 or IPv6 address literal"),
        _("source route is not well formed"),
        _("the address is longer than 254 octets"),
        _("the domain is longer than 255 octets"),
        _("the domain is missing"),
        _("the part before @ is empty"),
        _("the part before @ is longer than 64 octets"),
        _("the part before @ is missing"),
        _("the quoted part before @ is not well formed"),
        _("unexpected text after the address"),
        _("unexpected text after the path"),
    }
)


def said(problem: str) -> str:
    """A problem of BadAddress, as people read it; one that is not known stays as it is."""
    return gettext(problem) if problem in PROBLEMS else problem
