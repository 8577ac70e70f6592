"""The demonstration's content as it is written: it can be read, composed, and every part of it is what it says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from mailplatform.demo import make, script
from mailplatform.demo.mailboxes import copies
from mailplatform.demo.script import BadScript
from mailplatform.store.values import Flag

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def everything() -> list:
    return list(make.compose_all(NOW))


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)  # type: ignore[return-value]


def test_about_four_hundred_messages_of_half_a_year(everything) -> None:
    held = [copy for *_, wanted in everything for copy in wanted]
    assert 380 <= len(held) <= 500
    assert len({made.message_id for _, made, *_ in everything}) == len(everything)
    moments = [at for _, _, at, _ in everything]
    assert moments == sorted(moments) and max(moments) < NOW and min(moments) < NOW - timedelta(days=120)
    assert {copy.folder for copy in held} >= {"INBOX", "Sent", "Archive", "Drafts", "Junk", "Trash", "Clienti/Edil Verdi"}
    flags = Counter(flag for copy in held for flag in Flag if copy.flags & flag)
    assert min(flags[flag] for flag in (Flag.SEEN, Flag.ANSWERED, Flag.FLAGGED, Flag.DRAFT)) > 1
    assert any(not copy.flags & Flag.SEEN for copy in held) and any(copy.keywords for copy in held)
    assert max(len(thread) for thread in make.read_content()) >= 8


def test_every_message_is_well_formed(everything) -> None:
    kinds: Counter[str] = Counter()
    for _, made, *_ in everything:
        assert not made.content.replace(b"\r\n", b"").count(b"\n"), "a bare line feed"
        for part in parsed(made.content).walk():
            assert not part.defects, (made.subject, part.defects)
            kinds[part.get_content_type()] += 1
            data = part.get_payload(decode=True)
            if part.get_content_type() == "application/pdf":
                assert data.startswith(b"%PDF-1.4") and data.endswith(b"%%EOF\n")
            elif part.get_content_type() == "image/png":
                assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")
            elif part.get_content_type() == "text/calendar":
                assert part["Content-Type"].params["method"] == "REQUEST"
                assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    for kind in ("text/html", "text/csv", "application/pdf", "image/png", "text/calendar", "message/rfc822"):
        assert kinds[kind], kind
    assert any(not made.content.partition(b"\r\n\r\n")[0].isascii() for _, made, *_ in everything), "no raw subject"


def test_replies_belong_together() -> None:
    thread = next(thread for thread in make.read_content() if len(thread) >= 12)
    made: list = []
    for number, one in enumerate(thread):
        made.append(make.compose(one, NOW, made, thread[number - 1] if number else None))
    last = parsed(made[-1].content)
    assert last["References"].split() == [one.message_id for one in made[:-1]]
    assert last["In-Reply-To"] == made[-2].message_id and last["Subject"] == f"Re: {made[0].subject}"
    assert f"> {made[-2].text.splitlines()[0]}" in last.get_body(("plain",)).get_content()


def test_a_series_takes_its_turns() -> None:
    text = "== X\n@ 9d 08:00 anna -> team | every: 2d x 4 | subject: {n} of {a|b}, {date}\n{one|two|three}\n"
    found = list(script.threads("f", text))
    assert len(found) == 4
    subjects, bodies = [], []
    for thread in found:
        (at,) = script.moments(thread, NOW)
        made = make.compose(thread[0], at, [], None)
        subjects.append(made.subject)
        bodies.append(made.text)
    assert subjects == ["1 of a, 2026-02-20", "2 of b, 2026-02-22", "3 of a, 2026-02-24", "4 of b, 2026-02-26"]
    assert bodies == ["one", "two", "three", "one"]


def test_an_answered_message_is_marked_for_who_answered_it() -> None:
    text = "== X\n@ 1d 08:00 giulia -> anna, bruno\nHow?\n\n@ +1h anna -> giulia\nSo.\n"
    (thread,) = script.threads("f", text)
    flags = {copy.account: copy.flags for copy in copies(thread, 0, NOW - timedelta(days=1), NOW)}
    assert flags == {"anna": Flag.SEEN | Flag.ANSWERED, "bruno": 0}


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "@ 1d 08:00 anna -> bruno\nno thread",
        "== X\n@ yesterday anna -> bruno\n",
        "== X\n@ 1d 08:00 anna to bruno\n",
        "== X\n@ 1d 08:00 anna -> bruno | every: now\n",
    ],
)
def test_what_is_written_wrongly_is_named(text: str) -> None:
    with pytest.raises(BadScript, match="file"):
        list(script.threads("file", text))
