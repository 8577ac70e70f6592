"""One connection of somebody of the house: signed in under TLS, sending as who they are (RFC 6409, RFC 4954, RFC 8314).

What differs from the MX stands here: AUTH, and that MAIL is refused before it and for addresses that are another's. The rest
is the session of every role.

Invariants: no password and no mail before TLS, but from networks that the site names; a sign-in that holds no longer ends the
session, after the commit that is under way; STARTTLS forgets who was in (RFC 3207 §4.2).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from mailplatform.access.values import Identity
from mailplatform.runtime.errors import AuthenticationFailed, LimitReached, MailError
from mailplatform.runtime.spool import Room
from mailplatform.standards.sasl.encoding import Cancelled
from mailplatform.standards.sasl.plain import BadResponse
from protocols.common.living import Living
from protocols.common.peer import Network, within
from protocols.smtp import errors
from protocols.smtp.auth import MECHANISMS, OFFERED, Keeper, authenticate
from protocols.smtp.roles import SUBMISSION, Limits
from protocols.smtp.session import ACTIONS, SmtpSession
from protocols.smtp.spine import Spine
from protocols.smtp.wire import commands as wire
from protocols.smtp.wire import replies
from protocols.smtp.wire.lines import BadLine
from protocols.smtp.wire.replies import Reply, reply

if TYPE_CHECKING:
    from protocols.common.listener import Listener

log = logging.getLogger(__name__)

_NO_LONGER = reply(421, "4.7.0", "Your sign-in holds no longer, closing connection")


@dataclass(frozen=True, slots=True)
class People:
    """What submission asks of the house besides the spine.

    sender: may this identity send under this reverse-path; raises NotPermitted. sender_known: True when it surely may, without
    waiting. plain_networks: from where passwords may come without TLS.
    """

    keeper: Keeper
    sender: Callable[[Identity, str], Awaitable[None]]
    sender_known: Callable[[Identity, str], bool]
    living: Living
    plain_networks: tuple[Network, ...] = ()


class SubmissionSession(SmtpSession):
    """The server side of one submission connection."""

    actions: ClassVar[Mapping[type[wire.Command], Callable[[Any, Any], None]]]

    def __init__(self, listener: Listener, limits: Limits, spine: Spine, room: Room, host: str, people: People) -> None:
        super().__init__(listener, SUBMISSION, limits, spine, room, host)
        self._people = people
        self._answer: asyncio.Future[bytes] | None = None  # the line that an exchange waits for
        self._put_out = False

    # -- the connection's hooks --

    def closed(self) -> None:
        self._people.living.leave(self)
        if self._answer is not None:
            self._answer.cancel()
        super().closed()

    def put_out(self) -> None:
        """The sign-in holds no longer: end, after what is being committed."""
        self._put_out = True
        self._advance()

    def _advance(self) -> None:
        if self._put_out and not self.busy and not self.closing:
            self._hang_up(_NO_LONGER)
            return
        super()._advance()

    def _secured(self) -> None:
        super()._secured()
        self._signed_out()

    def _signed_out(self) -> None:
        self._people.living.leave(self)
        if self._session is not None:
            self._session = replace(self._session, identity=None)

    @property
    def identity(self) -> Identity | None:
        """Who signed in."""
        return self._session.identity if self._session is not None else None

    # -- AUTH --

    def mechanisms(self) -> tuple[str, ...]:
        return OFFERED if self.identity is None and self._may_sign_in() else ()

    def _may_sign_in(self) -> bool:
        return self.secure or within(self.peer.address, self._people.plain_networks)

    def smtp_AUTH(self, command: wire.Auth) -> None:
        """RFC 4954 §4."""
        if self.identity is not None:
            self._refuse(replies.AUTH_AGAIN)
        elif not self._may_sign_in():
            self._refuse(replies.AUTH_NEEDS_TLS)
        elif command.mechanism not in MECHANISMS:
            self._refuse(replies.AUTH_MECHANISM)
        elif self._session is None or not self._session.esmtp:
            self._refuse(replies.HELO_FIRST)
        else:
            self.busy = True
            self.listener.spawn(self._sign_in(command))

    async def _sign_in(self, command: wire.Auth) -> None:
        refusal: Reply | None = None
        try:
            identity = await authenticate(command.mechanism, command.initial, self._ask, self._people.keeper, self.peer.address)
            self._come_in(identity)
        except asyncio.CancelledError:
            return  # the peer is gone
        except Cancelled:
            refusal = replies.AUTH_CANCELLED
        except BadResponse:
            refusal = replies.AUTH_MALFORMED
        except AuthenticationFailed as error:
            log.info("%s: %s may not come in: %s", self.peer.address, error.subject, error.private)
            refusal = replies.AUTH_FAILED
        except LimitReached as error:
            refusal = errors.refusal(error)
        except MailError as error:
            log.warning("%s: AUTH: %s", self.peer.address, error)
            refusal = replies.AUTH_TEMPORARY
        except Exception:
            log.exception("%s: AUTH failed", self.peer.address)
            refusal = replies.AUTH_TEMPORARY
        self.busy = False
        if self.transport is None or self.closing:
            self._people.living.leave(self)
            return
        if refusal is None:
            self._say(replies.AUTHENTICATED)
        else:
            self._refuse(refusal)
        self._advance()

    def _come_in(self, identity: Identity) -> None:
        if self._session is None or self.transport is None:
            raise asyncio.CancelledError
        self._people.living.enter(self, identity)
        self._session = replace(self._session, identity=identity)

    async def _ask(self, challenge: bytes) -> bytes:
        """Challenge the peer; the line that it answers with. Raises BadResponse, CancelledError when it is gone."""
        if self.transport is None or self.closing:
            raise asyncio.CancelledError
        self._out.append(replies.challenge(challenge))
        self._answer = self.loop.create_future()
        self.busy = False
        self._advance()
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

    # -- MAIL --

    def smtp_MAIL(self, command: wire.MailFrom) -> None:
        """RFC 6409 §4.3 and §6.1: only those who signed in, only as themselves."""
        identity = self.identity
        if identity is None:
            self._refuse(replies.AUTH_FIRST if self._may_sign_in() else replies.TLS_FIRST, "mail")
        elif self._people.sender_known(identity, str(command.reverse_path)):
            super().smtp_MAIL(command)
        else:
            self.busy = True
            self.listener.spawn(self._check_sender(identity, command))

    async def _check_sender(self, identity: Identity, command: wire.MailFrom) -> None:
        refusal: Reply | None = None
        try:
            await self._people.sender(identity, str(command.reverse_path))
        except MailError as error:
            refusal = errors.refusal(error)
        except Exception:
            log.exception("%s: MAIL failed", self.peer.address)
            refusal = replies.TRY_LATER
        self.busy = False
        if self.transport is None or self.closing:
            return
        if refusal is None:
            super().smtp_MAIL(command)
        else:
            self._refuse(refusal, "mail")
        self._advance()


SubmissionSession.actions = {
    **ACTIONS,
    wire.Auth: SubmissionSession.smtp_AUTH,
    wire.MailFrom: SubmissionSession.smtp_MAIL,
}
