"""The built site: links lead somewhere, pictures have words, and a browser has no complaints.

`python -m docs` builds it; without that, or without Chromium, tests are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import CHROMIUM, Browser, served

SITE = Path(__file__).resolve().parents[2] / "docs" / "_build" / "html"
SHOTS = SITE.parent / "screenshots"
# Tags whose address is fetched when a page is opened.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
WINDOWS = {"desktop": (1280, 900), "phone": (390, 844)}
SHOWN = {
    "start page": "index.html",
    "first orbit": "start/index.html",
    "tutorial": "tutorials/odes.html",
    "how-to": "howto/periodic_orbit.html",
    "gallery": "gallery/index.html",
    "example": "gallery/halo_orbits.html",
    "benchmark": "benchmarks/calls.html",
    "reference": "reference/integrator.html",
    "functions": "reference/functions.html",
    "search": "search.html",
}
# Of all text that is shown: what has less contrast than WCAG 2.1 AA asks for (1.4.3).
CONTRAST = """(() => {
  const parse = text => {
    const found = text.match(/rgba?\\(([^)]+)\\)/);
    if (!found) return null;
    const [r, g, b, a = 1] = found[1].split(/[ ,/]+/).map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => {
    const a = top[3] + below[3] * (1 - top[3]);
    if (!a) return [0, 0, 0, 0];
    const mix = i => (top[i] * top[3] + below[i] * below[3] * (1 - top[3])) / a;
    return [mix(0), mix(1), mix(2), a];
  };
  const light = color => {
    const [r, g, b] = color.map(c => c / 255).map(
      c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = element => {
    let found = [0, 0, 0, 0];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none") return null;
      found = over(found, parse(style.backgroundColor) || [0, 0, 0, 0]);
      if (found[3] === 1) return found;
    }
    return over(found, [255, 255, 255, 1]);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility({opacityProperty: true, visibilityProperty: true}))
      continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || element.closest("script, style, noscript, dialog"))
      continue;
    const style = getComputedStyle(element);
    const below = background(element);
    if (!below) continue;
    const color = over(parse(style.color), below);
    const [a, b] = [light(color), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    count += 1;
    if (ratio < (large ? 3 : 4.5))
      poor.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${text.slice(0, 9)}`);
  }
  return {count, poor};
})()"""
# Pictures whose shape is another than that of their files.
STRETCHED = """[...document.images].filter(i => i.naturalWidth && i.clientWidth
  && getComputedStyle(i).objectFit === "fill"
  && Math.abs(i.clientWidth * i.naturalHeight / i.clientHeight / i.naturalWidth - 1) > 0.1
).map(i => i.src)"""

pytestmark = pytest.mark.skipif(
    not (SITE / "index.html").exists(), reason="the site is not built: python -m docs"
)


class _Page(HTMLParser):
    """What a page links to and fetches, where it can be linked to, and its pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.silent: list[str] = []
        self.titles = 0
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.update(filter(None, (given.get("id"), given.get("name"))))
        self.titles += tag == "h1"
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        address = given.get(FETCHED.get(tag, ""))
        if address and not (tag == "link" and given.get("rel") in ("canonical", "next", "prev")):
            self.fetched.append(address)
        if tag == "img" and not given.get("alt") and given.get("aria-hidden") != "true":
            self.silent.append(address or "?")


@pytest.fixture(scope="module")
def pages() -> dict[Path, _Page]:
    return {
        path: _Page(path) for path in sorted(SITE.rglob("*.html")) if "_static" not in str(path)
    }


def test_links_lead_somewhere(pages: dict[Path, _Page]) -> None:
    """To files and headings of the site; those of others are not fetched."""
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if path.name == "404.html":
                target = SITE / parts.path.lstrip("/") if parts.path else path
            known = pages[target].anchors if target in pages else {unquote(parts.fragment)}
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in known):
                broken.append(f"{path.relative_to(SITE)}: {link}")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(pages: dict[Path, _Page]) -> None:
    foreign = {
        (str(path.relative_to(SITE)), address)
        for path, page in pages.items()
        for address in page.fetched
        if urlsplit(address).netloc or address.startswith("//")
    }
    assert foreign == set()
    for sheet in SITE.glob("_static/**/*.css"):
        text = sheet.read_text("utf-8")
        assert "url(http" not in text and "url(//" not in text and "@import url" not in text, sheet


def test_pictures_have_words(pages: dict[Path, _Page]) -> None:
    silent = [(path.name, page.silent) for path, page in pages.items() if page.silent]
    assert silent == []


def test_every_page_has_one_title(pages: dict[Path, _Page]) -> None:
    odd = [str(p.relative_to(SITE)) for p, page in pages.items() if page.titles != 1]
    assert odd == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("tornado")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    made = Browser()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(SITE) as found:
        yield found


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("page", SHOWN)
def test_in_a_browser(page: str, window: str, browser: Browser, address: str) -> None:
    """No errors, no requests to others, nothing wider than the window or stretched, contrast."""
    if not (SITE / SHOWN[page]).exists():
        pytest.skip(f"{SHOWN[page]} is not built")
    SHOTS.mkdir(exist_ok=True)
    for dark in (False, True):
        browser.open(f"{address}/{SHOWN[page]}", *WINDOWS[window], dark=dark)
        theme = "dark" if dark else "light"
        browser.screenshot(SHOTS / f"{page.replace(' ', '_')}_{window}_{theme}.png")
        assert browser.errors == []
        foreign = [url for url in browser.requests if not url.startswith((address, "data:"))]
        assert foreign == []
        assert browser.evaluate("document.documentElement.dataset.theme") == theme
        images = "[...document.images].filter(i => i.complete && !i.naturalWidth && i.src).length"
        assert browser.evaluate(images) == 0
        assert browser.evaluate(STRETCHED) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.evaluate(wide) <= 1
        found = browser.evaluate(CONTRAST)
        assert found["count"] > 3 and found["poor"] == []


def test_search_finds_names(browser: Browser, address: str) -> None:
    browser.open(f"{address}/search.html?q=propagate_until", *WINDOWS["desktop"])
    results = "document.querySelectorAll('#search-results li').length"
    for _ in range(50):
        if browser.evaluate(results):
            break
        browser.evaluate("new Promise(done => setTimeout(done, 200))")
    assert browser.evaluate(results) > 0 and browser.errors == []
