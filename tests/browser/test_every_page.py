"""Every page of the webs in a real browser: axe finds nothing, nothing is cut off at 360 px, the first load is small.

The pages come from the URLconf; what each is about is taken from the running platform.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser

from tests.browser.conftest import Platform, sign_in
from tests.support.pages import names_of, parameters
from webadmin.urls import urlpatterns

pytestmark = pytest.mark.browser
MODES = [("desktop", 1280, 860, "light"), ("phone", 390, 844, "dark")]
FIRST_LOAD = 150_000
NARROWEST = 360
SHOTS = os.environ.get("SHOTS", "")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def paths(platform: Platform) -> list[tuple[str, str]]:
    """(name, path) of every page about something that exists."""
    known = names_of(platform)
    found = [(str(one.name), reverse(f"webadmin:{one.name}", kwargs=parameters(one, known))) for one in urlpatterns]
    return [*found, ("sign-in-page", "/sign-in"), ("missing", "/admin/nothing-here")]


@pytest.mark.parametrize(("device", "width", "height", "scheme"), MODES)
def test_axe_and_width(
    chromium: Browser, platform: Platform, paths: list[tuple[str, str]], device: str, width: int, height: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, base_url=platform.url, locale="en-GB"
    )
    page = context.new_page()
    axe = Axe()
    sign_in(page, platform)
    found = []
    for name, path in paths:
        if name == "sign-in-page":
            context.clear_cookies()
        page.goto(path, wait_until="load")
        for size in (width, NARROWEST) if device == "phone" else (width,):
            page.set_viewport_size({"width": size, "height": height})
            if page.evaluate("document.documentElement.scrollWidth") > size:
                found.append(f"{path}: wider than a window of {size}")
        result = axe.run(page, options=RULES)
        for violation in result.response["violations"]:
            targets = [node["target"] for node in violation["nodes"][:3]]
            found.append(f"{path}: {violation['impact']}: {violation['id']}: {targets}")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{device}-{scheme}.png")
    context.close()
    assert found == []


def test_the_first_load_is_small(chromium: Browser, platform: Platform) -> None:
    context = chromium.new_context(base_url=platform.url)
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto("/sign-in")
    page.wait_for_load_state("networkidle")
    signed_out = sum(sizes)
    sizes.clear()
    client.send("Network.clearBrowserCache")
    sign_in(page, platform)
    page.wait_for_load_state("networkidle")
    context.close()
    assert signed_out < FIRST_LOAD and sum(sizes) < 2 * FIRST_LOAD, (signed_out, sum(sizes))
    print("first load", signed_out)
