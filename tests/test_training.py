"""The one training where a chapter would be too long for it: combinations of parts, orders inside a training, both backends."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from lrguide import backend
from lrguide.arrays import Table, spawn
from lrguide.backend import keras, thread_count
from lrguide.folds import fit_together
from lrguide.losses import Objective, against, cross_entropy, per_event, variational
from lrguide.nets import Dense, DeepSets, Network, Training, bags, predict, stratified, train
from lrguide.ratio import Ratio, Recipe, load_ratio
from lrguide.uncertainty import Variational

RNG = np.random.default_rng(1)
N = 600
LABEL = np.repeat([1.0, 0.0], N // 2)
HIDDEN = RNG.normal(size=N) + LABEL
COLUMNS = {"x": np.column_stack([RNG.normal(size=N) + LABEL, HIDDEN]), "label": LABEL, "hidden": HIDDEN}
WATCH = {name: values[::3] for name, values in COLUMNS.items()}
PLAIN = per_event("cross-entropy", Dense(2, (8,)))
FIGHT = against(PLAIN, Dense(1, (4,)), "hidden", 1.0)
SETS = np.concatenate([RNG.normal(size=(N, 5, 1)), np.arange(5)[None, :, None] < RNG.integers(1, 6, (N, 1, 1))], axis=2)
SHORT = Training(epochs=3, batch=50)


def without(columns, *names):
    return {name: values for name, values in columns.items() if name not in names}


CASES = {  # objective, columns, own columns of three members, events to watch
    "adversarial": (against(per_event("cross-entropy", Dense(2, (8,), dropout=0.2)), Dense(1, (4,), dropout=0.2), "hidden", 1.0), COLUMNS, {}, WATCH),
    "variational": (variational("cross-entropy", Variational(Dense(2, (8,)))), without(COLUMNS, "hidden"), {"n_events": np.array([[600], [300], [200]])},
                    without(WATCH, "hidden") | {"n_events": np.array([[600], [300], [200]])}),
    "sets": (per_event("cross-entropy", DeepSets(Dense(1, (6,), outputs=3), Dense(3, (6,), dropout=0.2))), {"x": SETS, "label": LABEL}, {}, None),
    "own labels": (PLAIN, without(COLUMNS, "label", "hidden"), {"label": np.stack([LABEL, 1 - LABEL, LABEL])},
                   {"x": COLUMNS["x"], "label": np.stack([LABEL, 1 - LABEL, LABEL])}),
}


@pytest.mark.parametrize("case", CASES)
def test_together_is_apart(case):
    objective, columns, own, watch = CASES[case]
    training = Training(epochs=6, batch=50, rate=0.02, clip=1.0, patience=None if watch is None else 2)
    together = train(objective, columns, own=own, members=3, watch=watch, training=training, rng=3)
    chosen = [2, 0, 2]
    mine = {name: values[chosen] for name, values in own.items()}
    seen = None if watch is None else {name: values[chosen] if name in own else values for name, values in watch.items()}
    again = train(objective, columns, own=mine, members=chosen, watch=seen, training=training, rng=3)
    assert np.array_equal(again.history.best, together.history.best[chosen])
    for name, network in again.networks.items():
        np.testing.assert_allclose(network.weights[0], network.weights[2], atol=1e-5)      # perhaps in two groups: rounding
        np.testing.assert_allclose(network.weights, together.networks[name].weights[chosen], atol=1e-5)
    assert np.abs(together.network.weights[0] - together.network.weights[1]).max() > 0.01


@pytest.mark.parametrize("case", CASES)
def test_groups_of_members_change_nothing(case):
    objective, columns, own, watch = CASES[case]
    training = Training(epochs=6, batch=50, rate=0.02, clip=1.0, patience=None if watch is None else 2)
    one, *more = (train(objective, columns, own=own, members=3, watch=watch, training=training, threads=threads, rng=3) for threads in (1, 2, 20))
    for grouped in more:
        assert np.array_equal(grouped.history.best, one.history.best)
        np.testing.assert_allclose(grouped.history.train, one.history.train, atol=1e-5)
        for name, network in grouped.networks.items():
            np.testing.assert_allclose(network.weights, one.networks[name].weights, atol=1e-5)


def test_groups_share_the_orders_of_the_ensemble_and_what_it_starts_from():
    """Twenty threads for five members, in strata, from given networks, the generator being used up as by one thread."""
    first = train(PLAIN, without(COLUMNS, "hidden"), members=5, training=SHORT, rng=1)
    found, left = [], []
    for threads in (1, 2, 3, 20):
        rng = np.random.default_rng(2)
        found.append(train(PLAIN, without(COLUMNS, "hidden"), members=5, start=first.networks, order=stratified("label"), training=SHORT, threads=threads, rng=rng).network)
        left.append(rng.spawn(1)[0].random())
    assert len(set(left)) == 1
    for other in found[1:]:
        np.testing.assert_allclose(other.weights, found[0].weights, atol=1e-5)
    x = RNG.normal(size=(20_000, 2))
    for threads in (2, 3, 20):
        assert np.array_equal(predict(found[0], x, threads=threads), predict(found[0], x, threads=1))


@pytest.mark.parametrize("threads, error", [(0, ValueError), (1.5, TypeError), ("two", TypeError), (True, TypeError)])
def test_threads_that_are_no_number_are_refused(threads, error):
    for call in (lambda: train(PLAIN, without(COLUMNS, "hidden"), training=SHORT, threads=threads, rng=1),
                 lambda: predict(Network(Dense(2, (8,)), np.zeros((1, 33), np.float32)), COLUMNS["x"], threads=threads),
                 lambda: Ratio(threads=threads, rng=1)):
        with pytest.raises(error, match="^threads: expected a whole number of at least 1, got .+$"):
            call()


@pytest.mark.parametrize("limit, expected", [("1", 1), ("3", 3), ("4,2", 4), ("1000", 5), ("", 5), ("0", 5), ("many", 5)])
def test_threads_are_cores_at_most_omp_num_threads(monkeypatch, limit, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(5)), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert thread_count() == expected and thread_count(7) == 7
    monkeypatch.setattr(backend, "on_gpu", lambda: True)
    assert thread_count() == 1


def test_an_error_in_a_thread_is_the_callers():
    with pytest.raises(RuntimeError, match="not finite after epoch 1"):
        train(Objective(PLAIN.parts, lambda networks, batch: keras.ops.log(-1 - networks["network"](batch["x"])[:, 0] ** 2)), {"x": COLUMNS["x"]},
              members=3, training=SHORT, threads=2, rng=1)
    with pytest.raises(ValueError, match=r"terms: expected shape \(1,\)"):
        train(Objective(PLAIN.parts, lambda networks, batch: networks["network"](batch["x"])), {"x": COLUMNS["x"]}, members=2, training=SHORT, threads=2, rng=1)


def test_a_frozen_part_stands_still_and_the_other_goes_on():
    first = train(FIGHT, COLUMNS, members=2, training=SHORT, rng=1)
    for frozen, moving in (("network", "adversary"), ("adversary", "network")):
        after = train(FIGHT, COLUMNS, members=2, start=first.networks, training=Training(epochs=1, batch=50, clip=1.0, rates={frozen: 0.0}), rng=2)
        assert np.array_equal(after.networks[frozen].weights, first.networks[frozen].weights)
        assert np.abs(after.networks[moving].weights - first.networks[moving].weights).max() > 1e-3


def test_a_part_that_is_given_is_kept_and_the_other_is_drawn():
    given = train(PLAIN, without(COLUMNS, "hidden"), members=2, training=SHORT, rng=1).network
    once = Training(epochs=1, batch=50, rates={"network": 0.0, "adversary": 0.0})
    still = train(FIGHT, COLUMNS, members=2, start={"network": given}, training=once, rng=5)
    drawn = train(FIGHT, COLUMNS, members=2, training=once, rng=5)
    assert np.array_equal(still.network.weights, given.weights)
    assert np.array_equal(still.networks["adversary"].weights, drawn.networks["adversary"].weights)
    assert not np.array_equal(still.network.weights, drawn.network.weights)


def test_a_part_takes_only_its_turns():
    """With one step in each epoch of two, a part whose turn is the second one stands still in the first."""
    turns = Training(epochs=1, batch=N, rates={"network": (0.01, 0.0), "adversary": (0.0, 0.01)})
    start = train(FIGHT, COLUMNS, training=Training(epochs=1, batch=N, rates={"network": 0.0, "adversary": 0.0}), rng=1).networks
    after = train(FIGHT, COLUMNS, start=start, training=turns, rng=1).networks
    assert np.array_equal(after["adversary"].weights, start["adversary"].weights)
    assert not np.array_equal(after["network"].weights, start["network"].weights)


def spread_objective(batch_columns):
    "An objective whose terms say how mixed the batches are: no network learns anything."
    silent = lambda networks, batch: 0 * keras.ops.sum(networks["network"](batch["x"]), axis=1)
    return Objective((("network", Dense(1, ())),), lambda networks, batch: silent(networks, batch) + batch_columns(batch))


def test_bags_reach_the_objective_whole():
    bag = RNG.permutation(np.repeat(np.arange(N // 5), 5)).astype(float)
    within = spread_objective(lambda batch: keras.ops.sum(keras.ops.std(keras.ops.reshape(batch["bag"], (batch["bag"].shape[0], -1, 5)), axis=2), axis=1))
    settings = dict(members=2, training=SHORT, rng=1)
    assert train(within, {"x": bag, "bag": bag}, order=bags("bag"), **settings).history.train.max() == 0
    assert train(within, {"x": bag, "bag": bag}, **settings).history.train.min() > 1


def test_strata_reach_the_objective_in_equal_shares():
    kind = np.repeat([0.0, 1.0], [N // 6, 5 * N // 6])
    excess = spread_objective(lambda batch: (keras.ops.mean(batch["kind"], axis=1) - 5 / 6) ** 2)
    settings = dict(members=2, training=Training(epochs=3, batch=60), rng=1)
    assert train(excess, {"x": kind, "kind": kind}, order=stratified("kind"), **settings).history.train.max() < 1e-12
    assert train(excess, {"x": kind, "kind": kind}, **settings).history.train.min() > 1e-4
    own = {"kind": np.stack([kind, 1 - kind]), "share": np.array([[5 / 6], [1 / 6]])}        # strata may differ by member
    of_each = spread_objective(lambda batch: (keras.ops.mean(batch["kind"], axis=1) - batch["share"][:, 0]) ** 2)
    assert train(of_each, {"x": kind}, own=own, order=stratified("kind"), **settings).history.train.max() < 1e-12


def test_watched_adversarial_loss_is_the_loss_of_the_kept_networks():
    trained = train(FIGHT, COLUMNS, members=2, watch=WATCH, training=Training(epochs=20, batch=50, rate=0.2, schedule="constant", patience=3), rng=4)
    history = trained.history
    assert len(history.train) < 20 and np.array_equal(history.best, (history.validation @ [1, -1]).argmin(axis=0))
    output = predict(trained.network, WATCH["x"])
    guess = np.stack([predict(Network(Dense(1, (4,)), weights[None]), 1 / (1 + np.exp(-one)))[0]
                      for weights, one in zip(trained.networks["adversary"].weights, output)])
    expected = np.stack([np.mean(cross_entropy(output, WATCH["label"]), axis=1), np.mean((guess - WATCH["hidden"]) ** 2, axis=1)], axis=1)
    np.testing.assert_allclose(history.validation[history.best, [0, 1]], expected, rtol=1e-4)


def test_weights_that_are_not_given_are_one():
    given = train(PLAIN, without(COLUMNS, "hidden") | {"weight": np.ones(N)}, training=SHORT, rng=1)
    assert np.array_equal(given.network.weights, train(PLAIN, without(COLUMNS, "hidden"), training=SHORT, rng=1).network.weights)


@pytest.mark.parametrize("change, message", [
    (dict(rows=np.zeros((2, N))), "rows: expected a row of indices for each of 2 members"),
    (dict(rows=np.full((2, N), -1)), f"rows: expected indices 0 to {N - 1}, got -1 to -1"),
    (dict(own={"weight": np.ones((3, N))}), f"weight: expected shape (2, {N}, ...), got (3, {N})"),
    (dict(own={"x": np.ones((2, N))}), "columns: expected at least one, and none of them in own, got x, label"),
    (dict(own={"more": np.ones((2, 1))}), "columns: expected only what the objective and the order read, label, weight, x, got also more"),
    (dict(order=bags("x")), "x: expected one number for each event, got shape (2,)"),
    (dict(order=bags("label")), "batch: expected room for a bag of 300 events, got 50"),
    (dict(members=[]), "number of members: expected a whole number of at least 1, got 0"),
    (dict(start={"other": None}), "start: expected parts of the objective, network, got other"),
    (dict(training=Training(batch=N + 1)), f"batch: expected at most the {N} training events, got {N + 1}"),
    (dict(training=Training(rates={"other": 0.0})), "rates: expected parts of the objective, network, got other"),
    (dict(training=Training(patience=1)), "watch: expected events to watch"),
    (dict(watch=COLUMNS, training=SHORT), "watch: expected columns of the training, x, label, weight, got hidden"),
])
def test_refusals(change, message):
    with pytest.raises(ValueError) as refused:
        train(PLAIN, without(COLUMNS, "hidden"), **{"members": 2, "training": SHORT, "rng": 1} | change)
    assert str(refused.value).startswith(message) and "\n" not in str(refused.value)


def test_a_loss_that_is_not_finite_is_an_error():
    with pytest.raises(RuntimeError, match="not finite after epoch 1"):
        train(Objective(PLAIN.parts, lambda networks, batch: keras.ops.log(-1 - networks["network"](batch["x"])[:, 0] ** 2)), {"x": COLUMNS["x"]}, training=SHORT, rng=1)


def test_terms_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"terms: expected shape \(2,\)"):
        train(Objective(PLAIN.parts, lambda networks, batch: networks["network"](batch["x"])), {"x": COLUMNS["x"]}, members=2, training=SHORT, rng=1)


SCRIPT = """
import sys
import warnings
import numpy as np
sys.path.insert(0, sys.argv[2])
from test_training import CASES, COLUMNS, N, PLAIN, SHORT, without
from lrguide.backend import backend_name
from lrguide.losses import plus
from lrguide.nets import Training, bags, stratified, train
found = {}
for name, (objective, columns, own, watch) in CASES.items():
    training = Training(epochs=3, batch=50, rate=0.003, clip=1.0, patience=None if watch is None else 2)
    trained = train(objective, columns, own=own, members=3, watch=watch, training=training, threads=2, rng=3)
    found[name] = np.concatenate([network.weights for network in trained.networks.values()], axis=1)
columns = without(COLUMNS, "hidden") | {"bag": np.repeat(np.arange(N // 5), 5)}
found["bags"] = train(PLAIN, columns, order=bags("bag"), training=SHORT, rng=1).network.weights
found["stratified"] = train(plus(PLAIN, 0.1, lambda output, batch: output[:, 0] ** 2), without(COLUMNS, "hidden"),
                            order=stratified("label"), training=Training(epochs=1, batch=50, rates={"network": (0.01, 0.0)}), rng=1).network.weights
np.savez(sys.argv[1] + "/" + backend_name() + ".npz", **found)
"""


def test_backends_agree(tmp_path):
    for backend in ("jax", "tensorflow"):
        done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path), os.path.dirname(__file__)], env={**os.environ, "KERAS_BACKEND": backend},
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
    ours, theirs = (np.load(tmp_path / f"{backend}.npz") for backend in ("jax", "tensorflow"))
    assert sorted(ours.files) == sorted(theirs.files) and len(ours.files) == len(CASES) + 2
    for name in ours.files:  # single precision: rounding accumulates over some tens of steps
        np.testing.assert_allclose(ours[name], theirs[name], atol=2e-3, err_msg=name)


@pytest.mark.parametrize("chunk, error", [(0, ValueError), (-5, ValueError), (1.5, TypeError)])
def test_a_chunk_that_is_no_number_is_refused(chunk, error):
    with pytest.raises(error, match="^chunk: expected a whole number of at least 1, got .+$"):
        predict(Network(Dense(2, (8,)), np.zeros((1, 33), np.float32)), COLUMNS["x"], chunk=chunk)


def test_chunks_and_an_ensemble_of_none():
    """The longest and the shortest chunk that many members are given, and no member at all."""
    x = RNG.normal(size=(3000, 2))
    for members in (1, 300):
        network = Network(Dense(2, (8,)), RNG.normal(size=(members, 33)).astype(np.float32))
        np.testing.assert_allclose(predict(network, x), predict(network, x, chunk=1000), atol=1e-5)
    assert predict(Network(Dense(2, (8,)), np.zeros((0, 33), np.float32)), x).shape == (0, 3000)


def test_each_ratio_keeps_the_history_of_its_own_training(tmp_path):
    """Trained together with others or alone, with other numbers of events to watch; normalised anew it stays, in a file it is not."""
    tables = [Table(RNG.normal(size=n) + shift) for n, shift in ((300, 1.0), (300, 0.5), (400, 0.0))]
    recipe = Recipe(members=2, hidden=(4,), training=Training(epochs=3, batch=50, patience=2))
    pairs, rngs = [(tables[0], tables[2]), (tables[1], tables[2])], spawn(1, 2)
    together = fit_together(pairs, recipe, 1)
    for pair, rng, one in zip(pairs, rngs, together):
        alone = fit_together([pair], recipe, [rng])[0].fitted.history
        assert one.fitted.history.validation.shape == (3, 2) and np.all(np.isin(one.fitted.history.best, range(3)))
        for name in ("train", "validation", "best"):
            np.testing.assert_allclose(getattr(one.fitted.history, name), getattr(alone, name), rtol=1e-5)
    assert together[0].normalised(over=None).fitted.history is together[0].fitted.history
    shared = fit_together(pairs, recipe, 1, shared=True)
    assert shared[0].fitted.history is shared[1].fitted.history is not None
    together[0].save(tmp_path / "ratio.npz")
    assert load_ratio(tmp_path / "ratio.npz").fitted.history is None


def test_the_same_events_in_another_order_are_noticed_unless_each_has_another_nu():
    rng, n = np.random.default_rng(1), 4000
    theta = rng.uniform(-1, 1, (n, 1))
    x, order = rng.normal(size=(n, 2)) + theta, rng.permutation(n)
    quick = dict(members=1, hidden=(4,), training=Training(epochs=1), rng=1)
    with pytest.warns(UserWarning, match="got many that are in both"):
        Ratio(**quick).fit(Table(x), Table(x[order], weight=1 + x[order, 0] ** 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ratio({"theta": (-1, 1)}, **quick).fit(Table(x, theta), Table(x[order]))
