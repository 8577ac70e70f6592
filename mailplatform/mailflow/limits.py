"""How much one user may send in an hour and a day, in messages and in recipients: against a stolen password above all.

Counts are shared by all processes through Valkey, and kept by each alone where there is none (runtime.ratelimit); a window
begins with its first message. What is refused is not counted. A user's own limits go before the site's.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings

from mailplatform.access.sending import SendingLimits
from mailplatform.mailflow.identities import Sender
from mailplatform.runtime.errors import SendingLimitReached
from mailplatform.runtime.ratelimit import BehindCounter, Counter, SharedCounter

HOUR, DAY = 3600.0, 86400.0
_WORDS = {HOUR: "an hour", DAY: "a day"}


@cache
def counter() -> Counter:
    """The one of this process; made at first use, which is after the fork."""
    server = settings.SITE.redis
    shared = SharedCounter(settings.SITE.redis_url, timeout=server.timeout_seconds, breaker=server.breaker_seconds)
    return BehindCounter(shared)  # so that a message is prepared without waiting for anybody


def in_force(limits: SendingLimits) -> SendingLimits:
    """A user's limits, the site's where they have none of their own (0 in the site's settings: no limit)."""
    site = settings.SITE.submission
    names = SendingLimits.__slots__
    own = {name: getattr(limits, name) for name in names}
    return SendingLimits(**{name: (getattr(site, name) or None) if own[name] is None else own[name] for name in names})


def take(user_id: int, sender: Sender, recipients: int, counts: Counter | None = None) -> None:
    """Count one message with so many recipients. Raises SendingLimitReached (and counts nothing) when it is too much."""
    counts = counts or counter()
    most = in_force(sender.limits)
    wanted = [
        (f"sent {user_id} messages {int(HOUR)}", HOUR, 1, most.messages_per_hour, "messages"),
        (f"sent {user_id} messages {int(DAY)}", DAY, 1, most.messages_per_day, "messages"),
        (f"sent {user_id} recipients {int(HOUR)}", HOUR, recipients, most.recipients_per_hour, "recipients"),
        (f"sent {user_id} recipients {int(DAY)}", DAY, recipients, most.recipients_per_day, "recipients"),
    ]
    limited = [one for one in wanted if one[3] is not None]
    if not limited:
        return
    found = counts.hits([(key, window, by) for key, window, by, _, _ in limited])
    for (_, window, by, limit, what), count in zip(limited, found, strict=True):
        if limit is not None and count > limit:
            counts.hits([(key, window, -number) for key, window, number, _, _ in limited])
            sent = f"{count - by} are sent" if by == 1 else f"{count - by} are used and this message has {by}"
            raise SendingLimitReached(f"you may send {limit} {what} in {_WORDS[window]}, {sent}; try again later", subject=what)
