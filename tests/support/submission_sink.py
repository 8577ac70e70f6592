"""A submission door without a house behind it: the sink of SMTP, and two people who may come in.

`anna@a.test` and `user` (of RFC 7677) have the password `pencil`; whoever comes in sends as anything at `a.test`. The password
`later` finds nobody at home to check it.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from mailplatform.access.scram import Offered
from mailplatform.access.values import Identity
from mailplatform.runtime.database import Bridge
from mailplatform.runtime.errors import AuthenticationFailed, NotPermitted, TemporarilyUnavailable
from mailplatform.runtime.spool import Room
from mailplatform.standards.sasl import scram
from protocols.common.limits import Connections
from protocols.common.listener import Listener
from protocols.common.living import Living
from protocols.common.sasl import Keeper
from protocols.smtp.roles import Limits
from protocols.smtp.submission_session import People, SubmissionSession
from tests.support.smtp_sink import HOST, Sink

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
PENCIL = scram.verifier(b"pencil", SALT, 4096)
WHO = ("anna@a.test", "user")


def identity(login: str) -> Identity:
    return Identity(1, 1, 1, login, "", "employee", 1, 1)


async def check(login: str, password: bytes, _client: str) -> Identity:
    await asyncio.sleep(0)
    if password == b"later":
        raise TemporarilyUnavailable(private="as the test says")
    if login not in WHO or password != b"pencil":
        raise AuthenticationFailed(subject=login)
    return identity(login)


async def offer(login: str, _client: str, _secure: bool) -> Offered:
    await asyncio.sleep(0)
    known = login in WHO
    return Offered(login, SALT, 4096, (PENCIL,) if known else (), (identity(login),) if known else (), (None,))


async def prove(offered: Offered, proved: int | None, _client: str) -> Identity:
    if proved is None:
        raise AuthenticationFailed(subject=offered.login)
    return offered.candidates[proved]


async def may_send(_who: Identity, reverse_path: str) -> None:
    await asyncio.sleep(0)
    if reverse_path and not reverse_path.endswith("@a.test"):
        raise NotPermitted(f"you may not send as {reverse_path}")


class OpenSession(SubmissionSession):
    """One that takes passwords without TLS, wherever from."""

    def _may_sign_in(self) -> bool:
        return True


def listener(
    sink: Sink,
    *,
    sync: bool = False,
    limits: Limits | None = None,
    session: type[SubmissionSession] = SubmissionSession,
    **options: Any,
) -> Listener:
    """A door onto the sink; to be made inside a running loop. sync: senders are known without waiting."""
    spine, limits, room = sink.spine(), limits or Limits(line=12400), Room()
    people = People(
        Keeper(check, offer, prove, lambda: NONCE),
        may_send,
        lambda _who, path: sync and path.endswith("@a.test"),
        Living(Bridge(1, name="nobody")),
    )
    options.setdefault("limits", Connections(1000, 1000))
    options.setdefault("total", limits.session_seconds)
    return Listener("submission", lambda door: session(door, limits, spine, room, HOST, people), **options)
