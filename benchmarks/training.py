"""Training: figure 3's network, and twenty bootstrap networks, against `keras.Model.fit`.

Compilation is in every repetition of both sides: our compiled programs are forgotten before each, and `fit` builds its train
function anew for each model. The first repetition also pays for the start of TensorFlow and its compiler; medians do not see it."""

import gc

import numpy as np

from benchmarks.harness import row, seconds
from lrguide import losses, nets
from lrguide.arrays import spawn
from lrguide.backend import keras
from lrguide.models import Resonance

toy = Resonance(0.08)
HIDDEN = (10, 20, 50)
OBJECTIVE = losses.per_event("cross-entropy", nets.Dense(1, HIDDEN))
GRID = np.linspace(-0.5, 0.5, 1001)[:-1, None] + 0.0005
EXACT = np.exp(toy.log_ratio(GRID))


def sample(n_events: int, rng) -> tuple:
    "Scaling, standardised inputs (n, 1) float32 and labels (n,) float32 of half signal, half background."
    x = np.concatenate([toy.sample(name, n_events // 2, stream).x for name, stream in zip(("signal", "background"), spawn(rng, 2))])
    scaling = nets.standardise(x, np.ones(len(x)))
    return scaling, scaling(x).astype(np.float32), np.repeat([1.0, 0.0], n_events // 2).astype(np.float32)


def error(log_ratio: np.ndarray) -> np.ndarray:
    "RMS error of the ratios (..., n) on GRID, over the background, in units of the peak."
    return np.sqrt(np.mean((np.exp(log_ratio) - EXACT) ** 2, axis=-1)) / EXACT.max()


def by_fit(x: np.ndarray, label: np.ndarray, batch: int, epochs: int, rate, dropout: float = 0.0):
    "A network trained by plain Model.fit."
    layers = [keras.Input((1,))]
    for units in HIDDEN:
        layers += [keras.layers.Dense(units, activation="elu")] + [keras.layers.Dropout(dropout)] * (dropout > 0)
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, label, batch_size=batch, epochs=epochs, verbose=0)
    return model


def turn(function) -> tuple[float, object]:
    "Wall time (s) and result of one call that finds no compiled program and no rubbish of earlier ones."
    nets._compiled_epoch.cache_clear()
    keras.backend.clear_session()
    gc.collect()
    result = []
    return seconds(lambda: result.append(function())), result[0]


def figure_3(quick: bool) -> list[dict]:
    "One network on 500,000 events: ours in three epochs of 1,000 steps without dropout and with the cosine, `fit` at the guide's recipe."
    n_events, repeat, peer_repeat = (50_000, 2, 1) if quick else (500_000, 5, 5)
    training = nets.Training(epochs=3, batch=n_events // 1000)
    ours, theirs, our_error, their_error = [], [], [], []
    for number in range(repeat):
        scaling, x, label = sample(n_events, number)
        time, trained = turn(lambda: nets.train(OBJECTIVE, {"x": x, "label": label}, training=training, rng=number))
        ours.append(time)
        our_error.append(error(nets.predict(trained.network, scaling(GRID)))[0])
        if number < peer_repeat:
            time, model = turn(lambda: by_fit(x, label, batch=50, epochs=3, rate=0.001, dropout=0.1))
            theirs.append(time)
            their_error.append(error(model.predict(scaling(GRID), verbose=0)[:, 0].astype(float)))
    found, peer = np.median(our_error), np.median(their_error)
    return [row(f"train figure 3's network, {n_events:,} events, compilation included", ours,
                "Model.fit, the guide's recipe (batch 50, 3 epochs, 10 % dropout, constant rate)", theirs, goal=None if quick else 15,
                quality=f"RMS error {100 * found:.2g} % of the peak (goal 1 %), median of {repeat} seeds; the guide's recipe {100 * peer:.2g} %",
                quality_met=quick or found < 0.01, note="quick: a tenth of the events, so compilation weighs more; neither goal applies" * quick)]


def twenty_networks(quick: bool) -> list[dict]:
    "Twenty bootstrap networks of 100,000 events: ours as one, `fit` one after another with the same rows, batch and number of epochs."
    n_events, members = (20_000, 4) if quick else (100_000, 20)
    rows = []
    for batch, epochs, goal, repeat, peer_repeat in ((500, 5, 10, *((2, 1) if quick else (5, 5))), (50, 3, 30, *((2, 1) if quick else (5, 1)))):
        training = nets.Training(epochs=epochs, batch=batch)
        ours, theirs, our_error, their_error = [], [], [], []
        for number in range(repeat):
            scaling, x, label = sample(n_events, number)
            drawn = np.stack([stream.integers(n_events, size=n_events) for stream in spawn(number, members)])
            time, trained = turn(lambda: nets.train(OBJECTIVE, {"x": x, "label": label}, members=members, rows=drawn,
                                                    training=training, rng=number))
            ours.append(time)
            our_error += list(error(nets.predict(trained.network, scaling(GRID))))
            if number < peer_repeat:
                time, models = turn(lambda: [by_fit(x[one], label[one], batch, epochs, training.rate) for one in drawn])
                theirs.append(time)
                their_error += [error(model.predict(scaling(GRID), verbose=0)[:, 0].astype(float)) for model in models]
        found, peer = np.median(our_error), np.median(their_error)
        rows.append(row(f"{members} bootstrap networks, {n_events:,} events, batch {batch}, {epochs} epochs, compilation included", ours,
                        f"Model.fit one after another, the same batch and epochs, constant rate {training.rate:g}", theirs,
                        goal=None if quick else goal, quality_met=quick or bool(found <= peer),
                        quality=f"RMS error of one network {100 * found:.2g} % of the peak (goal: no more than the peer's), Model.fit {100 * peer:.2g} %",
                        note=f"full runs of the peer: {peer_repeat}" + f"; quick: {members} networks of {n_events:,} events; the goals do not apply" * quick))
    return rows


def aware(quick: bool) -> list[dict]:
    "The uncertainty-aware ratio of chapter 31 at its quick sizes: 100,000 events of each class at 21 angles, which are an input."
    from lrguide.models import Turning
    from lrguide.ratio import Ratio
    turning, n = Turning(), 100_000
    z = np.resize(np.linspace(0, np.pi / 2, 21), n)[:, None]
    signal, background = (turning.sample(name, n, stream, nu=z) for name, stream in zip(("signal", "background"), spawn(1, 2)))
    recipe = nets.Training(epochs=8, batch=500, rate=0.005)
    ratio = lambda: Ratio(turning.parameters, members=1, hidden=(32, 32, 32), activation="silu", training=recipe, rng=1)
    times = [turn(lambda: ratio().fit(signal, background))[0] for _ in range(1 if quick else 3)]
    return [row(f"aware ratio, {2 * n:,} events at 21 angles, compilation and normalisation included", times, "-", [], limit=30)]
