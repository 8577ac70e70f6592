"""SEARCH, RFC 9051 §6.4.4: each key, with and without written search text, gives the same answer."""

from datetime import UTC, date, datetime

import pytest

from mailplatform.runtime.errors import NotFound
from mailplatform.store import flags, folders, statements
from mailplatform.store.index import writer
from mailplatform.store.search import query as q
from mailplatform.store.search.find import search
from mailplatform.store.values import Flag, FlagChange
from tests.house.store.building import ANNA, a_store, inbox, put, rows
from tests.support.messages import a_message, a_multipart

CONTENTS = [
    a_message(
        subject="Fattura n. 12",
        author="Anna Rossi <anna@outside.example>",
        to="Bert <bert@a.test>",
        body="Il prezzo \u00e8 di 100 \u20ac.\r\n",
        date="Sun, 1 Mar 2026 23:30:00 -0800",
    ),
    a_message(
        subject="=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_M=C3=BCnchen?=",
        author="=?utf-8?q?J=C3=BCrgen?= <jurgen@outside.example>",
        cc="Cara <cara@a.test>",
        headers={"List-Id": "Minutes <minutes.lists.example>", "X-Empty": " "},
        body="Hello there,\r\nthis is a\r\nfolded phrase.\r\n",
        date="Mon, 2 Mar 2026 10:00:00 +0100",
    ),
    a_multipart(
        ("text/html; charset=utf-8", b"<p>The <b>price</b> list &amp; more</p>"),
        ('application/pdf; name="offer-2026.pdf"\r\nContent-Transfer-Encoding: base64', b"JVBERi0xLjQKJSVQUklDRQ=="),
        subject="Offer",
        date="",
    ),
    a_message(subject="", author="dora@outside.example", headers={"Bcc": "secret@a.test"}, body="percent 100% and under_score"),
]
SEEN, ANSWERED = int(Flag.SEEN), int(Flag.ANSWERED)


@pytest.fixture(params=["tail", "written"])
def account(rollback, request) -> int:
    """Four messages; once with search text, once without."""
    made = a_store()
    folder = inbox(made)
    for number, content in enumerate(CONTENTS):
        put(folder, content, internal_date=datetime(2026, 3, 1 + number, 23, 59, tzinfo=UTC))
    if request.param == "written":
        while behind := writer.behind():
            for one in behind:
                writer.write(one, 3)
        assert rows("SELECT count(*) FROM store_searchtext") == [(4,)]
    return made


def found(account: int, query: q.Query) -> list[int]:
    return search(inbox(account).id, query, account)


W = q.Where
TEXTS = [
    (q.Text(W.FROM, "anna rossi"), [1, 3]),
    (q.Text(W.FROM, "OUTSIDE.example"), [1, 2, 3, 4]),
    (q.Text(W.FROM, "j\u00fcrgen"), [2]),
    (q.Text(W.FROM, "J\u00dcRGEN"), [2]),
    (q.Text(W.FROM, "jurgen@"), [2]),
    (q.Text(W.TO, "bert"), [1]),
    (q.Text(W.CC, "cara@a"), [2]),
    (q.Text(W.BCC, "secret"), [4]),
    (q.Text(W.BCC, ""), [4]),
    (q.Text(W.SUBJECT, "fattura N. 1"), [1]),
    (q.Text(W.SUBJECT, "gr\u00fc\u00dfe"), [2]),
    (q.Text(W.SUBJECT, "M\u00dcNCHEN"), [2]),
    (q.Text(W.SUBJECT, ""), [1, 2, 3]),
    (q.Text(W.SUBJECT, "100%"), []),
    (q.Text(W.BODY, "100 \u20ac"), [1]),
    (q.Text(W.BODY, "PREZZO \u00c8"), [1]),
    (q.Text(W.BODY, "a folded phrase"), [2]),
    (q.Text(W.BODY, "price list & more"), [3]),
    (q.Text(W.BODY, "offer-2026.PDF"), [3]),
    (q.Text(W.BODY, "<b>"), []),
    (q.Text(W.BODY, "fattura"), []),
    (q.Text(W.BODY, "100%"), [4]),
    (q.Text(W.BODY, "under_score"), [4]),
    (q.Text(W.BODY, ""), [1, 2, 3, 4]),
    (q.Text(W.TEXT, "fattura"), [1]),
    (q.Text(W.TEXT, "list-id: minutes"), [2]),
    (q.Text(W.TEXT, "m\u00fcnchen"), [2]),
    (q.Header("List-ID", "LISTS.example"), [2]),
    (q.Header("list-id", ""), [2]),
    (q.Header("x-empty", ""), [2]),
    (q.Header("x-empty", "y"), []),
    (q.Header("x-absent", ""), []),
    (q.Header("subject", "m\u00fcnchen"), [2]),
    (q.Header("id", "lists"), []),
]


def test_texts(account: int) -> None:
    everything = [1, 2, 3, 4]
    assert {query: found(account, query) for query, _ in TEXTS} == dict(TEXTS)
    assert {query: found(account, q.Not(query)) for query, _ in TEXTS} == {
        query: [uid for uid in everything if uid not in uids] for query, uids in TEXTS
    }


def test_entries(account: int) -> None:
    flags.store(inbox(account).id, [1, 3], FlagChange("add", SEEN, ("$Work",)), viewer=account, actor=ANNA)
    flags.store(inbox(account).id, [3], FlagChange("add", ANSWERED), viewer=account, actor=ANNA)
    last = inbox(account).highestmodseq
    assert found(account, q.All()) == [1, 2, 3, 4]
    assert found(account, q.Flagged(SEEN)) == [1, 3]
    assert found(account, q.Flagged(SEEN, False)) == [2, 4]
    assert found(account, q.Flagged(SEEN | ANSWERED)) == [3]
    assert found(account, q.HasKeyword("$WORK")) == [1, 3]
    assert found(account, q.HasKeyword("$work", False)) == [2, 4]
    assert found(account, q.HasKeyword("never")) == []
    assert found(account, q.HasKeyword("never", False)) == [1, 2, 3, 4]
    assert found(account, q.Uids(((2, 3),))) == [2, 3]
    assert found(account, q.Uids(((1, 1), (3, 99)))) == [1, 3, 4]
    assert found(account, q.ModSeq(last)) == [3]
    sizes = dict(rows("SELECT uid, size FROM store_entry"))
    assert found(account, q.Larger(sizes[1])) == [uid for uid in sorted(sizes) if sizes[uid] > sizes[1]]
    assert found(account, q.Smaller(sizes[1])) == [uid for uid in sorted(sizes) if sizes[uid] < sizes[1]]


def test_days(account: int) -> None:
    when = q.When
    assert found(account, q.Internal(when.ON, date(2026, 3, 2))) == [2]
    assert found(account, q.Internal(when.BEFORE, date(2026, 3, 2))) == [1]
    assert found(account, q.Internal(when.SINCE, date(2026, 3, 3))) == [3, 4]
    # The first was sent on the 1st where its sender was, and that is the 2nd in UTC.
    assert found(account, q.Sent(when.ON, date(2026, 3, 1))) == [1, 4]
    assert found(account, q.Sent(when.ON, date(2026, 3, 2))) == [2]
    assert found(account, q.Sent(when.BEFORE, date(2026, 3, 2))) == [1, 4]
    assert found(account, q.Sent(when.SINCE, date(2026, 3, 2))) == [2]
    assert found(account, q.Not(q.Sent(when.SINCE, date(2026, 3, 2)))) == [1, 3, 4]
    assert found(account, q.Older(1)) == [1, 2, 3, 4]
    assert found(account, q.Younger(1)) == []


def test_trees(account: int) -> None:
    anna, euro, hello = q.Text(W.FROM, "anna"), q.Text(W.BODY, "100"), q.Text(W.TEXT, "hello")
    assert found(account, q.And((euro, q.Uids(((2, 4),)), anna))) == []
    assert found(account, q.And((euro, q.Not(anna)))) == [4]
    assert found(account, q.Or((anna, hello, q.Uids(((4, 4),))))) == [1, 2, 3, 4]
    assert found(account, q.Not(q.Or((euro, hello)))) == [3]
    assert found(account, q.And(())) == [1, 2, 3, 4]
    assert found(account, q.Or(())) == []
    assert found(account, q.And((q.Not(q.And((anna, q.All()))), q.Or((euro, q.Uids(((2, 2),))))))) == [2, 4]


def test_another_viewers_seen_counts(account: int) -> None:
    other = a_store("bert@a.test")
    folder = inbox(account)
    flags.store(folder.id, [2], FlagChange("add", SEEN), viewer=other, actor=ANNA)
    assert search(folder.id, q.Flagged(SEEN), other) == [2]
    assert search(folder.id, q.And((q.Flagged(SEEN, False), q.Text(W.BODY, "100"))), other) == [1, 4]
    assert search(folder.id, q.Flagged(SEEN), account) == []


def test_a_folder_that_is_gone(rollback) -> None:
    account = a_store()
    gone = folders.create(account, "Gone", actor=ANNA)
    folders.delete(account, "Gone", actor=ANNA)
    with pytest.raises(NotFound):
        search(gone.id, q.All(), account)


def test_the_index_catches_up_and_writes_nothing_twice(rollback) -> None:
    account = a_store()
    put(inbox(account), *CONTENTS)
    (behind,) = writer.behind()
    assert writer.write(behind, 100) == 4
    assert writer.behind() == []
    statements.run("index_progress", {"account": account, "modseq": 0})
    assert writer.behind() == []  # progress never goes back
    flags.store(inbox(account).id, [1], FlagChange("add", SEEN), viewer=account, actor=ANNA)
    (behind,) = writer.behind()
    assert writer.write(behind, 100) == 0
    put(inbox(account), CONTENTS[0])
    (behind,) = writer.behind(workers=2, number=account % 2)
    assert writer.behind(workers=2, number=(account + 1) % 2) == []
    assert writer.write(behind, 1) == 1
    assert rows("SELECT count(*) FROM store_searchtext") == [(5,)]
