"""What a drill sent and what it was told, and the comparison with what is there. Pure.

The promise: what was acknowledged is there, once for each acknowledgement; what was not acknowledged is there not at all, or once
for each attempt. Every message of a drill is attempted once, so "there" is a number per account and Message-ID.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Told(StrEnum):
    """How an attempt ended for the sender."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # a reply that was not 250 or OK
    UNKNOWN = "unknown"  # the connection broke with the message under way
    UNSENT = "unsent"  # it broke before


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message, sent once, for some accounts."""

    message_id: str
    accounts: tuple[str, ...]
    way: str  # smtp, append
    told: Told
    detail: str = ""


@dataclass(slots=True)
class Ledger:
    """Attempts of all senders."""

    attempts: list[Attempt] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, attempt: Attempt) -> None:
        with self.lock:
            self.attempts.append(attempt)

    def counts(self) -> Counter[str]:
        with self.lock:
            return Counter(f"{attempt.way} {attempt.told}" for attempt in self.attempts)


def broken_promises(attempts: Sequence[Attempt], there: Mapping[str, Counter[str]]) -> list[str]:
    """Sentences about every account and message where the promise was not kept; `there`: account → Message-ID → how often."""
    broken = []
    sent = {attempt.message_id for attempt in attempts}
    for attempt in attempts:
        for account in attempt.accounts:
            found = there[account][attempt.message_id]
            if attempt.told is Told.ACKNOWLEDGED and found != 1:
                broken.append(f"{attempt.message_id} was acknowledged and is {found} times at {account}")
            elif found > 1:
                broken.append(f"{attempt.message_id} was {attempt.told} and is {found} times at {account}")
            elif attempt.told is Told.UNSENT and found:
                broken.append(f"{attempt.message_id} was never sent and is at {account}")
    for account, found_there in there.items():
        broken += [f"{message_id} is at {account} and nobody sent it" for message_id in found_there if message_id not in sent]
    return broken


def refused_for_good(attempts: Sequence[Attempt]) -> list[str]:
    """Sentences about SMTP refusals that were not 4xx: while something is down, a sender must be asked to try again."""
    refused = [attempt for attempt in attempts if attempt.way == "smtp" and attempt.told is Told.REFUSED]
    return [
        f"{attempt.message_id} was refused for good: {attempt.detail}"
        for attempt in refused
        if not attempt.detail.startswith("4")
    ]
