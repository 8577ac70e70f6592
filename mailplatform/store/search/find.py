"""Answering a query about a folder. RFC 9051 §6.4.4.

A tree is answered with sets of uids. What the narrow rows answer goes first, in one statement, and narrows what the rest
must look through: then columns of the message (FROM, SUBJECT …), then packed text (BODY, TEXT, other header fields), last
whole messages whose text the index has not written yet. Text is compared here, by i;unicode-casemap, because no database
collation is that one; rows of plain ASCII, most of them, are compared in the database, where that is the same.

The answer is of entries as they were when it was made; a caller numbers them by its own version of the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate

from mailplatform.runtime import clock
from mailplatform.runtime.errors import NotFound
from mailplatform.store import blobs, statements
from mailplatform.store.models import Folder
from mailplatform.store.search import query as q
from mailplatform.store.search import text
from mailplatform.store.search.compile import Condition, compiles

_SLICE = 2_000  # messages whose text is looked through between two statements
_RAW_SLICE = 50  # messages without text, read whole
_DAY = timedelta(days=1)
_COLUMNS = {
    q.Where.FROM: "search_from",
    q.Where.TO: "search_to",
    q.Where.CC: "search_cc",
    q.Where.BCC: "search_bcc",
    q.Where.SUBJECT: "search_subject",
}

Uids = set[int]


def search(folder_id: int, query: q.Query, viewer: int) -> list[int]:
    """The uids of the folder's entries that fit, ascending. Raises NotFound."""
    row = Folder.objects.filter(pk=folder_id, deleted_at=None).values_list("account_id", "seen_shared").first()
    if row is None:
        raise NotFound("there is no such folder", subject=str(folder_id))
    account_id, seen_shared = row
    own = viewer == account_id or seen_shared
    return sorted(_Search(folder_id, account_id, None if own else viewer).answer(query, None))


class _Search:
    def __init__(self, folder_id: int, account_id: int, viewer: int | None) -> None:
        self._folder_id = folder_id
        self._account_id = account_id
        self._viewer = viewer
        self._now = clock.now()

    def answer(self, query: q.Query, among: Uids | None) -> Uids:
        """The uids that fit, of `among` (None: of the whole folder)."""
        if among is not None and not among:
            return set()
        if compiles(query):
            found = self._narrow(query)
            return found if among is None else found & among
        match query:
            case q.And(queries):
                return self._all_of(queries, among)
            case q.Or(queries):
                found = set()
                for each in sorted(queries, key=_cost):
                    rest = among - found if among is not None else None
                    found |= self.answer(each, rest)
                return found
            case q.Not(inner):
                whole = among if among is not None else self._narrow(q.All())
                return whole - self.answer(inner, whole)
            case q.Text(q.Where.BODY | q.Where.TEXT, ""):
                return among if among is not None else self._narrow(q.All())
            case q.Text(q.Where.BODY, wanted):
                needle = text.key(wanted)
                return self._look(among, lambda words: words.in_body(needle))
            case q.Text(q.Where.TEXT, wanted):
                needle = text.key(wanted)
                return self._look(among, lambda words: words.anywhere(needle))
            case q.Text(where, wanted):
                return self._column(_COLUMNS[where], wanted, among)
            case q.Header(name, wanted):
                return self._header(name, wanted, among)
            case q.Sent(when, day):
                return self._sent(when, day, among)
        raise AssertionError(query)

    def _all_of(self, queries: tuple[q.Query, ...], among: Uids | None) -> Uids:
        narrow = tuple(each for each in queries if compiles(each))
        if narrow:
            found = self._narrow(q.And(narrow))
            among = found if among is None else found & among
        for each in sorted((each for each in queries if not compiles(each)), key=_cost):
            among = self.answer(each, among)
        return among if among is not None else self._narrow(q.All())

    def _narrow(self, query: q.Query) -> Uids:
        condition = Condition(self._account_id, self._viewer, self._now)
        statement, params = condition.statement(query, self._folder_id)
        return {row[0] for row in statements.execute(statement, params, binary=True, prepare=False)}

    def _column(self, name: str, wanted: str, among: Uids | None) -> Uids:
        needle = text.key(wanted).decode()
        found: Uids = set()
        params = {"folder": self._folder_id, "needle": needle, "uids": None if among is None else sorted(among)}
        for uid, value in statements.run(name, params, binary=True):
            # A value comes back only where the database cannot compare as we do.
            if value is None or needle in text.key(value).decode():
                found.add(uid)
        return found

    def _header(self, name: str, wanted: str, among: Uids | None) -> Uids:
        field, needle = text.key(name), text.key(wanted)
        return self._look(among, lambda words: words.in_field(field, needle))

    def _sent(self, when: q.When, day: date, among: Uids | None) -> Uids:
        """sent_at is in UTC and the field's own day may be another: near the day's ends the field is read."""
        start = datetime.combine(day, time(), UTC)
        params = {
            "folder": self._folder_id,
            "uids": None if among is None else sorted(among),
            "start": start - _DAY,
            "end": start + 2 * _DAY,
        }
        found: Uids = set()
        for uid, sent_at, envelope in statements.run("search_sent", params, binary=True):
            if envelope is None:
                fits = sent_at < start if when is q.When.BEFORE else sent_at >= start and when is q.When.SINCE
            else:
                own = _own_day(envelope) or sent_at.date()
                fits = {q.When.BEFORE: own < day, q.When.ON: own == day, q.When.SINCE: own >= day}[when]
            if fits:
                found.add(uid)
        return found

    def _look(self, among: Uids | None, fits: Callable[[text.Words], bool]) -> Uids:
        """Look through the text of each message, a slice at a time."""
        wanted = sorted(among) if among is not None else sorted(self._narrow(q.All()))
        return {uid for start in range(0, len(wanted), _SLICE) for uid in self._slice(wanted[start : start + _SLICE], fits)}

    def _slice(self, uids: list[int], fits: Callable[[text.Words], bool]) -> Iterator[int]:
        unwritten: list[int] = []
        rows = statements.run("search_texts", {"folder": self._folder_id, "uids": uids}, binary=True)
        for uid, codec, data in rows:
            if data is None:
                unwritten.append(uid)
            elif fits(text.unpacked(codec, data)):
                yield uid
        for start in range(0, len(unwritten), _RAW_SLICE):
            yield from self._raw(unwritten[start : start + _RAW_SLICE], fits)

    def _raw(self, uids: list[int], fits: Callable[[text.Words], bool]) -> Iterator[int]:
        rows = statements.run("search_contents", {"folder": self._folder_id, "uids": uids}, binary=True)
        contents = blobs.read(sorted({row[2] for row in rows}))
        for uid, prefix, blob_id in rows:
            if blob_id in contents and fits(text.words(prefix + contents[blob_id])):
                yield uid


def _cost(query: q.Query) -> int:
    """0 from rows, 1 from columns of the message, 2 from its text."""
    costs = [_leaf_cost(leaf) for leaf in q.leaves(query)]
    return max(costs, default=0)


def _leaf_cost(leaf: q.Query) -> int:
    match leaf:
        case q.Header() | q.Text(q.Where.BODY | q.Where.TEXT, _):
            return 2
        case q.Text() | q.Sent():
            return 1
        case _:
            return 0


def _own_day(envelope: bytes) -> date | None:
    """The day that the Date field names in its own zone; the field is ENVELOPE's first, a quoted string."""
    if not envelope.startswith(b'("'):
        return None
    found = parsedate(envelope[2:].split(b'"', 1)[0].decode("latin-1"))
    try:
        return date(*found[:3]) if found else None
    except ValueError:
        return None
