"""The queue, the messages and their stories, in the browser: what is shown to whom, and what the buttons do."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailplatform.directory import administrators
from mailplatform.directory.values import Role
from mailplatform.mailflow import arrivals
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.store import append
from mailplatform.trace import ids, record
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from mailplatform.transport.values import SMTP, Outbound, OutboundItem
from tests.support.directory import TESTER, a_domain, a_group, an_account
from tests.support.house import rows
from tests.support.messages import a_message
from tests.support.web import Browser, signed_in, somebody

pytestmark = pytest.mark.usefixtures("rollback")
TRACE = "00000000000000000abc"
OTHER = "00000000000000000abd"


def queue(*paths: str, reverse_path: str = "u1@a.test", trace_id: str = TRACE) -> list[int]:
    message = append.prepare_message(a_message())
    outbound = Outbound(message, tuple(OutboundItem(SMTP, "", path) for path in paths), reverse_path)
    return list(arrivals.put(Unit(uuid4(), trace_id, outbound=(outbound,))).result(5).queued)


def states() -> dict[str, str]:
    return dict(rows("SELECT forward_path, state FROM transport_queueitem"))


def told(*, subject: str = "Hello", reverse_path: str = "u1@a.test", forward_path: str = "x@b.test", **columns: object) -> str:
    """A message of the trace; its number."""
    now = columns.pop("at", clock.now())
    trace_id = str(columns.pop("trace_id", "")) or ids.make(now, lambda bits: uuid4().int >> (128 - bits))
    row = MessageRow(
        trace_id=trace_id,
        at=now,
        direction=Direction.SUBMITTED,
        verdict=VerdictCode.ACCEPTED,
        reverse_path=reverse_path,
        forward_path=forward_path,
        subject=subject,
        **columns,
    )
    record.write(row)
    return trace_id


def domain_administrator(domain: str = "a.test") -> Browser:
    somebody(f"boss@{domain}")
    administrators.appoint(f"boss@{domain}", domain, actor=TESTER)
    browser = Browser()
    assert browser.sign_in(f"boss@{domain}").status_code == 302
    return browser


def test_the_queue_shows_why_and_until_when() -> None:
    browser = signed_in()
    queue("x@b.test", "y@c.test")
    rows("UPDATE transport_queueitem SET state = 'deferred', attempts = 2, last_reply = '451 <b>busy</b>' RETURNING 1")
    page = browser.get("/admin/queue").content.decode()
    assert "x@b.test" in page and "y@c.test" in page
    assert "451 &lt;b&gt;busy&lt;/b&gt;" in page and "<b>busy" not in page
    assert " UTC" in page
    narrowed = browser.get("/admin/queue?destination=c.test").content.decode()
    assert "y@c.test" in narrowed and "x@b.test" not in narrowed


def test_buttons_of_the_queue() -> None:
    browser = signed_in()
    first, second = queue("x@b.test", "y@c.test")
    browser.send("/admin/queue", {"id": str(first), "do": "hold"}, to="/admin/queue/act")
    assert states() == {"x@b.test": "held", "y@c.test": "ready"}
    page = browser.get("/admin/queue").content.decode()
    assert "1 message is held." in page and "Undo" in page
    browser.send("/admin/queue", {"id": str(first), "do": "release"}, to="/admin/queue/act")
    assert states()["x@b.test"] == "ready"
    browser.send("/admin/queue?destination=c.test", {"all": "on", "do": "hold"}, to="/admin/queue/act")
    assert states() == {"x@b.test": "ready", "y@c.test": "held"}
    answer = browser.send("/admin/queue", {"id": str(second), "do": "delete"}, to="/admin/queue/act")
    where = answer.headers["Location"]
    assert "y@c.test" in browser.get(where).content.decode()
    browser.send(where, {})
    assert states()["y@c.test"] == "done"


def test_nothing_chosen_changes_nothing() -> None:
    browser = signed_in()
    queue("x@b.test")
    browser.send("/admin/queue", {"do": "hold"}, to="/admin/queue/act")
    assert states() == {"x@b.test": "ready"}
    assert "Choose something first" in browser.get("/admin/queue").content.decode()


def test_a_domain_administrator_sees_and_touches_their_own_queue_only() -> None:
    an_account("u1@a.test")
    a_domain("f.test")
    browser = domain_administrator()
    (own,) = queue("x@b.test")
    (foreign,) = queue("secret@c.test", reverse_path="u2@f.test", trace_id=OTHER)
    page = browser.get("/admin/queue").content.decode()
    assert "x@b.test" in page and "secret" not in page and "f.test" not in page
    browser.send("/admin/queue", {"id": [str(own), str(foreign)], "do": "hold"}, to="/admin/queue/act")
    assert states() == {"x@b.test": "held", "secret@c.test": "ready"}
    assert browser.get(f"/admin/queue/delete?ids={foreign}").status_code == 404


def test_messages_are_found_by_what_people_know_of_them() -> None:
    browser = signed_in()
    now = clock.now()
    hello = told(subject="Grüße <script>", message_id="<one@a.test>", at=now - timedelta(minutes=5))
    told(
        subject="Another",
        reverse_path="v@z.test",
        forward_path="u1@a.test",
        message_id="<two@z.test>",
        at=now - timedelta(minutes=4),
    )
    page = browser.get("/admin/messages").content.decode()
    assert page.index("Another") < page.index("Grüße") and "<script>" not in page.partition("<main")[2]
    for asked in ("Grüße", "one@a.test", "<one@a.test>", hello, "x@b.test", "X@B.test", "@b.test"):
        found = browser.get("/admin/messages", {"q": asked}).content.decode()
        assert "Grüße" in found and "Another" not in found, asked
    assert "Nothing fits" in browser.get("/admin/messages?q=nobody@nowhere.test").content.decode()
    assert browser.get("/admin/messages?before=rubbish&period=never").status_code == 200


def test_older_pages_miss_and_repeat_nothing() -> None:
    browser = signed_in()
    at = clock.now() - timedelta(hours=1)
    for number in range(40):
        told(subject=f"Number {number:03}", at=at)
    many = told(subject="Many", at=at, forward_path="r000@b.test")
    for number in range(1, 40):
        told(subject="Many", at=at, forward_path=f"r{number:03}@b.test", trace_id=many)
    seen: list[str] = []
    where = "/admin/messages"
    while where:
        page = browser.get(where).content.decode()
        seen += [part.partition("</td>")[0] for part in page.split('data-label="To">')[1:]]
        older = page.partition('rel="next" href="')[2].partition('"')[0]
        where = "/admin/messages" + older.replace("&amp;", "&") if older else ""
    assert len(seen) == 80
    assert len([one for one in seen if one != "x@b.test"]) == len({one for one in seen if one != "x@b.test"}) == 40


def test_the_story_of_a_message() -> None:
    browser = signed_in()
    queue("x@b.test")
    rows(
        "UPDATE transport_queueitem SET state = 'deferred', due_at = now() + interval '5 min', last_reply = '451 no' RETURNING 1"
    )
    told(subject="Offer", trace_id=TRACE)
    record.write(
        EventRow(TRACE, Code.DELAYED, {"recipient": "x@b.test", "host": "mx.b.test", "reply": "451 <i>no</i>", "number": 1})
    )
    page = browser.get(f"/admin/messages/{TRACE}").content.decode()
    assert "Offer" in page and "mx.b.test" in page and "451 &lt;i&gt;no" in page
    assert "Next try:" in page and "Try now" in page
    browser.send(f"/admin/messages/{TRACE}", {"do": "hold"}, to="/admin/queue/act")
    assert states() == {"x@b.test": "held"}
    answer = browser.send(f"/admin/messages/{TRACE}", {"do": "release", "from": "a/b"}, to="/admin/queue/act")
    assert answer.headers["Location"] == "/admin/queue"
    assert browser.get("/admin/messages/00000000000000000zzz").status_code == 404


def test_a_domain_administrator_reads_their_own_part_only() -> None:
    an_account("u1@a.test")
    a_domain("f.test")
    browser = domain_administrator()
    shared = told(subject="To both", reverse_path="s@z.test", forward_path="u1@a.test")
    told(subject="To both", reverse_path="s@z.test", forward_path="secret@f.test", trace_id=shared)
    foreign = told(subject="Theirs", reverse_path="s@z.test", forward_path="secret@f.test")
    record.write(
        EventRow(shared, Code.PLACED, {"address": "u1@a.test", "folder": "INBOX"}),
        EventRow(shared, Code.PLACED, {"address": "secret@f.test", "folder": "INBOX"}),
    )
    listing = browser.get("/admin/messages").content.decode()
    assert "To both" in listing and "Theirs" not in listing and "f.test" not in listing
    story = browser.get(f"/admin/messages/{shared}").content.decode()
    assert "u1@a.test" in story and "secret" not in story
    assert browser.get(f"/admin/messages/{foreign}").status_code == 404


def test_the_log_tells_who_did_what() -> None:
    browser = signed_in()
    browser.send("/admin/domains/add", {"domain": "new.test"})
    page = browser.get("/admin/log").content.decode()
    assert all(words in page for words in ("domain added", "new.test", "admin@a.test"))
    assert "new.test" not in browser.get("/admin/log?kind=queue").content.decode().partition("<main")[2]
    assert browser.get("/admin/log?before=x").status_code == 200


def test_employees_are_shown_out() -> None:
    browser = signed_in("emma@a.test", role=Role.EMPLOYEE)
    for where in ("queue", "messages", f"messages/{TRACE}", "log", "sessions", "queue/delete?ids=1"):
        assert browser.get(f"/admin/{where}").status_code == 403, where


def test_a_question_about_everything_fits_its_url() -> None:
    browser = signed_in()
    queue(*[f"x{number}@b.test" for number in range(1000)])
    rows("UPDATE transport_queueitem SET id = id + 7000000 RETURNING 1")
    asked = browser.send("/admin/queue", {"all": "on", "do": "delete"}, to="/admin/queue/act").headers["Location"]
    assert len(asked) < 4000  # a request line has 8190 octets
    assert "Take 1000 messages out" in browser.get(asked).content.decode().replace(",", "")
    assert browser.get("/admin/queue/delete?ids=zz").status_code == 404


def test_the_log_of_a_domain_administrator_asks_once_whom_it_may_name() -> None:
    browser = domain_administrator()
    an_account("anna@a.test")
    an_account("secret@f.test")
    for number in range(30):
        a_group(f"g{number}@a.test", "anna@a.test", "secret@f.test")
    with CaptureQueriesContext(connection) as asked:
        page = browser.get("/admin/log").content.decode()
    assert "g29@a.test" in page and "anna@a.test" in page and "secret" not in page
    assert len(asked) < 20


def test_whose_domain_it_is_whatever_stands_before_the_at() -> None:
    browser = domain_administrator()
    an_account("secret@f.test")
    told(subject="Quoted", reverse_path='"x@f.test"@A.TEST', forward_path="y@z.test")
    told(subject="Theirs", reverse_path='"x@a.test"@f.test', forward_path="y@z.test")
    told(subject="Bounce", reverse_path="", forward_path="anna@A.test")
    page = browser.get("/admin/messages").content.decode()
    assert "Quoted" in page and "Bounce" in page and "Theirs" not in page
    queue("x@A.test", "y@b.test", reverse_path='"x@a.test"@f.test')
    page = browser.get("/admin/queue").content.decode()
    assert "y@b.test" not in page
