"""Inference-aware learning on the model of chapter 72: a step beside one of cross-entropy, the training, the exact row, a profile without bins."""

import time

import numpy as np

from benchmarks.harness import interleave, row
from lrguide import inference_aware as aware
from lrguide.arrays import Table, spawn
from lrguide.likelihood import Likelihood, Normal, Process
from lrguide.losses import Objective, find_loss, weighted_mean
from lrguide.nets import Dense, Training, standardise, train
from lrguide.ratio import Ratio, Recipe

MODEL, SETTINGS = aware.MovingBackground(), aware.benchmark_settings()
GOALS = (15.1, 16.2, 16.3, 16.2, 17.7)


def simulated(n: int, rng) -> tuple[Table, np.ndarray]:
    "Weighted events, half of each class, and their slopes."
    parts = {process: MODEL.sample(process, n // 2, stream).x for process, stream in zip(("signal", "background"), spawn(rng, 2))}
    slopes = np.concatenate([aware.event_slopes(MODEL, process, x, 50.0, 1000.0) for process, x in parts.items()])
    return Table(np.concatenate(list(parts.values())), weight=np.repeat([50.0, 1000.0], n // 2) / (n // 2)), slopes


def step(quick: bool) -> list[dict]:
    "A step of INFERNO and one of cross-entropy, the same networks (ten of them, 30 and 30 units) and batches of 4000 events."
    n, epochs = (40_000, 2) if quick else (160_000, 5)
    table, slopes = simulated(n, 1)
    x, label = standardise(table.x, np.ones(n))(table.x), np.repeat([1.0, 0.0], n // 2)
    training = Training(epochs=epochs, batch=4000)
    ours = lambda: aware.learn_bins(table, slopes, SETTINGS, members=2, training=training, rng=1)
    # as many outputs, so that both networks do the same work
    theirs = lambda: train(_ten_outputs(), {"x": x, "label": label}, members=10, training=training, rng=1)
    own, other = interleave(ours, theirs, repeat=2 if quick else 5)
    n_steps = epochs * (n // 4000)
    return [row("a step of INFERNO, ten networks, batches of 4000", [one / n_steps for one in own], "a step of cross-entropy, the same networks",
                [one / n_steps for one in other], goal=1 / 1.5, note="goal: at most 1.5 times as long; steps of whole trainings, without compilation")]


def _ten_outputs():
    "Cross-entropy of the first of ten outputs."
    if not _TEN:
        loss = find_loss("cross-entropy")
        _TEN.append(Objective((("network", Dense(3, (30, 30), outputs=10)),),
                              lambda networks, batch: weighted_mean(loss(networks["network"](batch["x"])[..., 0], batch["label"]), batch)))
    return _TEN[0]


_TEN = []


def trained(quick: bool) -> list[dict]:
    "One network for each of the five settings, at the chapter's sizes, compilation included."
    table, slopes = simulated(40_000 if quick else 160_000, 1)
    cells, times, errors = aware.cells_of(MODEL), [], []
    for number in range(1 if quick else 3):
        aware._inferno.cache_clear()
        start = time.perf_counter()
        found = aware.learn_bins(table, slopes, SETTINGS, rng=number)
        times.append(time.perf_counter() - start)
        errors.append(found.errors(cells, SETTINGS))
    mean = np.mean(errors, axis=0)
    return [row("INFERNO for five settings, trained", times, "-", [], limit=30, quality_met=quick or bool(np.all(mean <= np.array(GOALS) + 0.05)),
                quality=f"expected errors {' '.join(f'{one:.2f}' for one in mean)} (goal {' '.join(map(str, GOALS))})")]


def exact(quick: bool) -> list[dict]:
    "The analytic row, by quadrature."
    work = lambda: aware.cells_of(MODEL, n_nodes=2**15).errors(SETTINGS)
    (times,) = interleave(work, repeat=5)
    return [row("the information limit of five settings, by quadrature", times, "-", [], limit=0.1,
                quality=f"{' '.join(f'{one:.3f}' for one in work())} (14.705 15.503 15.634 15.605 16.877)")]


def unbinned(quick: bool) -> list[dict]:
    "A profile of s in setting 4 on one data set, with learned ratios, 41 points."
    ranges, n = MODEL.parameters, 20_000
    nu = np.random.default_rng(1).uniform(*np.array(list(ranges.values())).T, (n, 2))
    change = aware.learn_expansion(MODEL.sample("background", n, 1, nu), MODEL.sample("background", n, 2),
                                Recipe(ranges, members=2, hidden=(16, 16), training=Training(epochs=4, batch=1000)), 1)
    to_signal = Ratio(members=2, hidden=(32, 32), training=Training(epochs=4, batch=1000), rng=1).fit(MODEL.sample("signal", n, 3), MODEL.sample("background", n, 4))
    model = Likelihood({"signal": Process(50.0, to_signal), "background": Process(1000.0, change, norm={"b": (0.9, 1.1)})}, strength={"mu": "signal"},
                       constraints=[Normal("r", 2.0, 0.4), Normal("lambda", 3.0, 1.0)])
    one = lambda rng: np.concatenate([MODEL.sample(process, rng.poisson(expected), rng).x for process, expected in (("signal", 50), ("background", 1000))])
    data = [one(rng) for rng in spawn(5, 6)]
    times = []
    for own in data:                                        # a new data set each time: nothing is kept from the one before; the first warms up
        start = time.perf_counter()
        model.profile(own, "mu", np.linspace(0, 2, 41))
        times.append(time.perf_counter() - start)
    return [row("unbinned profile of s, setting 4, 41 points, learned ratios", times[1:], "-", [], limit=1.0)]
