"""Running a management command as a person does, and reading what it said."""

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """`terminal("mailbox", "list", "--json")`; `stdin` is what the next command reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, stdin: str = "") -> Said:
        out, err = io.StringIO(), io.StringIO()
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = 0
        try:
            call_command(*words, stdout=out, stderr=err, no_color=True)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def refused(self, *words: str, stdin: str = "") -> tuple[str, str]:
        """Code and field of a refusal, which is one JSON document and one sentence."""
        said = self(*words, "--json", stdin=stdin)
        assert said.code == 1, said
        error = said.json["error"]
        plain = self(*words, stdin=stdin)
        assert (plain.code, plain.out, plain.err.strip()) == (1, "", error["message"])
        return error["code"], error["field"]
