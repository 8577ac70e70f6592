"""The list of living sessions tells the truth about each connection, and ending one ends it, with or without hints."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection

from mailplatform.access import living
from mailplatform.access.living import Process, SessionInfo
from mailplatform.access.models import LivingProcess, LivingSession
from mailplatform.audit.models import AuditRow
from mailplatform.runtime.errors import NotFound
from tests.support.clients.imap import Imap
from tests.support.clients.imap_answers import untagged
from tests.support.doors import TESTER, House
from tests.support.valkey import Valkey


def eventually(right: Callable[[list[SessionInfo]], bool], seconds: float = 20.0) -> list[SessionInfo]:
    """The list as soon as it is right."""
    until = time.monotonic() + seconds
    while True:
        found = living.list_sessions()
        if right(found):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def the_end(imap: Imap) -> str:
    answer = untagged(imap.read_answer())
    with pytest.raises(ConnectionError):
        imap.read_line()
    return f"{answer.name} {answer.text}"


def test_a_connection_is_told_as_it_goes(house: House) -> None:
    house.open("u1@a.test")
    with Imap.connect(*house.addresses["imap"]) as imap:
        (row,) = eventually(lambda found: len(found) == 1)
        assert (row.protocol, row.state, row.login, row.tls, row.address) == ("imap", "not authenticated", "", "", "127.0.0.1")
        imap.starttls(house.tls)
        imap.command("ID", '("name" "Tester" "version" "7")')
        imap.login("u1@a.test", "a-password-of-tests")
        (row,) = eventually(lambda found: found[0].state == "authenticated")
        assert (row.login, row.client, row.tls) == ("u1@a.test", "Tester 7", "TLSv1.3")
        imap.select("Sent")
        (row,) = eventually(lambda found: found[0].state == "selected")
        assert row.folder == "Sent"
        assert row.octets_in > 60 and row.octets_out > 200 and row.seen_at >= row.since
        imap.ok("CLOSE")
        (row,) = eventually(lambda found: found[0].state == "authenticated")
        assert row.folder == ""
    eventually(lambda found: not found)


def test_one_is_ended_by_its_number_and_all_by_their_user(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    with house.reader("u1@a.test") as one, house.reader("u1@a.test") as two, house.reader("u2@a.test") as other:
        two.start("IDLE")
        assert two.read_answer().startswith(b"+ ")
        rows = eventually(lambda found: [row.state for row in found] == ["selected"] * 3)
        first = next(row for row in rows if row.login == "u1@a.test")
        began = time.monotonic()
        assert living.end_sessions([first.id], actor=TESTER) == 1
        assert the_end(one) == "BYE an administrator has ended this session"
        assert living.end_all("u1@a.test", actor=TESTER) == 1
        assert the_end(two) == "BYE an administrator has ended this session"
        assert time.monotonic() - began < 5
        other.ok("NOOP")
        (row,) = eventually(lambda found: len(found) == 1)
        assert row.login == "u2@a.test"
    told = list(AuditRow.objects.filter(code="session.ended").values_list("subject_name", "actor_name"))
    assert told == [("u1@a.test", "tester")] * 2


def test_without_hints_a_session_is_ended_within_five_seconds(house: House, valkey: Valkey) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test") as reader:
        eventually(lambda found: [row.state for row in found] == ["selected"])
        valkey.stop()
        try:
            began = time.monotonic()
            living.end_all("u1@a.test", actor=TESTER)
            assert the_end(reader).startswith("BYE ")
            assert time.monotonic() - began < 5
        finally:
            valkey.start()


def test_rows_that_a_crash_of_the_database_emptied_come_again(house: House) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test"):
        eventually(lambda found: [row.state for row in found] == ["selected"])
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE access_living_session, access_living_process")
        eventually(lambda found: [(row.state, row.login) for row in found] == [("selected", "u1@a.test")])


def test_rows_of_a_dead_process_are_neither_shown_nor_kept(real: object) -> None:
    dead = Process(4711, "imap", "elsewhere", 1)
    living.beat(dead)
    row = dict.fromkeys(("protocol", "state", "login", "folder", "client", "tls", "address"), "")
    moment = LivingProcess.objects.get().seen_at
    columns = {"user_id": None, "organisation_id": None, "since": moment, "seen_at": moment, "octets_in": 0, "octets_out": 0}
    info = living.SessionRow(1, **row, **columns)
    living.write(dead, [info], [])
    assert len(living.list_sessions()) == 1
    LivingProcess.objects.update(seen_at="2026-01-01T00:00:00Z")
    assert living.list_sessions() == []
    with pytest.raises(NotFound):
        living.end_sessions([LivingSession.objects.get().pk], actor=TESTER)
    living.forget_silent()
    assert not LivingSession.objects.exists() and not LivingProcess.objects.exists()


def test_the_tables_are_unlogged(rollback: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, relpersistence FROM pg_class WHERE relname LIKE 'access_living%%' AND relkind = 'r'")
        assert sorted(cursor.fetchall()) == [("access_living_process", "u"), ("access_living_session", "u")]
