"""What each domain error is in IMAP's language: NO with the response code of RFC 5530, RFC 9051 §7.1. Total; a test walks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailplatform.access.sessions import Out
from mailplatform.runtime import errors
from protocols.imap.wire import responses
from protocols.imap.wire.responses import Code, Status


class Refusal(NamedTuple):
    """Status and response code; the text is the error's own public sentence."""

    status: Status
    code: Code | None


REPLIES: Mapping[type[errors.MailError], Refusal] = {
    errors.MailError: Refusal(Status.NO, None),
    errors.NotFound: Refusal(Status.NO, Code.NONEXISTENT),
    errors.AlreadyExists: Refusal(Status.NO, Code.ALREADYEXISTS),
    errors.NotPermitted: Refusal(Status.NO, Code.NOPERM),
    errors.AuthenticationFailed: Refusal(Status.NO, Code.AUTHENTICATIONFAILED),
    errors.OverQuota: Refusal(Status.NO, Code.OVERQUOTA),
    errors.TooLarge: Refusal(Status.NO, Code.TOOBIG),
    errors.LimitReached: Refusal(Status.NO, Code.LIMIT),
    errors.SendingLimitReached: Refusal(Status.NO, Code.LIMIT),
    errors.Conflict: Refusal(Status.NO, Code.INUSE),
    errors.Malformed: Refusal(Status.NO, Code.CANNOT),
    errors.BadMessage: Refusal(Status.NO, Code.CANNOT),
    errors.TemporarilyUnavailable: Refusal(Status.NO, Code.UNAVAILABLE),
    errors.StorageFull: Refusal(Status.NO, Code.UNAVAILABLE),
    errors.PolicyRefused: Refusal(Status.NO, Code.NOPERM),
    errors.SignInRefused: Refusal(Status.NO, Code.CONTACTADMIN),
}


GOODBYES: Mapping[Out, bytes] = {
    Out.EXPIRED: responses.bye("this sign-in is no longer valid", Code.EXPIRED),
    Out.NETWORK: responses.bye("sign-in from this network is no longer allowed", Code.CONTACTADMIN),
    Out.ENDED: responses.bye("an administrator has ended this session"),
}
"""What is said to those who are put out. RFC 3501 §7.1.5, RFC 5530."""


def refusal(error: errors.MailError) -> Refusal:
    """The reply of the nearest class."""
    for kind in type(error).__mro__:
        if kind in REPLIES:
            return REPLIES[kind]
    return REPLIES[errors.MailError]


def reply(tag: bytes | None, error: errors.MailError) -> bytes:
    """The tagged line for an error."""
    status, code = refusal(error)
    return responses.tagged(tag, status, error.public, code)
