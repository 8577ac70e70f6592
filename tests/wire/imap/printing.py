"""Commands written as a client would: the other half of the parser's round trip. Knows every command; used by tests only."""

import base64

from protocols.imap.wire import commands as c
from protocols.imap.wire import dates, mutf7
from protocols.imap.wire import flags as fl
from protocols.imap.wire import search_keys as k
from protocols.imap.wire.fetch_items import Attribute, BodySection
from protocols.imap.wire.strings import astring, quoted

_FLAG_WORDS = {fl.SEEN: b"SEEN", fl.ANSWERED: b"ANSWERED", fl.FLAGGED: b"FLAGGED", fl.DELETED: b"DELETED", fl.DRAFT: b"DRAFT"}


def mailbox(name: str) -> bytes:
    return astring(mutf7.encode(name)) if name else b'""'


def text(value: str) -> bytes:
    octets = value.encode("utf-8")
    if octets and octets.isalnum():
        return octets
    if b"\r" in octets or b"\n" in octets:
        return b"{%d+}\r\n" % len(octets) + octets
    return quoted(octets)


def key(node: k.SearchKey, *, top: bool = False) -> bytes:
    match node:
        case k.All():
            return b"ALL"
        case k.And(keys):
            inner = b" ".join(key(each) for each in keys)
            return inner if top else b"(" + inner + b")"
        case k.Or(left, right):
            return b"OR " + key(left) + b" " + key(right)
        case k.Not(inner_key):
            return b"NOT " + key(inner_key)
        case k.HasFlag(bit, present):
            return (b"" if present else b"UN") + _FLAG_WORDS[bit]
        case k.HasKeyword(keyword, present):
            return (b"KEYWORD " if present else b"UNKEYWORD ") + keyword.encode()
        case k.IsRecent(present):
            return b"RECENT" if present else b"OLD"
        case k.InSet(numbers, by_uid):
            return (b"UID " if by_uid else b"") + numbers.render()
        case k.Contains(field, value):
            return field.value.encode() + b" " + text(value)
        case k.HeaderContains(name, value):
            return b"HEADER " + astring(name.encode("latin-1")) + b" " + text(value)
        case k.Dated(clock, when, date):
            return b"%b%b %b" % (clock.value.encode(), when.value.encode(), f"{date.day}-{date:%b}-{date.year:04d}".encode())
        case k.Sized(larger, octets):
            return b"%b %d" % (b"LARGER" if larger else b"SMALLER", octets)
        case k.ChangedSince(modseq):
            return b"MODSEQ %d" % modseq
    raise AssertionError(node)


def item(one: Attribute | BodySection) -> bytes:
    return one.value.encode() if isinstance(one, Attribute) else one.render()


def _words(values: object) -> bytes:
    return b"(" + b" ".join(str(value).encode() for value in values) + b")"  # type: ignore[attr-defined]


def _selection(command: c.Select | c.Examine) -> bytes:
    line = mailbox(command.mailbox)
    if command.qresync is not None:
        q = command.qresync
        inner = b"%d %d" % (q.uidvalidity, q.modseq)
        if q.known_uids is not None:
            inner += b" " + q.known_uids.render()
        if q.known_sequence is not None:
            inner += b" (" + q.known_sequence[0].render() + b" " + q.known_sequence[1].render() + b")"
        return line + b" (QRESYNC (" + inner + b"))"
    return line + (b" (CONDSTORE)" if command.condstore else b"")


def arguments(command: c.Command) -> tuple[bytes, bytes]:
    """Name and arguments (with the leading space, when there are any)."""
    match command:
        case c.Authenticate(_, mechanism, initial):
            rest = b"" if initial is None else b" =" if not initial else b" " + base64.b64encode(initial)
            return b"AUTHENTICATE", b" " + mechanism.encode() + rest
        case c.Login(_, username, password):
            return b"LOGIN", b" " + text(username) + b" " + text(password)
        case c.Id(_, params):
            pairs = [quoted(n.encode()) + b" " + (b"NIL" if v is None else quoted(v.encode())) for n, v in params]
            return b"ID", b" (" + b" ".join(pairs) + b")" if pairs else b" NIL"
        case c.Enable(_, tokens):
            return b"ENABLE", b"".join(b" " + token.encode() for token in tokens)
        case c.Select() | c.Examine():
            return type(command).__name__.upper().encode(), b" " + _selection(command)
        case c.Create(_, name, uses):
            return b"CREATE", b" " + mailbox(name) + (b" (USE (" + " ".join(uses).encode() + b"))" if uses else b"")
        case c.Rename(_, source, target):
            return b"RENAME", b" " + mailbox(source) + b" " + mailbox(target)
        case c.Status(_, name, items):
            return b"STATUS", b" " + mailbox(name) + b" " + _words(items)
        case c.List():
            line = b""
            if command.select:
                line += b" " + _words(sorted(command.select))
            line += b" " + mailbox(command.reference)
            patterns = [quoted(mutf7.encode(pattern)) for pattern in command.patterns]
            line += b" " + (patterns[0] if len(patterns) == 1 else b"(" + b" ".join(patterns) + b")")
            if command.returns or command.status:
                words = [str(option) for option in sorted(command.returns)]
                if command.status:
                    words.append("STATUS " + _words(command.status).decode())
                line += b" RETURN " + _words(words)
            elif command.extended and not command.select and len(patterns) == 1:
                line += b" RETURN ()"
            return b"LIST", line
        case c.Lsub(_, reference, pattern):
            return b"LSUB", b" " + mailbox(reference) + b" " + quoted(mutf7.encode(pattern))
        case c.GetQuota(_, root):
            return b"GETQUOTA", b" " + quoted(root.encode())
        case c.SetQuota(_, root, limits):
            return b"SETQUOTA", b" " + quoted(root.encode()) + b" " + _words(f"{name} {limit}" for name, limit in limits)
        case c.Expunge(_, uids):
            return (b"EXPUNGE", b"") if uids is None else (b"UID EXPUNGE", b" " + uids.render())
        case c.Search(_, node, returns, charset, by_uid):
            line = b"" if returns is None else b" RETURN " + _words(returns)
            line += b"" if charset is None else b" CHARSET " + charset.encode()
            return b"UID SEARCH" if by_uid else b"SEARCH", line + b" " + key(node, top=True)
        case c.Fetch():
            line = b" " + command.numbers.render() + b" (" + b" ".join(item(one) for one in command.items) + b")"
            if command.changed_since is not None:
                line += b" (CHANGEDSINCE %d%b)" % (command.changed_since, b" VANISHED" if command.vanished else b"")
            return b"UID FETCH" if command.by_uid else b"FETCH", line
        case c.Store():
            line = b" " + command.numbers.render()
            if command.unchanged_since is not None:
                line += b" (UNCHANGEDSINCE %d)" % command.unchanged_since
            line += b" %bFLAGS%b %b" % (
                command.mode.value.encode(),
                b".SILENT" if command.silent else b"",
                command.flags.render(),
            )
            return b"UID STORE" if command.by_uid else b"STORE", line
        case c.Copy(_, numbers, name, by_uid) | c.Move(_, numbers, name, by_uid):
            word = type(command).__name__.upper().encode()
            return b"UID " + word if by_uid else word, b" " + numbers.render() + b" " + mailbox(name)
        case c.Append():
            line = b" " + mailbox(command.mailbox)
            if command.flags != fl.NO_FLAGS:
                line += b" " + command.flags.render()
            if command.internal_date is not None:
                line += b" " + dates.date_time(command.internal_date).encode()
            return b"APPEND", line + b" {%d%b}" % (command.literal.size, b"" if command.literal.sync else b"+")
        case c.Delete(_, name) | c.Subscribe(_, name) | c.Unsubscribe(_, name) | c.GetQuotaRoot(_, name):
            return type(command).__name__.upper().encode(), b" " + mailbox(name)
        case _:
            return type(command).__name__.upper().encode(), b""


def printed(command: c.Command) -> bytes:
    """The whole command, CRLF included (an APPEND up to its literal's CRLF)."""
    name, rest = arguments(command)
    return command.tag + b" " + name + rest + b"\r\n"
