"""Unfolding without bins, beside the public `omnifold`, which lives in an environment of its own; twenty replicas; many events through a learned ratio.

Each unfolding has a process of its own; its time is that from the arrays to the weights, compilation included, imports not."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.cores import THREADS
from benchmarks.harness import peak_memory, row
from lrguide.unfolding import Paired, gaussian_iterations, iterative_bayes, unfold

HERE = Path(__file__).resolve().parent
CASE = dict(prior_mean=0.2, prior_width=0.8, smearing=0.5, data_mean=0.0, data_width=0.75**0.5)
LAYERS = (100, 100, 100)


def events(n: int, seed: int) -> dict[str, np.ndarray]:
    "`truth` and `reco` (n, 1) of the simulation and `data` (n, 1), single precision: Gaussians, smeared by a Gaussian."
    rng = np.random.default_rng(seed)
    truth, true = rng.normal(CASE["prior_mean"], CASE["prior_width"], (n, 1)), rng.normal(CASE["data_mean"], CASE["data_width"], (n, 1))
    found = {"truth": truth, "reco": truth + rng.normal(0, CASE["smearing"], (n, 1)), "data": true + rng.normal(0, CASE["smearing"], (n, 1))}
    return {name: values.astype(np.float32) for name, values in found.items()}


def distance(truth: np.ndarray, weight: np.ndarray, iterations: int) -> tuple[float, str]:
    "How far mean and width of the unfolded truth (n,) are from the exact ones after so many iterations, together, and both in words."
    mean = np.average(truth, weights=weight)
    found = np.array([mean, np.average((truth - mean) ** 2, weights=weight) ** 0.5])
    return float(np.hypot(*(found - gaussian_iterations(**CASE, iterations=iterations)[-1]))), f"({found[0]:+.4f}, {found[1]:.4f})"


def by_histogram(sample: dict[str, np.ndarray], iterations: int, rng=None, n_bins: int = 60) -> np.ndarray:
    """Weights (n,) of iterative Bayesian unfolding of the same events in equally wide bins: what the number of events allows.

    With an `rng` of a replica of them, whose events have Poisson weights."""
    truth, reco, data = (sample[name][:, 0] for name in ("truth", "reco", "data"))
    factor, of_data = (np.ones(len(part)) if rng is None else rng.poisson(1.0, len(part)).astype(float) for part in (truth, data))
    edges = np.linspace(min(reco.min(), data.min()), max(reco.max(), data.max()), n_bins + 1)
    at, seen, found = (np.clip(np.searchsorted(edges, values) - 1, 0, n_bins - 1) for values in (truth, reco, data))
    prior = np.bincount(at, factor, n_bins)
    filled = prior > 0
    response = np.bincount(seen * n_bins + at, factor, n_bins**2).reshape(n_bins, n_bins) / np.where(filled, prior, 1)
    counts = np.bincount(found, of_data, n_bins) * (response @ prior > 0)
    unfolded = np.zeros(n_bins)
    unfolded[filled] = iterative_bayes(response[:, filled], counts, prior[filled], iterations)[-1] / prior[filled]
    return factor * unfolded[at]


def peer_python() -> str | None:
    "Python of an environment with the packages of omnifold.lock, made if need be; None if they cannot be had."
    lock, folder = HERE / "omnifold.lock", HERE.parent / "build" / "omnifold"
    python, ready = folder / "bin" / "python", folder / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        if subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-deps", "-r", lock], stdout=sys.stderr).returncode:
            return None
        ready.touch()
    return str(python)


def measured(command: list, sample: dict[str, np.ndarray], *words, cores: int = 1) -> dict[str, np.ndarray]:
    "What `command` leaves when it is told a file of events, one for its result, and `words`; on one core, or on all with cores=0."
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "events.npz", Path(folder) / "result.npz"
        np.savez(paths[0], **sample)
        free = {name: value for name, value in os.environ.items() if name not in (*THREADS, "PYTHONPATH")}
        subprocess.run([*command, *paths, *map(str, words)], check=True, cwd=HERE.parent, stdout=subprocess.DEVNULL,
                       env=free | (dict.fromkeys(THREADS, "1") if cores else {}))
        with np.load(paths[1]) as file:
            return dict(file)


def serve(path: str, result: str, settings: str) -> None:
    "Unfolds the events in a file with `settings` of `unfold` as JSON, those of a Training by its fields; leaves wall and CPU seconds and the weights (m, n)."
    from lrguide.nets import Training
    with np.load(path) as file:
        simulation, data = Paired(file["truth"], file["reco"]), file["data"]
    settings = {name: Training(**value) if name in ("training", "again") else value for name, value in json.loads(settings).items()}
    wall, cpu = time.perf_counter(), time.process_time()
    found = unfold(simulation, data, hidden=LAYERS, **settings)
    np.savez(result, wall=time.perf_counter() - wall, cpu=time.process_time() - cpu, weights=found.replicas, memory=peak_memory())


OURS = [sys.executable, "-m", "benchmarks.unfolding"]
ours = lambda sample, cores=1, **settings: measured(OURS, sample, json.dumps(settings), cores=cores)


size = lambda quick: (10_000, 2, 2, 4) if quick else (100_000, 5, 5, 20)       # events, iterations, seeds, replicas
words = lambda n, iterations: f"{n:,} + {n:,} events, {iterations} iterations, 3 x 100 units"


def omnifold(quick: bool) -> list[dict]:
    "One unfolding by both, at the peer's training and at ours; twenty replicas beside twenty runs of the peer."
    (n, iterations, seeds, members), epochs, rows = size(quick), 2 if quick else 50, []
    sample, case = events(n, 1), words(n, iterations)
    python, name = peer_python(), "omnifold 0.1.36, its defaults (batch 128, stops after 10 passes without gain)"
    theirs = measured([python, HERE / "omnifold_peer.py"], sample, iterations, epochs, 10, 1) if python else None
    far = lambda weight: distance(sample["truth"][:, 0], weight, iterations)
    their_far, their_words = far(theirs["weights"]) if python else (np.inf, "")
    others = f"exact {far_words(iterations)}; histograms of the same events {far(by_histogram(sample, iterations))[0]:.4f}" + f"; the peer's {their_far:.4f} {their_words}" * bool(python)
    walls, not_there = ([float(theirs["wall"])], "") if python else ([], "not installed: omnifold (its packages cannot be had)")
    if python:
        first, later = (int(round(part.mean())) for part in (theirs["epochs"][0], theirs["epochs"][1:]))
        like = dict(batch=128, rate=1e-4, schedule="constant")
        same = ours(sample, iterations=iterations, rng=1, loss="cross-entropy", training=like | {"epochs": first}, again=like | {"epochs": later})
        steps = int(theirs["epochs"].sum()) * int(0.8 * (2 * n // 128))
        rows.append(row(f"OmniFold at the peer's batch, rate and number of passes, {case}", [float(same["wall"])], name, walls, goal=None if quick else 6,
                        quality="distance {:.4f} {} of mean and width; ".format(*far(same["weights"][0])) + others,
                        note=f"full runs: 1 of each; the peer's {theirs['epochs'].sum()} passes take {walls[0] / theirs['epochs'].sum():.2g} s each, {1e3 * walls[0] / steps:.2g} ms a step, "
                        f"validation included; ours are {first} in each step of the first iteration, then {later}, over all events"))
    own = [ours(sample, iterations=iterations, rng=seed) for seed in range(seeds)]
    distances = [far(one["weights"][0])[0] for one in own]
    mine = [float(one["wall"]) for one in own]
    rows.append(row(f"OmniFold with our own training, {case}", mine, name, walls, goal=None if quick else 20, quality_met=quick or np.mean(distances) <= their_far,
                    quality=f"distance {np.mean(distances):.4f} of mean and width, mean of {seeds} seeds, largest {max(distances):.4f} (goal: no more than the peer's); " + others,
                    note=not_there or "full runs of the peer: 1"))
    return rows + [of_replicas(sample, iterations, members, quick)(f"{members} times omnifold 0.1.36", [members * wall for wall in walls], goal=None if quick else 10,
                                                                   note=not_there or f"{members} times the one run measured")]


def far_words(iterations: int) -> str:
    "The exact mean and width."
    return "({:+.4f}, {:.4f})".format(*gaussian_iterations(**CASE, iterations=iterations)[-1])


def of_replicas(sample: dict, iterations: int, members: int, quick: bool) -> partial:
    "A row of replicas on all cores, without its peer."
    found = ours(sample, cores=0, iterations=iterations, members=members, bootstrap=True, rng=1)
    means = [np.average(sample["truth"][:, 0], weights=weight) for weight in found["weights"]]
    binned = [np.average(sample["truth"][:, 0], weights=by_histogram(sample, iterations, np.random.default_rng(k))) for k in range(200)]
    spread, expected = np.std(means, ddof=1), np.std(binned, ddof=1)
    right, cores = abs(spread / expected - 1) < 5 / np.sqrt(2 * (members - 1)), len(os.sched_getaffinity(0))
    quality = f"the mean scatters by {spread:.2g}, in histograms of the same events by {expected:.2g}; {found['cpu']:.0f} CPU s"
    return partial(row, f"{members} bootstrap replicas on {cores} cores, {words(len(sample['truth']), iterations)}", [float(found["wall"])], quality=quality, quality_met=quick or right)


def replicas(quick: bool) -> list[dict]:
    "Replicas on all cores beside one unfolding on one core."
    n, iterations, seeds, members = size(quick)
    sample = events(n, 1)
    alone = [float(ours(sample, iterations=iterations, rng=seed)["wall"]) for seed in range(seeds)]
    return [of_replicas(sample, iterations, members, quick)("one on one core", alone, goal=None if quick else 0.1,
                                                            note="full runs of the replicas: 1; the goal: at most ten times the time of one")]


def memory(quick: bool) -> list[dict]:
    "Peak memory of unfoldings of more and more events, and of log_ratio of more events than there is memory for at once."
    from benchmarks.events import pieces
    from benchmarks.problem import toy
    from lrguide.arrays import spawn
    from lrguide.ratio import Ratio
    sizes = (50_000, 100_000, 200_000) if quick else (100_000, 400_000, 1_000_000)
    found = [ours(events(n, 1), iterations=1, rng=1) for n in sizes]
    peaks = [float(one["memory"]) for one in found]
    slopes = [2**10 * (high - low) / (more - less) for low, high, less, more in zip(peaks, peaks[1:], sizes, sizes[1:])]
    rows = [row(f"one iteration, {sizes[-1]:,} + {sizes[-1]:,} events, 3 x 100 units", [float(found[-1]["wall"]) / sizes[-1]], f"itself at {sizes[0]:,}", [float(found[0]["wall"]) / sizes[0]],
                unit="event", quality=f"peak {peaks[-1]:.0f} MiB; {slopes[0]:.2g} kiB an event up to {sizes[1]:,}, {slopes[1]:.2g} beyond (goal: no more than 1.2 times)",
                quality_met=quick or slopes[1] <= 1.2 * slopes[0])]
    ratio = Ratio(members=1, rng=6).fit(*(toy.sample(name, 100_000, rng) for name, rng in zip(("signal", "background"), spawn(6, 2))))
    peaks, times, sizes = [], [], (10**5, 10**6) if quick else (10**6, 10**7)
    for n in (sizes[0], *sizes):                            # the first is warm-up
        start = time.perf_counter()
        for piece in pieces(n):
            ratio.log_ratio(piece)
        times.append((time.perf_counter() - start) / n), peaks.append(peak_memory())
    return rows + [row(f"{sizes[1]:.0e} events through log_ratio, piece by piece", times[2:], f"itself at {sizes[0]:.0e}", times[1:2], unit="event",
                       quality=f"peak {peaks[2]:.0f} MiB, {peaks[2] - peaks[1]:+.0f} MiB more (goal 50)", quality_met=peaks[2] - peaks[1] < 50, note="making the events included")]


if __name__ == "__main__":
    serve(*sys.argv[1:])
