"""Two people on one object: the second is told.

A form carries, signed, the values it was shown with. When it comes back they are compared, under the lock of the directory's
writers, with the values of that moment: if somebody changed them meanwhile, nothing is written; the page says who, what and
when, keeps what was typed, and writes it when it is sent once more. Only fields that were really changed are written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing

_SALT = "mailplatform.ui.stamp"
FIELD = "stamp"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that somebody else changed."""

    field: str
    was: Any
    now: Any


def stamp(values: Mapping[str, Any]) -> str:
    """The values as a text that only we can write."""
    return signing.dumps(plain(values), salt=_SALT, compress=True)


def read(text: str) -> dict[str, Any] | None:
    """The values of a stamp, None when it is none of ours."""
    try:
        return dict(signing.loads(text, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, so that lists and tuples compare."""
    return dict(json.loads(json.dumps(dict(values), default=str)))


def differences(seen: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What is not as it was seen."""
    return [Difference(name, seen.get(name), value) for name, value in plain(now).items() if seen.get(name) != value]


def changed(seen: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose sent value is another than the one that was seen."""
    return {name: sent[name] for name, value in plain(sent).items() if seen.get(name) != value}
