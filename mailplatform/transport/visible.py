"""Whose queue it is: an administrator sees what waits of their organisation, a domain administrator what comes from or goes to
their domains. A sender or recipient on the other side of such a message is part of it and shown with it.
"""

from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from mailplatform.access.permissions import domains_for
from mailplatform.access.values import Identity
from mailplatform.directory.models import Organisation
from mailplatform.directory.values import Role
from mailplatform.transport.models import QueueItem
from mailplatform.transport.values import State


def waiting_for(identity: Identity) -> QuerySet[QueueItem]:
    """The items that wait and are somebody's to look after; none for who administers nothing."""
    waiting = QueueItem.objects.exclude(state=State.DONE)
    match identity.role:
        case Role.ADMINISTRATOR:
            if not Organisation.objects.exclude(pk=identity.organisation_id).exists():
                return waiting
        case Role.DOMAIN_ADMINISTRATOR:
            pass
        case _:
            return waiting.none()
    names = list(domains_for(identity).values_list("name", flat=True))
    waiting = waiting.annotate(sender_domain=_domain("message__reverse_path"), recipient_domain=_domain("forward_path"))
    return waiting.filter(Q(sender_domain__in=names) | Q(recipient_domain__in=names))


def _domain(path: str) -> Any:
    """What stands behind the last @ of a path, cheaply: where little is somebody's own, a million rows are looked through."""
    return Func(Lower(F(path)), Value("@"), Value(-1), function="split_part", output_field=TextField())
