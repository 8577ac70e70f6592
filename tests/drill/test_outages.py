"""What a person sees while a server behind the product is stopped: mail goes on, or is asked to come again."""

import os
import signal
import smtplib
import time

import pytest

from benchmarks.instance import Instance
from tests.drill.conftest import DOMAIN, PASSWORD
from tests.drill.load import accept
from tests.support.clients.imap import Imap
from tests.support.messages import a_message

pytestmark = pytest.mark.drill
RECIPIENTS = [f"u{n}@{DOMAIN}" for n in range(1, 11)]


def test_a_stopped_valkey_slows_nothing(instance: Instance) -> None:
    where = instance.address("smtp")
    accept(where, RECIPIENTS, messages=200, connections=10)  # warm
    usual = accept(where, RECIPIENTS, messages=4000, connections=10)  # of 400, one batch would be the p99
    (valkey,) = instance.endpoints()["pids"]["valkey"]
    os.kill(valkey, signal.SIGSTOP)
    try:
        without = accept(where, RECIPIENTS, messages=4000, connections=10)
    finally:
        os.kill(valkey, signal.SIGCONT)
    assert set(usual.codes) | set(without.codes) == {250}
    # Under 20 ms the comparison would be of scheduling noise.
    assert without.percentile(0.99) < max(2 * usual.percentile(0.99), 0.020), (without.percentile(0.99), usual.percentile(0.99))


def test_a_stopped_valkey_loses_no_notification(instance: Instance) -> None:
    (valkey,) = instance.endpoints()["pids"]["valkey"]
    with Imap.connect(*instance.address("imap")) as imap:
        imap.login(RECIPIENTS[0], PASSWORD)
        before = imap.select().one("EXISTS").number or 0
        os.kill(valkey, signal.SIGSTOP)
        try:
            with imap.idle() as idling:
                accept(instance.address("smtp"), RECIPIENTS[:1], messages=1, connections=1)
                assert (idling.wait("EXISTS", 5.0).number or 0) == before + 1
        finally:
            os.kill(valkey, signal.SIGCONT)


def test_a_lost_postgres_is_told_in_each_protocol_and_survived(instance: Instance) -> None:
    """The supervisor brings it back by itself; until then a sender hears 4xx and a reader NO, in good time."""
    (postgres,) = instance.endpoints()["pids"]["postgres"]
    with smtplib.SMTP(*instance.address("smtp"), timeout=60) as smtp, Imap.connect(*instance.address("imap"), timeout=60) as imap:
        smtp.ehlo()
        imap.login(RECIPIENTS[1], PASSWORD)
        os.kill(postgres, signal.SIGKILL)
        smtp.mail("sender@outside.example")
        code, _ = smtp.rcpt(f"u11@{DOMAIN}")
        assert code in (250, 451)
        selected = imap.command("SELECT", "INBOX")
        assert selected.status == "OK" or selected.code == "UNAVAILABLE"
        until = time.monotonic() + 60
        while not (_takes_mail(instance) and imap.command("SELECT", "INBOX").status == "OK"):
            assert time.monotonic() < until
            time.sleep(0.2)


def _takes_mail(instance: Instance) -> bool:
    """One message over a connection of its own: taken, or to be tried again; nothing else is said."""
    with smtplib.SMTP(*instance.address("smtp"), local_hostname="client.test", timeout=60) as smtp:
        smtp.ehlo()
        smtp.mail("sender@outside.example")
        code, _ = smtp.rcpt(f"u12@{DOMAIN}")
        if code == 250:
            code, _ = smtp.data(a_message())
    assert code in (250, 451)
    return code == 250
