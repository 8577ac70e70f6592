"""Clients that people use, against the doors in process: mbsync both ways, mutt, curl, fetchmail, offlineimap, swaks.

apt-get install isync mutt curl fetchmail offlineimap3 swaks
"""

from __future__ import annotations

import hashlib
import imaplib
import os
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.support.clients.imap import Imap
from tests.support.doors import PASSWORD, House
from tests.support.messages import a_message, a_multipart

pytestmark = pytest.mark.interop

ADDRESS = "u1@a.test"
FOLDERS = {"INBOX", "Sent", "Drafts", "Junk", "Trash", "Archive"}


def run(command: list[str], home: Path, **options: object) -> str:
    """What it printed; it must succeed, and soon."""
    environment = {**os.environ, "HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False, **options)  # type: ignore[call-overload]
    output = str((done.stdout + done.stderr).decode("utf-8", "replace"))
    assert done.returncode == 0, output
    return output


@pytest.fixture
def certificate(house: House) -> Path:
    return next((house.site.home / "tls").glob("*/cert.pem"))


def fill(house: House, count: int = 5) -> list[bytes]:
    messages = [a_message(subject=f"Number {number}", body=f"Body {number}\r\n.\r\n" * 20) for number in range(count)]
    with house.reader(ADDRESS, None, plus=True) as writer:
        for message in messages:
            writer.append("INBOX", message)
    return messages


def test_mbsync_syncs_both_ways(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(ADDRESS)
    messages = fill(house)
    mail = tmp_path / "mail"
    mail.mkdir()
    host, port = house.addresses["imaps"]
    (tmp_path / "mbsyncrc").write_text(
        f"""
IMAPAccount house
Host {host}
Port {port}
User {ADDRESS}
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {certificate}

IMAPStore far
Account house

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
"""
    )

    def sync() -> str:
        return run(["mbsync", "-V", "-c", str(tmp_path / "mbsyncrc"), "all"], tmp_path)

    def near(folder: str = "INBOX") -> list[Path]:
        return sorted(path for part in ("new", "cur") for path in (mail / folder / part).iterdir())

    sync()
    assert {path.name for path in mail.iterdir() if (path / "cur").is_dir()} == FOLDERS

    def content(path: Path) -> bytes:  # a Maildir has LF, and mbsync writes a header of its own
        lines = path.read_bytes().split(b"\n")
        return b"\r\n".join(line for line in lines if not line.startswith(b"X-TUID: "))

    assert sorted(map(content, near())) == sorted(messages)
    # flags from near to far, a deletion, a new message and a new folder
    first, second, *_ = sorted(near(), key=lambda path: path.read_bytes())
    (mail / "INBOX" / "cur").mkdir(exist_ok=True)
    first.rename(mail / "INBOX" / "cur" / (first.name.partition(":")[0] + ":2,FS"))
    second.rename(mail / "INBOX" / "cur" / (second.name.partition(":")[0] + ":2,T"))
    for part in ("tmp", "new", "cur"):
        (mail / "Work" / part).mkdir(parents=True)
    (mail / "INBOX" / "new" / "fresh.1.host").write_bytes(b"Subject: fresh\n\nFrom near.\n")
    # and from far to near
    with house.reader(ADDRESS, plus=True) as reader:
        (uid,) = reader.search("SUBJECT", '"Number 3"')
        reader.ok("UID", "STORE", str(uid), "+FLAGS", "(\\Answered)")
        reader.append("INBOX", a_message(subject="From far"))
    sync()
    sync()
    with house.reader(ADDRESS) as reader:
        assert reader.search("FLAGGED", "SEEN") != []
        assert len(reader.search("ALL")) == len(messages) - 1 + 2
        (uid,) = reader.search("SUBJECT", "fresh")
        assert b"From near.\r\n" in reader.fetch(str(uid), "BODY.PEEK[TEXT]", uid=True)[0]["BODY[TEXT]"]
        assert [answer.values[2] for answer in reader.ok("LIST", '""', "Work").all("LIST")] == ["Work"]
    assert len(near()) == len(messages) - 1 + 2
    answered = [path for path in near() if b"Number 3" in path.read_bytes()]
    assert [path.name.endswith(":2,R") for path in answered] == [True]


def test_mutt_reads(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(ADDRESS)
    fill(house, 3)
    host, port = house.addresses["imaps"]
    out = tmp_path / "out"
    rc = tmp_path / "muttrc"
    rc.write_text(
        f"""
set imap_user="{ADDRESS}" imap_pass="{PASSWORD}" certificate_file="{certificate}" ssl_ca_certificates_file="{certificate}"
set ssl_verify_host=no ssl_verify_dates=no folder="imaps://{host}:{port}/" spoolfile="+INBOX" imap_idle=no
set copy=no delete=yes move=no quit=yes confirmappend=no header_cache="" wait_key=no imap_check_subscribed=yes
set pipe_decode=no print=yes print_command="cat >> {out}"
push "<tag-pattern>.<enter><tag-prefix><print-message><first-entry><flag-message><next-entry><delete-message><sync-mailbox><quit>"
"""
    )
    run(["script", "-qec", f"mutt -F {rc}", "/dev/null"], tmp_path, stdin=subprocess.DEVNULL)
    printed = out.read_text()
    assert all(f"Subject: Number {number}" in printed for number in range(3))
    with house.reader(ADDRESS) as reader:
        assert len(reader.search("ALL")) == 2
        assert len(reader.search("FLAGGED")) == 1


def test_curl_lists_fetches_searches_and_appends(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(ADDRESS)
    messages = fill(house, 2)
    host, port = house.addresses["imaps"]
    plain_host, plain_port = house.addresses["imap"]

    def curl(path: str, *options: str, url: str = f"imaps://{host}:{port}") -> str:
        trust = ["--cacert", str(certificate), "--insecure", "-sS", "--user", f"{ADDRESS}:{PASSWORD}"]
        return run(["curl", *trust, *options, f"{url}/{path}"], tmp_path)

    assert all(name in curl("") for name in FOLDERS)
    assert curl("INBOX;MAILINDEX=1").encode().replace(b"\r\n", b"\n") == messages[0].replace(b"\r\n", b"\n")
    assert curl("INBOX;UID=2;SECTION=TEXT").startswith("Body 1")
    assert curl("INBOX?SUBJECT%20Number").strip() == "* SEARCH 1 2"
    (tmp_path / "new.eml").write_bytes(a_message(subject="From curl"))
    curl("Archive", "-T", str(tmp_path / "new.eml"))
    curl("INBOX", "-X", "STORE 1 +Flags \\Deleted")
    assert "* STATUS Archive (MESSAGES 1)" in curl("", "-X", "STATUS Archive (MESSAGES)")
    # STARTTLS on the plain port, required
    assert "INBOX" in curl("", "--ssl-reqd", url=f"imap://{plain_host}:{plain_port}")
    with house.reader(ADDRESS) as reader:
        assert len(reader.search("DELETED")) == 1


def test_imaplib(house: House) -> None:
    house.open(ADDRESS)
    with imaplib.IMAP4_SSL(*house.addresses["imaps"], ssl_context=house.tls) as imap:
        assert imap.login(ADDRESS, PASSWORD)[0] == "OK"
        message = a_multipart()
        assert imap.enable("CONDSTORE")[0] == "OK"
        assert imap.create("Work/Entw&APw-rfe")[0] == "OK"
        assert imap.list('""', "Work/%")[1] == [b'(\\HasNoChildren) "/" Work/Entw&APw-rfe']
        assert imap.append("INBOX", "(\\Seen)", imaplib.Time2Internaldate(0), message)[0] == "OK"
        assert imap.select("INBOX") == ("OK", [b"1"])
        status, data = imap.search(None, "SEEN")
        assert (status, data) == ("OK", [b"1"])
        status, data = imap.fetch("1", "(RFC822 BODYSTRUCTURE INTERNALDATE)")
        assert status == "OK" and data[0][1] == message
        assert imap.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
        assert imap.copy("1", "Archive")[0] == "OK"
        assert imap.expunge() == ("OK", [None])
        assert imap.getquotaroot("INBOX")[0] == "OK"
        assert imap.namespace()[0] == "OK"
        assert imap.close()[0] == "OK"
    with imaplib.IMAP4(*house.addresses["imap"]) as imap:
        assert imap.starttls(house.tls)[0] == "OK"
        assert imap.authenticate("PLAIN", lambda _: f"\0{ADDRESS}\0{PASSWORD}".encode())[0] == "OK"
        assert imap.select("Archive", readonly=True) == ("OK", [b"1"])
        assert imap.store("1", "+FLAGS", "(\\Deleted)")[0] == "NO"


def test_swaks_delivers_with_starttls_and_imap_reads(house: House, tmp_path: Path) -> None:
    house.open(ADDRESS)
    host, port = house.smtp
    run(
        ["swaks", "--server", host, "--port", str(port), "--tls", "--from", "anna@outside.example", "--to", ADDRESS,
         "--header", "Subject: By swaks", "--body", "Hello"],
        tmp_path,
    )  # fmt: skip
    with Imap.connect(*house.addresses["imap"]) as imap:
        imap.login(ADDRESS, PASSWORD)
        imap.select()
        assert imap.search("SUBJECT", '"By swaks"') == [1]


def test_fetchmail_takes_all_away(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(ADDRESS)
    messages = fill(house, 3)
    host, port = house.addresses["imap"]
    out = tmp_path / "out"
    rc = tmp_path / "fetchmailrc"
    rc.write_text(
        f'poll {host} service {port} protocol IMAP user "{ADDRESS}" password "{PASSWORD}" sslproto TLS1.2+ '
        f'sslcertfile "{certificate}" no sslcertck mda "cat >> {out}" fetchall\n'
    )
    rc.chmod(0o600)
    run(["fetchmail", "-f", str(rc), "--pidfile", str(tmp_path / "pid"), "--nosyslog"], tmp_path)
    assert out.read_bytes().count(b"Subject: Number") == len(messages)
    with house.reader(ADDRESS) as reader:
        assert reader.search("ALL") == []


def test_offlineimap_syncs(house: House, certificate: Path, tmp_path: Path) -> None:
    house.open(ADDRESS)
    messages = fill(house, 3)
    host, port = house.addresses["imaps"]
    mail = tmp_path / "mail"
    (tmp_path / "rc").write_text(
        f"""
[general]
accounts = house
metadata = {tmp_path}/meta
ui = basic
[Account house]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {mail}
[Repository far]
type = IMAP
remotehost = {host}
remoteport = {port}
remoteuser = {ADDRESS}
remotepass = {PASSWORD}
ssl = yes
cert_fingerprint = {hashlib.sha512(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()}
"""
    )
    command = ["offlineimap", "-o", "-c", str(tmp_path / "rc")]
    run(command, tmp_path)
    there = [path for part in ("new", "cur") for path in (mail / "INBOX" / part).iterdir()]
    assert len(there) == len(messages)
    assert {path.name for path in mail.iterdir()} == FOLDERS
    (mail / "INBOX" / "new" / "fresh.1.host").write_bytes(b"Subject: fresh\n\nFrom near.\n")
    there[0].unlink()
    run(command, tmp_path)
    with house.reader(ADDRESS) as reader:
        assert len(reader.search("SUBJECT", "fresh")) == 1
        assert len(reader.search("ALL")) == len(messages)
