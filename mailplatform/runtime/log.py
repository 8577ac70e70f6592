"""The log of a process: one line an event on standard error, as text for people or as JSON for machines.

The supervisor keeps what a role writes in `<home>/log/<role>.log`. Lines say when (UTC), how grave, which role and
process, which module, and what; a traceback follows its line, in JSON within it. What a peer said makes no line and moves no
cursor: control characters are written as escapes. Lines of one HTTP request carry its id
(`request`), lines about a message in JSON its trace id (`trace`). No credentials: what looks like one in
a connection string or an SMTP or IMAP sign-in is struck out before it is written, whoever logged it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

_SECRETS = re.compile(
    r"(?i)((?:password|passwd|secret|token)\s*[=:]\s*['\"]?|\bAUTH\s+[A-Z0-9-]+\s+|\bLOGIN\s+\S+\s+['\"]?)[^\s'\",;]+"
    r"|(://[^/\s:@]*:)[^\s@/]+(?=@)"
)
_TRACE_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{20}")  # trace.ids
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
STRUCK_OUT = "…"
request: ContextVar[str] = ContextVar("request", default="")
"""The id of the HTTP request that this thread or task answers."""


def set_up(role: str, *, level: str = "info", json_lines: bool = False, stream: TextIO | None = None) -> None:
    """Send every record of this process from `level` up to `stream` (standard error), and nothing anywhere else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(role) if json_lines else Text(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for noisy in ("asyncio", "mail.log", "kombu", "amqp"):  # mail.log is aiosmtpd's
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk under the log must not stop the mail


def struck_out(text: str) -> str:
    """The text without what looks like a credential."""
    return _SECRETS.sub(lambda found: (found[1] or found[2]) + STRUCK_OUT, text)


def printable(text: str, *, lines: bool = False) -> str:
    """The text with control characters, and those that turn the direction of writing, as escapes. lines: but line ends."""
    return _CONTROLS.sub(lambda found: found[0] if lines and found[0] == "\n" else _escape(found[0]), text)


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def _when(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Text(logging.Formatter):
    """`2026-01-02T03:04:05.678Z info smtp[123] protocols.smtp.session: …`"""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._who = f"{role}[{os.getpid()}]"

    def format(self, record: logging.LogRecord) -> str:
        what = printable(record.getMessage())
        if answering := request.get():
            what += f" (request {answering})"
        line = f"{_when(record)} {record.levelname.lower()} {self._who} {record.name}: {what}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return struck_out(line)


class JsonLines(logging.Formatter):
    """One object a line: at, level, role, pid, module, message; request, trace and traceback where there is one."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role
        self._pid = os.getpid()

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": _when(record),
            "level": record.levelname.lower(),
            "role": self._role,
            "pid": self._pid,
            "module": record.name,
            "message": struck_out(record.getMessage()),
        }
        if answering := request.get():
            said["request"] = answering
        arguments = record.args if isinstance(record.args, tuple) else ()
        if trace := next((one for one in arguments if isinstance(one, str) and _TRACE_ID.fullmatch(one)), None):
            said["trace"] = trace
        if record.exc_info:
            said["traceback"] = struck_out(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)
