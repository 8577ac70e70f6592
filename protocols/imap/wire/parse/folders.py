"""Commands about mailboxes as a whole: SELECT … LIST, STATUS. RFC 3501 §6.3; LIST-EXTENDED RFC 5258, SPECIAL-USE RFC 6154,
select parameters RFC 4466, CONDSTORE and QRESYNC RFC 7162 §3.1.8, §3.2.5.
"""

from collections.abc import Callable, Mapping

from protocols.imap.wire import commands as c
from protocols.imap.wire.errors import BadSyntax
from protocols.imap.wire.lexer import CLOSE, OPEN, Lexer
from protocols.imap.wire.names import SEPARATOR

MAX_PATTERNS = 100
MAX_QUOTED_USES = 16


def _selection(lexer: Lexer) -> tuple[str, bool, c.QResync | None]:
    lexer.space()
    name = lexer.mailbox()
    condstore = False
    qresync = None
    if not lexer.at_end():
        lexer.space()
        lexer.open()
        while True:
            at = lexer.at
            match lexer.word("CONDSTORE or QRESYNC"):
                case "CONDSTORE":
                    condstore = True
                case "QRESYNC" if qresync is None:
                    qresync = _qresync(lexer)
                case _:
                    raise BadSyntax(at, "CONDSTORE or QRESYNC")
            if not lexer.more():
                break
        lexer.end()
    return name, condstore or qresync is not None, qresync


def _qresync(lexer: Lexer) -> c.QResync:
    """`(uidvalidity modseq [known-uids] [(known-seqs known-uids)])`. RFC 7162 §7."""
    lexer.space()
    lexer.open()
    uidvalidity = lexer.number(least=1)
    lexer.space()
    modseq = lexer.modseq(least=0)  # 1 at least by the grammar; 0 is sent, and means all
    known_uids = None
    pairs = None
    if lexer.more():
        more = True
        if lexer.octets[lexer.at] != OPEN:
            known_uids = lexer.known_set()
            more = lexer.more()
        if more:
            lexer.open()
            seqs = lexer.known_set()
            lexer.space()
            uids = lexer.known_set()
            lexer.close()
            lexer.close()
            pairs = (seqs, uids)
    return c.QResync(uidvalidity, modseq, known_uids, pairs)


def select(lexer: Lexer, tag: bytes) -> c.Command:
    return c.Select(tag, *_selection(lexer))


def examine(lexer: Lexer, tag: bytes) -> c.Command:
    return c.Examine(tag, *_selection(lexer))


def create(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    name = lexer.mailbox()
    # RFC 3501 §6.3.3: a trailing separator says that names will be created below; the server ignores it.
    if len(name) > 1 and name.endswith(SEPARATOR):
        name = name[:-1]
    uses: list[str] = []
    if not lexer.at_end():
        lexer.space()
        lexer.open()
        at = lexer.at
        if lexer.word("USE") != "USE":
            raise BadSyntax(at, "USE")
        lexer.space()
        lexer.open()
        while True:
            at = lexer.at
            if not lexer.take(0x5C) or len(uses) == MAX_QUOTED_USES:
                raise BadSyntax(at, "a special use like \\Sent")
            uses.append("\\" + lexer.atom("a special use like \\Sent").decode("ascii"))
            if not lexer.more():
                break
        lexer.close()
        lexer.end()
    return c.Create(tag, name, tuple(uses))


def rename(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    source = lexer.mailbox()
    lexer.space()
    target = lexer.mailbox()
    lexer.end()
    return c.Rename(tag, source, target)


def one_name(make: Callable[[bytes, str], c.Command]) -> Callable[[Lexer, bytes], c.Command]:
    """The parser of a command whose only argument is a mailbox name."""

    def parse(lexer: Lexer, tag: bytes) -> c.Command:
        lexer.space()
        name = lexer.mailbox()
        lexer.end()
        return make(tag, name)

    return parse


def _status_items(lexer: Lexer) -> tuple[c.StatusItem, ...]:
    lexer.open()
    items: dict[c.StatusItem, None] = {}
    while True:
        at = lexer.at
        try:
            items[c.StatusItem(lexer.word("a status item"))] = None
        except ValueError:
            raise BadSyntax(at, "a status item of this server") from None
        if not lexer.more():
            return tuple(items)


def status(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    name = lexer.mailbox()
    lexer.space()
    items = _status_items(lexer)
    lexer.end()
    return c.Status(tag, name, items)


def lsub(lexer: Lexer, tag: bytes) -> c.Command:
    lexer.space()
    reference = lexer.mailbox()
    lexer.space()
    pattern = lexer.pattern()
    lexer.end()
    return c.Lsub(tag, reference, pattern)


def list_(lexer: Lexer, tag: bytes) -> c.Command:
    """RFC 5258 §6 list."""
    lexer.space()
    selects: set[c.ListSelect] = set()
    extended = False
    if lexer.octets[lexer.at] == OPEN:
        extended = True
        selects = _select_options(lexer)
        lexer.space()
    reference = lexer.mailbox()
    lexer.space()
    patterns: list[str] = []
    if lexer.take(OPEN):
        extended = True
        while True:
            patterns.append(lexer.pattern())
            if len(patterns) > MAX_PATTERNS:
                raise BadSyntax(lexer.at, f"at most {MAX_PATTERNS} patterns")
            if not lexer.more():
                break
    else:
        patterns.append(lexer.pattern())
    returns: set[c.ListReturn] = set()
    items: tuple[c.StatusItem, ...] = ()
    if not lexer.at_end():
        lexer.space()
        extended = True
        at = lexer.at
        if lexer.word("RETURN") != "RETURN":
            raise BadSyntax(at, "RETURN")
        lexer.space()
        returns, items = _return_options(lexer)
        lexer.end()
    return c.List(tag, reference, tuple(patterns), frozenset(selects), frozenset(returns), items, extended)


def _select_options(lexer: Lexer) -> set[c.ListSelect]:
    start = lexer.at
    lexer.open()
    options: set[c.ListSelect] = set()
    if not lexer.take(CLOSE):
        while True:
            at = lexer.at
            try:
                options.add(c.ListSelect(lexer.word("a selection option")))
            except ValueError:
                raise BadSyntax(at, "a selection option of this server") from None
            if not lexer.more():
                break
    if c.ListSelect.RECURSIVEMATCH in options and not options & {c.ListSelect.SUBSCRIBED, c.ListSelect.SPECIAL_USE}:
        raise BadSyntax(start, "RECURSIVEMATCH beside an option that selects")  # RFC 5258 §3.1
    return options


def _return_options(lexer: Lexer) -> tuple[set[c.ListReturn], tuple[c.StatusItem, ...]]:
    lexer.open()
    options: set[c.ListReturn] = set()
    items: tuple[c.StatusItem, ...] = ()
    if lexer.take(CLOSE):
        return options, items
    while True:
        at = lexer.at
        word = lexer.word("a return option")
        if word == "STATUS":  # RFC 5819 §2
            lexer.space()
            items = _status_items(lexer)
        else:
            try:
                options.add(c.ListReturn(word))
            except ValueError:
                raise BadSyntax(at, "a return option of this server") from None
        if not lexer.more():
            return options, items


PARSERS: Mapping[bytes, Callable[[Lexer, bytes], c.Command]] = {
    b"SELECT": select,
    b"EXAMINE": examine,
    b"CREATE": create,
    b"DELETE": one_name(c.Delete),
    b"RENAME": rename,
    b"SUBSCRIBE": one_name(c.Subscribe),
    b"UNSUBSCRIBE": one_name(c.Unsubscribe),
    b"LIST": list_,
    b"LSUB": lsub,
    b"STATUS": status,
}
