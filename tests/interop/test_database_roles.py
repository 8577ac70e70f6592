"""Outside Postgres and Redis from the system's packages, by site.toml, and a Postgres user a role: mail goes all its ways, and
each user is refused what is none of its business.

    apt-get install postgresql redis-server
"""

from __future__ import annotations

import json
import poplib
import shutil
import smtplib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from benchmarks.instance import Instance, free_port_base
from tests.support import debian
from tests.support.clients.imap import Imap
from tests.support.plain_sink import Sink, sink

pytestmark = pytest.mark.interop
PASSWORD = "a-password-of-roles"
SITE = """\
[database]
dsn = "host={sockets} dbname=mail user=mailplatform"
role_dsn = "host={sockets} dbname=mail user=mailplatform_{{role}}"

[redis]
url = "unix://{redis}?db=0"

[access]
lockout_failures = 2
plaintext_networks = ["127.0.0.0/8"]

[tasks]
tick_seconds = 1
retention_seconds = 2
collect_seconds = 2
partitions_seconds = 2

[log]
format = "json"
"""


@dataclass(slots=True)
class Outside:
    instance: Instance
    postgres: debian.Server
    sink: Sink

    def as_role(self, role: str) -> psycopg.Connection:
        return psycopg.connect(f"host={self.postgres.folder} dbname=mail user=mailplatform_{role}", autocommit=True)

    def as_owner(self, statement: str) -> list[tuple]:
        with psycopg.connect(f"host={self.postgres.folder} dbname=mail user=postgres", autocommit=True) as owner:
            return owner.execute(statement).fetchall()

    def manage(self, *arguments: str, **options: object) -> str:
        done = self.instance.manage(*arguments, capture_output=True, check=False, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout


def until(true: Callable[[], object], seconds: float = 30) -> object:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)
    return found


def found(reader: Imap, what: str) -> list[int]:
    """Uids, after a look for news."""
    reader.ok("NOOP")
    return reader.search(what)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    parent = Path(tempfile.mkdtemp(prefix="mpo"))
    parent.chmod(0o755)
    (parent / "pg").mkdir()
    try:
        with (
            debian.redis(parent) as socket,
            debian.postgres(parent / "pg", "log_line_prefix = '[%a] %u '") as postgres,
            sink() as taking,
        ):
            with psycopg.connect(postgres.dsn, autocommit=True) as admin:
                admin.execute("CREATE ROLE mailplatform LOGIN CREATEROLE")
                admin.execute("CREATE DATABASE mail OWNER mailplatform")
            site = SITE.format(sockets=postgres.folder, redis=socket)
            instance = Instance(parent / "home", port_base=free_port_base(), site=site)
            instance.up()
            try:
                made = Outside(instance, postgres, taking)
                made.manage("domain", "add", "roles.test")
                for name in ("anna", "bruno"):
                    made.manage("mailbox", "add", f"{name}@roles.test", "--password-stdin", input=PASSWORD)
                made.manage("route", "add", "out", "--host", "127.0.0.1", "--port", str(taking.port), "--tls", "none")
                yield made
                # Whatever a role needed and did not have stands in the server's log.
                log = (postgres.folder / "log").read_text()
                assert [line for line in log.splitlines() if "permission denied" in line and "[mailplatform" in line] == []
            finally:
                instance.down()
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def test_every_role_connects_as_its_own_user(outside: Outside) -> None:
    def users() -> set[str]:
        return {row[0] for row in outside.as_owner("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'mail'")}

    wanted = {f"mailplatform_{role}" for role in ("index", "agent", "outbound", "worker")}
    until(lambda: wanted <= users())
    assert "mailplatform" not in users()


def test_mail_in_by_smtp_is_read_by_imap(outside: Outside) -> None:
    with smtplib.SMTP(*outside.instance.address("smtp")) as smtp:
        for size in (100, 300_000):  # inline, and in a pack
            smtp.sendmail("me@outside.test", ["anna@roles.test"], f"Subject: In {size}\r\n\r\n" + "word \r\n" * (size // 7))
    reader = Imap.connect(*outside.instance.address("imap"))
    reader.login("anna@roles.test", PASSWORD)
    reader.select("INBOX")
    until(lambda: len(found(reader, "ALL")) == 2)
    for line in (
        "UID FETCH 1:* (BODY.PEEK[] ENVELOPE)",
        r"UID STORE 1 +FLAGS (\Flagged keyword)",
        'UID SEARCH BODY "word"',
        "CREATE Kept",
        "UID COPY 1 Kept",
        "UID MOVE 1 Kept",
        r"UID STORE 2 +FLAGS (\Deleted)",
        "EXPUNGE",
        "RENAME Kept Held",
        "DELETE Held",
        'LIST (SUBSCRIBED) "" *',
    ):
        reader.ok(line)
    reader.append("INBOX", b"Subject: Appended\r\n\r\nx\r\n")
    assert json.loads(outside.manage("store", "verify", "--json"))


def test_lmtp_and_pop3(outside: Outside) -> None:
    with smtplib.LMTP(*outside.instance.address("lmtp")) as lmtp:
        lmtp.sendmail("me@outside.test", ["bruno@roles.test"], "Subject: By LMTP\r\n\r\nx\r\n")
    host, port = outside.instance.address("pop3")
    pop = poplib.POP3(host, port, timeout=20)
    pop.user("bruno@roles.test")
    pop.pass_(PASSWORD)
    assert b"Subject: By LMTP" in pop.retr(1)[1]
    pop.uidl()
    pop.dele(1)
    pop.quit()
    reader = Imap.connect(*outside.instance.address("imap"))
    reader.login("bruno@roles.test", PASSWORD)
    reader.select("INBOX")
    until(lambda: not found(reader, 'SUBJECT "By LMTP"'))


def test_submission_leaves_the_house(outside: Outside) -> None:
    with smtplib.SMTP(*outside.instance.address("submission")) as smtp:
        smtp.login("anna@roles.test", PASSWORD)
        message = "From: anna@roles.test\r\nTo: x@far.test\r\nSubject: Out\r\n\r\nx\r\n"
        smtp.sendmail("anna@roles.test", ["x@far.test", "bruno@roles.test"], message)
        smtp.sendmail("anna@roles.test", ["refused@far.test"], message)
    until(lambda: any("x@far.test" in one.recipients for one in outside.sink.taken))
    # The report about the refused one is made by a tick of the worker and placed in anna's inbox.
    reader = Imap.connect(*outside.instance.address("imap"))
    reader.login("anna@roles.test", PASSWORD)
    reader.select("INBOX")
    until(lambda: found(reader, 'BODY "550 5.1.1 nobody"'), 60)
    reader = Imap.connect(*outside.instance.address("imap"))
    reader.login("bruno@roles.test", PASSWORD)
    reader.select("INBOX")
    until(lambda: found(reader, 'SUBJECT "Out"'))


def test_many_recipients_go_through_the_local_queue(outside: Outside) -> None:
    names = [f"many{n}@roles.test" for n in range(20)]
    rows = "address,name\n" + "".join(f"{name},Many\n" for name in names)
    path = outside.instance.home.parent / "many.csv"
    path.write_text(rows)
    path.chmod(0o644)
    outside.manage("mailbox", "add", "--from-csv", str(path), "--password-stdin", input=PASSWORD)
    with smtplib.SMTP(*outside.instance.address("smtp")) as smtp:
        smtp.sendmail("me@outside.test", names, "Subject: All\r\n\r\nx\r\n")
    reader = Imap.connect(*outside.instance.address("imap"))
    reader.login(names[-1], PASSWORD)
    reader.select("INBOX")
    until(lambda: found(reader, "ALL"))


def test_a_wrong_password_is_counted_and_shuts_the_door(outside: Outside) -> None:
    for _ in range(3):
        with Imap.connect(*outside.instance.address("imap")) as imap:
            assert imap.command("LOGIN", "bruno@roles.test", "wrong").status == "NO"
    assert outside.as_owner("SELECT 1 FROM audit_auditrow WHERE code = 'access.locked_out'")


def test_ticks_and_the_trace(outside: Outside) -> None:
    until(lambda: outside.as_owner("SELECT 1 FROM transport_pulse"))
    found = json.loads(outside.manage("trace", "--to", "anna@roles.test", "--since", "1h", "--json"))
    assert found
    worker = outside.instance.home / "log" / "worker.log"
    until(lambda: worker.exists() and "tick_partitions" in worker.read_text())
    lines = [json.loads(line) for line in worker.read_text().splitlines()]
    assert {line["role"] for line in lines} == {"worker"}
    assert not [line for line in lines if "traceback" in line]


DENIED = (
    ("smtp", "SELECT secret FROM access_credential"),
    ("lmtp", "SELECT secret FROM access_credential"),
    ("index", "SELECT login FROM directory_user"),
    ("index", "SELECT 1 FROM transport_queueitem"),
    ("imap", "UPDATE directory_user SET role = 'administrator'"),
    ("pop3", "INSERT INTO directory_epoch VALUES (2)"),
    ("imap", "UPDATE access_credential SET user_id = 1"),
    ("submission", "UPDATE transport_queueitem SET state = 'done'"),
    ("submission", "SELECT * FROM trace_message"),
    ("outbound", "SELECT secret FROM access_credential"),
    ("web", "SELECT * FROM store_message"),
    ("web", "SELECT * FROM store_blob"),
    ("web", "SELECT * FROM store_searchtext"),
    ("web", "DELETE FROM audit_auditrow"),
    ("smtp", "SELECT trace_drop_partitions(now())"),
    ("worker", "SELECT secret FROM access_credential"),
)
ALTERATIONS = tuple(
    (role, "CREATE TABLE public.mine (n int)")
    for role in ("index", "agent", "outbound", "worker", "smtp", "submission", "imap", "web")
)


@pytest.mark.parametrize(("role", "statement"), DENIED + ALTERATIONS)
def test_denied(outside: Outside, role: str, statement: str) -> None:
    with outside.as_role(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
