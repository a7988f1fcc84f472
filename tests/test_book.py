"""The rendered book in a real Chromium, without a network, on a desk and on a phone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import build
import nbformat
import pages
import pytest
from browser import AXE, CHROMIUM, WIDTHS, launched, opened, unavailable

ROOT = Path(__file__).resolve().parents[1]


HTML = ROOT / "_build/html"
PAGES = build.toc_pages(ROOT) if (ROOT / "book/_toc.yml").exists() else []
# Problems that only a browser sees; each line of the result is one.
INSPECT = """async () => {
  const problems = [];
  const shown = element => element.outerHTML.slice(0, 160);
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  for (const math of document.querySelectorAll('.math')) {
    const typeset = math.querySelector('mjx-container');
    if (!typeset || math.querySelector('mjx-merror'))
      problems.push('mathematics not rendered: ' + shown(math));
  }
  for (const image of document.images) {
    image.loading = 'eager';
    await image.decode().catch(() => {});
    if (!image.complete || !image.naturalWidth) problems.push('broken image: ' + shown(image));
    const name = image.getAttribute('src').split('/').pop();
    const alt = image.getAttribute('alt') ?? '';
    // Sphinx puts the file name where the author gave no text.
    if (!alt.trim() || alt.endsWith(name)) problems.push('image without alt: ' + shown(image));
  }
  for (const video of document.querySelectorAll('video')) {
    video.muted = true;
    await video.play().catch(error => problems.push(error + ': ' + shown(video)));
    const start = video.currentTime;
    await new Promise(done => setTimeout(done, 1000));
    if (video.currentTime <= start) problems.push('video does not advance: ' + shown(video));
    if (!video.controls || !video.poster || !video.getAttribute('aria-label'))
      problems.push('video without controls, poster or aria-label: ' + shown(video));
    video.pause();
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')]
      .filter(element => element.getBoundingClientRect().right > page.clientWidth + 1);
    problems.push(`page is ${page.scrollWidth} px wide: ${wide.slice(0, 3).map(shown)}`);
  }
  return problems;
}"""


@contextmanager
def served() -> Iterator[str]:
    """Address of a local server of ``_build/html``."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HTML))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def address():
    if not (HTML / "index.html").exists():
        unavailable("no rendered book; run make book first")
    if CHROMIUM is None:
        unavailable("no Chromium on this machine")
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser(address):
    with launched() as browser:
        yield browser


@pytest.fixture
def page_address(address, name):
    if not (HTML / f"{name}.html").exists():
        unavailable(f"{name} is not in the rendered book; run make book again")
    return f"{address}/{name}.html"


@pytest.mark.book
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page_works(browser, page_address, width):
    problems: list[str] = []
    with opened(browser, page_address, width, problems) as page:
        problems += page.evaluate(INSPECT)
    assert not problems, "\n".join(problems)


@pytest.mark.book
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "light"), (1280, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(browser, page_address, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, page_address, width, [], scheme) as page:
        page.evaluate(INSPECT)  # mathematics is there
        found = Axe().run(page, options=AXE).response["violations"]
    problems = [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in found
        for node in violation["nodes"]
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.book
@pytest.mark.parametrize("name", [page for page in PAGES if page == "results"])
def test_results_filter(browser, page_address):
    with opened(browser, page_address, 1280, []) as page:
        rows = page.locator(".results-table tbody tr")
        total = rows.count()
        buttons = page.locator(".results-filter button").all()
        occurring = set(page.locator(".results-table tbody .verdict").all_inner_texts())
        assert occurring <= set(pages.VERDICTS)
        audited = page.locator(".results-table tbody tr:has(.audit)").count()
        names = {"all", *occurring} | ({"in the audit"} if audited else set())
        assert {b.get_attribute("data-verdict") for b in buttons} == names
        assert buttons[0].get_attribute("data-count") == str(total)
        for button in [*buttons[1:], buttons[0]]:
            button.click(timeout=5000)
            verdict = button.get_attribute("data-verdict")
            shown = page.locator(".results-table tbody tr:visible .verdict").all_inner_texts()
            assert len(shown) == int(button.get_attribute("data-count"))
            if verdict == "in the audit":
                assert page.locator("tbody tr:visible .audit").count() == len(shown) == audited
            else:
                assert verdict == "all" or set(shown) <= {verdict}


@pytest.mark.book
@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("notebooks/")])
def test_notebook_can_be_downloaded(browser, page_address, name):
    with opened(browser, page_address, 1280, []) as page:
        link = page.locator("a.btn-download-source-button").first.get_attribute("href")
        notebook = page.request.get(f"{page_address}/../{link}").text()
    assert nbformat.reads(notebook, as_version=4).cells


@pytest.mark.book
@pytest.mark.parametrize("name", PAGES)
def test_page_works_without_scripts(browser, page_address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_address)
    assert page.locator("article h1").first.is_visible()
    rows = page.locator(".results-table tbody tr")
    assert all(row.is_visible() for row in rows.all())
    context.close()


def save_screenshots(folder: Path) -> None:
    """Write a picture of every page at both widths."""
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, launched() as browser:
        for name in PAGES:
            for width in WIDTHS:
                with opened(browser, f"{address}/{name}.html", width, []) as page:
                    page.evaluate(INSPECT)
                    path = folder / f"{name.replace('/', '-')}-{width}.png"
                    page.screenshot(path=path, full_page=True)
                    print(path)


if __name__ == "__main__":
    save_screenshots(Path(sys.argv[1]))
