"""Autoresponders in the browser: written, changed, switched off; days are days of the organisation."""

import pytest

from mailplatform.delivery import autoresponders
from mailplatform.directory import accounts, organisations
from tests.support.directory import TESTER, an_account
from tests.support.web import signed_in

pytestmark = pytest.mark.usefixtures("rollback")


def test_written_changed_and_switched_off() -> None:
    browser = signed_in()
    an_account("anna@a.test", name="Anna")
    organisations.set_organisation(time_zone="Europe/Rome", actor=TESTER)
    page = f"/admin/mailboxes/{accounts.get_account('anna@a.test').id}/autoresponder"
    assert "Europe/Rome" in browser.get(page).content.decode()
    fields = {"enabled": "on", "starts": "2026-12-24", "ends": "2027-01-06", "days": "4", "audience": "everyone"}
    words = {"it_subject": "In ferie", "it_text": "Torno il 7.\r\nAnna"}
    answer = browser.send(page, fields | words)
    assert answer.status_code == 302, answer.content.decode()
    info = autoresponders.get_autoresponder("anna@a.test")
    assert info.enabled and info.days == 4
    assert info.starts_at.isoformat() == "2026-12-23T23:00:00+00:00"
    assert info.ends_at.isoformat() == "2027-01-06T23:00:00+00:00"
    assert [(one.language, one.subject, one.text) for one in info.words] == [("it", "In ferie", "Torno il 7.\nAnna")]
    shown = browser.get(page).content.decode()
    assert 'value="2026-12-24"' in shown and 'value="2027-01-06"' in shown and "Torno il 7." in shown
    listed = browser.get("/admin/autoresponders").content.decode()
    assert "anna@a.test" in listed and "2026-12-24 00:00" in listed
    fields.pop("enabled")
    browser.send(page, fields | words)
    info = autoresponders.get_autoresponder("anna@a.test")
    assert not info.enabled and info.words[0].subject == "In ferie"


def test_what_is_wrong_is_said_at_its_field() -> None:
    browser = signed_in()
    an_account("anna@a.test")
    page = f"/admin/mailboxes/{accounts.get_account('anna@a.test').id}/autoresponder"
    fields = {"enabled": "on", "starts": "2027-01-06", "ends": "2026-12-24", "days": "400", "audience": "everyone"}
    answer = browser.send(page, fields)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "The last day is before the first." in text and "365" in text
    assert not autoresponders.list_autoresponders()
