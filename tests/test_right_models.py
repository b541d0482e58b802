"""Constraints, systematic effects, histograms and weights: against pyhf 0.7.6 (numbers made with it, the model spelled out), scipy and the bootstrap."""
import numpy as np
import pytest
from scipy import stats

import lrguide as lr
from lrguide.likelihood import Normal

SIGNAL, BACKGROUND = np.array([1.0, 2, 4, 6, 5, 3, 2, 1]), np.array([50.0, 42, 35, 30, 26, 22, 19, 17])
ERROR, SEEN = np.array([3.0, 2.5, 2.4, 2.2, 2.0, 1.9, 1.7, 1.6]), np.array([53.0, 40, 41, 38, 29, 27, 20, 15])
SHAPE = BACKGROUND * np.linspace(1.08, 0.92, 8), BACKGROUND * np.linspace(0.93, 1.06, 8)


def eight_bins(staterror=True, normsys=True, histosys=True):
    """normsys: lumi (0.95, 1.05) and acceptance (0.9, 1.15) on the signal, rate (0.9, 1.12) on the background; histosys: SHAPE, on the background;
    staterror: ERROR, on the background."""
    signal = lr.Contents(SIGNAL, norm={"lumi": (0.95, 1.05), "acceptance": (0.9, 1.15)} if normsys else None)
    background = lr.Contents(BACKGROUND, ERROR**2 if staterror else None, norm={"rate": (0.9, 1.12)} if normsys else None,
                             shape={"scale": SHAPE} if histosys else None)
    return lr.Histogram({"signal": signal, "background": background}, {"mu": "signal"})


# switches, best mu, -2 Delta log L at mu = 0 and at mu = 2, from pyhf 0.7.6 (pyhf.infer.mle, scipy's minimiser at a tolerance of 1e-14, mu in (-10, 10))
PYHF = [((True, True, True), 1.1340985, 1.6974841, 0.9514356), ((False, True, True), 1.1557077, 1.9807168, 0.9750115),
        ((True, False, False), 1.0114688, 2.8532346, 2.3603286), ((False, True, False), 1.1280532, 1.9227493, 1.0512389),
        ((False, False, True), 1.0124518, 3.3404397, 2.6347133)]


@pytest.mark.parametrize("switches, best, at_zero, at_two", PYHF)
def test_eight_bins_of_pyhf(switches, best, at_zero, at_two):
    prepared = eight_bins(*switches).on(SEEN)
    fits = prepared.fit_many()
    np.testing.assert_allclose(fits.values["mu"][0], best, atol=1e-4)
    np.testing.assert_allclose(2 * (prepared.fit_many({"mu": np.array([0.0, 2.0])}).nll - fits.nll), [at_zero, at_two], atol=1e-4)


@pytest.mark.parametrize("parameters", [{"mu": 1.3, "lumi": 0.4, "acceptance": -1.2, "rate": 2.0, "scale": -0.6}])
def test_derivatives_of_a_histogram(parameters):
    prepared, names = eight_bins().on(SEEN), list(parameters)
    _, gradient, second = prepared.derivatives(parameters)
    move = lambda name, h: prepared.derivatives({**parameters, name: parameters[name] + h})
    for i, name in enumerate(names):
        up, down = move(name, 1e-4), move(name, -1e-4)
        np.testing.assert_allclose(gradient[0, i], (up[0] - down[0])[0] / 2e-4, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(second[0, i], (up[1] - down[1])[0] / 2e-4, rtol=1e-3, atol=1e-3)


def test_bins_as_events_give_the_same():
    # the same effects on a binned ratio: norm factors of yields; the histogram is the closed form
    events = lr.Likelihood({"signal": lr.Process(SIGNAL.sum(), lr.BinnedRatio(lambda x: x[:, 0].astype(int), SIGNAL), norm={"lumi": (0.95, 1.05), "acceptance": (0.9, 1.15)}),
                            "background": lr.Process(BACKGROUND.sum(), lr.BinnedRatio(lambda x: x[:, 0].astype(int), BACKGROUND), norm={"rate": (0.9, 1.12)})}, {"mu": "signal"})
    x = lr.Table(np.arange(8.0)[:, None], weight=SEEN)
    one, other = events.fit(x), eight_bins(False, True, False).fit(SEEN)
    np.testing.assert_allclose(list(one.values.values()), list(other.values.values()), atol=1e-5)
    np.testing.assert_allclose(list(one.errors.values()), list(other.errors.values()), rtol=1e-4)


def test_a_shape_effect_of_a_density():
    # in bins a Morphed ratio whose shapes have the nominal total is the histogram's shape effect
    down, up = (shape * BACKGROUND.sum() / shape.sum() for shape in SHAPE)
    at = lambda contents: lr.BinnedRatio(lambda x: x[:, 0].astype(int), contents)
    model = lr.Likelihood({"signal": lr.Process(SIGNAL.sum(), at(SIGNAL)), "background": lr.Process(BACKGROUND.sum(), lr.Morphed(at(BACKGROUND), {"scale": (at(down), at(up))}))},
                          {"mu": "signal"})
    histogram = lr.Histogram({"signal": lr.Contents(SIGNAL), "background": lr.Contents(BACKGROUND, shape={"scale": (down, up)})}, {"mu": "signal"})
    one, other = model.fit(lr.Table(np.arange(8.0)[:, None], weight=SEEN)), histogram.fit(SEEN)
    np.testing.assert_allclose(list(one.values.values()), list(other.values.values()), atol=1e-5)
    np.testing.assert_allclose(list(one.errors.values()), list(other.errors.values()), rtol=1e-3)


def counting(constraint, name="k"):
    """Ten signal events on a background of 100 k."""
    return lr.Likelihood({"signal": lr.Process(10), "background": lr.Process(lambda v: 100 * v[name])}, {"mu": "signal"}, [constraint], ranges={name: (0.01, 5.0)})


@pytest.mark.parametrize("constraint, width", [(lr.Normal("k", 1.0, 0.1), 0.1), (lr.LogNormal("k", 1.0, 1.1), np.log(1.1)), (lr.Poisson("k", 1.0, 100.0), 0.1)])
def test_a_constraint_widens_the_error(constraint, width):
    # 110 events: mu = 1, error^2 = (110 + (100 width)^2)/100; the same on average over repeated measurements, of which each data set has its own
    fit = counting(constraint).fit(np.zeros((110, 1)))
    np.testing.assert_allclose([fit.values["mu"], fit.errors["mu"]], [1.0, np.sqrt(110 + (100 * width) ** 2) / 10], rtol=1e-3)
    rng = np.random.default_rng(1)
    toys = counting(constraint.repeat({"k": 1.0}, 2000, rng))
    fits = toys.fit_many(np.zeros((1, 1)), weights=rng.poisson(110, (2000, 1)))
    assert fits.converged.all() and abs(np.std(fits.values["mu"]) / fit.errors["mu"] - 1) < 5 / np.sqrt(4000)


def test_a_correlated_constraint():
    # two backgrounds whose sum is known better than either: the variance of mu is (n + g' C g)/S^2
    covariance = np.array([[0.04, -0.03], [-0.03, 0.04]])
    model = lr.Likelihood({"signal": lr.Process(10), "b": lr.Process(lambda v: 100 * v["a"] + 60 * v["b"])}, {"mu": "signal"},
                          [Normal(("a", "b"), [1.0, 1.0], covariance)], ranges={"a": (0.01, 3.0), "b": (0.01, 3.0)})
    fit = model.fit(np.zeros((170, 1)))
    g = np.array([100.0, 60.0])
    np.testing.assert_allclose([fit.values["mu"], fit.errors["mu"]], [1.0, np.sqrt(170 + g @ covariance @ g) / 10], rtol=1e-4)
    many = model.fit_many([np.zeros((170, 1)), np.zeros((180, 1))])
    np.testing.assert_allclose(many.values["mu"], [1.0, 2.0], atol=1e-4)
    for bad in ((("a", "b"), [1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]]), (("a", "b"), [1.0], covariance), (("a", "b"), [1.0, np.nan], covariance)):
        with pytest.raises(ValueError, match="mean|width"):
            Normal(*bad)


@pytest.mark.parametrize("factor", [0.1, 1.0, 7.0])
def test_importance_weights_have_the_error_of_the_bootstrap(factor):
    # all weights times a factor: multiplicities would change the error by its root; the bootstrap knows better
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(0.0, 0.1, 300), rng.uniform(-0.5, 0.5, 2000)])[:, None]
    weight = factor * rng.uniform(0.2, 1.8, len(x))
    peak = lr.FromFunction(lambda x: stats.norm.logpdf(x[:, 0], 0.0, 0.1))
    model = lr.Likelihood({"signal": lr.Process(300 * factor, peak), "background": lr.Process(lambda v: 2000 * factor * v["k"])}, {"mu": "signal"}, ranges={"k": (0.1, 3.0)})
    fit = model.fit(lr.Table(x, weight=weight), weights="importance")
    boot = model.fit_many(lr.Table(x, weight=weight), weights=rng.poisson(1.0, (400, len(x))))
    for name in ("mu", "k"):
        assert abs(fit.errors[name] / np.std(boot.values[name]) - 1) < 5 / np.sqrt(800)
    wrong = model.fit(lr.Table(x, weight=weight))
    assert wrong.values == fit.values and (factor == 1 or abs(np.log(wrong.errors["mu"] / fit.errors["mu"]) + 0.5 * np.log(factor)) < 0.2)
    profile = model.profile(lr.Table(x, weight=weight), "mu", fit.values["mu"] + fit.errors["mu"] * np.linspace(-3, 3, 13), weights="importance")
    np.testing.assert_allclose(np.diff(profile.interval(0.6827))[0] / 2, fit.errors["mu"], rtol=0.02)
    ones = model.fit(lr.Table(x), weights="importance")                                   # weights of one: both are the same on average
    np.testing.assert_allclose(ones.errors["mu"], model.fit(x).errors["mu"], rtol=0.1) if factor == 1 else None


def test_weights_that_mean_nothing_are_refused():
    model = counting(lr.Normal("k", 1.0, 0.1))
    with pytest.raises(ValueError, match="weights: expected multiplicities"):
        model.fit(np.zeros((3, 1)), weights="probability")
    with pytest.raises(ValueError, match="weights: expected events for importance weights"):
        eight_bins().fit(SEEN, weights="importance")


def test_a_fixed_parameter_keeps_its_value():
    "Its ratios were asked there: another value for the constraint and the sources alone gave p = 0.76 where 0.51 is right."
    family = lr.Resonance(None)
    x = family.sample("background", 20, 1, nu=[0.08]).x
    model = lr.Likelihood({"signal": lr.Process(5, family, source=family), "background": lr.Process(20, source=family)}, {"mu": "signal"}, [Normal("sigma", 0.08, 0.01)])
    fixed, hypotheses = model.fix(sigma=0.04), ({"mu": 0, "sigma": 0.1}, {"mu": 1, "sigma": 0.1})
    prepared = fixed.on(x)
    for call in (lambda: lr.p_value(fixed, x, *hypotheses), lambda: fixed.nll(x, hypotheses[1]), lambda: prepared.fix(sigma=0.1), lambda: prepared.fit_many({"sigma": 0.1}),
                 lambda: prepared(hypotheses[1])):
        with pytest.raises(ValueError, match="^sigma: expected its fixed value, 0.04, got 0.1"):
            call()
    np.testing.assert_allclose(fixed.nll(x, {"mu": 1, "sigma": 0.04}), model.nll(x, {"mu": 1, "sigma": 0.04}), rtol=1e-3)
    np.testing.assert_allclose(fixed.fix(sigma=0.1).nll(x, {"mu": 1}), model.nll(x, hypotheses[1]), rtol=1e-3)             # another model, asked again
