"""What a session does when things go wrong or at the same moment: races of IDLE, deadlines, floods, TLS, a lost database."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time

import psycopg
import pytest
import uvloop

from protocols.common import stream
from tests.conftest import Real
from tests.support.clients.imap import Imap
from tests.support.clients.imap_answers import untagged
from tests.support.doors import PASSWORD, House
from tests.support.imap_door import a_mailbox, imap_listener
from tests.transcripts.runner import in_process


def test_done_is_heard_while_idle_looks_at_changes(house: House) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test", plus=True) as idle, house.reader("u1@a.test", None, plus=True) as writer:
        for number in range(40):
            append = writer.start("APPEND", "INBOX", b"Subject: x\r\n\r\n")
            tag = idle.start("IDLE")
            time.sleep(number % 10 / 2000)  # the moment is what is tried
            idle.send_raw(b"DONE\r\n")
            idle._sock.settimeout(2.0)
            seen = []
            while not (line := idle.read_answer()).startswith(tag.encode()):
                seen.append(line)
            assert line.startswith(tag.encode() + b" OK ")
            assert writer.finish(append).status == "OK"


def test_what_came_in_clear_with_starttls_is_not_obeyed(house: House) -> None:
    """RFC 3501 §6.2.1, CVE-2011-0411."""
    house.open("u1@a.test")
    imap = Imap.connect(*house.addresses["imap"])
    imap.send_raw(b'a STARTTLS\r\nb LOGIN u1@a.test "%b"\r\n' % PASSWORD.encode())
    assert imap.read_answer().startswith(b"a OK ")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    imap._sock = context.wrap_socket(imap._sock)
    announced = imap.ok("CAPABILITY").one("CAPABILITY").values
    assert "STARTTLS" not in announced and "AUTH=PLAIN" in announced
    assert imap.command("SELECT", "INBOX").status == "BAD"
    imap.login("u1@a.test", PASSWORD)
    imap.close()


def test_a_handshake_that_fails_is_no_traceback(house: House, caplog: pytest.LogCaptureFixture) -> None:
    imap = Imap.connect(*house.addresses["imap"])
    imap.send_raw(b"a STARTTLS\r\n")
    assert imap.read_answer().startswith(b"a OK ")
    imap.send_raw(b"nothing of the kind\r\n" * 20)
    with pytest.raises((ConnectionError, OSError)):
        while True:
            imap.read_line()
    Imap.connect(*house.addresses["imap"]).close()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_authenticate_in_all_its_ways(house: House) -> None:
    house.open("u1@a.test")
    good = base64.b64encode(b"\0u1@a.test\0" + PASSWORD.encode())
    for steps, status in (
        ((b"a AUTHENTICATE PLAIN\r\n", b"*\r\n"), b"a BAD "),
        ((b"a AUTHENTICATE PLAIN\r\n", b"!!!\r\n"), b"a BAD "),
        ((b"a AUTHENTICATE PLAIN =\r\n",), b"a BAD "),
        ((b"a AUTHENTICATE PLAIN " + base64.b64encode(b"\0u1@a.test\0wrong") + b"\r\n",), b"a NO [AUTHENTICATIONFAILED] "),
        (
            (b"a AUTHENTICATE PLAIN " + base64.b64encode(b"u2@a.test" + b"\0u1@a.test\0x") + b"\r\n",),
            b"a NO [AUTHORIZATIONFAILED",
        ),
        ((b"a AUTHENTICATE X-NEVER\r\n",), b"a NO "),
        ((b"a AUTHENTICATE PLAIN\r\n", good + b"\r\n"), b"a OK [CAPABILITY IMAP4rev1 "),
        ((b"a AUTHENTICATE PLAIN " + good + b"\r\n",), b"a OK [CAPABILITY IMAP4rev1 "),
    ):
        with Imap.connect(*house.addresses["imap"]) as imap:
            for number, step in enumerate(steps):
                imap.send_raw(step)
                if number + 1 < len(steps):
                    assert imap.read_answer() == b"+ "
            assert imap.read_answer().startswith(status), steps
            assert imap.command("NOOP").status == "OK"


def test_a_folder_deleted_under_a_session_is_empty_and_then_left(house: House) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test", None, plus=True) as one, house.reader("u1@a.test", None) as other:
        one.ok("CREATE", "Plans")
        one.append("Plans", b"Subject: x\r\n\r\n")
        one.select("Plans")
        other.ok("DELETE", "Plans")
        assert [answer.number for answer in one.ok("NOOP").all("EXPUNGE")] == [1]
        assert one.command("STORE", "1", "+FLAGS", "(\\Seen)").status == "BAD"
        assert one.command("APPEND", "Plans", b"Subject: y\r\n\r\n").code == "TRYCREATE"
        other.ok("CREATE", "Plans")
        one.ok("NOOP")
        one.ok("CLOSE")
        assert one.select("Plans").one("EXISTS").number == 0


def test_too_many_errors_end_with_bye(house: House) -> None:
    with Imap.connect(*house.addresses["imap"]) as imap:
        imap.send_raw(b"a nonsense\r\n" * 30)
        answers = [imap.read_answer() for _ in range(21)]
        assert all(answer.startswith(b"a BAD ") for answer in answers[:20])
        assert untagged(answers[20]).name == "BYE"


def test_a_literal_beyond_all_limits_is_told_before_the_end(house: House) -> None:
    with Imap.connect(*house.addresses["imap"]) as imap:
        imap.send_raw(b"a LOGIN {99999999999+}\r\n")
        answers = []
        with pytest.raises(ConnectionError):
            while True:
                answers.append(imap.read_answer())
        assert untagged(answers[-1]).name == "BYE"


def test_a_stranger_has_little_time(real: object) -> None:
    async def run() -> None:
        async with imap_listener(login_seconds=0.3) as door:
            reader, writer = await in_process(door.connection)
            heard = b""
            began = time.monotonic()
            while line := await reader.readline():
                heard += line
                writer.write(b"n NOOP\r\n")
                await asyncio.sleep(0.01)
            assert b"* BYE " in heard
            assert time.monotonic() - began < 2

    uvloop.run(run())


def test_a_lost_database_is_said_and_service_comes_back_by_itself(real: Real, caplog: pytest.LogCaptureFixture) -> None:
    a_mailbox("anna@a.test")
    server = real.dsn.replace(f"dbname={real.name}", "dbname=postgres")

    def connections(allowed: bool) -> None:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{real.name}" ALLOW_CONNECTIONS {allowed}')
            if not allowed:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [real.name])

    async def run() -> None:
        async with imap_listener() as door:
            reader, writer = await in_process(door.connection)

            async def say(line: bytes) -> bytes:
                writer.write(b"t " + line + b"\r\n")
                while not (answer := await asyncio.wait_for(reader.readline(), 10)).startswith(b"t "):
                    pass
                return answer

            assert (await say(b'LOGIN anna@a.test "correct horse"')).startswith(b"t OK ")
            assert (await say(b"SELECT INBOX")).startswith(b"t OK ")
            await asyncio.to_thread(connections, False)
            for line in (b"NOOP", b'LIST "" "*"', b"STATUS Sent (MESSAGES)", b"CREATE x", b"APPEND INBOX {4+}\r\na: b"):
                assert (await say(line)).startswith(b"t NO [UNAVAILABLE] "), line
            assert (await say(b"CAPABILITY")).startswith(b"t OK ")
            await asyncio.to_thread(connections, True)
            for line in (b"NOOP", b'LIST "" "*"', b"STATUS Sent (MESSAGES)", b"CREATE x", b"APPEND INBOX {4+}\r\na: b"):
                assert (await say(line)).startswith(b"t OK "), line
            assert (await say(b"FETCH 1 BODY[]")).startswith(b"t OK ")

    uvloop.run(run())
    assert [record for record in caplog.records if record.exc_info] == []


def test_no_password_in_clear_where_it_is_not_allowed(real: object) -> None:
    a_mailbox("anna@a.test")

    async def run() -> None:
        async with imap_listener(plain=()) as door:
            reader, writer = await in_process(door.connection)
            greeting = await reader.readline()
            assert b" LOGINDISABLED]" in greeting and b"AUTH=PLAIN" not in greeting
            writer.write(b'a LOGIN anna@a.test "correct horse"\r\nb AUTHENTICATE PLAIN\r\n')
            assert (await reader.readline()).startswith(b"a NO [PRIVACYREQUIRED] ")
            assert (await reader.readline()).startswith(b"b NO [PRIVACYREQUIRED] ")

    uvloop.run(run())


def test_quota_is_shown_and_kept(house: House) -> None:
    house.open("u1@a.test", quota_bytes=8192)
    with house.reader("u1@a.test", plus=True) as imap:
        imap.append("INBOX", b"Subject: x\r\n\r\n" + b"y" * 5000)
        imap.ok("NOOP")
        assert imap.ok("GETQUOTAROOT", "INBOX").one("QUOTA").values == (b"", ["STORAGE", 5, 8])
        refused = imap.command("APPEND", "INBOX", b"Subject: x\r\n\r\n" + b"y" * 5000)
        assert (refused.status, refused.code) == ("NO", "OVERQUOTA")
        refused = imap.command("COPY", "1", "Archive")
        assert (refused.status, refused.code) == ("NO", "OVERQUOTA")
        assert imap.ok("MOVE", "1", "Archive").all("EXPUNGE") != []
        assert imap.ok("STATUS", "Archive", "(MESSAGES)").one("STATUS").values[1] == ["MESSAGES", 1]


def test_dates_from_one_end_of_the_calendar_to_the_other(house: House) -> None:
    house.open("u1@a.test")
    dates = (
        " 1-Jan-0001 00:00:00 +0000",
        "31-Dec-1969 23:59:59 +0000",
        "17-Jul-1996 02:44:25 +0000",
        "31-Dec-9999 23:59:59 +0000",
    )
    with house.reader("u1@a.test", plus=True) as imap:
        for date in dates:
            imap.append("INBOX", b"Subject: x\r\n\r\n", date=date)
        imap.ok("NOOP")
        assert [one["INTERNALDATE"].decode().strip() for one in imap.fetch("1:*", "INTERNALDATE")] == [d.strip() for d in dates]
        assert imap.search("BEFORE", "1-Jan-1970") == [1, 2]
        refused = imap.command("APPEND", "INBOX", '"31-Dec-9999 23:59:59 -1200"', b"x: y\r\n")
        assert refused.status == "BAD"


def test_keywords_are_many_and_not_endless(house: House) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test", plus=True) as imap:
        imap.append("INBOX", b"Subject: x\r\n\r\n")
        imap.ok("NOOP")
        outcome, count = "OK", 0
        while outcome == "OK" and count < 10_000:
            words = " ".join(f"word{count + each}" for each in range(100))
            answer = imap.command("STORE", "1", "+FLAGS.SILENT", f"({words})")
            outcome, count = answer.status, count + 100
        assert (answer.status, answer.code) == ("NO", "LIMIT")
        refused = imap.command("APPEND", "INBOX", f"({words})", b"Subject: y\r\n\r\n")
        assert (refused.status, refused.code) == ("NO", "LIMIT")
        assert len(imap.fetch("1", "FLAGS")[0]["FLAGS"]) >= 100


def test_one_message_is_read_in_many_pieces(house: House) -> None:
    house.open("u1@a.test")
    body = bytes(range(33, 127)) * 4000
    with house.reader("u1@a.test", plus=True) as imap:
        imap.append("INBOX", b"Subject: x\r\n\r\n" + body)
        imap.ok("NOOP")
        pieces = []
        for start in range(0, len(body), 65536):
            (one,) = imap.fetch("1", f"BODY.PEEK[TEXT]<{start}.65536>")
            pieces.append(one[f"BODY[TEXT]<{start}>"])
        assert b"".join(pieces) == body
        imap.ok("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)")
        imap.ok("EXPUNGE")
        assert imap.command("UID", "FETCH", "1", "BODY[]").untagged == ()


def test_who_asks_and_does_not_read_is_cut_off(real: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LINGER", 0.2)
    a_mailbox("anna@a.test")
    message = b"Subject: x\r\n\r\n" + b"y" * 3_000_000

    async def run() -> None:
        async with imap_listener(idle_seconds=0.5) as door:
            reader, writer = await in_process(door.connection)
            writer.write(b'a LOGIN anna@a.test "correct horse"\r\nb APPEND INBOX {%d+}\r\n' % len(message) + message + b"\r\n")
            writer.write(b"c SELECT INBOX\r\n")
            while not (await asyncio.wait_for(reader.readline(), 10)).startswith(b"c OK "):
                pass
            writer.transport.pause_reading()
            writer.write(b"d FETCH 1 BODY.PEEK[]\r\n" * 20)
            until = time.monotonic() + 10
            while door.connections and time.monotonic() < until:
                await asyncio.sleep(0.05)
            assert not door.connections

    uvloop.run(run())
