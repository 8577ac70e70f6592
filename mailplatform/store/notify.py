"""Hints: who watches an account hears, once a change has committed, that there is something to read.

A hint may be lost; the modseq that a reader finds is the truth. One channel an account; the payload is
``modseq kind,kind``.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from mailplatform.runtime import pubsub

EMAIL, FOLDER, THREAD = "email", "folder", "thread"
ARRIVED = (EMAIL, FOLDER, THREAD)


CHANNELS = "account.*"
"""The pattern that hears every account."""


def account_of(channel: str) -> int | None:
    """The account whose channel this is, or None."""
    lead, _, number = channel.partition(".")
    return int(number) if lead == "account" and number.isascii() and number.isdigit() else None


def channel(account_id: int) -> str:
    """The channel of an account's hints."""
    return f"account.{account_id}"


def changed(account_id: int, modseq: int, kinds: Iterable[str] = ARRIVED) -> None:
    """Publish when the transaction that is open commits; at once without one."""
    changed_many([(account_id, modseq)], kinds)


def changed_many(accounts: Iterable[tuple[int, int]], kinds: Iterable[str] = ARRIVED) -> None:
    """The same for (account, modseq) pairs."""
    told, hints = ",".join(kinds), list(accounts)

    def publish() -> None:
        for account_id, modseq in hints:
            pubsub.publish(channel(account_id), f"{modseq} {told}")

    transaction.on_commit(publish, robust=True)


def parse(payload: str) -> tuple[int, frozenset[str]]:
    """A payload's modseq and kinds. Raises ValueError for what is no hint."""
    modseq, _, kinds = payload.partition(" ")
    return int(modseq), frozenset(kinds.split(",")) if kinds else frozenset()
