"""One message's life, found by each of its names, in words and as JSON."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from mailplatform.runtime import clock
from mailplatform.trace import ids, record, search
from mailplatform.trace.events import Code, Direction, VerdictCode


@pytest.fixture
def told(rollback) -> str:
    """A message of two recipients with a life of four events; its trace id."""
    began = clock.now()
    trace_id = ids.make(began, lambda bits: 7)
    other = ids.make(began - timedelta(hours=2), lambda bits: 8)
    common = {"direction": Direction.INBOUND, "reverse_path": "Anna@Outside.example", "message_id": "<m1@outside.example>"}
    record.write(
        record.MessageRow(trace_id=trace_id, forward_path="u1@a.test", account_id=1, subject="Minutes", size=812, **common),
        record.MessageRow(
            trace_id=trace_id, forward_path="nobody@a.test", verdict=VerdictCode.REFUSED, reason="unknown_recipient", **common
        ),
        record.MessageRow(
            trace_id=other,
            direction=Direction.INBOUND,
            reverse_path="x@y.example",
            forward_path="u2@a.test",
            at=began - timedelta(hours=2),
        ),
        record.EventRow(trace_id, Code.PLACED, {"account": 1, "folder": "INBOX", "uid": 4, "modseq": 9, "address": "u1@a.test"}),
        record.EventRow(trace_id, Code.RECEIVED, {"client": "192.0.2.7", "size": 812}, at=began - timedelta(milliseconds=5)),
        record.EventRow(trace_id, Code.EXPUNGED, {"folder": "INBOX", "uid": 4, "count": 1}, at=began + timedelta(days=40)),
    )
    return trace_id


@pytest.mark.parametrize(
    "by",
    [
        {"message_id": "m1@outside.example"},
        {"message_id": " <m1@outside.example> "},
        {"reverse_path": "anna@outside.example"},
        {"forward_path": "<U1@a.test>"},
        {"reverse_path": "anna@outside.example", "forward_path": "nobody@a.test"},
    ],
)
def test_is_found_by_each_name(told: str, by: dict[str, str]) -> None:
    (life,) = search.find(**by)
    assert life.trace_id == told
    assert [row["forward_path"] for row in life.recipients] == ["u1@a.test", "nobody@a.test"]
    assert [event.code for event in life.events] == ["received", "placed", "expunged"]


def test_by_id_and_since(told: str) -> None:
    assert [life.trace_id for life in search.find(trace_id=told)] == [told]
    assert len(search.find(since=clock.now() - timedelta(hours=3))) == 2
    assert len(search.find(since=clock.now() - timedelta(hours=1))) == 1
    assert search.find(since=clock.now() - timedelta(hours=3), limit=1)[0].trace_id == told
    assert search.find(trace_id="0" * 20) == []


def test_spilt_rows_are_found(rollback) -> None:
    began = clock.now() + timedelta(days=4000)
    trace_id = ids.make(began, lambda bits: 7)
    record.write(
        record.MessageRow(trace_id=trace_id, direction=Direction.INBOUND, reverse_path="", forward_path="u1@a.test", at=began),
        record.EventRow(trace_id, Code.PLACED, {"uid": 4}, at=began),
    )
    (life,) = search.find(trace_id=trace_id)
    assert (len(life.recipients), life.events[0].params) == (1, {"uid": 4})


def test_the_command_tells_it_in_words(told: str) -> None:
    out = io.StringIO()
    call_command("trace", id=told.upper(), stdout=out)
    text = out.getvalue()
    assert "<Anna@Outside.example> → <u1@a.test>  inbound, accepted, 812 octets" in text
    assert "→ <nobody@a.test>  inbound, refused (unknown_recipient)" in text
    assert "placed for u1@a.test in INBOX (account 1, uid 4, modseq 9)" in text
    assert text.index("came from 192.0.2.7") < text.index("placed for")


def test_the_command_tells_it_as_json(told: str) -> None:
    out = io.StringIO()
    call_command("trace", since="1h", json=True, language="it", stdout=out)
    (life,) = json.loads(out.getvalue())
    assert life["trace_id"] == told
    assert life["events"][0]["code"] == "received"
    assert "192.0.2.7" in life["events"][0]["words"]


@pytest.mark.parametrize("options", [{}, {"since": "yesterday"}, {"id": "0" * 20}])
def test_the_command_refuses_in_words(rollback, options: dict[str, str]) -> None:
    with pytest.raises(CommandError, match=r"give at least one|neither a date|no message fits"):
        call_command("trace", **options)
