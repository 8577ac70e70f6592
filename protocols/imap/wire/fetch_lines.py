"""FETCH responses, many at a time. RFC 3501 §7.4.2; MODSEQ RFC 7162 §3.1.4.2.

What a snapshot holds (UID, FLAGS, INTERNALDATE, RFC822.SIZE, MODSEQ) is rendered a block at a time from its columns; anything
else (ENVELOPE, BODY[…]) is given as octets a row. Rendered flag lists are kept in a FlagWriter, one a folder and process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from protocols.imap.wire import flags as flag_words
from protocols.imap.wire import responses
from protocols.imap.wire.dates import internal_date
from protocols.imap.wire.fetch_items import Attribute
from protocols.imap.wire.snapshot import Positions, Slice
from protocols.imap.wire.strings import literal
from protocols.imap.wire.view import Updates, View

OWN = (Attribute.UID, Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.SIZE, Attribute.MODSEQ)
"""Attributes a snapshot can answer by itself."""


class FlagWriter:
    """Flag lists rendered once: (bits, keyword ids, recent) → `(\\Seen $Junk)`. `names` maps keyword ids to their names and may
    grow while the writer lives; an id without a name is left out."""

    __slots__ = ("_known", "_names")

    _MOST = 20_000

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._known: dict[tuple[int, tuple[int, ...], bool], str] = {}

    def text(self, bits: int, keywords: tuple[int, ...] = (), recent: bool = False) -> str:
        """The list as str (ASCII), parentheses included."""
        key = (bits, keywords, recent)
        found = self._known.get(key)
        if found is None:
            words = [self._names[keyword] for keyword in keywords if keyword in self._names]
            found = "(" + b" ".join(flag_words.names(bits, words, recent=recent)).decode("ascii") + ")"
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[key] = found
        return found

    def column(self, piece: Slice, view: View) -> list[str]:
        """The lists of a piece of a block."""
        block, start, stop, _ = piece
        text = self.text
        bits = block.flags[start:stop]
        if view.any_recent:
            get = block.keywords.get
            return [text(bit, get(index, ()), view.is_recent(block.uids[index])) for index, bit in enumerate(bits, start)]
        if not block.keywords:
            plain = {bit: text(bit) for bit in set(bits)}
            return [plain[bit] for bit in bits]
        get = block.keywords.get
        return [text(bit, get(index, ())) for index, bit in enumerate(bits, start)]


def lines(
    view: View,
    positions: Positions,
    items: Sequence[Attribute],
    writer: FlagWriter,
    extras: Callable[[Slice], Sequence[bytes]] | None = None,
) -> Iterator[bytes]:
    """FETCH responses of the positions, a block's worth of lines at a time (tens of KiB; the session drains between).

    `items` are from OWN, in the order wanted. `extras`, called once a piece, gives for each of its entries what else to say
    (`ENVELOPE (…) BODY[] {n}…`, not empty), written behind.
    """
    words = " ".join([_TEMPLATES[item] for item in items])
    head = "* %d FETCH (" + words
    for piece in view.known.slices(positions):
        columns: list[Iterable[object]] = [range(piece.seq, piece.seq + piece.stop - piece.start)]
        columns += [_COLUMNS[item](piece, view, writer) for item in items]
        if extras is None:
            template = head + ")\r\n"
            yield "".join([template % row for row in zip(*columns, strict=True)]).encode("ascii")
        else:
            octets = (head + (" " if items else "") + "%b)\r\n").replace("%s", "%b").encode("ascii")
            if Attribute.FLAGS in items or Attribute.INTERNALDATE in items:
                columns = [[text.encode("ascii") if isinstance(text, str) else text for text in column] for column in columns]
            columns.append(extras(piece))
            yield b"".join([octets % row for row in zip(*columns, strict=True)])


_TEMPLATES: Mapping[Attribute, str] = {
    Attribute.UID: "UID %d",
    Attribute.FLAGS: "FLAGS %s",
    Attribute.INTERNALDATE: "INTERNALDATE %s",
    Attribute.SIZE: "RFC822.SIZE %d",
    Attribute.MODSEQ: "MODSEQ (%d)",
}
_COLUMNS: Mapping[Attribute, Callable[[Slice, View, FlagWriter], Iterable[object]]] = {
    Attribute.UID: lambda piece, _view, _writer: piece.block.uids[piece.start : piece.stop],
    Attribute.FLAGS: lambda piece, view, writer: writer.column(piece, view),
    Attribute.INTERNALDATE: lambda piece, _view, _writer: map(internal_date, piece.block.dates[piece.start : piece.stop]),
    Attribute.SIZE: lambda piece, _view, _writer: piece.block.sizes[piece.start : piece.stop],
    Attribute.MODSEQ: lambda piece, _view, _writer: piece.block.modseqs[piece.start : piece.stop],
}


def line(seq: int, parts: Iterable[bytes]) -> bytes:
    """One FETCH response of ready parts (`UID 5`, `FLAGS (…)`, `body(name, octets)` …)."""
    return b"* %d FETCH (%b)\r\n" % (seq, b" ".join(parts))


def body(name: bytes, octets: bytes | None) -> bytes:
    """`BODY[…] {n}` and the octets, or NIL for a part that is not there (RFC 3501 §7.4.2)."""
    return name + b" NIL" if octets is None else name + b" " + literal(octets)


def updates(
    view: View, news: Updates, writer: FlagWriter, *, uid: bool = False, modseq: bool = False, vanished: bool = False
) -> bytes:
    """The lines of an update, in order. `uid`, `modseq`: what flag changes carry beside FLAGS (MODSEQ once CONDSTORE is enabled,
    RFC 7162 §3.1.4.2; UID as RFC 9051 and QRESYNC want); `vanished`: VANISHED in place of EXPUNGE (QRESYNC)."""
    said: list[bytes] = []
    if vanished:
        said.append(responses.vanished(news.vanished))
    else:
        said.extend([b"* %d EXPUNGE\r\n" % seq for seq in news.expunged])
    if news.exists is not None:
        said.append(responses.exists(news.exists))
    if news.recent is not None:
        said.append(responses.recent(news.recent))
    if news.changed:
        items = [Attribute.FLAGS]
        if uid:
            items.insert(0, Attribute.UID)
        if modseq:
            items.append(Attribute.MODSEQ)
        said.extend(lines(view, positions_of(news.changed), items, writer))
    return b"".join(said)


def positions_of(single: Iterable[int]) -> Positions:
    """Single positions (sorted) as ranges."""
    ranges: list[tuple[int, int]] = []
    start = stop = -1
    for position in single:
        if position == stop:
            stop += 1
        else:
            if start >= 0:
                ranges.append((start, stop))
            start, stop = position, position + 1
    if start >= 0:
        ranges.append((start, stop))
    return tuple(ranges)
