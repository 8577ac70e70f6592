"""Hot statements live in ``.sql`` files beside the room they serve: one statement a file, a header comment, parameters
in psycopg's ``%(name)s`` form. They are read once a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(package: str, name: str) -> str:
    """The statement ``<package>/sql/<name>.sql`` without its comment lines.

    Comments are dropped because a percent sign in one would be taken for a parameter.
    """
    text = files(package).joinpath("sql", f"{name}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
