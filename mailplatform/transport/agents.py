"""Delivery agents: the code behind a transport's name. The way from a name to an agent is a dotted path in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from mailplatform.runtime.errors import NotFound
from mailplatform.transport.settle import Outcome
from mailplatform.transport.values import LeasedItem


class DeliveryAgent(Protocol):
    """Tries leased items of one message and one destination, each with an outcome of its own."""

    def deliver(self, items: Sequence[LeasedItem]) -> Sequence[Outcome]: ...


def agent_for(transport: str) -> type[DeliveryAgent]:
    """The agent's class. Raises NotFound for a transport that this site does not have."""
    paths = getattr(settings, "DELIVERY_AGENTS", {"local": "mailplatform.mailflow.agent.LocalAgent"})
    if transport not in paths:
        raise NotFound(f"there is no transport {transport}", subject=transport)
    return import_string(paths[transport])  # type: ignore[no-any-return]
