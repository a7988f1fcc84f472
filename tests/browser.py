"""A headless Chromium that reaches no other machine, for the tests that look at pages."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

WIDTHS = {1280: 900, 390: 844}
CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


@contextmanager
def launched():
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, width, problems, scheme="light"):
    """A page that notes in `problems` whatever goes wrong, and that reaches no other host."""
    viewport = {"width": width, "height": WIDTHS[width]}
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()

    def local_only(route):
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            problems.append(f"request beyond this machine: {route.request.url}")
            route.abort()

    page.route("**/*", local_only)
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.on("requestfailed", lambda r: problems.append(f"failed request: {r.url} {r.failure}"))
    page.on(
        "response", lambda r: r.status >= 400 and problems.append(f"status {r.status}: {r.url}")
    )
    page.on(
        "console",
        lambda m: m.type in ("error", "warning") and problems.append(f"console {m.type}: {m.text}"),
    )
    page.goto(address, wait_until="load")
    yield page
    context.close()


def unavailable(reason):
    """Skip, or fail where the book must be there."""
    if os.environ.get("LCTEM_REQUIRE_BOOK") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
