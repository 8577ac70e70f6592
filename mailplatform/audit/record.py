"""One row for every action of an administrator, written in the action's own transaction: no change without its row.

Codes are `noun.verb` in the past tense ("domain.added"). `params` holds what changed, never a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mailplatform.audit.models import AuditRow


class Actor(Protocol):
    """Whoever acts; `directory.values.Actor` is one. Audit stands below directory and so knows only this shape."""

    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What was changed, as values."""

    kind: str
    id: int | None
    name: str
    organisation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a set-shaped record."""

    code: str
    subject: Subject
    params: Mapping[str, Any] = field(default_factory=dict)


def record(code: str, subject: Subject, *, actor: Actor, **params: Any) -> None:
    """Write one row."""
    record_many([Entry(code, subject, params)], actor=actor)


def record_many(entries: Sequence[Entry], *, actor: Actor) -> None:
    """Write a batch in one statement."""
    AuditRow.objects.bulk_create(
        AuditRow(
            organisation_id=entry.subject.organisation_id,
            actor_id=actor.id,
            actor_name=actor.name,
            code=entry.code,
            subject_kind=entry.subject.kind,
            subject_id=entry.subject.id,
            subject_name=entry.subject.name,
            params=dict(entry.params),
        )
        for entry in entries
    )
