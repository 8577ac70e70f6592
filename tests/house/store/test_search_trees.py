"""Any tree of keys gives what a reader who looks at each message by itself would find (hypothesis against a naive reader)."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailplatform.standards.casemap import casemap
from mailplatform.store import flags
from mailplatform.store.index import writer
from mailplatform.store.search import query as q
from mailplatform.store.search.find import search
from mailplatform.store.values import FlagChange
from tests.house.store.building import ANNA, a_store, inbox, put
from tests.support.messages import a_message

SUBJECTS = ["Alpha beta", "GAMMA  delta", "\u00c9t\u00e9 alpha", "stra\u00dfe", "plain", "Beta\u0301"]
BODIES = [
    "one two",
    "two three \u00e9t\u00e9",
    "STRASSE",
    "nothing",
    "alpha beta gamma",
    "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
]
NEEDLES = [
    "alpha",
    "ALPHA",
    "beta",
    "\u00e9t\u00e9",
    "\u00c9T\u00c9",
    "stra\u00dfe",
    "strasse",
    "gamma delta",
    "two",
    "zzz",
    "\u03c3\u03af\u03c3",
]
KINDS = 6
COUNT = 12

leaf = st.one_of(
    st.just(q.All()),
    st.builds(q.Flagged, st.sampled_from([1, 4, 5]), st.booleans()),
    st.builds(q.HasKeyword, st.sampled_from(["one", "ONE", "absent"]), st.booleans()),
    st.builds(lambda low, more: q.Uids(((low, low + more),)), st.integers(1, COUNT), st.integers(0, 5)),
    st.builds(q.ranges_of, st.sets(st.integers(1, COUNT), min_size=1)),
    st.builds(q.Internal, st.sampled_from(q.When), st.dates(date(2026, 3, 1), date(2026, 3, COUNT))),
    st.builds(q.Text, st.sampled_from([q.Where.SUBJECT, q.Where.BODY]), st.sampled_from(NEEDLES)),
)
tree = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(q.Not, inner),
        st.builds(q.And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(q.Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def key(text: str) -> str:
    return casemap(" ".join(text.split()))


def fits(query: q.Query, uid: int) -> bool:
    """The naive reader."""
    number = uid - 1
    match query:
        case q.All():
            return True
        case q.And(queries):
            return all(fits(each, uid) for each in queries)
        case q.Or(queries):
            return any(fits(each, uid) for each in queries)
        case q.Not(inner):
            return not fits(inner, uid)
        case q.Uids(ranges):
            return any(low <= uid <= high for low, high in ranges)
        case q.Flagged(bits, present):
            own = (1 if uid % 2 == 0 else 0) | (4 if uid % 3 == 0 else 0)
            return own & bits == (bits if present else 0)
        case q.HasKeyword(name, present):
            return (uid % 4 == 0 and name.lower() == "one") is present
        case q.Internal(when, day):
            own_day = date(2026, 3, uid)
            return {q.When.BEFORE: own_day < day, q.When.ON: own_day == day, q.When.SINCE: own_day >= day}[when]
        case q.Text(q.Where.SUBJECT, wanted):
            return key(wanted) in key(SUBJECTS[number % KINDS])
        case q.Text(_, wanted):
            return key(wanted) in key(BODIES[number * 5 % KINDS])
    raise AssertionError(query)


@pytest.fixture
def account(rollback) -> int:
    made = a_store()
    folder = inbox(made)
    for number in range(COUNT):
        content = a_message(subject=SUBJECTS[number % KINDS], body=BODIES[number * 5 % KINDS] + "\r\n")
        put(folder, content, internal_date=datetime(2026, 3, number + 1, 13, tzinfo=UTC))
        if number == COUNT // 2:
            (behind,) = writer.behind()
            writer.write(behind, 100)
    for step, change in ((2, FlagChange("add", 1)), (3, FlagChange("add", 4)), (4, FlagChange("add", 0, ("One",)))):
        flags.store(folder.id, range(step, COUNT + 1, step), change, viewer=made, actor=ANNA)
    return made


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=tree)
def test_any_tree_finds_what_a_naive_reader_finds(account: int, query: q.Query) -> None:
    assert search(inbox(account).id, query, account) == [uid for uid in range(1, COUNT + 1) if fits(query, uid)]
