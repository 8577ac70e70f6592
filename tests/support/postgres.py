"""The embedded Postgres for tests."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running cluster."""

    dsn: str

    def stop(self) -> None:
        """End it."""


def embedded_postgres(folder: Path) -> EmbeddedPostgres:
    """Start the cluster of `folder`, making it at the first time."""
    raise NotImplementedError("set MAILPLATFORM_TEST_DSN to a server where databases may be made")
