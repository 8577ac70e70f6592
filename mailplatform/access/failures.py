"""The ledger of wrong passwords: one count for all processes and machines, which an administrator can read and clear.

A failure costs a slow hash anyway, so counting it in the database (an unlogged table) costs little, is exact without Valkey, and
tells what a count alone cannot: from where, by which protocol, and until when the door is shut.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from mailplatform.access.models import Failure
from mailplatform.audit.record import Subject, record
from mailplatform.directory import canonical
from mailplatform.directory.statements import run
from mailplatform.directory.values import Actor
from mailplatform.runtime.errors import Malformed, NotFound

HOUSE = Actor(None, "mailplatform")
_MOST_SHUT = 20_000


@dataclass(frozen=True, slots=True)
class FailureInfo:
    """Wrong passwords of late. state: "throttled" (answers come late) or "locked out" (nothing is looked at, until shut_until).

    login "": of all logins from a network. network "": from everywhere but the login's own networks.
    """

    login: str
    network: str
    state: str
    failures: int
    last_at: datetime
    last_address: str
    last_protocol: str
    shut_until: datetime | None


class Ledger:
    """The table, as the lock-out uses it."""

    def hit(self, key: str, login: str, network: str, address: str, protocol: str, window: float) -> int:
        """Count one; how many in this window."""
        params = {"key": key, "login": login, "network": network, "address": address, "protocol": protocol, "window": window}
        ((count,),) = run("mailplatform.access", "failure_hit", params)
        return int(count)

    def shut(self, key: str, seconds: float, *, first: bool) -> None:
        """Shut a door for so long. first: the lock-out begins, which goes into the audit trail."""
        Failure.objects.filter(pk=key).update(shut_until=Now() + timedelta(seconds=seconds))
        if first and (row := Failure.objects.filter(pk=key).first()) is not None:
            where = {"network": row.network, "address": row.last_address, "protocol": row.last_protocol}
            subject = Subject("login", None, row.login) if row.login else Subject("network", None, row.network)
            record("access.locked_out", subject, actor=HOUSE, **where)

    def standing(self) -> dict[str, float]:
        """The doors that are shut, and for how many seconds more."""
        rows = Failure.objects.filter(shut_until__gt=Now()).annotate(left=F("shut_until") - Now())
        return {key: left.total_seconds() for key, left in rows.values_list("key", "left")[:_MOST_SHUT]}

    def forget(self, key: str) -> None:
        """Somebody came in."""
        Failure.objects.filter(pk=key).delete()


def list_failures(login: str = "", *, limit: int = 1000) -> list[FailureInfo]:
    """Those that count now, the latest first, so many at most; of one login where asked."""
    rows = Failure.objects.filter(_counting()).annotate(now=Now()).order_by("-last_at")
    if login:
        rows = rows.filter(login=_login(login))
    return [_info(row) for row in rows[:limit]]


def is_locked_out(login: str, network: str) -> bool:
    """Whether nothing is looked at just now of a login at a network. login: canonical."""
    keys = [login, f"{login} {network}", f"net {network}"]
    return Failure.objects.filter(pk__in=keys, shut_until__gt=Now()).exists()


def forget_old() -> int:
    """Take away what counts no longer; how many rows. Every name that a guesser makes up is one."""
    return Failure.objects.exclude(_counting()).delete()[0]


def _counting() -> Q:
    window = timedelta(seconds=settings.SITE.access.lockout_window_seconds)
    return Q(first_at__gt=Now() - window) | Q(shut_until__isnull=False, shut_until__gt=Now())


@transaction.atomic
def clear_failures(*, login: str = "", network: str = "", actor: Actor) -> int:
    """Forget the wrong passwords of a login, of a network, or all, and open what they shut; how many rows went.

    Raises NotFound when there are none of the login or network that was named.
    """
    rows = Failure.objects.all()
    if login:
        rows = rows.filter(login=_login(login))
    if network:
        rows = rows.filter(network=network)
    gone = rows.delete()[0]
    if not gone and (login or network):
        raise NotFound(gettext("there are no wrong passwords to forget"), subject="user" if login else "network")
    subject = Subject("login", None, _login(login)) if login else Subject("network", None, network or "all")
    record("access.lockout_cleared", subject, actor=actor, count=gone)
    return gone


def _info(row: Any) -> FailureInfo:
    locked = row.shut_until is not None and row.shut_until > row.now
    return FailureInfo(
        row.login,
        row.network,
        "locked out" if locked else "throttled",
        row.failures,
        row.last_at,
        row.last_address,
        row.last_protocol,
        row.shut_until if locked else None,
    )


def _login(text: str) -> str:
    try:
        return str(canonical.split(text))
    except Malformed:
        return text.strip().lower()
