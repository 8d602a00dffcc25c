"""Headless Chromium as a user of the page, run by the viewer's Python: browser.py HOW CHROMIUM LINK FOLDER.

HOW is look or glance. Writes pictures into FOLDER, prints one line of JSON: what the page said and asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
SIZE = {"width": 1440, "height": 900}
VIEWS = ".rs-stage img"
_SAID = ("headline", "metrics", "verdicts")


def look(chromium: str, link: str, folder: Path) -> dict[str, object]:
    """Go through the page: as it opens, faded out and in, Jacobian map, report, and opened anew."""
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        _wait_for_views(page, 4)
        page.screenshot(path=folder / "page.png")
        _keep_views(page, folder, "start")
        address = page.url
        for name, key in (("background", "Home"), ("foreground", "End")):
            before = page.screenshot()
            page.locator(".rs-slider .v-slider-thumb").focus()
            page.keyboard.press(key)
            _wait_for_change(page, before)
            _keep_views(page, folder, name)
        _switch_jacobian(page, folder)
        said = {key: page.locator(f"#{key}").inner_text() for key in _SAID}
        page.locator("#tab-report").click()
        report = page.frame_locator(".rs-report").locator("h1").first.inner_text(timeout=20000)
        page.screenshot(path=folder / "report.png")
        page.reload()
        _wait_for_views(page, 4)
        browser.close()
    return {"said": said, "address": address, "report": report, "asked": asked, "complaints": complaints}


def _switch_jacobian(page: Page, folder: Path) -> None:
    """The Jacobian map on, and off again."""
    for name, switch in (("jacobian", "check"), ("without", "uncheck")):
        before = page.screenshot()
        getattr(page.locator("#jacobian"), switch)(force=True)
        _wait_for_change(page, before)
        _keep_views(page, folder, name)
        page.screenshot(path=folder / f"page-{name}.png")


def glance(chromium: str, link: str, folder: Path) -> dict[str, object]:
    """The page as it opens: how many views it has."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.goto(link)
        _wait_for_views(page, 1)
        page.screenshot(path=folder / "page.png")
        _keep_views(page, folder, "start")
        views = page.locator(VIEWS).count()
        browser.close()
    return {"views": views}


def _wait_for_views(page: Page, at_least: int) -> None:
    page.wait_for_function(f"document.querySelectorAll('{VIEWS}').length >= {at_least}", timeout=60000)
    _wait_until_calm(page)


def _wait_for_change(page: Page, before: bytes) -> None:
    """Until the four views show something else than before, and have stopped changing."""
    for _ in range(40):
        page.wait_for_timeout(500)
        if page.screenshot() != before:
            break
    page.wait_for_timeout(2000)  # views that the pointer is not over are drawn later
    _wait_until_calm(page)


def _wait_until_calm(page: Page) -> None:
    """Until two pictures of the page, a second apart, are alike."""
    before = b""
    for _ in range(30):
        page.wait_for_timeout(1000)
        now = page.screenshot()
        if now == before:
            return
        before = now
    raise TimeoutError("the page went on changing for 30 s")


def _keep_views(page: Page, folder: Path, name: str) -> None:
    """One picture a view, in the order of the page."""
    for number, view in enumerate(page.locator(VIEWS).all()):
        view.screenshot(path=folder / f"{name}-{number}.png")


if __name__ == "__main__":
    do = {"look": look, "glance": glance}[sys.argv[1]]
    print(json.dumps(do(sys.argv[2], sys.argv[3], Path(sys.argv[4]))))
