"""What the IMAP grammar answers when a client's bytes are not a command.

These never leave the IMAP door: the session turns each into one tagged (or, without a tag, untagged) reply with
`responses.refusal`, and the connection lives. RFC 3501 §7.1.3 (BAD), §6.4.4 (BADCHARSET), RFC 7888 §4 (literals too big).
"""


class BadSyntax(Exception):
    """The bytes at offset `at` of the command (after its tag's first octet = 0) are not what the grammar wants there.

    `expected` completes the sentence "expected …". `tag` is None when not even a tag could be read: the reply is then `* BAD`.
    """

    def __init__(self, at: int, expected: str, tag: bytes | None = None) -> None:
        super().__init__(at, expected)
        self.at = at
        self.expected = expected
        self.tag = tag

    def __str__(self) -> str:
        return f"expected {self.expected} at octet {self.at + 1}"


class BadCharset(BadSyntax):
    """SEARCH named a charset we do not know: `NO [BADCHARSET (…)]`, RFC 3501 §6.4.4."""


class TooBig(BadSyntax):
    """A line or literal beyond the limits: `NO [TOOBIG]` (RFC 7889 §4 for APPEND), or `BAD [TOOBIG]` for lines; RFC 7888 §4.

    `fatal` says that what follows cannot be skipped cheaply: the session says BYE and closes (RFC 7888 §4, third choice).
    """

    def __init__(self, at: int, expected: str, tag: bytes | None = None, *, fatal: bool = False) -> None:
        super().__init__(at, expected, tag)
        self.fatal = fatal
