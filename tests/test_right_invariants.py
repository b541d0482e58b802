"""What may not change an answer: the order of events, the names of bins, repeated events in place of weights, rows without weight. Random models, fixed seeds."""

import numpy as np
import pytest

from lrguide.arrays import Table
from lrguide.experiments import KnownSource
from lrguide.hypotest import cls_value, discovery, p_value
from lrguide.intervals import limit
from lrguide.likelihood import BinnedRatio, Likelihood, Process
from lrguide.models import Resonance
from lrguide.sums import upper_tail

DISCOVERY, LIMIT = ({"mu": 0.0}, {"mu": 1.0}), ({"mu": 1.0}, {"mu": 0.0})
TOY = Resonance(0.08)
SEARCH = Likelihood({"signal": Process(20, TOY, source=TOY), "background": Process(100, source=TOY)}, {"mu": "signal"})


def answers(model, x) -> np.ndarray:
    "Everything there is to say about a data set with known nuisance parameters."
    p, cls, found = p_value(model, x, *DISCOVERY), cls_value(model, x, *LIMIT), discovery(model, x, method="asymptotic", n_sigma=())
    return np.array([p.log_p, cls.log_clsb, cls.log_clb, limit(model, x, n_sigma=()).value, limit(model, x, method="asymptotic", n_sigma=()).value, found.z])


def random_bins(rng):
    "Yields of signal and background in two to six bins, over three orders of magnitude."
    k = int(rng.integers(2, 7))
    return rng.uniform(0.1, 3, k), 10 ** rng.uniform(-0.5, 1.5, k)


def binned(s, b):
    source = [KnownSource(Table(np.arange(len(s), dtype=float), weight=contents)) for contents in (s, b)]
    return Likelihood({"signal": Process(s.sum(), BinnedRatio(lambda x: x[:, 0].astype(int), s, b), source[0]), "background": Process(b.sum(), source=source[1])},
                      {"mu": "signal"})


@pytest.mark.parametrize("seed", range(3))
def test_order_and_repetition_of_events(seed):
    rng = np.random.default_rng(seed)
    x = np.concatenate([TOY.sample("signal", int(rng.integers(5, 40)), rng).x, TOY.sample("background", 100, rng).x])
    times = rng.integers(0, 3, len(x))
    once = answers(SEARCH, Table(x, weight=times.astype(float)))
    np.testing.assert_allclose(answers(SEARCH, np.repeat(x, times, axis=0)), once, rtol=1e-6)
    order = rng.permutation(len(x))
    np.testing.assert_allclose(answers(SEARCH, Table(x[order], weight=times[order].astype(float))), once, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_names_of_bins(seed):
    rng = np.random.default_rng(10 + seed)
    s, b = random_bins(rng)
    n, order = rng.poisson(b + 0.5 * s).astype(float), rng.permutation(len(s))
    right = answers(binned(s, b), Table(np.arange(len(s), dtype=float), weight=n))
    np.testing.assert_allclose(answers(binned(s[order], b[order]), Table(np.arange(len(s), dtype=float), weight=n[order])), right, rtol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_bin_cut_in_two_equal_parts_adds_nothing(seed):
    "Parts with the same ratio have the same t: one kind of event, whatever share of it each holds."
    rng = np.random.default_rng(20 + seed)
    s, b = random_bins(rng)
    share = rng.uniform(0.1, 0.9)
    t, n = np.log1p(s / b), rng.poisson(b + s)
    cut = lambda values: np.append(values, values[0] * (1 - share)) * np.append(np.append(share, np.ones(len(s) - 1)), 1.0)
    for at in (n @ t, n @ t + 3.0):
        np.testing.assert_allclose(upper_tail(np.append(t, t[0]), cut(b), at).log_tail(at), upper_tail(t, b, at).log_tail(at), rtol=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_tails_fall_and_their_ends_are_zero_and_one(seed):
    "P(T >= t) does not rise with t, is 1 at -inf; kinds that cannot happen and kinds that say nothing change nothing. Scaling T scales nothing else."
    rng = np.random.default_rng(30 + seed)
    k = int(rng.choice([1, 2, 4, 12, 80, 2000]))
    t, rate = rng.normal(0, 10 ** rng.uniform(-3, 1, k)), 10 ** rng.uniform(-2, 1, k) / np.sqrt(k)
    at = rate @ t + rng.normal() * np.sqrt(rate @ t**2)
    law = upper_tail(t, rate, at)
    p = law.log_tail(np.sort(np.append(at, at + np.sqrt(rate @ t**2) * rng.normal(0, 2, 30))))
    assert np.all(p[1:] <= p[:-1] + 1e-9) and law.log_tail(-np.inf) == 0
    more = upper_tail(np.append(t, [0.0, 3.0]), np.append(rate, [7.0, 0.0]), at)
    np.testing.assert_allclose(more.log_tail(at), law.log_tail(at), rtol=1e-7)
    scaled = upper_tail(1e-5 * t, rate, 1e-5 * at)
    np.testing.assert_allclose(scaled.log_tail(1e-5 * at), law.log_tail(at), rtol=1e-6, atol=1e-9)
