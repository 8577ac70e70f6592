"""What all IMAP sessions of one process share: the lanes to the database, the snapshots, the hints, the limits.

Two lanes: quick for what a person waits for in milliseconds, slow for search and bulk changes, so that a search over fifty
gigabytes never delays a SELECT; and a lane of its own for password hashing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from mailplatform.runtime.database import Bridge
from mailplatform.runtime.spool import Room
from protocols.common.living import Living
from protocols.common.sasl import Keeper
from protocols.imap.hints import Hints
from protocols.imap.sections import Contents
from protocols.imap.snapshots import Snapshots


@dataclass(slots=True)
class Context:
    """One a process. `append_limit`: octets of one message. Durations in seconds."""

    server_name: str
    quick: Bridge
    slow: Bridge
    keeper: Keeper
    snapshots: Snapshots
    hints: Hints
    living: Living
    append_limit: int
    literal_limit: int = 1 << 20
    line_limit: int = 1 << 16
    idle_seconds: float = 1800.0
    login_seconds: float = 60.0
    plain_networks: tuple[IPv4Network | IPv6Network, ...] = field(default_factory=tuple)
    announce_scram: bool = True
    max_errors: int = 20
    contents: Contents = field(default_factory=Contents)
    room: Room = field(default_factory=Room)
