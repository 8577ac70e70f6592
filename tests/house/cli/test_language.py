"""`mailbox set --language` and `organisation`: which language people are written to in."""

from tests.house.cli.support import Terminal


def test_a_person_and_everybody_else(terminal: Terminal) -> None:
    terminal("domain", "add", "a.test")
    terminal("mailbox", "add", "u1@a.test", "--language", "it")
    assert terminal("mailbox", "show", "u1@a.test", "--json").json["language"] == "it"
    terminal("mailbox", "set", "u1@a.test", "--language", "")
    assert terminal("mailbox", "show", "u1@a.test", "--json").json["language"] == ""
    assert terminal("organisation", "show", "--json").json["language"] == "en"
    assert terminal("organisation", "set", "--language", "it").out == "The organisation default is changed.\n"
    assert terminal("organisation", "list", "--json").json[0]["language"] == "it"


def test_a_language_that_we_do_not_speak(terminal: Terminal) -> None:
    terminal("domain", "add", "a.test")
    terminal("mailbox", "add", "u1@a.test")
    refused = terminal("mailbox", "set", "u1@a.test", "--language", "de", "--json")
    assert (refused.code, refused.json["error"]["field"]) == (1, "language")
