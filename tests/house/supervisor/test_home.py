"""The home: who owns it, what is made in it, what is refused; and the environment's bootstrap."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from mailplatform.settings.site import CODE, load
from mailplatform.supervisor import bootstrap
from mailplatform.supervisor import home as homes
from mailplatform.supervisor.commands import take_home
from mailplatform.supervisor.processes import Process, identify, reachable_by

AS_ROOT = os.geteuid() == 0


def test_furnishing_makes_private_things_once(tmp_path):
    homes.furnish(tmp_path, 20000)
    key = (tmp_path / "secrets" / "secret_key").read_text()
    assert load(tmp_path, environ={}).network.port_base == 20000
    assert stat.S_IMODE((tmp_path / "secrets" / "secret_key").stat().st_mode) == 0o600
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700 for name in homes.FOLDERS)
    homes.furnish(tmp_path, 30000)
    assert load(tmp_path, environ={}).network.port_base == 20000
    assert (tmp_path / "secrets" / "secret_key").read_text() == key


def test_port_base_zero_is_the_usual_ports(tmp_path):
    homes.furnish(tmp_path, 0)
    assert load(tmp_path, environ={}).listeners()["smtp"][0].port == 25


def test_first_certificate(tmp_path):
    homes.furnish(tmp_path, None)
    (tmp_path / "site.toml").write_text('[network]\nhostname = "mx.example.org"\n')
    site = load(tmp_path, environ={})
    homes.certificate(site)
    folder = tmp_path / "tls" / "mx.example.org"
    made = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey) and made.public_key().curve.name == "secp256r1"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["mx.example.org", "localhost"]
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    before = (folder / "cert.pem").read_bytes()
    homes.certificate(site)
    assert (folder / "cert.pem").read_bytes() == before


@pytest.mark.parametrize("home", [Path("/"), CODE, Path.home()])
def test_some_folders_are_never_a_home(home):
    with pytest.raises(homes.HomeError, match="cannot be the home"):
        homes.claim(home)


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(homes.HomeError, match="holds other things"):
        homes.claim(tmp_path)


def test_home_is_taken_out_of_any_command_line(monkeypatch):
    monkeypatch.delenv("MAILPLATFORM_HOME", raising=False)
    assert take_home(["manage.py", "domain", "--home", "/srv/a", "add", "a.test"]) == (
        Path("/srv/a"),
        ["manage.py", "domain", "add", "a.test"],
    )
    assert take_home(["manage.py", "domain", "--home=/srv/a"])[0] == Path("/srv/a")
    assert take_home(["manage.py", "x", "--home=/srv/a", "--", "--home"])[1] == ["manage.py", "x", "--", "--home"]


def test_instances_of_two_clones_differ():
    first, second = homes.instance_home(Path("/root/a/mail")), homes.instance_home(Path("/root/b/mail"))
    assert first != second and first.parent == second.parent == homes.INSTANCES


def test_a_process_is_more_than_its_pid():
    me = identify(os.getpid())
    assert me.alive() and not Process(me.pid, "another boot/1").alive()
    child = subprocess.Popen(["true"])
    gone = identify(child.pid)
    child.wait()
    assert not gone.alive() and not identify(child.pid).alive() and not gone.send(0)


def test_reachable_is_asked_as_that_user(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert reachable_by(os.geteuid(), [closed])
    nobody = pwd.getpwnam("nobody").pw_uid
    assert reachable_by(nobody, [closed]) is not AS_ROOT
    assert bootstrap.closed(closed) is AS_ROOT


def test_a_python_is_found_that_can_make_environments():
    found = bootstrap.find_python()
    asked = subprocess.run(
        [found, "-c", "import ensurepip, sys; print(sys.version_info >= (3, 11))"], capture_output=True, check=True
    )
    assert asked.stdout == b"True\n"


def test_locks_are_hashed_and_name_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (CODE / name).read_text()
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert pins and all(line.endswith("\\") for line in pins), "every pin carries hashes"
        assert "://" not in text
