"""A domain error as an SMTP reply: total, and kept total by a test (RFC 3463 for the enhanced codes).

What may pass is 4xx, what will not is 5xx: the peer owns the message until it hears 250, so a doubt is a 4xx.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailplatform.access.sessions import Out
from mailplatform.runtime import errors
from mailplatform.standards import status
from mailplatform.standards.status import Reply


@dataclass(frozen=True, slots=True)
class Refusal:
    """The codes for one class of error."""

    code: int
    enhanced: str


REFUSALS: Mapping[type[errors.MailError], Refusal] = {
    errors.NotFound: Refusal(550, "5.1.1"),
    errors.AlreadyExists: Refusal(554, "5.3.0"),
    errors.NotPermitted: Refusal(550, "5.7.1"),
    errors.AuthenticationFailed: Refusal(535, "5.7.8"),
    errors.OverQuota: Refusal(452, "4.2.2"),  # a full folder is emptied again: the sender's queue waits
    errors.TooLarge: Refusal(552, "5.3.4"),
    errors.LimitReached: Refusal(452, "4.5.3"),
    errors.SendingLimitReached: Refusal(450, "4.7.1"),
    errors.Conflict: Refusal(451, "4.3.0"),
    errors.Malformed: Refusal(501, "5.1.3"),
    errors.BadMessage: Refusal(554, "5.6.0"),
    errors.TemporarilyUnavailable: Refusal(451, "4.3.0"),
    errors.StorageFull: Refusal(452, "4.3.1"),
    errors.PolicyRefused: Refusal(550, "5.7.1"),
    errors.SignInRefused: Refusal(535, "5.7.0"),  # RFC 4954 §6: not 5.7.8, for the credentials were right
}


GOODBYES: Mapping[Out, Reply] = {
    Out.EXPIRED: status.SIGN_IN_OVER,
    Out.NETWORK: status.NETWORK_SHUT,
    Out.ENDED: status.SESSION_ENDED,
}
"""What is said to those who are put out. RFC 5321 §3.8."""


def refusal(error: errors.MailError, about: str = "") -> Reply:
    """The reply for an error; `about` names what was refused ("<u1@a.test>").

    A class that is not in the table answers as its nearest base that is; MailError itself as a temporary failure.
    """
    if isinstance(error, errors.PolicyRefused) and error.reason == "loop":
        return status.TOO_MANY_HOPS
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            codes = REFUSALS[kind]
            break
    else:
        codes = Refusal(451, "4.3.0")
    text = error.public[:1].upper() + error.public[1:]
    return Reply(codes.code, codes.enhanced, f"{about}: {text}" if about else text)
