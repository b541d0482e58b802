"""Training and evaluation on all cores: twenty networks in groups, a thread for each core, against one group with the compiler's own threads and against one core.

How many threads the compiler has is settled when a process begins, so two processes wait for orders: one with a thread, one with a
thread for each core. Compilation is done before."""

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import interleave, row

THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def serve(work: str, members: int, n_events: int, epochs: int, path: str) -> None:
    """Trains, or evaluates, as many threads at a time as each line says that comes in, 0 for what the package chooses; says so when done, and
    leaves the last numbers in `path`."""
    from lrguide import losses, nets
    rng = np.random.default_rng(1)
    label = np.repeat([1.0, 0.0], n_events // 2)
    x = rng.normal(size=(n_events, 4)) + 0.3 * label[:, None]
    shape = nets.Dense(4, (100, 100, 100))
    fit = lambda threads: nets.train(losses.per_event("cross-entropy", shape), {"x": x, "label": label}, members=members, threads=threads,
                                     training=nets.Training(epochs=epochs, batch=1000), rng=3).network
    network = fit(1) if work == "predict" else None
    for line in sys.stdin:
        threads = int(line) or None
        found = fit(threads).weights if network is None else nets.predict(network, x, threads=threads)
        np.save(path, found)
        print("done", flush=True)


def measured(work: str, members: int, n_events: int, epochs: int, repeat: int) -> tuple[int, list[list[float]], float]:
    "Number of cores, times (s) of groups on all of them, of one group with the compiler's threads, of one group and of groups on one core; the largest difference of their numbers."
    cores = len(os.sched_getaffinity(0))
    free = {name: value for name, value in os.environ.items() if name not in THREADS}
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{k}.npy") for k in range(2)]
        workers = [subprocess.Popen([sys.executable, "-m", "benchmarks.cores", work, *map(str, (members, n_events, epochs)), path], text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
                   for path, environment in zip(paths, (free, {**free, **dict.fromkeys(THREADS, "1")}))]

        def turn(worker, threads):
            workers[worker].stdin.write(f"{threads}\n")
            workers[worker].stdin.flush()
            if workers[worker].stdout.readline() != "done\n":
                raise RuntimeError(f"{work}: a process ended before it was done")

        turns, numbers = [(0, 0), (0, 1), (1, 1), (1, 0)][:4 if work == "train" else 3], []          # outputs need no groups of members
        for worker, threads in turns:                      # once for the programs, and to compare the numbers
            turn(worker, threads)
            numbers.append(np.load(paths[worker]))
        times = interleave(*(partial(turn, *one) for one in turns), repeat=repeat, warm=False)
        for worker in workers:
            worker.communicate()
    return cores, times, max(np.abs(other - numbers[0]).max() for other in numbers[1:])


def rows(work: str, words: str, members: int, n_events: int, epochs: int, repeat: int, goals: tuple, note: str) -> list[dict]:
    "Groups on all cores against one group with the compiler's threads, one group on one core, and the same groups on one core."
    cores, (groups, *others), difference = measured(work, members, n_events, epochs, repeat)
    quality = dict(quality=f"numbers the same to {difference:.1g} (goal 1e-5)", quality_met=difference <= 1e-5, note=note)
    peers = ("the same as one group on the same cores, the compiler's own threads", "one core", "the same groups on one core")
    return [row(f"{words}, on {cores} cores", groups, peer, theirs, goal=goal, **quality) for peer, theirs, goal in zip(peers, others, goals)]


def train(quick: bool) -> list[dict]:
    "Twenty networks (100, 100, 100) in batches of 1,000."
    n_events, repeat = (4000, 2) if quick else (20_000, 5)
    return rows("train", f"train 20 networks (100, 100, 100), {n_events:,} events, batch 1,000, 3 epochs", 20, n_events, 3, repeat,
                (None, None, None) if quick else (1.4, 1.8, None), "quick: a fifth of the events; the goals do not apply" * quick)


def predict(quick: bool) -> list[dict]:
    "Their outputs for many events."
    n_events, repeat = (20_000, 2) if quick else (100_000, 5)
    return rows("predict", f"outputs of 20 networks (100, 100, 100) for {n_events:,} events", 20, n_events, 1, repeat, (None, None),
                "quick: a fifth of the events" * quick)


if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5])
