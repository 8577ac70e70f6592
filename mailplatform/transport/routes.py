"""Routes: smart hosts that a person chose, by the sender's domain, the recipient's, or both.

The best route is found when an item is written (enqueue_items.sql), the recipient's domain counting more than the sender's; when
routes change, what waits is led anew. A password is sealed under a key derived from the site's secret key and opened for an agent
only: rows, backups, lists and logs never show it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.directory import problems
from mailplatform.directory.values import Actor
from mailplatform.runtime.database import cursor
from mailplatform.runtime.errors import AlreadyExists, Malformed, NotFound
from mailplatform.runtime.sqlfiles import load
from mailplatform.standards.address import BadAddress, domain_name
from mailplatform.transport import models
from mailplatform.transport.values import Route

TLS = ("none", "may", "encrypt", "verify", "implicit")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST_PAUSES = 32
_LONGEST = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """A route as people see it; "" of a domain means any, without a host mail goes by MX after all. retry_after: seconds."""

    name: str
    sender_domain: str
    recipient_domain: str
    host: str
    port: int
    tls: str
    login: str
    auth_without_tls: bool
    retry_after: tuple[float, ...]


def add_route(
    name: str,
    *,
    host: str = "",
    port: int = 0,
    sender_domain: str = "",
    recipient_domain: str = "",
    tls: str = "may",
    login: str = "",
    password: str = "",
    auth_without_tls: bool = False,
    retry_after: Sequence[float] = (),
    actor: Actor,
) -> RouteInfo:
    """Make a route and lead what waits anew. Raises Malformed, AlreadyExists (the name, or these domains have one)."""
    if not name.strip() or len(name) > 64:
        raise Malformed(gettext("name: give the route a name of at most 64 characters"), subject="name")
    if tls not in TLS:
        raise Malformed(gettext("tls: %(tls)s is none of %(known)s") % {"tls": tls, "known": ", ".join(TLS)}, subject="tls")
    if not 0 <= port < 65536:
        raise Malformed(gettext("port: %(port)d is not a port") % {"port": port}, subject="port")
    if bool(login) != bool(password):
        raise Malformed(gettext("login and password are given together, or neither"), subject="login")
    if login and tls in ("none", "may") and not auth_without_tls:
        words = gettext("tls: a password needs TLS that cannot be left out: encrypt, verify or implicit")
        raise Malformed(words, subject="tls")
    _check_pauses(retry_after, host)
    row = models.Route(
        name=name.strip(),
        sender_domain=_domain(sender_domain, "sender_domain"),
        recipient_domain=_domain(recipient_domain, "recipient_domain"),
        host=_host(host),
        port=port,
        tls=tls,
        login=login,
        secret=seal(password) if password else b"",
        auth_without_tls=auth_without_tls,
        retry_after=[float(seconds) for seconds in retry_after],
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record("route.added", Subject("route", row.pk, row.name), actor=actor, host=row.host, login=row.login)
            _lead_anew()
    except IntegrityError as error:
        raise AlreadyExists(gettext("a route of this name, or for these domains, is there"), subject="name") from error
    return _info(row)


def remove_route(name: str, *, actor: Actor) -> None:
    """Take a route away; what waited for it goes the next best way. Raises NotFound."""
    with transaction.atomic():
        row = models.Route.objects.select_for_update().filter(name=name).first()
        if row is None:
            raise NotFound(gettext("there is no route %(name)s") % {"name": name}, subject="name")
        record("route.removed", Subject("route", row.pk, row.name), actor=actor)
        row.delete()
        _lead_anew()


def list_routes() -> list[RouteInfo]:
    """All routes, by name."""
    return [_info(row) for row in models.Route.objects.order_by("name")]


def opened(
    name: str, host: str, port: int, tls: str, login: str, secret: bytes, auth_without_tls: bool, retry_after: Sequence[float]
) -> Route:
    """The columns of a row as an agent needs them. A password under a lost key is empty: the remote will say so."""
    password = unseal(bytes(secret)) if secret else ""
    return Route(name, host, port, tls, login, password, auth_without_tls, tuple(retry_after))


def pauses(text: str) -> tuple[float, ...]:
    """ "5m, 30m, 2h" → seconds; "" → (). Raises Malformed."""
    found = (
        [re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)", part.strip()) for part in text.split(",")] if text.strip() else []
    )
    if not all(found):
        raise Malformed(
            gettext("retry_after: %(text)r is no list of times like 5m,30m,2h") % {"text": text}, subject="retry_after"
        )
    return tuple(float(match[1]) * _UNITS[match[2]] for match in found if match)


def _check_pauses(seconds: Sequence[float], host: str) -> None:
    """Raises Malformed for pauses that cannot be kept."""
    if seconds and not host:
        words = gettext("retry_after: only a route with a host has its own times; those of all others stand in [outbound]")
        raise Malformed(words, subject="retry_after")
    if len(seconds) > _MOST_PAUSES or not all(0 < one <= _LONGEST for one in seconds):
        words = gettext("retry_after: at most %(most)d times, each more than nothing and at most 30 days")
        raise Malformed(words % {"most": _MOST_PAUSES}, subject="retry_after")


def seal(password: str) -> bytes:
    """Encrypt for the database."""
    return _box().encrypt(password.encode())


def unseal(secret: bytes) -> str:
    """Decrypt; "" when the site's secret key is another one by now."""
    try:
        return _box().decrypt(secret).decode()
    except InvalidToken:
        return ""


def _box() -> Fernet:
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"transport.route").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _lead_anew() -> None:
    """Items that wait find their best route again."""
    with cursor() as running:
        running.execute(load("mailplatform.transport", "routes_anew"))


def _info(row: models.Route) -> RouteInfo:
    shown = (row.name, row.sender_domain, row.recipient_domain, row.host, row.port, row.tls, row.login, row.auth_without_tls)
    return RouteInfo(*shown, tuple(row.retry_after))


def _domain(text: str, field: str) -> str:
    if not text or text == "*":
        return ""
    try:
        return domain_name(text.strip().removesuffix(".")).name
    except BadAddress as error:
        words = gettext("%(field)s: %(text)r is not a domain name: %(problem)s")
        raise Malformed(words % {"field": field, "text": text, "problem": problems.said(error.problem)}, subject=field) from error


def _host(text: str) -> str:
    """A host name, or an address in brackets."""
    bare = text.strip()
    if bare and not bare.startswith("[") and (":" in bare or bare.replace(".", "").isdigit()):
        bare = f"[IPv6:{bare}]" if ":" in bare else f"[{bare}]"
    return _domain(bare, "host")
