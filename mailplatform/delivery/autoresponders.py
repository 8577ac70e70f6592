"""Autoresponders: turn on, look at, turn off; and as a plan asks for them.

Days and hours are those of the organisation's time zone. A change counts up the directory's epoch, so that doors forget at once
what they knew of the account.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from mailplatform.audit.record import Subject, record
from mailplatform.delivery.models import Autoresponder, AutoresponderText
from mailplatform.delivery.values import Audience, Responder, Words
from mailplatform.directory import accounts
from mailplatform.directory.accounts import AccountInfo
from mailplatform.directory.epoch import bump
from mailplatform.directory.models import Domain, LocalAddress
from mailplatform.directory.names import names_of
from mailplatform.directory.values import Actor, Language
from mailplatform.runtime.errors import Malformed, NotFound

MOST_SUBJECT, MOST_TEXT = 200, 32 * 1024  # characters
_WORDS = ("language", "subject", "text", "outside_subject", "outside_text")


@dataclass(frozen=True, slots=True)
class AutoresponderInfo:
    """An autoresponder as others see it. starts_at, ends_at: from then, until before then; None without."""

    address: str
    enabled: bool
    starts_at: datetime | None
    ends_at: datetime | None
    days: int
    audience: Audience
    words: tuple[Words, ...]


def set_autoresponder(
    address: str,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    days: int = 7,
    audience: Audience = Audience.EVERYONE,
    words: Sequence[Words] = (),
    actor: Actor,
) -> AutoresponderInfo:
    """Turn an account's autoresponder on. words: languages that change; others stay, and one without a word is taken away.

    Raises NotFound, Malformed."""
    account = accounts.get_account(address)
    if starts_at and ends_at and ends_at <= starts_at:
        raise Malformed(gettext("until: it ends before it begins"), subject="until")
    if not 1 <= days <= 365:
        raise Malformed(gettext("days: write a number between 1 and 365"), subject="days")
    for one in words:
        _check(one)
    with transaction.atomic():
        row, _ = Autoresponder.objects.update_or_create(
            account_id=account.id,
            defaults={"enabled": True, "starts_at": starts_at, "ends_at": ends_at, "days": days, "audience": audience},
        )
        for one in words:
            if not any(getattr(one, name).strip() for name in _WORDS[1:]):
                AutoresponderText.objects.filter(autoresponder=row, language=one.language).delete()
                continue
            values = {name: getattr(one, name).replace("\r\n", "\n") for name in _WORDS[1:]}
            AutoresponderText.objects.update_or_create(autoresponder=row, language=one.language, defaults=values)
        params = {"days": days, "audience": str(audience), "languages": [one.language for one in words]}
        params |= {"from": starts_at.isoformat() if starts_at else "", "until": ends_at.isoformat() if ends_at else ""}
        record("autoresponder.set", _subject(account), actor=actor, **params)
        bump()
    return get_autoresponder(address)


def turn_off(address: str, *, actor: Actor) -> AutoresponderInfo:
    """Answer no more; the words stay. Raises NotFound."""
    info = get_autoresponder(address)
    account = accounts.get_account(address)
    if info.enabled:
        with transaction.atomic():
            Autoresponder.objects.filter(account_id=account.id).update(enabled=False)
            record("autoresponder.turned_off", _subject(account), actor=actor)
            bump()
    return get_autoresponder(address)


def get_autoresponder(address: str) -> AutoresponderInfo:
    """One account's. Raises NotFound when it never had one."""
    account = accounts.get_account(address)
    row = Autoresponder.objects.filter(account_id=account.id).first()
    if row is None:
        raise NotFound(gettext("%(address)s has no autoresponder") % {"address": account.address}, subject="address")
    return _info(account, row)


def list_autoresponders(*, organisation_id: int | None = None) -> list[AutoresponderInfo]:
    """All of them, by address."""
    rows = {row.account_id: row for row in Autoresponder.objects.all()}
    found = [one for one in accounts.list_accounts(organisation_id=organisation_id) if one.id in rows]
    return [_info(account, rows[account.id]) for account in found]


def beside(addresses: QuerySet[LocalAddress]) -> QuerySet[Any]:
    """Those of some principal addresses whose accounts have one; with its `answering`, `begins`, `ends` and `whom`."""
    own = Autoresponder.objects.filter(account_id=OuterRef("account_id"))
    columns = {"answering": "enabled", "begins": "starts_at", "ends": "ends_at", "whom": "audience"}
    found: QuerySet[Any] = addresses.annotate(**{name: Subquery(own.values(column)) for name, column in columns.items()})
    return found.filter(answering__isnull=False)


def words_of(account_id: int) -> dict[str, Words]:
    """What an account answers, by language; {} when it is turned off, or never had one."""
    texts = AutoresponderText.objects.filter(autoresponder__account_id=account_id, autoresponder__enabled=True)
    return {row[0]: Words(*row) for row in texts.values_list(*_WORDS)}


def is_on(account_id: int, at: datetime) -> bool:
    """Whether an account answers at this moment."""
    dates = Autoresponder.objects.filter(account_id=account_id, enabled=True).values_list("starts_at", "ends_at").first()
    return dates is not None and (dates[0] is None or dates[0] <= at) and (dates[1] is None or at < dates[1])


def of_accounts(account_ids: Collection[int]) -> dict[int, Responder]:
    """The autoresponders of these accounts that are turned on; whoever has none is absent. One query, more for those who have."""
    rows = Autoresponder.objects.filter(account_id__in=account_ids, enabled=True).values_list(
        "account_id", "starts_at", "ends_at", "days", "audience", F("account__organisation_id")
    )
    found: dict[int, Responder] = {}
    for pk, starts_at, ends_at, days, audience, organisation_id in rows:
        domains = frozenset(Domain.objects.filter(organisation_id=organisation_id).values_list("name", flat=True))
        found[pk] = Responder(pk, starts_at, ends_at, days, Audience(audience), names_of(pk), domains)
    return found


def _info(account: AccountInfo, row: Autoresponder) -> AutoresponderInfo:
    words = tuple(Words(*texts) for texts in row.texts.order_by("language").values_list(*_WORDS))
    return AutoresponderInfo(account.address, row.enabled, row.starts_at, row.ends_at, row.days, Audience(row.audience), words)


def _check(words: Words) -> None:
    if words.language not in set(Language):
        known = ", ".join(Language)
        message = gettext("language: %(given)r is none of %(known)s") % {"given": words.language, "known": known}
        raise Malformed(message, subject="language")
    for name in ("subject", "outside_subject"):
        text = getattr(words, name)
        if len(text) > MOST_SUBJECT or not text.isprintable():
            raise Malformed(gettext("subject: one line of at most %(most)d characters") % {"most": MOST_SUBJECT}, subject=name)
    for name in ("text", "outside_text"):
        text = getattr(words, name)
        if len(text) > MOST_TEXT or any(not char.isprintable() and char not in "\r\n\t" for char in text):
            raise Malformed(gettext("text: at most %(most)d characters, no controls") % {"most": MOST_TEXT}, subject=name)


def _subject(account: AccountInfo) -> Subject:
    return Subject("account", account.id, account.address, account.organisation_id)
