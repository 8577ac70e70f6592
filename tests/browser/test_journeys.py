"""What an administrator does, done with mouse and keyboard: the first domain, mailbox and alias; a mistake and its undoing;
the same without JavaScript."""

import smtplib
import ssl
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Platform, sign_in

pytestmark = pytest.mark.browser


def test_a_domain_a_mailbox_an_alias(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.get_by_role("link", name="Domains", exact=True).click()
    page.get_by_role("link", name="Add domain").click()
    page.get_by_role("textbox", name="Name").fill("journey.test")
    page.get_by_role("button", name="Add domain").click()
    expect(page.get_by_role("status").filter(has_text="journey.test is added")).to_be_visible()
    page.goto("/admin/mailboxes/add?domain=journey.test")
    page.get_by_label("Address").fill("vera")
    page.get_by_label("Name").fill("Vera Sole")
    page.get_by_role("button", name="Add mailbox").click()
    drawn = page.locator(".secret code").inner_text()
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", name="vera@journey.test")).to_be_visible()
    page.get_by_role("link", name="Addresses").click()
    page.get_by_label("Address").fill("hello")
    page.get_by_role("button", name="Add address").click()
    expect(page.get_by_role("link", name="hello@journey.test")).to_be_visible()
    port = int(platform.url.rpartition(":")[2]) - 80 + 25
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail("x@sender.test", ["hello@journey.test"], b"Subject: By browser\r\n\r\nit works\r\n")
    page.goto("/admin/messages")
    until = time.monotonic() + 10
    while page.get_by_text("By browser").count() == 0 and time.monotonic() < until:
        page.reload()
    expect(page.get_by_text("By browser").first).to_be_visible()
    fresh = page.context.browser.new_context(base_url=platform.url)  # type: ignore[union-attr]
    other = fresh.new_page()
    other.goto("/sign-in")
    other.get_by_label("E-mail address").fill("vera@journey.test")
    other.get_by_label("Password").fill(drawn)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Not for your account")).to_be_visible()
    fresh.close()


def test_a_mistake_is_told_and_taken_back(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.goto("/admin/aliases/add")
    page.get_by_label("Address").fill("wrong")
    page.get_by_label("Leads to").fill("nobody@example.test")
    page.get_by_role("button", name="Add alias").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("nobody@example.test does not exist")
    alert.get_by_role("link", name="Leads to").click()
    expect(page.get_by_label("Leads to")).to_be_focused()
    anna = platform.accounts["employee"][0]
    page.get_by_label("Leads to").fill(anna)
    page.get_by_role("button", name="Add alias").click()
    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("heading", name="Remove wrong@example.test?")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="wrong@example.test")).to_be_visible()


def test_typing_narrows_the_list_and_the_address(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.goto("/admin/mailboxes")
    page.keyboard.press("/")
    page.keyboard.type("admin")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    assert "q=admin" in page.url
    page.reload()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("nobody at all")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_the_keyboard_reaches_everything(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.goto("/admin/domains")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator(".user > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_language_and_look(page: Page, platform: Platform) -> None:
    sign_in(page, platform)
    page.locator(".user > summary").click()
    page.get_by_role("button", name="Italiano").click()
    expect(page.get_by_role("heading", level=1, name="Panoramica")).to_be_visible()
    page.locator(".user > summary").click()
    page.get_by_role("button", name="Scuro").click()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_the_menu_of_a_phone(chromium: Browser, platform: Platform) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=platform.url, has_touch=True, locale="en-GB")
    page = context.new_page()
    sign_in(page, platform)
    expect(page.get_by_role("link", name="Domains", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Groups", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Groups")).to_be_visible()
    context.close()


def test_without_scripts(chromium: Browser, platform: Platform) -> None:
    context = chromium.new_context(base_url=platform.tls, java_script_enabled=False, ignore_https_errors=True, locale="en-GB")
    page = context.new_page()
    sign_in(page, platform)
    page.goto("/admin/mailboxes")
    page.get_by_role("searchbox").fill("admin")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.goto("/admin/groups/add")
    page.get_by_label("Address").fill("noscript")
    page.get_by_role("button", name="Add group").click()
    expect(page.get_by_role("heading", name="noscript@example.test")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="noscript@example.test")).to_be_visible()
    context.close()


def test_https_is_the_sites_own(platform: Platform) -> None:
    host, port = platform.tls.removeprefix("https://").split(":")
    assert "BEGIN CERTIFICATE" in ssl.get_server_certificate((host, int(port)))
