"""The octets a FETCH asks for: BODY[…] of a message given whole. RFC 3501 §6.4.5, RFC 9051 §6.4.5.1.

The parse of the message is done once and only when a part inside it is asked for. Clients read one message in many pieces (its
header, its structure, each part, a large part 64 KiB at a time), so the last few that were read alone stay in memory.
"""

from __future__ import annotations

from collections import OrderedDict

from mailplatform.standards.message import headers, structure
from mailplatform.standards.message.structure import Part
from mailplatform.store.values import MessageData
from protocols.imap.wire.fetch_items import BodySection, Text


class Content:
    """One message's octets, and its part tree when somebody asks for it."""

    __slots__ = ("_header_end", "_root", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._root: Part | None = None
        self._header_end = -1

    @property
    def root(self) -> Part:
        """The part tree."""
        if self._root is None:
            self._root = structure.parse(self.raw)
        return self._root

    @property
    def header_end(self) -> int:
        """Where the message's own body starts."""
        if self._header_end < 0:
            self._header_end = headers.header_end(self.raw)
        return self._header_end

    def section(self, item: BodySection) -> bytes | None:
        """The octets, None when there is no such part (NIL)."""
        octets = self._whole(item) if not item.path else self._inside(item)
        return None if octets is None else item.cut(octets)

    def _whole(self, item: BodySection) -> bytes:
        match item.text:
            case Text.ALL:
                return self.raw
            case Text.HEADER:
                return self.raw[: self.header_end]
            case Text.TEXT:
                return self.raw[self.header_end :]
            case _:
                return self._fields(self.raw[: self.header_end], item)

    def _inside(self, item: BodySection) -> bytes | None:
        part = structure.find(self.root, item.path)
        if part is None:
            return b"" if item.text in (Text.ALL, Text.MIME) and self._is_implied(item.path) else None
        match item.text:
            case Text.ALL:
                return self.raw[part.body_start : part.end]
            case Text.MIME:
                return self.raw[part.header_start : part.body_start]
        # RFC 3501 §6.4.5: HEADER and TEXT of a part are those of the message it carries.
        inner = part.embedded
        if inner is None:
            return None
        match item.text:
            case Text.HEADER:
                return self.raw[inner.header_start : inner.body_start]
            case Text.TEXT:
                return self.raw[inner.body_start : inner.end]
            case _:
                return self._fields(self.raw[inner.header_start : inner.body_start], item)

    def _is_implied(self, path: tuple[int, ...]) -> bool:
        """Whether this is the one empty part that BODYSTRUCTURE shows in a multipart without any (its grammar wants one)."""
        above = structure.find(self.root, path[:-1]) if len(path) > 1 else self.root
        if above is not None and above.embedded is not None:
            above = above.embedded
        return path[-1] == 1 and above is not None and above.type == "multipart" and not above.children

    @staticmethod
    def _fields(header: bytes, item: BodySection) -> bytes:
        names = {name.lower() for name in item.fields}
        return headers.pick(header, names, negate=item.text is Text.HEADER_FIELDS_NOT)


class Contents:
    """Messages read lately, by folder and uid: both name one content for ever. budget: octets in all."""

    __slots__ = ("_budget", "_held", "_known")

    def __init__(self, budget: int = 16 << 20) -> None:
        self._budget = budget
        self._held = 0
        self._known: OrderedDict[tuple[int, int], tuple[MessageData, Content]] = OrderedDict()

    def get(self, folder_id: int, uid: int) -> tuple[MessageData, Content] | None:
        """What is still here of a message."""
        found = self._known.get((folder_id, uid))
        if found is not None:
            self._known.move_to_end((folder_id, uid))
        return found

    def keep(self, folder_id: int, uid: int, data: MessageData, content: Content) -> None:
        """Keep one, and forget the longest unused for it."""
        key = (folder_id, uid)
        if key in self._known or len(content.raw) > self._budget:
            return
        self._known[key] = (data, content)
        self._held += len(content.raw)
        while self._held > self._budget:
            _, (_, oldest) = self._known.popitem(last=False)
            self._held -= len(oldest.raw)
