"""The models of chapters 51 and 52, and what came with them: exact at the ends of their ranges, and refusing in one line what makes no sense."""

import numpy as np
import pytest
from malformed import COLUMNS, COUNTS, EVENTS, NUMBERS, SEEDS, checks_of
from scipy import stats
from scipy.special import logsumexp

import lrguide as lr
from lrguide import asymptotics, diagnosis, intervals, models

UNIT = (0.0, 1.0)
SLOPES, PEAK, PLANE = models.Exponentials(), models.MassPeak(), models.MassPeak(shift=0.5)
X = np.linspace(0.05, 0.95, 7)
LABEL = np.repeat([1, 0], (20, 30))
SCORE = LABEL + np.random.default_rng(1).standard_normal(50)
UNIFORM = lr.FromFunction(lambda x: np.zeros(len(x)))
COUNT = lr.Likelihood({"signal": lr.Process(2.0, UNIFORM), "background": lr.Process(lambda values: 5 * values["b"], UNIFORM)}, {"mu": "signal"},
                      [lr.Normal("b", 1.0, 0.2)], ranges={"b": (0.1, 3.0), "mu": (0.0, 40.0)})
GRID = np.linspace(0, 12, 25)
SEEN = lr.Table(np.full(7, 0.5))
PROCESSES = {"None": None, "other": "data", "number": 1.0}
PAIRS = {"None": None, "number": 1.0, "falling": (1.0, 0.0), "texts": ("a", "b"), "nan": (np.nan, 1.0)}
ENDS = {"three": (1.0, 2.0, 3.0), "equal": (1.0, 1.0)}
LESS = {k: v for k, v in COLUMNS.items() if k != "masked"}

CALLS = {
    "Exponentials": (models.Exponentials, dict(a=2.0, range=(-1.0, 5.0)), dict(a={k: v for k, v in NUMBERS.items() if k != "None"}, range={**PAIRS, **ENDS, "inf": (0.0, np.inf)})),
    "sample of Exponentials": (SLOPES.sample, dict(process="background", n=5, rng=1, nu=[2.0]), dict(process=PROCESSES, n=COUNTS, rng=SEEDS, nu={"None": None, "two": [1.0, 2.0], "text": "a", "nan": [np.nan]})),
    "log_density of Exponentials": (SLOPES.log_density, dict(process="background", x=X, nu=[2.0]), dict(process=PROCESSES, x={**EVENTS, "outside": [1.5], "two features": np.ones((3, 2))}, nu={"None": None, "two": [1.0, 2.0]})),
    "quadrature of Exponentials": (SLOPES.quadrature, dict(process="background", n_nodes=1000, nu=[2.0]), dict(n_nodes={**COUNTS, "few": 10}, nu={"steep": [500.0]})),
    "MassPeak": (models.MassPeak, dict(mass=1.0, sigma=0.2, window=(-5.0, 5.0), shift=0.5),
                 dict(mass={k: v for k, v in NUMBERS.items() if k != "None"} | {"outside": 6.0}, sigma={**NUMBERS, "zero": 0.0}, shift={"text": "a", "nan": np.nan, "huge": 1e9}, window={**PAIRS, **ENDS, "inf": (-np.inf, 5.0)})),
    "sample of MassPeak": (PEAK.sample, dict(process="signal", n=5, rng=1, nu=[2.0]), dict(process=PROCESSES, n=COUNTS, rng=SEEDS, nu={"None": None, "two": [1.0, 2.0], "outside": [7.0]})),
    "log_density of MassPeak": (PLANE.log_density, dict(process="signal", x=np.ones((3, 2)), nu=[2.0]), dict(process=PROCESSES, x={**EVENTS, "outside": [[7.0, 0.0]], "one feature": np.ones(3)}, nu={"None": None})),
    "quadrature of MassPeak": (PLANE.quadrature, dict(process="signal", n_nodes=20_000, nu=[2.0]), dict(n_nodes={**COUNTS, "few": 10_100}, nu={"None": None})),
    "grid of Exponentials": (SLOPES.log_ratio_grid, dict(x=X, points=[[1.0], [2.0]]), dict(x=EVENTS, points={"none": [], "text": "a", "None": None, "number": 1.0, "nan": [[np.nan]]})),
    "grid of MassPeak": (PEAK.log_ratio_grid, dict(x=X, points=[[1.0], [2.0]]), dict(x=EVENTS, points={"none": [], "text": "a", "None": None, "number": 1.0})),
    "background of MassPeak": (PEAK.sample, dict(process="background", n=5, rng=1, nu=[2.0]), dict(nu={"two": [1.0, 2.0], "outside": [7.0], "text": "a"})),
    "window of BumpHunt": (models.BumpHunt, dict(window=(1.0, 3.0)), dict(window={**PAIRS, **ENDS, "inf": (1.0, np.inf)})),
    "falling_above": (models.falling_above, dict(m=X, slope=2.0, window=UNIT), dict(m={"above": 1.1, "nan": [np.nan], "text": "a"}, slope={"nan": np.nan, "inf": np.inf, "text": "a", "None": None, "two": [1.0, 2.0]},
                                                                                window={**PAIRS, **ENDS, "inf": (0.0, np.inf)})),
    "median_significance": (asymptotics.median_significance, dict(signal=5.0, background=10.0, regularisation=1.0),
                            dict(signal={"negative": -1.0, "nan": np.nan, "text": "a", "None": None}, background={"negative": -1.0, "nan": [np.nan], "inf": np.inf}, regularisation={"negative": -1.0, "text": "a"})),
    "auc_difference": (diagnosis.auc_difference, dict(first=SCORE, second=-SCORE, label=LABEL),
                       dict(first=LESS, second=LESS, label={"one class": np.ones(50), "one signal": np.r_[1, np.zeros(49)], "short": [1, 0], "halves": np.full(50, 0.5), "None": None, "number": 1.0, "text": "a", "two axes": np.ones((50, 2)), "a column": LABEL[:, None]})),
    "marginal": (intervals.marginal, dict(model=COUNT, data=SEEN, name="mu", grid=GRID),
                 dict(model={"None": None, "text": "a"}, data={"None": None, "two sets": [SEEN, SEEN]}, name={"unknown": "nu", "None": None}, grid={"falling": GRID[::-1], "short": [0.0, 1.0], "text": "a", "outside": GRID - 3})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


@pytest.mark.parametrize("a", [-5e5, -700.0, -1.0, -1e-12, 0.0, 1e-12, 3.0, 700.0, 5e5])
def test_slopes_of_any_size(a):
    x = models.falling_quantile(np.linspace(0, 1, 11), a, UNIT)
    assert np.isfinite(x).all() and (np.diff(x) >= 0).all() and x[0] == 0 and x[-1] == 1
    np.testing.assert_allclose(models.falling_above(x, a, UNIT), np.linspace(1, 0, 11), atol=1e-9)
    assert np.isfinite(SLOPES.log_density("background", X, [a])).all()
    np.testing.assert_allclose(SLOPES.log_density("background", X, [a]), SLOPES.log_density("background", 1 - X, [-a]), rtol=1e-9, atol=1e-9)      # the mirror


def test_a_slope_of_each_event():
    slopes = np.linspace(-2, 3, 7)[:, None]
    each = [SLOPES.log_density("background", [x], nu)[0] for x, nu in zip(X, slopes)]
    np.testing.assert_allclose(SLOPES.log_density("background", X, slopes), each, rtol=1e-12)
    assert SLOPES.sample("background", 7, 1, nu=slopes).nu.shape == (7, 1)


def test_a_moving_denominator_of_a_model_is_no_reference():
    with pytest.raises(ValueError, match="denominator moves"):
        lr.Process(5.0, SLOPES)
    lr.Process(5.0, models.Exponentials(2.0))               # a number does not move
    lr.Process(5.0, PEAK)                                   # nor does a background without the mass


def test_a_marginal_likelihood_of_two_parameters():
    # yield and scale: the double integral by a fine grid
    model = lr.Likelihood({"signal": lr.Process(2.0, UNIFORM), "background": lr.Process(lambda values: 5 * values["b"] * values["c"], UNIFORM)}, {"mu": "signal"},
                          [lr.Normal("b", 1.0, 0.2)], ranges={"b": (0.1, 3.0), "c": (0.5, 2.0), "mu": (0.0, 40.0)})
    b, c = (np.linspace(low, high, 601) for low, high in ((0.1, 3.0), (0.5, 2.0)))
    mean = 5 * b[:, None] * c
    nll = np.array([2 * mu + mean - 7 * np.log(2 * mu + mean) + 0.5 * ((b[:, None] - 1) / 0.2) ** 2 for mu in GRID])
    expected = -np.log(np.trapezoid(np.trapezoid(np.exp(nll.min() - nll), c, axis=2), b, axis=1))
    found = intervals.marginal(model, SEEN, "mu", GRID)
    np.testing.assert_allclose(found.rise - found.rise[0], expected - expected[0], atol=1e-4)
    assert found.more(np.array([found.best])) == pytest.approx(0, abs=1e-9)


def test_a_marginal_likelihood_without_others_is_the_profile():
    fixed = COUNT.fix(b=1.0)
    np.testing.assert_allclose(intervals.marginal(fixed, SEEN, "mu", GRID).rise, fixed.profile(SEEN, "mu", GRID).rise, atol=1e-12)


def test_the_marginal_likelihood_of_a_count():
    # one nuisance parameter, against scipy's quadrature by 4000 midpoints
    b = 0.1 + 2.9 * (np.arange(4000) + 0.5) / 4000
    expected = np.array([-logsumexp(stats.poisson.logpmf(7, 2 * mu + 5 * b) + stats.norm.logpdf(b, 1, 0.2)) for mu in GRID])
    found = intervals.marginal(COUNT, SEEN, "mu", GRID)
    np.testing.assert_allclose(found.rise - found.rise[0], expected - expected[0], atol=1e-5)


def test_the_marginal_likelihood_finds_its_minimum_from_any_grid():
    around = intervals.marginal(COUNT, SEEN, "mu", GRID)
    for grid in (np.linspace(5, 12, 9), np.linspace(0, 0.4, 5), np.linspace(20, 40, 5)):
        found = intervals.marginal(COUNT, SEEN, "mu", grid)
        assert found.best == pytest.approx(around.best, abs=1e-5)
        np.testing.assert_allclose(found.rise, around.more(grid), atol=1e-5)


def test_counts_of_other_shapes_have_no_significance():
    with pytest.raises(ValueError, match=r"^background: .*\(2,\).*\(3,\)"):
        asymptotics.median_significance([1.0, 2.0], [1.0, 2.0, 3.0])
    assert asymptotics.median_significance([[1.0], [2.0]], [1.0, 2.0, 3.0]).shape == (2, 3)


def test_auc_differences_do_not_depend_on_what_orders_alike():
    one = diagnosis.auc_difference(SCORE, np.zeros(50), LABEL)
    np.testing.assert_allclose(diagnosis.auc_difference(np.exp(SCORE), np.ones(50), LABEL), one, rtol=1e-12)
    np.testing.assert_allclose(diagnosis.auc_difference(SCORE, np.exp(SCORE), LABEL), (0.0, 0.0), atol=1e-12)
    swapped = diagnosis.auc_difference(np.zeros(50), SCORE, LABEL)
    np.testing.assert_allclose([-swapped[0], swapped[1]], one, rtol=1e-12)
