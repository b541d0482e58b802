"""Decorrelation: bad input is refused in one line; what must not depend on units, order or repetition does not."""

import numpy as np
import pytest
from malformed import COLUMNS, COUNTS, EVENTS, FUNCTIONS, NUMBERS, SEEDS, SWITCHES, checks_of
from scipy.stats import norm

from lrguide import decorrelation as dec
from lrguide.backend import keras, to_device, to_numpy, value_and_gradient
from lrguide.losses import per_event, plus
from lrguide.nets import Dense, Training, train

MODEL = dec.FatJets()
JETS = MODEL.sample("background", 400, 1)
X, MASS, RHO = JETS.x, JETS.also["m"], JETS.also["rho"]
PASSES, EDGES = X[:, 0] < 0.6, np.linspace(50, 250, 5)
BAD_EDGES = {"None": None, "text": "a", "one": [1.0], "falling": [2.0, 1.0], "nan": [0.0, np.nan]}
MASKS = {"None": None, "numbers": np.ones(400), "short": np.array([True]), "text": "a", "all": np.ones(400, bool), "none": np.zeros(400, bool)}
COLUMN = {key: value for key, value in COLUMNS.items() if key not in ("masked", "short")} | {"short": np.ones(3)}
WEIGHTS = {"negative": -np.ones(400), "short": [1.0], "nan": np.full(400, np.nan), "text": "a", "zero": np.zeros(400)}
ENDS = {"one": (50.0,), "falling": (60.0, 50.0), "nan": (np.nan, 50.0), "text": "ab", "negative": (-1.0, 5.0), "None": None}

CALLS = {
    "FatJets": (dec.FatJets, dict(mass=90.0, resolution=9.0, slope=0.01, window=(50.0, 250.0), pt=(500.0, 1000.0), fall=5.0),
                dict(mass={**NUMBERS, "outside": 20.0}, resolution={**NUMBERS, "zero": 0.0}, slope={**NUMBERS, "zero": 0.0}, window=ENDS, pt=ENDS, fall={**NUMBERS, "one": 1.0})),
    "sample": (MODEL.sample, dict(process="signal", n=3, rng=1), dict(process={"None": None, "other": "data"}, n=COUNTS, rng=SEEDS)),
    "log_density": (MODEL.log_density, dict(process="signal", x=X[:3], masses="background"),
                    dict(process={"None": None, "other": "data"}, x={**EVENTS, "two features": X[:, :2], "width": -np.ones((3, 3))}, masses={"other": "data", "number": 1})),
    "conditional_log_ratio": (dec.conditional_log_ratio, dict(x=X[:3], rho=RHO[:3]), dict(x={**EVENTS, "two features": X[:3, :2]}, rho={**COLUMN, "short": [1.0]})),
    "flat_score": (dec.flat_score, dict(x=X[:3], rho=RHO[:3]), dict(rho={**COLUMN, "short": [1.0]})),
    "flat_efficiency": (dec.flat_efficiency, dict(model=MODEL, efficiency=0.5), dict(model={"None": None, "number": 1.0, "text": "a", "list": []}, efficiency={**NUMBERS, "one": 1.0, "zero": 0.0})),
    "sculpting": (dec.sculpting, dict(mass=MASS, passes=PASSES, edges=EDGES, weight=None, against="failing"),
                  dict(mass=COLUMN, passes=MASKS, edges=BAD_EDGES, weight=WEIGHTS, against={"None": None, "other": "passing"})),
    "flatness": (dec.flatness, dict(mass=MASS, passes=PASSES, edges=EDGES, weight=None), dict(mass=COLUMN, passes=MASKS, edges={**BAD_EDGES, "empty": [0.0, 10.0, 20.0]}, weight=WEIGHTS)),
    "cut_at": (dec.cut_at, dict(score=MASS, weight=None, efficiency=0.5), dict(score={**{k: v for k, v in COLUMN.items() if k != "short"}, "none": []}, weight=WEIGHTS, efficiency={**NUMBERS, "one": 1.0})),
    "rejection": (dec.rejection, dict(score=MASS, signal=1.0 * PASSES, background=1.0 - PASSES, efficiency=0.5),
                  dict(score=COLUMN, signal=WEIGHTS, background=WEIGHTS, efficiency={**NUMBERS, "one": 1.0})),
    "trend": (dec.trend, dict(score=X[:, 0], rho=RHO, edges=np.linspace(-6, -1, 6), weight=None), dict(score={**COLUMN, "constant": np.ones(400)}, rho={**COLUMN, "constant": np.ones(400)}, edges=BAD_EDGES, weight=WEIGHTS)),
    "ddt": (dec.ddt, dict(score=X[:, 0], rho=RHO, slope=-0.08, centre=-3.5), dict(score=COLUMN, rho=COLUMN, slope=NUMBERS, centre=NUMBERS)),
    "quantile_in_bins": (dec.quantile_in_bins, dict(score=X[:, 0], mass=MASS, n_bins=4, weight=None),
                         dict(score=COLUMN, mass={**COLUMN, "constant": np.ones(400)}, n_bins={**COUNTS, "zero": 0, "many": 21}, weight=WEIGHTS)),
    "a quantile": (dec.quantile_in_bins(X[:, 0], MASS, 4), dict(score=X[:, 0], mass=MASS), dict(score=COLUMN, mass=COLUMN)),
    "whitened_in_bins": (dec.whitened_in_bins, dict(x=X, mass=MASS, n_bins=2, weight=None, rotation="pca"),
                         dict(x={**EVENTS, "constant": np.ones((400, 3)), "copies": X[:, [0, 0]], "short": X[:3]}, mass=COLUMN, n_bins={**COUNTS, "zero": 0, "many": 21}, weight=WEIGHTS, rotation={"None": None, "other": "svd"})),
    "a whitening": (dec.whitened_in_bins(X, MASS, 2), dict(x=X, mass=MASS), dict(x={**EVENTS, "two features": X[:, :2]}, mass=COLUMN)),
    "planing_weights": (dec.planing_weights, dict(column=MASS, edges=EDGES, target=MASS[:100], weight=None, target_weight=None),
                        dict(column=COLUMN, edges={**BAD_EDGES, "infinite": [-np.inf, 0.0, 1.0]}, target={"nan": [np.nan], "none": [], "outside": [1.0], "text": "a"}, weight=WEIGHTS, target_weight={"negative": -np.ones(100), "short": [1.0]})),
    "normal_distance_correlation": (dec.normal_distance_correlation, dict(rho=0.5), dict(rho={"above": 1.1, "nan": np.nan, "text": "a"})),
    "distance_correlation": (dec.distance_correlation, dict(x=X[:, 0], y=MASS, weight=None, unbiased=True),
                             dict(x={**COLUMN, "constant": np.full(400, 1000.1), "one": [1.0], "none": []}, y={**COLUMN, "constant": np.zeros(400)}, weight={**WEIGHTS, "three": np.r_[1.0, 1.0, 1.0, np.zeros(397)]}, unbiased=SWITCHES)),
    "disco": (dec.disco, dict(column="m", power=2, strength="s", events=8, unbiased=True),
              dict(column={"None": None, "empty": "", "number": 1, "list": []}, power={"three": 3, "root without bias": 1, "None": None}, strength={"number": 1.0}, events={"few": 3, "half": 8.5, "true": True}, of=FUNCTIONS, unbiased=SWITCHES)),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_units_and_order_do_not_matter():
    order, weight = np.random.default_rng(1).permutation(400), np.random.default_rng(2).exponential(size=400)
    for unbiased in (False, True):
        value = dec.distance_correlation(X[:, 0], MASS, weight, unbiased)
        np.testing.assert_allclose(dec.distance_correlation(1e6 - 1e-3 * X[order, 0], 1e9 * MASS[order], 7 * weight[order], unbiased), value, rtol=1e-5)
        np.testing.assert_allclose(dec.distance_correlation(MASS, X[:, 0], weight, unbiased), value, rtol=1e-10)
    np.testing.assert_allclose(dec.distance_correlation(MASS, 3 - 2 * MASS), 1)


def test_events_of_weight_zero_are_not_there():
    weight = np.repeat([1.0, 0.0], 200)
    np.testing.assert_allclose(dec.distance_correlation(X[:, 0], MASS, weight, True), dec.distance_correlation(X[:200, 0], MASS[:200], unbiased=True), rtol=1e-10)
    one, other = dec.sculpting(MASS, PASSES, EDGES, weight), dec.sculpting(MASS[:200], PASSES[:200], EDGES)
    np.testing.assert_allclose([one.jsd, one.bias, one.error], [other.jsd, other.bias, other.error])
    np.testing.assert_allclose(dec.flatness(MASS, PASSES, EDGES, weight).chi2, dec.flatness(MASS[:200], PASSES[:200], EDGES).chi2)


def test_two_values_only():
    x, y = np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 0, 1])              # independent, all ties
    np.testing.assert_allclose(dec.distance_correlation(x, y), 0, atol=1e-7)
    np.testing.assert_allclose(dec.distance_correlation(x, x), 1)


def test_a_quantile_of_ties_is_their_middle():
    found = dec.quantile_in_bins(np.zeros(100), np.linspace(1, 2, 100), 2)
    np.testing.assert_allclose(found(np.array([-1.0, 0.0, 1.0]), np.full(3, 1.5)), [0, 0.5, 1])


def test_equal_scores_pass_in_part():
    label = np.repeat([1.0, 0.0], 1000)
    for share in (0.2, 0.5, 0.9):                           # a constant, and a score of two values: the straight pieces of its ROC curve
        np.testing.assert_allclose(dec.rejection(np.zeros(2000), label, 1 - label, share)[0], 1 / share)
    two = np.concatenate([np.arange(1000) < 600, np.arange(1000) < 200]) * 1.0
    np.testing.assert_allclose(dec.rejection(two, label, 1 - label, 0.3)[0], 1 / 0.1)
    np.testing.assert_allclose(dec.rejection(two, label, 1 - label, 0.8)[0], 1 / 0.6)


def test_whitening_does_not_know_units():
    rng = np.random.default_rng(1)
    x, mass = rng.standard_normal((400, 2)) + 5, rng.random(400)
    scale = np.array([1e7, 1e-8])
    np.testing.assert_allclose(dec.whitened_in_bins(x * scale, mass, 2)(x * scale, mass), dec.whitened_in_bins(x, mass, 2)(x, mass), rtol=1e-6, atol=1e-8)


def test_the_column_with_too_few_values_is_named():
    varied = np.arange(4.0)
    for name, columns in (("x", (varied // 3, varied)), ("y", (varied, varied // 3))):
        with pytest.raises(ValueError, match=f"^{name}: expected more effective events that differ"):
            dec.distance_correlation(*columns, unbiased=True)


def test_the_same_as_another_package():
    dcor = pytest.importorskip("dcor")
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((2, 500)) + 0.5 * rng.standard_normal(500)
    np.testing.assert_allclose(dec.distance_correlation(x, y), dcor.distance_correlation(x, y), rtol=1e-9)
    np.testing.assert_allclose(dec.distance_correlation(x, y, unbiased=True)**2, dcor.u_distance_correlation_sqr(x, y), rtol=1e-9)


def batch_of(label, weight=None, shift=0.0):
    return {"label": to_device(label), "weight": to_device(np.ones(label.shape) if weight is None else weight), "m": to_device(np.resize(MASS, label.shape) + shift)}


@pytest.mark.parametrize("unbiased", [True, False])
def test_a_batch_without_background_or_a_constant_score_has_no_penalty(unbiased):
    output = to_device(np.resize(X[:, 0], (2, 50)))
    penalty = dec.disco("m", unbiased=unbiased)
    np.testing.assert_allclose(to_numpy(penalty(output, batch_of(np.ones((2, 50))))), 0, atol=1e-5)
    np.testing.assert_allclose(to_numpy(penalty(0 * output, batch_of(np.zeros((2, 50))))), 0, atol=1e-5)
    few = np.ones((2, 50))
    few[:, :3] = 0                                          # three events: no estimate without bias, but a finite number
    assert np.isfinite(to_numpy(penalty(output, batch_of(few)))).all()


def test_signal_does_not_enter_the_penalty_and_the_offset_does_not_matter():
    label = np.resize([0.0, 0.0, 1.0], (1, 90))
    output, changed = np.resize(X[:, 0], (1, 90)), np.where(label == 1, 5.0, np.resize(X[:, 0], (1, 90)))
    values = [float(to_numpy(dec.disco("m", events=events)(to_device(one), batch_of(label, shift=shift)))[0]) for one, events, shift in
              ((output, None, 0.0), (changed, None, 0.0), (output, 60, 0.0), (output, None, 1000.0))]
    np.testing.assert_allclose(values, values[0], rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("size, most", [(4, 4), (100, 70), (400, 240)])
def test_half_of_a_batch_and_some_more_is_compared_and_that_evenly(size, most):
    """A batch may come in blocks or in turn, one kind of background after another: each has its share. Where there is room for all of it, all is taken."""
    output, m = to_device(np.resize(X[:, 0], (1, size))), np.zeros((1, size))
    value = lambda label, **how: to_numpy(dec.disco("m", **how)(output, batch_of(label)))
    every = value(m, events=size)
    np.testing.assert_allclose(every, value(m, events=10 * size), rtol=1e-6)
    pulled = lambda given: keras.ops.sum(dec.disco("m", of=lambda values: values)(given[0], batch_of(m)))
    chosen = to_numpy(value_and_gradient(lambda given: (pulled(given), 0.0), [output])[2][0])[0] != 0
    assert chosen.sum() == most
    for part in (np.arange(size) < size // 2, np.arange(size) % 2 == 0, np.arange(size) % 3 == 0):
        assert abs(chosen[part].sum() - most * part.mean()) < 4
    some = 1.0 * (np.arange(size) >= most)[None]
    np.testing.assert_allclose(value(some), value(some, events=size), rtol=1e-5, atol=1e-6)


def test_what_is_independent_in_the_first_half_of_a_batch_alone_is_seen():
    m, score = np.resize(MASS, (1, 400)), np.where(np.arange(400) < 220, np.resize(X[:, 0], (1, 400)), np.resize(MASS, (1, 400)) / 100)
    batch = batch_of(0 * m) | {"m": to_device(m)}
    value = lambda **how: float(to_numpy(dec.disco("m", of=lambda values: values, **how)(to_device(score), batch))[0])
    assert value(events=400) > 0.05 and abs(value() - value(events=400)) < 0.3 * value(events=400)


@pytest.mark.parametrize("background", [1, 50])
def test_a_constant_mass_of_the_background_is_no_trouble(background):
    label, m = 1.0 * (np.arange(100) >= background)[None], np.linspace(1e5, 1e6, 100)[None]
    m[label == 0] = 3e5
    assert np.isfinite(to_numpy(dec.disco("m")(to_device(np.resize(X[:, 0], (1, 100))), batch_of(label) | {"m": to_device(m)}))).all()


def test_events_of_negative_weight_are_compared_with_the_others():
    label, weight = np.zeros((1, 100)), np.where(np.arange(100) % 5 == 0, -0.5, 1.0)[None]
    label[:, :40] = 1                                       # ahead of the background
    output = to_device(np.resize(X[:, 0], (1, 100)))
    values = [to_numpy(dec.disco("m", events=events)(output, batch_of(label, weight))) for events in (None, 60, 100)]
    np.testing.assert_allclose(values, np.broadcast_to(values[-1], (3, 1)), rtol=1e-4, atol=1e-6)


def test_equal_scores_pull_nowhere():
    labels, score = np.zeros((1, 40)), np.repeat([[0.2, 0.7]], 20, axis=0).T.reshape(1, 40)
    gradient = lambda score: to_numpy(dec._disco_terms(to_device(score), batch_of(labels)["m"], to_device(np.full((1, 40), 1 / 40)), True)[1])
    assert np.isfinite(gradient(score)).all()
    np.testing.assert_allclose(gradient(0 * score), 0, atol=1e-6)


def test_members_with_their_own_strengths_train_as_apart():
    x, label = np.concatenate([X[:200], MODEL.sample("signal", 200, 2).x]), np.repeat([0.0, 1.0], 200)
    x, m, plain = (x - x.mean(axis=0)) / x.std(axis=0), np.resize(MASS, 400) / 100, per_event("cross-entropy", Dense(3, (8,)))
    how = dict(training=Training(epochs=2, batch=100), rng=1)
    both = train(plus(plain, 1.0, dec.disco("m", strength="s")), {"x": x, "label": label, "m": m}, own={"s": np.array([[0.0], [5.0]])}, members=2, **how).network.weights
    apart = [train(objective, columns, members=[k], **how).network.weights[0] for k, objective, columns in
             ((0, plain, {"x": x, "label": label}), (1, plus(plain, 5.0, dec.disco("m")), {"x": x, "label": label, "m": m}))]
    np.testing.assert_allclose(both, apart, atol=2e-5)
    assert not np.allclose(both[0], both[1])


def test_what_a_model_promises():
    np.testing.assert_array_equal(MODEL.sample("signal", 5, 3).x, MODEL.sample("signal", 5, 3).x)
    at_90 = dec.FatJets(resolution=1e-3, pt=(600.0, 600.001))               # one rho alone: both efficiencies are normal distributions
    delta = np.sqrt((0.5 * (2 * np.log(0.15) + 3.5) - 1.2)**2 + 0.5**2 + 0.6**2)
    np.testing.assert_allclose(dec.flat_efficiency(at_90, 0.5), norm.sf(delta), rtol=1e-4)
    assert dec.flat_efficiency(MODEL, 0.3) < dec.flat_efficiency(MODEL, 0.5) < dec.flat_efficiency(MODEL, 0.9) < 0.9
