"""Constraints, systematic effects, histograms and weights: against pyhf 0.7.6 (numbers made with it, the model spelled out), scipy and the bootstrap."""
import numpy as np
import pytest
from scipy import stats

import lrguide as lr
from lrguide.binned import Templates
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


# switches, seen, CLs at mu = 1, its five expected values, upper limit, its five expected values, Z of discovery, from pyhf 0.7.6 (scipy's minimiser at a
# tolerance of 1e-13, mu in (0, 60), q-tilde and q0; roots of CLs - 0.05 by brentq to 1e-7)
TESTED = [
    ((True, True, True), SEEN, 0.57641707, [0.04052152, 0.10869029, 0.26514507, 0.54020064, 0.83101263],
     2.68511798, [0.94339623, 1.27093792, 1.77883766, 2.52155339, 3.50494184], 1.30287531),
    ((False, True, True), SEEN, 0.56803385, [0.03280251, 0.09311158, 0.23954155, 0.51119894, 0.81349952],
     2.64712027, [0.89237852, 1.20578277, 1.69418665, 2.41194994, 3.36667917], 1.40737942),
    ((True, False, False), SEEN, 0.52691969, [0.00612397, 0.02656367, 0.10217759, 0.31249272, 0.65763429],
     2.08997399, [0.63475484, 0.85942153, 1.20840884, 1.71189935, 2.34502840], 1.68915204),
    ((True, True, True), [44.0, 38, 30, 24, 20, 19, 17, 16], 0.05512839, [0.02169737, 0.06864729, 0.19561735, 0.45679940, 0.77755207],
     1.02792304, [0.80844995, 1.09414301, 1.54161368, 2.20071689, 3.07476771], 0.0)]


@pytest.mark.parametrize("switches, seen, cls, of_cls, upper, of_upper, z", TESTED)
def test_tests_of_eight_bins_of_pyhf(switches, seen, cls, of_cls, upper, of_upper, z):
    model = eight_bins(*switches)
    found = lr.limit(model, seen, method="asymptotic")
    np.testing.assert_allclose([found.value, *found.expected], [upper, *of_upper], rtol=1e-3)
    tested = lr.cls_value(model, seen, {"mu": 1.0}, {"mu": 0.0}, "asymptotic")
    np.testing.assert_allclose(tested.value, cls, rtol=1e-3)
    # an expected CLs at mu = 1 is the level at which the expected limit is 1
    at_one = [lr.intervals.expected_limits(model, level=level, n_sigma=[n], data=seen)[0] for level, n in zip(of_cls, (-2, -1, 0, 1, 2))]
    np.testing.assert_allclose(at_one, 1.0, rtol=1e-3)
    np.testing.assert_allclose(max(lr.discovery(model, seen, method="asymptotic", n_sigma=()).z, 0.0), z, atol=1e-3)


@pytest.mark.parametrize("error, z", [(None, 5.30791596), ([3.1, 3.1, 3.1, 3.7, 3.3, 2.9, 2.3, 2.1], 4.42631630)])
def test_a_finite_simulation_lowers_the_significance_as_in_pyhf(error, z):
    background = lr.Contents(BACKGROUND, None if error is None else np.square(error))
    model = lr.Histogram({"signal": lr.Contents(2 * SIGNAL), "background": background}, {"mu": "signal"})
    found = lr.discovery(model, np.array([53.0, 45, 46, 51, 43, 31, 23, 18]), method="asymptotic")
    np.testing.assert_allclose(found.z, z, atol=1e-3)


def test_an_asimov_set_knows_what_the_data_know_of_the_simulation():
    # beta of each bin is a parameter like any other: written as one (a norm factor of a process in one bin), everything is the same
    error = np.array([0.12, 0.07])
    seen, contents = np.array([29.0, 47.0]), np.array([25.0, 40.0])
    hidden = lr.Histogram({"signal": lr.Contents([6.0, 3.0]), "background": lr.Contents(contents, (error * contents) ** 2)}, {"mu": "signal"})
    spelled = {f"b{i}": lr.Contents(np.where(np.arange(2) == i, contents, 0.0), shape={f"g{i}": (np.where(np.arange(2) == i, (1 - e) * contents, 0.0),
                                                                                                   np.where(np.arange(2) == i, (1 + e) * contents, 0.0))})
               for i, e in enumerate(error)}
    shown = lr.Histogram({"signal": lr.Contents([6.0, 3.0]), **spelled}, {"mu": "signal"})
    one, other = (lr.limit(model, seen, method="asymptotic") for model in (hidden, shown))
    np.testing.assert_allclose([one.value, *one.expected], [other.value, *other.expected], rtol=1e-4)
    one, other = (lr.discovery(model, seen, method="asymptotic") for model in (hidden, shown))
    np.testing.assert_allclose([one.z, *one.expected], [other.z, *other.expected], rtol=1e-4)
    many = lr.intervals.asymptotic_limits(hidden, np.array([seen, seen + [5.0, -6.0]]))
    np.testing.assert_allclose(many, lr.intervals.asymptotic_limits(shown, np.array([seen, seen + [5.0, -6.0]])), rtol=1e-4)


@pytest.mark.parametrize("model", [eight_bins(), Templates([-1.0, 1.0], [SIGNAL, 1.1 * SIGNAL], [BACKGROUND, 0.9 * BACKGROUND], background_variance=[ERROR**2, ERROR**2])])
def test_derivatives_where_the_simulation_was_something_else(model):
    (part,), names = model.on(SEEN).parts, list(model.parameters)
    values = {name: np.array([0.3]) for name in names}
    part = part.asimov(values)
    move = lambda name, h: part.derivatives({**values, name: values[name] + h}, names)
    _, gradient, second = part.derivatives(values, names)
    for i, name in enumerate(names):
        up, down = move(name, 1e-4), move(name, -1e-4)
        np.testing.assert_allclose(gradient[0, i], (up[0] - down[0])[0] / 2e-4, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(second[0, i], (up[1] - down[1])[0] / 2e-4, rtol=1e-3, atol=1e-3)


def test_a_histogram_of_processes_makes_toys():
    # the same histogram as Templates at one node: toys of both draw counts
    both = [lr.Histogram({"signal": lr.Contents(SIGNAL), "background": lr.Contents(BACKGROUND)}, {"mu": "signal"}), Templates([0.0], [SIGNAL], [BACKGROUND])]
    one, other = (lr.p_value(model, SEEN, {"mu": 0.0}, {"mu": 1.0}, "toys", n_toys=2000, rng=3) for model in both)
    assert one.value == other.value
    one, other = (lr.p_value(model, SEEN, {"mu": 0.0}, {"mu": 1.0}) for model in both)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-9)


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


@pytest.mark.parametrize("scale", [0.25, 3.0])
def test_importance_weights_in_formulae_have_no_unit(scale):
    "All weights and all yields times a constant: the same significance, p-value, limit and bands as without, each with importance weights."
    toy, rng = lr.models.Resonance(0.08), np.random.default_rng(3)
    x = np.concatenate([toy.sample("signal", 55, rng).x, toy.sample("background", 1010, rng).x])
    answers = []
    for c in (1.0, scale):
        model = lr.Likelihood({"signal": lr.Process(50 * c, toy, source=toy), "background": lr.Process(1000 * c, source=toy)}, {"mu": "signal"})
        data = model.on(lr.Table(x, weight=np.full(len(x), c)), weights="importance")
        limit, p = lr.limit(model, data, method="asymptotic"), lr.p_value(model, data, {"mu": 1.0}, {"mu": 0.0}, "asymptotic")
        answers.append([lr.discovery(model, data, method="asymptotic").z, p.z, limit.value, *limit.expected])
        bare = lr.discovery(model, lr.Table(x, weight=np.full(len(x), c)), method="asymptotic").z
        np.testing.assert_allclose(answers[-1][0] * np.sqrt(c), bare, rtol=0.05)              # as multiplicities they would be c events each
    np.testing.assert_allclose(*answers, rtol=1e-4)


def test_exact_tests_and_toys_refuse_importance_weights():
    "No pseudo-experiment has any."
    toy, x = lr.models.Resonance(0.08), np.linspace(-0.4, 0.4, 30)
    model = lr.Likelihood({"signal": lr.Process(5, toy, source=toy), "background": lr.Process(20, source=toy)}, {"mu": "signal"})
    data = model.on(lr.Table(x, weight=np.full(30, 0.5)), weights="importance")
    for method in ("exact", "toys"):
        for answer in (lambda: lr.p_value(model, data, {"mu": 1.0}, {"mu": 0.0}, method, rng=1), lambda: lr.limit(model, data, method=method, rng=1)):
            with pytest.raises(ValueError, match="data: expected multiplicities"):
                answer()


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


def test_toys_make_the_simulation_again_as_in_pyhf():
    # P(T >= T_obs) at mu = 0 for T = log max L(1.5)/max L(0), and T_obs, from pyhf 0.7.6: 6,000 toys of make_pdf at the parameters of fixed_poi_fit,
    # auxiliary data of staterror among them, two fixed_poi_fit for each; a normsys (0.9, 1.12) on the background. Its error: 0.0043
    background = lr.Contents([35.0, 30.0, 26.0], np.square([7.0, 6.0, 5.0]), norm={"rate": (0.9, 1.12)})
    model = lr.Histogram({"signal": lr.Contents([4.0, 6.0, 5.0]), "background": background}, {"mu": "signal"})
    prepared = model.on([44.0, 41.0, 29.0])
    fits = prepared.fit_many({"mu": np.array([0.0, 1.5])})
    np.testing.assert_allclose(fits.nll[0] - fits.nll[1], 0.63092602, atol=1e-5)
    found = lr.p_value(model, prepared, {"mu": 0.0}, {"mu": 1.5}, "toys", n_toys=20_000, rng=4)
    assert abs(found.value - 0.12717) < 5 * np.hypot(found.error, 0.0043)


def test_parameters_that_were_measured_together_have_pulls_and_impacts():
    "Of a covariance the widths are what was known before; impacts against fits with the parameter fixed."
    covariance = np.array([[0.25, 0.1], [0.1, 0.16]])
    model = lr.Histogram({"s": lr.Contents([5.0, 2.0]), "b": lr.Contents([20.0, 30.0], norm={"x": 0.1}), "c": lr.Contents([10.0, 9.0], norm={"y": (0.8, 1.2)})}, {"mu": "s"},
                         (lr.Normal(("x", "y"), (0.3, -0.2), covariance),))
    fit, found = model.fit([40, 45]), {one.name: one for one in lr.impacts(model, [40, 45])}
    for name, mean, width in (("x", 0.3, 0.5), ("y", -0.2, 0.4)):
        assert found[name].pull == pytest.approx((fit.values[name] - mean) / width) and found[name].constraint == pytest.approx(fit.errors[name] / width)
        moved = [model.fix(**{name: fit.values[name] + sign * width}).fit([40, 45]).values["mu"] - fit.values["mu"] for sign in (-1, 1)]
        np.testing.assert_allclose(found[name].before, moved, atol=1e-4)      # where fits end


def test_a_number_as_norm_is_a_relative_error():
    for one in (lr.Process(1.0, norm={"lumi": 0.02}), lr.Contents([1.0], norm={"lumi": np.float64(0.02)})):
        assert one.norm == {"lumi": (0.98, 1.02)}
    for wrong in (0.0, 1.0, -0.1, "a", None, np.nan, True):
        with pytest.raises((TypeError, ValueError), match="norm of lumi: expected"):
            lr.Contents([1.0], norm={"lumi": wrong})


def test_the_name_of_a_file_is_no_workspace():
    with pytest.raises(TypeError, match=r"workspace: .*json.load\(open\('w.json'\)\)"):
        lr.from_pyhf("w.json")


@pytest.mark.parametrize("others", ["templates", "histogram", "events"])
def test_a_channel_in_which_nothing_floats(others):
    """The effect is known to one channel only; with the strength held the other adds a constant. By hand: both channels counts, s fitted by a scan."""
    n, m = 17.0, np.array([52.0, 43.0])
    alone = {"templates": lr.binned.Templates([0.0], [[3.0]], [[10.0]]), "events": lr.Likelihood({"signal": lr.Process(3.0), "background": lr.Process(10.0)}, {"mu": "signal"}),
             "histogram": lr.binned.Histogram({"signal": lr.Contents([3.0]), "background": lr.Contents([10.0])}, {"mu": "signal"})}[others]
    known = lr.binned.Histogram({"signal": lr.Contents([5.0, 1.0]), "background": lr.Contents([50.0, 40.0], norm={"s": (0.9, 1.1)})}, {"mu": "signal"})
    model, data = alone + known, [np.zeros((17, 1)) if others == "events" else [n], m]
    s = np.linspace(-3, 3, 6001)

    def by_hand(mu):
        rate = mu * np.array([5.0, 1.0]) + np.array([50.0, 40.0]) * lr.rates.norm_factor(s, 0.9, 1.1)[:, None]
        return (3 * mu + 10 - n * np.log(3 * mu + 10) + np.sum(rate - m * np.log(rate), axis=1) + 0.5 * s**2).min()
    found = model.on(data).fit_many({"mu": np.array([0.0, 1.0, 2.0])}).nll
    np.testing.assert_allclose(found - found[0], [by_hand(mu) - by_hand(0.0) for mu in (0.0, 1.0, 2.0)], atol=1e-5)
    q0 = 2 * (by_hand(0.0) - min(by_hand(mu) for mu in np.linspace(0.5, 2.5, 401)))
    np.testing.assert_allclose(lr.discovery(model, data, method="asymptotic", n_sigma=()).z, np.sqrt(q0), atol=1e-4)
