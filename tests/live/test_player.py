"""Movies in step: what is encoded is what was given, and a browser compares it, offline."""

import json
import re
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from browser import ARGUMENTS, AXE, CHROMIUM, unavailable

from lctem_core.errors import InputError
from lctem_core.live import player as module
from lctem_core.live.player import Player

T, SIDE = 12, 96


def movies():
    """A dark, a bright and a half-half movie, each brighter from frame to frame."""
    steps = np.arange(T, dtype=float)[:, None, None]
    flat = np.ones((T, SIDE, SIDE))
    halves = flat * 60
    halves[:, :, SIDE // 2 :] = 180
    return {"dark": flat * (20 + 4 * steps), "bright <i>": flat * (150 + 4 * steps),
            "halves": halves}  # fmt: skip


def example(**changes):
    given = {
        "tracks": movies(), "fps": 10, "times": np.arange(T) * 0.25, "alt": "Flat tests",
        "notes": [f"dose {k} e⁻/nm²" for k in range(T)], "limits": (0, 255),
    }  # fmt: skip
    return Player(**(given | changes))


@pytest.fixture(scope="module")
def fragment():
    return example().html()


def decoded(data, tmp_path):
    path = tmp_path / "movie.mp4"
    path.write_bytes(data)
    capture, frames = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        frames.append(read[1][..., 0])
    return np.array(frames)


def test_tiles_hold_the_movies_in_order(tmp_path):
    player = example()
    frames = decoded(player.video, tmp_path)
    layout = player.layout
    assert frames.shape == (T, *layout.shape)
    for track, (y, x) in zip(player.tracks.values(), layout.corners, strict=True):
        tile = frames[:, y : y + layout.height, x : x + layout.width].astype(float)
        np.testing.assert_allclose(tile.mean((1, 2)), track.mean((1, 2)), atol=2)
        assert np.abs(tile - track)[:, 8:-8, 8:40].max() < 8


def test_noise_of_a_raw_movie_survives(tmp_path):
    rng = np.random.default_rng(1)
    raw = rng.normal(128, 30, (20, 128, 128))
    player = Player(
        {"raw": raw, "mean": raw * 0 + 128}, 10, np.arange(20), "Noise", limits=(0, 255)
    )
    tile = decoded(player.video, tmp_path)[:, player.layout.band :, :128]
    assert tile.std() > 20


def test_levels():
    def tile(limits, k=-1):
        player = example(limits=limits)
        frame = list(player.frames())[k]
        y, x = player.layout.corners[2]
        return set(np.unique(frame[y : y + SIDE, x : x + SIDE]))

    assert tile(None) == tile("frame") == tile({"dark": (0, 1)}) == {0, 255}
    assert tile((0, 255)) == tile({"halves": (0, 255)}) == {60, 180}


def test_large_movies_are_averaged_down_to_fit(monkeypatch):
    monkeypatch.setattr(module, "_VIDEO", 200_000)
    many = np.random.default_rng(0).normal(size=(12, 300, 240))
    player = Player(dict.fromkeys("abcd", many), 20, np.arange(12), "Noise")
    height, width = player.layout.height, player.layout.width
    assert height < 300
    assert height / width == pytest.approx(300 / 240, abs=0.02)
    assert height % 2 == width % 2 == player.layout.band % 2 == 0
    assert 120_000 < len(player.video) <= 200_000
    assert f"240 × 300 px, shown at {width} × {height} px" in player.html()


def test_levels_follow_slowly():
    ramp = np.tile(np.linspace(0, 100, 64), (10, 64, 1))
    ramp[5:] += 50
    player = example(tracks={"a": ramp, "b": ramp}, times=np.arange(10), notes=None, limits=None)
    band = player.layout.band
    means = [frame[band : band + 64, :64].mean() for frame in player.frames()]
    assert means[4] == pytest.approx(means[0], abs=1)
    assert means[5] > means[9] > means[4] + 20


def test_mime_bundle(fragment):
    bundle = example()._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "dark" in bundle["text/plain"]
    text = re.sub(r'"data:[^"]*"', '""', bundle["text/html"])
    assert not re.search(r"https?://|src=\"[^\"]|import |<i>|__[A-Z]|\bid=", text)


def nan():
    broken = movies()
    broken["dark"][3, 4, 5] = np.nan
    return broken


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tracks": {}}, "two to six movies"),
        ({"tracks": {"one": np.ones((T, 8, 8))}}, "two to six movies"),
        ({"tracks": {"a": np.ones((T, 8, 8)), " ": np.ones((T, 8, 8))}}, "names"),
        ({"tracks": dict.fromkeys("ab", np.ones((8, 8)))}, "at least two frames"),
        ({"tracks": dict.fromkeys("ab", np.ones((0, 8, 8)))}, "at least two frames"),
        ({"tracks": movies() | {"other": np.ones((T, 8, 8))}}, "one shape"),
        ({"tracks": nan()}, "NaN or infinity in dark"),
        ({"times": np.arange(T - 1)}, "times"),
        ({"times": -np.arange(T)}, "do not decrease"),
        ({"notes": ["one"]}, "12 notes"),
        ({"fps": 0}, "1 to 60"),
        ({"alt": " "}, "description"),
        ({"width": 63}, "even width"),
        ({"limits": (2, 1)}, "rising"),
        ({"limits": "movie"}, "rising"),
        ({"limits": {"other": None}}, "limits for"),
        ({"tracks": dict.fromkeys("abcd", np.ones((900, 99, 99))), "times": np.arange(900),
          "notes": None}, r"at most \d+ frames of 4 movies"),
    ],
)  # fmt: skip
def test_refused(changes, message):
    with pytest.raises(InputError, match=message):
        example(**changes)


def test_too_large_a_page(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10_000)
    with pytest.raises(InputError, match="fewer frames, or a width below 96 px"):
        example().html()


# As in the book's theme, whose own style a page of the built book adds.
PAGE = """<!DOCTYPE html><html lang="en" data-theme="{theme}"><head><title>Player</title>
<meta name="viewport" content="width=device-width"><style>
html {{ color-scheme: {theme}; --pst-color-text-base: {ink}; --pst-color-background: {paper}; }}
body {{ background: {paper}; }}</style></head>
<body><main><h1>Player</h1>{body}</main></body></html>"""
COLOURS = {"light": ("#222832", "#ffffff"), "dark": ("#ced6dd", "#14181e")}
# Mean greys of the wipe's left and right quarter.
GREYS = """(n) => {
  const canvas = document.querySelectorAll('.lctem-player canvas')[n];
  const w = canvas.width, h = canvas.height, copy = new OffscreenCanvas(w, h);
  const pen = copy.getContext('2d', {willReadFrequently: true});
  pen.drawImage(canvas, 0, 0);
  const mean = (from, to) => {
    const data = pen.getImageData(from, 0, to - from, h).data;
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i];
    return sum / (data.length / 4);
  };
  return [mean(0, w / 4), mean(3 * w / 4, w)];
}"""


@contextmanager
def shown(body, width, theme="light", scripts=True):
    """A page with this body in a browser; what went wrong there fails the test."""
    if CHROMIUM is None:
        unavailable("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    problems = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts
        ).new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda r: problems.append(r.url[:80]))
        page.on("request", lambda r: r.url.startswith("http") and problems.append(r.url))
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        ink, paper = COLOURS[theme]
        page.set_content(PAGE.format(theme=theme, ink=ink, paper=paper, body=body))
        yield page
        browser.close()
    assert not problems


def wait_greys(page, expected, n=0):
    """Wait until the wipe shows these greys; fail with what it shows."""
    test = f"([n, e]) => ({GREYS})(n).every((g, k) => Math.abs(g - e[k]) < 6)"
    try:
        page.wait_for_function(test, arg=[n, expected], timeout=40_000)
    except Exception as error:
        raise AssertionError(f"{page.evaluate(GREYS, n)}, not {expected}") from error


@pytest.mark.book
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_in_a_browser(fragment, width, theme):
    with shown(fragment, width, theme) as page:
        wait_greys(page, [20, 150])  # before it plays
        assert page.locator(".clock").inner_text() == "t = 0.00 s; dose 0 e⁻/nm²"
        assert page.evaluate("document.querySelector('video').paused")
        page.get_by_role("slider", name="Divider").focus()
        page.keyboard.press("Home")
        wait_greys(page, [150, 150])
        page.keyboard.press("End")
        wait_greys(page, [20, 20])
        page.get_by_role("combobox", name="Left").select_option("halves")
        wait_greys(page, [60, 180])
        box = page.locator("canvas").bounding_box()
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
        page.mouse.up()
        assert page.get_by_role("slider", name="Divider").input_value() == "50"
        wait_greys(page, [60, 150])
        label = page.locator("canvas").get_attribute("aria-label")
        assert "halves; right of it: bright <i>." in label
        # A frame in the middle: clock, note and both sides are of this frame.
        page.get_by_role("combobox", name="Left").select_option("dark")
        page.evaluate("document.querySelector('video').currentTime = 0.75")
        wait_greys(page, [20 + 4 * 7, 150 + 4 * 7])
        assert page.locator(".clock").inner_text() == "t = 1.75 s; dose 7 e⁻/nm²"
        page.get_by_role("button", name="Play").click()
        page.wait_for_function(
            "[...document.querySelectorAll('video')].every(v => v.currentTime < 0.7)"
        )
        page.get_by_role("button", name="Pause").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.book
@pytest.mark.parametrize("theme", COLOURS)
@pytest.mark.parametrize("width", [1280, 390])
def test_accessible_with_two_on_a_page(fragment, width, theme):
    with shown(fragment + example(limits=None).html(), width, theme) as page:
        from axe_playwright_python.sync_playwright import Axe

        wait_greys(page, [20, 150])
        page.locator("input").nth(1).focus()
        page.keyboard.press("Home")
        assert page.locator("input").nth(0).input_value() == "50"
        found = Axe().run(page, options=AXE).response["violations"]
        assert not found, json.dumps(found, indent=1)[:2000]
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.book
def test_without_scripts(fragment):
    with shown(fragment, 390, scripts=False) as page:
        assert page.locator("video[controls]").is_visible()
        assert page.locator(".tiles b").all_inner_texts() == list(movies())
        assert not page.locator("canvas").is_visible()
