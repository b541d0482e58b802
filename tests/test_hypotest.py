"""Corners and refusals of `hypotest` that would only interrupt a chapter."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from lrguide.arrays import Table, spawn
from lrguide.distributions import Distribution, Statistic, binned_statistic, counting_limit, on_off_background, on_off_statistic, power_at, power_curve, randomised_test
from lrguide.experiments import KnownSource, pseudo_experiments
from lrguide.hypotest import cls_value, log_likelihood_ratio, p_value, toys_power, toys_power_curve
from lrguide.intervals import limit
from lrguide.likelihood import Likelihood, Normal, Process
from lrguide.models import Resonance
from lrguide.sums import compound_poisson, exact_distributions

TOY = Resonance(0.08)
LIMIT = {"null": {"mu": 1.0}, "alternative": {"mu": 0.0}}


def search(s=50.0, b=1000.0, toy=TOY):
    return Likelihood({"signal": Process(s, toy, source=toy), "background": Process(b, source=toy)}, {"mu": "signal"})


def both(s, b):
    return {"signal": s, "background": b}, {"signal": 0.0, "background": b}


def nodes(toy=TOY):
    return {name: toy.quadrature(name) for name in ("signal", "background")}


def cut_tests(toy, s, b):
    "The five counting and binned tests of chapter 17 at any parameters."
    table = nodes(toy)
    ratio = lambda x: np.exp(toy.log_ratio(x))
    for edges in ([0, np.inf], [0.5, np.inf], [0.5, 2, np.inf], [*np.linspace(0, 3, 21), np.inf]):
        def index(x, edges=edges):
            r = ratio(x)
            return np.where((r >= edges[0]) & (r < edges[-1]), np.digitize(r, edges) - 1, -1)
        content = {name: np.bincount(index(t.x) + 1, t.weights, len(edges))[1:] for name, t in table.items()}
        null, alternative = s * content["signal"] + b * content["background"], b * content["background"]
        yield edges, binned_statistic(index, null, alternative), null, alternative


# --- the exact distribution -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma, empty_top", [(0.19, False), (0.22, True), (0.30, True), (1.0, True)])
def test_two_bins_become_the_cut_and_the_cut_the_count(sigma, empty_top):
    toy = Resonance(sigma)
    powers = {}
    for edges, statistic, null, alternative in cut_tests(toy, 50, 1000):
        powers[len(edges), edges[0]] = power_at(*exact_distributions(statistic, nodes(toy), *both(50, 1000)), 0.05)
        if len(edges) == 3:
            assert (null[1] == 0) == empty_top
    inclusive, cut, two = powers[2, 0], powers[2, 0.5], powers[3, 0.5]
    if empty_top:
        assert two == pytest.approx(cut, abs=1e-12)
    if sigma >= 0.3:
        assert cut == pytest.approx(inclusive, abs=1e-12)
    else:
        assert cut > inclusive


def test_counting_is_exact_with_its_steps():
    steps = np.log(1000 / 1050)
    null, alternative = compound_poisson([steps], [[1050.0], [1000.0]], constant=50.0)
    n = np.arange(800, 1400)
    np.testing.assert_allclose(null.tail(50 + n * steps), stats.poisson.cdf(n, 1050), atol=1e-12)
    np.testing.assert_allclose(power_at(null, alternative, stats.poisson.cdf(996, 1050)), stats.poisson.cdf(996, 1000), atol=1e-10)


def test_no_events_expected_at_all():
    (nothing,) = compound_poisson([0.3, -0.2], [[0.0, 0.0]], constant=1.5)
    assert nothing.tail(1.5) == nothing.head(1.5) == 1.0 and nothing.tail(1.6) == 1.0   # nearest lattice value
    (blind,) = compound_poisson([0.0, 0.0], [[10.0, 3.0]])
    assert blind.probability.sum() == pytest.approx(1.0)
    no_background = exact_distributions(log_likelihood_ratio(search(3.0, 0.0), **LIMIT), nodes(), *both(3.0, 0.0))
    # any event excludes background alone: T = log L(B)/L(S+B) is S with none, -inf otherwise
    np.testing.assert_allclose([no_background[0].below, no_background[0].tail(3.0)], [1 - np.exp(-3.0), np.exp(-3.0)], rtol=1e-12)
    assert no_background[1].tail(3.0) == 1.0
    np.testing.assert_allclose(power_at(*no_background, 0.01), 0.01 * np.exp(3.0), rtol=1e-9)
    assert power_at(*no_background, 0.06) == pytest.approx(1.0)


def test_background_free_bins_decide_alone():
    statistic = binned_statistic(lambda x: (x[:, 0] > 0).astype(int), [3.0, 0.0], [3.0, 0.7])     # discovery: alternative fills bin 1
    source = {"all": Table([-1.0, 1.0], weight=[3.0, 0.7])}
    flat = {"all": Table([-1.0])}
    (null,) = exact_distributions(statistic, flat, {"all": 3.0})
    (alternative,) = exact_distributions(statistic, source, {"all": 3.7})
    assert null.above == 0 and alternative.above == pytest.approx(1 - np.exp(-0.7))
    assert null.tail(np.inf) == 0
    toys = pseudo_experiments(statistic, source, {"all": 3.7}, 4000, rng=1)
    share = np.isposinf(toys).mean()
    assert abs(share - alternative.above) < 5 * np.sqrt(0.25 / 4000)


def test_zero_level_power_is_kept_by_the_curve():
    null = Distribution(0.0, 1.0, np.array([0.6, 0.4]))
    alternative = Distribution(0.0, 1.0, np.array([0.2, 0.5]), above=0.3)
    np.testing.assert_allclose(power_at(null, alternative, [1e-9, 0.4, 0.7]), [0.3, 0.8, 0.9], atol=1e-8)


def test_the_lattice_is_coarsened_not_exhausted():
    # terms 700 and 1e-4 side by side would need far more lattice values than there may be
    null, alternative = compound_poisson([1e-4, 700.0], [[1000.0, 1e-3], [1100.0, 2e-3]])
    assert len(null.probability) <= 2**22 * 1.02
    np.testing.assert_allclose([null.probability.sum(), alternative.probability.sum()], 1.0, atol=1e-9)
    np.testing.assert_allclose(alternative.tail(600.0), 1 - np.exp(-2e-3), rtol=1e-6)


def test_many_events():
    statistic = log_likelihood_ratio(search(3000.0, 1e6), **LIMIT)
    null, alternative = exact_distributions(statistic, nodes(), *both(3000.0, 1e6))
    t = {name: statistic.contribution(table.x) for name, table in nodes().items()}
    mean = statistic.constant + sum(n * nodes()[name].weights @ t[name] for name, n in both(3000.0, 1e6)[0].items())
    np.testing.assert_allclose(null.probability @ null.values, mean, atol=1e-4 * abs(null.step) * len(null.probability))
    assert 0.5 < power_at(null, alternative, 0.05) < 1


def test_lattices_must_agree():
    a, b = compound_poisson([0.3], [[2.0]])[0], compound_poisson([0.4], [[2.0]])[0]
    with pytest.raises(ValueError, match="^alternative: expected a distribution on the lattice of null"):
        power_curve(a, b)


def test_both_infinities_make_no_sense():
    with pytest.raises(ValueError, match="^t: expected .inf or -inf under one hypothesis, got both$"):
        compound_poisson([np.inf, -np.inf], [[1.0, 1.0]])


# --- pseudo-experiments ---------------------------------------------------------------------------------------------------------


def test_same_seed_same_toys_and_prefix():
    statistic = log_likelihood_ratio(search(), **LIMIT)
    first = pseudo_experiments(statistic, TOY, both(50, 1000)[0], 2500, rng=5)
    again = pseudo_experiments([statistic, statistic], TOY, both(50, 1000)[0], 2500, rng=5)
    assert np.array_equal(first, again[0]) and np.array_equal(first, again[1])
    few, many = (pseudo_experiments(statistic, nodes(), both(50, 1000)[0], n, rng=5) for n in (9000, 12000))
    chunk = 2**23 // 1050
    assert np.array_equal(few[:chunk], many[:chunk])              # a whole chunk: its numbers depend on its index alone


def test_an_experiment_larger_than_a_chunk():
    ones = Statistic(0, lambda x: np.ones(len(x)))                # an integer constant as well
    counts = pseudo_experiments(ones, {"background": Table([0.1, 0.2])}, {"background": 3e6}, 3, rng=1)
    assert np.all(np.abs(counts - 3e6) < 6 * np.sqrt(3e6)) and len(set(counts)) == 3


def test_weighted_tables_are_resampled_in_proportion():
    table = Table([1.0, 2.0, 3.0], weight=[1.0, 0.0, 3.0])
    value = Statistic(0.0, lambda x: x[:, 0])
    drawn = pseudo_experiments(value, {"a": table}, {"a": 1000.0}, 400, rng=2)
    assert abs(drawn.mean() - 2500) < 5 * np.sqrt(1000 * (0.25 + 0.75 * 9) / 400)


def test_ties_of_discrete_toys_are_steps():
    level, power = toys_power_curve([0.0, 0.1 + 0.2, 0.3, 1.0], [0.3, 0.3, 1.0, 1.0])
    np.testing.assert_allclose(level, [0, 0.25, 0.75, 1.0])
    np.testing.assert_allclose(power, [0, 0.5, 1.0, 1.0])


# --- p-values -------------------------------------------------------------------------------------------------------------------


@dataclass
class Learned:
    "A ratio that keeps held-out events, as a learned one does."
    parameters = {}

    def log_ratio(self, x, nu=None):
        return TOY.log_ratio(x)

    def held_out(self, which, nu=None):
        assert nu is None
        return TOY.sample({"numerator": "signal", "denominator": "background"}[which], 20_000, rng=len(which))


def test_held_out_events_are_the_last_resort():
    model = Likelihood({"signal": Process(50, Learned()), "background": Process(1000)}, {"mu": "signal"})
    x = TOY.sample("background", 1000, rng=1).x
    held_out, exact = p_value(model, x, **LIMIT), p_value(search(), x, **LIMIT)
    assert held_out.source == "events" and exact.source == "quadrature" and exact.error == 0
    assert 0 < held_out.error and abs(held_out.value - exact.value) < 5 * held_out.error


def test_a_limit_asks_the_ratio_once_for_each_sample():
    asked = []

    class Counting(Learned):
        def log_ratio(self, x, nu=None):
            asked.append(len(x))
            return TOY.log_ratio(x)

    model = Likelihood({"signal": Process(50, Counting()), "background": Process(1000)}, {"mu": "signal"})
    limit(model, TOY.sample("background", 1000, rng=1))
    assert sorted(asked) == [1000, 40_000]                 # the data and both samples, each event once


def test_no_event_observed():
    result = cls_value(search(3.0, 3.0), np.empty((0, 1)), **LIMIT)
    assert result.clsb < result.clb and 0.03 < result.cls < 1
    toys = cls_value(search(3.0, 3.0), np.empty((0, 1)), **LIMIT, method="toys", n_toys=4000, rng=2)
    # the exact one rounds events without information to nothing, so the observed value is shared with them
    assert toys.clsb <= result.clsb + 5 * toys.clsb_error


def test_limits_of_a_count_in_one_line_and_by_the_model():
    source = KnownSource(Table([0.0]))
    counting = Likelihood({"signal": Process(1, source=source), "background": Process(50, source=source)}, {"mu": "signal"})
    for n in (35, 50, 80):
        found = limit(counting, Table([0.0], weight=[float(n)]), level=0.1)
        np.testing.assert_allclose(found.value, counting_limit(n, 50.0, 0.1), rtol=1e-9)


def test_free_nuisance_by_toys_and_formula():
    toy = Resonance(None)
    model = Likelihood({"signal": Process(20, toy, source=toy), "background": Process(50, source=TOY)}, {"mu": "signal"},
                       constraints=[Normal("sigma", 0.08, 0.02)], ranges={"sigma": (0.02, 0.3)})
    x = np.concatenate([toy.sample("signal", 12, 1, nu=[0.08]).x, TOY.sample("background", 50, 2).x])
    toys = p_value(model, x, **LIMIT, method="toys", n_toys=60, rng=3)
    again = p_value(model, x, **LIMIT, method="toys", n_toys=60, rng=3)
    formula = p_value(model, x, **LIMIT, method="asymptotic")
    assert toys == again and formula.source == "formula"
    assert abs(toys.value - formula.value) < 5 * toys.error + 0.02


class OnlySamples:
    def sample(self, process, n, rng, nu=None):
        return TOY.sample(process, n, rng)


def wrong(match, function, *args, **kwargs):
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        function(*args, **kwargs)
    assert "\n" not in str(caught.value)


def test_refusals_name_the_argument():
    x = TOY.sample("background", 100, rng=1).x
    model, free = search(), Likelihood({"signal": Process(5, Resonance(None)), "background": Process(10)}, {"mu": "signal"})
    wrong("^level: ", counting_limit, 3, 3.0, 0.0)
    wrong("^background: ", counting_limit, 3, -3.0)
    wrong("^level: ", randomised_test, [0.5, 0.5], [0.1, 0.9], 1.0)
    wrong("^null: ", randomised_test, [-0.5, 1.5], [0.1, 0.9], 0.1)
    wrong("^alternative: ", randomised_test, [0.5, 0.5], [0.9], 0.1)
    wrong("^n_on: ", on_off_background, -1, 3, 1.0)
    wrong("^signal: ", on_off_statistic, 1, 3, 1.0, -1.0)
    wrong("^n_toys: ", pseudo_experiments, log_likelihood_ratio(model, **LIMIT), TOY, {"signal": 1.0}, 0, rng=1)
    wrong("^rng: ", pseudo_experiments, log_likelihood_ratio(model, **LIMIT), TOY, {"signal": 1.0}, 5, rng=None)
    wrong("^source of signal: expected a positive total weight", exact_distributions, log_likelihood_ratio(model, **LIMIT),
          {"signal": Table([0.1, 0.2], weight=[1.0, -1.0])}, {"signal": 1.0})
    wrong("^source of a: expected weights of at least 0", pseudo_experiments, Statistic(0.0, lambda x: x[:, 0]),
          {"a": Table([0.1, 0.2], weight=[2.0, -1.0])}, {"a": 1.0}, 5, rng=1)
    wrong("^yield of signal: ", exact_distributions, log_likelihood_ratio(model, **LIMIT), nodes(), {"signal": -1.0, "background": 3.0})
    wrong("method='toys'", p_value, free, x, **LIMIT)
    wrong("^values: expected a value for sigma", p_value, model, x, **LIMIT, source=Resonance(None))
    wrong("method='toys'", p_value, model, x, **LIMIT, source=OnlySamples())
    wrong("^source: expected a model that samples", p_value, model, x, **LIMIT, source=3)
    wrong("^source: .*which names none", p_value, Likelihood({"b": Process(3.0)}, {"mu": "b"}), x, **LIMIT)
    wrong("^n_toys: expected at least 10000000 ", p_value, model, x, **LIMIT, method="toys", rng=1, n_toys=10_000, level=1e-6)
    wrong("^level: ", p_value, model, x, **LIMIT, method="toys", rng=1, level=1.2)
    wrong("^n_toys: ", toys_power, np.zeros(100), np.zeros(100), 0.01)
    wrong("^t: ", compound_poisson([1.0], [[1.0]])[0].tail, np.nan)
    wrong("^table: ", KnownSource, Table([0.1, 0.2], weight=[3.0, -1.0]))
    constrained = Likelihood({"signal": Process(5, Resonance(None)), "background": Process(10)}, {"mu": "signal"},
                             constraints=[Normal("sigma", 0.08, 0.02)])
    wrong("^alternative: expected sigma as in null", log_likelihood_ratio, constrained, {"mu": 1.0, "sigma": 0.08},
          {"mu": 0.0, "sigma": 0.09})


def test_toys_of_a_model_that_only_samples():
    x = np.concatenate([TOY.sample("background", 1000, rng=1).x, TOY.sample("signal", 30, rng=2).x])
    result = p_value(search(), x, **LIMIT, source=OnlySamples(), method="toys", n_toys=5000, rng=spawn(4, 1)[0])
    assert result.source == "samples" and 0 < result.error < 0.05
    wrong("^n_toys: expected about", p_value, search(), x[:700], **LIMIT, method="toys", n_toys=100, rng=1)


def test_figure_4_by_other_means():
    """The powers of chapter 17, without this package: Poisson sums, enumeration, and plain NumPy pseudo-experiments."""
    S, B, sigma, level = 50, 1000, 0.08, 0.05

    def inside(threshold):
        """Probability of signal and background where p_S/p_B, a Gaussian in y, is above the threshold."""
        y = sigma * np.sqrt(-2 * np.log(threshold * np.sqrt(2 * np.pi) * sigma))
        return 1 - 2 * stats.norm.sf(y / sigma), 2 * y

    def power(null, alternative, ratio):
        """Randomised power of the test that rejects outcomes with a small likelihood ratio null/alternative."""
        order = np.argsort(ratio)
        return np.interp(level, np.cumsum(null[order]), np.cumsum(alternative[order]))

    n = np.arange(2000)
    for (s, b), expected in (((1, 1), 0.464), (inside(0.5), 0.809)):
        found = power(stats.poisson.pmf(n, S * s + B * b), stats.poisson.pmf(n, B * b), n)
        assert found == pytest.approx(expected, abs=1e-3)

    upper, low = np.arange(400), np.arange(600)
    s2, b2 = inside(2)
    s1, b1 = np.subtract(inside(0.5), (s2, b2))
    pairs = [np.outer(stats.poisson.pmf(upper, mu * S * s2 + B * b2), stats.poisson.pmf(low, mu * S * s1 + B * b1)).ravel()
             for mu in (1, 0)]
    weight = np.add.outer(upper * np.log1p(S * s2 / (B * b2)), low * np.log1p(S * s1 / (B * b1))).ravel()
    assert power(*pairs, weight) == pytest.approx(0.864, abs=1e-3)

    def unbinned(mu, rng, n_toys=20_000):
        counts = rng.poisson(B, n_toys), rng.poisson(mu * S, n_toys)
        y = np.concatenate([rng.uniform(-0.5, 0.5, counts[0].sum()), rng.normal(0, sigma, counts[1].sum())])
        owner = np.concatenate([np.repeat(np.arange(n_toys), count) for count in counts])
        ratio = np.exp(-0.5 * (y / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
        return np.bincount(owner, np.log1p(S / B * ratio), n_toys)

    rng = np.random.default_rng(1)
    null, alternative = unbinned(1, rng), unbinned(0, rng)
    error = np.hypot(np.sqrt(0.881 * 0.119 / 20_000), 2 * np.sqrt(level * (1 - level) / 20_000))  # the curve's slope is below 2 there
    assert np.mean(alternative <= np.quantile(null, level)) == pytest.approx(0.881, abs=4 * error)
