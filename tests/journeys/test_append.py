"""APPEND to FETCH, and what other sessions and the trace see of it."""

from mailplatform.trace import search
from tests.support.doors import House
from tests.support.messages import a_message


def test_an_appended_message_is_read_byte_for_byte_and_its_life_is_told(house: House) -> None:
    house.open("u1@a.test")
    content = a_message(message_id="<kept@outside.example>")
    with house.reader("u1@a.test") as writer, house.reader("u1@a.test") as reader:
        appended = writer.append("INBOX", content, "(\\Seen $Forwarded)", "17-Jul-1996 02:44:25 -0700")
        assert appended.code == "APPENDUID"
        assert reader.ok("NOOP").one("EXISTS").number == 1
        (fetched,) = reader.fetch("1", "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]")
        assert fetched["BODY[]"] == content
        assert fetched["RFC822.SIZE"] == len(content)
        assert set(fetched["FLAGS"]) >= {"\\Seen", "$Forwarded"}
        assert fetched["INTERNALDATE"] in (b"17-Jul-1996 02:44:25 -0700", b"17-Jul-1996 09:44:25 +0000")
        reader.ok("STORE", "1", "+FLAGS.SILENT", "(\\Deleted)")
        assert [answer.number for answer in reader.ok("EXPUNGE").all("EXPUNGE")] == [1]
        assert [answer.number for answer in writer.ok("NOOP").all("EXPUNGE")] == [1]
    (life,) = search.find(message_id="kept@outside.example")
    assert life.recipients[0]["direction"] == "appended"
    assert [event.code for event in life.events if event.code in ("appended", "placed")]
