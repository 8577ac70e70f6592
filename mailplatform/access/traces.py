"""Whose traces they are: an administrator reads those of their organisation, a domain administrator what their domains sent or
received. Of a message with several recipients somebody sees all when its sender is theirs, else the part of their own recipients.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from mailplatform.access.concerning import concerning, domain_names, everything
from mailplatform.access.values import Identity
from mailplatform.runtime.errors import NotFound
from mailplatform.trace import search
from mailplatform.trace.models import TraceMessage
from mailplatform.trace.search import Happened, Life


def traces_for(identity: Identity) -> QuerySet[Any]:
    """The rows somebody may read: a row is one recipient of one message."""
    return concerning(identity, TraceMessage.objects.all(), "reverse_path", "forward_path")


def life_for(identity: Identity, trace_id: str) -> Life:
    """One message's life, as far as it is somebody's to read. Raises NotFound."""
    found = search.find(trace_id=trace_id, limit=1)
    missing = NotFound(gettext("message: there is no trace of this message"), subject="message")
    if not found:
        raise missing
    life = found[0]
    if everything(identity):
        return life
    names = domain_names(identity)
    recipients = tuple(row for row in life.recipients if _within(names, row["reverse_path"], row["forward_path"]))
    if not recipients:
        raise missing
    if any(_within(names, row["reverse_path"]) for row in recipients):
        return life
    hidden = [row["forward_path"] for row in life.recipients if row not in recipients]
    return replace(life, recipients=recipients, events=tuple(_without(life.events, names, hidden)))


def _without(events: Iterable[Happened], names: frozenset[str], hidden: Iterable[str]) -> Iterable[Happened]:
    """The events that name nobody else's recipient."""
    secret = {path.lower() for path in hidden}
    for event in events:
        named = [str(event.params[key]) for key in ("recipient", "address", "target") if "@" in str(event.params.get(key, ""))]
        if all(_within(names, path) for path in named) and not any(path in str(event.params).lower() for path in secret):
            yield event


def _within(names: frozenset[str], *paths: str) -> bool:
    return any(path.rpartition("@")[2].lower() in names for path in paths)
