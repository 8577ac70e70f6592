"""The role `index`: it catches up, drains deleted folders, lets arrivals pass, outlives errors and ends on SIGTERM."""

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.db import connection

from mailplatform.settings.service import ServiceContext
from mailplatform.store import folders
from mailplatform.store.index import service, writer
from mailplatform.store.search import query as q
from mailplatform.store.search.find import search
from tests.house.store.building import ANNA, a_store, assert_counters, fill, inbox, rows

BEHIND = (
    "SELECT count(*) FROM store_message AS m LEFT JOIN store_searchtext AS t ON t.message_id = m.id WHERE t.message_id IS NULL"
)
END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def a_context(**index: object) -> ServiceContext:
    made = replace(site.SITE, index=replace(site.SITE.index, poll_seconds=0.05, nice=0, **index))
    return ServiceContext(site=made, role="index")


def test_a_round_writes_text_and_drains_deleted_folders(rollback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BUSY_ARRIVALS", 1000)
    account = a_store()
    fill(inbox(account), 5)
    gone = folders.create(account, "Gone", actor=ANNA)
    fill(gone, 3)
    folders.delete(account, "Gone", actor=ANNA)
    context = a_context(batch=3)
    assert service.round_(context, threading.Event())
    while service.round_(context, threading.Event()):
        pass
    assert rows(BEHIND) == [(0,)]
    assert writer.behind() == []
    assert rows("SELECT drained FROM store_folder WHERE id = %s", gone.id) == [(True,)]
    assert_counters(account)


def test_it_pauses_while_mail_comes_in(rollback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BUSY_ARRIVALS", 2)
    monkeypatch.setattr(service, "LATELY", timedelta(hours=1))
    monkeypatch.setattr(service, "PATIENCE_SECONDS", 0.1)
    account = a_store()
    for number, paused in ((1, False), (2, True)):
        fill(inbox(account), 1)
        started = time.monotonic()
        service._yield_to_arrivals(threading.Event())
        assert (time.monotonic() - started >= 0.4) is paused, number


def test_the_process_serves_until_it_is_told_to_end(real) -> None:
    """Forked as the nursery forks it."""
    account = a_store()
    fill(inbox(account), 4)
    connection.close()
    reader, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            service.run(replace(a_context(), ready=lambda: os.write(writing, b"+") and None))
            os._exit(0)
        finally:
            os._exit(1)
    try:
        assert os.read(reader, 1) == b"+"
        end = time.monotonic() + 20
        while rows(BEHIND) != [(0,)] and time.monotonic() < end:
            time.sleep(0.05)
        assert rows(BEHIND) == [(0,)]
        rows(END_OTHERS)
        fill(inbox(account), 2)
        while rows(BEHIND) != [(0,)] and time.monotonic() < end:
            time.sleep(0.05)
        assert rows(BEHIND) == [(0,)]
        assert search(inbox(account).id, q.Text(q.Where.BODY, "minutes"), account) == [1, 2, 3, 4, 5, 6]
    finally:
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
