"""The calculator in the page: its numbers, and that it works in a browser without a network."""

import base64

import cv2
import numpy as np
import pytest
from browser import CHROMIUM, launched

from lctem_core.cell import dose
from lctem_core.cell.calculator import DoseCalculator

RATES = np.logspace(3, 11, 9)


@pytest.fixture(scope="module")
def bundle():
    gray = {kv: dose.gray_per_electron(float(kv)) for kv in (80, 200, 300)}
    ph = {"without oxygen": np.linspace(7, 3, 9), "under air": np.linspace(6, 2, 9)}
    return DoseCalculator(gray, RATES, ph)._repr_mimebundle_()


def test_page_holds_everything_it_needs(bundle):
    assert "src=" not in bundle["text/html"]
    assert "44,749 at 200 kV" in bundle["text/html"]
    assert bundle["text/plain"].endswith("37,729 at 300 kV")


def test_picture_for_where_html_cannot_be_shown(bundle):
    png = np.frombuffer(base64.b64decode(bundle["image/png"]), np.uint8)
    assert min(cv2.imdecode(png, cv2.IMREAD_COLOR).shape[:2]) > 200


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_numbers_follow_the_inputs(bundle):
    with launched() as browser:
        page = browser.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_content(f"<div>{bundle['text/html']}</div>")
        result = page.locator("output")
        assert "Dose 100 e⁻/nm² = 2500 e⁻/px = 4.5 × 10⁶ Gy" in result.inner_text()
        page.get_by_label("Dose rate").fill("223.467")
        # 1e7 Gy/s lies at the middle of the curves.
        assert "Dose rate 1.0 × 10⁷ Gy/s" in result.inner_text()
        assert "5.0 without oxygen, 4.0 under air" in result.inner_text()
        page.get_by_label("Acceleration voltage").select_option("80")
        assert "Dose rate 1.7 × 10⁷ Gy/s" in result.inner_text()
        page.get_by_label("Exposure").fill("1")
        page.get_by_label("Pixel size").fill("2")
        assert "Dose 223 e⁻/nm² = 894 e⁻/px" in result.inner_text()
        page.get_by_label("Dose rate").fill("0")
        assert "pH was not computed" in result.inner_text()
        page.get_by_label("Exposure").fill("")
        assert "three numbers" in result.inner_text()
        assert not problems
