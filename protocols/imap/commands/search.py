"""SEARCH and UID SEARCH: RFC 3501 §6.4.4, ESEARCH RFC 4731, MODSEQ RFC 7162 §3.1.5.

What the session's own version of the folder can answer (flags, numbers, sizes, dates, modseqs) is answered from memory; what is
inside messages is asked of the store, one question a key, and the answers are put together here as sets of positions.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from mailplatform.store.search import query as asked
from mailplatform.store.search.find import search as find
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire import search_keys as k
from protocols.imap.wire.search_keys import Return
from protocols.imap.wire.sequence_sets import compact
from protocols.imap.wire.snapshot import Row, Snapshot

if TYPE_CHECKING:
    from protocols.imap.selected import Selected
    from protocols.imap.session import ImapSession

Found = set[int]  # positions
DAY = 86400
EPOCH = datetime.date(1970, 1, 1)


async def search(session: ImapSession, command: c.Search) -> bytes:
    """Answer with SEARCH, or ESEARCH where RETURN was given."""
    selected = session.chosen()
    wants_modseq = k.asks_modseq(command.key)
    if wants_modseq:
        session.enabled.add("CONDSTORE")
    # What came is told first, so that it can be found; what went is not: it would move the numbers that the client has sent.
    await selected.report(session, False)
    snapshot = selected.known
    found = sorted(await evaluate(session, selected, snapshot, command.key))
    numbers = selected.numbers(found, by_uid=command.by_uid)
    modseq = None
    if wants_modseq and found:
        modseq = max(snapshot.row_at(position).modseq for position in returned(found, command.returns))
    if command.returns is None:
        session.write(responses.search(numbers, modseq))
    else:
        session.write(esearch(command, numbers, modseq))
    return responses.ok(command.tag, "SEARCH completed")


def returned(found: list[int], returns: tuple[Return, ...] | None) -> list[int]:
    """The positions whose modseq counts: RFC 4731 §3.2, with only MIN or MAX asked for it is theirs alone."""
    if not returns or set(returns) - {Return.MIN, Return.MAX}:
        return found
    ends = []
    if Return.MIN in returns:
        ends.append(found[0])
    if Return.MAX in returns:
        ends.append(found[-1])
    return ends


def esearch(command: c.Search, numbers: list[int], modseq: int | None) -> bytes:
    """RFC 4731 §3.1: no options means ALL."""
    wanted = command.returns or (Return.ALL,)
    return responses.esearch(
        command.tag,
        by_uid=command.by_uid,
        smallest=numbers[0] if numbers and Return.MIN in wanted else None,
        largest=numbers[-1] if numbers and Return.MAX in wanted else None,
        everything=compact(numbers) if Return.ALL in wanted else (),
        count=len(numbers) if Return.COUNT in wanted else None,
        modseq=modseq,
    )


async def evaluate(session: ImapSession, selected: Selected, snapshot: Snapshot, key: k.SearchKey) -> Found:
    """Positions that match. Keys answered from memory narrow first; nothing is asked of the store for an empty remainder."""
    match key:
        case k.All():
            return set(range(snapshot.count))
        case k.Not(inner):
            return set(range(snapshot.count)) - await evaluate(session, selected, snapshot, inner)
        case k.Or(left, right):
            return await evaluate(session, selected, snapshot, left) | await evaluate(session, selected, snapshot, right)
        case k.And(keys):
            found: Found | None = None
            for each in sorted(keys, key=cost):
                if found is not None and not found:
                    return found
                more = await evaluate(session, selected, snapshot, each)
                found = more if found is None else found & more
            return found if found is not None else set(range(snapshot.count))
        case k.HasFlag(bit, present):
            return set(snapshot.with_flag(bit, present=present))
        case k.InSet(numbers, by_uid):
            ranges = selected.positions(numbers, by_uid=by_uid)
            return {position for start, stop in ranges for position in range(start, stop)}
        case k.ChangedSince(modseq):
            return set(snapshot.changed_since(modseq - 1))
        case k.IsRecent(present):
            return {position for position in range(snapshot.count) if selected.is_recent(snapshot, position) is present}
        case k.HasKeyword() | k.Sized():
            return by_row(snapshot, row_test(selected, key))
        case k.Dated(k.Clock.INTERNAL, _, _):
            return by_row(snapshot, row_test(selected, key))
        case _:
            uids = await session.context.slow.call(find, selected.folder_id, translated(key), session.viewer)
            positions = (snapshot.position_of(uid) for uid in uids)
            return {position for position in positions if position is not None}


def cost(key: k.SearchKey) -> int:
    """0 from memory, 1 from columns, 2 from bodies."""
    inside = [each for each in k.walk(key) if isinstance(each, k.Contains | k.HeaderContains | k.Dated)]
    if any(isinstance(each, k.Contains) and each.field in (k.Field.BODY, k.Field.TEXT) for each in inside):
        return 2
    return 1 if inside else 0


def by_row(snapshot: Snapshot, test: Callable[[Row], bool]) -> Found:
    """Positions whose row passes."""
    found: Found = set()
    base = 0
    for block in snapshot.blocks:
        found.update(base + index for index, row in enumerate(block.rows()) if test(row))
        base += len(block)
    return found


def row_test(selected: Selected, key: k.SearchKey) -> Callable[[Row], bool]:
    """A test of one row for a key that rows can answer."""
    match key:
        case k.HasKeyword(keyword, present):
            number = selected.keyword_number(keyword)
            return lambda row: (number in row.keywords) is present
        case k.Sized(larger, octets):
            return (lambda row: row.size > octets) if larger else (lambda row: row.size < octets)
        case k.Dated(_, when, date):
            # The internal date's day in UTC, the zone it is told in. RFC 3501 §6.4.4.
            start = (date - EPOCH).days * DAY
            match when:
                case k.When.BEFORE:
                    return lambda row: row.internal_date < start
                case k.When.ON:
                    return lambda row: start <= row.internal_date < start + DAY
                case k.When.SINCE:
                    return lambda row: row.internal_date >= start
    raise AssertionError(key)


def translated(key: k.SearchKey) -> asked.Query:
    """A key about content in the store's words."""
    match key:
        case k.Contains(field, text):
            return asked.Text(asked.Where(field.value.lower()), text)
        case k.HeaderContains(name, text):
            return asked.Header(name, text)
        case k.Dated(k.Clock.SENT, when, date):
            return asked.Sent(asked.When(when.value.lower()), date)
    raise AssertionError(key)
