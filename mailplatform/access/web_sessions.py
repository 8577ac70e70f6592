"""Signed in with a browser: a session is a row, its cookie a random key of which only the hash is kept.

Every request asks the row anew, together with its credential, user and account, so that a changed password, a withdrawn
right, a closed account or a network rule counts at the next click. A session ends by itself when idle too long and,
however busy, at an absolute age. `data` carries what the next page has to say (toasts), nothing that decides.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from mailplatform.access.admission import admitted
from mailplatform.access.models import WebSession
from mailplatform.access.values import WEB, Identity
from mailplatform.audit.record import Subject, record
from mailplatform.directory.statements import run
from mailplatform.directory.values import Actor
from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound

_SEEN_EVERY = timedelta(seconds=60)  # a row written at every click would cost more than most pages
_MOST_CLIENT = 300


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that goes on, with who holds it."""

    id: int
    identity: Identity
    started_at: datetime
    seen_at: datetime
    client_address: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebSessionInfo:
    """A session as people see it."""

    id: int
    login: str
    client_address: str
    client: str
    started_at: datetime
    seen_at: datetime


def begin(identity: Identity, *, client_address: str, client: str) -> str:
    """Let somebody who has just signed in go on; the key for their cookie. Sessions that have ended are swept out."""
    key = secrets.token_urlsafe(32)
    WebSession.objects.filter(_ended()).delete()
    WebSession.objects.create(
        key_hash=_hash(key),
        user_id=identity.user_id,
        credential_id=identity.credential_id,
        client_address=client_address,
        client=client[:_MOST_CLIENT],
    )
    return key


def visit(key: str, *, client_address: str, busy: bool = True) -> Visit | None:
    """The session of a cookie's key, None when it has ended or never was. One statement; the time of use once a minute.

    busy: somebody did something; else the session grows idle.
    """
    now, web = clock.now(), settings.SITE.web
    params = {
        "key_hash": _hash(key),
        "now": now,
        "started_after": now - timedelta(seconds=web.session_seconds),
        "seen_after": now - timedelta(seconds=web.session_idle_seconds),
    }
    rows = run("mailplatform.access", "web_session", params)
    if not rows:
        return None
    pk, started_at, seen_at, address, data = rows[0][:5]
    identity = Identity(*rows[0][5:])
    if not admitted(identity, WEB, client_address).allowed:
        end(pk)
        return None
    if busy and (now - seen_at > _SEEN_EVERY or address != client_address):
        WebSession.objects.filter(pk=pk).update(seen_at=now, client_address=client_address)
    kept = json.loads(data) if isinstance(data, str) else data  # Django's connection leaves JSON as text
    return Visit(pk, identity, started_at, seen_at, client_address, kept)


def keep(session_id: int, data: Mapping[str, Any]) -> None:
    """Remember something for the next page."""
    WebSession.objects.filter(pk=session_id).update(data=dict(data))


def end(session_id: int) -> None:
    """Sign out: the key is good for nothing from now on."""
    WebSession.objects.filter(pk=session_id).delete()


@transaction.atomic
def put_out(session_id: int, *, actor: Actor) -> WebSessionInfo:
    """End somebody's session. Raises NotFound."""
    row = WebSession.objects.select_related("user").filter(pk=session_id).first()
    if row is None:
        raise NotFound(gettext("session: it has ended already"), subject="session")
    info = _info(row)
    row.delete()
    subject = Subject("user", row.user_id, row.user.login, row.user.organisation_id)
    record("web_session.ended", subject, actor=actor, client_address=row.client_address)
    return info


def list_web_sessions(user_id: int) -> list[WebSessionInfo]:
    """Somebody's sessions that go on, the latest first."""
    rows = WebSession.objects.select_related("user").filter(user_id=user_id).exclude(_ended()).order_by("-seen_at", "-id")
    return [_info(row) for row in rows]


def _ended() -> Q:
    now, web = clock.now(), settings.SITE.web
    return Q(seen_at__lte=now - timedelta(seconds=web.session_idle_seconds)) | Q(
        started_at__lte=now - timedelta(seconds=web.session_seconds)
    )


def _info(row: WebSession) -> WebSessionInfo:
    return WebSessionInfo(row.pk, row.user.login, row.client_address, row.client, row.started_at, row.seen_at)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
