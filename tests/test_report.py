"""The page about an analysis: valid, alone, small, whole; it says what was found, whatever was given."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import lrguide as lr
from lrguide import report
from lrguide.analysis import RECIPE, scaled_features, warnings_of

NAMES = ("p_T <lead> & co", "$m$", "x_3")
VOID = {"meta", "img", "br", "hr", "link", "input"}
SMALL = replace(RECIPE, members=2, hidden=(16,), training=lr.Training(epochs=3, patience=2))


class Page(HTMLParser):
    """Tags that are open at the end, ids, texts of headings, attributes that point to something, and images."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.targets, self.images, self.headings, self.wrong, self.words = [], [], [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if len(found) < len(attributes):
            self.wrong.append(f"an attribute twice in {tag}")
        self.ids += [found["id"]] if "id" in found else []
        self.targets += [found[name] for name in ("href", "src", "srcset", "action", "data") if name in found]
        self.images += [found] if tag == "img" else []
        if tag == "p" and "p" in self.open or tag in ("div", "table", "figure", "ul", "ol") and "p" in self.open:
            self.wrong.append(f"{tag} inside p")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} closed out of turn")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def table(n, signal, total, rng):
    x = rng.normal(size=(n, 3)) + (np.array([0.8, 0.4, 0.0]) if signal else 0.0)
    return lr.Table(x, weight=None if total is None else np.full(n, total / n), names=NAMES)


@pytest.fixture(scope="module")
def samples():
    """Signal, background and data."""
    rng = np.random.default_rng(1)
    data = np.concatenate([table(60, True, None, rng).x, table(1000, False, None, rng).x])
    return table(3000, True, 60, rng), table(3000, False, 1000, rng), lr.Table(data, names=NAMES)


@pytest.fixture(scope="module")
def plain(samples):
    return lr.analyse(*samples, recipe=SMALL, rng=1)


@pytest.fixture(scope="module")
def unseen(samples):
    """Without data, with nuisance parameters of every kind, and two backgrounds."""
    signal, background, _ = samples
    other = replace(background, x=background.x * np.array([1.0, 1.1, 1.0]))
    return lr.analyse(signal, {"top <t>": background, "w&jets": other}, shifts={"scale": lr.Shift(scaled_features(NAMES, NAMES[:1]), 0.1)},
                      norm={"top <t>": {"rate": 0.1}, "w&jets": {"rate": (0.9, 1.3)}}, recipe=SMALL, rng=1)


@pytest.fixture(scope="module")
def pages(plain, unseen, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {name: report.write_report(found, folder / f"{name}.html", title="Our <first> & best", notes=["A <quick> look."], settings={"file": "a<b.root"}, seconds={"reading": 1.5}).read_text()
            for name, found in (("plain", plain), ("unseen", unseen))}


BOTH = pytest.mark.parametrize("name", ["plain", "unseen"])


@BOTH
def test_the_page_is_valid_html(pages, name):
    page = Page(pages[name])
    assert pages[name].startswith("<!DOCTYPE html>") and not page.wrong and not page.open and len(set(page.ids)) == len(page.ids)
    assert "Our <first> & best" in page.headings and any("A <quick> look." in words for words in page.words) and any("a<b.root" in words for words in page.words)


@BOTH
def test_the_page_needs_nothing_else(pages, name):
    page = Page(pages[name])
    assert all(one.startswith("data:image/png;base64,") or one.startswith("#") and one[1:] in page.ids for one in page.targets)
    style = re.search(r"<style>(.*?)</style>", pages[name], re.DOTALL)[1]
    assert "<script" not in pages[name] and "@import" not in style and "url(" not in style and "http" not in style
    assert len(pages[name].encode()) < 2_000_000


@BOTH
def test_every_figure_is_described_and_is_one(pages, name):
    import base64
    import io
    from PIL import Image

    images = Page(pages[name]).images
    assert len(images) >= 8 and "Not drawn" not in pages[name]
    for one in images:
        size = Image.open(io.BytesIO(base64.b64decode(one["src"].partition(",")[2]))).size
        assert len(one["alt"]) > 20 and size[0] / int(one["width"]) == pytest.approx(report.DPI / 96, rel=0.02)


def test_every_section_is_there(pages):
    always = ["The signal strength", "What was learned", "Yields", "What was not included", "Settings and versions", "Time", "Signal strength", "Evidence for a signal", "Upper limit"]
    plain, unseen = (Page(pages[name]).headings for name in ("plain", "unseen"))
    assert set(always + ["Data and the fitted model"]) <= set(plain) and "What is not known exactly" not in plain
    assert set(always + ["What is expected", "What is not known exactly"]) <= set(unseen)


def test_the_answer_is_that_of_the_analysis(pages, plain):
    text = " ".join(Page(pages["plain"]).words)
    assert f"mu = {report.with_error(plain.fit.values['mu'], plain.fit.errors['mu'])}".replace("-", "−") in text
    assert "1,060 events hold" in text and f"mu < {report.with_error(plain.limit.value, plain.limit.error)}" in text and "at 95 % confidence (CLs, exact)" in text


def test_names_of_processes_and_features_are_shown_as_they_are(pages):
    assert any(one.startswith("top <t> over the common reference: ") for one in Page(pages["unseen"]).headings) and any("p_T <lead> & co" in words for words in Page(pages["plain"]).words)


def test_without_data_nothing_is_claimed_of_them(pages):
    text = " ".join(Page(pages["unseen"]).words)
    assert "No data were given" in text and "data / model" not in text and "whether they look like the simulation is not tested" in text


def test_every_warning_has_something_to_do_about_it(plain, samples):
    """Of an analysis in which everything is wrong that can be."""
    wide = lr.Table(samples[1].x, weight=np.where(np.arange(3000) % 100 == 0, 100.0, 0.01), names=NAMES)
    fit = replace(plain.fit, notes=("something is special",))
    far = replace(plain.discovery, observed=replace(plain.discovery.observed, relative=2.0))
    check = replace(plain.diagnoses["signal"].checks[0], p_value=0.0)
    diagnosis = lr.diagnosis.Diagnosis((check,), lr.diagnosis.Culprit("x", 0.0, 1.0, 0.1, 0.01, "do this"))
    observable = next(iter(plain.comparison.observables.values()))
    found = replace(plain, fit=fit, discovery=far, diagnoses={"signal": diagnosis}, network=replace(plain.network, error=np.array([9.0, 9.0, 9.0])),
                    learned=replace(plain.learned, tests={"signal": (wide, wide)}), comparison=replace(plain.comparison, observables={"x_3": replace(observable, check=check)}))
    warnings = warnings_of(found) + warnings_of(replace(found, fit=replace(fit, errors={"mu": np.nan}), injected={0.0: (2.0, 0.1), 1.0: (1.0, 50.0)}))
    by_formula = replace(plain.discovery, observed=replace(plain.discovery.observed, method="asymptotic"))
    signed = replace(plain.learned, tests={"signal": (wide, replace(wide, weight=-wide.weights))})
    warnings += warnings_of(replace(plain, learned=signed, discovery=by_formula, deciding={"discovery": 2.0, "limit": 2.0}))
    warnings += warnings_of(replace(plain, discovery=by_formula, deciding={"discovery": 2.0, "limit": 2.0}))
    warnings += warnings_of(replace(plain, method="toys", discovery=by_formula, deciding={"discovery": 2.0, "limit": 2.0}, data=plain.data[:200]))
    assert {key for key, _ in report.ADVICE if any(key in line for line in warnings)} == {key for key, _ in report.ADVICE}
    assert all(report.advice_for(line) for line in warnings)


@pytest.mark.parametrize("limit, error, near", [(0.9, 0.17, True), (1.1, 0.17, True), (0.7, 0.17, False), (0.97, 0.01, False)])
def test_a_limit_near_one_is_not_sold_as_clear(plain, limit, error, near):
    found = replace(plain, limit=replace(plain.limit, value=limit, error=0.0), network=replace(plain.network, error=np.array([0.1, 0.1, error])))
    assert ("no further from 1" in report.in_words(found)) == near and f"is {'not ' * (limit > 1)}excluded at 95 %" in report.in_words(found)


def test_settings_say_what_a_yield_is_known_to(plain):
    background = plain.model.processes["background"]
    processes = {**plain.model.processes, "background": replace(background, norm={"rate": (0.9, 1.1)})}
    found = replace(plain, method="asymptotic", model=lr.Likelihood(processes, {"mu": "signal"}, constraints=[lr.Normal("rate", 0.0, 1.0)]))
    assert report.factors_of(found, "rate") == ["background times 0.9 and 1.1"] and "background times 0.9 and 1.1" in report.settings_of(found, {}).body
    assert "method &#x27;toys&#x27; throws" in report.not_included(found).body
    first, second = found.learned.tests["signal"]
    signed = replace(found.learned, tests={"signal": (first, replace(second, weight=-second.weights))})
    assert "bins of lrguide.histogram_of" in report.not_included(replace(found, learned=signed)).body


def test_it_is_written_whole_or_not_at_all(plain, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("an older one")
    monkeypatch.setattr(report, "sections_of", lambda found: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report.write_report(plain, path)
    assert path.read_text() == "an older one" and list(tmp_path.iterdir()) == [path]


def test_the_style_of_whoever_calls_stays(plain, tmp_path):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    before, figures = mpl.rcParams.copy(), plt.get_fignums()
    report.picture(lambda: lr.plot.figure(), "Nothing is drawn here, but there are axes.")
    with mpl.rc_context():
        pass
    assert plt.get_fignums() == figures
    mpl.rcParams.update(before)


@pytest.mark.parametrize("wrong, message", [({"found": 1}, "found: expected what analyse returns, got 1"), ({"title": " "}, "title: expected some words, got ' '"),
                                            ({"notes": "one"}, "notes: expected a list of lines, got 'one'"), ({"settings": 3}, "settings: ")])
def test_what_is_wrong_is_refused(plain, tmp_path, wrong, message):
    given = {"found": plain, "path": tmp_path / "r.html"} | wrong
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        report.write_report(**given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("numbers, text", [((1.234, 0.21), "1.23 ± 0.21"), ((3.0, 0.0), "3.00"), ((123456.0, 2345.0), "123,500 ± 2,300"), ((0.5, np.nan), "0.500"), ((-0.00123, 0.00045), "-0.00123 ± 0.00045")])
def test_two_digits_of_an_error(numbers, text):
    assert report.with_error(*numbers) == text


def test_numbers_in_html():
    assert report.powers(report.escape("p = 8.9e-08, -1 +- 2, a-b <c>")) == "p = 8.9 × 10<sup>−8</sup>, −1 ± 2, a-b &lt;c&gt;"


def test_large_percentages_are_written_out():
    from lrguide.diagnosis import Culprit

    assert str(Culprit("mva", -2.55, -0.655, 4.12, 0.468, "train")) == "the ratio is 410 +- 47 % too large where mva is -2.55 to -0.655: train"
    assert str(Culprit("mva", -np.inf, 3.0, -0.0712, 0.0085, "train")).startswith("the ratio is 7.1 +- 0.85 % too small where mva is below 3")
