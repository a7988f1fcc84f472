"""The surface in a real browser: same numbers as the core, by keyboard, on a phone, offline."""

import re

import numpy as np
import pytest
from browser import ARGUMENTS, CHROMIUM, unavailable

from lctem_core.cell.bulge import liquid_thickness
from lctem_core.cell.surface import TurnableSurface


def test_mime_bundle():
    bundle = TurnableSurface(36, 0.15)._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert not re.search(r"https?://|src=|import ", bundle["text/html"])
    assert "__VALUES__" not in bundle["text/html"]


@pytest.mark.book
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser(width):
    if CHROMIUM is None:
        unavailable("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    problems = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_content(TurnableSurface().html())

        def shown():
            return [float(n) for n in re.findall(r"[\d.]+", page.locator("output").inner_text())]

        def expected(window, spacer):
            half = window / 2
            return liquid_thickness([0, half, half], [0, 0, half], window, spacer)

        np.testing.assert_allclose(shown(), expected(68, 0.5), atol=0.006)
        before = page.evaluate("document.querySelector('canvas').toDataURL()")
        page.locator("input[name=window]").focus()
        page.keyboard.press("Home")
        page.locator("input[name=spacer]").focus()
        page.keyboard.press("End")
        np.testing.assert_allclose(shown(), expected(34, 5), atol=0.006)
        page.locator("input[name=turn]").focus()
        page.keyboard.press("ArrowRight")
        assert page.locator("label", has_text="turn = 35").count() == 1
        assert page.evaluate("document.querySelector('canvas').toDataURL()") != before
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert not problems
