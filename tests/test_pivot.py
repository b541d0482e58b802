"""Pivots: the toy's exact formulae at other correlations, the adversary's options, information of histograms and events, malformed calls."""

import numpy as np
import pytest
from scipy import stats

from lrguide.backend import to_device, to_numpy
from lrguide.pivots import ShiftedSignal, equal_bins, learn_pivots, measured_information, mutual_information, score_histograms, steepness, unevenness
from lrguide.decorrelation import disco
from lrguide.losses import against, mean_guess, mixture_guess, per_event, plus, plus_moved
from lrguide.nets import Dense, Training, predict, train

RNG = np.random.default_rng(3)
N = 400
LABEL = np.repeat([1.0, 0.0], N // 2)
Z = RNG.normal(size=N)
COLUMNS = {"x": np.column_stack([RNG.normal(size=N) + LABEL, Z + LABEL]), "label": LABEL, "z": Z}
PLAIN, ADVERSARY = per_event("cross-entropy", Dense(2, (6,))), Dense(1, (5,), outputs=6)
SHORT = Training(epochs=2, batch=50)


def without(name):
    return {key: values for key, values in COLUMNS.items() if key != name}


@pytest.mark.parametrize("correlation", [-0.95, -0.3, 0.05, 0.4, 0.9])
def test_the_pivot_of_the_signal_is_standard_normal(correlation):
    model = ShiftedSignal(correlation)
    for z in (-2.0, 0.5, 3.0):
        assert stats.kstest(model.pivot(model.sample("signal", 5000, 1, nu=[z]).x), "norm").pvalue > 5e-7
    ratio = np.exp(model.pivot_log_ratio(model.sample("background", 50_000, 2).x))
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / np.sqrt(50_000)


def test_the_pivot_far_out_is_finite():
    x = np.array([[-40.0, 3.0], [40.0, -30.0], [0.0, 50.0], [1.0, -2.0]])
    assert np.isfinite(ShiftedSignal().pivot(x)).all() and np.isfinite(ShiftedSignal().pivot_log_ratio(x)).all()


def test_one_normal_density_is_a_squared_error():
    "Share 1, width 1: the squared error of the mean, halved, plus a constant."
    guess = np.zeros((2, N, 3))
    guess[..., 1] = RNG.normal(size=(2, N))
    truth = np.stack([Z, Z])
    found = to_numpy(mixture_guess(to_device(guess), to_device(truth), "z"))
    squared = to_numpy(mean_guess(to_device(guess[..., 1]), to_device(truth), "z"))
    np.testing.assert_allclose(found, 0.5 * squared + 0.5 * np.log(2 * np.pi), rtol=1e-5, atol=1e-5)


def test_events_without_weight_say_nothing_to_the_adversary():
    columns = COLUMNS | {"of": 2 * (1 - LABEL)}
    game = against(PLAIN, ADVERSARY, "z", 2.0, mixture_guess, "of")
    found = train(game, columns, training=SHORT, rng=1)
    other = train(game, columns | {"z": np.where(LABEL == 1, 7.0, Z)}, training=SHORT, rng=1)
    for name in found.networks:
        np.testing.assert_array_equal(found.networks[name].weights, other.networks[name].weights)


def test_a_column_of_strengths_is_watched_as_a_number_is():
    watch = {name: values[::2] for name, values in COLUMNS.items()}
    number = train(against(PLAIN, ADVERSARY, "z", 2.0, mixture_guess), COLUMNS, watch=watch, training=SHORT, rng=1).history
    column = train(against(PLAIN, ADVERSARY, "z", "of", mixture_guess), COLUMNS, own={"of": np.full((1, 1), 2.0)},
                   watch=watch | {"of": np.full((1, 1), 2.0)}, training=SHORT, rng=1).history
    np.testing.assert_allclose(number.validation @ [1, -2], column.validation @ [1, 0, 1], rtol=1e-5)
    assert np.array_equal(number.best, column.best)


def test_members_of_a_game_are_in_the_order_strength_then_seed():
    columns = {name: values for name, values in COLUMNS.items()}
    found = learn_pivots(PLAIN, ADVERSARY, columns, "z", [0.0, 3.0, 9.0], seeds=2, training=SHORT, fight=Training(epochs=1, batch=50, rates={"network": 0.0}), rng=1)
    outputs = found.outputs(COLUMNS["x"])
    assert outputs.shape == (3, 2, N) and found.losses.shape == (1, 3, 2, 2)
    np.testing.assert_array_equal(outputs[0], outputs[2])                      # frozen: the plain classifiers, seed by seed
    assert np.abs(outputs[0, 0] - outputs[0, 1]).max() > 0.01


@pytest.mark.parametrize("penalty", [steepness, unevenness(5)])
def test_a_penalty_for_moves_makes_the_score_move_less(penalty):
    "The second feature moves by one; without the penalty it decides."
    columns = {"x": COLUMNS["x"], "label": LABEL, "up": COLUMNS["x"] + [0.0, 1.0]}
    moved = plus_moved(PLAIN, "strength", penalty, ("x", "up"))
    found = train(moved, columns, members=4, own={"strength": np.array([[0.0], [0.0], [30.0], [30.0]])}, training=Training(epochs=20, batch=100), rng=1).network
    change = np.abs(predict(found, columns["up"]) - predict(found, columns["x"]))[:, LABEL == 0].mean(axis=1)
    assert change[2:].max() < 0.5 * change[:2].min()


def test_a_score_with_equal_values_tells_nothing_of_the_order_of_events():
    "Two values of the score, the same part of each row at both; the rows one after the other."
    score, rows = np.tile([0.0, 1.0], 500), np.repeat(np.eye(2), 500, axis=1)
    assert abs(mutual_information(score_histograms(score, rows))) < 1e-15
    assert len(np.unique(equal_bins(np.zeros(7), np.ones(7), 3))) == 1
    order = RNG.permutation(1000)
    np.testing.assert_array_equal(equal_bins(score, np.ones(1000), 4)[order], equal_bins(score[order], np.ones(1000), 4))


@pytest.mark.parametrize("penalty", [steepness, unevenness(5)])
def test_a_batch_without_background_costs_nothing(penalty):
    columns = {"x": COLUMNS["x"], "label": np.ones(N), "up": COLUMNS["x"] + 1.0}
    history = train(plus_moved(PLAIN, 5.0, penalty, ["x", "up"]), columns, training=SHORT, rng=1).history
    assert (history.train[..., 1] == 0).all() and np.isfinite(history.train).all()


def test_a_steep_correlation_has_finite_ratios_without_a_warning():
    x = ShiftedSignal(0.999).sample("signal", 1000, 1).x
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(ShiftedSignal(0.999).pivot_log_ratio(x)).all()


def test_information():
    assert mutual_information([[1, 2, 3]]) == 0
    np.testing.assert_allclose(mutual_information([[1, 0], [0, 1], [0, 1]], [0.5, 0.25, 0.25]), np.log(2))
    assert abs(mutual_information([[5, 0], [1, 1]], [1, 0])) < 1e-15
    np.testing.assert_allclose(score_histograms([3.0, 1.0, 2.0, 4.0], np.ones((2, 4)), 2), [[2, 2], [2, 2]])
    same = RNG.normal(size=20_000)
    value, error = measured_information(same, same, 5)
    assert abs(value - np.log(5)) < 1e-3 and error < 2e-4
    assert measured_information(np.zeros(2000), same[:2000])[0] == 0           # one bin of the score holds everything


CALLS = [
    (lambda: ShiftedSignal(1.0), "correlation: expected a number in (-1, 1)"),
    (lambda: ShiftedSignal(0.001), "correlation: expected at least 0.01 in size"),
    (lambda: ShiftedSignal().log_ratio(np.zeros((3, 3))), "x: expected 2 features, got 3"),
    (lambda: ShiftedSignal().sample("data", 3, 1), "process: expected one of signal, background"),
    (lambda: mutual_information([1.0, 2.0]), "contents: expected a histogram in each row"),
    (lambda: mutual_information([[1.0, 2.0], [0.0, 0.0]]), "contents: expected a histogram in each row"),
    (lambda: mutual_information([[1.0, np.nan]]), "contents: expected"),
    (lambda: mutual_information([[1.0, 2.0]], [0.0]), "share: expected a positive sum"),
    (lambda: mutual_information([[1.0, 2.0]], [1.0, 1.0]), "share: expected"),
    (lambda: score_histograms([1.0, 2.0], [[1.0, -1.0]]), "weights: expected numbers in [0, inf)"),
    (lambda: score_histograms([1.0, np.nan], [[1.0, 1.0]]), "score: expected"),
    (lambda: score_histograms([1.0, 2.0], [1.0, 1.0]), "weights: expected shape (g, 2), got (2,)"),
    (lambda: measured_information(Z, Z[:-1]), "target: expected"),
    (lambda: measured_information(Z, Z), "score: expected at least 1440 events"),
    (lambda: against(PLAIN, ADVERSARY, "z", -1.0), "reversal: expected a number in [0, inf)"),
    (lambda: train(against(PLAIN, Dense(1, (5,), outputs=4), "z", 1.0, mixture_guess), COLUMNS, training=SHORT, rng=1), "z: expected an adversary with a multiple of 3 outputs"),
    (lambda: train(against(PLAIN, Dense(1, (5,)), "z", 1.0, mixture_guess), COLUMNS, training=SHORT, rng=1), "z: expected an adversary with a multiple of 3 outputs"),
    (lambda: plus_moved(PLAIN, -1.0, steepness, ("up", "down")), "strength: expected a number in [0, inf)"),
    (lambda: train(plus_moved(PLAIN, 1.0, steepness, ("up", "down")), without("z"), training=SHORT, rng=1), "columns: expected up among them"),
    (lambda: train(plus_moved(PLAIN, 1.0, steepness, ("x", "up")), without("z") | {"up": COLUMNS["x"][:, :1]}, training=SHORT, rng=1), "x: expected 2 features, got 1"),
    (lambda: train(plus_moved(PLAIN, "by", steepness, ("x", "up")), without("z") | {"up": COLUMNS["x"], "by": Z**2}, training=SHORT, rng=1), "by: expected one number for each member, shape (m, 1)"),
    (lambda: train(plus(PLAIN, 1.0, disco("z", strength="by")), COLUMNS | {"by": Z**2}, training=SHORT, rng=1), "by: expected one number for each member, shape (m, 1)"),
    (lambda: train(plus_moved(PLAIN, 1.0, steepness, ("x",)), without("z"), training=SHORT, rng=1), "columns: expected two, moved up and down, got 1"),
    (lambda: train(plus_moved(PLAIN, 1.0, unevenness(), ("x",)), without("z"), training=SHORT, rng=1), "columns: expected at least two"),
    (lambda: plus_moved(PLAIN, 1.0, steepness, "up"), "columns: expected the names of one column or more, got 'up'"),
    (lambda: plus_moved(PLAIN, 1.0, 2.0, ("up", "down")), "penalty: expected a function"),
    (lambda: equal_bins([1.0, 2.0], [0.0, 0.0], 2), "weight: expected a positive sum"),
    (lambda: score_histograms(1.0, [[1.0]]), "score: expected shape (n,)"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS | {"z": Z + 1e4}, "z", [1.0], rng=1), "z: expected a mean between -10 and 10 and a standard deviation between 0.1 and 10"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS | {"z": 1e3 * Z}, "z", [1.0], rng=1), "z: expected a mean between -10 and 10"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS | {"z": np.ones(N)}, "z", [1.0], rng=1), "z: expected a mean between -10 and 10"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS | {"of": np.zeros(N)}, "z", [1.0], weight="of", rng=1), "of: expected weights with a positive sum"),
    (lambda: unevenness(1), "n_bins: expected a whole number of at least 2"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS, "mass", [1.0], rng=1), "target: expected one of the columns, x, label, z, got mass"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS, "z", [], rng=1), "strengths: expected at least one"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS, "z", [-1.0], rng=1), "strengths: expected numbers in [0, inf)"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS, "z", [1.0], seeds=0, rng=1), "seeds: expected"),
    (lambda: learn_pivots(PLAIN, ADVERSARY, COLUMNS | {"z": Z[:-1]}, "z", [1.0], seeds=1, training=SHORT, rng=1), "z: expected shape"),
]


@pytest.mark.parametrize("call, line", CALLS, ids=[line[:60] for _, line in CALLS])
def test_bad_input_is_refused_in_one_line(call, line):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value).startswith(line) and "\n" not in str(caught.value)
