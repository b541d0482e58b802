"""The site: built once, as `make site` does; then its pages are opened in Chromium, at the width of a desk and of a phone."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from browser import Browser, find_browser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "site"))
pytest.importorskip("sphinx", reason="the extra `site` is not installed")
import api  # noqa: E402
import tutorial  # noqa: E402
from build import build, copy_mathjax, questions, sections  # noqa: E402
from chapters import SAVED, find_chapters  # noqa: E402

CHAPTERS = find_chapters()
SEEN = ["index", "ten_minutes", "symbols", "part_1", "api/index", "api/nets", "figures/RESULTS", "1_optimality/15_networks", "2_uncertainty/27_intervals",
        "3_awareness/34_limit", "4_phase_space/44_unfolding", "5_decorrelation/56_one_benchmark", "6_without_labels/63_hunting",
        "7_inference_aware/75_one_picture", "8_your_analysis/84_publish", "9_machinery/94_run"]
DESK, PHONE = 1280, 390
MEASURES = """({
    raw: [...document.querySelectorAll('article')].map(part => part.cloneNode(true)).map(part => {
        part.querySelectorAll('pre, code, mjx-container, script, .highlight').forEach(inner => inner.remove()); return part.textContent }).join(' '),
    sources: document.querySelectorAll('.math').length,
    formulae: document.querySelectorAll('mjx-container').length,
    empty: [...document.querySelectorAll('mjx-container')].filter(one => one.offsetParent && one.getBoundingClientRect().width < 1).length,
    errors: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map(one => one.textContent),
    pictures: document.images.length,
    broken: [...document.images].filter(one => !one.naturalWidth).map(one => one.src),
    unnamed: [...document.images].filter(one => !one.alt).map(one => one.src),
    wide: document.documentElement.scrollWidth - window.innerWidth,
    which: [...document.querySelectorAll('article *')].filter(one => one.getBoundingClientRect().right > window.innerWidth + 1 &&
        !one.closest('pre, mjx-container, .math, .pst-scrollable-table-container, .highlight')).slice(0, 3).map(one => one.outerHTML.slice(0, 200))
})"""


class Page(HTMLParser):
    """What a page refers to, the places in it, and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.ids, self.words, self.inside = [], set(), [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found["id"]} if "id" in found else set()
        self.links += [(tag, value) for name in ("href", "src") if (value := found.get(name))]
        self.inside += [tag] if tag in ("script", "style") else []

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data):
        self.words += [] if self.inside else [data.replace("\u2019", "'")]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site; Sphinx has not warned."""
    folder = tmp_path_factory.mktemp("site") / "html"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}


@pytest.fixture(scope="module")
def browser():
    if not find_browser():
        pytest.skip("no Chromium on this machine")
    with Browser() as opened:
        yield opened


def test_every_module_has_an_example():
    assert not set(api.modules()) - {path.stem for path in api.EXAMPLES.glob("*.py")}, "tools/site/examples/NAME.py for each module NAME"


@pytest.mark.parametrize("module", api.modules())
def test_an_example_uses_its_module(module):
    source = (api.EXAMPLES / f"{module}.py").read_text()
    used = {{"load": "load_ratio"}.get(name, name) for name in re.findall(r"\w+", source)}
    assert f"lrguide.{module} import" in source or f"import {module}" in source or used & {node.name for node in api.public(module)}
    assert len(source.splitlines()) <= 25


def test_docstrings_become_restructuredtext():
    assert api.marked("the `Ratio` of x*, `n_toys` |t| and rows_ of `x`s") == (
        "the :py:obj:`~lrguide.ratio.Ratio` of x\\*, ``n_toys`` \\|t\\| and rows\\_ of ``x``\\ s")
    assert api.paragraph("Returns this. Raises ValueError for that.") == "Returns this.\n\nRaises ValueError for that."


def test_every_chapter_has_a_page_in_its_part(pages):
    for chapter in CHAPTERS:
        page = pages[f"{chapter.page}.html"]
        assert f"{chapter.number} {chapter.title.split('$')[0].replace('`', '')}"[:20] in page.text
        part = pages[f"part_{chapter.path.parent.name[0]}.html"]
        assert any(target.endswith(f"{chapter.path.stem}.html") for _, target in part.links)
        assert questions().get(chapter.number, "")[:20].replace("$", "") in part.text


def test_every_link_leads_somewhere_and_nothing_is_fetched(site, pages):
    lost, fetched = [], []
    for name, page in pages.items():
        for tag, target in page.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                fetched += [(name, target)] if tag in ("link", "script", "img", "iframe") and parts.scheme != "data" else []
                continue
            path = ((site / name).parent / unquote(parts.path)).resolve() if parts.path else (site / name).resolve()
            path = path / "index.html" if path.is_dir() else path
            inside = path.relative_to(site.resolve()).as_posix()
            if not path.exists() or parts.fragment and inside in pages and unquote(parts.fragment) not in pages[inside].ids:
                lost.append((name, target))
    assert not lost and not fetched
    sheets = [path for path in site.rglob("*.css") if re.search(r"(url\(|@import )['\"]?(https?:)?//", path.read_text(encoding="utf-8"))]
    assert not sheets


def test_no_markup_is_left_over(site, pages):
    code = re.compile(r"<(pre|code|script|style)\b.*?</\1>|<(span|div) class=\"math.*?</\2>", re.DOTALL)
    left = [(name, found[0]) for name in pages
            if (found := re.search(r".{40}(?:\$\$|\\begin|\\frac|\\\(|\{container\}|\{py:|\]\(|\*\*\w[^*<>]{1,60}\*\*).{40}", code.sub("", (site / name).read_text(encoding="utf-8")), re.DOTALL))]
    assert not left


def test_every_figure_has_its_command(pages):
    for chapter in CHAPTERS:
        text = pages[f"{chapter.page}.html"].text
        for cell in chapter.notebook["cells"]:
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
                assert f"lrguide run {chapter.number} --out runs" in text
                for name in SAVED.findall("".join(cell["source"])):
                    assert f"runs/{chapter.path.stem}/{name}.png" in text
                    assert f"fig-{chapter.number}-{name}".replace("_", "-") in pages[f"{chapter.page}.html"].ids


def test_every_public_function_is_there_with_its_chapter(pages):
    for module in api.modules():
        page = pages[f"api/{module}.html"]
        for node in api.public(module):
            assert f"lrguide.{module}.{node.name}" in page.ids
            if (module, node.name) in api.places():
                chapter, label = api.places()[module, node.name]
                assert any(target.endswith(f"{chapter.page}.html#{label}") for _, target in page.links), (module, node.name)


def test_symbols_are_those_of_the_index(pages):
    text = pages["symbols.html"].text
    rows = re.findall(r"^\| .+? \| `(\w+)`", sections()["Words and symbols"], re.MULTILINE)
    assert len(rows) > 10 and all(name in text for name in rows)


def test_ten_minutes_do_what_they_say(site):
    names, printed = tutorial.run()  # as when the page was made
    passed, failed = (names[ratio].diagnose(names["signal_test"], names["background_test"]).passed for ratio in ("ratio", "wrong"))
    assert passed and not failed
    middle = names["median"]
    assert names["limit"].expected[middle] == pytest.approx(names["best"].expected[middle], rel=0.05)
    assert names["limit"].expected[middle] >= 0.97 * names["best"].expected[middle]
    page = Page(site / "ten_minutes.html").text
    assert all(" ".join(text.split())[:60] in page for text in printed if text)


def test_the_picture_is_small(site):
    assert (site / "_images" / "inside.png").stat().st_size < 300_000


def test_a_site_without_mathjax_is_refused(tmp_path, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    from importlib.metadata import PackageNotFoundError
    monkeypatch.setattr("build.files", missing)
    with pytest.raises(SystemExit, match="sphinx-mathjax-offline is not installed"):
        copy_mathjax(tmp_path)


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", SEEN)
def test_a_page_in_the_browser(site, browser, name, width, tmp_path):
    browser.width(width)
    browser.open((site / f"{name}.html").as_uri())
    seen = browser.value(MEASURES)
    assert not browser.complaints()
    assert all(address.startswith(("file:", "data:", "blob:")) for address in browser.requests())
    assert seen["formulae"] == seen["sources"] and not seen["errors"] and not seen["empty"]
    assert not re.search(r"\$\$|\\begin|\\frac|\\\(|\{container\}|\{py:", seen["raw"])
    assert not seen["broken"] and not seen["unnamed"]
    assert seen["wide"] <= 0, seen["which"]
    if re.search(r"/\d\d_", name) and name != "9_machinery/94_run":
        assert seen["formulae"] and seen["pictures"]
    browser.photograph(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000  # not an empty page


def test_search_finds_a_function(site, browser):
    browser.width(DESK)
    browser.open((site / "search.html").as_uri() + "?q=from_scores")
    found = browser.value("""new Promise(done => { const look = n => document.querySelectorAll('#search-results li').length || !n ?
        done([...document.querySelectorAll('#search-results li a')].map(one => one.href)) : setTimeout(() => look(n - 1), 100); look(100) })""")
    assert any("api/borders.html" in address for address in found) and not browser.complaints()
