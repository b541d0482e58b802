"""Limits in any unit, on any scale, and what cannot be limited. Right values from counts, whose limit is an inverse incomplete gamma function."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, xlogy

import lrguide as lr
from lrguide.arrays import Table
from lrguide.distributions import counting_limit
from lrguide.experiments import KnownSource
from lrguide.hypotest import p_value
from lrguide.intervals import asymptotic_limits, expected_limits, intervals, limit
from lrguide.likelihood import BinnedRatio, Likelihood, Process
from lrguide.models import Resonance

ONE = KnownSource(Table([0.0]))
UNITS = (1e-12, 1e-10, 1e-3, 1.0, 1e5, 1e7, 1e8, 1e12)


def counting(s, b):
    return Likelihood({"signal": Process(s, source=ONE), "background": Process(b, source=ONE)}, {"mu": "signal"})


@pytest.mark.parametrize("s", UNITS)
@pytest.mark.parametrize("n, b", [(4, 5.0), (0, 0.5), (120, 100.0)])
def test_an_exact_limit_of_a_count_has_no_unit(s, n, b):
    found = limit(counting(s, b), Table([0.0], weight=[float(n)]), n_sigma=())
    np.testing.assert_allclose(found.value * s, counting_limit(n, b), rtol=1e-9)


def test_limits_of_events_have_no_unit():
    "Unbinned: the limits in units of events agree among each other, exact ones, by formula, bands, and ends of intervals."
    toy = Resonance(0.08)
    x = toy.sample("background", 300, rng=3).x
    found = []
    for s in UNITS:
        model = Likelihood({"signal": Process(s, toy, source=toy), "background": Process(300, source=toy)}, {"mu": "signal"})
        interval = intervals(model, [x])
        found.append(s * np.array([*limit(model, x).expected, limit(model, x, n_sigma=()).value, *asymptotic_limits(model, [x]), *expected_limits(model), *interval.high]))
    found = np.array(found) / found[3]
    np.testing.assert_allclose(found[:, 5:], 1.0, rtol=1e-9)
    np.testing.assert_allclose(found[:, :5], 1.0, rtol=1e-8)                # bands: interpolated between strengths


def test_the_time_does_not_depend_on_the_unit():
    "As many evaluations of CLs, whatever the unit."
    import lrguide.hypotest as hypotest

    asked = []
    original = hypotest.SimpleTest.exact

    def counted(self, *arguments):
        asked[-1] += 1
        return original(self, *arguments)

    hypotest.SimpleTest.exact = counted
    try:
        for s in UNITS:
            asked.append(0)
            limit(counting(s, 5.0), Table([0.0], weight=[4.0]), n_sigma=())
    finally:
        hypotest.SimpleTest.exact = original
    assert max(asked) - min(asked) <= 2 and max(asked) < 25


def refused(match, function, *arguments, **options):
    with pytest.raises((ValueError, RuntimeError), match=match) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_limited_is_refused_with_the_cause():
    refused("^data: expected no event where mu = 0 expects none", limit, counting(1.0, 0.0), np.zeros((3, 1)))
    np.testing.assert_allclose(limit(counting(1.0, 1e-12), np.zeros((3, 1))).value, counting_limit(3, 0.0), rtol=1e-6)       # the way out
    np.testing.assert_allclose(limit(counting(2.0, 0.0), np.zeros((0, 1))).value, np.log(20) / 2, rtol=1e-9)
    refused("^strength: expected a parameter that changes", limit, counting(0.0, 3.0), np.zeros((3, 1)))
    refused("^strength: expected one of the free parameters mu, got 'nu'", limit, counting(1.0, 3.0), np.zeros((3, 1)), "nu")
    short = Likelihood({"signal": Process(1.0, source=ONE), "background": Process(5.0, source=ONE)}, {"mu": "signal"}, ranges={"mu": (0.0, 3.0)})
    refused("^strength: .* within its range, got mu, not excluded at 3$", limit, short, np.zeros((4, 1)))
    tiny = Likelihood({"signal": Process(1e6, source=ONE), "background": Process(5.0, source=ONE)}, {"mu": "signal"}, ranges={"mu": (0.0, 1e-5)})
    np.testing.assert_allclose(limit(tiny, np.zeros((4, 1))).value, counting_limit(4, 5.0) / 1e6, rtol=1e-9)


def test_toys_do_not_answer_with_numbers_that_are_not_numbers():
    "A ratio that is NaN for some events: refused for the data, for rows, and for events that toys draw."
    class Broken:
        parameters = {}

        def log_ratio(self, x, nu=None):
            return np.where(np.abs(np.asarray(x)[:, 0]) > 0.45, np.nan, Resonance(0.08).log_ratio(x))

    class OnlySamples:
        def sample(self, process, n, rng, nu=None):
            return Resonance(0.08).sample(process, n, rng)

    toy = Resonance(0.08)
    model = Likelihood({"signal": Process(20, Broken()), "background": Process(100)}, {"mu": "signal"})
    clean, with_one = np.linspace(-0.4, 0.4, 50), np.linspace(-0.5, 0.5, 51)
    hypotheses = {"null": {"mu": 0.0}, "alternative": {"mu": 1.0}}
    for source in (toy, OnlySamples(), {name: toy.sample(name, 500, rng=1) for name in ("signal", "background")}):
        for method in ("exact", "toys") if not isinstance(source, OnlySamples) else ("toys",):
            for x in (clean, with_one):
                refused("NaN|not one|not a number", p_value, model, x, **hypotheses, method=method, source=source, n_toys=200, rng=1)


def test_negative_weights_are_resampled_in_nobody_s_words_but_ours():
    negative = {"signal": Table([0.0, 0.0, 1.0], weight=[0.9, -0.2, 0.3]), "background": Table([0.0, 1.0])}
    from lrguide.likelihood import BinnedRatio, Normal

    ratio = BinnedRatio(lambda x: (x[:, 0] > 0.5).astype(int), np.array([0.7, 0.3]))
    fitted = Likelihood({"signal": Process(5, ratio), "background": Process(lambda v: 20 * v["t"])}, {"mu": "signal"}, [Normal("t", 1.0, 0.1)],
                        ranges={"t": (0.3, 3.0)})
    simple = Likelihood({"signal": Process(5, ratio), "background": Process(20.0)}, {"mu": "signal"})
    x = Table([0.0, 1.0], weight=[14.0, 12.0])
    for model in (fitted, simple):
        refused("^source of signal: expected weights of at least 0", p_value, model, x, {"mu": 1.0}, {"mu": 0.0}, method="toys", source=negative, n_toys=100, rng=1)
    assert 0 < p_value(simple, x, {"mu": 0.0}, {"mu": 1.0}, source=negative).value < 0.5       # the exact law needs no resampling


SMALL = {"three bins": ([20.25, 24.14, 0.229], [102.76, 0.0905, 0.02557], [96, 0, 0]), "one empty bin": ([0.10008], [0.63288], [0]),
         "an excess": ([5.0, 1.0], [10.0, 20.0], [31, 19])}


@pytest.mark.parametrize("unit", [1e-9, 5.73e-5, 9090.0, 1e9])
@pytest.mark.parametrize("bins", SMALL)
def test_fits_and_formulae_have_no_unit(bins, unit):
    "The best strength, its error and the limit by formula, times the unit, are those of unit 1, also where data fluctuate down."
    signal, background, seen = map(np.array, SMALL[bins])
    index, places = lambda x: x[:, 0].astype(int), np.arange(len(seen), dtype=float)
    def answers(scale):
        made = {name: Process(scale_of * contents.sum(), BinnedRatio(index, contents), KnownSource(Table(places, weight=contents)))
                for name, contents, scale_of in (("signal", signal, scale), ("background", background, 1.0))}
        model, data = Likelihood(made, {"mu": "signal"}), Table(places, weight=seen)
        fits = model.fit_many([data])
        assert fits.converged[0]
        return scale * np.array([fits.values["mu"][0], limit(model, data, method="asymptotic", n_sigma=()).value])
    error = np.sqrt(seen.sum() + 1) / signal.sum()                               # a fit ends where less than 1e-10 of nll is to be gained: 1.4e-5 of it
    np.testing.assert_allclose(answers(unit), answers(1.0), rtol=1e-8, atol=2e-5 * error)


def on_off():
    "Twenty-five events where b are expected without signal, forty in a region that expects four times as many."
    return lr.Histogram({"signal": lr.Contents([1.0]), "background": lr.Contents([1.0])}, {"s": "signal", "b": "background"}, (lr.Poisson("b", 10.0, 4.0),)), [25]


def on_off_band(n_sigma, level=0.05):
    "The limits expected without signal, from sums over all counts; q-tilde profiled in closed form."
    on, off, tau, b = np.arange(90)[:, None], np.arange(5, 140)[None, :], 4.0, 13.0                    # b fitted without signal
    log_l = lambda s, b: xlogy(on, s + b) - s - b + xlogy(off, tau * b) - tau * b
    def best_b(s, on, off):
        half = (1 + tau) * s - on - off
        return (-half + np.sqrt(half**2 + 4 * (1 + tau) * off * s)) / (2 * (1 + tau))
    def excess(s):
        at = np.maximum(on - off / tau, 0)
        q = np.where(at <= s, np.maximum(log_l(at, np.where(at > 0, off / tau, (on + off) / (1 + tau))) - log_l(s, best_b(s, on, off)), 0), 0).ravel()
        order = np.argsort(-q)
        tails = [np.cumsum((stats.poisson.pmf(on, mean + b) * stats.poisson.pmf(off, tau * b)).ravel()[order]) for mean, b in ((s, float(best_b(s, 25, 40))), (0, b))]
        last = np.minimum(np.searchsorted(tails[1], ndtr(np.array(n_sigma))), len(q) - 1)
        last = np.searchsorted(-q[order], -q[order][last] + 1e-9, side="right") - 1                 # ties
        return tails[0][last] / tails[1][last] - level
    s = np.linspace(2, 30, 300)
    allowed = np.array([excess(one) for one in s]) > 0
    return np.array([s[one].max() for one in allowed.T])


@pytest.mark.parametrize("n_toys", [1000, 4000])
def test_a_band_by_pseudo_experiments_is_as_wrong_as_it_says(n_toys):
    model, data = on_off()
    right, found = on_off_band((-1, 0, 1, 2)), limit(model, data, "s", method="toys", n_toys=n_toys, rng=1, n_sigma=(-1, 0, 1, 2))
    assert np.all(abs(np.array(found.expected) - right) < 4 * np.array(found.expected_error) + 0.1)
    assert np.all(np.array(found.expected_error) < 40 / np.sqrt(n_toys))
    assert f"+- {found.expected_error[1]:.1g}" in repr(found)


def test_a_significance_that_no_pseudo_experiment_reaches_is_not_infinite():
    model, data = on_off()
    found = lr.discovery(model, [15], "s", "toys", at=10.0, n_toys=500, rng=1)
    assert np.isnan(found.expected[-1]) and "more n_toys" in repr(found)
    formula = lr.discovery(model, [15], "s", "asymptotic", at=10.0)
    assert abs(found.expected[0] - formula.expected[0]) < 5 * found.expected_error[0] + 0.1


def test_map_is_given_one_sequence():
    "As the map of a pool of processes, whose third argument is something else."
    def pool(function, tasks, chunksize=None):
        assert chunksize is None or isinstance(chunksize, int)
        return [function(task) for task in tasks]
    model, data = on_off()
    for of in (limit, lr.discovery):
        one = [found.z for found in of(model, [np.array([12]), np.array([15])], "s", method="toys", n_toys=300, rng=1, n_sigma=())]
        assert one == [found.z for found in of(model, [np.array([12]), np.array([15])], "s", method="toys", n_toys=300, rng=1, n_sigma=(), map=pool)]


def test_a_band_keeps_its_places_where_few_pseudo_experiments_tell_nothing():
    "At -2 standard deviations CLs+b is 0.0011, one of 300 pseudo-experiments too many; the others stay what they are."
    model, data = on_off()
    found = limit(model, data, "s", method="toys", n_toys=300, rng=1)
    assert np.isnan(found.expected[0]) and "more n_toys" in repr(found)
    right = on_off_band((0, 1, 2))
    assert np.all(abs(np.array(found.expected[2:]) - right) < 4 * np.array(found.expected_error[2:]) + 0.1)


@pytest.mark.parametrize("b", [60.0, 6e4, 6e7])
@pytest.mark.parametrize("ends", [(0.9, 1.1), (0.0, 2.0)])
def test_a_luminosity_that_multiplies_everything_begins_where_it_was_measured(b, ends):
    "A strength of all processes, known to 1 %: whatever its range and however many events there are, limits are those of a factor of the yields."
    s, counts = 0.2 * np.sqrt(b) * np.array([1.0, 2.0, 0.5]), np.round(b + np.sqrt(b) * np.array([0.5, -1.0, 0.7]))
    of = {"s": lr.Contents(s), "b": lr.Contents(np.full(3, b))}
    model = lr.Histogram(of, {"mu": "s", "lumi": ("s", "b")}, [lr.Normal("lumi", 1.0, 0.01)], {"lumi": ends})
    factor = lr.Histogram({name: lr.Contents(one.contents, norm={"l": (0.99, 1.01)}) for name, one in of.items()}, {"mu": "s"})
    assert lr.valleys.starting_values(model, model.constraints)["lumi"] == 1.0
    found, same = (limit(one, counts, method="asymptotic") for one in (model, factor))
    np.testing.assert_allclose([found.value, *found.expected], [same.value, *same.expected], rtol=2e-3)
    assert lr.discovery(model, counts, "mu", method="asymptotic").z == pytest.approx(lr.discovery(factor, counts, "mu", method="asymptotic").z, abs=2e-3)
