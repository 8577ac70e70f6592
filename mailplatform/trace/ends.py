"""Where mail for each recipient stands: the last event that speaks of it. What the trace tells in order, told by recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailplatform.trace import words
from mailplatform.trace.events import Code

if TYPE_CHECKING:
    from mailplatform.trace.search import Happened

_SPEAKING = {code for code in words.ENDS[words.FALLBACK] if isinstance(code, Code)}


@dataclass(slots=True)
class End:
    """One recipient: what happened last, when, and whether the sender has been told. via: the address of ours that led there."""

    recipient: str
    code: Code
    at: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    via: str = ""
    copies: int = 0
    told: bool = False

    def words(self, language: str = words.FALLBACK) -> str:
        """A sentence: "ben@b.test: arrived at mx.b.test [192.0.2.1]"."""
        name = f"{self.via} → {self.recipient}" if self.via else self.recipient
        params = {**self.params, "copies": self.copies if self.copies > 1 else None}
        said = f"{name}: {words.end(self.code, params, language)}"
        return f"{said}; {words.told(language)}" if self.told else said


def ends(events: tuple[Happened, ...]) -> list[End]:
    """The ends of one message's recipients, in the order in which they are first spoken of."""
    found: dict[str, End] = {}
    for event in events:
        try:
            code = Code(event.code)
        except ValueError:
            continue
        name = event.params.get("target" if code is Code.FORWARDED else "address" if code is Code.PLACED else "recipient")
        if not name:
            continue
        if code is Code.REPORTED and name in found:
            found[name].told = event.params.get("action") != "delayed" or found[name].told
        if code not in _SPEAKING:
            continue
        one = found.setdefault(name, End(name, code, event.at))
        one.code, one.at, one.params = code, event.at, event.params
        one.copies += code is Code.PLACED
        if code is Code.FORWARDED:
            one.via = str(event.params.get("recipient", ""))
    return list(found.values())
