"""The demonstration, made at the first start: the domain ``example.test``, its people, and some months of their mail.

example.test can never be a real domain (RFC 6761 §6.2). All goes the ways that everything goes: directory actions, units of
imported messages, submission for what leaves. A start that was killed in the middle is taken up by the next one: what is there
stays, what is missing is added, under the same unit ids.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from mailplatform.access import sending
from mailplatform.delivery.local import prefix
from mailplatform.demo import queue, script
from mailplatform.demo.compose import Made, compose
from mailplatform.demo.mailboxes import MEMBERS, Copy, copies
from mailplatform.demo.people import DOMAIN, PEOPLE, Person
from mailplatform.demo.script import Written
from mailplatform.directory import accounts as directory
from mailplatform.directory import addresses, domains, groups
from mailplatform.directory.values import AccountKind, Actor
from mailplatform.mailflow import arrivals
from mailplatform.mailflow.accounts import open_account
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AlreadyExists, NotFound
from mailplatform.standards.message.received import received
from mailplatform.store import append, expunge, fetch, folders
from mailplatform.store.values import AccountId, ArrivalResult, FolderId, Placement
from mailplatform.store.values import Actor as StoreActor
from mailplatform.trace import ids
from mailplatform.trace.events import Code, Direction
from mailplatform.trace.record import MessageRow

ACTOR = Actor(None, "first start")
_UNITS = UUID("5b0d7d9e-6a0c-4a0e-8f7e-2c8a3b1d9e55")
_SOURCE = "demonstration"
_HOLDERS = ("admin", "anna", "bruno", "office")
_chance = random.SystemRandom()


def ensure(accounts: list[dict[str, Any]]) -> bool:
    """Make everything, with these accounts (address, password, role, name); False when example.test is somebody else's."""
    try:
        with transaction.atomic():
            _people(accounts)
    except AlreadyExists:
        pass  # an earlier start came so far, or somebody has made the domain by hand
    try:
        holders = {name: directory.get_account(PEOPLE[name].address) for name in _HOLDERS}
        groups.get_group(PEOPLE["team"].address)
    except NotFound:
        return False
    fill({name: AccountId(info.id) for name, info in holders.items()}, clock.now())
    if settings.SITE.demo.sink:
        queue.send(accounts, _UNITS)
    arrivals.drain(30)
    return True


def _people(accounts: list[dict[str, Any]]) -> None:
    domains.add_domain(DOMAIN, actor=ACTOR)
    users = {}
    for one in accounts:
        info = open_account(one["address"], password=one["password"], name=one["name"], role=one["role"], actor=ACTOR)
        users[one["address"]] = info.user_id
    office = PEOPLE["office"]
    open_account(office.address, name=office.name, kind=AccountKind.SHARED, actor=ACTOR)
    addresses.add_alias(PEOPLE["info"].address, [PEOPLE[name].address for name in MEMBERS["info"]], actor=ACTOR)
    members = [PEOPLE[name].address for name in MEMBERS["team"]]
    groups.add_group(PEOPLE["team"].address, members, name=PEOPLE["team"].name, actor=ACTOR)
    anna = users.get(PEOPLE["anna"].address)
    if anna is not None:
        sending.grant(anna, office.address, actor=ACTOR)


def read_content() -> list[list[Written]]:
    """All threads of the content."""
    files = sorted((resources.files("mailplatform.demo") / "content").iterdir(), key=lambda file: file.name)
    texts = ((file.name.removesuffix(".txt"), file.read_text("utf-8")) for file in files if file.name.endswith(".txt"))
    return [thread for name, text in texts for thread in script.threads(name, text)]


def compose_all(now: datetime) -> Iterator[tuple[Written, Made, datetime, list[Copy]]]:
    """Every message with its moment and its copies, oldest first."""
    found = []
    for thread in read_content():
        made: list[Made] = []
        for number, (one, at) in enumerate(zip(thread, script.moments(thread, now), strict=True)):
            made.append(compose(one, at, made, thread[number - 1] if number else None))
            found.append((one, made[-1], at, list(copies(thread, number, at, now))))
    yield from sorted(found, key=lambda message: message[2])


def fill(holders: dict[str, AccountId], now: datetime) -> None:
    """Put the content into these accounts: everything is made ready first, then committed in as few batches as may be."""
    there = _there(holders)
    places: dict[tuple[str, str], int] = {}
    ready: list[tuple[Written, Unit]] = []
    for one, made, at, wanted in compose_all(now):
        if made.message_id.encode() in there:
            continue
        for copy in wanted:
            if (copy.account, copy.folder) not in places:
                places[copy.account, copy.folder] = _folder(holders[copy.account], copy.folder)
        ready.append((one, _unit(one, made, at, wanted, holders, places)))
    putting = [(one, arrivals.put(unit)) for one, unit in ready]
    done = [(one, future.result(60)) for one, future in putting]
    for one, result in done:
        if "deleted" in one.options:
            _delete(one, result, now)


def _there(holders: dict[str, AccountId]) -> bytes:
    """The envelopes of all messages in these accounts, in one piece; nothing at a first start."""
    found = []
    for account_id in holders.values():
        for folder in folders.list_folders(account_id, account_id):
            if folder.messages:
                _, packed = fetch.load(folder.id, account_id)
                found += [data.envelope for data in fetch.message_data(folder.id, list(packed.uids), "summary").values()]
    return b"".join(found)


def _folder(account_id: AccountId, name: str) -> int:
    try:
        return folders.get(account_id, name, account_id).id
    except NotFound:
        made = folders.create(account_id, name, actor=StoreActor(name=_SOURCE))
        folders.subscribe(account_id, name, True)
        return made.id


def _unit(
    one: Written,
    made: Made,
    at: datetime,
    wanted: list[Copy],
    holders: dict[str, AccountId],
    places: dict[tuple[str, str], int],
) -> Unit:
    trace_id = ids.make(clock.now(), _chance.getrandbits)
    author = PEOPLE[one.author]
    message = append.prepare_message(made.content)
    above = _received(author, at, trace_id)
    return Unit(
        unit_id=uuid5(_UNITS, made.message_id),
        trace_id=trace_id,
        placements=tuple(
            Placement(
                account_id=holders[copy.account],
                message=message,
                folder_id=FolderId(places[copy.account, copy.folder]),
                prefix=b"" if copy.sent else prefix(author.address, PEOPLE[copy.account].address, above),
                flags=copy.flags,
                keywords=copy.keywords,
                internal_date=at,
                address=copy.address,
            )
            for copy in wanted
        ),
        messages=tuple(
            MessageRow(
                trace_id=trace_id,
                direction=Direction.IMPORTED,
                reverse_path=author.address,
                forward_path=copy.address,
                account_id=holders[copy.account],
                message_id=message.message_id,
                subject=message.subject,
                client=_SOURCE,
                size=message.blob.size,
            )
            for copy in wanted
        ),
        told=Code.IMPORTED,
        client=_SOURCE,
        patience=30.0,
    )


def _received(author: Person, at: datetime, trace_id: str) -> bytes:
    """As if it had come in at its time: from the author's server, or by submission from a desk of the firm."""
    host = settings.SITE.hostname
    if author.is_ours:
        client, helo, protocol = "127.0.0.1", "localhost", "ESMTPSA"
    else:
        client, helo, protocol = "192.0.2.25", f"mx.{author.address.rpartition('@')[2]}", "ESMTPS"
    return received(helo=helo, client_address=client, by=host, protocol=protocol, trace_id=trace_id, at=at)


def _delete(one: Written, result: ArrivalResult, now: datetime) -> None:
    """Yesterday somebody deleted this message and emptied the bin."""
    actor = StoreActor(name=PEOPLE[one.to[0]].address, client=_SOURCE)
    at = now - timedelta(days=int(one.options["deleted"]))
    for place in result.appended:
        expunge.expunge(place.folder_id, [place.uid], only_deleted=False, actor=actor, at=at)
