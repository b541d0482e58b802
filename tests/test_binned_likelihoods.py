"""Histograms and fits inside a loss: what has no bins is refused in one line; shares, edges and fits are what they say."""

from dataclasses import replace

import numpy as np
import pytest
from malformed import COUNTS, NUMBERS, SWITCHES, checks_of

import lrguide as lr
from lrguide import inference_aware as aware
from lrguide.backend import keras, to_device, to_numpy
from lrguide.nets import Dense

VALUES = to_device(np.linspace(0, 1, 7))
FEW = np.random.default_rng(0).random((2, 12)) + [[0], [1]]
GAIN = lambda sums: sums[0] ** 2 / sums[1]
SCORES, ALONE = np.linspace(0, 1, 18).reshape(2, 9), {"free": np.ones((2, 1, 1)), "precision": np.zeros((2, 1, 1))}
EDGES = {"falling": [0, 1, 0.5], "equal": [0, 0.5, 0.5, 1], "one": [0.0], "one bin": [0.0, 1.0], "nan": [0, np.nan, 1], "equal in single precision": [1e6, 1e6 + 0.01, 1e6 + 0.02, 1e6 + 1], "text": "a", "two axes": np.eye(3)}

CALLS = {
    "shares_in": (aware.shares_in, dict(values=VALUES, edges=[0, 0.5, 1], width=0.1), dict(hard=SWITCHES, edges=EDGES, width={**NUMBERS, "zero": 0.0, "negative": -1.0})),
    "best_edges": (aware.best_edges, dict(contents=FEW, gain=GAIN, bins=3), dict(contents={"nan": np.nan * FEW, "text": "a", "few cells": FEW[:, :2], "three axes": FEW[None]},
                   bins={**COUNTS, "zero": 0, "thirteen": 13}, gain={"None": None, "number": 1.0, "text": "a", "nothing allowed": lambda sums: -np.inf * np.ones(len(sums[0])), "nan": lambda sums: np.nan * sums[0], "one for all": lambda sums: 1.0})),
    "Staircase": (aware.Staircase, dict(outputs=3), dict(outputs={**COUNTS, "one": 1})),
    "learn_edges": (aware.learn_edges, dict(scores=SCORES, weight=np.ones(9), slopes=np.ones((9, 1)), own=ALONE, bins=2, rng=1, fine=10),
                    dict(scores={"nan": np.nan * SCORES, "text": "a", "above one": SCORES + 1, "one axis": SCORES[0], "other events": SCORES[:, :5]},
                         weight={"negative": -np.ones(9), "nan": np.full(9, np.nan), "few": np.ones(3)}, slopes={"nan": np.full((9, 1), np.nan), "one axis": np.ones(9), "few": np.ones((3, 1))},
                         bins={**COUNTS, "one": 1}, fine={**COUNTS, "one": 1})),
    "by_histogram": (aware.by_histogram, dict(architecture=Dense(1, (2,)), bins=3, width=0.1, tested=(10.0, 1.0)),
                     dict(bins={"one": 1, "half": 2.5, "text": "a", "None": None}, width={"zero": 0.0, "negative": -1.0, "nan": np.nan, "text": "a", "None": None},
                          hard=SWITCHES, tested={"a list": [10.0, 1.0, 1.0], "zero": (0.0, 1.0), "negative": (10.0, -1.0), "nan": (np.nan, 1.0), "one": 10.0, "three": (10.0, 1.0, 1.0), "text": "a"})),
}

test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


@pytest.mark.parametrize("hard", (False, True))
def test_shares_sum_to_one_also_far_outside(hard):
    shares = to_numpy(aware.shares_in(to_device(np.array([-1e3, -1.0, 0.3, 2.0, 1e3])), [0, 0.2, 0.5, 1], 0.01, hard))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(shares[[0, 1, 3, 4]].argmax(axis=1), [0, 0, 2, 2])


def test_more_bins_are_never_worse_and_one_for_each_cell_is_all():
    gains = [aware.best_edges(FEW, GAIN, bins)[0] for bins in range(1, 13)]
    assert np.all(np.diff(gains) >= -1e-12)
    np.testing.assert_allclose(gains[0], GAIN(FEW.sum(axis=1)))
    np.testing.assert_allclose(gains[-1], GAIN(FEW).sum())
    assert len(aware.best_edges(FEW, GAIN, 1)[1]) == 0


def test_a_staircase_has_its_bins_between_its_edges():
    stairs = aware.Staircase(4)
    weights = to_device(stairs.draw([np.random.default_rng(k) for k in range(3)]))
    edges, y = to_numpy(stairs.edges(weights)), np.linspace(0, 1, 501)
    assert np.all(np.diff(edges, axis=1) > 0) and 0 < edges.min() and edges.max() < 1
    outputs = stairs.apply(weights, to_device(y[None, :, None]))
    for own, found in zip(edges, to_numpy(outputs).argmax(axis=-1)):
        far = np.abs(y[:, None] - own).min(axis=1) > 1e-5
        np.testing.assert_array_equal(found[far], np.searchsorted(own, y)[far])
    first = to_numpy(keras.ops.softmax(outputs[:, :, :2] / 0.1, axis=-1))[:, :, 1]
    np.testing.assert_allclose(first, 1 / (1 + np.exp(-(y - edges[:, :1]) / 0.1)), atol=1e-5)


def test_learned_edges_are_near_the_best_ones_whatever_the_score_of_the_others():
    rng = np.random.default_rng(1)
    purity = rng.beta(2, 4, (2, 4000))
    own = {"free": np.ones((2, 1, 1)), "precision": np.zeros((2, 1, 1))}
    edges = aware.learn_edges(purity, np.ones(4000), purity[0][:, None] / np.sqrt(np.mean(purity[0] ** 2)), own, 3, rng=1)
    kept = lambda own: sum(purity[0][own == k].sum() ** 2 / (own == k).sum() for k in range(3) if np.any(own == k))
    at = np.minimum((purity[0] * 400).astype(int), 399)
    best, _ = aware.best_edges([np.bincount(at, purity[0], 400), np.bincount(at, minlength=400)], lambda sums: sums[0] ** 2 / np.maximum(sums[1], 1e-12), 3)
    assert np.all(np.diff(edges, axis=1) > 0) and kept(np.searchsorted(edges[0], purity[0])) > 0.995 * best


def test_the_order_of_bins_and_of_nuisance_parameters_does_not_matter_to_a_test():
    rng = np.random.default_rng(1)
    rate, slopes, precision = rng.uniform(20, 40, (1, 1, 5)), rng.uniform(-3, 3, (1, 3, 5)), np.array([[1.0, 2.0, 0.5]])
    signal = rng.uniform(1, 5, (1, 1, 5))
    q = lambda *arrays: to_numpy(aware.squared_test(*map(to_device, arrays)))
    bins, order = rng.permutation(5), rng.permutation(3)
    np.testing.assert_allclose(q(rate, slopes, signal, precision), q(rate[..., bins], slopes[:, order][..., bins], signal[..., bins], precision[:, order]), rtol=1e-4)
    assert q(rate, slopes, signal, precision) < q(rate, 0 * slopes, signal, precision)          # what is not known costs


def test_without_slopes_the_fit_stays_where_it_is():
    rate = to_device(np.full((2, 1, 4), 10.0))
    theta = aware.conditional_minimum(rate, 0 * to_device(np.ones((2, 3, 4))), rate + 1.0, to_device(np.ones((2, 3))))
    np.testing.assert_array_equal(to_numpy(theta), 0)


def test_many_sets_with_a_simulation_of_their_own_and_contents_that_may_turn_negative():
    "Each pseudo-experiment has found other contents; a step that would leave them negative is shortened for each by its own. One by one they are the same."
    model = lr.Histogram({"signal": lr.Contents([5.0, 3.0], [0.1, 0.1], shape={"scale": ([4.0, 4.0], [6.0, 1.0])}), "background": lr.Contents([2.0, 1.0], [0.1, 0.1])},
                         {"mu": "signal"})
    rng = np.random.default_rng(1)
    sets = model.on([[8, 4]]).parts[0]
    several = replace(sets, counts=rng.poisson([7.0, 3.0], (40, 2)).astype(float), factor=1 + 0.2 * rng.standard_normal((40, 2)))
    together = replace(model.on([[8, 4]]), parts=(several,)).fit_many()
    for i in range(40):
        alone = replace(model.on([[8, 4]]), parts=(several.take([i]),)).fit_many()
        for name in ("mu", "scale"):
            np.testing.assert_allclose(together.values[name][i], alone.values[name][0], rtol=1e-4, atol=1e-5)
