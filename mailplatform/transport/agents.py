"""Delivery agents: the code behind a transport's name. The way from a name to an agent is a dotted path in the settings.

The agent of `smtp` lives among the doors, above this room: it is named, never imported. It is asked for one lease at a time and
answers with an outcome for each item; what comes of the outcomes is settle's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from mailplatform.runtime.errors import NotFound
from mailplatform.transport.values import LOCAL, SMTP, Lease, Outcome

BeforeDot = Callable[[], Awaitable[bool]]
"""Awaited just before the final dot: the lease is looked at, and the attempt committed as in doubt. False: do not send it."""

PATHS: Mapping[str, str] = {
    LOCAL: "mailplatform.mailflow.agent.LocalAgent",
    SMTP: "protocols.smtp.agent.agent.SmtpAgent",
}


class DeliveryAgent(Protocol):
    """Carries leased items of one message to one destination."""

    async def deliver(self, lease: Lease, *, before_dot: BeforeDot) -> list[Outcome]:
        """One attempt; an outcome for each item, in any order. Never raises for what a remote did."""

    async def close(self) -> None:
        """End what waits."""


def agent_for(transport: str) -> Any:
    """The agent's class. Raises NotFound for a transport that this site does not have."""
    paths: Mapping[str, str] = getattr(settings, "DELIVERY_AGENTS", PATHS)
    if transport not in paths:
        raise NotFound(f"there is no transport {transport}", subject=transport)
    return import_string(paths[transport])
