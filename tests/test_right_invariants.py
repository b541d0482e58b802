"""What may not change an answer, for models and data that hypothesis makes up: order of events, names of bins, units, repeated events in place of weights, how data
are cut into channels, the reference density. Tiny and huge yields, single events, equal events and ratios that say nothing are among them."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lrguide.arrays import Ranges, Table, as_table, join
from lrguide.experiments import KnownSource
from lrguide.hypotest import cls_value, discovery, p_value
from lrguide.intervals import intervals, limit
from lrguide.likelihood import BinnedRatio, Likelihood, Normal, Process
from lrguide.models import Resonance
from lrguide.sums import upper_tail

DISCOVERY, LIMIT = ({"mu": 0.0}, {"mu": 1.0}), ({"mu": 1.0}, {"mu": 0.0})
TOY = Resonance(0.08)
SEARCH = Likelihood({"signal": Process(20, TOY, source=TOY), "background": Process(100, source=TOY)}, {"mu": "signal"})


def examples(n: int):
    "The same examples at each run, none of them kept."
    return settings(max_examples=n, derandomize=True, deadline=None, database=None)


def logarithmic(low: float, high: float):
    "Numbers over many orders of magnitude, from 10^`low` to 10^`high`."
    return st.floats(low, high).map(lambda power: 10.0**power)


@st.composite
def histograms(draw, most: int = 5, s=logarithmic(-3, 2), b=logarithmic(-2, 3)):
    "Expected signal and background (k,) and counts (k,) in the bins of a histogram; ratios may be equal everywhere, counts zero."
    k = draw(st.integers(1, most))
    background = np.array(draw(st.lists(b, min_size=k, max_size=k)))
    signal = background * draw(logarithmic(-2, 0)) if draw(st.integers(0, 4)) == 0 else np.array(draw(st.lists(s, min_size=k, max_size=k)))
    off = np.array(draw(st.lists(st.floats(-2, 3), min_size=k, max_size=k)))
    return signal, background, np.maximum(np.rint(background + off * np.sqrt(background)), 0.0)


def binned(s, b):
    source = [KnownSource(Table(np.arange(len(s), dtype=float), weight=contents)) for contents in (s, b)]
    return Likelihood({"signal": Process(s.sum(), BinnedRatio(lambda x: x[:, 0].astype(int), s, b), source[0]), "background": Process(b.sum(), source=source[1])},
                      {"mu": "signal"})


def filled(n):
    return Table(np.arange(len(n), dtype=float), weight=n)


def answers(model, x) -> np.ndarray:
    "Everything there is to say about a data set with known nuisance parameters."
    p, cls, found = p_value(model, x, *DISCOVERY), cls_value(model, x, *LIMIT), discovery(model, x, method="asymptotic", n_sigma=())
    return np.array([p.log_p, cls.log_clsb, cls.log_clb, found.z])


@examples(5)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 4))
def test_order_and_repetition_of_events(seed, n_signal, most):
    rng = np.random.default_rng(seed)
    x = np.concatenate([TOY.sample("signal", n_signal, rng).x, TOY.sample("background", 60, rng).x])
    times = rng.integers(0, most, len(x)) if most > 1 else np.eye(1, len(x))[0].astype(int)          # or a single event
    once = answers(SEARCH, Table(x, weight=times.astype(float)))
    np.testing.assert_allclose(answers(SEARCH, np.repeat(x, times, axis=0)), once, rtol=1e-6)
    order = rng.permutation(len(x))
    np.testing.assert_allclose(answers(SEARCH, Table(x[order], weight=times[order].astype(float))), once, rtol=1e-6)


@examples(25)
@given(histograms(4), st.randoms(use_true_random=False))
def test_names_of_bins(histogram, random):
    s, b, n = histogram
    order = np.array(random.sample(range(len(s)), len(s)))
    right, moved = (answers(binned(*at[:2]), filled(at[2])) for at in ((s, b, n), (s[order], b[order], n[order])))
    np.testing.assert_allclose(moved, right, rtol=1e-6, atol=1e-6)


@examples(10)
@given(histograms(2), logarithmic(-9, 9), logarithmic(-2, 2))
def test_a_limit_has_the_unit_of_the_strength(histogram, far, near):
    s, b, n = histogram
    for method, unit, tolerance in (("exact", far, 2e-9), ("asymptotic", near, 1e-6)):
        one, other = (limit(binned(signal, b), filled(n), method=method, n_sigma=()).value for signal in (s, s * unit))
        np.testing.assert_allclose(other * unit, one, rtol=tolerance)


@examples(10)
@given(histograms(3), st.floats(0.05, 0.95), st.integers(0, 2**32))
def test_a_channel_cut_in_two(histogram, share, seed):
    "Parts with a share of all yields, their events dealt out by chance: what is said about both together is what is said about the whole."
    s, b, n = histogram
    first = np.random.default_rng(seed).binomial(n.astype(int), share).astype(float)
    whole, parts = binned(s, b), binned(share * s, share * b) + binned((1 - share) * s, (1 - share) * b)
    data = [filled(first), filled(n - first)]
    np.testing.assert_allclose(answers(parts, data), answers(whole, filled(n)), rtol=1e-6, atol=1e-6)
    one, other = (limit(model, x, method="asymptotic", n_sigma=()).value for model, x in ((whole, filled(n)), (parts, data)))
    np.testing.assert_allclose(other, one, rtol=1e-6)


@examples(60)
@given(histograms(6), st.floats(0.02, 0.98), st.floats(-3, 3))
def test_a_bin_cut_in_two_adds_nothing(histogram, share, more):
    "Parts with the same ratio have the same t: one kind of event, whatever share of it each holds."
    s, b, n = histogram
    t = np.log1p(s / b)
    at = n @ t + more * np.sqrt(b @ t**2)
    cut = np.append(b, b[0] * (1 - share)) * np.append(np.append(share, np.ones(len(s) - 1)), 1.0)
    np.testing.assert_allclose(upper_tail(np.append(t, t[0]), cut, at).log_tail(at), upper_tail(t, b, at).log_tail(at), rtol=1e-9, atol=1e-12)


@examples(30)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 4, 12, 80, 2000]), st.floats(-3, 1), st.floats(-2, 1), st.floats(-1, 2))
def test_tails_fall_and_their_ends_are_zero_and_one(seed, k, size, often, out):
    "P(T >= t) does not rise with t, is 1 at -inf; kinds that cannot happen and kinds that say nothing change nothing. Scaling T scales nothing else."
    rng = np.random.default_rng(seed)
    t, rate = rng.normal(0, 10.0**size, k), 10.0**often * rng.uniform(0.1, 1, k) / np.sqrt(k)
    at = rate @ t + out * np.sqrt(rate @ t**2)
    law = upper_tail(t, rate, at)
    p = law.log_tail(np.sort(np.append(at, at + np.sqrt(rate @ t**2) * rng.normal(0, 2, 30))))
    assert np.all(p[1:] <= p[:-1] + 1e-9) and law.log_tail(-np.inf) == 0
    more = upper_tail(np.append(t, [0.0, 3.0]), np.append(rate, [7.0, 0.0]), at)
    np.testing.assert_allclose(more.log_tail(at), law.log_tail(at), rtol=1e-7)
    scaled = upper_tail(1e-5 * t, rate, 1e-5 * at)
    np.testing.assert_allclose(scaled.log_tail(1e-5 * at), law.log_tail(at), rtol=1e-6, atol=1e-6)


@examples(20)
@given(histograms(5, s=logarithmic(-2, 1), b=logarithmic(-2, 1.5)), st.integers(0, 2**32))
def test_p_values_are_uniform_as_far_as_atoms_allow(histogram, seed):
    "P(p <= alpha) <= alpha; and half of an atom counted, the mean of p is 1/2."
    s, b, _ = histogram
    t = np.log1p(s / b)
    n = np.random.default_rng(seed).poisson(b, (300, len(b)))
    law = upper_tail(t, b, b @ t)
    toys = np.round(n @ t, 12)
    p = np.exp(law.log_tail(toys - 1e-7 * (1 + np.abs(toys))))
    above = np.exp(law.log_tail(toys + 1e-7 * (1 + np.abs(toys))))
    for alpha in (0.01, 0.05, 0.3, 0.7):
        assert np.mean(p <= alpha) <= alpha + 5 * np.sqrt(alpha * (1 - alpha) / len(p))
    middle = (p + above) / 2
    assert abs(middle.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(p))                     # of a uniform number, more than with atoms


@st.composite
def searches(draw):
    "A search with a nuisance parameter in a density and one in a yield, and a data set for it: signal at 0, background falling; yields of 1 to 300."
    signal, background = draw(logarithmic(0, 2)), draw(logarithmic(0.5, 2.5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = np.concatenate([0.3 * rng.standard_normal(rng.poisson(signal)), rng.exponential(1.0, rng.poisson(background)) - 1.0])
    assume(len(x) > 0)
    return signal, background, x


@dataclass(frozen=True)
class Formula:
    "Somebody's log ratio: a `function` of x (n, d) and nu (n, k)."
    function: Callable
    parameters: dict

    def log_ratio(self, x, nu=None):
        return self.function(x, None if nu is None else np.broadcast_to(nu, (len(x), len(self.parameters))))


def model(signal, background, shift=lambda x: 0.0):
    "Densities relative to one that is exp(-`shift`) times the flat one."
    peak = Formula(lambda x, nu: -0.5 * (x[:, 0] - nu[:, 0]) ** 2 / 0.09 - np.log(0.3 * np.sqrt(2 * np.pi)) + shift(x[:, 0]), {"place": (-0.5, 0.5)})
    falling = Formula(lambda x, nu: np.where(x[:, 0] > -1, -1.0 - x[:, 0], -50.0) + shift(x[:, 0]), {})
    return Likelihood({"signal": Process(signal, peak), "background": Process(background, falling, norm={"rate": (0.9, 1.1)})}, {"mu": "signal"}, [Normal("place", 0.0, 0.1)])


def fitted(fit) -> np.ndarray:
    "Values and errors of a Fit, the latter without those at a limit."
    return np.array([*fit.values.values(), *np.nan_to_num(list(fit.errors.values()))])


@examples(25)
@given(searches())
def test_the_reference_density_does_not_matter(search):
    signal, background, x = search
    right, moved = model(signal, background), model(signal, background, lambda x: 3.0 + 2 * np.sin(5 * x) - 40 * x)
    points = [{"mu": 0.5, "place": 0.1, "rate": -1.0}, {"mu": 2.0, "place": -0.2, "rate": 1.0}]
    np.testing.assert_allclose(moved.nll(x, points[0]) - moved.nll(x, points[1]), right.nll(x, points[0]) - right.nll(x, points[1]), rtol=1e-8, atol=1e-7)
    one, other = right.fit(x), moved.fit(x)
    np.testing.assert_allclose(fitted(other), fitted(one), rtol=1e-3, atol=1e-3)


@examples(10)
@given(searches(), st.integers(0, 2**32))
def test_fits_to_repeated_and_to_twice_the_data(search, seed):
    "Weights are repetitions; twice the data and twice the yields, or a second channel, divide errors by the square root of two."
    signal, background, x = search
    order = np.random.default_rng(seed).permutation(len(x))
    one = model(signal, background).fix(place=0.0, rate=0.0)
    two = model(2 * signal, 2 * background).fix(place=0.0, rate=0.0)
    once = fitted(one.fit(x))
    np.testing.assert_allclose(fitted(one.fit(x[order])), once, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(fitted(two.fit(Table(x, weight=np.full(len(x), 2.0)))), once / [1, np.sqrt(2)], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fitted(two.fit(np.repeat(x, 2))), once / [1, np.sqrt(2)], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fitted((one + one).fit([x, x])), once / [1, np.sqrt(2)], rtol=1e-5, atol=1e-6)
    many = one.fit_many([x, x[order], x[:1]])
    np.testing.assert_allclose([many.values["mu"][0], many.values["mu"][1]], once[0], rtol=1e-5, atol=1e-6)


@examples(8)
@given(searches(), logarithmic(-6, 6))
def test_intervals_have_the_unit_of_the_parameter(search, unit):
    signal, background, x = search
    one, other = (intervals(model(s, background), [x]) for s in (signal, signal * unit))
    for end in ("low", "high", "best"):
        np.testing.assert_allclose(getattr(other, end) * unit, getattr(one, end), rtol=1e-4, atol=1e-4 * float(one.high[0] - one.low[0]))


numbers = st.floats(-1e300, 1e300, allow_subnormal=False)


@examples(100)
@given(st.lists(st.tuples(numbers, numbers, st.floats(0, 1)), min_size=1, max_size=4))
def test_unit_and_at_are_inverse(ends):
    ranges = Ranges({f"p{i}": (min(a, b), max(a, b)) for i, (a, b, _) in enumerate(ends)})
    assume(np.all(np.isfinite(ranges.high - ranges.low)))
    share = np.array([[one for _, _, one in ends]])
    point = ranges.at(2 * share - 1)
    size = np.maximum(np.abs(ranges.low), np.abs(ranges.high))
    assert np.all((point >= ranges.low - 1e-12 * size) & (point <= ranges.high + 1e-12 * size))
    np.testing.assert_allclose(ranges.at(ranges.unit(point)), point, rtol=0, atol=4e-16 * size.max())
    assert np.all(np.abs(ranges.unit(ranges.inside(point))) <= 1 + 1e-9)


@examples(60)
@given(st.integers(0, 6), st.integers(1, 3), st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_tables_come_back(n, d, weighted, named, seed):
    rng = np.random.default_rng(seed)
    table = Table(rng.standard_normal((n, d)), rng.random((n, 2)) if n else None, rng.standard_normal(n) if weighted else None, {"fold": np.arange(n)}, tuple("abc"[:d]) if named else None)
    same = lambda other: all(np.array_equal(getattr(table, name), getattr(other, name)) for name in ("x", "weights")) and table.names == other.names and np.array_equal(table.also["fold"], other.also["fold"])
    cut = int(rng.integers(0, n + 1))
    assert same(pickle.loads(pickle.dumps(table))) and same(join(table[:cut], table[cut:])) and same(table[np.argsort(table.also["fold"])])
    if named and n:
        assert np.array_equal(as_table({name: column for name, column in zip(table.names, table.x.T)}).x, table.x)
