"""Hunting: the twenty networks of a nested cross-training against `keras.Model.fit`, and on all cores against one after another; the command on a whole table.

The events are those of chapter 63: a falling spectrum, four features, 0.6 % of signal. All of them are in the window or its sidebands,
so each network sees three fifths of all, half of each class by repetition."""

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.cores import THREADS
from benchmarks.harness import interleave, row, seconds
from lrguide.arrays import Table, join

HIDDEN, FOLDS, BATCH, MASS = (32, 32), 5, 250, 3500.0


def sample(n_events: int) -> Table:
    "Events in random order, 0.6 % of them signal; mass and truth in `also`."
    from lrguide.anomaly import FallingSpectrum
    model, n_signal = FallingSpectrum(low=2000.0, high=6000.0, mass=MASS), round(0.006 * n_events)
    table = join(model.sample("background", n_events - n_signal, 1), model.sample("signal", n_signal, 2))
    return table[np.random.default_rng(3).permutation(n_events)]


def prepared(n_events: int) -> tuple:
    "Table, window with its sidebands, label (n,) and fold (n,)."
    from lrguide.anomaly import Window
    from lrguide.folds import folds_of
    table = sample(n_events)
    window = Window(3300.0, 3700.0, 2000.0, 6000.0)
    return table, window, window.label(table.also["m"]), folds_of(table, FOLDS)


def rows_of(label: np.ndarray, fold: np.ndarray, seen: tuple, rng, n: int) -> np.ndarray:
    "`n` events of the folds `seen`, half of each label, repeated as need be, in random order."
    return rng.permutation(np.concatenate([np.resize(rng.permutation(np.flatnonzero((label == c) & np.isin(fold, seen))), n // 2) for c in (0, 1)]))


def largest(label: np.ndarray, fold: np.ndarray, plan: list) -> int:
    "Events that a network is trained on, with repetitions."
    return 2 * max(np.sum((label == c) & np.isin(fold, seen)) for _, seen in plan for c in (0, 1))


def found_z(table: Table, scores: np.ndarray, fold: np.ndarray, window) -> tuple[float, float]:
    "Significance at a share of 1 %, and AUC of signal against background inside the window."
    from lrguide.anomaly import judged
    mass, inside = table.also["m"], window.label(table.also["m"]) == 1
    hunted = judged(mass, scores[None], fold, (window,), (0.01,), 2000.0, 6000.0, (3, 1), "nested", 0)
    return float(hunted.z[0, 1]), float(roc_auc_score(table.also["signal"][inside], scores[inside]))


def by_fit(table: Table, label: np.ndarray, fold: np.ndarray, epochs: int, rng) -> np.ndarray:
    "Scores (n,) of networks trained by plain Model.fit, one after another."
    from lrguide.anomaly import plan_of
    from lrguide.backend import keras
    plan, x, scores = plan_of("nested", FOLDS, 1), table.x.astype(np.float32), np.zeros(len(table))
    n = largest(label, fold, plan)
    for own, seen in plan:
        rows, judged = rows_of(label, fold, seen, rng, n), fold == own
        model = keras.Sequential([keras.Input((x.shape[1],)), *(keras.layers.Dense(units, activation="elu") for units in HIDDEN), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
        model.fit(x[rows], label[rows].astype(np.float32), batch_size=BATCH, epochs=epochs, verbose=0)
        scores[judged] += 1 / (1 + np.exp(-model.predict(x[judged], batch_size=8192, verbose=0)[:, 0].astype(float))) / (FOLDS - 1)
    return scores


def nested(quick: bool) -> list[dict]:
    "Five folds times four networks: training and scores of all events."
    from benchmarks.training import turn
    from lrguide.anomaly import HUNTERS, crossed_scores
    from lrguide.nets import Training
    from lrguide.ratio import Recipe
    n_events, epochs, repeat, peer_repeat = (12_000, 2, 2, 1) if quick else (120_000, 5, 3, 1)
    table, window, label, fold = prepared(n_events)
    recipe = Recipe(members=HUNTERS.members, hidden=HIDDEN, training=Training(epochs=epochs, batch=BATCH))
    ours, theirs, found, peer = [], [], [], []
    for number in range(repeat):
        time, (scores,) = turn(lambda: crossed_scores([table], [label], [fold], recipe, "nested", rng=number))
        ours.append(time)
        found.append(found_z(table, scores, fold, window))
        if number < peer_repeat:
            time, scores = turn(lambda: by_fit(table, label, fold, epochs, np.random.default_rng(number)))
            theirs.append(time)
            peer.append(found_z(table, scores, fold, window))
    (z, auc), (peer_z, peer_auc) = np.median(found, axis=0), np.median(peer, axis=0)
    return [row(f"nested cross-training, 5 x 4 networks {HIDDEN}, {n_events:,} events, batch {BATCH}, {epochs} epochs, compilation and scores included", ours,
                "Model.fit one after another, the same batch and epochs, constant rate", theirs, goal=None if quick else 15,
                quality=f"Z at 1 % {z:.1f}, Model.fit {peer_z:.1f} (goal: 1.5 less at most); AUC {auc:.3f}, Model.fit {peer_auc:.3f} (goal: 0.01 less at most)",
                quality_met=quick or bool(z > peer_z - 1.5 and auc > peer_auc - 0.01), note=f"full runs of the peer: {peer_repeat}" + "; quick: the goals do not apply" * quick)]


def serve(n_events: int, epochs: int, units: int, path: str) -> None:
    "Trains the twenty networks, 'together' or 'apart', for each line that comes in; says so when done, and leaves their weights in `path`."
    from lrguide import losses, nets
    from lrguide.anomaly import plan_of
    table, _, label, fold = prepared(n_events)
    plan, rng = plan_of("nested", FOLDS, 1), np.random.default_rng(1)
    n = largest(label, fold, plan)
    rows = np.stack([rows_of(label, fold, seen, rng, n) for _, seen in plan])
    columns, objective = {"x": table.x, "label": label == 1}, losses.per_event("cross-entropy", nets.Dense(table.x.shape[1], (units, units)))
    fit = partial(nets.train, objective, columns, training=nets.Training(epochs=epochs, batch=BATCH), rng=3)
    for line in sys.stdin:
        if line.strip() == "together":
            weights = fit(members=len(rows), rows=rows).network.weights
        else:
            weights = np.concatenate([fit(members=[k], rows=rows[k:k + 1], threads=1).network.weights for k in range(len(rows))])
        np.save(path, weights)
        print("done", flush=True)


def on_cores(quick: bool) -> list[dict]:
    "The same twenty networks on all cores, against one after another by the same loop on one, of two sizes. Compilation is done before."
    return [row for units in (16, 32) for row in of_units(units, quick)]


def of_units(units: int, quick: bool) -> list[dict]:
    "The rows of networks with two layers of so many `units`."
    n_events, epochs, repeat = (12_000, 2, 2) if quick else (120_000, 5, 5)
    free = {name: value for name, value in os.environ.items() if name not in THREADS}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{k}.npy" for k in range(2)]
        workers = [subprocess.Popen([sys.executable, "-m", "benchmarks.hunting", str(n_events), str(epochs), str(units), str(path)], text=True, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, env=environment) for path, environment in zip(paths, (free, free | dict.fromkeys(THREADS, "1")))]

        def turn(worker, how):
            workers[worker].stdin.write(f"{how}\n")
            workers[worker].stdin.flush()
            if workers[worker].stdout.readline() != "done\n":
                raise RuntimeError(f"{how}: a process ended before it was done")

        turns = [(0, "together"), (1, "apart"), (1, "together")]
        numbers = []
        for one in turns:                                  # once for the programs, and to compare the numbers
            turn(*one)
            numbers.append(np.load(paths[one[0]]))
        ours, *others = interleave(*(partial(turn, *one) for one in turns), repeat=repeat, warm=False)
        for worker in workers:
            worker.communicate()
    cores, difference = len(os.sched_getaffinity(0)), max(np.abs(other - numbers[0]).max() for other in numbers[1:])
    quality = dict(quality=f"weights the same to {difference:.1g} (goal 1e-5)", quality_met=difference <= 1e-5, note="quick: the goals do not apply" * quick)
    words = f"train the 5 x 4 networks of a nested cross-training {(units, units)}, {n_events:,} events, batch {BATCH}, {epochs} epochs, on {cores} cores"
    return [row(words, ours, peer, theirs, goal=goal, **quality)
            for peer, theirs, goal in zip(("one after another by the same loop on one core", "all together on one core"), others, (None if quick else 2.5, None))]


def scan(quick: bool) -> list[dict]:
    "The command `lrguide hunt` as users call it: from the file to the figure, on all cores."
    n_events, n_windows = (12_000, 5) if quick else (120_000, 20)
    table = sample(n_events)
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "table.csv", np.column_stack([table.also["m"], table.x]), "%.8g", delimiter=",", header="m_jj,a,b,c,d", comments="")
        words = f"hunt table.csv --mass m_jj --features a b c d --scan 2600:4700:{n_windows} --out found"
        command = [sys.executable, "-m", "lrguide", *words.split()]
        environment = {name: value for name, value in os.environ.items() if name not in THREADS} | {"PYTHONPATH": str(Path(__file__).parent.parent)}
        time = seconds(lambda: subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True))
        found = json.loads((Path(folder) / "found" / "hunt.json").read_text())
    z = max(one["z"] for one in found["results"] if one["share"] == 0.01 and one["low"] < MASS < one["high"])
    quiet = max(one["z"] for one in found["results"] if not 0.91 * one["low"] < MASS < 1.09 * one["high"])           # three widths of the peak away
    return [row(f"`lrguide hunt`, {n_windows} windows x 3 shares, {n_events:,} events, from the file to the figure, on {len(os.sched_getaffinity(0))} cores", [time], "-", [],
                limit=None if quick else 600, quality=f"Z at 1 % {z:.1f} where the signal is (goal 15), elsewhere at most {quiet:.1f} (goal 4)",
                quality_met=quick or (z > 15 and quiet < 4), note="a bar shows the windows that are done on a terminal; 1,000 pseudo-experiments for the global p-value" + "; quick: the goals do not apply" * quick)]


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:4]), sys.argv[4])
