"""What each domain error is in POP3's language: -ERR with a response code of RFC 2449 and RFC 3206. Total; a test walks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailplatform.access.sessions import Out
from mailplatform.runtime import errors
from protocols.pop3.wire import replies
from protocols.pop3.wire.replies import Code
from protocols.pop3.words import say


class Refusal(NamedTuple):
    """Response code and sentence (words.WORDS)."""

    code: Code | None
    word: str


REPLIES: Mapping[type[errors.MailError], Refusal] = {
    errors.MailError: Refusal(Code.TEMPORARY, "temporary"),
    errors.NotFound: Refusal(Code.PERMANENT, "no_mail"),
    errors.AlreadyExists: Refusal(None, "refused"),
    errors.NotPermitted: Refusal(Code.AUTH, "another"),
    errors.AuthenticationFailed: Refusal(Code.AUTH, "failed"),
    errors.OverQuota: Refusal(Code.PERMANENT, "refused"),
    errors.TooLarge: Refusal(Code.PERMANENT, "refused"),
    errors.LimitReached: Refusal(Code.TEMPORARY, "too_many"),
    errors.SendingLimitReached: Refusal(Code.TEMPORARY, "refused"),
    errors.Conflict: Refusal(Code.TEMPORARY, "refused"),
    errors.Malformed: Refusal(None, "refused"),
    errors.BadMessage: Refusal(None, "refused"),
    errors.TemporarilyUnavailable: Refusal(Code.TEMPORARY, "temporary"),
    errors.StorageFull: Refusal(Code.TEMPORARY, "temporary"),
    errors.PolicyRefused: Refusal(Code.PERMANENT, "refused"),
    errors.SignInRefused: Refusal(Code.AUTH, "network"),  # RFC 3206 §4 names "from an invalid location"
}

GOODBYES: Mapping[Out, Refusal] = {
    Out.EXPIRED: Refusal(Code.AUTH, "expired"),
    Out.NETWORK: Refusal(Code.AUTH, "network"),
    Out.ENDED: Refusal(Code.PERMANENT, "ended"),
}
"""The last words to who must leave. Nothing asked for them; the client finds them where its next answer would be."""


def refusal(error: errors.MailError) -> Refusal:
    """The reply of the nearest class."""
    for kind in type(error).__mro__:
        if kind in REPLIES:
            return REPLIES[kind]
    return REPLIES[errors.MailError]


def reply(error: errors.MailError, language: str) -> bytes:
    """The line for an error."""
    code, word = refusal(error)
    return replies.err(say(language, word, problem=error.public), code)
