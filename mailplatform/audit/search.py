"""Reading the audit rows: newest first, as values, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailplatform.audit.models import AuditRow


@dataclass(frozen=True, slots=True)
class Recorded:
    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    code: str
    subject_kind: str
    subject_id: int | None
    subject_name: str
    params: dict[str, Any]


def search(
    *,
    organisation_id: int | None = None,
    subject_kind: str = "",
    subject_id: int | None = None,
    actor_id: int | None = None,
    since: datetime | None = None,
    below_id: int | None = None,
    limit: int = 100,
) -> list[Recorded]:
    """The newest `limit` rows that match everything given; `below_id` is the last id of the page before."""
    rows = AuditRow.objects.order_by("-id")
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    if subject_kind:
        rows = rows.filter(subject_kind=subject_kind)
    if subject_id is not None:
        rows = rows.filter(subject_id=subject_id)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if below_id is not None:
        rows = rows.filter(id__lt=below_id)
    columns = ("id", "at", "actor_id", "actor_name", "code", "subject_kind", "subject_id", "subject_name", "params")
    return [Recorded(*row) for row in rows.values_list(*columns)[:limit]]
