"""The answer to RCPT: is this recipient ours, may mail come in for it, is there room.

What is refused here is refused while the peer still owns the message; after DATA nothing is refused for these reasons.
A good answer is believed for some seconds, in each process; a change of the directory empties the memory at once through
its hint, and the commit compares the directory's epoch again, so a stale answer never misplaces mail.

Known gaps: forwards to outside are refused until there is a way out; sender checks stop at form and size.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from django.conf import settings

from mailplatform.directory import epoch
from mailplatform.directory.resolve import Kind, Resolved, Target, may_post, resolve
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient, Session
from mailplatform.runtime import pubsub
from mailplatform.runtime.errors import NotFound, NotPermitted, OverQuota, PolicyRefused, TooLarge
from mailplatform.standards.address import Path
from mailplatform.store.usage import usage_many, usage_of_domain
from mailplatform.store.values import Usage

_ENTRIES = 50_000


class _Memory:
    """Recipients that were good a moment ago. Bounded, oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[float, Recipient]] = OrderedDict()
        self._generation = 0

    @property
    def generation(self) -> int:
        return self._generation

    def get(self, key: str) -> Recipient | None:
        found = self._known.get(key)
        return found[1] if found is not None and time.monotonic() < found[0] else None

    def put(self, key: str, recipient: Recipient, generation: int) -> None:
        """Remember an answer, unless the memory was emptied while it was being found."""
        seconds = settings.SITE.smtp.recipient_cache_seconds
        with self._lock:
            if generation != self._generation or seconds <= 0:
                return
            self._known.pop(key, None)
            self._known[key] = (time.monotonic() + seconds, recipient)
            if len(self._known) > _ENTRIES:
                self._known.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._generation += 1
            self._known.clear()


_memory = _Memory()


def listen() -> pubsub.Subscriber:
    """Forget good answers whenever the directory changes, in this process; once, at the start of a door."""
    return pubsub.subscribe([epoch.CHANNEL], lambda _channel, _payload: _memory.clear())


def forget() -> None:
    """Forget all good answers."""
    _memory.clear()


def known(path: Path, session: Session) -> Recipient | None:
    """The answer to RCPT if it is at hand without asking the database."""
    return _memory.get(str(path))


def recipient(path: Path, session: Session, *, reverse_path: str | None = None) -> Recipient:
    """The answer to RCPT. The forward-path of the answer is the one that was asked, localpart's case and all.

    reverse_path: of the transaction, for groups with posting rules; None leaves such groups to be refused.
    Raises NotFound (no such recipient), NotPermitted (not our domain, or not allowed to post), OverQuota, PolicyRefused
    (leads outside, or nobody may post).
    """
    asked = str(path)
    found = _memory.get(asked)
    if found is not None:
        return found
    generation = _memory.generation
    answer = resolve(asked)
    found = _judge(asked, answer, reverse_path)
    # A full account is one whose owner is about to make room, or not: never remembered. Posting depends on the sender.
    if not answer.rules:
        _memory.put(asked, found, generation)
    return found


def _judge(asked: str, answer: Resolved, reverse_path: str | None) -> Recipient:
    match answer.kind:
        case Kind.FOREIGN:
            raise NotPermitted("relaying denied", subject=asked)
        case Kind.UNKNOWN:
            raise NotFound("no such recipient here", subject=asked)
        case Kind.DISCARD:
            return Recipient(asked, Disposition.DISCARDED, epoch=answer.epoch, max_message_size=answer.max_message_size)
    if answer.refusal:
        raise PolicyRefused("this address forwards outside, which is not possible yet", reason=answer.refusal, subject=asked)
    if answer.rules and not may_post(answer, reverse_path or ""):
        raise NotPermitted("you may not write to this group", subject=asked)
    _check_room(answer.targets, asked)
    return Recipient(
        forward_path=asked,
        disposition=Disposition.LOCAL,
        targets=tuple(LocalTarget(target.account_id, target.address, target.detail) for target in answer.targets),
        epoch=answer.epoch,
        max_message_size=answer.max_message_size,
    )


def _check_room(targets: tuple[Target, ...], asked: str) -> None:
    """One account that is full refuses; a group takes mail as long as one of its members can."""
    limited = [
        t for t in targets if (t.quota_bytes, t.quota_messages, t.domain_quota_bytes, t.domain_quota_messages) != (None,) * 4
    ]
    if len(limited) < len(targets):
        return
    used = usage_many([target.account_id for target in limited])
    if not all(_is_full(target, used.get(target.account_id)) for target in limited):
        return
    raise OverQuota("the recipient's quota is exhausted", subject=asked)


def _is_full(target: Target, used: Usage | None) -> bool:
    if used is not None:
        if target.quota_bytes is not None and used.bytes >= target.quota_bytes:
            return True
        if target.quota_messages is not None and used.messages >= target.quota_messages:
            return True
    if target.domain_quota_bytes is None and target.domain_quota_messages is None:
        return False
    domain = usage_of_domain(target.domain_id)
    return (target.domain_quota_bytes is not None and domain.bytes >= target.domain_quota_bytes) or (
        target.domain_quota_messages is not None and domain.messages >= target.domain_quota_messages
    )


def sender(path: Path, session: Session, *, size: int | None = None) -> None:
    """The answer to MAIL. The null path is always good (RFC 5321 §4.5.5). Raises TooLarge for a SIZE beyond the site's limit."""
    most = settings.SITE.smtp.max_message_bytes
    if size is not None and size > most:
        raise TooLarge(f"the message is larger than {most} octets")
