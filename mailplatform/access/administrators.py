"""Somebody must be able to come in to the web and administer: looked at in the transaction of a change, before it commits."""

from django.db.models import Q
from django.utils.translation import gettext

from mailplatform.access.admission import decide, in_force, rules_of
from mailplatform.access.models import Credential
from mailplatform.access.values import WEB, CredentialKind
from mailplatform.directory.models import User
from mailplatform.directory.values import AccountKind, AccountState, Actor, Role
from mailplatform.runtime.errors import Conflict


def keep_one(actor: Actor, client_address: str) -> None:
    """Refuse a change after which no administrator could come in to the web, or not the one who made it, from where they are.

    An administrator can come in when some network lets them in, and when the one they last came in from, where it is known, is
    among those. client_address: "" when the change does not come over the web. Raises Conflict.
    """
    closed = Q(accounts__kind=AccountKind.PERSONAL) & ~Q(accounts__state=AccountState.ACTIVE)
    rows = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk__in=User.objects.filter(closed).values("pk"))
    administrators = list(rows.values_list("pk", flat=True))
    rules = rules_of(administrators)
    if client_address and actor.id in rules and not decide(rules[actor.id], WEB, client_address).allowed:
        raise Conflict(
            gettext("this would shut you out of the web from %(address)s; force it if you mean it") % {"address": client_address},
            subject="network",
        )
    passwords = Credential.objects.filter(user__in=administrators, kind=CredentialKind.PASSWORD, last_used_protocol=WEB)
    lately = dict(passwords.values_list("user_id", "last_used_from"))
    for user_id in administrators:
        deciding = in_force(rules[user_id], WEB)
        if not deciding or (
            any(rule.cidrs for rule in deciding)
            and (user_id not in lately or decide(rules[user_id], WEB, lately[user_id]).allowed)
        ):
            return
    if administrators:
        raise Conflict(
            gettext("this would shut every administrator out of the web; force it if you mean it"),
            subject="network",
        )
