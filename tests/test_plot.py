"""One figure for each result: small, weighted and odd input, and what is refused."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from scipy.stats import norm

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from lrguide import plot
from lrguide.arrays import Table, as_table
from lrguide.diagnosis import auc_with_error, odds_in_ranges, ranges_of_score
from lrguide.hypotest import CLsValue, cls_value
from lrguide.intervals import Limit, cls_scan, limit
from lrguide.likelihood import Likelihood, Process
from lrguide.minimum import Profile
from lrguide.models import Resonance
from lrguide.nets import History
from lrguide.significance import significance_above, whole_significance
from lrguide.systematics import Impact, Impacts

RNG = np.random.default_rng(1)
TOY = Resonance(0.15)
SIGNAL, BACKGROUND = TOY.sample("signal", 300, 1), TOY.sample("background", 400, 2)
SAMPLES = {"normal": (SIGNAL, BACKGROUND), "three": (SIGNAL[:3], BACKGROUND[:3]), "one": (SIGNAL[:1], BACKGROUND[:1]),
           "weighted": tuple(replace(one, weight=RNG.exponential(size=len(one))) for one in (SIGNAL, BACKGROUND)),
           "both signs": tuple(replace(one, weight=np.where(RNG.random(len(one)) < 0.1, -1.0, 1.0)) for one in (SIGNAL, BACKGROUND)),
           "constant": (Table(np.zeros(20)), Table(np.zeros(30)))}
LONG = "a method with a name that is so long that no legend has room for it, whatever its size"
SEARCH = Likelihood({"signal": Process(50, TOY, source=TOY), "background": Process(1000, source=TOY)}, {"mu": "signal"})
DATA = TOY.sample("background", 1000, 3)
NONE = {"mu": 0.0}


@pytest.fixture(autouse=True)
def closed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


def in_place(fig):
    """Draws the figure; all that is written is within its width."""
    fig.draw_without_rendering()
    texts = [text.get_window_extent() for ax in fig.axes for text in ax.texts if text.get_text()]
    assert all(-1 <= box.x0 and box.x1 <= fig.bbox.x1 + 1 for box in texts)


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("name", ["roc", "calibration", "closure", "scores", "data", "significance"])
def test_samples_of_all_kinds(name, samples):
    draw = {"data": lambda *args: plot.draw_scores(*args, data=SIGNAL, yields=(2, 40)),
            "significance": lambda *args: plot.draw_significance(*args, yields=(2, 40), error=0.1)}.get(name) or getattr(plot, f"draw_{name}")
    in_place(draw(TOY, *samples)[0])


@pytest.mark.parametrize("name", ["roc", "calibration", "significance"])
def test_several_by_long_names(name):
    options = {"yields": (5, 100)} if name == "significance" else {}
    fig, _ = getattr(plot, f"draw_{name}")({f"{k} {LONG} {k}": TOY for k in range(7)} | {"exact": TOY}, SIGNAL, BACKGROUND, **options)
    in_place(fig)


def test_pairs_of_arrays_with_the_impossible():
    """Log ratios of -inf, and no Tables: each event weighs the same."""
    pair = np.array([1.0, 2.0, -np.inf, 0.5]), np.array([-np.inf, 0.0, -1.0])
    for draw in (plot.draw_roc, plot.draw_calibration, plot.draw_scores):
        in_place(draw(pair)[0])
    in_place(plot.draw_scores(pair, data=[0.3, -np.inf])[0])
    area, _ = auc_with_error(pair, [np.ones(4), np.ones(3)])
    assert area == pytest.approx(np.mean([[(s > b) + 0.5 * (s == b) for b in pair[1]] for s in pair[0]]))


@pytest.mark.parametrize("least", [1, 10, 100, 10_000])
def test_ranges_hold_every_event_once(least):
    score = [TOY.log_ratio(one.x) for one in (SIGNAL, BACKGROUND)]
    groups = ranges_of_score(score, [one.weights for one in (SIGNAL, BACKGROUND)], 20, least)
    for side in (0, 1):
        assert np.all(sum(group[side].astype(int) for group in groups) == 1)
    assert len(groups) == 1 or min(group[side].sum() for group in groups for side in (0, 1)) >= least


def test_a_threshold_cannot_do_better_than_all_events():
    """Large samples: in ranges, and with a background that is known or not."""
    nodes = [TOY.quadrature(process, 5000) for process in ("signal", "background")]
    score, weights = [TOY.log_ratio(one.x) for one in nodes], [one.weights / one.total for one in nodes]
    before = np.inf
    for error in (0.0, 0.1, 1.0):
        _, ax = plot.draw_significance(TOY, *nodes, yields=(50, 1000), error=error)
        whole = whole_significance(score, weights, 50, 1000, error)
        assert ax.lines[0].get_ydata().max() < whole < before
        before = whole


def test_predicted_odds_do_not_depend_on_the_unit_of_weights():
    score = [TOY.log_ratio(one.x) for one in (SIGNAL, BACKGROUND)]
    for once, again in zip(odds_in_ranges(score, [np.full(300, 1 / 300), np.full(400, 1 / 400)]), odds_in_ranges(score, [np.full(300, 7 / 300), np.full(400, 7 / 400)])):
        np.testing.assert_allclose(once, again, rtol=1e-12, atol=1e-12)


def test_scan_by_toys():
    scan = cls_scan(SEARCH, DATA, [0.2, 0.6, 1.0], method="toys", n_toys=400, rng=1, n_sigma=(-1, 0, 1))
    truth = [cls_value(SEARCH, DATA, {"mu": value}, NONE) for value in scan.at]
    for found, known in zip(scan.found, truth):
        assert abs(found.value - known.value) < 5 * found.error + 5 / 400
    assert scan.expected.shape == (3, 3) and np.all(np.diff(scan.expected, axis=1) >= 0)
    in_place(plot.draw_cls_scan(scan, limit(SEARCH, DATA, method="asymptotic"))[0])
    assert cls_scan(SEARCH, DATA, [0.5], n_sigma=()).expected.shape == (1, 0)


@pytest.mark.parametrize("strengths, options, message", [
    ([0.0, 1.0], {}, "strengths: "), ([1.0, 0.5], {}, "strengths: expected rising"), ([[1.0]], {}, "strengths: expected rising"), ([], {}, "strengths: "),
    ([1e9], {}, "strengths: expected rising"), ([1.0], {"strength": "sigma"}, "strength: "), ([1.0], {"level": 2.0}, "level: "), ([1.0], {"method": "guess"}, "method: ")])
def test_scans_that_are_refused(strengths, options, message):
    model = replace(SEARCH, ranges={"mu": (0.0, 100.0)})
    with pytest.raises(ValueError, match=f"^{message}"):
        cls_scan(model, DATA, strengths, **options)


def cls(value, relative=0.1):
    return CLsValue(np.log(value / 2), np.log(0.5), relative, relative, relative, "toys", "simulated")


def a_limit(value, n_sigma=(-2, -1, 0, 1, 2)):
    return Limit(value, 0.1, "mu", 0.05, cls(0.05), tuple(value * np.linspace(0.5, 2, 5)[:len(n_sigma)]), n_sigma)


@pytest.mark.parametrize("limits", [a_limit(1.0), a_limit(1.0, ()), {LONG: a_limit(1.0), "b": a_limit(0.5, (0,))}, {1: a_limit(1.0), 2.5: a_limit(100.0)}, {3.0: a_limit(1.0)}])
def test_limits(limits):
    in_place(plot.draw_limits(limits)[0])


def test_a_scan_that_never_crosses():
    for scan in ({0.5: cls(0.6)}, {0.5: cls(0.6), 1.0: cls(0.4)}):
        in_place(plot.draw_cls_scan(scan)[0])


def test_forty_nuisance_parameters():
    found = Impacts([Impact(f"{LONG} {k}", 0.1, 0.9, np.nan if k == 3 else 0.2, np.nan if k == 3 else 0.9, (np.nan, np.nan) if k == 3 else (-1 / (k + 1), 1 / (k + 1)),
                            (-1 / (k + 2), 1 / (k + 2))) for k in range(40)])
    fig, (left, right) = plot.draw_impacts(found)
    in_place(fig)
    assert len(left.get_yticklabels()) == 15 and "the largest 15 of 40" in {text.get_text() for text in right.texts}
    names = [f"{LONG} {k}" for k in range(40)]
    fit = SimpleNamespace(values=dict.fromkeys(names, 0.0), errors=dict.fromkeys(names, 1.0) | {names[2]: np.nan}, minuit=SimpleNamespace(covariance=np.eye(40)))
    fig, ax = plot.draw_correlations(fit)
    in_place(fig)
    assert not ax.texts and ax.images[0].get_array().mask[2].all()


@pytest.mark.parametrize("scale", 10.0 ** np.arange(-6, 5) * 1.3)
def test_numbers_below_the_impacts_have_room(scale):
    fig, (ax, _) = plot.draw_impacts([Impact("scale", 0.0, 1.0, 0.0, 1.0, (-scale, 1.2 * scale), (-0.8 * scale, 0.9 * scale))])
    fig.canvas.draw()
    low, high = ax.get_xlim()
    boxes = [label.get_window_extent() for label, at in zip(ax.get_xticklabels(), ax.get_xticks()) if low <= at <= high]
    assert len(boxes) >= 3 and all(left.x1 + 3 < right.x0 for left, right in zip(boxes, boxes[1:]))
    plt.close(fig)


def test_histories():
    loss = RNG.random((5, 3))
    several = {"one": History(loss[:, :1], None, np.array([4])), LONG: History(loss, loss, np.array([1, 2, 3])), "terms": History(RNG.random((5, 3, 2)), None, np.full(3, 4))}
    fig, axes = plot.draw_history(several)
    in_place(fig)
    assert [ax.get_title() for ax in axes][2:] == ["terms term 1", "terms term 2"]
    in_place(plot.draw_history(several["one"])[0])
    in_place(plot.draw_history(History(loss[:1], None, np.zeros(3, int)))[0])


def test_a_profile_at_the_end_of_its_range():
    grid = np.linspace(0, 3, 30)
    fig, ax = plot.draw_profile({LONG: Profile("mu", grid, grid**2, 0.0, (0.0, 10.0))}, exact=Profile("mu", grid, grid**2, 0.0, (0.0, 10.0)))
    in_place(fig)
    with pytest.raises(ValueError, match="^profiles: expected those of one parameter, got mu, nu$"):
        plot.draw_profile({name: Profile(name, grid, grid**2, 0.0) for name in ("mu", "nu")})


REFUSED = {
    "no ratio": (plot.draw_roc, ({},), "ratios: "), "no events": (plot.draw_roc, (TOY,), "signal: "), "one sample": (plot.draw_roc, (TOY, SIGNAL), "background: "),
    "three arrays": (plot.draw_roc, (([1.0], [1.0], [1.0]),), "ratios: "), "NaN": (plot.draw_roc, (([1.0, np.nan], [0.0]),), "ratios of signal: "),
    "another length": (plot.draw_roc, ({"a": ([1.0], [0.0]), "b": ([1.0, 2.0], [0.0])},), "b of signal: "), "no log_ratio": (plot.draw_roc, ({"a": 3}, SIGNAL, BACKGROUND), "a: "),
    "no total": (plot.draw_calibration, (TOY, replace(SIGNAL, weight=np.zeros(300)), BACKGROUND), "signal: "), "a feature": (plot.draw_closure, (TOY, SIGNAL, BACKGROUND, ["z"]), "features: "),
    "several": (plot.draw_scores, ({"a": TOY}, SIGNAL, BACKGROUND), "ratio: "), "a scan": (plot.draw_cls_scan, (1,), "scan: "), "an empty scan": (plot.draw_cls_scan, ({},), "scan: "),
    "a limit": (plot.draw_limits, (3,), "limits: "), "a profile": (plot.draw_profile, (3,), "profiles: "), "impacts": (plot.draw_impacts, ((),), "found: "),
    "a fit": (plot.draw_correlations, (3,), "fit: "), "nothing to fit": (plot.draw_correlations, (SimpleNamespace(values={}, errors={}, minuit=None),), "fit: "),
    "a history": (plot.draw_history, (3,), "history: ")}


@pytest.mark.parametrize("function, arguments, message", REFUSED.values(), ids=REFUSED)
def test_one_line_for_what_cannot_be_drawn(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}expected .+, got [^\n]+$"):
        function(*arguments)


@pytest.mark.parametrize("options, message", [({"yields": (1,)}, "yields: "), ({"yields": (0, 1)}, "yields: "), ({"yields": (1, 10), "error": -1.0}, "error: ")])
def test_expectations_that_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        plot.draw_significance(TOY, SIGNAL, BACKGROUND, **options)


@pytest.mark.parametrize("score, weights, message", [(([1.0],), ([1.0],), "score: "), (([1.0], [np.nan]), ([1.0], [1.0]), "score: "), (([1.0], [0.0]), ([1.0], [1.0, 1.0]), "weights: "),
                                                     (([1.0], [0.0]), ([1.0], [0.0]), "weights: ")])
def test_scores_that_are_refused(score, weights, message):
    for function in (auc_with_error, odds_in_ranges, lambda *pair: whole_significance(*pair, 1, 10)):
        with pytest.raises(ValueError, match=f"^{message}expected"):
            function(score, weights)


def test_a_threshold_cannot_do_better_than_all_events_where_few_events_of_background_look_like_signal():
    """4,000 events that are told apart well: ranges of a hundred events of background would hide how little of it there is where the signal is."""
    rng = np.random.default_rng(4)
    tables = [as_table(rng.normal(mean, 1, (n, 1))) for mean, n in ((3.0, 3000), (0.0, 4000))]
    score, weights = [3 * one.x[:, 0] - 4.5 for one in tables], [one.weights / one.total for one in tables]
    grid = np.linspace(-8, 12, 200_001)
    s, b = (norm.pdf(grid, mean) * n * (grid[1] - grid[0]) for mean, n in ((3, 80), (0, 2000)))
    exact = np.sqrt(2 * np.sum((s + b) * np.log1p(s / b) - s))
    best = significance_above(score, weights, 80, 2000, 0.0)[1].max()
    assert best < whole_significance(score, weights, 80, 2000) and abs(whole_significance(score, weights, 80, 2000) / exact - 1) < 0.3              # 16; it was 7
