"""The grammar: each command as clients write it, in three ways; what is refused, and where. RFC 3501 §6, §9."""

import datetime

import pytest

from protocols.imap.wire import commands as c
from protocols.imap.wire import search_keys as k
from protocols.imap.wire.fetch_items import ALL, FAST, FULL, Attribute, BodySection, Text
from protocols.imap.wire.flags import ANSWERED, DELETED, FLAGGED, SEEN, Flags
from protocols.imap.wire.reader import Continue
from protocols.imap.wire.sequence_sets import STAR, SequenceSet
from tests.wire.imap.printing import printed
from tests.wire.imap.reading import three_ways, whole

T = b"a1"
A = Attribute


def s(*ranges: tuple[int, int]) -> SequenceSet:
    return SequenceSet(ranges)


ONE = s((1, 1))
CASES: list[tuple[bytes, c.Command]] = [
    (b"a1 CAPABILITY", c.Capability(T)),
    (b"a1 nOoP", c.Noop(T)),
    (b"a1 LOGOUT", c.Logout(T)),
    (b"a1 STARTTLS", c.StartTls(T)),
    (b"a1 IDLE", c.Idle(T)),
    (b"a1 NAMESPACE", c.Namespace(T)),
    (b"a1 CHECK", c.Check(T)),
    (b"a1 CLOSE", c.Close(T)),
    (b"a1 UNSELECT", c.Unselect(T)),
    (b"a1 ID NIL", c.Id(T)),
    (b"a1 ID ()", c.Id(T)),
    (b'a1 ID ("name" "sodr" "version" NIL)', c.Id(T, (("name", "sodr"), ("version", None)))),
    (b"a1 AUTHENTICATE PLAIN", c.Authenticate(T, "PLAIN")),
    (b"a1 AUTHENTICATE plain =", c.Authenticate(T, "PLAIN", b"")),
    (b"a1 AUTHENTICATE PLAIN AHRlc3QAdGVzdA==", c.Authenticate(T, "PLAIN", b"\0test\0test")),
    (b"a1 LOGIN SMITH SESAME", c.Login(T, "SMITH", "SESAME")),
    (b'a1 LOGIN "u1@a.test" "a \\"b\\\\ c"', c.Login(T, "u1@a.test", 'a "b\\ c')),
    (b'a1 LOGIN "" "p\xc3\xa4ss"', c.Login(T, "", "päss")),
    (b"a1 LOGIN {5+}\r\nu1@a. {4+}\r\n a\r\n", c.Login(T, "u1@a.", " a\r\n")),
    (b"a1 ENABLE CONDSTORE qresync CONDSTORE", c.Enable(T, ("CONDSTORE", "QRESYNC"))),
    (b"a1 SELECT inBOX", c.Select(T, "INBOX")),
    (b"a1 SELECT INBOX (CONDSTORE)", c.Select(T, "INBOX", True)),
    (b"a1 EXAMINE blurdybloop", c.Examine(T, "blurdybloop")),
    (
        b"a1 SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))",
        c.Select(T, "INBOX", True, c.QResync(67890007, 20050715194045000, s((41, 41), (43, 211), (214, 541)))),
    ),
    (
        b"a1 SELECT INBOX (QRESYNC (1 9 1:4 (1:2 3,4)) CONDSTORE)",
        c.Select(T, "INBOX", True, c.QResync(1, 9, s((1, 4)), (s((1, 2)), s((3, 3), (4, 4))))),
    ),
    (b"a1 SELECT x (QRESYNC (1 9 (1 2)))", c.Select(T, "x", True, c.QResync(1, 9, None, (ONE, s((2, 2)))))),
    (b"a1 CREATE owatagusiam/", c.Create(T, "owatagusiam")),
    (b'a1 CREATE "Sent Mail" (USE (\\Sent \\Drafts))', c.Create(T, "Sent Mail", ("\\Sent", "\\Drafts"))),
    (b"a1 DELETE foo", c.Delete(T, "foo")),
    (b"a1 RENAME blurdybloop sarasoon", c.Rename(T, "blurdybloop", "sarasoon")),
    (b"a1 SUBSCRIBE #news.comp.mail.mime", c.Subscribe(T, "#news.comp.mail.mime")),
    (b"a1 UNSUBSCRIBE inbox/a", c.Unsubscribe(T, "INBOX/a")),
    (b"a1 SELECT ~peter/mail/&U,BTFw-/&ZeVnLIqe-", c.Select(T, "~peter/mail/台北/日本語")),
    (b'a1 SELECT "a&-b"', c.Select(T, "a&b")),
    (
        b"a1 STATUS blurdybloop (UIDNEXT MESSAGES uidnext)",
        c.Status(T, "blurdybloop", (c.StatusItem.UIDNEXT, c.StatusItem.MESSAGES)),
    ),
    (b"a1 STATUS x (HIGHESTMODSEQ)", c.Status(T, "x", (c.StatusItem.HIGHESTMODSEQ,))),
    (b'a1 LIST "" *', c.List(T, "", ("*",))),
    (b'a1 LIST "" ""', c.List(T, "", ("",))),
    (b"a1 LIST ~/Mail/ %", c.List(T, "~/Mail/", ("%",))),
    (
        b'a1 LIST (SUBSCRIBED RECURSIVEMATCH) "" (INBOX "Drafts" %) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
        c.List(
            T,
            "",
            ("INBOX", "Drafts", "%"),
            frozenset({c.ListSelect.SUBSCRIBED, c.ListSelect.RECURSIVEMATCH}),
            frozenset({c.ListReturn.CHILDREN}),
            (c.StatusItem.MESSAGES, c.StatusItem.UNSEEN),
            True,
        ),
    ),
    (b'a1 LIST () "" % RETURN ()', c.List(T, "", ("%",), extended=True)),
    (
        b'a1 LIST (SPECIAL-USE) "" "*"',
        c.List(T, "", ("*",), frozenset({c.ListSelect.SPECIAL_USE}), extended=True),
    ),
    (b'a1 LSUB "#news." "comp.mail.*"', c.Lsub(T, "#news.", "comp.mail.*")),
    (b'a1 GETQUOTA ""', c.GetQuota(T, "")),
    (b"a1 GETQUOTAROOT INBOX", c.GetQuotaRoot(T, "INBOX")),
    (b'a1 SETQUOTA "" (STORAGE 512 message 9)', c.SetQuota(T, "", (("STORAGE", 512), ("MESSAGE", 9)))),
    (b"a1 EXPUNGE", c.Expunge(T)),
    (b"a1 UID EXPUNGE 3000:3002", c.Expunge(T, s((3000, 3002)))),
    (b"a1 FETCH 1 ALL", c.Fetch(T, ONE, ALL)),
    (b"a1 FETCH 1 fast", c.Fetch(T, ONE, FAST)),
    (b"a1 FETCH 1 FULL", c.Fetch(T, ONE, FULL)),
    (b"a1 UID FETCH *:4 FLAGS", c.Fetch(T, s((4, STAR)), (A.UID, A.FLAGS), True)),
    (b"a1 FETCH 2:4 (FLAGS FLAGS MODSEQ)", c.Fetch(T, s((2, 4)), (A.FLAGS, A.MODSEQ))),
    (b"a1 FETCH 1 (BODY BODYSTRUCTURE)", c.Fetch(T, ONE, (A.BODY, A.BODYSTRUCTURE))),
    (b"a1 FETCH 1 BODY[]", c.Fetch(T, ONE, (BodySection(),))),
    (b"a1 FETCH 1 BODY.PEEK[]<0.2048>", c.Fetch(T, ONE, (BodySection(partial=(0, 2048), peek=True),))),
    (b"a1 FETCH 1 body[4.2.2.1]", c.Fetch(T, ONE, (BodySection((4, 2, 2, 1)),))),
    (b"a1 FETCH 1 BODY[4.1.MIME]", c.Fetch(T, ONE, (BodySection((4, 1), Text.MIME),))),
    (b"a1 FETCH 1 BODY[3.HEADER]", c.Fetch(T, ONE, (BodySection((3,), Text.HEADER),))),
    (
        b'a1 FETCH 1 BODY[HEADER.FIELDS.NOT (DATE "from" {2+}\r\nTo)]',
        c.Fetch(T, ONE, (BodySection((), Text.HEADER_FIELDS_NOT, (b"DATE", b"from", b"To")),)),
    ),
    (
        b"a1 FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)",
        c.Fetch(
            T,
            ONE,
            (
                BodySection(label=b"RFC822"),
                BodySection(text=Text.HEADER, peek=True, label=b"RFC822.HEADER"),
                BodySection(text=Text.TEXT, label=b"RFC822.TEXT"),
                A.SIZE,
            ),
        ),
    ),
    (b"a1 FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)", c.Fetch(T, s((1, STAR)), (A.FLAGS, A.MODSEQ), changed_since=12345)),
    (
        b"a1 UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)",
        c.Fetch(T, s((300, 500)), (A.UID, A.FLAGS, A.MODSEQ), True, 12345, True),
    ),
    (b"a1 STORE 2:4 +FLAGS (\\Deleted)", c.Store(T, s((2, 4)), c.StoreMode.ADD, Flags(DELETED))),
    (
        b"a1 UID STORE 1 -flags.silent \\Seen $Junk \\ANSWERED $junk",
        c.Store(T, ONE, c.StoreMode.REMOVE, Flags(SEEN | ANSWERED, ("$Junk",)), True, None, True),
    ),
    (b"a1 STORE 1 FLAGS ()", c.Store(T, ONE, c.StoreMode.REPLACE)),
    (
        b"a1 STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted)",
        c.Store(T, s((7, 7), (5, 5), (9, 9)), c.StoreMode.ADD, Flags(DELETED), True, 320162338),
    ),
    (b"a1 COPY 2:4 MEETING", c.Copy(T, s((2, 4)), "MEETING")),
    (b"a1 UID COPY 2 {5+}\r\nin\\ox", c.Copy(T, s((2, 2)), "in\\ox", True)),
    (b"a1 MOVE 1 foo", c.Move(T, ONE, "foo")),
    (b"a1 UID MOVE 42:69 foo", c.Move(T, s((42, 69)), "foo", True)),
]

SEARCHES: list[tuple[bytes, k.SearchKey]] = [
    (b"ALL", k.All()),
    (b"NEW", k.And((k.IsRecent(), k.HasFlag(SEEN, False)))),
    (b"OLD", k.IsRecent(False)),
    (b"UNSEEN flagged", k.And((k.HasFlag(SEEN, False), k.HasFlag(FLAGGED)))),
    (b"KEYWORD $Junk UNKEYWORD x", k.And((k.HasKeyword("$Junk"), k.HasKeyword("x", False)))),
    (b"2,4:7", k.InSet(s((2, 2), (4, 7)), False)),
    (b"* UID 5:*", k.And((k.InSet(s((STAR, STAR)), False), k.InSet(s((5, STAR)), True)))),
    (b'FROM "Smith"', k.Contains(k.Field.FROM, "Smith")),
    (b"TEXT {6+}\r\nXXX\r\nX", k.Contains(k.Field.TEXT, "XXX\r\nX")),
    (b'HEADER Message-ID ""', k.HeaderContains("Message-ID", "")),
    (b"SINCE 1-Feb-1994", k.Dated(k.Clock.INTERNAL, k.When.SINCE, datetime.date(1994, 2, 1))),
    (b'SENTBEFORE "01-feb-1994"', k.Dated(k.Clock.SENT, k.When.BEFORE, datetime.date(1994, 2, 1))),
    (b"NOT OR LARGER 9 SMALLER 2", k.Not(k.Or(k.Sized(True, 9), k.Sized(False, 2)))),
    (b"(SEEN)", k.HasFlag(SEEN)),
    (b"OR (SEEN 1) (NOT (ALL))", k.Or(k.And((k.HasFlag(SEEN), k.InSet(ONE, False))), k.Not(k.All()))),
    (b"MODSEQ 620162338", k.ChangedSince(620162338)),
    (b'MODSEQ "/flags/\\\\draft" all 620162338', k.ChangedSince(620162338)),
    (b"CHARSET UTF-8 SUBJECT {6+}\r\n\xd0\xb6\xd0\xb6\xd0\xb6", k.Contains(k.Field.SUBJECT, "жжж")),
    (b'CHARSET iso-8859-1 BODY "gr\xfc\xdfe"', k.Contains(k.Field.BODY, "grüße")),
]


@pytest.mark.parametrize(("line", "command"), CASES, ids=[line[:60].decode("latin-1") for line, _ in CASES])
def test_a_command_is_read_in_three_ways(line: bytes, command: c.Command) -> None:
    assert three_ways(line + b"\r\n") == [command]


@pytest.mark.parametrize("command", [command for _, command in CASES], ids=lambda each: type(each).__name__)
def test_what_is_printed_is_read_back(command: c.Command) -> None:
    assert three_ways(printed(command)) == [command]


@pytest.mark.parametrize(("text", "key"), SEARCHES, ids=[text[:40].decode("latin-1") for text, _ in SEARCHES])
def test_search_keys(text: bytes, key: k.SearchKey) -> None:
    found = three_ways(b"a1 SEARCH " + text + b"\r\n")
    assert [type(each) for each in found] == [c.Search]
    assert found[0].key == key  # type: ignore[attr-defined]
    again = three_ways(printed(c.Search(T, key)))
    assert again == [c.Search(T, key)]


@pytest.mark.parametrize(
    ("text", "returns"),
    [(b"()", ()), (b"(ALL)", (k.Return.ALL,)), (b"(MIN max COUNT MIN)", (k.Return.MIN, k.Return.MAX, k.Return.COUNT))],
)
def test_search_return_options(text: bytes, returns: tuple[k.Return, ...]) -> None:
    assert three_ways(b"a1 UID SEARCH RETURN " + text + b" ALL\r\n") == [c.Search(T, k.All(), returns, None, True)]


REFUSED: list[tuple[bytes, int, str]] = [
    (b"a1 XYZZY", 3, "a command of this server"),
    (b"a1 UID NOOP", 6, "a command that has a UID form"),
    (b"a1 NOOP ", 7, "the end of the command"),
    (b"a1  NOOP", 3, "a command"),
    (b"a1", 3, "a command"),
    (b"a1 FETCH 0 FLAGS", 9, "a sequence set"),
    (b"a1 FETCH 1:4294967296 FLAGS", 9, "numbers below 4294967296"),
    (b"a1 FETCH 1 (FLAGS", 17, "a space or a closing parenthesis"),
    (b"a1 FETCH 1 ()", 12, "a fetch item"),
    (b"a1 FETCH 1 (ALL)", 12, "a fetch item of this server"),
    (b"a1 FETCH 1 BODY[1.]", 18, "a part number, HEADER, HEADER.FIELDS, TEXT or MIME"),
    (b"a1 FETCH 1 BODY[MIME]", 16, "a part number before MIME"),
    (b"a1 FETCH 1 BODY[]<1.0>", 17, "a partial like <0.1024>"),
    (b"a1 FETCH 1 BODY[HEADER.FIELDS ()]", 31, "a header field name"),
    (b"a1 FETCH 1 (FLAGS) (VANISHED)", 29, "CHANGEDSINCE beside VANISHED"),
    (b"a1 FETCH 1 (FLAGS) (CHANGEDSINCE 5 VANISHED)", 11, "VANISHED with UID FETCH only"),
    (b"a1 STORE 1 FLAGS (\\Recent)", 18, "a system flag that a client may set, or a keyword"),
    (b"a1 STORE 1 FLAG (\\Seen)", 11, "FLAGS, +FLAGS or -FLAGS"),
    (b"a1 STORE 1 +FLAGS", 17, "a space"),
    (b"a1 SEARCH", 9, "a space"),
    (b"a1 SEARCH CHARSET x-klingon ALL", 18, "a charset of this server"),
    (b'a1 SEARCH SUBJECT "\xff"', 18, "a string in the charset of the search"),
    (b"a1 SEARCH ON 31-Feb-2024", 13, "a date of the calendar"),
    (b'a1 SEARCH ON "1-Feb-2024', 13, "a date like 1-Feb-1994"),
    (b"a1 SEARCH $", 10, "a search key"),
    (b"a1 SEARCH RETURN (SAVE) ALL", 18, "a return option of this server (MIN, MAX, ALL, COUNT)"),
    (b"a1 SELECT &AGE-", 10, "a mailbox name (not modified UTF-7)"),
    (b'a1 SELECT "b\xc3\xa4r"', 10, "a mailbox name (not modified UTF-7)"),
    (b"a1 SELECT x (QRESYNC (1 2 1:*))", 26, "a set without *"),
    (b"a1 STATUS x ()", 13, "a status item"),
    (b'a1 LIST (RECURSIVEMATCH) "" *', 8, "RECURSIVEMATCH beside an option that selects"),
    (b'a1 LOGIN "x y', 9, "a user name, and its closing quote"),
    (b"a1 LOGIN {3+}\r\na\0b c", 16, "a literal without NUL"),
    (b"a1 LOGIN \xff x", 9, "a user name"),
    (b'a1 LOGIN "\xff" x', 9, "UTF-8"),
    (b"a1 AUTHENTICATE PLAIN ====", 22, "base64"),
    (b"a1 CREATE x (USE ())", 18, "a special use like \\Sent"),
    (b"a1 APPEND INBOX", 15, "a space"),
    (b"a1 NOOP\0", 7, "the end of the command"),
    (b"a1 NOOP\r", 7, "the end of the command"),
]


@pytest.mark.parametrize(("line", "at", "expected"), REFUSED, ids=[line[:50].decode("latin-1") for line, *_ in REFUSED])
def test_what_is_not_a_command_says_where_and_what(line: bytes, at: int, expected: str) -> None:
    found = three_ways(line + b"\r\n")
    assert [event[:2] + event[3:] for event in found] == [("bad", T, expected)]  # type: ignore[index]
    assert whole(line + b"\r\n")[0].error.at == at  # type: ignore[union-attr]


@pytest.mark.parametrize("line", [b"", b" ", b"*", b"+ x NOOP", b"a+b NOOP", b"(a) NOOP", b"\xff\xfe", b"a\x00 NOOP", b"{5}x"])
def test_without_a_tag_the_reply_has_none(line: bytes) -> None:
    assert three_ways(line + b"\r\n") == [("bad", None, "BadSyntax", "a tag and a command")]


def test_utf8_names_after_enable() -> None:
    assert three_ways('a1 SELECT "bär&-"\r\n'.encode(), utf8=True) == [c.Select(T, "bär&-")]
    # NFC: what a Mac writes decomposed is the same mailbox.
    assert three_ways('a1 SELECT "ba\u0308r"\r\n'.encode(), utf8=True) == [c.Select(T, "bär")]
    assert three_ways(b'a1 SELECT "a\xc2\x85b"\r\n', utf8=True) == [
        ("bad", T, "BadSyntax", "a mailbox name (control characters)")
    ]


def test_deep_nesting_is_refused_not_followed() -> None:
    line = b"a1 SEARCH " + b"(" * 30_000 + b"ALL" + b")" * 30_000
    assert three_ways(line + b"\r\n")[0][0] == "bad"  # type: ignore[index]
    line = b"a1 SEARCH " + b"NOT " * 10_000 + b"ALL"
    assert three_ways(line + b"\r\n")[0][0] == "bad"  # type: ignore[index]


def test_synchronising_literals_ask_first() -> None:
    assert three_ways(b"a1 LOGIN {2}\r\nme {3}\r\nabc\r\n") == [
        Continue(T, "LOGIN", 2),
        Continue(T, "LOGIN", 3),
        c.Login(T, "me", "abc"),
    ]


def test_a_login_does_not_show_its_password() -> None:
    assert "sesame" not in repr(c.Login(T, "smith", "sesame"))
