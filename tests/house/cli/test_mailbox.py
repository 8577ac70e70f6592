"""`manage.py mailbox`: one, many, passwords, app passwords."""

import pytest

from mailplatform.access.authenticate import authenticate
from mailplatform.access.models import Credential
from mailplatform.directory.models import Account
from mailplatform.runtime.errors import AuthenticationFailed
from mailplatform.store import folders
from tests.house.cli.support import Terminal

PASSWORD = "correct horse"


@pytest.fixture
def house(terminal: Terminal) -> Terminal:
    terminal("domain", "add", "a.test")
    return terminal


def enters(login: str, password: str, protocol: str = "imap") -> bool:
    try:
        return authenticate(login, password, protocol=protocol, client_address="192.0.2.1").login == login
    except AuthenticationFailed:
        return False


def test_as_the_readme_says(house: Terminal):
    words = ("mailbox", "add", "u1@a.test", "--password-stdin", "--quota", "50G", "--name", "Anna Rossi")
    assert house(*words, stdin=f"{PASSWORD}\n").out == "The mailbox u1@a.test is open.\n"
    shown = house("mailbox", "show", "u1@a.test", "--json").json
    assert (shown["name"], shown["quota_bytes"], shown["role"], shown["state"]) == ("Anna Rossi", 50 << 30, "employee", "active")
    assert (shown["used_bytes"], shown["used_messages"], shown["quota_bytes_in_force"]) == (0, 0, 50 << 30)
    assert "used bytes: 0\n" in house("mailbox", "show", "u1@a.test").out
    assert enters("u1@a.test", PASSWORD)
    found = folders.list_folders(shown["id"], shown["id"])
    assert [(folder.name, folder.special_use) for folder in found] == [
        ("INBOX", "inbox"),
        ("Archive", "archive"),
        ("Drafts", "drafts"),
        ("Junk", "junk"),
        ("Sent", "sent"),
        ("Trash", "trash"),
    ]


def test_without_a_password_it_says_so(house: Terminal):
    assert "no password yet" in house("mailbox", "add", "u1@a.test").out
    assert "no password" not in house("mailbox", "add", "sales@a.test", "--kind", "shared").out
    assert not Credential.objects.exists()


def test_a_drawn_password_is_printed(house: Terminal):
    password = house("mailbox", "add", "u1@a.test", "--generate-password", "--json").json["password"]
    assert enters("u1@a.test", password)
    again = house("mailbox", "set", "u1@a.test", "--generate-password").out.split()[-1]
    assert again != password and enters("u1@a.test", again) and not enters("u1@a.test", password)


def test_refusals_name_their_field_and_leave_nothing(house: Terminal):
    house("mailbox", "add", "u1@a.test")
    for words, stdin, told in [
        (("u1@a.test",), "", ("already_exists", "address")),
        (("u2@z.test",), "", ("not_found", "domain")),
        (("u 2@a.test",), "", ("malformed", "address")),
        ((), "", ("malformed", "address")),
        (("u2@a.test", "--quota", "50X"), "", ("malformed", "quota_bytes")),
        (("u2@a.test", "--role", "king"), "", ("malformed", "role")),
        (("u2@a.test", "--kind", "robot"), "", ("malformed", "kind")),
        (("u2@a.test", "--password-stdin"), "short\n", ("malformed", "password")),
        (("u2@a.test", "--password-stdin"), "", ("malformed", "password")),
        (("u2@a.test", "--password-stdin", "--kind", "shared"), f"{PASSWORD}\n", ("conflict", "password")),
    ]:
        assert house.refused("mailbox", "add", *words, stdin=stdin) == told
    assert Account.objects.count() == 1


def test_change_close_and_open_again(house: Terminal):
    house("mailbox", "add", "u1@a.test", "--password-stdin", stdin=PASSWORD)
    changed = house(
        "mailbox", "set", "u1@a.test", "--name", "Anna", "--quota", "1.5M", "--role", "domain_administrator", "--json"
    ).json
    assert (changed["name"], changed["quota_bytes"], changed["role"]) == ("Anna", 1572864, "domain_administrator")
    assert house("mailbox", "set", "u1@a.test", "--quota", "none", "--json").json["quota_bytes"] is None
    assert "set u1@a.test --state active" in house("mailbox", "remove", "u1@a.test").out
    assert not enters("u1@a.test", PASSWORD)
    assert house("mailbox", "list", "--open", "--json").json == []
    assert [row["state"] for row in house("mailbox", "list", "--json").json] == ["closed"]
    house("mailbox", "set", "u1@a.test", "--state", "active")
    assert enters("u1@a.test", PASSWORD)
    house("mailbox", "set", "u1@a.test", "--password-stdin", stdin="another horse\n")
    assert enters("u1@a.test", "another horse")
    house("mailbox", "add", "room@a.test", "--kind", "resource")
    assert house.refused("mailbox", "set", "room@a.test", "--password-stdin", stdin=PASSWORD) == ("conflict", "password")
    assert house.refused("mailbox", "set", "u9@a.test", "--name", "x") == ("not_found", "address")
    assert house.refused("mailbox", "set", "u1@a.test", "--state", "asleep") == ("malformed", "state")


def test_app_passwords(house: Terminal):
    house("mailbox", "add", "u1@a.test")
    words = ("mailbox", "app-password")
    drawn = house(*words, "add", "u1@a.test", "--label", "Phone", "--scope", "imap", "--json").json["password"]
    assert enters("u1@a.test", drawn) and not enters("u1@a.test", drawn, "smtp")
    assert house(*words, "list", "u1@a.test", "--json").json[0]["scopes"] == ["imap"]
    assert drawn not in house(*words, "list", "u1@a.test").out
    assert house.refused(*words, "add", "u1@a.test", "--label", "Phone") == ("already_exists", "label")
    assert house.refused(*words, "add", "u1@a.test", "--label", "Fax", "--scope", "fax") == ("malformed", "scope")
    assert house(*words, "remove", "u1@a.test", "--label", "Phone").code == 0
    assert not enters("u1@a.test", drawn)
    house("mailbox", "add", "room@a.test", "--kind", "resource")
    assert house.refused(*words, "list", "room@a.test") == ("conflict", "address")


def test_many_from_a_file(house: Terminal, tmp_path, django_assert_max_num_queries):
    file = tmp_path / "people.csv"
    rows = [f"p{n}@a.test,Person {n},2G" for n in range(600)]
    file.write_text("\n".join(["address,name,quota", *rows]), "utf-8")
    with django_assert_max_num_queries(120):
        said = house("mailbox", "add", "--from-csv", str(file), "--password-stdin", stdin=PASSWORD)
    assert said.out == "600 mailboxes are open.\n"
    assert said.err.splitlines() == [f"{done} of 600 mailboxes open" for done in (500, 600)]
    assert enters("p599@a.test", PASSWORD)
    shown = house("mailbox", "show", "p7@a.test", "--json").json
    assert (shown["name"], shown["quota_bytes"]) == ("Person 7", 2 << 30)
    assert len(folders.list_folders(shown["id"], shown["id"])) == 6
    assert house.refused("mailbox", "add", "--from-csv", str(file)) == ("already_exists", "address")
    file.write_text("\n".join(["address,name,quota", *rows, "new@a.test,,"]), "utf-8")
    assert house("mailbox", "add", "--from-csv", str(file), "--skip-existing", "--json").json == {"opened": 1}


def test_a_row_may_have_its_own_password_and_kind(house: Terminal, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text('\ufeffaddress,password,kind,role\nU1@a.test,"a, long one",,administrator\nroom@a.test,,resource,\n', "utf-8")
    assert house("mailbox", "add", "--from-csv", str(file)).out == "2 mailboxes are open.\n"
    assert enters("u1@a.test", "a, long one")
    assert house("mailbox", "show", "room@a.test", "--json").json["kind"] == "resource"
    assert house("mailbox", "show", "u1@a.test", "--json").json["role"] == "administrator"


@pytest.mark.parametrize(
    ("text", "code", "field", "words"),
    [
        ("", "malformed", "file", "empty file"),
        ("name\nx", "malformed", "file", "address"),
        ("address,colour\nu1@a.test,red", "malformed", "file", "colour"),
        ("address,name\nu1@a.test", "malformed", "file", "line 2"),
        ("address\nu1@a.test\nbad", "malformed", "address", "line 3"),
        ("address\nu1@a.test\nU1@a.test", "already_exists", "address", "line 3"),
        ("address\nu0@a.test", "already_exists", "address", "line 2"),
        ("address\nu1@z.test", "not_found", "domain", "line 2"),
        ("address,quota\nu1@a.test,big", "malformed", "quota", "line 2"),
        ("address,password\nu1@a.test,short", "malformed", "password", "shorter"),
    ],
)
def test_a_bad_file_opens_nothing(house: Terminal, tmp_path, text, code, field, words):
    house("mailbox", "add", "u0@a.test")
    file = tmp_path / "people.csv"
    file.write_text(text, "utf-8")
    said = house("mailbox", "add", "--from-csv", str(file), "--json").json["error"]
    assert (said["code"], said["field"]) == (code, field) and words in said["message"]
    assert Account.objects.count() == 1


def test_a_file_that_cannot_be_read(house: Terminal, tmp_path):
    assert house.refused("mailbox", "add", "--from-csv", str(tmp_path / "none.csv")) == ("malformed", "file")
    file = tmp_path / "binary.csv"
    file.write_bytes(b"address\n\xff\xfe@a.test\n")
    assert house.refused("mailbox", "add", "--from-csv", str(file)) == ("malformed", "file")
    assert house.refused("mailbox", "add", "u1@a.test", "--from-csv", str(file)) == ("malformed", "address")


def test_many_from_standard_input(house: Terminal):
    assert house("mailbox", "add", "--from-csv", "-", stdin="address\nu1@a.test\n").out == "1 mailbox is open.\n"
