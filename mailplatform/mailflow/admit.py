"""The answer to RCPT: is this recipient ours, may mail come in for it, is there room.

What is refused here is refused while the peer still owns the message; after DATA nothing is refused for these reasons.
A good answer is believed for some seconds, in each process; a change of the directory empties the memory at once through
its hint, and the commit compares the directory's epoch again, so a stale answer never misplaces mail.

Known gaps: sender checks stop at form and size.
"""

from __future__ import annotations

from django.conf import settings

from mailplatform.delivery import autoresponders
from mailplatform.directory import epoch
from mailplatform.directory.resolve import Kind, Resolved, Target, may_post, resolve
from mailplatform.mailflow import forward
from mailplatform.mailflow.memory import Memory
from mailplatform.mailflow.transaction import Disposition, LocalTarget, Recipient, Session
from mailplatform.runtime import clock, pubsub
from mailplatform.runtime.errors import NotFound, NotPermitted, OverQuota, TooLarge
from mailplatform.standards.address import Path
from mailplatform.store.usage import usage_many, usage_of_domain
from mailplatform.store.values import Usage

_memory: Memory[str, Recipient] = Memory()  # who takes mail from anybody
_outside: Memory[str, Recipient] = Memory()  # who is not ours, for those who may send outside; never looked at for others


def listen() -> pubsub.Subscriber:
    """Forget good answers whenever the directory changes, in this process; once, at the start of a door."""
    return pubsub.subscribe([epoch.CHANNEL], lambda _channel, _payload: forget())


def forget() -> None:
    """Forget all good answers."""
    _memory.clear()
    _outside.clear()


def known(path: Path, session: Session) -> Recipient | None:
    """The answer to RCPT if it is at hand without asking the database."""
    asked = str(path)
    return _memory.get(asked) or (_outside.get(asked) if _may_leave(session) else None)


def _may_leave(session: Session) -> bool:
    """Whether somebody of the house is sending: nobody else's mail leaves it (no open relay)."""
    return session.protocol == "submission" and session.identity is not None


def recipient(path: Path, session: Session, *, reverse_path: str | None = None) -> Recipient:
    """The answer to RCPT. The forward-path of the answer is the one that was asked, localpart's case and all.

    reverse_path: of the transaction, for groups with posting rules; None leaves such groups to be refused.
    Raises NotFound (no such recipient), NotPermitted (not our domain, or not allowed to post), OverQuota.
    """
    asked = str(path)
    found = known(path, session)
    if found is not None:
        return found
    generation, seconds = _memory.generation, settings.SITE.smtp.recipient_cache_seconds
    answer = resolve(asked)
    if answer.kind is Kind.FOREIGN and _may_leave(session):
        found = _foreign(path, asked, answer)
        _outside.put(asked, found, generation, seconds)
        return found
    if answer.kind is Kind.UNKNOWN and forward.is_rewritten(asked):
        return _returned(asked, answer, reverse_path)
    found = _judge(asked, answer, reverse_path)
    # A full account is one whose owner is about to make room, or not: never remembered. Posting depends on the sender.
    if not answer.rules:
        _memory.put(asked, found, generation, seconds)
    return found


def _foreign(path: Path, asked: str, answer: Resolved) -> Recipient:
    """Somebody outside. Address literals are nobody's: mail to a bare address has no name that anybody could answer for."""
    if path.address is None or path.address.domain.is_literal:
        raise NotPermitted("mail to an address literal is not sent from here", subject=asked)
    return Recipient(asked, Disposition.QUEUED, epoch=answer.epoch, outside=(asked,))


def _judge(asked: str, answer: Resolved, reverse_path: str | None) -> Recipient:
    match answer.kind:
        case Kind.FOREIGN:
            raise NotPermitted("relaying denied", subject=asked)
        case Kind.UNKNOWN:
            raise NotFound("no such recipient here", subject=asked)
        case Kind.DISCARD:
            return Recipient(asked, Disposition.DISCARDED, epoch=answer.epoch, max_message_size=answer.max_message_size)
    if answer.rules and not may_post(answer, reverse_path or ""):
        raise NotPermitted("you may not write to this group", subject=asked)
    if not answer.outside:
        _check_room(answer.targets, asked)
    responders = autoresponders.of_accounts([target.account_id for target in answer.targets]) if answer.targets else {}
    return Recipient(
        forward_path=asked,
        disposition=Disposition.LOCAL if answer.targets else Disposition.QUEUED,
        targets=tuple(
            LocalTarget(t.account_id, t.address, t.detail, _is_limited(t), responders.get(t.account_id)) for t in answer.targets
        ),
        epoch=answer.epoch,
        max_message_size=answer.max_message_size,
        outside=answer.outside,
    )


def _returned(asked: str, answer: Resolved, reverse_path: str | None) -> Recipient:
    """A report for a sender whose mail we sent on under an address of ours."""
    first = forward.original(asked, clock.now())
    if first is None:
        raise NotFound("no such recipient here", subject=asked)
    if reverse_path:
        raise NotPermitted("only reports are taken at this address", subject=asked)
    return Recipient(asked, Disposition.QUEUED, epoch=answer.epoch, outside=(first,))


def _check_room(targets: tuple[Target, ...], asked: str) -> None:
    """One account that is full refuses; a group takes mail as long as one of its members can."""
    limited = [target for target in targets if _is_limited(target)]
    if len(limited) < len(targets):
        return
    used = usage_many([target.account_id for target in limited])
    if not all(_is_full(target, used.get(target.account_id)) for target in limited):
        return
    raise OverQuota("the recipient's quota is exhausted", subject=asked)


def _is_limited(target: Target) -> bool:
    limits = (target.quota_bytes, target.quota_messages, target.domain_quota_bytes, target.domain_quota_messages)
    return limits != (None, None, None, None)


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
