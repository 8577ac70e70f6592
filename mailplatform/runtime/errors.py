"""The closed family of domain errors.

A mail system refuses things in many languages: SMTP replies, IMAP response codes, HTTP statuses. The house says what is
wrong in one neutral word; each door's ``errors.py`` maps every class below to its own reply, and a test walks the
subclasses so that none is forgotten. ``public`` may reach the peer; ``private`` goes to logs and the trace alone.
"""

from __future__ import annotations


class MailError(Exception):
    """Something a caller may be told. Anything else that is raised is a bug.

    public: one sentence for the peer, without internals. private: detail for the log.
    subject: the field or the thing the error is about ("quota", "u1@a.test").
    """

    default = "the request cannot be fulfilled"

    def __init__(self, public: str = "", *, private: str = "", subject: str = "") -> None:
        self.public = public or self.default
        self.private = private
        self.subject = subject
        super().__init__(self.public if not private else f"{self.public} ({private})")


class NotFound(MailError):
    default = "there is no such object"


class AlreadyExists(MailError):
    default = "it exists already"


class NotPermitted(MailError):
    default = "you may not do this"


class AuthenticationFailed(MailError):
    """Unknown user, wrong password, locked out: the peer learns none of which, and only after `delay` seconds."""

    default = "authentication failed"

    def __init__(self, public: str = "", *, private: str = "", subject: str = "", delay: float = 0.0) -> None:
        self.delay = delay
        super().__init__(public, private=private, subject=subject)


class OverQuota(MailError):
    default = "the quota is exhausted"


class TooLarge(MailError):
    default = "the message is too large"


class LimitReached(MailError):
    """A count or rate is exceeded: recipients, commands, connections, rows of one COPY."""

    default = "a limit is reached"


class SendingLimitReached(LimitReached):
    """A user has sent as much as they may for now."""

    default = "you have sent as much as you may for now"


class Conflict(MailError):
    """The state the caller knew is no longer the state."""

    default = "the object has changed meanwhile"


class Malformed(MailError):
    default = "the request is malformed"


class BadMessage(Malformed):
    """The message itself cannot be sent on as it is."""

    default = "the message is malformed"


class TemporarilyUnavailable(MailError):
    """Try again later: the database is away, a lock could not be had in time."""

    default = "temporarily unavailable, try again later"


class StorageFull(TemporarilyUnavailable):
    """The disk is full, or nearly."""

    default = "insufficient system storage"


class PolicyRefused(MailError):
    """A rule of the organisation refuses; ``reason`` is a code of the closed list in trace.events."""

    default = "refused by policy"

    def __init__(self, public: str = "", *, reason: str = "policy", private: str = "", subject: str = "") -> None:
        self.reason = reason
        super().__init__(public, private=private, subject=subject)


class SignInRefused(PolicyRefused):
    """The password was right, but a rule of the organisation keeps this sign-in out; the person may be told."""

    default = "sign-in from this network is not allowed for this account"

    def __init__(self, public: str = "", *, reason: str = "network", private: str = "", subject: str = "") -> None:
        super().__init__(public, reason=reason, private=private, subject=subject)
