"""The language of what the system writes to somebody, by who reads it.

People of the house read the language they chose, or their organisation's. Of others we know what their own message says
(standards.message.languages), and as a last guess the country of their domain; without any of these it is English.
"""

from __future__ import annotations

from datetime import datetime

from mailplatform.directory import languages
from mailplatform.directory.values import Language
from mailplatform.mailflow import forward
from mailplatform.standards.message.languages import preferred
from mailplatform.transport.destinations import domain_of

_COUNTRIES = {"it": Language.ITALIAN, "sm": Language.ITALIAN, "va": Language.ITALIAN}


def of_reader(address: str, header: bytes, at: datetime) -> Language:
    """The language to write to this address in. header: of a message that its owner wrote, b"" when there is none."""
    if forward.is_rewritten(address):
        address = forward.original(address, at) or address
    own = languages.of_address(address)
    if own is not None:
        return own
    said = preferred(header, set(Language))
    if said is not None:
        return Language(said)
    return _COUNTRIES.get(domain_of(address).rstrip(".").rpartition(".")[2], Language.ENGLISH)
