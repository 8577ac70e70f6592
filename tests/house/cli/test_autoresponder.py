"""`manage.py autoresponder` as a person types it."""

import pytest

from tests.house.cli.support import Terminal


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    terminal("domain", "add", "a.test")
    terminal("mailbox", "add", "u1@a.test", "--language", "it")
    terminal("organisation", "set", "--time-zone", "Europe/Rome")
    return terminal


def test_a_vacation(house: Terminal, tmp_path) -> None:
    text = tmp_path / "text"
    text.write_text("Sono in ferie.\nTorno a gennaio.\n")
    words = ["--from", "2026-12-24", "--until", "2027-01-06", "--subject", "In ferie", "--text-file", str(text)]
    said = house("autoresponder", "set", "u1@a.test", *words)
    assert said.out == (
        "u1@a.test answers automatically, from 2026-12-24 00:00, until 2027-01-07 00:00, each sender once in 7 days"
        " (Europe/Rome).\n"
    )
    shown = house("autoresponder", "show", "u1@a.test", "--json").json
    assert (shown["starts_at"], shown["ends_at"]) == ("2026-12-23T23:00:00+00:00", "2027-01-06T23:00:00+00:00")
    (one,) = shown["words"]
    assert (one["language"], one["subject"], one["text"]) == ("it", "In ferie", "Sono in ferie.\nTorno a gennaio.")
    house("autoresponder", "set", "u1@a.test", "--language", "en", "--subject", "Away", "--days", "3", "--outside-only")
    changed = house("autoresponder", "show", "u1@a.test", "--json").json
    assert (changed["days"], changed["audience"], changed["starts_at"]) == (3, "outside", None)
    assert [one["language"] for one in changed["words"]] == ["en", "it"]
    assert "u1@a.test" in house("autoresponder", "list").out
    assert house("autoresponder", "off", "u1@a.test").out == "u1@a.test answers no more.\n"
    assert house("autoresponder", "list", "--json").json[0]["enabled"] is False


def test_refused(house: Terminal, tmp_path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for words, told in {
        ("u1@a.test", "--until", "the day after"): ("malformed", "until"),
        ("u1@a.test", "--from", "2026-02-30"): ("malformed", "from"),
        ("u1@a.test", "--from", "9999-12-31T23:59:61"): ("malformed", "from"),
        ("u1@a.test", "--until", "9999-12-31"): ("malformed", "until"),
        ("u1@a.test", "--from", "2026-12-24", "--until", "2026-12-23"): ("malformed", "until"),
        ("u1@a.test", "--text-file", str(binary)): ("malformed", "text"),
        ("u1@a.test", "--text-file", "/nowhere"): ("malformed", "text"),
        ("u1@a.test", "--subject", "a\nBcc: x@out.test"): ("malformed", "subject"),
        ("nobody@a.test",): ("not_found", "address"),
    }.items():
        assert house.refused("autoresponder", "set", *words) == told, words
    assert house.refused("organisation", "set", "--time-zone", "Mars/Olympus") == ("malformed", "time_zone")
    assert house.refused("organisation", "set", "--time-zone", "../../etc/passwd") == ("malformed", "time_zone")
    assert house.refused("autoresponder", "show", "u1@a.test") == ("not_found", "address")
