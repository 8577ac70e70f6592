"""site.toml: what is read, what is refused and in which words."""

import dataclasses
from pathlib import Path

import pytest

from mailplatform.settings import defaults, reference
from mailplatform.settings.database import connection_settings
from mailplatform.settings.site import USUAL_PORTS, SiteError, home_from, load, server_address
from mailplatform.supervisor.services import connections, table


def site(home: Path, text: str = "", **environ: str):
    (home / "site.toml").write_text(text)
    return load(home, environ=environ)


def refusal(home: Path, text: str) -> str:
    with pytest.raises(SiteError) as refused:
        site(home, text)
    return str(refused.value).removeprefix(str(home))


def test_all_defaults_without_a_file(tmp_path):
    loaded = load(tmp_path, environ={})
    assert loaded.network == defaults.Network()
    assert loaded.access.plaintext_networks == ()
    assert loaded.embedded_database and loaded.embedded_redis
    ways = [way for ways in loaded.listeners().values() for way in ways]
    ports = {way.name: way.port for way in ways if not way.is_unix}
    assert [way.host for way in ways if way.is_unix] == [str(loaded.sockets_dir / "lmtp.sock")]
    assert ports == {name: 10000 + port for name, port in USUAL_PORTS.items() if name != "sink"}


def test_units_and_lists(tmp_path):
    loaded = site(
        tmp_path,
        '[smtp]\nmax_message_bytes = "35M"\ncommand_timeout_seconds = "5m"\n[dns]\nservers = ["127.0.0.1:5353", "[::1]:53"]\n',
    )
    assert loaded.smtp.max_message_bytes == 35 << 20
    assert loaded.smtp.command_timeout_seconds == 300
    assert [server_address(server) for server in loaded.dns.servers] == [("127.0.0.1", 5353), ("::1", 53)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[smtp]\nporrt = 3\n", "/site.toml:2: unknown key porrt in [smtp]; the nearest known key is port"),
        ("\n[smtpp]\nport = 3\n", "/site.toml:2: unknown table [smtpp]; the nearest known table is [smtp]"),
        ("port_base = 3\n", "/site.toml:1: unknown table port_base; it is a key of [network]"),
        ("[smtp]\n\nport_base = 3\n", "/site.toml:3: unknown key port_base in [smtp]; [network] has a key of this name"),
        ("[imap]\n# port_x\nport_x = 3\n", "/site.toml:3: unknown key port_x in [imap]; the nearest known key is port"),
        ('[smtp]\nport = "x"\n', "/site.toml:2: smtp.port: must be a number"),
        ("[smtp]\nport = 70000\n", "/site.toml: port 70000 of smtp is not between 1 and 65535"),
        ("[smtp]\nport = -1\n", "/site.toml:2: smtp.port: must not be negative"),
        ("[imap]\nport = 99\ntls_port = 99\n", "/site.toml: imap and imaps both listen on 127.0.0.1 port 99"),
        ('[testing]\nclock = "yes"\n', "/site.toml:2: testing.clock: must be true or false"),
        ('[access]\nplaintext_networks = "x"\n', "/site.toml:2: access.plaintext_networks: must be a list of texts"),
        (
            '[access]\nplaintext_networks = ["10.0.0.0/33"]\n',
            "/site.toml:2: access.plaintext_networks: '10.0.0.0/33' does not appear to be an IPv4 or IPv6 network",
        ),
        ('[dns]\nservers = ["a.test:53"]\n', "/site.toml:2: dns.servers: 'a.test' does not appear to be an IPv4 or IPv6 address"),
        ('[log]\nformat = "xml"\n', '/site.toml:2: log.format: must be "text" or "json"'),
        ('[database]\ndsn = "dbname=x"\ndsn_file = "y"\n', "/site.toml:3: database.dsn_file: dsn is given too; say one"),
        ("smtp = 1\n", "/site.toml:1: smtp must be a table, [smtp]"),
    ],
)
def test_refusals_name_line_and_key(tmp_path, text, said):
    assert refusal(tmp_path, text) == said


def test_not_toml(tmp_path):
    assert refusal(tmp_path, "[smtp\n").startswith("/site.toml: not TOML: ")


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(SiteError, match="there is no such file"):
        load(tmp_path, environ={"MAILPLATFORM_SITE": str(tmp_path / "other.toml")})


def test_port_base_of_the_command_line_wins(tmp_path):
    assert site(tmp_path, "[network]\nport_base = 20000\n", MAILPLATFORM_PORT_BASE="30000").listeners()["smtp"][0].port == 30025


def test_every_address_gets_every_listener(tmp_path):
    ways = site(tmp_path, '[network]\naddresses = ["127.0.0.1", "::1"]\n').listeners()["imap"]
    assert [(way.name, way.host) for way in ways] == [
        ("imap", "127.0.0.1"),
        ("imap", "::1"),
        ("imaps", "127.0.0.1"),
        ("imaps", "::1"),
    ]


def test_outside_servers(tmp_path):
    (tmp_path / "dsn").write_text("host=db.example.org dbname=mail password=x\n")
    loaded = site(tmp_path, '[database]\ndsn_file = "dsn"\n[redis]\nurl = "redis://cache:6379/1"\n')
    assert loaded.dsn == "host=db.example.org dbname=mail password=x"
    assert loaded.redis_url == "redis://cache:6379/1"
    assert not loaded.embedded_database and not loaded.embedded_redis


def test_a_long_home_gets_short_sockets(tmp_path):
    home = tmp_path / ("x" * 100)
    home.mkdir()
    assert len(str(load(home, environ={}).sockets_dir)) < 80


def test_home_from_argument_then_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MAILPLATFORM_HOME", str(tmp_path))
    assert home_from("/srv/x") == Path("/srv/x")
    assert home_from() == tmp_path


def test_timeouts_travel_with_each_connection():
    made = connection_settings("host=/run/x dbname=mail user=me options='-c jit=off'", defaults.Database(), "imap")
    assert (made["HOST"], made["NAME"], made["USER"]) == ("/run/x", "mail", "me")
    assert made["OPTIONS"]["application_name"] == "mailplatform imap"
    assert "-c statement_timeout=30000 -c lock_timeout=5000" in made["OPTIONS"]["options"]
    assert made["OPTIONS"]["options"].endswith("-c jit=off")


def test_reference_is_current():
    assert reference.PATH.read_text("utf-8") == reference.text(), "run python -m mailplatform.settings.reference"


def test_every_key_is_explained_and_its_type_known():
    for name, kind in defaults.TABLES.items():
        for field in dataclasses.fields(kind):
            assert field.metadata["meaning"].endswith("."), f"{name}.{field.name}"
            assert field.type in ("int", "float", "str", "bool", "tuple[str, ...]", "tuple[float, ...]"), f"{name}.{field.name}"


def test_the_table_stays_within_the_connections(tmp_path):
    loaded = load(tmp_path, environ={})
    assert connections(loaded) <= loaded.database.most_connections < loaded.database.max_connections
    assert {service.name for service in table(loaded)} >= {"index", "agent", "worker", "beat", "smtp", "imap", "web"}
