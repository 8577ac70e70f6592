"""What administrators did, in words: the codes of the audit, said before the name of what they did it to."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise | str] = {
    "account.added": _("Opened mailbox"),
    "account.changed": _("Changed mailbox"),
    "alias.added": _("Added alias"),
    "alias.changed": _("Changed alias"),
    "alias.removed": _("Removed alias"),
    "alias.targets_changed": _("Changed the targets of alias"),
    "app_password.added": _("Drew an app password for"),
    "app_password.removed": _("Took an app password away from"),
    "catch_all.added": _("Added catch-all"),
    "catch_all.changed": _("Changed catch-all"),
    "catch_all.removed": _("Removed catch-all"),
    "catch_all.targets_changed": _("Changed the targets of catch-all"),
    "discard.added": _("Added an address whose mail is thrown away:"),
    "discard.changed": _("Changed an address whose mail is thrown away:"),
    "discard.removed": _("Removed an address whose mail was thrown away:"),
    "domain.added": _("Added domain"),
    "domain.administrator_appointed": _("Appointed an administrator of"),
    "domain.administrator_dismissed": _("Dismissed an administrator of"),
    "domain.changed": _("Changed domain"),
    "domain.removed": _("Removed domain"),
    "forward.added": _("Added forward"),
    "forward.changed": _("Changed forward"),
    "forward.removed": _("Removed forward"),
    "forward.targets_changed": _("Changed the targets of forward"),
    "group.added": _("Added group"),
    "group.changed": _("Changed group"),
    "group.removed": _("Removed group"),
    "group.targets_changed": _("Changed the members of group"),
    "organisation.changed": _("Changed organisation"),
    "password.set": _("Set the password of"),
    "queue.deleted": _("Deleted from the queue:"),
    "queue.held": _("Held in the queue:"),
    "queue.released": _("Released from the queue:"),
    "queue.retried": _("Tried again from the queue:"),
    "route.added": _("Added route"),
    "route.removed": _("Removed route"),
    "send_as.granted": _("Allowed a further sender address to"),
    "send_as.revoked": _("Took a sender address back from"),
    "sending_limits.set": _("Set the sending limits of"),
    "session.ended": _("Ended a connection of"),
    "store.counters_repaired": _("Repaired the counters of"),
    "web_session.ended": _("Signed out a browser of"),
}


def said(code: str) -> Promise | str:
    """The words of a code; an unknown one, of a newer version, as it stands."""
    return WORDS.get(code, code)
