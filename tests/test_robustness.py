"""Robustness of a fixed classifier: what is refused, and closed forms that hold for any line."""

from dataclasses import replace

import numpy as np
import pytest

import lrguide as lr
from lrguide import robustness
from lrguide.backend import keras, to_device
from lrguide.nets import Training
from malformed import COUNTS, EVENTS, FUNCTIONS, NAN, NOTHING, NUMBERS, checks_of

W, A = np.array([1.0, -0.5, 0.25]), np.array([0.0, 1.0, 1.0])
X = np.random.default_rng(1).normal(size=(400, 3))


def line(v):
    return lambda x: keras.ops.matmul(x, to_device(v))


def curved(x):
    return keras.ops.sum(x, axis=-1) - 0.5 * keras.ops.sum(x**2, axis=-1)


FREE = robustness.Freedom(line(W), 0.1, {"c": line(A)}, unit=np.ones(3))
ONE = lr.Training(epochs=1, batch=100)
CALLS = {
    "Freedom": (robustness.Freedom, dict(classifier=line(W), size=0.1, held={"c": line(A)}, how="event", goal="mean", direction=1, cut=0.0, unit=[1.0, 1.0, 0.0]),
                dict(classifier=FUNCTIONS, size={**NUMBERS, "zero": 0.0, "negative": -1.0}, held={"empty": {}, "number": 1.0, "text": {"c": "a"}, "list": [line(A)]},
                     how={"None": None, "other": "histogram"}, goal={"None": None, "other": "median"}, direction={"zero": 0, "two": 2, "half": 0.5, "None": None}, cut=NUMBERS,
                     unit={"zeros": [0.0, 0.0], "negative": [-1.0], "nan": [NAN], "text": "a", "two axes": np.ones((2, 2)), "object": NOTHING})),
    "first_order": (robustness.first_order, dict(freedom=FREE, x=X), dict(freedom={"None": None, "number": 1.0, "text": "a", "object": NOTHING}, x={**EVENTS, "two features": X[:, :2], "one": X[:1]})),
    "learn_change": (robustness.learn_change, dict(freedom=FREE, x=X, strength=1.0, members=1, training=ONE, rng=1),
                     dict(freedom={"None": None, "number": 1.0, "text": "a", "object": NOTHING}, training={"None": None, "number": 1.0, "text": "a", "object": NOTHING}, x=EVENTS, strength={**NUMBERS, "zero": 0.0}, members={k: v for k, v in COUNTS.items() if k != "huge"}, rng={"None": None, "text": "a"})),
    "effect": (robustness.effect, dict(freedom=FREE, x=X, changed=X), dict(freedom={"None": None, "number": 1.0, "text": "a", "object": NOTHING}, watched={"number": 1.0, "text": "a", "list": [1.0]}, x=EVENTS, changed={**EVENTS, "short": X[:5]})),
}


test_refused_in_one_line, test_the_calls_themselves_work = checks_of(CALLS)


@pytest.mark.parametrize("function, of, line", [
    (robustness.first_order, dict(classifier=line(0 * W)), "classifier: expected one that depends"),
    (robustness.first_order, dict(classifier=lambda x: x), "classifier: expected"),
    (robustness.learn_change, dict(classifier=curved, size=8.0), "size: expected a change so small"),
    (robustness.first_order, dict(held={"c": lambda x: x[..., 0] / 0.0}), "c: expected finite"),
])
def test_what_makes_no_bound(function, of, line):
    from dataclasses import replace
    with pytest.raises(ValueError, match=line) as refusal:
        function(replace(FREE, **of), X, **({} if function is robustness.first_order else dict(rng=1)))
    assert "\n" not in str(refusal.value)


def test_sets_without_particles():
    freedom = robustness.Freedom(lambda x: keras.ops.sum(x[..., 0], axis=-1), 0.1, None, unit=[1.0, 0.0])
    with pytest.raises(ValueError, match="x: expected particles in each set, got 1 of 2"):
        robustness.first_order(freedom, np.stack([np.ones((4, 3)), np.zeros((4, 3))]))


@pytest.mark.parametrize("held, hidden", [(None, W), ({"c": line(A)}, W - A * (A @ W) / (A @ A)), ({"c": line(A), "f": line(W)}, 0 * W)])
def test_a_line_moves_by_what_is_not_held(held, hidden):
    freedom = robustness.Freedom(line(W), 0.3, held, unit=np.ones(3))
    np.testing.assert_allclose(robustness.first_order(freedom, X).bound, 0.3 * np.linalg.norm(hidden), atol=1e-5)


def test_particles_count_on_average():
    """Each particle by the same share: the log of a sum moves by the size, whatever the number of particles."""
    x = np.random.default_rng(2).normal(size=(50, 6, 3))
    x[..., 2] = np.arange(6) < np.random.default_rng(3).integers(1, 7, (50, 1))
    x *= x[..., 2:]
    total = lambda x: keras.ops.sum(x[..., 0] * x[..., -1], axis=-1) / keras.ops.sum(x[..., -1], axis=-1)
    found = robustness.first_order(robustness.Freedom(total, 0.2, None, unit=[1.0, 0.0]), x)
    np.testing.assert_allclose(found.bound, 0.2, rtol=1e-5)
    np.testing.assert_allclose(found.change[..., 0], 0.2 * x[..., 2], rtol=1e-5)


def test_a_learned_change_keeps_to_its_size():
    change = robustness.learn_change(FREE, X, training=Training(epochs=40, batch=100, rate=0.01), rng=1)
    got = robustness.effect(FREE, X, change(X))
    bound = robustness.first_order(FREE, X).bound
    assert 0.9 * bound < got.shift < bound * (1 + 1e-4)
    np.testing.assert_allclose(got.size, 0.1, rtol=1e-3)
    with pytest.raises(ValueError, match="expected a number for each of 2 features|expected 3"):
        change(X[:, :2])


def test_a_change_does_not_depend_on_the_company():
    x = np.random.default_rng(3).normal(size=(400, 2)) * [1.0, 3.0]
    freedom = robustness.Freedom(line([1.0, 0.5]), 0.1, None)
    change = robustness.learn_change(freedom, x, hidden=(4,), training=Training(epochs=1, batch=100), rng=1)
    np.testing.assert_allclose(change(x[:50]), change(x)[:50], atol=1e-5)
    with pytest.raises(ValueError, match="x: expected events like those|unit: expected"):
        change(np.ones((5, 4)))


def test_one_of_several_outputs_can_be_differentiated():
    rng = np.random.default_rng(4)
    tables = [lr.Table(rng.normal(mean, 1, (300, 2))) for mean in (0.0, 0.5, -0.5)]
    recipe = lr.Recipe(members=2, hidden=(4,), training=Training(epochs=1, batch=50))
    ratios = lr.fit_together([(tables[1], tables[0]), (tables[2], tables[0])], recipe, 1, shared=True)
    for ratio in ratios:
        np.testing.assert_allclose(robustness.values(robustness.differentiable(ratio), tables[0].x), ratio.log_ratio(tables[0].x), atol=1e-4)
    with pytest.raises(ValueError, match="ratio: expected a fitted Ratio"):
        robustness.differentiable(lr.across_folds(tables[1], tables[0], replace(recipe, normalise=None), folds=2, rng=1))
