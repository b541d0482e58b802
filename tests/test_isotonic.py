"""Isotonic calibration: no cliffs, scores of a few values as counted, nothing that depends on the unit of the score or on events without weight."""

import numpy as np
import pytest
from scipy.special import expit, logit

from lrguide.losses import isotonic_calibration


def gaussians(n, separation, rng):
    """Log ratios of two unit Gaussians, which are their own calibration, and labels."""
    label = np.tile([0.0, 1.0], n // 2)
    return separation**2 * (label - 0.5) + separation * rng.standard_normal(n), label


WEIGHTS = {"none": lambda rng, n: np.ones(n), "lognormal": lambda rng, n: rng.lognormal(-0.5, 1, n), "a third negative": lambda rng, n: rng.choice([3.0, 3.0, -3.0], n)}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("separation", [1.0, 3.0])
def test_no_cliffs(weights, separation):
    """The true slope is 1; of blocks that are not merged, pieces a hundred times as steep are common. 25 keeps 1e-5 for scores that agree to 4e-7."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        table = isotonic_calibration(*gaussians(20_000, separation, rng), WEIGHTS[weights](rng, 20_000))
        assert np.all(np.diff(table.knots) > 0) and np.all(np.diff(table.log_ratio) >= 0)
        assert np.max(np.diff(table.log_ratio) / np.diff(table.knots)) < 25


def test_more_events_less_error():
    """Sixteen times as many events: 16^(2/3) = 6.3 times less squared error in the limit."""
    error = []
    for n in (5_000, 80_000):
        squares = []
        for seed in range(10):
            score, label = gaussians(n, 1.0, np.random.default_rng(seed))
            squares.append(np.mean((isotonic_calibration(score, label, np.ones(n))(score) - score) ** 2))
        error.append(np.mean(squares))
    assert 4 < error[0] / error[1] < 10


@pytest.mark.parametrize("levels", [[-3, 0, 0, 0.2, 2], [-4, -1, -1, -1, -0.9, 1, 1, 3]])
def test_scores_that_repeat(levels):
    """What was counted at each score of a tree, also if some are out of order and form one block: to its errors, far less than the way to its neighbours."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        leaf = rng.integers(0, len(levels), 40_000)
        label = rng.random(40_000) < expit(np.array(levels)[leaf])
        found = isotonic_calibration(leaf**2, label, np.ones(40_000))(np.arange(len(levels)) ** 2)
        error = 1 / np.sqrt(np.bincount(leaf) * expit(levels) * expit(np.negative(levels)))
        assert np.all(np.abs(found - levels) < 5 * error)


def test_one_score_and_two():
    label = np.array([0, 1, 1, 1, 0, 1, 1, 1])
    np.testing.assert_allclose(isotonic_calibration(np.full(8, 0.3), label, np.ones(8))([-1, 0.3, 2]), logit(8 / 12))       # two events of each class more
    table = isotonic_calibration(np.repeat([0.0, 1.0], 400), np.tile([0, 1, 1, 1, 0, 0, 0, 1], 100)[::-1], np.ones(800))
    np.testing.assert_allclose(table([0.0, 1.0]), logit(0.5), atol=1e-12)       # out of order or alike: one block
    table = isotonic_calibration(np.repeat([0.0, 1.0], 400), np.repeat([0, 1, 0, 1], [300, 100, 100, 300]), np.ones(800))
    np.testing.assert_allclose(table([0.0, 0.5, 1.0]), [logit(101 / 402), 0, logit(301 / 402)], atol=1e-12)


def test_unit_of_the_score_and_events_without_weight():
    rng = np.random.default_rng(1)
    score, label = gaussians(5_000, 1.0, rng)
    weight = rng.lognormal(0, 0.5, 5_000)
    table, at = isotonic_calibration(score, label, weight), np.linspace(-3, 3, 101)
    np.testing.assert_allclose(isotonic_calibration(1e3 * score - 7, label, weight)(1e3 * at - 7), table(at), rtol=1e-9, atol=1e-9)
    far = isotonic_calibration(np.append(score, [-50, 50]), np.append(label, [1, 0]), np.append(weight, [0, 0]))
    np.testing.assert_array_equal(far(at), table(at))


def test_labels_that_only_rise():
    """Events that are in both samples, with exact labels at evenly spaced scores: each is a block, alike ever less to one side; merged in passes, not one pair at a time."""
    score = np.linspace(-4, 4, 200_000)
    table, at = isotonic_calibration(score, expit(score), np.ones(len(score))), np.linspace(-2, 2, 9)
    assert 20 < len(table.knots) < 400
    np.testing.assert_allclose(table(at), at, atol=0.01)
