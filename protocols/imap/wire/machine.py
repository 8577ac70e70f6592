"""When a command may be given: the states of an IMAP session and the table state → commands. RFC 3501 §3, §6.

Pure: the session keeps the State, asks `allowed`, and answers BAD to what the table refuses. Also which commands forbid an
EXPUNGE response while they run (RFC 3501 §7.4.1), so that the view holds it back.
"""

from collections.abc import Mapping
from enum import StrEnum

from protocols.imap.wire import commands as c


class State(StrEnum):
    """RFC 3501 §3."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


ANY: frozenset[type[c.Command]] = frozenset({c.Capability, c.Noop, c.Logout, c.Id})

FOLDERS: frozenset[type[c.Command]] = frozenset(
    {
        c.Enable,
        c.Select,
        c.Examine,
        c.Create,
        c.Delete,
        c.Rename,
        c.Subscribe,
        c.Unsubscribe,
        c.List,
        c.Lsub,
        c.Status,
        c.Append,
        c.Namespace,
        c.GetQuota,
        c.GetQuotaRoot,
        c.SetQuota,
        c.Idle,
    }
)

MESSAGES: frozenset[type[c.Command]] = frozenset(
    {c.Check, c.Close, c.Unselect, c.Expunge, c.Search, c.Fetch, c.Store, c.Copy, c.Move}
)

ALLOWED: Mapping[State, frozenset[type[c.Command]]] = {
    State.NOT_AUTHENTICATED: ANY | {c.StartTls, c.Authenticate, c.Login},
    State.AUTHENTICATED: ANY | FOLDERS,
    # RFC 5161 §3.1: ENABLE is for the authenticated state only.
    State.SELECTED: (ANY | FOLDERS | MESSAGES) - {c.Enable},
    State.LOGOUT: frozenset(),
}


def allowed(state: State, command: c.Command) -> bool:
    """Whether the command may be given in this state."""
    return type(command) in ALLOWED[state]


def refusal(state: State, command: c.Command) -> str:
    """The sentence for BAD when `allowed` is False."""
    name = type(command).__name__.upper()
    if state is State.NOT_AUTHENTICATED:
        return f"{name} needs a login first"
    if type(command) in MESSAGES:
        return f"{name} needs a selected mailbox"
    return f"{name} is not for the {state} state"


def may_expunge(command: c.Command | None) -> bool:
    """Whether EXPUNGE responses may be sent while this command is in progress; None: no command (then never, but in IDLE).

    RFC 3501 §7.4.1: not during FETCH, STORE, SEARCH. §7.4.1 and RFC 9051 §7.5.1: allowed during their UID forms.
    """
    match command:
        case c.Fetch(by_uid=by_uid) | c.Store(by_uid=by_uid) | c.Search(by_uid=by_uid):
            return by_uid
        case None:
            return False
        case _:
            return True
