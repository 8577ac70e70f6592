"""docs/settings/reference.md, written from defaults.py: ``python -m mailplatform.settings.reference``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from mailplatform.settings.defaults import TABLES

PATH = Path(__file__).resolve().parents[2] / "docs" / "settings" / "reference.md"
_HEAD = """# Every key of site.toml

Written from `mailplatform/settings/defaults.py` by `python -m mailplatform.settings.reference`; do not edit.
`_seconds` take a number or `"5m"`, `"2h"`, `"10d"`; `_bytes` a number or `"64K"`, `"35M"`, `"50G"`. All keys are optional.
"""


def text() -> str:
    """The page as it should be."""
    parts = [_HEAD]
    for name, kind in TABLES.items():
        lines = [f"\n## [{name}]", f"\n{(kind.__doc__ or '').strip()}\n", "| key | default | meaning |", "|---|---|---|"]
        for field in dataclasses.fields(kind):
            meaning = field.metadata["meaning"].replace("|", "\\|")
            lines.append(f"| `{field.name}` | `{_shown(field.default)}` | {meaning} |")
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def _shown(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


if __name__ == "__main__":
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text(), "utf-8")
