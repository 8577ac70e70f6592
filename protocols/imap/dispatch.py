"""Which handler answers which command: the whole of the IMAP door at one glance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from protocols.imap.commands import (
    authenticate,
    copy,
    expunge,
    fetch,
    folders,
    greetings,
    idle,
    quota,
    search,
    select,
    status,
    store,
)
from protocols.imap.commands import (
    list as list_,
)
from protocols.imap.wire import commands as c

Handler = Callable[[Any, Any], Awaitable[bytes]]

HANDLERS: Mapping[type[c.Command], Handler] = {
    c.Authenticate: authenticate.authenticate,
    c.Capability: greetings.capability,
    c.Check: greetings.check,
    c.Close: select.close,
    c.Copy: copy.copy,
    c.Create: folders.create,
    c.Delete: folders.delete,
    c.Enable: greetings.enable,
    c.Examine: select.examine,
    c.Expunge: expunge.expunge,
    c.Fetch: fetch.fetch,
    c.GetQuota: quota.getquota,
    c.GetQuotaRoot: quota.getquotaroot,
    c.Id: greetings.id_,
    c.Idle: idle.idle,
    c.List: list_.list_,
    c.Login: authenticate.login,
    c.Logout: greetings.logout,
    c.Lsub: list_.lsub,
    c.Move: copy.move_,
    c.Namespace: greetings.namespace,
    c.Noop: greetings.noop,
    c.Rename: folders.rename,
    c.Search: search.search,
    c.Select: select.select,
    c.SetQuota: quota.setquota,
    c.StartTls: authenticate.starttls,
    c.Status: status.status,
    c.Store: store.store,
    c.Subscribe: folders.subscribe,
    c.Unselect: select.unselect,
    c.Unsubscribe: folders.unsubscribe,
}
