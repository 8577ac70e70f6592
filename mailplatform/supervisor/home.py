"""The home of an instance: its folders, its first configuration, its secrets and its first certificate.

Made by its owner (a system user when root starts the platform), readable by nobody else. What is there is kept.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import pwd
import secrets
import subprocess
from pathlib import Path

from mailplatform.settings.site import CODE, SiteConfig
from mailplatform.supervisor.processes import reachable_by

SERVICE_USER = "mailplatform"
FOLDERS = ("secrets", "run", "log", "packs", "spool", "tls", "valkey")
_SITE = """# Configuration of this instance. Every key stands in docs/settings/reference.md; `manage.py check_site` explains
# what is in force. Unknown keys refuse to start.

[network]
port_base = {port_base}
# hostname = "mail.example.org"
# addresses = ["0.0.0.0", "::"]

# [database]
# dsn = "host=db.example.org dbname=mail user=mail"    # an outside Postgres, 15 or newer

# [redis]
# url = "redis://cache.example.org:6379/0"             # an outside Valkey or Redis
"""

_DEMO = """
[demo]
sink = true    # plays the mail server of slow.test on loopback, for the demonstration
"""

INSTANCES = Path("/var/lib/mailplatform")


def instance_home(clone: Path) -> Path:
    """Where a clone that services cannot reach has its home: one folder a clone."""
    return INSTANCES / f"{clone.name}-{hashlib.sha256(str(clone).encode()).hexdigest()[:6]}"


class HomeError(Exception):
    """The home cannot be used; the text says why and what to do."""


def owner_of(home: Path) -> int:
    """The user id that an instance in this home runs as: its owner, or the service user where root would be it.

    0 when we are root and the service user does not exist yet.
    """
    if os.geteuid() != 0:
        return os.geteuid()
    try:
        uid = home.stat().st_uid
    except FileNotFoundError:
        uid = 0
    if uid:
        return uid
    try:
        return pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        return 0


def ensure_service_user() -> int:
    """The system user that services run as when root starts them; made when there is none."""
    try:
        return pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        done = subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", SERVICE_USER], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise HomeError("useradd is missing: `apt install passwd`, or start as an ordinary user") from None
    if done.returncode not in (0, 9):  # 9: another start has made it meanwhile
        raise HomeError(f"the system user {SERVICE_USER} cannot be made: {done.stderr.strip()}")
    return pwd.getpwnam(SERVICE_USER).pw_uid


def claim(home: Path) -> int:
    """Make the home if there is none and give it to its owner, whose user id is returned. Raises HomeError."""
    if home in (Path("/"), Path.home()) or home == CODE:
        raise HomeError(f"{home} cannot be the home of an instance: choose a folder of its own with HOME_DIR=")
    owner = owner_of(home) or ensure_service_user()
    try:
        home.mkdir(mode=0o750, parents=True, exist_ok=True)
        inside = {path.name for path in home.iterdir()}
    except OSError as error:
        raise HomeError(f"{home}: {error.strerror}") from None
    if inside and not inside & {"site.toml", "secrets", "code"}:
        raise HomeError(f"{home} holds other things: choose an empty folder with HOME_DIR=")
    stands = home.stat()
    if os.geteuid() == 0 and stands.st_uid != owner:
        for path in (home, home / "site.toml"):
            if path.exists():
                os.chown(path, owner, pwd.getpwuid(owner).pw_gid, follow_symlinks=False)
    elif stands.st_uid != owner:
        raise HomeError(
            f"{home} belongs to {pwd.getpwuid(stands.st_uid).pw_name}: start as that user, or choose another HOME_DIR="
        )
    if not reachable_by(owner, [home]):
        closed = next((path for path in reversed(home.parents) if not reachable_by(owner, [path / "."])), home.parent)
        raise HomeError(
            f"the user {pwd.getpwuid(owner).pw_name} cannot reach {home}: {closed} is closed; choose another HOME_DIR="
        )
    return owner


def furnish(home: Path, port_base: int | None, *, demo: bool = False) -> None:
    """As the owner: folders, site.toml and secrets, where they are missing. demo: a new site.toml turns the sink on."""
    for name in FOLDERS:
        (home / name).mkdir(mode=0o700, exist_ok=True)
    site = home / "site.toml"
    if not site.exists() and not os.environ.get("MAILPLATFORM_SITE"):
        text = _SITE.format(port_base=10000 if port_base is None else port_base)
        site.write_text(text + (_DEMO if demo else ""), "utf-8")
        site.chmod(0o640)
    key = home / "secrets" / "secret_key"
    if not key.exists():
        with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")


def furnish_sockets(site: SiteConfig) -> None:
    """The folder of unix sockets, where the home's path is too long for one."""
    folder = site.sockets_dir
    if folder.parent != site.home:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise HomeError(f"{folder} belongs to somebody else")


def certificate(site: SiteConfig) -> str:
    """A self-signed ECDSA P-256 certificate for the host name, unless there is one. Returns what was done, in words."""
    folder = site.home / "tls" / site.hostname
    if (folder / "cert.pem").exists() and (folder / "key.pem").exists():
        return f"{folder} is there"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made_certificate, key = _self_signed(site.hostname, site.tls.self_signed_days)
    for name, text in (("key.pem", key), ("cert.pem", made_certificate)):
        partial = folder / f".{name}"
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
        partial.rename(folder / name)
    return f"self-signed for {site.hostname}"


def _self_signed(hostname: str, days: int) -> tuple[bytes, bytes]:
    """(certificate, key) in PEM. The names: the host name, and localhost for trying out."""
    from cryptography import x509  # noqa: PLC0415 - the supervisor stays small: 15 MB, needed once in the life of an instance
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(one) for one in dict.fromkeys([hostname, "localhost"])]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), private
