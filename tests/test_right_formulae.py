"""The formulae of Cowan, Cranmer, Gross and Vitells (2011), and pyhf 0.7.6 (iminuit 2.33, test statistic q-tilde) on the same models."""

import numpy as np
import pytest
from scipy import stats

from lrguide.arrays import Table
from lrguide.asymptotics import wald_tail
from lrguide.distributions import discovery_tail
from lrguide.experiments import KnownSource
from lrguide.hypotest import cls_value, discovery, p_value
from lrguide.intervals import asymptotic_limits, limit
from lrguide.likelihood import BinnedRatio, Channels, Likelihood, Normal, Process

ONE = KnownSource(Table([0.0]))


@pytest.mark.parametrize("s, b, n", [(5, 1, 6), (5, 100, 130), (1, 100, 90), (10, 0.3, 1)])
def test_q0_of_a_count(s, b, n):
    "Z is the signed root of q0 = 2 (n log(n/b) - n + b)."
    model = Likelihood({"signal": Process(s, source=ONE), "background": Process(b, source=ONE)}, {"mu": "signal"})
    right = np.sign(n - b) * np.sqrt(2 * (n * np.log(n / b) - n + b))
    found = p_value(model, Table([0.0], weight=[float(n)]), {"mu": 0.0}, {"mu": 1.0}, method="asymptotic")
    np.testing.assert_allclose(found.z, right, rtol=1e-5)


def test_q0_with_a_nuisance_parameter_in_the_far_tail():
    """2000 events on 100 t, t measured as 1 +- 0.01: the conditional fit solves 100 t - 2000 + 1e4 t (t - 1) = 0, and Z = sqrt(q0) = 88.75."""
    model = Likelihood({"signal": Process(10.0), "background": Process(lambda v: 100 * v["t"])}, {"mu": "signal"}, ranges={"t": (0.3, 3.0)},
                       constraints=[Normal("t", 1.0, 0.01)])
    t = (9900 + np.sqrt(9900**2 + 4e4 * 2000)) / 2e4
    right = np.sqrt(2 * (100 * t - 2000 * np.log(100 * t) - 2000 + 2000 * np.log(2000)) + ((t - 1) / 0.01) ** 2)
    x = Table([0.0], weight=[2000.0])
    np.testing.assert_allclose(p_value(model, x, {"mu": 0.0}, {"mu": 1.0}, method="asymptotic").z, right, rtol=1e-5)
    np.testing.assert_allclose(right, 88.7536, rtol=1e-5)


# --- pyhf -------------------------------------------------------------------------------------------------------------------------------
# Recorded with pyhf 0.7.6: `hypotest(1, ..., return_expected_set=True)`, roots of CLs - 0.05 by brentq to 1e-7, `hypotest(0, test_stat="q0")`.


def cells(contents, bins):
    "Contents of some bins of all, as a process and its known events."
    index, contents = np.array(bins, dtype=float), np.array(contents, dtype=float)
    return contents.sum(), KnownSource(Table(index, weight=contents))


def two_bins():
    """pyhf.simplemodels.uncorrelated_background(signal=[12, 11], bkg=[50, 52], bkg_uncertainty=[3, 7]) of its README: each bin's background is
    multiplied by a factor that an auxiliary count of (b/error)^2 expected events has measured; here these counts are bins 2 and 3."""
    signal, background, tau = [12.0, 11.0], [50.0, 52.0], [(50 / 3) ** 2, (52 / 7) ** 2]
    reference = np.array([1.0, 1.0, 1.0, 1.0])
    index = lambda x: x[:, 0].astype(int)
    full = lambda values, bins: np.bincount(bins, values, 4)
    processes = {"signal": (signal, [0, 1])} | {f"b{i}": ([background[i], tau[i]], [i, 2 + i]) for i in (0, 1)}
    made = {}
    for name, (contents, bins) in processes.items():
        total, source = cells(contents, bins)
        made[name] = Process(total, BinnedRatio(index, full(contents, bins), reference), source)
    model = Likelihood(made, {"mu": "signal", "gamma0": "b0", "gamma1": "b1"}, ranges={"gamma0": (1e-10, 10.0), "gamma1": (1e-10, 10.0)})
    return model, lambda n: Table(np.arange(4.0), weight=np.array([*n, *tau]))


SIGNAL, BACKGROUND = np.array([0.2, 1, 3, 6, 6, 3, 1, 0.2]), np.array([60.0, 50, 41, 34, 28, 23, 19, 16])


def eight_bins():
    "A peak on a falling background, whose yield is known to 10 % (pyhf's `lumi` on the background alone)."
    index = lambda x: x[:, 0].astype(int)
    (s, of_s), (b, of_b) = (cells(contents, range(8)) for contents in (SIGNAL, BACKGROUND))
    model = Likelihood({"signal": Process(s, BinnedRatio(index, SIGNAL, BACKGROUND), of_s), "background": Process(lambda v: b * v["lumi"], source=of_b)},
                       {"mu": "signal"}, [Normal("lumi", 1.0, 0.1)], ranges={"lumi": (0.1, 3.0)})
    return model, lambda n: Table(np.arange(8.0), weight=np.array(n, dtype=float))


PYHF = [
    (two_bins, [51, 48], 0.0525155, [0.0026064, 0.0138206, 0.0644552, 0.2352609, 0.5730417], 1.0115719, [0.5598843, 0.7570290, 1.0623550, 1.5011808, 2.0508020], None),
    (two_bins, [66, 57], 0.5186890, [0.0031965, 0.0161687, 0.0720624, 0.2522455, 0.5932555], 1.9742501, [0.5761891, 0.7790320, 1.0931222, 1.5443833, 2.1092460], 0.0296265),
    (eight_bins, [55, 52, 44, 41, 30, 20, 22, 15], 0.3977179, [0.0190515, 0.0623327, 0.1833478, 0.4403718, 0.7658289], 2.0137637,
     [0.7857088, 1.0631222, 1.4934291, 2.1130710, 2.8905855], 0.1918661),
    (eight_bins, [55, 52, 41, 30, 22, 20, 22, 15], 0.0554184, [0.0169557, 0.0571558, 0.1729370, 0.4259455, 0.7551742], 1.0287680,
     [0.7664338, 1.0372109, 1.4573978, 2.0628322, 2.8231105], None)]


@pytest.mark.parametrize("made, n, cls, cls_bands, observed, bands, p0", PYHF)
def test_agrees_with_pyhf(made, n, cls, cls_bands, observed, bands, p0):
    model, data = made()
    found = cls_value(model, data(n), {"mu": 1.0}, {"mu": 0.0}, "asymptotic")
    np.testing.assert_allclose(found.value, cls, rtol=1e-3)
    limits = limit(model, data(n), method="asymptotic")
    np.testing.assert_allclose([limits.value, *limits.expected], [observed, *bands], rtol=1e-3)
    np.testing.assert_allclose(limits.cls.value, 0.05, rtol=1e-3)
    discovered = p_value(model, data(n), {"mu": 0.0}, {"mu": 1.0}, "asymptotic")
    if p0 is None:                                          # a deficit: q0 is 0, and pyhf says 0.5
        assert discovered.value > 0.5
    else:
        np.testing.assert_allclose(discovered.value, p0, rtol=1e-3)


def test_many_data_sets_are_those_of_one():
    model, data = eight_bins()
    sets = [data(np.random.default_rng(seed).poisson(BACKGROUND)) for seed in range(2)]
    together = limit(model, sets, method="asymptotic")
    np.testing.assert_allclose([one.value for one in together], [limit(model, one, method="asymptotic", n_sigma=()).value for one in sets], rtol=1e-8)
    np.testing.assert_allclose([one.value for one in together], asymptotic_limits(model, sets), rtol=1e-8)
    found = discovery(model, sets, method="asymptotic")
    np.testing.assert_allclose([one.z for one in found], [p_value(model, one, {"mu": 0.0}, {"mu": 1.0}, "asymptotic").z for one in sets], rtol=1e-8)


def test_answers_do_not_depend_on_where_a_fit_starts():
    "The measured value of a parameter is where its fit begins; ranges, and so the middle of them, may be anything that holds the minimum."
    model, data = eight_bins()
    x = data([55, 52, 44, 41, 30, 20, 22, 15])
    usual = limit(model, x, method="asymptotic")
    for ranges in ((0.5, 1.7), (0.01, 40.0), (0.8, 1.3)):
        moved = Likelihood(model.processes, model.strength, model.constraints, ranges={"lumi": ranges, "mu": (-3.0, 60.0)})
        found = limit(moved, x, method="asymptotic")
        np.testing.assert_allclose([found.value, *found.expected], [usual.value, *usual.expected], rtol=1e-4)


# --- several channels ---------------------------------------------------------------------------------------------------------------------


def in_two_channels(split=3):
    "The eight bins in two channels, the first `split` bins and the others."
    index = lambda x: x[:, 0].astype(int)
    made = {}
    for name, bins in (("low", range(split)), ("high", range(split, 8))):
        inside = np.isin(np.arange(8), bins)
        (s, of_s), (b, of_b) = (cells(contents[inside], list(bins)) for contents in (SIGNAL, BACKGROUND))
        ratio = BinnedRatio(index, np.where(inside, SIGNAL, 0.0), np.where(inside, BACKGROUND, 1e-300))
        made[name] = Likelihood({"signal": Process(s, ratio, of_s), "background": Process(lambda v, b=b: b * v["lumi"], source=of_b)},
                                {"mu": "signal"}, [Normal("lumi", 1.0, 0.1)], ranges={"lumi": (0.1, 3.0)})
    cut = lambda n: {"low": Table(np.arange(split, dtype=float), weight=np.array(n[:split], dtype=float)),
                     "high": Table(np.arange(split, 8, dtype=float), weight=np.array(n[split:], dtype=float))}
    return Channels(made), cut


@pytest.mark.parametrize("split", [1, 5])
def test_splitting_a_channel_in_two_changes_nothing(split):
    from lrguide.experiments import asimov
    from lrguide.asymptotics import asymptotic_fit
    from lrguide.intervals import expected_limits, intervals

    (whole, data), (parts, cut) = eight_bins(), in_two_channels(split)
    n = [55, 52, 44, 41, 30, 20, 22, 15]
    values = {"mu": 0.4, "lumi": 1.1}
    expected, of_parts = asimov(whole, values), asimov(parts, values)
    np.testing.assert_allclose([of_parts[name].total for name in ("low", "high")], [expected.weights[:split].sum(), expected.weights[split:].sum()], rtol=1e-12)
    same = lambda function: np.testing.assert_allclose(function(parts, cut), function(whole, data), rtol=1e-5)
    same(lambda model, of: [*(one := limit(model, of(n), method="asymptotic")).expected, one.value])
    same(lambda model, of: cls_value(model, of(n), {"mu": 1.0}, {"mu": 0.0}, "asymptotic").value)
    same(lambda model, of: limit(model.fix(lumi=1.0), of(n), n_sigma=()).value)
    same(lambda model, of: p_value(model.fix(lumi=1.0), of(n), {"mu": 0.0}, {"mu": 1.0}).value)
    same(lambda model, of: expected_limits(model, data=of(n)))
    same(lambda model, of: (fit := asymptotic_fit(model, values)).covariance.ravel().tolist() + [fit.spread, fit.quoted])
    sets = lambda of, model: [of(n)] if model is whole else {name: [table] for name, table in of(n).items()}
    for bounded in (False, True):
        found, right = (intervals(model, sets(of, model), bounded=bounded) for model, of in ((parts, cut), (whole, data)))
        np.testing.assert_allclose([found.low[0], found.high[0]], [right.low[0], right.high[0]], rtol=1e-5)


def test_the_neyman_construction_of_two_channels():
    "Critical values of the same experiment in one channel and in two: independent toys, five standard errors."
    from lrguide.intervals import neyman_construction

    (whole, _), (parts, _) = eight_bins(), in_two_channels()
    grid = np.array([0.0, 1.0])
    one, two = (neyman_construction(model, grid, 1000, rng=seed, truth={"lumi": 1.0}, level=0.9) for seed, model in enumerate((whole, parts)))
    assert np.all(np.abs(one.critical - two.critical) < 5 * np.hypot(one.error, two.error))
    assert np.all(one.failed + two.failed == 0)


@pytest.mark.parametrize("rng", [1])
def test_toys_of_two_channels(rng):
    (whole, data), (parts, cut) = eight_bins(), in_two_channels()
    n = [55, 52, 44, 41, 30, 20, 22, 15]
    one, two = (p_value(model, of(n), {"mu": 0.0}, {"mu": 1.0}, "toys", n_toys=1500, rng=rng) for model, of in ((whole, data), (parts, cut)))
    assert abs(one.value - two.value) < 5 * np.hypot(one.error, two.error)


def test_the_error_of_z_is_the_spread_of_z():
    "Sixty repetitions of toys: the spread of Z is its quoted error, to five standard errors of a standard deviation."
    model = Likelihood({"signal": Process(5, source=ONE), "background": Process(10, source=ONE)}, {"mu": "signal"})
    x = Table([0.0], weight=[17.0])
    found = [p_value(model, x, {"mu": 0.0}, {"mu": 1.0}, "toys", n_toys=2000, rng=seed) for seed in range(60)]
    spread, quoted = np.std([one.z for one in found]), np.mean([one.z_error for one in found])
    np.testing.assert_allclose(spread, quoted, rtol=5 / np.sqrt(2 * 60))
    np.testing.assert_allclose(np.mean([one.z for one in found]), stats.norm.isf(stats.poisson.sf(16, 10)), atol=5 * quoted / np.sqrt(60))


def test_few_simulated_events_beyond_the_observation_are_said_in_words():
    rng = np.random.default_rng(2)
    sample = {"signal": Table(rng.normal(0, 0.1, 200)), "background": Table(rng.uniform(-1, 1, 5000))}

    class Peak:
        parameters = {}

        def log_ratio(self, x, nu=None):
            return stats.norm.logpdf(x[:, 0], 0, 0.1) - np.log(0.5)

    model = Likelihood({"signal": Process(20, Peak()), "background": Process(20)}, {"mu": "signal"})
    far, near = Table(rng.normal(0, 0.1, 30)), Table(rng.uniform(-1, 1, 20))
    few, many = (p_value(model, x, {"mu": 0.0}, {"mu": 1.0}, source=sample) for x in (far, near))
    assert few.effective < 10 and "fewer than ten effective simulated events" in few.warning and few.warning in repr(few)
    assert many.effective > 10 and many.warning == "" and "\n" not in repr(many)


def test_a_failed_fit_has_no_p_value():
    "NaN stays NaN; it was taken for q0 = 0, p = 1."
    np.testing.assert_array_equal(discovery_tail(np.array([np.nan, 0.0, -1.0])), [np.nan, 1.0, 1.0])
    assert np.isnan(wald_tail(np.nan))


def test_a_limit_by_formula_stays_inside_the_range():
    "As the exact one: refused beyond it, and the same within it wherever it ends."
    def model(high):
        return Likelihood({"signal": Process(5.0, source=ONE), "background": Process(10.0, source=ONE)}, {"mu": "signal"}, ranges={"mu": (-1.0, high)})
    data, right = Table([0.0], weight=[12.0]), limit(model(100.0), Table([0.0], weight=[12.0]), method="asymptotic").value
    found = limit(model(1.05 * right), data, method="asymptotic")
    np.testing.assert_allclose(found.value, right, rtol=1e-5)
    assert np.isnan(found.expected[-1]) and found.expected[2] < right
    for method in ("asymptotic", "exact"):
        with pytest.raises(ValueError, match="^strength: expected a parameter that the data limit within its range, got mu, not excluded at 1"):
            limit(model(1.0), data, method=method)
    assert np.isnan(asymptotic_limits(model(1.0), [np.zeros(12)])[0])
