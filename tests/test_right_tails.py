"""Tails that are exact: atoms, few events, far tails, huge counts, quotients of tiny numbers. Right values from closed forms or enumeration."""

import numpy as np
import pytest
from scipy import stats

import lrguide as lr
from lrguide.arrays import Table
from lrguide.distributions import counting_cls, counting_limit, log_poisson_tail, log_significance
from lrguide.experiments import KnownSource
from lrguide.hypotest import cls_value, p_value
from lrguide.intervals import limit
from lrguide.likelihood import BinnedRatio, Likelihood, Process
from lrguide.models import Resonance
from lrguide.sums import compound_poisson, upper_tail

ONE = KnownSource(Table([0.0]))
DISCOVERY = {"null": {"mu": 0.0}, "alternative": {"mu": 1.0}}
LIMIT = {"null": {"mu": 1.0}, "alternative": {"mu": 0.0}}


def counting(s, b):
    return Likelihood({"signal": Process(s, source=ONE), "background": Process(b, source=ONE)}, {"mu": "signal"})


def seen(n):
    return Table([0.0], weight=[float(n)])


def bins(s, b):
    "A model of counts in bins, whose events are known histograms."
    s, b, cells = np.array(s, dtype=float), np.array(b, dtype=float), np.arange(len(s), dtype=float)
    source = {name: KnownSource(Table(cells, weight=contents)) for name, contents in (("signal", s), ("background", b))}
    return Likelihood({"signal": Process(s.sum(), BinnedRatio(lambda x: x[:, 0].astype(int), s, b), source["signal"]),
                       "background": Process(b.sum(), source=source["background"])}, {"mu": "signal"})


def enumerated(rates, t, n_seen, at_least):
    "P(sum t n >= or <= that of n_seen), all pairs or triples of counts added up."
    counts = [np.arange(int(r + 12 * np.sqrt(r) + 40)) for r in rates]
    grids = np.meshgrid(*counts, indexing="ij")
    total = sum(n * one for n, one in zip(grids, t))
    chance = np.prod([stats.poisson.pmf(n, r) for n, r in zip(grids, rates)], axis=0)
    cut = np.dot(n_seen, t)
    return chance[total >= cut - 1e-9].sum() if at_least else chance[total <= cut + 1e-9].sum()


# --- atoms --------------------------------------------------------------------------------------------------------------------------

# a signal region and a control region; a third bin between them; two bins of one kind; a region with less signal than background expects
ATOMS = [([5, 0.1], [0.1, 1000], [1, 1100]), ([5, 0.1], [0.1, 1000], [1, 900]), ([4, 0.02], [0.5, 200], [3, 214]),
         ([4, 0.5, 0.01], [0.2, 3, 100], [2, 4, 103]), ([2, 2], [1, 1], [3, 2]), ([3, 0.001], [0.01, 300], [0, 320])]


@pytest.mark.parametrize("s, b, n", ATOMS)
def test_atoms_are_counted_whole(s, b, n):
    s, b = np.array(s, dtype=float), np.array(b, dtype=float)
    t, x = np.log1p(s / b), Table(np.arange(len(s), dtype=float), weight=np.array(n, dtype=float))
    p, c = p_value(bins(s, b), x, **DISCOVERY), cls_value(bins(s, b), x, **LIMIT)
    assert p.how == c.how == "counts"
    np.testing.assert_allclose(p.value, enumerated(b, t, n, True), rtol=1e-6)
    np.testing.assert_allclose([c.clsb, c.clb], [enumerated(s + b, t, n, False), enumerated(b, t, n, False)], rtol=1e-6)


def test_a_bin_beside_unbinned_events():
    """A control region of 1000 events with t = 1e-4 each beside a few events with exponential t. Without one of these T is a count of the control
    region, with some it is a count plus a gamma variable, whose tails are added up."""
    u = (np.arange(50_000) + 0.5) / 50_000
    t, rate = np.append(-np.log(u), 1e-4), np.append(np.full(len(u), 0.2 / len(u)), 1000.0)
    n, chance = np.arange(600, 1500), stats.poisson.pmf(np.arange(600, 1500), 1000.0)
    for at in (0.09, 0.0965, 0.1, 0.1036, 0.4, 1.5):
        right = np.exp(-0.2) * chance[n * 1e-4 >= at - 1e-9].sum()
        right += sum(stats.poisson.pmf(k, 0.2) * chance @ stats.gamma.sf(at - n * 1e-4, k) for k in range(1, 12))
        law = upper_tail(t, rate, at)
        np.testing.assert_allclose(np.exp(law.log_tail(at)), right, rtol=3e-3, err_msg=f"{at} {law.how}")


def test_a_count_in_uneven_steps_is_a_lattice():
    "Integer contributions of five bins with many events each: T is an integer; its law by convolution of the five."
    t, rate = np.array([1.0, 2.0, 3.0, -1.0, -5.0]), np.array([60.0, 50.0, 40.0, 30.0, 20.0])
    law = upper_tail(t, rate, 330.0)
    assert law.how == "lattice"
    whole, low = np.ones(1), 0
    for jump, mean in zip(t, rate):
        own = np.zeros(200 * abs(int(jump)) + 1)
        own[:: abs(int(jump))] = stats.poisson.pmf(np.arange(201), mean)
        whole, low = np.convolve(whole, own if jump > 0 else own[::-1]), low - (200 * abs(int(jump)) if jump < 0 else 0)
    for at in (200.0, 330.0, 400.0):
        np.testing.assert_allclose(np.exp(law.log_tail(at)), whole[int(at) - low:].sum(), rtol=1e-6)


# --- few events ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x, b", [(0.3, 0.03), (0.25, 0.03), (0.3, 0.3)])
def test_one_event_far_from_the_peak(x, b):
    """P(at least one event within x of the peak), which for one background event is 2x; two that are both farther out hardly count, and
    for `b` expected events they would add at most (b (1 - 2x))^2/2."""
    toy = Resonance(sigma=0.05)
    model = Likelihood({"signal": Process(3, toy, source=toy), "background": Process(b, source=toy)}, {"mu": "signal"})
    right = 1 - np.exp(-b * 2 * x)
    found = p_value(model, np.array([[x]]), **DISCOVERY).value
    assert right * (1 - 1e-3) < found < right + (b * (1 - 2 * x)) ** 2 / 2 * np.exp(-b)


@pytest.mark.parametrize("s, b", [(100, 2), (100, 1), (10, 0.1), (5, 0.01)])
def test_no_event_at_all(s, b):
    toy = Resonance(sigma=0.08)
    model = Likelihood({"signal": Process(s, toy, source=toy), "background": Process(b, source=toy)}, {"mu": "signal"})
    found = cls_value(model, np.zeros((0, 1)), **LIMIT)
    np.testing.assert_allclose([found.log_clb, found.log_clsb], [-b, -s - b], rtol=1e-9)


# --- far tails and huge counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("b, n", [(100.0, 220), (100.0, 250), (10.0, 73), (1000.0, 1632), (1000.0, 4000), (0.5, 400)])
def test_far_tails_of_a_count(b, n):
    p = p_value(counting(np.sqrt(b), b), seen(n), **DISCOVERY)
    terms = stats.poisson.logpmf(np.arange(n, n + 4000), b)
    np.testing.assert_allclose(p.log_p, np.logaddexp.reduce(terms), rtol=1e-10)
    np.testing.assert_allclose(stats.norm.logsf(p.z), p.log_p, rtol=1e-10)


def test_a_far_tail_of_unbinned_events():
    "Seventy signal events on ten of background, p about 1e-85: each step of T to larger counts is as likely as exponential tilting says."
    toy = Resonance(sigma=0.05)
    model = Likelihood({"signal": Process(70, toy, source=toy), "background": Process(10, source=toy)}, {"mu": "signal"})
    x = np.concatenate([toy.sample("signal", 70, rng=1).x, toy.sample("background", 10, rng=2).x])
    p = p_value(model, x, **DISCOVERY)
    nodes = toy.quadrature("background")
    t, rate = np.log1p(7 * np.exp(toy.log_ratio(nodes.x))), 10 * nodes.weights / nodes.total
    at = np.log1p(7 * np.exp(toy.log_ratio(x))).sum()
    theta = 1.0                                             # Lugannani and Rice (1980), by Newton's method
    for _ in range(50):
        theta -= (rate @ (t * np.exp(theta * t)) - at) / (rate @ (t**2 * np.exp(theta * t)))
    w, v = np.sqrt(2 * (theta * at - rate @ np.expm1(theta * t))), theta * np.sqrt(rate @ (t**2 * np.exp(theta * t)))
    right = stats.norm.logsf(w) + np.log1p(np.exp(stats.norm.logpdf(w) - stats.norm.logsf(w)) * (1 / v - 1 / w))
    assert p.log_p < -190 and abs(p.log_p - right) < 0.02


@pytest.mark.parametrize("n", [1e9, 3e10, 4e10, 1e11, 1e12, 1e14])
def test_huge_counts_are_normal(n):
    model, x = counting(np.sqrt(n), n), seen(np.rint(n + 2 * np.sqrt(n)))
    tolerance = 2 / np.sqrt(n) + 1e-9                       # one count more or less, and the next order of the normal limit
    np.testing.assert_allclose(p_value(model, x, **DISCOVERY).z, 2.0, atol=tolerance)
    found = cls_value(model, x, **LIMIT)
    np.testing.assert_allclose([found.clsb, found.clb], stats.norm.cdf([1.0, 2.0]), atol=tolerance)


def test_huge_counts_of_several_kinds():
    "Two bins with 1e11 events each: the normal limit."
    s, b = np.array([2e5, 1e5]), np.array([1e11, 1e11])
    t = np.log1p(s / b)
    cut = np.rint(b + np.sqrt(b) * np.array([1.2, 0.7]))
    model = bins(s, b)
    p = p_value(model, Table([0.0, 1.0], weight=cut), **DISCOVERY)
    np.testing.assert_allclose(p.z, (cut - b) @ t / np.sqrt(b @ t**2), atol=2e-5)


# --- quotients of tiny numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("b, n", [(50.0, 0), (100.0, 0), (300.0, 90), (1000.0, 600), (5000.0, 10)])
def test_deficits_far_below_the_background(b, n):
    "CLs of a count: exp(-s) without events, whatever b is; else the quotient of two Poisson sums in logarithms."
    k = np.arange(n + 1)
    log_cls = lambda s: np.logaddexp.reduce(stats.poisson.logpmf(k, s + b)) - np.logaddexp.reduce(stats.poisson.logpmf(k, b))
    right = counting_limit(n, b)
    np.testing.assert_allclose(log_cls(right), np.log(0.05), rtol=1e-8)
    np.testing.assert_allclose(counting_cls(n, right, b).cls, 0.05, rtol=1e-8)
    np.testing.assert_allclose(limit(counting(10.0, b), seen(n), n_sigma=()).value, right / 10, rtol=1e-9)
    if n == 0:
        np.testing.assert_allclose(right, np.log(20), rtol=1e-9)


def test_poisson_tails_agree_where_both_ways_are_right():
    n = np.arange(0, 800, 7)
    for mean in (0.3, 12.0, 333.0):
        with np.errstate(divide="ignore"):
            upper, lower = stats.poisson.logsf(n - 1, mean), stats.poisson.logcdf(n, mean)
        for right, found in ((upper, log_poisson_tail(n, mean)), (lower, log_poisson_tail(n, mean, upper=False))):
            good = right > -600
            np.testing.assert_allclose(found[good], right[good], rtol=1e-9, atol=1e-12)
            assert np.all(np.isfinite(found))
    assert np.isfinite(log_significance(-1e6))


def test_a_law_by_counts_answers_where_they_are_too_many():
    "Chosen for the middle, asked far out, where more kinds are frequent: against the same sum on its lattice."
    s, b = np.array([1.0, 2.19, 1.0, 0.457, 1.0]), np.array([0.042, 6.61, 0.056, 0.201, 1.0])
    t = np.round(np.log1p(s / b), 2)
    law, (lattice,) = upper_tail(t, b, b @ t), compound_poisson(t, [b], step=0.01, smooth=False)
    assert law.how == "counts"
    u = np.round(b @ t + np.array([0.0, 3.0, 10.0, 20.0, 30.0]), 2)
    np.testing.assert_allclose(law.log_tail(u), [lattice.log_tail(at) for at in u], rtol=1e-7)


# --- p-values are uniform ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("s, b", [((3.0, 1.0), (0.7, 20.0)), ((30.0, 10.0, 3.0), (100.0, 150.0, 200.0)), ((2.0, 2.0, 2.0, 0.1), (0.3, 1.0, 3.0, 50.0))])
def test_p_values_are_uniform(s, b):
    "P(p <= alpha | null) is at most alpha, and at least that less the largest atom: 400 experiments, five standard errors."
    s, b = np.array(s), np.array(b)
    model, cells = bins(s, b), np.arange(len(s), dtype=float)
    counts = np.random.default_rng(5).poisson(b, (400, len(b)))
    different, which = np.unique(counts, axis=0, return_inverse=True)
    t = np.log1p(s / b)
    p = np.array([np.exp(upper_tail(t, b, n @ t).log_tail(n @ t)) for n in different])[which.ravel()]
    one = different[0]
    np.testing.assert_allclose(p_value(model, Table(cells, weight=one.astype(float)), **DISCOVERY).value, p[which.ravel() == 0][0], rtol=1e-6)
    for level in (0.02, 0.1, 0.3, 0.7):
        share, error = np.mean(p <= level), np.sqrt(level * (1 - level) / len(p))
        below = p[p <= level].max(initial=0.0)              # the largest attainable level below
        assert abs(share - below) < 5 * error + 2e-3


@pytest.mark.parametrize("s, b", [((0.0025, 0.0683, 0.0119), (0.193, 0.1504, 0.1489)), ((0.044, 0.0631), (0.0338, 0.0053)), ((0.0332, 0.021, 0.0151), (0.1494, 0.1921, 0.1889)),
                                  ((0.6616, 0.563), (0.00118, 0.01467)), ((0.0185, 0.0469, 0.0297), (0.00092, 0.00356, 0.01358))])
def test_few_events_whose_probabilities_sum_to_one_and_rounding(s, b):
    """What is expected when hardly anything is: quantiles of T under the signal and their p-values by a sum over all counts below 14."""
    s, b = np.array(s), np.array(b)
    model = lr.binned.Histogram({"signal": lr.Contents(s), "background": lr.Contents(b)}, {"mu": "signal"})
    found = lr.discovery(model, np.zeros(len(s)), n_sigma=(-2, -1, 0, 1, 2))
    counts = np.stack([one.ravel() for one in np.meshgrid(*[np.arange(14)] * len(s), indexing="ij")], axis=1)
    t, probability = counts @ np.log1p(s / b), lambda mean: np.exp(stats.poisson.logpmf(counts, mean).sum(axis=1))
    with_signal, without = probability(s + b), probability(b)
    assert found.value == pytest.approx(1.0)
    for n, z in zip(found.n_sigma, found.expected):
        beyond = min(without[t >= at - 1e-9].sum() for at in np.unique(t) if with_signal[t >= at - 1e-9].sum() >= stats.norm.sf(n) - 1e-12)
        assert z < -8 if beyond > 1 - 1e-12 else z == pytest.approx(stats.norm.isf(beyond), abs=1e-6)
