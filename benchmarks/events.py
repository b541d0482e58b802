"""Many events, streamed through a learned ratio: 10^6, 10^7 and 10^8 of them, in a memory that stays as it is."""

import sys

import numpy as np

from benchmarks.harness import peak_memory, per, row, seconds
from benchmarks.problem import BACKGROUND, SIGNAL, toy
from lrguide.arrays import spawn
from lrguide.likelihood import Likelihood, Process
from lrguide.ratio import Ratio

CHUNK, MU = 2**18, np.linspace(0, 2, 5)


def pieces(n: int):
    "`n` events of signal plus background, piece by piece; what they cost is measured apart."
    rng = np.random.default_rng(5)
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        x = rng.random((size, 1)) - 0.5
        peak = rng.random(size) < SIGNAL / (SIGNAL + BACKGROUND)
        x[peak, 0] = np.clip(0.08 * rng.standard_normal(peak.sum()), -0.499, 0.499)
        yield x


def streamed(quick: bool) -> list[dict]:
    "log_ratio of every event and the likelihood at five strengths, from a generator; memory before and after."
    sizes, repeat = ((10**5, 10**6), 3) if quick else ((10**6, 10**7, 10**8), 5)
    samples = [toy.sample(name, 100_000, rng) for name, rng in zip(("signal", "background"), spawn(6, 2))]
    ratio = Ratio(members=1, rng=6).fit(*samples)

    def run(n: int) -> None:  # yields in proportion, so that the nll keeps its shape
        share = n / (SIGNAL + BACKGROUND)
        model = Likelihood({"signal": Process(share * SIGNAL, ratio), "background": Process(share * BACKGROUND)}, {"mu": "signal"})
        model.scan(pieces(n), {"mu": MU}, progress=sys.stderr.isatty())

    run(sizes[0])
    times, memory = {}, {0: peak_memory()}
    for n in sizes:
        times[n] = [seconds(lambda: run(n)) for _ in range(1 if n == 10**8 else repeat)]
        memory[n] = peak_memory()
    making = seconds(lambda: [None for _ in pieces(sizes[1])]) / sizes[1]
    rows, first = [], per(times[sizes[0]], sizes[0])
    for n in sizes[1:]:
        mine = per(times[n], n)
        slower, grown = np.median(mine) / np.median(first) - 1, memory[n] - memory[sizes[0]]
        rows.append(row(f"{n:.0e} events through a learned ratio and a likelihood at 5 points", mine, f"itself at {sizes[0]:.0e}", first,
                        unit="event", quality=f"{100 * slower:+.0f} % time per event (goal 20 %); peak {memory[n]:.0f} MiB, {grown:+.0f} "
                        "MiB more", quality_met=slower < 0.2 and grown < 50,
                        note=f"{memory[0]:.0f} MiB after a first run; making the events {1e9 * making:.0f} ns of each; chunks of {CHUNK:,}"))
    return rows
