"""Hints: who watches an account hears, once a change has committed, that there is something to read.

A hint may be lost; the modseq that a reader finds is the truth. One channel carries all accounts, and one message all that
a commit touched (decision 0015): ``kind,kind account:modseq account:modseq …``.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from mailplatform.runtime import pubsub

EMAIL, FOLDER, THREAD = "email", "folder", "thread"
ARRIVED = (EMAIL, FOLDER, THREAD)
CHANNEL = "accounts"


def changed(account_id: int, modseq: int, kinds: Iterable[str] = ARRIVED) -> None:
    """Publish when the transaction that is open commits; at once without one."""
    changed_many([(account_id, modseq)], kinds)


def changed_many(accounts: Iterable[tuple[int, int]], kinds: Iterable[str] = ARRIVED) -> None:
    """The same for (account, modseq) pairs, in one message."""
    payload = rendered(accounts, kinds)
    transaction.on_commit(lambda: pubsub.publish(CHANNEL, payload), robust=True)


def rendered(accounts: Iterable[tuple[int, int]], kinds: Iterable[str]) -> str:
    """A payload."""
    return " ".join([",".join(kinds), *(f"{account_id}:{modseq}" for account_id, modseq in accounts)])


def parse(payload: str) -> tuple[dict[int, int], frozenset[str]]:
    """A payload's accounts with their modseqs, and the kinds. Raises ValueError for what is no hint."""
    kinds, *pairs = payload.split(" ")
    accounts = {}
    for pair in pairs:
        account_id, _, modseq = pair.partition(":")
        accounts[int(account_id)] = int(modseq)
    return accounts, frozenset(kinds.split(",")) if kinds else frozenset()
