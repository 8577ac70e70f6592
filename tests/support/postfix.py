"""A real Postfix of its own on loopback: its own configuration, queue and port, started and stopped by a test.

apt-get install postfix. It takes mail for `users` at its domains into Maildirs, answers 550 to others, offers STARTTLS and
DSN, and sends to one relay if told. It runs as root and drops its privileges itself, so its folder must be open to all.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificate import a_certificate

PROGRAM = "/usr/sbin/postfix"
_SERVICES = {
    "pickup": "unix n - n 60 1 pickup",
    "cleanup": "unix n - n - 0 cleanup",
    "qmgr": "unix n - n 300 1 qmgr",
    "tlsmgr": "unix - - n 1000? 1 tlsmgr",
    "rewrite": "unix - - n - - trivial-rewrite",
    "bounce": "unix - - n - 0 bounce",
    "defer": "unix - - n - 0 bounce",
    "trace": "unix - - n - 0 bounce",
    "verify": "unix - - n - 1 verify",
    "flush": "unix n - n 1000? 0 flush",
    "proxymap": "unix - - n - - proxymap",
    "smtp": "unix - - n - - smtp",
    "relay": "unix - - n - - smtp",
    "showq": "unix n - n - - showq",
    "error": "unix - - n - - error",
    "retry": "unix - - n - - error",
    "discard": "unix - - n - - discard",
    "local": "unix - n n - - local",
    "virtual": "unix - n n - - virtual",
    "lmtp": "unix - - n - - lmtp",
    "anvil": "unix - - n - 1 anvil",
    "scache": "unix - - n - 1 scache",
    "postlog": "unix-dgram n - n - 1 postlogd",
}


@dataclass(frozen=True, slots=True)
class Postfix:
    """Where it listens, and what it has."""

    folder: Path
    port: int

    def messages(self, user: str) -> list[bytes]:
        """What lies in a user's Maildir."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / user / "new").glob("*"))]

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")


def is_here() -> bool:
    """Whether a Postfix is installed, and we may start it."""
    return os.path.exists(PROGRAM) and os.geteuid() == 0


@contextmanager
def postfix(domain: str, users: tuple[str, ...], *, relay: str = "", more: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Start one that is the end of `domain`; relay: "[127.0.0.1]:port" for all other mail; more: lines of main.cf."""
    folder = Path(tempfile.mkdtemp(prefix="postfix"))
    folder.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    for name in ("data", "mail"):
        (folder / name).mkdir()
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    (folder / "queue").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    certificate = a_certificate(folder, f"mx.{domain}")
    lines = {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "log"),
        "maillog_file_prefixes": str(folder),
        "myhostname": f"mx.{domain}",
        "mydestination": "",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "virtual_mailbox_domains": domain,
        "virtual_mailbox_base": str(folder / "mail"),
        "virtual_mailbox_maps": "inline:{ " + " ".join(f"{{ {user}@{domain} = {user}/ }}" for user in users) + " }",
        "virtual_uid_maps": f"static:{owner.pw_uid}",
        "virtual_gid_maps": f"static:{owner.pw_gid}",
        "virtual_alias_maps": "",
        "alias_maps": "",
        "alias_database": "",
        "mynetworks": "127.0.0.0/8",
        "relayhost": relay,
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(certificate / "cert.pem"),
        "smtpd_tls_key_file": str(certificate / "key.pem"),
        "smtp_tls_security_level": "may",
        "smtpd_peername_lookup": "no",
        "smtp_host_lookup": "native",
        **(more or {}),
    }
    (folder / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    services = [f"127.0.0.1:{port} inet n - n - - smtpd", *(f"{name} {rest}" for name, rest in _SERVICES.items())]
    (folder / "master.cf").write_text("".join(f"{line}\n" for line in services))
    try:
        _command(folder, "start")
        yield Postfix(folder, port)
    finally:
        _command(folder, "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, word: str) -> None:
    done = subprocess.run([PROGRAM, "-c", str(folder), word], capture_output=True, timeout=60, check=False)
    if word == "start":
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
