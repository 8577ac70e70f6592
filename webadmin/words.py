"""The house's closed words as people read them, each with the tone of its badge."""

from django.utils.translation import gettext_lazy as _

from mailplatform.directory.values import AccountKind, AccountState, AddressKind, Posting, Role

STATES = {
    AccountState.ACTIVE: (_("active"), "good"),
    AccountState.SUSPENDED: (_("suspended"), "warn"),
    AccountState.CLOSED: (_("closed"), "bad"),
}
ROLES = {
    Role.EMPLOYEE: (_("employee"), "plain"),
    Role.DOMAIN_ADMINISTRATOR: (_("domain administrator"), "accent"),
    Role.ADMINISTRATOR: (_("administrator"), "accent"),
}
KINDS = {
    AccountKind.PERSONAL: (_("personal"), "plain"),
    AccountKind.SHARED: (_("shared"), "plain"),
    AccountKind.RESOURCE: (_("room or thing"), "plain"),
}
ADDRESS_KINDS = {
    AddressKind.ACCOUNT: (_("mailbox"), "plain"),
    AddressKind.ALIAS: (_("alias"), "plain"),
    AddressKind.FORWARD: (_("forward"), "plain"),
    AddressKind.GROUP: (_("group"), "plain"),
    AddressKind.CATCH_ALL: (_("catch-all"), "plain"),
    AddressKind.DISCARD: (_("thrown away"), "plain"),
}
AUDIENCES = {
    "everyone": (_("everybody"), "plain"),
    "inside": (_("people of the organisation"), "plain"),
    "outside": (_("people outside"), "plain"),
}
ANSWERING = {True: (_("on"), "good"), False: (_("off"), "plain")}
POSTING = {
    Posting.ANYONE: (_("anyone"), "plain"),
    Posting.INSIDE: (_("the organisation"), "plain"),
    Posting.MEMBERS: (_("members only"), "plain"),
}
ENABLED = {True: (_("in use"), "good"), False: (_("switched off"), "warn")}
QUEUE_STATES = {
    "ready": (_("due"), "accent"),
    "leased": (_("under way"), "accent"),
    "deferred": (_("put off"), "warn"),
    "held": (_("held"), "bad"),
}
VERDICTS = {
    "accepted": (_("accepted"), "good"),
    "refused": (_("refused"), "bad"),
    "deferred": (_("put off"), "warn"),
    "quarantined": (_("in quarantine"), "warn"),
    "discarded": (_("thrown away"), "warn"),
}
DIRECTIONS = {
    "inbound": (_("came in"), "plain"),
    "submitted": (_("sent from here"), "plain"),
    "appended": (_("put by a program"), "plain"),
    "imported": (_("imported"), "plain"),
    "internal": (_("made by the house"), "plain"),
}
PROTOCOLS = {
    "imap": ("IMAP", "plain"),
    "pop3": ("POP3", "plain"),
    "submission": (_("sending"), "plain"),
    "smtp": (_("receiving"), "plain"),
    "lmtp": ("LMTP", "plain"),
    "web": (_("web"), "plain"),
}
SESSION_STATES = {
    "not authenticated": _("not signed in"),
    "authorization": _("not signed in"),
    "authenticated": _("signed in"),
    "transaction": _("signed in"),
    "selected": _("in a folder"),
    "connected": _("connected"),
    "ready": _("waiting"),
    "mail": _("handing in a message"),
    "rcpt": _("handing in a message"),
    "data": _("handing in a message"),
    "logout": _("leaving"),
    "update": _("leaving"),
}
