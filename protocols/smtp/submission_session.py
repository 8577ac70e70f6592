"""One connection of somebody of the house: signed in under TLS, sending as who they are (RFC 6409, RFC 4954, RFC 8314).

What differs from the MX stands here and in commands/auth.py: AUTH, and that MAIL is refused before it and for addresses that
are another's. The rest is the session of every role.

Invariants: no password and no mail before TLS, but from networks that the site names; a sign-in that holds no longer ends the
session, after the commit that is under way; STARTTLS forgets who was in (RFC 3207 §4.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailplatform.access.values import Identity
from mailplatform.runtime.spool import Room
from mailplatform.standards.sasl.plain import BadResponse
from protocols.common import sasl
from protocols.common.living import Living
from protocols.common.peer import Network, within
from protocols.smtp.commands import auth
from protocols.smtp.commands.table import ACTIONS
from protocols.smtp.roles import SUBMISSION, Limits
from protocols.smtp.session import SmtpSession
from protocols.smtp.spine import Spine
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire import replies
from protocols.smtp.wire.lines import BadLine

if TYPE_CHECKING:
    from protocols.common.listener import Listener


@dataclass(frozen=True, slots=True)
class People:
    """What submission asks of the house besides the spine.

    sender: may this identity send under this reverse-path; raises NotPermitted. sender_known: True when it surely may, without
    waiting. plain_networks: from where passwords may come without TLS. announce_scram: what is not announced is taken still.
    """

    keeper: sasl.Keeper
    sender: Callable[[Identity, str], Awaitable[None]]
    sender_known: Callable[[Identity, str], bool]
    living: Living
    plain_networks: tuple[Network, ...] = ()
    announce_scram: bool = True


class SubmissionSession(SmtpSession):
    """The server side of one submission connection."""

    actions = {**ACTIONS, wire.Auth: auth.auth, wire.MailFrom: auth.mail}

    def __init__(self, listener: Listener, limits: Limits, spine: Spine, room: Room, host: str, people: People) -> None:
        super().__init__(listener, SUBMISSION, limits, spine, room, host, people.living)
        self.people = people
        self._answer: asyncio.Future[bytes] | None = None  # the line that an exchange waits for

    # -- the connection's hooks --

    def closed(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
        super().closed()

    def secured(self) -> None:
        if self.entry is not None:
            self.entry.sign_out()
        if self.about is not None:
            self.about = replace(self.about, identity=None)
        super().secured()

    @property
    def state(self) -> str:
        return "authenticated" if self.identity is not None else "not authenticated"

    @property
    def identity(self) -> Identity | None:
        """Who signed in."""
        return self.about.identity if self.about is not None else None

    # -- AUTH --

    def mechanisms(self) -> tuple[str, ...]:
        if self.identity is not None or not self.may_sign_in():
            return ()
        return sasl.offered(weak=True, legacy=True, scram=self.people.announce_scram)

    def may_sign_in(self) -> bool:
        """Whether a password may come over this connection."""
        return self.secure or within(self.peer.address, self.people.plain_networks)

    async def ask(self, challenge: bytes) -> bytes:
        """Challenge the peer; the line that it answers with. Raises BadResponse, CancelledError when it is gone."""
        if self.transport is None or self.closing:
            raise asyncio.CancelledError
        self.out.append(replies.challenge(challenge))
        self._answer = self.loop.create_future()
        self.busy = False
        self.advance()
        try:
            return await self._answer
        finally:
            self._answer = None

    def _line(self, line: bytes | BadLine) -> None:
        if self._answer is None:
            super()._line(line)
            return
        self.busy = True
        if self._answer.done():  # a second line before the exchange took the first cannot be: we are busy from then on
            return
        if isinstance(line, BadLine):
            self._answer.set_exception(BadResponse("the response is no line"))
        else:
            self._answer.set_result(line)
