"""Sizes and numbers as people write and read them on a screen: "5 GB" is 5 × 1024³ bytes, as on the command line."""

import re

from django.utils.formats import number_format
from django.utils.translation import gettext

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_NAMES = ("", "K", "M", "G", "T")
MOST = 1 << 50


def to_bytes(text: str) -> int:
    """Bytes from "5 GB", "500M", "1.5 g", "1,5 GB", "1024". Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,15}(?:[.,][0-9]{1,6})?)\s*([KMGT]?)(?:i?B|YTES?)?", text.strip().upper())
    if match is None:
        raise ValueError(text)
    found = int(float(match[1].replace(",", ".")) * _UNITS[match[2]])
    if found >= MOST:
        raise ValueError(text)
    return found


def written(count: int | None) -> str:
    """Bytes as one writes them in a field, read back without loss."""
    if count is None:
        return ""
    for name in reversed(_NAMES):
        if count and count % _UNITS[name] == 0 and name:
            return f"{count // _UNITS[name]} {name}B"
    return str(count)


def shown(count: int | None) -> str:
    """Bytes as one reads them, to three digits: "4.2 GB"."""
    if count is None:
        return gettext("unlimited")
    size = float(count)
    for name in _NAMES:
        if size < 1000 or name == "T":
            digits = 0 if size >= 100 or name == "" else 1
            return f"{number_format(round(size, digits), decimal_pos=digits, use_l10n=True)} {name}B"
        size /= 1024
    return str(count)


def number(count: int | None) -> str:
    return gettext("unlimited") if count is None else number_format(count, use_l10n=True, force_grouping=True)
