"""What an IMAP server says: every line but FETCH's many (fetch_lines.py), rendered to bytes. RFC 3501 §7.

Status lines, response codes, capability, list, status, flags, search, esearch, quota, namespace, id, enabled, vanished,
continuations. Each function returns whole lines with CRLF; codes return what stands between the brackets.
Texts are made safe (no CR, LF, non-ASCII), so nothing a client sent can forge a line. Mailbox names are given as str and written
in modified UTF-7, or as UTF-8 when `utf8` (after ENABLE IMAP4rev2 or UTF8=ACCEPT).
"""

import base64
from collections.abc import Iterable, Sequence
from enum import StrEnum

from protocols.imap.wire import flags as flag_words
from protocols.imap.wire import mutf7
from protocols.imap.wire.errors import BadCharset, BadSyntax, TooBig
from protocols.imap.wire.sequence_sets import compact, render_ranges
from protocols.imap.wire.strings import astring, nstring, quoted

CRLF = b"\r\n"


class Status(StrEnum):
    """RFC 3501 §7.1."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"


class Code(StrEnum):
    """Response codes without arguments: RFC 3501 §7.1, 5530, 4315, 7162, 7889, 9208."""

    ALERT = "ALERT"
    ALREADYEXISTS = "ALREADYEXISTS"
    AUTHENTICATIONFAILED = "AUTHENTICATIONFAILED"
    AUTHORIZATIONFAILED = "AUTHORIZATIONFAILED"
    CANNOT = "CANNOT"
    CLIENTBUG = "CLIENTBUG"
    CLOSED = "CLOSED"
    CONTACTADMIN = "CONTACTADMIN"
    CORRUPTION = "CORRUPTION"
    EXPIRED = "EXPIRED"
    EXPUNGEISSUED = "EXPUNGEISSUED"
    HASCHILDREN = "HASCHILDREN"
    INUSE = "INUSE"
    LIMIT = "LIMIT"
    NOMODSEQ = "NOMODSEQ"
    NONEXISTENT = "NONEXISTENT"
    NOPERM = "NOPERM"
    OVERQUOTA = "OVERQUOTA"
    PARSE = "PARSE"
    PRIVACYREQUIRED = "PRIVACYREQUIRED"
    READ_ONLY = "READ-ONLY"
    READ_WRITE = "READ-WRITE"
    SERVERBUG = "SERVERBUG"
    TOOBIG = "TOOBIG"
    TRYCREATE = "TRYCREATE"
    UIDNOTSTICKY = "UIDNOTSTICKY"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN_CTE = "UNKNOWN-CTE"
    USEATTR = "USEATTR"


CodeLike = Code | bytes | None


def _text(text: str) -> bytes:
    """resp-text: one line of printable ASCII, never empty."""
    clean = "".join(letter if " " <= letter <= "~" else "?" for letter in text[:900])
    return (clean or "-").encode("ascii")


def _status(lead: bytes, status: bytes, text: str, code: CodeLike) -> bytes:
    if code is None:
        safe = _text(text)
        # RFC 3501 §7.1: a text that starts with "[" would read as a code.
        return b"%b %b %b\r\n" % (lead, status, b"-" + safe if safe.startswith(b"[") else safe)
    written = code.value.encode("ascii") if isinstance(code, Code) else code
    return b"%b %b [%b] %b\r\n" % (lead, status, written, _text(text))


def tagged(tag: bytes | None, status: Status, text: str, code: CodeLike = None) -> bytes:
    """`tag OK [code] text`; without a tag (it could not be read) an untagged line. RFC 3501 §7.1."""
    return _status(tag or b"*", status.value.encode("ascii"), text, code)


def ok(tag: bytes, text: str, code: CodeLike = None) -> bytes:
    """Tagged OK."""
    return _status(tag, b"OK", text, code)


def no(tag: bytes | None, text: str, code: CodeLike = None) -> bytes:
    """Tagged NO."""
    return _status(tag or b"*", b"NO", text, code)


def bad(tag: bytes | None, text: str, code: CodeLike = None) -> bytes:
    """Tagged BAD, or `* BAD` when the tag is unknown."""
    return _status(tag or b"*", b"BAD", text, code)


def untagged_ok(text: str, code: CodeLike = None) -> bytes:
    """`* OK`; the greeting too (RFC 3501 §7.1.1)."""
    return _status(b"*", b"OK", text, code)


def untagged_no(text: str, code: CodeLike = None) -> bytes:
    """`* NO`: a warning."""
    return _status(b"*", b"NO", text, code)


def untagged_bad(text: str, code: CodeLike = None) -> bytes:
    """`* BAD`."""
    return _status(b"*", b"BAD", text, code)


def preauth(text: str, code: CodeLike = None) -> bytes:
    """`* PREAUTH`. RFC 3501 §7.1.4."""
    return _status(b"*", b"PREAUTH", text, code)


def bye(text: str, code: CodeLike = None) -> bytes:
    """`* BYE`. RFC 3501 §7.1.5."""
    return _status(b"*", b"BYE", text, code)


def continuation(text: str = "Ready") -> bytes:
    """`+ text`. RFC 3501 §7.5."""
    return b"+ " + _text(text) + CRLF


def challenge(octets: bytes) -> bytes:
    """`+ base64` of a SASL challenge; the empty one is `+ ` (RFC 3501 §7.5, 4422)."""
    return b"+ " + base64.b64encode(octets) + CRLF


def refusal(error: BadSyntax) -> bytes:
    """The reply to bytes that were no command (or `* BYE` when the session must close: TooBig.fatal)."""
    match error:
        case TooBig(fatal=True):
            return bye(str(error), Code.TOOBIG)
        case TooBig():
            return no(error.tag, str(error), Code.TOOBIG) if error.tag else bad(None, str(error), Code.TOOBIG)
        case BadCharset():
            return no(error.tag, "Unknown charset", code_badcharset(("US-ASCII", "UTF-8")))
        case _:
            return bad(error.tag, "Syntax error: " + str(error))


# -- codes with arguments -----------------------------------------------------------------------------------------------
def code_capability(tokens: Iterable[str]) -> bytes:
    """CAPABILITY in a greeting or after login."""
    return b"CAPABILITY " + " ".join(tokens).encode("ascii")


def code_permanentflags(bits: int, keywords: Iterable[str], *, new_keywords: bool) -> bytes:
    """PERMANENTFLAGS; `new_keywords` adds `\\*`. RFC 3501 §7.1."""
    words = flag_words.names(bits, keywords)
    if new_keywords:
        words.append(b"\\*")
    return b"PERMANENTFLAGS (" + b" ".join(words) + b")"


def code_number(name: str, number: int) -> bytes:
    """UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ, APPENDLIMIT …: a name and a number."""
    return b"%b %d" % (name.encode("ascii"), number)


def code_badcharset(charsets: Iterable[str]) -> bytes:
    """BADCHARSET with what we know. RFC 3501 §7.1."""
    return b"BADCHARSET (" + " ".join(charsets).encode("ascii") + b")"


def code_appenduid(uidvalidity: int, uids: Iterable[int]) -> bytes:
    """APPENDUID. RFC 4315 §3; several for MULTIAPPEND."""
    return b"APPENDUID %d %b" % (uidvalidity, render_ranges(compact(uids)))


def code_copyuid(uidvalidity: int, sources: Sequence[int], targets: Sequence[int]) -> bytes:
    """COPYUID; `sources[i]` became `targets[i]`. RFC 4315 §3: the sets are in step, and never contain `*`."""
    return b"COPYUID %d %b %b" % (uidvalidity, render_ranges(compact(sources)), render_ranges(compact(targets)))


def code_modified(numbers: Iterable[int]) -> bytes:
    """MODIFIED: what UNCHANGEDSINCE spared. RFC 7162 §3.1.3."""
    return b"MODIFIED " + render_ranges(compact(numbers))


# -- untagged data ------------------------------------------------------------------------------------------------------
def capability(tokens: Iterable[str]) -> bytes:
    """RFC 3501 §7.2.1."""
    return b"* CAPABILITY " + " ".join(tokens).encode("ascii") + CRLF


def enabled(tokens: Iterable[str]) -> bytes:
    """RFC 5161 §3.2; tokens may be none."""
    return b"* ENABLED" + b"".join(b" " + token.encode("ascii") for token in tokens) + CRLF


def mailbox(name: str, *, utf8: bool = False) -> bytes:
    """A mailbox name as it goes on the wire, quoted or bare."""
    return astring(name.encode("utf-8") if utf8 else mutf7.encode(name), utf8=utf8)


def list_line(
    name: str,
    attributes: Iterable[str] = (),
    *,
    delimiter: str | None = "/",
    childinfo: Iterable[str] = (),
    old_name: str | None = None,
    lsub: bool = False,
    utf8: bool = False,
) -> bytes:
    """LIST or LSUB. `attributes` like `\\HasChildren`, `\\Sent`; `childinfo` as in `CHILDINFO ("SUBSCRIBED")`, RFC 5258 §3.5;
    `old_name` as in OLDNAME (RFC 9051 §6.3.9.7). RFC 3501 §7.2.2."""
    line = b"* %b (%b) %b " % (
        b"LSUB" if lsub else b"LIST",
        " ".join(attributes).encode("ascii"),
        b"NIL" if delimiter is None else quoted(delimiter.encode("ascii")),
    )
    # RFC 3501 §6.3.8: the empty name answers a question about the delimiter.
    line += mailbox(name, utf8=utf8) if name else b'""'
    extended = []
    kinds = tuple(childinfo)
    if kinds:
        extended.append(b'"CHILDINFO" (' + b" ".join(quoted(kind.encode("ascii")) for kind in kinds) + b")")
    if old_name is not None:
        extended.append(b'"OLDNAME" (' + mailbox(old_name, utf8=utf8) + b")")
    if extended:
        line += b" (" + b" ".join(extended) + b")"
    return line + CRLF


def status(name: str, items: Iterable[tuple[str, int]], *, utf8: bool = False) -> bytes:
    """STATUS; items as (StatusItem or name, number). RFC 3501 §7.2.4."""
    pairs = b" ".join([b"%b %d" % (str(item).encode("ascii"), number) for item, number in items])
    return b"* STATUS " + mailbox(name, utf8=utf8) + b" (" + pairs + b")" + CRLF


def flags(bits: int, keywords: Iterable[str] = ()) -> bytes:
    """FLAGS. RFC 3501 §7.2.6."""
    return b"* FLAGS (" + b" ".join(flag_words.names(bits, keywords)) + b")" + CRLF


def exists(count: int) -> bytes:
    """RFC 3501 §7.3.1."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """RFC 3501 §7.3.2."""
    return b"* %d RECENT\r\n" % count


def expunge(seq: int) -> bytes:
    """RFC 3501 §7.4.1."""
    return b"* %d EXPUNGE\r\n" % seq


def vanished(ranges: Sequence[tuple[int, int]], *, earlier: bool = False) -> bytes:
    """VANISHED of uid ranges (first, last); RFC 7162 §3.2.10. No line for no uids; lines stay below 8 KiB."""
    lead = b"* VANISHED (EARLIER) " if earlier else b"* VANISHED "
    return b"".join(
        lead + render_ranges(ranges[start : start + _RANGES_A_LINE]) + CRLF for start in range(0, len(ranges), _RANGES_A_LINE)
    )


_RANGES_A_LINE = 380


def search(numbers: Sequence[int], modseq: int | None = None) -> bytes:
    """SEARCH; `modseq` of the result when MODSEQ was asked and something was found. RFC 3501 §7.2.5, RFC 7162 §3.1.5."""
    body = b"* SEARCH"
    if numbers:
        body += (" " + " ".join(map(str, numbers))).encode("ascii")
        if modseq is not None:
            body += b" (MODSEQ %d)" % modseq
    return body + CRLF


def esearch(
    tag: bytes,
    *,
    by_uid: bool,
    smallest: int | None = None,
    largest: int | None = None,
    everything: Sequence[tuple[int, int]] = (),
    count: int | None = None,
    modseq: int | None = None,
) -> bytes:
    """ESEARCH. RFC 4731 §3.1: MIN, MAX, ALL are left out when nothing matched; COUNT never. RFC 4466 §2.6.2.

    `everything` are ranges (for ALL), `modseq` see RFC 4731 §3.2."""
    line = b'* ESEARCH (TAG "%b")' % tag
    if by_uid:
        line += b" UID"
    if smallest is not None:
        line += b" MIN %d" % smallest
    if largest is not None:
        line += b" MAX %d" % largest
    if everything:
        line += b" ALL " + render_ranges(everything)
    if count is not None:
        line += b" COUNT %d" % count
    if modseq is not None:
        line += b" MODSEQ %d" % modseq
    return line + CRLF


def quota(root: str, resources: Iterable[tuple[str, int, int]]) -> bytes:
    """QUOTA; resources as (name, usage, limit), STORAGE in KiB. RFC 9208 §4.2.1."""
    triples = b" ".join(b"%b %d %d" % (name.encode("ascii"), used, limit) for name, used, limit in resources)
    return b"* QUOTA " + quoted(root.encode("utf-8")) + b" (" + triples + b")" + CRLF


def quotaroot(name: str, roots: Iterable[str], *, utf8: bool = False) -> bytes:
    """QUOTAROOT. RFC 9208 §4.2.2."""
    words = [mailbox(name, utf8=utf8), *(quoted(root.encode("utf-8")) for root in roots)]
    return b"* QUOTAROOT " + b" ".join(words) + CRLF


Spaces = Sequence[tuple[str, str]]


def namespace(personal: Spaces, others: Spaces = (), shared: Spaces = (), *, utf8: bool = False) -> bytes:
    """NAMESPACE; each space as (prefix, delimiter). RFC 2342 §5."""
    return b"* NAMESPACE " + b" ".join(_spaces(each, utf8) for each in (personal, others, shared)) + CRLF


def _spaces(spaces: Spaces, utf8: bool) -> bytes:
    if not spaces:
        return b"NIL"
    written = (
        b"(%b %b)" % (quoted(prefix.encode("utf-8") if utf8 else mutf7.encode(prefix)), quoted(delimiter.encode("ascii")))
        for prefix, delimiter in spaces
    )
    return b"(" + b"".join(written) + b")"


def id_(params: Iterable[tuple[str, str | None]]) -> bytes:
    """ID; NIL for none. RFC 2971 §3.2."""
    pairs = [
        quoted(name.encode("utf-8")) + b" " + nstring(None if value is None else value.encode("utf-8")) for name, value in params
    ]
    return b"* ID " + (b"(" + b" ".join(pairs) + b")" if pairs else b"NIL") + CRLF
