"""What all POP3 sessions of one process share."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailplatform.runtime.database import Bridge
from protocols.common.living import Living
from protocols.common.peer import Network
from protocols.common.sasl import Keeper
from protocols.pop3.ahead import Held
from protocols.pop3.leases import Leases


@dataclass(slots=True)
class Context:
    """One a process. bridge: to the store. Durations in seconds."""

    server_name: str
    bridge: Bridge
    keeper: Keeper
    living: Living
    leases: Leases
    idle_seconds: float = 600.0
    login_seconds: float = 60.0
    login_delay_seconds: int = 0
    plain_networks: tuple[Network, ...] = ()
    announce_scram: bool = True
    max_errors: int = 20
    held: Held = field(default_factory=Held)
