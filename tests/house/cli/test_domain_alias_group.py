"""`manage.py domain|alias|group` as a person types them."""

import pytest
from django.core.management.base import CommandError
from django.db import connections

from mailplatform.audit.search import search
from tests.house.cli.support import Terminal


def test_domains(terminal: Terminal):
    assert terminal("domain", "add", "A.test", "--quota", "500G", "--mailbox-quota", "50G").out == "The domain a.test is there.\n"
    made = terminal("domain", "add", "b.test", "--alias-of", "a.test", "--json").json
    assert (made["name"], made["alias_of"]) == ("b.test", "a.test")
    assert terminal("domain", "--json", "list").json == [
        terminal("domain", "show", n, "--json").json for n in ("a.test", "b.test")
    ]
    head, first, second = terminal("domain", "list").out.splitlines()
    assert head.split()[:2] == ["NAME", "ALIAS"] and first.split()[0] == "a.test" and second.split()[:2] == ["b.test", "a.test"]
    shown = terminal("domain", "show", "a.test").out
    assert "quota bytes: 536870912000\n" in shown and "enabled: yes\n" in shown
    changed = terminal("domain", "set", "a.test", "--disable", "--quota", "none", "--separator", "-", "--json").json
    assert (changed["enabled"], changed["quota_bytes"], changed["subaddress_separator"]) == (False, None, "-")
    assert terminal("domain", "set", "a.test", "--enable", "--max-recipients", "5", "--json").json["max_recipients"] == 5
    assert terminal("domain", "remove", "b.test").out == "The domain b.test is removed.\n"
    assert {row.actor_name for row in search()} == {"cli"}


def test_domains_refused(terminal: Terminal):
    terminal("domain", "add", "a.test")
    for words, told in {
        ("domain", "add", "A.TEST"): ("already_exists", "domain"),
        ("domain", "add", "not a name"): ("malformed", "domain"),
        ("domain", "add", "b.test", "--quota", "much"): ("malformed", "quota_bytes"),
        ("domain", "add", "b.test", "--max-recipients", "-1"): ("malformed", "max_recipients"),
        ("domain", "add", "b.test", "--alias-of", "z.test"): ("not_found", "domain"),
        ("domain", "show", "z.test"): ("not_found", "domain"),
        ("domain", "set", "a.test", "--separator", "ab"): ("malformed", "subaddress_separator"),
    }.items():
        assert terminal.refused(*words) == told


def test_aliases(terminal: Terminal):
    terminal("domain", "add", "a.test")
    for name in ("anna", "ben"):
        terminal("mailbox", "add", f"{name}@a.test")
    assert terminal("alias", "add", "info@a.test", "anna@a.test", "--to", "ben@a.test").out == (
        "info@a.test leads to anna@a.test, ben@a.test.\n"
    )
    assert terminal("alias", "add", "*@a.test", "ben@a.test", "--json").json["kind"] == "catch_all"
    assert terminal("alias", "add", "noreply@a.test", "--discard").out == "Mail to noreply@a.test is thrown away.\n"
    listed = terminal("alias", "list", "--domain", "a.test", "--json").json
    assert [row["address"] for row in listed] == ["*@a.test", "info@a.test", "noreply@a.test"]
    assert terminal("alias", "set", "info@a.test", "--drop", "anna@a.test", "--disable", "--json").json["targets"] == [
        "ben@a.test"
    ]
    assert terminal("alias", "show", "info@a.test", "--json").json["enabled"] is False
    assert terminal("alias", "set", "info@a.test", "--to", "anna@a.test", "--enable").code == 0
    assert terminal("alias", "remove", "info@a.test").out == "info@a.test is removed.\n"
    outside = terminal("alias", "add", "boss@a.test", "boss@elsewhere.example", "--json").json
    assert outside["kind"] == "forward" and outside["targets"] == ["boss@elsewhere.example"]
    for words, told in {
        ("alias", "add", "anna@a.test", "ben@a.test"): ("already_exists", "address"),
        ("alias", "add", "x@a.test"): ("malformed", "target"),
        ("alias", "show", "info@a.test"): ("not_found", "address"),
    }.items():
        assert terminal.refused(*words) == told


def test_groups(terminal: Terminal):
    terminal("domain", "add", "a.test")
    for name in ("anna", "ben"):
        terminal("mailbox", "add", f"{name}@a.test")
    added = terminal(
        "group", "add", "staff@a.test", "anna@a.test", "--member", "ben@a.test", "--name", "Staff", "--posting", "members"
    )
    assert added.out == "The group staff@a.test is there, with 2 members.\n"
    changed = terminal("group", "set", "staff@a.test", "--remove-member", "anna@a.test", "--posting", "inside", "--json").json
    assert (changed["targets"], changed["posting"]) == (["ben@a.test"], "inside")
    assert terminal("group", "set", "staff@a.test", "--member", "anna@a.test", "--json").json["targets"] == ["anna@a.test"]
    assert [row["address"] for row in terminal("group", "list", "--json").json] == ["staff@a.test"]
    assert "posting: inside" in terminal("group", "show", "staff@a.test").out
    assert terminal.refused("group", "set", "staff@a.test", "--posting", "all") == ("malformed", "posting")
    assert terminal.refused("group", "add", "staff@a.test") == ("already_exists", "address")
    assert terminal("group", "remove", "staff@a.test").code == 0
    assert terminal.refused("group", "remove", "staff@a.test") == ("not_found", "address")


@pytest.mark.parametrize("words", [("domain",), ("domain", "sell", "a.test"), ("alias", "list", "--colour"), ("group", "add")])
def test_what_is_not_understood(terminal: Terminal, words):
    with pytest.raises(CommandError):
        terminal(*words)


def test_a_database_that_is_away_is_said_in_words(real, monkeypatch):
    connections.close_all()
    monkeypatch.setitem(connections.settings["default"], "HOST", "/nowhere")
    said = Terminal(monkeypatch)("domain", "list", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "temporarily_unavailable")
    assert said.json["error"]["message"] == "the database cannot be reached"
    connections.close_all()
