"""What manage.py does before Django: find the home, leave root, and run the commands that need no database.

``--home DIR`` is taken out of any command line first. As root over a home that belongs to another user we become that
user before anything of Django is imported; where that user cannot reach this clone, the copy in the home runs instead.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from mailplatform.settings.site import CODE, SiteError, home_from, load
from mailplatform.supervisor import bootstrap
from mailplatform.supervisor.home import HomeError, instance_home, owner_of
from mailplatform.supervisor.processes import drop_to


def main(argv: Sequence[str]) -> int:
    """Run one command line; its exit code."""
    try:
        home, arguments = take_home(list(argv))
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    os.environ["MAILPLATFORM_HOME"] = str(home)
    command = arguments[1] if len(arguments) > 1 else "help"
    try:
        match command:
            case "up":
                from mailplatform.supervisor.up import prepare, start  # noqa: PLC0415 - each command loads its own

                staged = "MAILPLATFORM_STAGE" in os.environ
                return start(home, arguments[2:]) if staged else prepare(home, arguments[2:])
            case "down" | "status":
                from mailplatform.supervisor import down  # noqa: PLC0415

                become_owner(home, arguments)
                return down.down(home, arguments[2:]) if command == "down" else down.status(home, arguments[2:])
            case "health":
                from mailplatform.supervisor.health import health  # noqa: PLC0415

                become_owner(home, arguments)
                return health(home, arguments[2:])
            case "units":
                from mailplatform.supervisor.units import units  # noqa: PLC0415

                return units(home, arguments[2:])
            case "check_site":
                from mailplatform.supervisor.check_site import check_site  # noqa: PLC0415

                return check_site(home, arguments[2:])
            case "_supervise":
                return _supervise(home)
            case "_nursery":
                return _nursery(home, arguments[2:])
        become_owner(home, arguments)
        if command == "serve" and len(arguments) > 2:
            os.environ["MAILPLATFORM_ROLE"] = arguments[2]  # whose database user it is, before settings are read
        return _django(arguments)
    except (SiteError, HomeError, bootstrap.BootstrapError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read us (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def take_home(argv: list[str]) -> tuple[Path, list[str]]:
    """The home, and the command line without ``--home``. Raises SiteError when its value is missing."""
    given, rest = None, []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--home":
            given = next(words, None)
            if given is None:
                raise SiteError("--home needs a folder")
        elif word.startswith("--home="):
            given = word.partition("=")[2]
        else:
            rest.append(word)
    if given is None and not os.environ.get("MAILPLATFORM_HOME") and bootstrap.closed(CODE):
        return instance_home(CODE), rest
    return home_from(given), rest


def become_owner(home: Path, arguments: Sequence[str]) -> None:
    """Run on as the home's owner under the environment's Python: by exec, unless we are that already."""
    owner = owner_of(home)
    code = home / "code" if os.geteuid() == 0 and owner and bootstrap.closed(CODE) else CODE
    python = code / ".venv" / "bin" / "python"
    if not python.exists():
        raise bootstrap.BootstrapError(f"{python} is not there: run `make up` (or `make test`) first")
    if os.geteuid() == 0 and owner and home.exists():
        drop_to(owner)
        os.environ["HOME"] = str(home)
    if not os.access(".", os.X_OK):
        os.chdir(home)
    if Path(sys.prefix) != code / ".venv" or code != CODE:
        os.execv(python, [str(python), str(code / "manage.py"), *arguments[1:]])  # noqa: S606


def _django(arguments: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - only now we are who we should be

    execute_from_command_line(list(arguments))
    return 0


def _supervise(home: Path) -> int:
    from mailplatform.supervisor.supervise import Supervisor, sockets_from_environment  # noqa: PLC0415

    given = {name: int(os.environ.pop(f"MAILPLATFORM_{name}", "-1")) for name in ("PROGRESS_FD", "KEEPER_FD")}
    for fd in given.values():
        if fd >= 0:
            os.set_inheritable(fd, False)
    return Supervisor(
        load(home),
        sockets_from_environment(),
        progress=given["PROGRESS_FD"],
        keeper_fd=given["KEEPER_FD"],
        demo=os.environ.get("MAILPLATFORM_DEMO", "1") == "1",
    ).run()


def _nursery(home: Path, arguments: Sequence[str]) -> int:
    from mailplatform.supervisor import nursery  # noqa: PLC0415

    fd, house, *preload = arguments
    control = socket.socket(fileno=int(fd))
    loading = {} if house == "1" else {"load_with": "", "enter_with": ""}
    nursery.main(control, home, list(preload), **loading)
    return 0
