"""The codes of the audit, and the names of what changed, as people read them. A code that is not here stands as it is."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from webadmin.words import ADDRESS_KINDS, AUDIENCES, KINDS, POSTING, PROTOCOLS, ROLES, STATES

CODES = {
    "account.added": _("mailbox added"),
    "account.changed": _("mailbox changed"),
    "address.added": _("address added"),
    "address.changed": _("address changed"),
    "address.removed": _("address removed"),
    "alias.added": _("alias added"),
    "alias.changed": _("alias changed"),
    "alias.targets_changed": _("targets of alias changed"),
    "alias.removed": _("alias removed"),
    "app_password.added": _("app password added"),
    "app_password.removed": _("app password removed"),
    "autoresponder.set": _("autoresponder set"),
    "autoresponder.turned_off": _("autoresponder switched off"),
    "catch_all.added": _("catch-all added"),
    "catch_all.changed": _("catch-all changed"),
    "catch_all.targets_changed": _("targets of catch-all changed"),
    "catch_all.removed": _("catch-all removed"),
    "discard.added": _("address that throws mail away added"),
    "discard.changed": _("address that throws mail away changed"),
    "discard.removed": _("address that throws mail away removed"),
    "domain.added": _("domain added"),
    "domain.administrator_appointed": _("domain administrator appointed"),
    "domain.administrator_dismissed": _("domain administrator dismissed"),
    "domain.changed": _("domain changed"),
    "domain.removed": _("domain removed"),
    "forward.added": _("forward added"),
    "forward.changed": _("forward changed"),
    "forward.targets_changed": _("targets of forward changed"),
    "forward.removed": _("forward removed"),
    "group.added": _("group added"),
    "group.changed": _("group changed"),
    "group.targets_changed": _("members of group changed"),
    "group.removed": _("group removed"),
    "access.locked_out": _("locked out after wrong passwords"),
    "access.lockout_cleared": _("wrong passwords forgotten"),
    "network.added": _("network added"),
    "network.allowed": _("may come in from"),
    "network.changed": _("network changed"),
    "network.cleared": _("rule of where from taken away"),
    "network.removed": _("network removed"),
    "organisation.changed": _("organisation changed"),
    "password.set": _("password set"),
    "queue.deleted": _("taken out of the queue"),
    "queue.held": _("held in the queue"),
    "queue.released": _("let go from the queue"),
    "queue.retried": _("tried again at once"),
    "route.added": _("route added"),
    "route.removed": _("route removed"),
    "send_as.granted": _("may send as"),
    "send_as.revoked": _("may no longer send as"),
    "sending_limits.set": _("sending limits set"),
    "session.ended": _("session ended"),
    "store.counters_repaired": _("counters of the store repaired"),
    "web_session.ended": _("web session ended"),
}
PARAMS = {
    "account_quota_bytes": _("quota of each mailbox in bytes"),
    "account_quota_messages": _("quota of each mailbox in messages"),
    "added": _("added"),
    "address": _("address"),
    "alias_of": _("another name of"),
    "audience": _("whom"),
    "auth_without_tls": _("password without TLS"),
    "bytes": _("bytes"),
    "cidrs": _("networks"),
    "client_address": _("from"),
    "count": _("how many"),
    "days": _("days"),
    "description": _("description"),
    "enabled": _("in use"),
    "from": _("from"),
    "host": _("host"),
    "ids": _("numbers"),
    "kind": _("kind"),
    "label": _("what it is for"),
    "language": _("language"),
    "languages": _("languages"),
    "login": _("sign-in"),
    "max_message_size": _("largest message"),
    "max_recipients": _("most recipients"),
    "messages_per_day": _("messages a day"),
    "messages_per_hour": _("messages an hour"),
    "name": _("name"),
    "network": _("network"),
    "networks": _("networks"),
    "pop3_delete": _("deleting by POP3"),
    "posting": _("who may post"),
    "protocol": _("by"),
    "protocols": _("by"),
    "quota_bytes": _("quota in bytes"),
    "quota_messages": _("quota in messages"),
    "recipients_per_day": _("recipients a day"),
    "recipients_per_hour": _("recipients an hour"),
    "removed": _("removed"),
    "replaced": _("replaced"),
    "role": _("role"),
    "scopes": _("for"),
    "scram_for_passwords": _("passwords proved by SCRAM"),
    "state": _("state"),
    "subaddress_separator": _("subaddress separator"),
    "targets": _("targets"),
    "time_zone": _("time zone"),
    "until": _("until"),
}


VALUES: Mapping[str, Mapping[Any, tuple[Any, str]]] = {
    "audience": AUDIENCES,
    "kind": {**KINDS, **ADDRESS_KINDS},
    "posting": POSTING,
    "protocol": PROTOCOLS,
    "protocols": PROTOCOLS,
    "role": ROLES,
    "scopes": PROTOCOLS,
    "state": STATES,
}
ACTORS = {"cli": _("command line"), "first start": _("first start"), "mailplatform": _("the house itself")}


def said(code: str) -> str:
    """What was done, in words."""
    return str(CODES.get(code, code.replace(".", " ").replace("_", " ")))


def actor(name: str) -> str:
    """Who did it: a login, or one of those that are no person."""
    return str(ACTORS.get(name, name))


def spoken(name: str, value: Any) -> str:
    """One value of what changed, as people read it; a word of a closed list in their language."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    words = VALUES.get(name, {}).get(value) if isinstance(value, str) else None
    return str(words[0] if words else value)
