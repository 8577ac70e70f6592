"""LIST and LSUB: RFC 3501 §6.3.8 and §6.3.9, RFC 5258 (extended), RFC 3348 (children), RFC 6154 (special use)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailplatform.store import folders
from mailplatform.store.values import SEPARATOR, FolderState, SpecialUse
from protocols.imap.commands import status
from protocols.imap.wire import commands as c
from protocols.imap.wire import responses
from protocols.imap.wire.commands import ListReturn, ListSelect, StatusItem
from protocols.imap.wire.names import Matcher, joined

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession

USE_ATTRIBUTES = {
    SpecialUse.ARCHIVE: "\\Archive",
    SpecialUse.DRAFTS: "\\Drafts",
    SpecialUse.JUNK: "\\Junk",
    SpecialUse.SENT: "\\Sent",
    SpecialUse.TRASH: "\\Trash",
}


def with_parents(names: Iterable[str]) -> dict[str, bool]:
    """Every name and every level above it → whether it has children; levels without a folder of their own are in it too."""
    children: dict[str, bool] = {}
    for name in names:
        children.setdefault(name, False)
        while SEPARATOR in name:
            name = name.rpartition(SEPARATOR)[0]
            children[name] = True
    return children


def order(names: Iterable[str]) -> list[str]:
    """INBOX first, then by name."""
    return sorted(names, key=lambda name: (name != "INBOX", name))


async def list_(session: ImapSession, command: c.List) -> bytes:
    """LIST. The empty pattern asks for the delimiter (RFC 3501 §6.3.8)."""
    status.offered(command.status)
    if command.patterns == ("",) and not command.extended:
        session.write(responses.list_line("", ["\\Noselect"], delimiter=SEPARATOR))
        return responses.ok(command.tag, "LIST completed")
    if StatusItem.HIGHESTMODSEQ in command.status:
        session.enabled.add("CONDSTORE")  # RFC 7162 §3.1.2.1, as STATUS does
    known = {
        folder.name: folder
        for folder in await session.context.quick.call(folders.list_folders, session.account_id, session.viewer)
    }
    asked = ListSelect.SUBSCRIBED in command.select
    subscribed = set(await session.context.quick.call(folders.subscriptions, session.account_id)) if asked else set()
    children = with_parents(known)
    names = with_parents([*known, *subscribed])
    below: set[str] = set()
    if ListSelect.RECURSIVEMATCH in command.select:  # RFC 5258 §3.5: names with something below that the options select
        chosen = [name for name in names if selected_by(name, known.get(name), subscribed, command.select)]
        below = {name for name, has in with_parents(chosen).items() if has}
    matchers = [Matcher(joined(command.reference, pattern)) for pattern in command.patterns]
    for name in order(names):
        if not any(matcher.matches(name) for matcher in matchers):
            continue
        folder = known.get(name)
        info = ["SUBSCRIBED"] if name in below and asked else []
        if name not in below and not selected_by(name, folder, subscribed, command.select):
            continue
        words = attributes(folder, children.get(name, False), command)
        if folder is None and name in subscribed:
            words.append("\\Subscribed")
        session.write(responses.list_line(name, words, childinfo=info))
        if command.status and folder is not None:
            session.write(responses.status(name, status.values(folder, command.status, session)))
    return responses.ok(command.tag, "LIST completed")


def selected_by(name: str, folder: FolderState | None, subscribed: set[str], select: frozenset[ListSelect]) -> bool:
    """Whether the selection options let this name through. RFC 5258 §3.1 (names without a folder too), RFC 6154 §2."""
    if ListSelect.SUBSCRIBED in select and name not in subscribed:
        return False
    return not (ListSelect.SPECIAL_USE in select and not (folder and folder.special_use in USE_ATTRIBUTES))


def attributes(folder: FolderState | None, has_children: bool, command: c.List) -> list[str]:
    """Name attributes of one line."""
    words = ["\\HasChildren" if has_children else "\\HasNoChildren"]
    if folder is None:
        words.append("\\NonExistent" if command.extended else "\\Noselect")  # RFC 5258 §3: the first implies the second
        return words
    if folder.special_use in USE_ATTRIBUTES:
        words.append(USE_ATTRIBUTES[folder.special_use])
    if folder.subscribed and (ListReturn.SUBSCRIBED in command.returns or ListSelect.SUBSCRIBED in command.select):
        words.append("\\Subscribed")
    return words


async def lsub(session: ImapSession, command: c.Lsub) -> bytes:
    """RFC 3501 §6.3.9: a level that only has subscribed names below it is \\Noselect, and only with `%`; so is a subscribed name
    whose folder is gone."""
    if not command.pattern:
        session.write(responses.list_line("", ["\\Noselect"], delimiter=SEPARATOR, lsub=True))
        return responses.ok(command.tag, "LSUB completed")
    known = await session.context.quick.call(folders.list_folders, session.account_id, session.viewer)
    live = {folder.name for folder in known}
    subscribed = dict.fromkeys(await session.context.quick.call(folders.subscriptions, session.account_id))
    matcher = Matcher(joined(command.reference, command.pattern))
    names = with_parents(subscribed) if "%" in command.pattern else subscribed
    for name in order(names):
        if matcher.matches(name):
            session.write(responses.list_line(name, [] if name in subscribed and name in live else ["\\Noselect"], lsub=True))
    return responses.ok(command.tag, "LSUB completed")
