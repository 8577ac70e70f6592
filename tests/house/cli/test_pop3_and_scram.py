"""`mailbox set --pop3-delete`, `organisation set --scram-for-passwords`: what they change, and what they say."""

import pytest

from tests.house.cli.support import Terminal

pytestmark = pytest.mark.usefixtures("rollback")


def test_what_pop3_deletes(terminal: Terminal) -> None:
    terminal("domain", "add", "a.test")
    terminal("mailbox", "add", "anna@a.test", "--generate-password", "--json")
    assert terminal("mailbox", "show", "anna@a.test", "--json").json["pop3_delete"] == "delete"
    assert terminal("mailbox", "set", "anna@a.test", "--pop3-delete", "trash", "--json").json["pop3_delete"] == "trash"
    assert terminal.refused("mailbox", "set", "anna@a.test", "--pop3-delete", "burn") == ("malformed", "pop3_delete")


def test_scram_for_chosen_passwords(terminal: Terminal) -> None:
    terminal("domain", "add", "a.test")
    assert terminal("organisation", "show", "--json").json["scram_for_passwords"] is False
    said = terminal("organisation", "set", "--scram-for-passwords", "on")
    assert said.code == 0 and "SCRAM-SHA-256" in said.out and "steals the database" in said.out
    assert terminal("organisation", "show", "--json").json["scram_for_passwords"] is True
    off = terminal("organisation", "set", "--scram-for-passwords", "off", "--language", "it", "--json").json
    assert (off["scram_for_passwords"], off["language"]) == (False, "it")
