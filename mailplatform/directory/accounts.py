"""Accounts: whose mail is kept here. An account is made with its address and, when personal, with the user who signs
in to it.

Closing keeps everything and undoes itself: the address stays taken, mail to it is refused as unknown, nobody comes
in. Sets are made in one statement a table and counted as one change of the directory, so that importing thousands
never stops mail.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from mailplatform.audit.record import Entry, Subject, record, record_many
from mailplatform.directory import canonical
from mailplatform.directory.constraints import violated
from mailplatform.directory.domains import canonical_domain
from mailplatform.directory.epoch import bump, changing
from mailplatform.directory.models import Account, Domain, LocalAddress, User
from mailplatform.directory.values import AccountKind, AccountState, Actor, AddressKind, Language, Pop3Delete, Role
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound

BATCH = 500
_OF_USER = ("role", "language")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is needed to make an account. Sizes are bytes; None means the domain's default."""

    address: str
    name: str = ""
    kind: str = AccountKind.PERSONAL
    role: str = Role.EMPLOYEE
    quota_bytes: int | None = None
    quota_messages: int | None = None
    max_message_size: int | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as others see it, with its own limits (None: the domain's apply) and its user's language ('': the
    organisation's applies, see `languages.of_accounts`)."""

    id: int
    organisation_id: int
    domain: str
    address: str
    kind: str
    state: str
    name: str
    user_id: int | None
    role: str | None
    quota_bytes: int | None
    quota_messages: int | None
    max_message_size: int | None
    created_at: datetime
    closed_at: datetime | None
    language: str = ""
    pop3_delete: str = Pop3Delete.DELETE


def add_account(new: NewAccount, *, actor: Actor) -> AccountInfo:
    """Make one account. Raises Malformed, NotFound (domain), AlreadyExists (address)."""
    return add_accounts([new], actor=actor)[0]


@changing()
def add_accounts(rows: Sequence[NewAccount], *, actor: Actor) -> list[AccountInfo]:
    """Make up to BATCH accounts, all or none, in one transaction and one change of the epoch.

    Raises Malformed, NotFound, AlreadyExists; the first offending address is named.
    """
    if len(rows) > BATCH:
        raise Malformed(gettext("accounts: at most %(count)d at once") % {"count": BATCH}, subject="accounts")
    parts = [canonical.split(row.address) for row in rows]
    for row, part in zip(rows, parts, strict=True):
        check(row, str(part))
    domains = {name: canonical_domain(name) for name in {part.domain for part in parts}}
    keys = [(domains[part.domain], part.key) for part in parts]
    texts = [canonical.address(key, domain.name) for domain, key in keys]
    with _refusing_taken(keys, texts):
        users = _add_users(rows, keys, texts)
        accounts = Account.objects.bulk_create(
            Account(
                organisation_id=domain.organisation_id,
                domain=domain,
                owner=users.get(text),
                kind=row.kind,
                name=row.name,
                quota_bytes=row.quota_bytes,
                quota_messages=row.quota_messages,
                max_message_size=row.max_message_size,
            )
            for row, (domain, _key), text in zip(rows, keys, texts, strict=True)
        )
        LocalAddress.objects.bulk_create(
            LocalAddress(domain=domain, localpart=key, kind=AddressKind.ACCOUNT, account=account)
            for account, (domain, key) in zip(accounts, keys, strict=True)
        )
        record_many(
            [
                Entry(
                    "account.added",
                    Subject("account", account.pk, text, account.organisation_id),
                    {"kind": row.kind, "role": row.role, "quota_bytes": row.quota_bytes, "quota_messages": row.quota_messages},
                )
                for row, account, text in zip(rows, accounts, texts, strict=True)
            ],
            actor=actor,
        )
        made = _infos(Q(account_id__in=[account.pk for account in accounts]))
        bump()
    by_id = {info.id: info for info in made}
    return [by_id[account.pk] for account in accounts]


@changing()
def set_account(address: str, *, actor: Actor, **changes: Any) -> AccountInfo:
    """Change name, state, role, language or limits. `state` active reopens a closed one.

    Raises NotFound, Malformed, Conflict (also for what would leave the house without an administrator).
    """
    info = get_account(address)
    own = {field: changes.pop(field) for field in _OF_USER if changes.get(field) is not None}
    _check_changes(info, own, changes)
    role, state = own.get("role", Role.ADMINISTRATOR), changes.get("state", AccountState.ACTIVE)
    if role != Role.ADMINISTRATOR or state != AccountState.ACTIVE:
        _keep_an_administrator(info)
    account = Account.objects.select_for_update(no_key=True).get(pk=info.id)
    changed = {field: value for field, value in changes.items() if getattr(account, field) != value}
    if "state" in changed:
        changed["closed_at"] = clock.now() if changed["state"] == AccountState.CLOSED else None
    for field, value in changed.items():
        setattr(account, field, value)
    if changed:
        account.save(update_fields=list(changed))
    changed.pop("closed_at", None)
    if info.user_id is not None:
        if "name" in changed:
            User.objects.filter(pk=info.user_id).update(name=changed["name"])
        moved = {field: value for field, value in own.items() if getattr(info, field) != value}
        if moved:
            changed.update(moved)
            User.objects.filter(pk=info.user_id).update(**moved)
    if changed:
        record("account.changed", Subject("account", info.id, info.address, info.organisation_id), actor=actor, **changed)
        bump()
    return get_account(address)


def close_account(address: str, *, actor: Actor) -> AccountInfo:
    """Refuse mail and sign-in from now on, keep the mail and the address. Undone by `set_account(…, state="active")`."""
    return set_account(address, actor=actor, state=AccountState.CLOSED)


def get_account(address: str) -> AccountInfo:
    """The account whose principal address this is, also in its alias-domain form. Raises NotFound, Malformed."""
    parts = canonical.split(address)
    found = _infos(Q(domain_id=canonical_domain(parts.domain).pk, localpart=parts.key))
    if not found:
        raise NotFound(gettext("address: %(address)s is not a mailbox") % {"address": str(parts)}, subject="address")
    return found[0]


def find_account(account_id: int) -> AccountInfo:
    """The account of this id. Raises NotFound."""
    found = _infos(Q(account_id=account_id))
    if not found:
        raise NotFound(subject="account")
    return found[0]


def list_accounts(*, domain: str = "", organisation_id: int | None = None, closed: bool = True) -> list[AccountInfo]:
    """Accounts by address: of one domain, of one organisation, of all; without the closed ones where asked. Raises NotFound."""
    condition = Q()
    if domain:
        condition &= Q(domain_id=canonical_domain(domain).pk)
    if organisation_id is not None:
        condition &= Q(account__organisation_id=organisation_id)
    if not closed:
        condition &= ~Q(account__state=AccountState.CLOSED)
    return _infos(condition)


def _infos(condition: Q) -> list[AccountInfo]:
    rows = (
        LocalAddress.objects.filter(condition, kind=AddressKind.ACCOUNT)
        .order_by("domain__name", "localpart")
        .values_list(
            "account_id",
            "account__organisation_id",
            "domain__name",
            "localpart",
            "account__kind",
            "account__state",
            "account__name",
            "account__owner_id",
            "account__owner__role",
            "account__quota_bytes",
            "account__quota_messages",
            "account__max_message_size",
            "account__created_at",
            "account__closed_at",
            "account__pop3_delete",
            "account__owner__language",
        )
    )
    return [
        AccountInfo(row[0], row[1], row[2], canonical.address(row[3], row[2]), *row[4:-2], row[-1] or "", row[-2]) for row in rows
    ]


def _add_users(rows: Sequence[NewAccount], keys: Sequence[tuple[Domain, str]], texts: Sequence[str]) -> dict[str, User]:
    made = User.objects.bulk_create(
        User(organisation_id=domain.organisation_id, login=text, name=row.name, role=row.role, language=row.language)
        for row, (domain, _key), text in zip(rows, keys, texts, strict=True)
        if row.kind == AccountKind.PERSONAL
    )
    return {user.login: user for user in made}


def check(row: NewAccount, text: str) -> None:
    """Judge the columns of a new account, whose canonical address is `text`. Asks no database. Raises Malformed."""
    if row.kind not in set(AccountKind):
        raise Malformed(gettext("kind: %(kind)s is none of personal, shared, resource") % {"kind": row.kind}, subject="kind")
    if row.role not in set(Role):
        raise Malformed(
            gettext("role: %(role)s is none of administrator, domain_administrator, employee") % {"role": row.role},
            subject="role",
        )
    check_language(row.language)
    if row.language and row.kind != AccountKind.PERSONAL:
        raise Malformed(gettext("language: a %(kind)s mailbox has no user") % {"kind": row.kind}, subject="language")
    for field in ("quota_bytes", "quota_messages"):
        _check_limit(field, getattr(row, field), 0)
    _check_limit("max_message_size", row.max_message_size, 1)
    if len(text.encode()) > 254:  # RFC 5321 §4.5.3.1.3, less the angle brackets
        raise Malformed(gettext("address: longer than 254 octets"), subject="address")


def check_language(language: str, *, empty: bool = True) -> None:
    """Refuse a language that our words do not have. Raises Malformed."""
    if language not in set(Language) and not (empty and language == ""):
        words = gettext("language: %(language)s is none of %(known)s") % {"language": language, "known": ", ".join(Language)}
        raise Malformed(words, subject="language")


def _check_changes(info: AccountInfo, own: Mapping[str, str], changes: Mapping[str, Any]) -> None:
    for field, value in changes.items():
        if field in ("quota_bytes", "quota_messages", "max_message_size"):
            _check_limit(field, value, 1 if field == "max_message_size" else 0)
        elif field == "state":
            if value not in set(AccountState):
                raise Malformed(
                    gettext("state: %(state)s is none of active, suspended, closed") % {"state": value}, subject="state"
                )
        elif field == "pop3_delete":
            if value not in set(Pop3Delete):
                known = {"value": value, "known": ", ".join(Pop3Delete)}
                raise Malformed(gettext("pop3_delete: %(value)s is none of %(known)s") % known, subject=field)
        elif field not in ("name", *_OF_USER):
            raise Malformed(gettext("%(field)s: not something a mailbox has") % {"field": field}, subject=field)
    role = own.get("role")
    if role is not None and role not in set(Role):
        raise Malformed(
            gettext("role: %(role)s is none of administrator, domain_administrator, employee") % {"role": role}, subject="role"
        )
    check_language(own.get("language", ""))
    for field in own:
        if info.user_id is None:
            words = gettext("%(field)s: a %(kind)s mailbox has no user") % {"field": field, "kind": info.kind}
            raise Conflict(words, subject=field)


def _keep_an_administrator(info: AccountInfo) -> None:
    """Refuse to let the last one go. The caller alone changes the directory (epoch.changing)."""
    if info.role != Role.ADMINISTRATOR or info.state != AccountState.ACTIVE:
        return
    out = Account.objects.filter(kind=AccountKind.PERSONAL).exclude(state=AccountState.ACTIVE)
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=info.user_id or 0)
    if not others.exclude(accounts__in=out).exists():
        words = gettext("%(address)s is the last administrator; make somebody else one first")
        raise Conflict(words % {"address": info.address}, subject="role")


def _check_limit(field: str, value: int | None, least: int) -> None:
    if value is not None and not least <= value < 2**63:
        raise Malformed(gettext("%(field)s: %(value)s is out of range") % {"field": field, "value": value}, subject=field)


@contextmanager
def _refusing_taken(keys: Sequence[tuple[Domain, str]], texts: Sequence[str]) -> Iterator[None]:
    """Turn the violation of either unique constraint into AlreadyExists, naming the first address that is taken."""
    for text, times in Counter(texts).items():
        if times > 1:
            raise AlreadyExists(gettext("address: %(address)s is named twice") % {"address": text}, subject="address")
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error) not in ("local_address_once", "user_login_once"):
            raise
        addresses = LocalAddress.objects.filter(domain__in={domain for domain, _ in keys}, localpart__in=[key for _, key in keys])
        taken = {canonical.address(*row) for row in addresses.values_list("localpart", "domain__name")}
        taken |= set(User.objects.filter(login__in=texts).values_list("login", flat=True))
        first = next((text for text in texts if text in taken), texts[0])
        raise AlreadyExists(gettext("address: %(address)s exists already") % {"address": first}, subject="address") from error
