"""Whatever leads to whatever: expansion ends, reaches what can be reached, and names each account once."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailplatform.directory import resolve
from mailplatform.directory.models import Domain, LocalAddress, Target
from tests.support.directory import an_account

pytestmark = pytest.mark.usefixtures("rollback")
NODES, ACCOUNTS = 7, 4


class _Undo(Exception):
    pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from(["alias", "group"]), min_size=NODES, max_size=NODES),
    disabled=st.sets(st.integers(0, NODES - 1)),
    edges=st.sets(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES + ACCOUNTS - 1)), max_size=30),
    details=st.sets(st.integers(0, NODES - 1)),
)
def test_reach_is_reachability(kinds, disabled, edges, details):
    try:
        with transaction.atomic():
            found, expected = expand(kinds, disabled, {edge for edge in edges if edge[0] != edge[1]}, details)
            raise _Undo
    except _Undo:
        pass
    assert found == expected


def expand(kinds, disabled, edges, details) -> tuple[list[list[int]], list[list[int]]]:
    """Accounts that the product reaches from each node, and those that a walk in Python reaches."""
    accounts = [an_account(f"u{n}@a.test").id for n in range(ACCOUNTS)]
    domain = Domain.objects.get()
    nodes = [
        LocalAddress.objects.create(domain=domain, localpart=f"n{n}", kind=kind, enabled=n not in disabled)
        for n, kind in enumerate(kinds)
    ]
    ends = [*nodes, *LocalAddress.objects.filter(kind="account").order_by("account_id")]
    for source, end in edges:
        Target.objects.create(source=nodes[source], address=ends[end], detail="x" if source in details else "")
    answers = resolve.resolve_many([f"n{n}@a.test" for n in range(NODES)])
    found = [[target.account_id for target in answers[f"n{n}@a.test"].targets] for n in range(NODES)]
    return found, [sorted(accounts[end - NODES] for end in walk(n, edges, disabled) if end >= NODES) for n in range(NODES)]


def walk(start: int, edges, disabled) -> set[int]:
    seen: set[int] = set()
    todo = [start]
    while todo:
        node = todo.pop()
        if node in seen or node in disabled:
            continue
        seen.add(node)
        todo += [end for source, end in edges if source == node]
    return seen
