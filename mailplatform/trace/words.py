"""The trace in words: a code and its parameters become one sentence in the reader's language.

Every language renders every code; a parameter that an event does not carry is shown as a dash. A part of a sentence in ⟨ ⟩ is
left out when one of its parameters is missing, or stands as what follows its | then. Unknown codes (written by a newer version
of this software) are shown as they stand.

Two places are made here: {said} are the remote's words (a reply of its protocol), {why} are ours, both from ``reply``.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailplatform.trace.english import ENDS as ENGLISH_ENDS
from mailplatform.trace.english import ENGLISH
from mailplatform.trace.english import VALUES as ENGLISH_VALUES
from mailplatform.trace.events import CODE_PARAMS, Code
from mailplatform.trace.italian import ENDS as ITALIAN_ENDS
from mailplatform.trace.italian import ITALIAN
from mailplatform.trace.italian import VALUES as ITALIAN_VALUES

FALLBACK = "en"
MISSING = "–"
LANGUAGES: Mapping[str, Mapping[Code, str]] = {"en": ENGLISH, "it": ITALIAN}
ENDS: Mapping[str, Mapping[Code | str, str]] = {"en": ENGLISH_ENDS, "it": ITALIAN_ENDS}
VALUES: Mapping[str, Mapping[tuple[str, str], str]] = {"en": ENGLISH_VALUES, "it": ITALIAN_VALUES}

_PART = re.compile(r"⟨([^⟩|]*)(?:\|([^⟩]*))?⟩")
_PLACE = re.compile(r"\{(\w+)\}")
_REPLY = re.compile(r"[2-5]\d\d[ -]")


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return MISSING


def render(code: str, params: Mapping[str, Any], language: str = FALLBACK) -> str:
    """One sentence. Never raises: a trace that cannot be read is of no use."""
    try:
        known = Code(code)
    except ValueError:
        return " ".join([code, *(f"{key}={value}" for key, value in params.items())])
    return filled(LANGUAGES.get(language, ENGLISH)[known], {k: v for k, v in params.items() if k in CODE_PARAMS[known]}, language)


def end(code: Code, params: Mapping[str, Any], language: str = FALLBACK) -> str:
    """Where mail for a recipient stands after this event, as what follows the recipient's name."""
    return filled(ENDS.get(language, ENGLISH_ENDS)[code], params, language)


def told(language: str = FALLBACK) -> str:
    """What is added to an end that the sender has been told of."""
    return ENDS.get(language, ENGLISH_ENDS)["told"]


def filled(sentence: str, params: Mapping[str, Any], language: str = FALLBACK) -> str:
    """A sentence with its places filled, and the parts left out that say nothing."""
    values = VALUES.get(language, ENGLISH_VALUES)
    shown = _Params()
    for key, value in params.items():
        if value not in (None, "", [], ()):
            shown[key] = _moment(value) if key.endswith("_at") else values.get((key, str(value))) or _shown(value)
    if "reply" in shown:
        shown["said" if _REPLY.match(shown["reply"]) else "why"] = shown["reply"]

    def part(found: re.Match[str]) -> str:
        return found[1] if all(place in shown for place in _PLACE.findall(found[1])) else found[2] or ""

    return _PART.sub(part, sentence).format_map(shown)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _moment(value: Any) -> str:
    """A moment as people write it, in UTC; what is none stays as it is."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (TypeError, ValueError):
        return _shown(value)
