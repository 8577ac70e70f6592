"""What is submitted stands in Sent once: our copy, until the client's own takes its place."""

from __future__ import annotations

import threading

import psycopg

from tests.conftest import Real
from tests.house.submission.support import client, mail, queued, send, texts
from tests.support.doors import House
from tests.support.house import assert_sound, rows


def sent_flags(house: House) -> list[tuple[int, str]]:
    with house.reader("u1@a.test", "Sent") as reader:
        return [(answer["UID"], " ".join(answer["FLAGS"])) for answer in reader.fetch("1:*", "UID FLAGS")]


def test_a_clients_copy_takes_the_place_of_ours(house: House) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        assert send(smtp, mail(message_id="<one@client>"))[0] == 250
        assert send(smtp, mail(message_id="<two@client>"))[0] == 250
    assert [uid for uid, _ in sent_flags(house)] == [1, 2]
    own = b"X-Mine: yes\r\n" + mail(message_id="<one@client>")
    with house.reader("u1@a.test", None, plus=True) as writer:
        writer.append("Sent", own, flags="(\\Seen)")
        writer.append("Sent", own, flags="(\\Seen)")  # a second one is the client's own wish
    assert [uid for uid, _ in sent_flags(house)] == [2, 3, 4]
    assert texts(house, "u1@a.test", "Sent")[1:] == [own, own]
    assert rows("SELECT uid, reason FROM store_expunged") == [(1, "replaced")]
    assert rows("SELECT count(*) FROM store_autocopy") == [(2,)]
    assert_sound()


def test_ours_is_not_made_where_the_clients_stands(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    own = mail(message_id="<one@client>")
    with house.reader("u1@a.test", None, plus=True) as writer:
        writer.append("Sent", own, flags="(\\Seen)")
    with client(house) as smtp:
        assert send(smtp, own, "u2@a.test")[0] == 250
        assert send(smtp, own, "x@outside.test")[0] == 250
    assert texts(house, "u1@a.test", "Sent") == [own]
    assert len(texts(house, "u2@a.test")) == 1 and len(queued()) == 1
    assert_sound()


def test_copies_elsewhere_and_after_a_day_are_left_alone(house: House, real: Real) -> None:
    house.open("u1@a.test")
    with client(house) as smtp:
        assert send(smtp, mail(message_id="<one@client>"))[0] == 250
        assert send(smtp, mail(message_id="<two@client>"))[0] == 250
    with psycopg.connect(real.dsn, autocommit=True) as other:
        other.execute("UPDATE store_entry SET save_date = save_date - interval '25 hours' WHERE uid = 2")
    with house.reader("u1@a.test", None, plus=True) as writer:
        writer.append("Drafts", mail(message_id="<one@client>"))
        writer.append("Sent", mail(message_id="<two@client>"))
    assert [uid for uid, _ in sent_flags(house)] == [1, 2, 3]


def test_many_at_once_are_kept_once_each(house: House) -> None:
    """Submission and APPEND of the same messages race with each other; each stands in Sent once."""
    house.open("u1@a.test")

    def submit() -> None:
        with client(house) as smtp:
            for number in range(20):
                assert send(smtp, mail(message_id=f"<{number}@client>"))[0] == 250

    def upload() -> None:
        with house.reader("u1@a.test", None, plus=True) as writer:
            for number in range(20):
                writer.append("Sent", mail(subject="own", message_id=f"<{number}@client>"))

    threads = [threading.Thread(target=one) for one in (submit, upload)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = texts(house, "u1@a.test", "Sent")
    assert len(got) == 20 and all(b"Subject: own" in one for one in got)
    assert_sound()


def test_a_message_to_many_and_to_oneself(house: House) -> None:
    names = [f"u{n}@a.test" for n in range(1, 21)]
    house.open(*names)
    with client(house) as smtp:
        assert smtp.sendmail("u1@a.test", names, mail()) == {}
    assert len(texts(house, "u1@a.test", "Sent")) == 1
    assert len(queued()) == 20  # more than sixteen go through the local queue
