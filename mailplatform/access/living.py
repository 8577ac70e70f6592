"""Living connections as rows, so that an administrator sees who is in, from where, doing what, and can end it from any machine.

The rows are written behind by the process that holds the connections (protocols.common.living) and are unlogged: they cost no
write-ahead log, and after a crash of the database every process writes its own again. A process gives a sign of life with
every look at the epochs; the sessions of one that has been silent for `SILENT` seconds are over, whatever their rows say.
Ending is a mark on the row, which the process finds at its next look, at the latest two seconds later; a hint makes it sooner.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from mailplatform.access.epoch import CHANNEL
from mailplatform.access.models import LivingProcess, LivingSession
from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.models import User
from mailplatform.directory.statements import run
from mailplatform.directory.values import Actor
from mailplatform.runtime import pubsub
from mailplatform.runtime.errors import Malformed, NotFound

SILENT = 30.0
"""Seconds without a sign of life after which a process counts as gone."""


@dataclass(frozen=True, slots=True)
class Process:
    """Who holds connections. id: drawn at random by the process itself."""

    id: int
    role: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process learns with each sign of life."""

    epochs: tuple[int, int]
    forgotten: bool
    ending: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One connection, as its process tells it. Octets are those of the protocol, within TLS."""

    number: int
    protocol: str
    state: str
    user_id: int | None
    organisation_id: int | None
    login: str
    folder: str
    client: str
    tls: str
    address: str
    since: datetime
    seen_at: datetime
    octets_in: int
    octets_out: int


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One connection, as an administrator sees it. `login` is "" before sign-in, `tls` "" in clear."""

    id: int
    protocol: str
    state: str
    login: str
    folder: str
    client: str
    tls: str
    address: str
    since: datetime
    seen_at: datetime
    octets_in: int
    octets_out: int
    host: str
    pid: int


_COLUMNS = SessionInfo.__slots__[:12]


def beat(process: Process) -> Beat:
    """Say that a process lives; what it has to know. May be repeated."""
    params = {"process": process.id, "role": process.role, "host": process.host, "pid": process.pid}
    ((access, directory, forgotten, ending),) = run("mailplatform.access", "living_beat", params)
    return Beat((access, directory), forgotten, tuple(ending))


def write(process: Process, rows: Sequence[SessionRow], gone: Sequence[int]) -> None:
    """Write sessions as they are now, and take away those that are over. May be repeated."""
    if gone:
        run("mailplatform.access", "living_gone", {"process": process.id, "numbers": list(gone)})
    if rows:
        columns: dict[str, Any] = {
            "numbers": [row.number for row in rows],
            "protocols": [row.protocol for row in rows],
            "states": [row.state for row in rows],
            "users": [row.user_id for row in rows],
            "organisations": [row.organisation_id for row in rows],
            "logins": [row.login for row in rows],
            "folders": [row.folder for row in rows],
            "clients": [row.client for row in rows],
            "tls": [row.tls for row in rows],
            "addresses": [row.address for row in rows],
            "since": [row.since for row in rows],
            "seen": [row.seen_at for row in rows],
            "octets_in": [row.octets_in for row in rows],
            "octets_out": [row.octets_out for row in rows],
        }
        run("mailplatform.access", "living_write", {"process": process.id, **columns})


def end_process(process: Process) -> None:
    """A process stops: its rows go with it."""
    LivingSession.objects.filter(process_id=process.id).delete()
    LivingProcess.objects.filter(pk=process.id).delete()


def forget_silent() -> None:
    """Take away what dead processes left."""
    run("mailplatform.access", "living_forget", {"seconds": 2 * SILENT})


def list_sessions(*, login: str = "", protocol: str = "", organisation_ids: Iterable[int] | None = None) -> list[SessionInfo]:
    """The connections that live now, the oldest first; of one user or protocol where asked. Raises Malformed (login)."""
    condition = _of(login) if login else Q()
    if protocol:
        condition &= Q(protocol=protocol)
    if organisation_ids is not None:
        condition &= Q(organisation_id__in=list(organisation_ids))
    processes = _living_processes()
    rows = LivingSession.objects.filter(condition, process_id__in=processes, ending_at__isnull=True).order_by("since", "id")
    return [_info(row, processes[row.pop("process_id")]) for row in rows.values("process_id", *_COLUMNS)]


def end_sessions(ids: Iterable[int], *, actor: Actor) -> int:
    """End these connections, each with its protocol's goodbye; how many. Raises NotFound when one is not there."""
    wanted = set(ids)
    with transaction.atomic():
        done = _end(Q(pk__in=wanted), actor)
        if done < len(wanted):
            raise NotFound(gettext("id: there is no such session"), subject="id")
    return done


@transaction.atomic
def end_all(login: str, *, protocol: str = "", actor: Actor) -> int:
    """End all connections of a user, each with its protocol's goodbye; how many. Raises Malformed, NotFound (user)."""
    condition = _of(login)
    if not User.objects.filter(login=str(canonical.split(login))).exists():
        raise NotFound(gettext("user: there is no user %(login)s") % {"login": login}, subject="user")
    return _end(condition & Q(protocol=protocol) if protocol else condition, actor)


def _info(columns: dict[str, Any], process: tuple[str, int]) -> SessionInfo:
    return SessionInfo(**columns, host=process[0], pid=process[1])


def _end(condition: Q, actor: Actor) -> int:
    living = LivingSession.objects.filter(condition, process_id__in=_living_processes(), ending_at__isnull=True)
    ended = list(living.order_by("id").values_list("id", "user_id", "login", "organisation_id", "protocol", "address"))
    LivingSession.objects.filter(pk__in=[row[0] for row in ended]).update(ending_at=Now())
    for session_id, user_id, login, organisation_id, protocol, address in ended:
        subject = Subject("user", user_id, login, organisation_id) if user_id else Subject("session", session_id, address)
        record("session.ended", subject, actor=actor, protocol=protocol, address=address)
    if ended:
        transaction.on_commit(lambda: pubsub.publish(CHANNEL, "sessions"))
    return len(ended)


def _living_processes() -> dict[int, tuple[str, int]]:
    living = LivingProcess.objects.filter(seen_at__gt=Now() - timedelta(seconds=SILENT))
    return {pk: (host, pid) for pk, host, pid in living.values_list("id", "host", "pid")}


def _of(login: str) -> Q:
    try:
        return Q(login=str(canonical.split(login)))
    except Malformed as error:
        raise Malformed(error.public, subject="user") from error
