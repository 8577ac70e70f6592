"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mailplatform.runtime import log
from mailplatform.trace import ids


@pytest.fixture
def quiet() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(False)


def said(json_lines: bool) -> str:
    stream = io.StringIO()
    log.set_up("smtp", json_lines=json_lines, stream=stream)
    logging.getLogger("a.b").info("hello %s", "world")
    logging.getLogger("a.b").debug("unheard")
    try:
        raise ValueError("dsn=postgres://u:hunter2@h/d password='hunter2'")
    except ValueError:
        logging.getLogger("a.b").exception("failed")
    return stream.getvalue()


@pytest.mark.usefixtures("quiet")
def test_text() -> None:
    lines = said(json_lines=False).splitlines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info smtp\[\d+\] a\.b: hello world", lines[0])
    assert lines[1].endswith("error smtp[" + lines[0].partition("[")[2].partition("]")[0] + "] a.b: failed")
    assert lines[2].startswith("Traceback")
    assert "unheard" not in "".join(lines)


@pytest.mark.usefixtures("quiet")
def test_json() -> None:
    first, second = map(json.loads, said(json_lines=True).splitlines())
    assert (first["level"], first["role"], first["module"], first["message"]) == ("info", "smtp", "a.b", "hello world")
    assert "ValueError" in second["traceback"]
    assert "hunter2" not in second["traceback"]


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "host=/run dbname=x password='hunter2' user=y",
        "redis://:hunter2@localhost/0",
        "C: AUTH PLAIN hunter2",
        "a1 LOGIN anna hunter2",
        'a1 login anna "hunter2"',
        "Token: hunter2",
    ],
)
def test_credentials_are_struck_out(text: str) -> None:
    assert "hunter2" not in log.struck_out(text)


def test_other_words_stay() -> None:
    text = "smtp://mx.example.test:25 550 5.1.1 <anna@example.test>: no such recipient here"
    assert log.struck_out(text) == text


@pytest.mark.usefixtures("quiet")
def test_a_line_names_its_message_and_its_request() -> None:
    stream = io.StringIO()
    log.set_up("web", json_lines=True, stream=stream)
    trace_id = ids.make(datetime.now(UTC), lambda bits: 1 << (bits - 1))
    token = log.request.set("0123456789abcdef")
    logging.getLogger("a.b").warning("%s: put off: %s", trace_id, "no room")
    log.request.reset(token)
    logging.getLogger("a.b").warning("nothing of %s", "either")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["trace"], first["request"]) == (trace_id, "0123456789abcdef")
    assert "trace" not in second and "request" not in second


@pytest.mark.usefixtures("quiet")
def test_what_a_peer_said_is_no_line_of_its_own() -> None:
    stream = io.StringIO()
    log.set_up("smtp", stream=stream)
    logging.getLogger("a.b").info(
        "%s may not come in", "anna\n2026-11-24T00:00:00.000Z info smtp[1] a.b: \x1b[2Jfine\u202e\x9b1m"
    )
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable() and "anna\\n2026" in line and "\\x1b[2J" in line


def test_printable_keeps_lines_where_asked() -> None:
    assert log.printable("è\tone\ntwo\x1b", lines=True) == "è\tone\ntwo\\x1b"
