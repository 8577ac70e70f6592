"""What the database refuses, said as an error of the house.

Uniqueness is never asked first and written after: two administrators at once would both be told yes. The row is
written, and the name of the violated constraint says what to answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from mailplatform.runtime.errors import MailError


def violated(error: IntegrityError) -> str:
    """The name of the constraint, '' when the server named none."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnostics, "constraint_name", "") or "")


@contextmanager
def refusing(constraint: str, else_: MailError) -> Iterator[None]:
    """Run a write in a savepoint; raise `else_` when it violates this constraint, and anything else unchanged."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error) == constraint:
            raise else_ from error
        raise
