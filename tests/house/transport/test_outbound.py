"""Mail for the outside in the queue: whose turn it is, leases of a message's recipients, marks, results, schedules."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from mailplatform.mailflow import arrivals
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.settings.defaults import Outbound as Terms
from mailplatform.store import append
from mailplatform.transport import destinations, lease, ledger, pulse, settle
from mailplatform.transport.destinations import Limits, Standing, kept_out, share
from mailplatform.transport.ledger import Claim, Ledger, Mark, Settle
from mailplatform.transport.values import SMTP, Carried, Ending, Lease, LeasedItem, Outbound, OutboundItem, Outcome, Stage
from protocols.smtp.agent.hands import Hands, Kind
from tests.support.house import another, rows
from tests.support.messages import a_message

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = Limits(slots=40, each=8)
NAMES = [f"d{n}.test" for n in range(12)]


def queue(*paths: str, **fields) -> tuple[int, ...]:
    message = append.prepare_message(a_message())
    outbound = Outbound(message, tuple(OutboundItem(SMTP, "", path) for path in paths), "u1@a.test", **fields)
    return arrivals.put(Unit(uuid4(), uuid4().hex[:20], outbound=(outbound,))).result(5).queued


def take(**shares: int) -> list[Lease]:
    return lease.take({name.replace("_", "."): number for name, number in shares.items()}, seconds=60, now=clock.now())


def answer(one: Lease, kind: Ending = Ending.DELIVERED, reply: str = "250 ok", **fields) -> Settle:
    said = [Outcome(item.item_id, item.token, kind, reply, int(reply[:3]), **fields) for item in one.items]
    return Settle(one, tuple(said))


def codes() -> list[tuple]:
    return rows("SELECT code FROM trace_event ORDER BY at, code")


@given(
    st.lists(st.builds(Standing, st.sampled_from(NAMES), st.integers(0, 2), st.booleans()), unique_by=lambda one: one.name),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 8)),
    st.frozensets(st.sampled_from(NAMES)),
)
def test_shares_keep_the_limits(candidates, under_way, slow) -> None:
    by_name = {one.name: one for one in candidates}
    known = {name: by_name[name] for name in under_way if name in by_name}
    doubtful = sum(under_way[name] for name, one in known.items() if name not in slow and destinations.is_doubtful(one))
    sluggish = sum(number for name, number in under_way.items() if name in slow)
    given = share(candidates, under_way, slow, LIMITS, burdens=doubtful + sluggish, sluggish=sluggish)
    assert all(number > 0 for number in given.values())
    assert sum(given.values()) + sum(under_way.values()) <= max(LIMITS.slots, sum(under_way.values()))
    for name, number in given.items():
        assert under_way.get(name, 0) + number <= destinations.most_at(by_name[name], slow, LIMITS)
    doubted = sum(n for name, n in given.items() if name not in slow and destinations.is_doubtful(by_name[name]))
    dragging = sum(number for name, number in given.items() if name in slow)
    assert doubted + dragging == 0 or doubtful + sluggish + doubted + dragging <= LIMITS.doubtful
    assert dragging == 0 or sluggish + dragging <= LIMITS.sluggish
    out = kept_out(candidates, under_way, slow, LIMITS, burdens=doubtful + sluggish)
    assert out == 0 or doubtful + sluggish >= LIMITS.doubtful


def test_the_turn_goes_round_and_the_doubtful_share_a_quarter() -> None:
    well = [Standing("big.test", proven=True), Standing("small.test", proven=True)]
    assert share(well, {}, frozenset(), Limits(3, 8)) == {"big.test": 2, "small.test": 1}
    new = [Standing(f"n{n}.test") for n in range(50)]
    assert sum(share([*new, well[0]], {}, frozenset(), LIMITS).values()) == LIMITS.doubtful + LIMITS.each
    assert share([Standing("bad.test", failures=3, proven=True)], {}, frozenset(), LIMITS) == {"bad.test": 1}
    assert share([Standing("bad.test", failures=3, proven=True)], {"bad.test": 1}, frozenset(), LIMITS, burdens=1) == {}
    full = LIMITS.doubtful
    assert share(new, {}, frozenset(), LIMITS, burdens=full) == {} and kept_out(new, {}, frozenset(), LIMITS, burdens=full) == 50
    slow = frozenset(one.name for one in new)
    assert sum(share(new, {}, slow, LIMITS).values()) == LIMITS.sluggish


def test_the_well_have_leases_ahead_and_others_never() -> None:
    ahead = Limits(slots=40, each=8, ahead=10)
    one, bad = Standing("big.test", proven=True), Standing("bad.test", failures=1, proven=True)
    assert share([one, bad], {}, frozenset(), ahead) == {"big.test": 16, "bad.test": 1}
    many = [Standing(f"w{n}.test", proven=True) for n in range(20)]
    assert sum(share(many, {}, frozenset(), ahead).values()) == 50
    assert share([one], {}, frozenset({"big.test"}), ahead) == {"big.test": destinations.UNPROVEN_SLOTS}


def a_lease(destination: str) -> Lease:
    message = Carried(1, "t", "u1@a.test", b"", 1, 10)
    return Lease((LeasedItem(1, uuid4(), f"a@{destination}"),), message, destination, None, NOW)


def test_hands_keep_slots_and_turns() -> None:
    hands = Hands(Limits(slots=3, each=2, ahead=2))
    well, new = Standing("big.test", proven=True), Standing("new.test")
    for _ in range(4):
        hands.take(a_lease("big.test"), well, frozenset())
    hands.take(a_lease("new.test"), new, frozenset())
    first, second, third = hands.next(), hands.next(), hands.next()
    assert [one.destination for one in (first, second, third)] == ["big.test", "big.test", "new.test"]
    assert hands.next() is None and hands.free == 0 and hands.burdens == 1
    hands.ended(first)
    assert hands.next("big.test").destination == "big.test" and hands.held["big.test"] == 3
    third.began, second.began = 1.0, 1.0
    hands.slows(third)
    assert (hands.sluggish, hands.dragging(2.0), hands.dragging(0.5)) == (1, [third], [])
    hands.slows(second)  # the quarter is full: it stays among the well
    assert second.kind is Kind.WELL
    third.dotted = True
    assert hands.dragging(2.0) == []
    (left,) = hands.give_up("big.test")
    assert left.lease.items not in [one.lease.items for one in hands.under_way] and hands.held["big.test"] == 2
    assert len(list(hands.items())) == 3 and hands.give_up() == []


def test_recipients_of_one_message_travel_together(rollback) -> None:
    queue(*[f"p{n}@b.test" for n in range(120)], "x@c.test")
    queue("y@b.test")
    first = take(b_test=1)
    assert [len(one.items) for one in first] == [100]
    assert len({item.token for item in first[0].items}) == 100
    again = take(b_test=5)
    assert sorted(len(one.items) for one in again) == [1, 20] or sum(len(one.items) for one in again) == 20
    (other,) = take(c_test=5)
    assert other.items[0].forward_path == "x@c.test" and other.route is None
    assert other.items[0].expires_at == other.message.queued_at + timedelta(days=5)


def test_destinations_come_in_turn(rollback) -> None:
    queue("a@b.test", "a@c.test", "a@d.test")
    names = [one.name for one in destinations.waiting(SMTP, after="", limit=10, now=clock.now())]
    assert names == ["b.test", "c.test", "d.test"]
    assert [one.name for one in destinations.waiting(SMTP, after="b.test", limit=1, now=clock.now())] == ["c.test"]
    settle.note_destinations([("b.test", True, "timed out", clock.now() + timedelta(minutes=5))], clock.now())
    assert [one.name for one in destinations.waiting(SMTP, after="", limit=10, now=clock.now())] == ["c.test", "d.test"]
    (back, *_) = destinations.waiting(SMTP, after="", limit=10, now=clock.now() + timedelta(minutes=6))
    assert (back.name, back.failures, back.proven) == ("b.test", 1, False)
    assert destinations.waiting("local", after="", limit=10, now=clock.now()) == []


def test_two_agents_never_share_an_item(real) -> None:
    ids = queue("a@b.test", "b@b.test", "c@b.test")
    with another(real.dsn) as other:
        other.execute("SELECT FROM transport_queueitem WHERE id = %s FOR UPDATE", [ids[0]])
        (one,) = take(b_test=5)
        assert [item.item_id for item in one.items] == list(ids[1:])
    assert arrivals.drain(5)


def test_the_ledger_claims_marks_and_settles_in_one_go(rollback) -> None:
    queue("a@b.test")
    queue("b@c.test")
    book = Ledger(inline=True)
    first, second = book.put(Claim({"b.test": 1, "c.test": 1})).result()
    assert book.commit([Mark(first.items), answer(second)]) == [True, None]
    assert rows("SELECT in_doubt, state FROM transport_queueitem ORDER BY id") == [(True, "leased"), (False, "done")]
    assert lease.release_expired(clock.now() + timedelta(seconds=301)) == 1
    assert ("in_doubt",) in codes()
    assert book.put(Mark(first.items)).result() is False
    book.put(answer(first)).result()
    assert ("stale_result",) in codes()
    book.put(answer(second)).result()
    assert codes().count(("stale_result",)) == 1, "saying it twice is not saying it late"


def test_failures_of_a_connection_are_the_destinations(rollback) -> None:
    for n in range(3):
        queue(f"p{n}@b.test")
    leases = take(b_test=3)
    now = clock.now()
    for one in leases:
        ledger.write([answer(one, Ending.DEFERRED, "421 away", stage=Stage.CONNECT, mx="mx.b.test")], now)
    assert rows("SELECT failures, last_reply FROM transport_destination") == [(1, "421 away")]
    assert rows("SELECT DISTINCT state, last_mx FROM transport_queueitem") == [("deferred", "mx.b.test")]
    lease.release_due(now + timedelta(hours=1))
    (again, *_) = lease.take({"b.test": 1}, seconds=60, now=now + timedelta(hours=1))
    ledger.write([Settle(again, answer(again).outcomes, failures=1)], now + timedelta(hours=1))
    assert rows("SELECT failures, next_try, proven_at IS NOT NULL FROM transport_destination") == [(0, None, True)]


def test_what_a_refusal_and_a_delay_mean() -> None:
    terms = Terms()
    item = LeasedItem(1, uuid4(), "a@b.test", attempts=2, expires_at=NOW + timedelta(days=5))
    message = Carried(1, "t", "u1@a.test", b"", 1, 10)

    def judge(outcome: Outcome, one: LeasedItem = item, now: datetime = NOW):
        return settle.judge(one, message, outcome, now, terms.retry_after, 0.0)

    later = judge(Outcome(1, item.token, Ending.DEFERRED, "451 later", in_doubt=True))
    assert (later.kind, later.due_at, later.doubt) == (Ending.DEFERRED, NOW + timedelta(minutes=10), True)
    assert judge(Outcome(1, item.token, Ending.DEFERRED, "452 too many", again=True)).due_at == NOW
    refused = judge(Outcome(1, item.token, Ending.FAILED, "550 no"))
    assert (refused.kind, refused.report) == (Ending.FAILED, "failed")
    over = judge(Outcome(1, item.token, Ending.DEFERRED, "451 later"), now=NOW + timedelta(days=5))
    assert (over.kind, over.report) == (Ending.FAILED, "failed")


def test_wishes_for_reports() -> None:
    assert settle.wants("", "FAILURE") and settle.wants("", "DELAY") and not settle.wants("", "SUCCESS")
    assert settle.wants("SUCCESS,delay", "DELAY") and not settle.wants("NEVER", "FAILURE")


def test_missing_ticks_are_noticed(rollback) -> None:
    now = clock.now()
    assert not pulse.is_missing(now, 60)
    assert not pulse.is_missing(now + timedelta(seconds=59), 60)
    assert pulse.is_missing(now + timedelta(seconds=61), 60)
    pulse.beat(pulse.TICK, now + timedelta(seconds=61))
    assert not pulse.is_missing(now + timedelta(seconds=62), 60)
