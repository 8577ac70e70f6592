"""A message's whole way, in process: SMTP in, batch, folder, IDLE, FETCH, trace."""

import smtplib
import time

from mailplatform.trace import search
from tests.support.doors import House
from tests.support.messages import a_message


def test_a_message_arrives_wakes_the_reader_and_is_read_byte_for_byte(house: House) -> None:
    house.open("u1@a.test", "u2@a.test")
    content = a_message(subject="Way", message_id="<way@outside.example>")
    with house.reader("u1@a.test") as reader, smtplib.SMTP(*house.smtp, local_hostname="client.test") as smtp:
        smtp.ehlo()
        with reader.idle() as idling:
            assert smtp.sendmail("anna@outside.example", ["u1@a.test", "u2@a.test"], content) == {}
            accepted = time.monotonic()
            assert idling.wait("EXISTS").number == 1
            assert time.monotonic() - accepted < 2.0
        (fetched,) = reader.fetch("1", "UID", "FLAGS", "BODY.PEEK[]")
    assert fetched["BODY[]"].endswith(content)
    added = fetched["BODY[]"].removesuffix(content)
    assert added.startswith(b"Return-Path: <anna@outside.example>\r\n")
    with house.reader("u2@a.test") as other:
        assert other.fetch("1", "BODY.PEEK[]")[0]["BODY[]"].endswith(content)
    (life,) = search.find(message_id="way@outside.example")
    assert {row["forward_path"] for row in life.recipients} == {"u1@a.test", "u2@a.test"}
    assert life.trace_id.encode() in added
    assert [event.code for event in life.events].count("placed") == 2


def test_what_is_refused_at_rcpt_is_traced(house: House) -> None:
    house.open("u1@a.test")
    with smtplib.SMTP(*house.smtp, local_hostname="client.test") as smtp:
        smtp.ehlo()
        smtp.mail("anna@outside.example")
        code, _ = smtp.rcpt("nobody@a.test")
        assert code == 550
    until = time.monotonic() + 5
    while not (found := search.find(forward_path="nobody@a.test")) and time.monotonic() < until:
        time.sleep(0.02)  # written behind
    assert found[0].recipients[0]["verdict"] == "refused"
