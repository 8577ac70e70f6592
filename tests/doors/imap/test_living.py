"""Who may stay: living sessions are judged anew when rights change, with hints and without; an account holds only so many."""

from __future__ import annotations

import time

import pytest
import uvloop

from mailplatform.access.credentials import set_password
from mailplatform.directory import accounts
from mailplatform.mailflow.accounts import close_account
from tests.support.clients.imap import Imap
from tests.support.clients.imap_answers import untagged
from tests.support.doors import PASSWORD, TESTER, House
from tests.support.imap_door import a_mailbox, imap_listener
from tests.support.valkey import Valkey
from tests.transcripts.runner import in_process

POLL = 2.0  # [access] epoch_poll_seconds


def last_words(imap: Imap) -> str:
    """The code of the BYE, after which the connection ends."""
    answer = untagged(imap.read_answer())
    assert answer.name == "BYE"
    with pytest.raises(ConnectionError):
        imap.read_line()
    return answer.code


def test_a_closed_account_is_put_out_at_once_and_nobody_else(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    with house.reader("u1@a.test") as idle, house.reader("u1@a.test", None) as waiting, house.reader("u2@a.test") as other:
        idle.start("IDLE")
        assert idle.read_answer().startswith(b"+ ")
        began = time.monotonic()
        close_account("u1@a.test", actor=TESTER)
        assert last_words(idle) == last_words(waiting) == "EXPIRED"
        assert time.monotonic() - began < POLL
        other.ok("NOOP")


def test_a_changed_password_puts_out_who_came_in_by_the_old_one(house: House) -> None:
    (account,) = house.open("u1@a.test")
    with house.reader("u1@a.test") as old:
        set_password(account.user_id, "another password of tests", actor=TESTER)
        assert last_words(old) == "EXPIRED"
    with Imap.connect(*house.addresses["imap"]) as again:
        assert again.command("LOGIN", "u1@a.test", PASSWORD).code == "AUTHENTICATIONFAILED"
        again.login("u1@a.test", "another password of tests")


def test_without_hints_the_epoch_is_read(house: House, valkey: Valkey) -> None:
    house.open("u1@a.test")
    with house.reader("u1@a.test") as reader:
        valkey.stop()
        try:
            accounts.set_account("u1@a.test", actor=TESTER, state="suspended")
            began = time.monotonic()
            assert last_words(reader) == "EXPIRED"
            assert time.monotonic() - began < 2 * POLL + 1
        finally:
            valkey.start()


def test_an_account_holds_only_so_many_connections(real: object) -> None:
    a_mailbox("anna@a.test")
    a_mailbox("ben@a.test")

    async def run() -> None:
        async with imap_listener(per_account=2) as door:

            async def login(who: str) -> tuple[bytes, object]:
                reader, writer = await in_process(door.connection)
                await reader.readline()
                writer.write(b'a LOGIN %b "correct horse"\r\n' % who.encode())
                return await reader.readline(), writer

            (first, one), (second, _), (third, _) = [await login("anna@a.test") for _ in range(3)]
            assert first.startswith(b"a OK ") and second.startswith(b"a OK ")
            assert third.startswith(b"a NO [LIMIT] ")
            assert (await login("ben@a.test"))[0].startswith(b"a OK ")
            one.close()
            for _ in range(100):
                answer, writer = await login("anna@a.test")
                if answer.startswith(b"a OK "):
                    break
                writer.close()
            assert answer.startswith(b"a OK ")

    uvloop.run(run())
