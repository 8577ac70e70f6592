"""Reports are written in the language of who reads them."""

import pytest

from mailplatform.directory import accounts, languages, organisations
from mailplatform.directory.accounts import NewAccount
from mailplatform.mailflow import forward
from mailplatform.mailflow.languages import of_reader
from mailplatform.runtime import clock
from mailplatform.runtime.errors import Conflict, Malformed
from tests.support.directory import an_account
from tests.support.house import TESTER, a_house

ITALIAN = b"Content-Language: it\r\n\r\n"


def read(address: str, header: bytes = b"") -> str:
    return of_reader(address, header, clock.now())


def test_people_here_read_their_own_or_their_organisations(rollback) -> None:
    u1, u2 = (accounts.get_account(address) for address in a_house(2))
    assert read(u1.address, ITALIAN) == "en"
    organisations.set_organisation(language="it", actor=TESTER)
    accounts.set_account(u2.address, language="en", actor=TESTER)
    assert (read(u1.address), read(u2.address, ITALIAN)) == ("it", "en")
    assert languages.of_accounts([u1.id, u2.id]) == {u1.id: "it", u2.id: "en"}
    accounts.set_account(u2.address, language="", actor=TESTER)
    assert accounts.get_account(u2.address).language == ""
    assert read(u2.address) == "it"


def test_shared_ones_read_their_organisations(rollback) -> None:
    shared = an_account("sales@a.test", kind="shared")
    organisations.set_organisation(language="it", actor=TESTER)
    assert languages.of_accounts([shared.id]) == {shared.id: "it"}
    with pytest.raises(Conflict, match="language: a shared mailbox has no user"):
        accounts.set_account("sales@a.test", language="it", actor=TESTER)


@pytest.mark.parametrize(
    ("address", "header", "language"),
    [
        ("anna@azienda.it", b"", "it"),
        ("anna@azienda.it", b"Accept-Language: en-GB\r\n\r\n", "en"),
        ("anna@firma.ch", ITALIAN, "it"),
        ("anna@firma.ch", b"", "en"),
        ("anna@italy.example", b"", "en"),
        ("it@[192.0.2.1]", b"", "en"),
    ],
)
def test_strangers_say_it_or_their_country_does(rollback, address, header, language) -> None:
    assert read(address, header) == language


def test_a_rewritten_sender_reads_as_who_it_was(rollback) -> None:
    a_house(1)
    assert read(forward.rewritten("anna@azienda.it", "a.test", clock.now())) == "it"


def test_a_language_without_words_is_refused(rollback) -> None:
    a_house(1)
    for refused in (
        lambda: accounts.set_account("u1@a.test", language="de", actor=TESTER),
        lambda: accounts.add_account(NewAccount("u2@a.test", language="de"), actor=TESTER),
        lambda: organisations.set_organisation(language="", actor=TESTER),
    ):
        with pytest.raises(Malformed, match="none of en, it"):
            refused()
