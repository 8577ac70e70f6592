"""What the server says, line by line, with the RFCs' own examples. RFC 3501 §7; RFC 4315, 4731, 7162, 9208."""

import datetime

import pytest

from protocols.imap.wire import dates, fetch_lines, strings
from protocols.imap.wire import responses as r
from protocols.imap.wire.errors import BadCharset, BadSyntax, TooBig
from protocols.imap.wire.fetch_items import Attribute, BodySection, Text, sets_seen
from protocols.imap.wire.flags import ANSWERED, DELETED, SEEN, Flags
from protocols.imap.wire.lexer import Lexer
from protocols.imap.wire.snapshot import Row, Slice, Snapshot
from protocols.imap.wire.view import View

LINES: list[tuple[bytes, bytes]] = [
    (r.ok(b"a1", "Done"), b"a1 OK Done\r\n"),
    (r.tagged(None, r.Status.BAD, "what?"), b"* BAD what?\r\n"),
    (r.no(b"a1", "No such mailbox", r.Code.TRYCREATE), b"a1 NO [TRYCREATE] No such mailbox\r\n"),
    (r.untagged_ok("ready", r.code_capability(("IMAP4rev1", "IDLE"))), b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n"),
    (r.bye("Bye"), b"* BYE Bye\r\n"),
    (r.preauth("in"), b"* PREAUTH in\r\n"),
    (r.untagged_no("x"), b"* NO x\r\n"),
    (r.untagged_bad("x"), b"* BAD x\r\n"),
    (r.continuation(), b"+ Ready\r\n"),
    (r.challenge(b""), b"+ \r\n"),
    (r.challenge(b"abc"), b"+ YWJj\r\n"),
    (
        r.untagged_ok("x", r.code_permanentflags(SEEN | DELETED, ("$Junk",), new_keywords=True)),
        b"* OK [PERMANENTFLAGS (\\Deleted \\Seen $Junk \\*)] x\r\n",
    ),
    (r.untagged_ok("x", r.code_number("UIDNEXT", 4392)), b"* OK [UIDNEXT 4392] x\r\n"),
    (r.ok(b"A003", "APPEND completed", r.code_appenduid(38505, (3955,))), b"A003 OK [APPENDUID 38505 3955] APPEND completed\r\n"),
    (
        r.ok(b"A004", "Done", r.code_copyuid(38505, (304, 319, 320), (3956, 3957, 3958))),
        b"A004 OK [COPYUID 38505 304,319:320 3956:3958] Done\r\n",
    ),
    (r.ok(b"d105", "Conditional STORE failed", r.code_modified((7, 9))), b"d105 OK [MODIFIED 7,9] Conditional STORE failed\r\n"),
    (r.capability(("IMAP4rev1", "STARTTLS")), b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"),
    (r.enabled(("CONDSTORE",)), b"* ENABLED CONDSTORE\r\n"),
    (r.enabled(()), b"* ENABLED\r\n"),
    (r.list_line("foo", ("\\Noselect",)), b'* LIST (\\Noselect) "/" foo\r\n'),
    (r.list_line("", ("\\Noselect",)), b'* LIST (\\Noselect) "/" ""\r\n'),
    (
        r.list_line("Entwürfe/a b", ("\\HasNoChildren", "\\Drafts")),
        b'* LIST (\\HasNoChildren \\Drafts) "/" "Entw&APw-rfe/a b"\r\n',
    ),
    (r.list_line("Entwürfe", utf8=True), '* LIST () "/" "Entwürfe"\r\n'.encode()),
    (r.list_line("Foo", childinfo=("SUBSCRIBED",)), b'* LIST () "/" Foo ("CHILDINFO" ("SUBSCRIBED"))\r\n'),
    (r.list_line("b", old_name="a"), b'* LIST () "/" b ("OLDNAME" (a))\r\n'),
    (r.list_line("NIL", lsub=True, delimiter=None), b'* LSUB () NIL "NIL"\r\n'),
    (r.status("blurdybloop", (("MESSAGES", 231), ("UIDNEXT", 44292))), b"* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)\r\n"),
    (r.flags(ANSWERED | SEEN, ("x",)), b"* FLAGS (\\Answered \\Seen x)\r\n"),
    (r.exists(23) + r.recent(5) + r.expunge(44), b"* 23 EXISTS\r\n* 5 RECENT\r\n* 44 EXPUNGE\r\n"),
    (r.vanished(((41, 41), (43, 116)), earlier=True), b"* VANISHED (EARLIER) 41,43:116\r\n"),
    (r.vanished(()), b""),
    (r.search((2, 3, 6)), b"* SEARCH 2 3 6\r\n"),
    (r.search(()), b"* SEARCH\r\n"),
    (r.search((), 5), b"* SEARCH\r\n"),
    (r.search((2, 5), 917162500), b"* SEARCH 2 5 (MODSEQ 917162500)\r\n"),
    (r.esearch(b"A283", by_uid=False, everything=((2, 2), (10, 11))), b'* ESEARCH (TAG "A283") ALL 2,10:11\r\n'),
    (
        r.esearch(b"A", by_uid=True, smallest=1, largest=9, count=4, modseq=7),
        b'* ESEARCH (TAG "A") UID MIN 1 MAX 9 COUNT 4 MODSEQ 7\r\n',
    ),
    (r.esearch(b"A", by_uid=True, count=0), b'* ESEARCH (TAG "A") UID COUNT 0\r\n'),
    (r.quota("", (("STORAGE", 10, 512),)), b'* QUOTA "" (STORAGE 10 512)\r\n'),
    (r.quota("", ()), b'* QUOTA "" ()\r\n'),
    (r.quotaroot("INBOX", ("",)), b'* QUOTAROOT INBOX ""\r\n'),
    (r.namespace((("", "/"),)), b'* NAMESPACE (("" "/")) NIL NIL\r\n'),
    (
        r.namespace((("", "/"),), (("~", "/"),), (("a", "/"), ("b", "/"))),
        b'* NAMESPACE (("" "/")) (("~" "/")) (("a" "/")("b" "/"))\r\n',
    ),
    (r.id_(()), b"* ID NIL\r\n"),
    (r.id_((("name", 'a"b'), ("os", None))), b'* ID ("name" "a\\"b" "os" NIL)\r\n'),
    (r.no(b"a", "x", r.code_badcharset(("US-ASCII",))), b"a NO [BADCHARSET (US-ASCII)] x\r\n"),
    (r.refusal(BadSyntax(4, "a space", b"a1")), b"a1 BAD Syntax error: expected a space at octet 5\r\n"),
    (r.refusal(BadSyntax(0, "a tag and a command")), b"* BAD Syntax error: expected a tag and a command at octet 1\r\n"),
    (r.refusal(BadCharset(4, "x", b"a1")), b"a1 NO [BADCHARSET (US-ASCII UTF-8)] Unknown charset\r\n"),
    (r.refusal(TooBig(4, "a line", None)), b"* BAD [TOOBIG] expected a line at octet 5\r\n"),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[expected[:50].decode("latin-1") for _, expected in LINES])
def test_lines(line: bytes, expected: bytes) -> None:
    assert line == expected


def test_no_text_can_forge_a_line() -> None:
    assert r.ok(b"a", "x\r\n* BYE\0ü") == b"a OK x??* BYE??\r\n"
    assert r.ok(b"a", "[ALERT] x") == b"a OK -[ALERT] x\r\n"
    assert r.ok(b"a", "") == b"a OK -\r\n"
    assert len(r.ok(b"a", "x" * 5000)) < 1000


def test_long_vanished_lists_are_cut_into_lines() -> None:
    lines = r.vanished([(uid, uid) for uid in range(1, 4000, 2)])
    assert lines.count(b"\r\n") > 1
    assert all(len(line) < 8192 for line in lines.split(b"\r\n"))
    numbers = [int(n) for line in lines.splitlines() for n in line.removeprefix(b"* VANISHED ").split(b",")]
    assert numbers == list(range(1, 4000, 2))


@pytest.mark.parametrize(
    ("octets", "written"),
    [
        (b"a", b'"a"'),
        (b'a"\\', b'"a\\"\\\\"'),
        (b"", b'""'),
        (b"a\r\n", b"{3}\r\na\r\n"),
        (b"\xc3", b"{1}\r\n\xc3"),
        (b"\0", b"{1}\r\n\0"),
    ],
)
def test_strings(octets: bytes, written: bytes) -> None:
    assert strings.string(octets) == written
    assert strings.nstring(octets) == written
    assert strings.nstring(None) == b"NIL"
    if b"\0" not in octets:
        assert Lexer(written + b"\r\n").string() == octets


def test_body_sections_are_named_as_asked() -> None:
    section = BodySection((4, 2), Text.HEADER_FIELDS, (b"DATE", b"x*y"), (5, 9), True)
    assert section.name() == b'BODY[4.2.HEADER.FIELDS (DATE "x*y")]<5>'
    assert section.render() == b'BODY.PEEK[4.2.HEADER.FIELDS (DATE "x*y")]<5.9>'
    assert section.cut(b"0123456789abcdef") == b"56789abcd"
    assert section.cut(b"0123") == b""
    assert BodySection(label=b"RFC822").name() == b"RFC822"
    assert not sets_seen((section, Attribute.FLAGS))
    assert sets_seen((BodySection(),))


def test_flags_are_written() -> None:
    assert Flags(SEEN | ANSWERED, ("a", "B")).render(recent=True) == b"(\\Answered \\Seen a B \\Recent)"


@pytest.mark.parametrize(
    ("epoch", "written"),
    [
        (0, '" 1-Jan-1970 00:00:00 +0000"'),
        (837_596_665, '"17-Jul-1996 09:44:25 +0000"'),
        (-1, '"31-Dec-1969 23:59:59 +0000"'),
        (10**18, '"31-Dec-9999 23:59:59 +0000"'),
    ],
)
def test_internal_dates(epoch: int, written: str) -> None:
    assert dates.internal_date(epoch) == written
    if abs(epoch) < 10**10:
        assert int(Lexer(written.encode() + b"\r\n").date_time().timestamp()) == epoch


def test_date_times_keep_their_zone() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-9, minutes=-30))
    moment = datetime.datetime(1996, 7, 7, 2, 44, 25, tzinfo=zone)
    assert dates.date_time(moment) == '" 7-Jul-1996 02:44:25 -0930"'
    assert Lexer(dates.date_time(moment).encode() + b"\r\n").date_time() == moment


def test_fetch_lines_from_columns() -> None:
    rows = [Row(5, SEEN, (), 7, 1, 0, 100), Row(9, 0, (1, 3), 8, 2, 86_400, 200)]
    view = View(Snapshot.build(rows), recent=((9, 9),))
    writer = fetch_lines.FlagWriter({1: "$Junk", 3: "x"})
    assert b"".join(fetch_lines.lines(view, view.known.all, (Attribute.UID, Attribute.FLAGS, Attribute.MODSEQ), writer)) == (
        b"* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (7))\r\n* 2 FETCH (UID 9 FLAGS ($Junk x \\Recent) MODSEQ (8))\r\n"
    )

    def envelopes(piece: Slice) -> list[bytes]:
        return [b"ENVELOPE (%d)" % message for message in piece.block.message_ids[piece.start : piece.stop]]

    items = (Attribute.INTERNALDATE, Attribute.SIZE)
    assert b"".join(fetch_lines.lines(view, ((1, 2),), items, writer, envelopes)) == (
        b'* 2 FETCH (INTERNALDATE " 2-Jan-1970 00:00:00 +0000" RFC822.SIZE 200 ENVELOPE (2))\r\n'
    )
    assert b"".join(fetch_lines.lines(view, ((0, 1),), (), writer, envelopes)) == b"* 1 FETCH (ENVELOPE (1))\r\n"
    assert fetch_lines.line(3, [b"UID 5", fetch_lines.body(b"BODY[]", b"a\r\n"), fetch_lines.body(b"BODY[9]", None)]) == (
        b"* 3 FETCH (UID 5 BODY[] {3}\r\na\r\n BODY[9] NIL)\r\n"
    )


def test_keywords_learned_later_are_written_and_unknown_ones_left_out() -> None:
    names = {1: "a"}
    writer = fetch_lines.FlagWriter(names)
    assert writer.text(SEEN, (1, 2)) == "(\\Seen a)"
    names[3] = "c"
    assert writer.text(0, (3,)) == "(c)"


def test_a_hundred_thousand_lines() -> None:
    rows = [Row(uid, uid % 4, (), uid, uid, uid, 1) for uid in range(1, 100_001)]
    view = View(Snapshot.build(rows))
    pieces = list(fetch_lines.lines(view, view.known.all, (Attribute.FLAGS,), fetch_lines.FlagWriter({})))
    assert sum(piece.count(b"\r\n") for piece in pieces) == 100_000
    assert max(map(len, pieces)) < 100_000
