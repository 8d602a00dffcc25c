"""Headless Chromium as a user of the page. Run by the viewer's Python: browser.py CHROMIUM LINK FOLDER.

Writes pictures into FOLDER and prints one line of JSON: what the page said and asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
SIZE = {"width": 1440, "height": 900}
VIEWS = ".rs-stage img"


def look(chromium: str, link: str, folder: Path) -> dict[str, object]:
    """Go through the page: as it opens, faded out and in, Jacobian, no labels, report."""
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        page.wait_for_function(f"document.querySelectorAll('{VIEWS}').length >= 4", timeout=60000)
        _settle(page)
        page.screenshot(path=folder / "page.png")
        _views(page, folder, "start")
        for name, key in (("background", "Home"), ("foreground", "End")):
            _fade(page, key)
            _views(page, folder, name)
        if page.locator("#jacobian").count():
            page.locator("#jacobian").check(force=True)
            _settle(page)
            _views(page, folder, "jacobian")
            page.screenshot(path=folder / "jacobian.png")
            page.locator("#jacobian").uncheck(force=True)
            _settle(page)
            _views(page, folder, "after")
        said = {key: page.locator(f"#{key}").inner_text() for key in ("headline", "metrics", "verdicts")}
        said["address"] = page.url
        page.locator("#tab-report").click()
        report = page.frame_locator(".rs-report").locator("h1").first.inner_text(timeout=20000)
        page.screenshot(path=folder / "report.png")
        page.reload()
        page.wait_for_function(f"document.querySelectorAll('{VIEWS}').length >= 4", timeout=60000)
        browser.close()
    return {"said": said, "report": report, "asked": asked, "complaints": complaints}


def _fade(page: Page, key: str) -> None:
    """Move the fade to its end with the keyboard."""
    page.locator(".rs-slider .v-slider-thumb").focus()
    page.keyboard.press(key)
    _settle(page)


def _settle(page: Page) -> None:
    """Wait until the views have stopped to change: two pictures alike, a second apart."""
    before = b""
    for _ in range(30):
        page.wait_for_timeout(1000)
        now = page.screenshot()
        if now == before:
            return
        before = now
    raise TimeoutError("the page went on changing for 30 s")


def _views(page: Page, folder: Path, name: str) -> None:
    """One picture a view, in the order of the page."""
    for number, view in enumerate(page.locator(VIEWS).all()):
        view.screenshot(path=folder / f"{name}-{number}.png")


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
