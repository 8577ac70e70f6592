"""Sizes people write, tables they read."""

import os
from datetime import UTC, datetime

import pytest

from mailplatform.management.output import as_text, code_of, count, size, table
from mailplatform.runtime import pubsub
from mailplatform.runtime.errors import AlreadyExists, MailError, Malformed
from tests.house.cli.support import Terminal


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("1024", 1024), ("50G", 50 << 30), ("500 MiB", 500 << 20), ("1.5g", 3 << 29), ("7kb", 7 << 10), ("2T", 2 << 40)]
    + [("none", None), ("Unlimited", None)],
)
def test_sizes(text, value):
    assert size(text, "quota") == value


@pytest.mark.parametrize("text", ["", "-1", "G", "5 X", "1,5G", "1e9", "9" * 20, "٣"])
def test_no_sizes(text):
    for read in (size, count):
        with pytest.raises(Malformed) as refused:
            read(text, "quota")
        assert refused.value.subject == "quota" and refused.value.public.startswith("quota: ")


def test_counts():
    assert (count("12", "n"), count("none", "n")) == (12, None)


def test_tables_line_up():
    rows = [["anna@a.test", None, True], ["b", ("x", "y"), datetime(2026, 11, 24, 10, tzinfo=UTC)]]
    assert table(["address", "to", "on"], rows) == [
        "ADDRESS      TO    ON",
        "anna@a.test        yes",
        "b            x, y  2026-11-24 10:00:00+00:00",
    ]
    assert as_text(False) == "no"


def test_codes():
    assert (code_of(AlreadyExists()), code_of(MailError())) == ("already_exists", "mail_error")


def test_a_command_waits_until_its_hint_is_sent(valkey, rollback, monkeypatch):
    publisher = pubsub.Publisher(valkey.url, timeout=1, breaker=5)
    monkeypatch.setattr(pubsub, "_publisher", publisher)
    monkeypatch.setattr(pubsub, "_pid", os.getpid())
    listener = valkey.client().pubsub(ignore_subscribe_messages=True)
    listener.subscribe("directory")
    assert Terminal(monkeypatch)("domain", "add", "a.test").code == 0
    assert publisher.flush(0) and publisher.dropped == 0
    heard = [listener.get_message(timeout=2) for _ in range(2)]
    assert [message["channel"] for message in heard if message] == [b"directory"]
