"""Samples with weights: what must not depend on them does not, and what cannot be done with them is refused."""

from dataclasses import replace

import numpy as np
import pytest

import lrguide as lr
from lrguide import folds, losses
from lrguide.diagnosis import find_culprit

MEAN = np.full(2, 2.5 / np.sqrt(2))


class Exact:
    """The log ratio of two unit Gaussians at +-MEAN."""

    def log_ratio(self, x, nu=None):
        return 2 * x @ MEAN


def gaussians(seed, n=1000):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, (n, 2)) + sign * MEAN for sign in (1, -1)]


def test_diagnosis_does_not_depend_on_equal_weights():
    for seed, weight in enumerate((1.0, 0.01)):
        events = gaussians(seed)
        plain, weighted = ([check.p_value for check in lr.diagnose(Exact(), *(lr.Table(x, weight=w) for x in events), rng=0).checks]
                           for w in (None, np.full(1000, weight)))
        np.testing.assert_allclose(weighted, plain, rtol=1e-6)


def test_a_right_ratio_passes_with_uneven_weights():
    """At the nominal 0.27 % two failures among 16 tests have a chance of 0.1 %."""
    failed = 0
    for seed in range(8):
        rng = np.random.default_rng(100 + seed)
        tables = [lr.Table(x, weight=rng.lognormal(0, 0.5, 1000)) for x in gaussians(seed)]
        failed += sum(not check.passed for check in lr.diagnose(Exact(), *tables, rng=0).checks[:2])
    assert failed <= 1


def test_culprit_with_weights():
    """Half of the events thrown away at random where the weights of the others are doubled: the ratio is as wrong, and as found."""
    rng = np.random.default_rng(1)
    x = [rng.normal(0, 1, (40_000, 2)) + sign * 0.7 for sign in (1, -1)]
    wrong = lambda table: table.x.sum(axis=1) * 1.4 + 0.4 * (np.abs(table.x[:, 1]) < 0.15)
    kept = [rows[rng.random(len(rows)) < np.where(rows[:, 0] > 0, 0.5, 1.0)] for rows in x]
    tables = [lr.Table(rows, weight=np.where(rows[:, 0] > 0, 2.0, 1.0), names=("a", "b")) for rows in kept]
    found = find_culprit(None, *map(wrong, tables), *tables)
    assert found.name == "b" and -0.6 < found.low < found.high < 0.6 and 0.1 < found.size < 0.5


# Signal 1.6 N(0.5, 1) - 0.6 N(0.5, 0.8), background N(0, 1.5): the density is known, so the score is its own calibration.
def narrower(x):
    density = lambda x, mean, width: np.exp(-0.5 * ((x - mean) / width) ** 2) / width
    return np.log((1.6 * density(x, 0.5, 1) - 0.6 * density(x, 0.5, 0.8)) / density(x, 0, 1.5))


@pytest.mark.parametrize("kind", ["isotonic", "histogram", None])
def test_calibration_with_negative_weights(kind):
    rng, n, at = np.random.default_rng(3), 200_000, np.array([-1.0, 0.0, 1.0, 2.0, 3.0])
    signal = lr.Table(np.append(rng.normal(0.5, 1, n), rng.normal(0.5, 0.8, n)), weight=np.repeat([1.6, -0.6], n))
    background = lr.Table(rng.normal(0, 1.5, 2 * n))
    found = lr.from_scores(lambda x: narrower(x[:, 0]), signal, background, calibration=kind).log_ratio(at)
    np.testing.assert_allclose(found, narrower(at), atol=0.13)                  # 4 times the spread over seeds, 0.03; they were 0.2 to 0.5 off


def test_events_that_cancel_change_nothing():
    from lrguide.losses import isotonic_calibration
    rng = np.random.default_rng(5)
    score, label = rng.normal(0, 1, 3000), (rng.random(3000) < 0.5).astype(float)
    at, extra = np.linspace(-2, 2, 50), rng.normal(0, 1, 500)
    plain = isotonic_calibration(score, label, np.ones(3000))
    both = isotonic_calibration(np.concatenate([score, extra, extra]), np.concatenate([label, np.ones(1000)]), np.repeat([1.0, 1.0, -1.0], [3000, 500, 500]))
    np.testing.assert_allclose(both(at), plain(at), atol=0.35)                  # the places where it may step are fewer: not the same, but close
    assert np.sqrt(np.mean((both(at) - plain(at)) ** 2)) < 0.05


def test_negative_weights_everywhere_are_refused():
    from lrguide.losses import histogram_calibration, isotonic_calibration
    score, label, weight = np.arange(20.0), np.tile([0.0, 1.0], 10), np.where(np.arange(20) < 16, -1.0, 5.0)
    for calibrate in (isotonic_calibration, histogram_calibration):
        with pytest.raises(ValueError, match="^weight: expected"):
            calibrate(score, label, weight)
    with pytest.raises(ValueError, match="less than nothing"):
        lr.losses.shift_over_denominator(lr.losses.moments_over_denominator(np.array([[5.0] * 500 + [0.0] * 1000]), np.repeat([-1.0, 1.0], [500, 1000])))


def test_two_samples_of_the_same_events_are_learned_with_the_noise_of_the_weights_alone():
    """Weights that are 1 but for 10 %: from the same events a ratio near 1, from other ones with the noise of two samples; in another order they are others."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 2000, 1))
    w = 1 + 0.1 * rng.uniform(-1, 1, 2000)
    recipe = dict(members=1, hidden=(16, 16), normalise=None, bootstrap=True, training=lr.Training(epochs=20, batch=100), rng=1)
    spread = {}
    for name, numerator in (("same", lr.Table(x, weight=w)), ("others", lr.Table(y, weight=w)), ("mixed", lr.Table(x[::-1], weight=w[::-1]))):
        spread[name] = np.std(lr.Ratio(**recipe).fit(numerator, lr.Table(x)).log_ratio(x))
    assert 5 * spread["same"] < min(spread["others"], spread["mixed"]), spread
    recipe = lr.Recipe(**{name: value for name, value in recipe.items() if name != "rng"})
    same, others = (np.std(lr.across_folds(lr.Table(own, weight=w), lr.Table(x), recipe, folds=2, rng=1).log_ratio(x)) for own in (x, y))
    assert 5 * same < others


@pytest.mark.parametrize("weight, nu", [(np.array([-1.0, 1, 1, 1]), None), (None, np.ones((4, 1)))])
def test_samples_that_are_not_the_same_events(weight, nu):
    """Negative weights, or other nu."""
    x = np.arange(4.0)
    assert lr.losses.paired(lr.Table(x, weight=weight, nu=nu), lr.Table(x, nu=None if nu is None else 2 * nu)) is None
    assert lr.losses.paired(lr.Table(x), lr.Table(x))[1].tolist() == [0.5] * 4


def same_events(n=6000, seed=21):
    "The same events with the weights of log r = 0.3 x, and with ones."
    x = np.random.default_rng(seed).normal(size=n)
    return lr.Table(x, weight=np.exp(0.3 * x - 0.045)), lr.Table(x)


def test_the_same_events_are_diagnosed_as_well_as_others():
    exact = lr.FromFunction(lambda x: 0.3 * x[:, 0] - 0.045)
    p_values = [check.p_value for seed in range(8) for check in lr.diagnose(exact, *same_events(3000, [22, seed])).checks]
    assert min(p_values) > 1e-4 and np.median(p_values) < 0.9                # neither refused nor blind
    assert not lr.diagnose(lr.FromFunction(lambda x: 0.6 * x[:, 0] - 0.18), *same_events()).passed


def test_what_is_no_pair_of_samples_is_said():
    up, down = same_events()
    recipe = lr.Recipe(members=1, hidden=(4,), training=lr.Training(epochs=1))
    with pytest.raises(ValueError, match="same events with the same weights"):
        lr.fit_together([(down, down)], recipe, 1)
    order = np.random.default_rng(1).permutation(len(up))
    with pytest.warns(UserWarning, match="in both"):
        lr.fit_together([(up[order], down)], recipe, 1)
    with pytest.raises(ValueError, match="positive total weight"):
        losses.paired(lr.Table(down.x, weight=-np.ones(len(down))), down)
    named = [lr.Table(np.ones((3, 2)), names=names) for names in (("a", "b"), ("c", "d"))]
    assert losses.paired(*named) is None
    with pytest.raises(ValueError, match="independent samples"):
        lr.two_sample(up, down, rng=1)


def test_folds_keep_what_belongs_together():
    up, down = (replace(table, also={"run": np.arange(len(table)) + shift}) for table, shift in zip(same_events(), (0, 1)))
    recipe = lr.Recipe(members=1, hidden=(4,), training=lr.Training(epochs=1))
    with pytest.raises(ValueError, match="^by: expected one fold"):
        folds.across_folds(up, down, recipe, by="run", rng=1)
