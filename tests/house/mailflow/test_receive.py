"""One message's way from a transaction to a folder."""

from mailplatform.mailflow import arrivals
from mailplatform.store import blobs
from tests.support.house import a_house, a_unit, assert_sound, rows
from tests.support.messages import a_message


def test_a_message_is_placed_under_its_trace_fields(rollback) -> None:
    a_house(2)
    content = a_message(subject="Minutes", size=5000)
    result = arrivals.put(a_unit(["u1@a.test"], content)).result(5)
    (placed,) = result.appended
    assert placed.uid == 1
    ((prefix, blob_id, size),) = rows("SELECT prefix, blob_id, size FROM store_message WHERE id = %s", placed.message_id)
    lines = bytes(prefix).split(b"\r\n")
    assert lines[0] == b"Return-Path: <anna@outside.example>"
    assert lines[1] == b"Delivered-To: u1@a.test"
    assert lines[2].startswith(b"Received: from peer.example ([192.0.2.7])")
    assert blobs.read([blob_id]) == {blob_id: content}
    assert size == len(content) + len(prefix)
    assert_sound()
