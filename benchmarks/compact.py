"""Compact likelihoods: fitted pseudo-experiments as sums of polynomials, the pass over many events, fits after it, the size of a file."""

import tempfile
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np

import lrguide.asymptotics
from benchmarks.fits import NOTE, by_hand, minimum
from benchmarks.harness import interleave, peak_memory, per, row
from benchmarks.problem import BACKGROUND, SIGNAL, toy
from lrguide.arrays import Ranges, Table, as_table
from lrguide.asymptotics import parameter_toys
from lrguide.compact import Compact, compacted
from lrguide.intervals import neyman_construction
from lrguide.likelihood import Likelihood, Normal, Process
from lrguide.models import Resonance
from lrguide.ratio import Ratio
from lrguide.nets import Training
from lrguide.pools import pools_of
from lrguide.publish import save_published

free = Resonance(None)  # the resolution is a parameter


@contextmanager
def by_events():
    "Pseudo-experiments are fitted with their events, as before there were compact likelihoods."
    kept, lrguide.asymptotics.quick_rows = lrguide.asymptotics.quick_rows, lambda *_: None
    try:
        yield
    finally:
        lrguide.asymptotics.quick_rows = kept


def statistic(quick: bool) -> list[dict]:
    "About 1050 events in each experiment, exact ratio, both strengths free: drawn rows of a pool against iminuit."
    n, n_theirs = (2_000, 50) if quick else (20_000, 300)
    model = Likelihood({"signal": Process(SIGNAL, toy), "background": Process(BACKGROUND)}, {"mu": "signal", "beta": "background"})
    events = as_table(np.concatenate([toy.sample("signal", 50_000, 1).x, toy.sample("background", 50_000, 2).x]))
    box = Ranges({"mu": (-0.9, 3.5), "beta": (0.8, 1.2)})
    narrow, pools = pools_of(model, {"": model.parts(events)[0]}, box, {"": SIGNAL + BACKGROUND}, 1e-7)
    rng = np.random.default_rng(3)
    counts = np.stack([rng.poisson(SIGNAL, n), rng.poisson(BACKGROUND, n)], axis=1)
    place = np.arange(counts.sum(axis=1).max())
    weights = (place < counts.sum(axis=1)[:, None]).astype(float)
    rows = np.where(place < counts[:, :1], rng.integers(0, 50_000, weights.shape), rng.integers(50_000, 100_000, weights.shape))
    total = counts.sum(axis=1)
    without = total - total * np.log(total)                # densities relative to the flat background
    found = {}

    def ours():
        step = 2_000
        parts = [Compact(narrow, (pools[""].pick(rows[i:i + step], weights[i:i + step]),), (), box=box, walls=dict(box)).fit_many() for i in range(0, n, step)]
        found["T"], found["converged"] = without - np.concatenate([one.nll for one in parts]), np.concatenate([one.converged for one in parts])

    sets = [events.x[rows[i][weights[i] > 0]] for i in range(n_theirs)]
    nll = lambda x: by_hand(SIGNAL * np.exp(toy.log_ratio(x)), BACKGROUND, (SIGNAL, BACKGROUND))
    mine, theirs = interleave(ours, lambda: [minimum(nll(x)) for x in sets])
    some = np.flatnonzero(found["converged"][:len(sets)])
    tight = np.array([minimum(nll(sets[i]), tolerance=1e-6) for i in some])
    worst = np.abs(found["T"][some] - (without[some] - tight)).max()
    return [row("fitted statistic of 1050 events, drawn from a pool", per(mine, n), "iminuit, NLL by hand", per(theirs, n_theirs), unit="toy", goal=15, note=NOTE,
                quality=f"T within {worst:.1g} of Minuit's at a tight tolerance (goal 1e-6); {np.mean(~found['converged']):.2g} end outside",
                quality_met=worst < 1e-6 and np.mean(found["converged"]) > 0.99)]


def learned(members: int = 4) -> tuple[Likelihood, dict[str, Table]]:
    "A search with a learned ratio, one nuisance parameter and its constraint; samples of both processes at the true resolution."
    rng = np.random.default_rng(4)
    sigma = rng.uniform(0.04, 0.12, (60_000, 1))
    signal, background = free.sample("signal", 60_000, 5, nu=sigma), free.sample("background", 60_000, 6, nu=[0.08])
    ratio = Ratio(parameters={"sigma": (0.04, 0.12)}, members=members, activation="gelu", training=Training(epochs=6, batch=500), rng=7)
    ratio.fit(Table(signal.x, nu=sigma), Table(background.x))
    model = Likelihood({"signal": Process(SIGNAL, ratio), "background": Process(BACKGROUND)}, {"mu": "signal"}, [Normal("sigma", 0.08, 0.008)])
    return model, {"signal": Table(free.sample("signal", 20_000, 8, nu=[0.08]).x), "background": Table(free.sample("background", 20_000, 9, nu=[0.08]).x)}


def toys(quick: bool) -> list[dict]:
    "Profile pseudo-experiments, strength tested, and a construction of the size of chapter 22's figure with the resolution profiled."
    n, repeat = (600, 1) if quick else (4_000, 5)
    model, source = learned()
    truth, found = {"mu": 1.0, "sigma": 0.08}, {}

    def one(which):
        found[which] = parameter_toys(model, truth, n, 10, source=source)

    def events():
        with by_events():
            one("events")

    mine, theirs = interleave(lambda: one("numbers"), events, repeat=repeat)
    off = np.nanmax(np.abs(found["numbers"].t - found["events"].t))
    rows = [row("profile pseudo-experiments, learned ratio, one nuisance parameter", per(mine, n), "this package, with the events of each", per(theirs, n), unit="toy", goal=10,
                quality=f"T within {off:.1g} (goal 1e-4)", quality_met=off < 1e-4, note="making the pool of 40,000 rows included")]
    grid, each = (np.linspace(0, 2, 3), 600) if quick else (np.linspace(0, 3, 13), 2_000)

    def construct(which):
        found[which] = neyman_construction(model, grid, each, 11, truth={"sigma": 0.08}, source=source)

    def construct_by_events():
        with by_events():
            construct("events")

    mine, theirs = interleave(lambda: construct("numbers"), construct_by_events, repeat=1 if quick else 2, warm=False)
    off = np.abs(found["numbers"].critical - found["events"].critical).max()
    failed = [int(found[which].failed.sum()) for which in ("numbers", "events")]
    return rows + [row(f"Neyman construction, {len(grid)} values, {each} experiments each, resolution profiled", mine, "this package, with the events of each", theirs, goal=10,
                       quality=f"critical values within {off:.1g}; fits that failed: {failed[0]}, with the events {failed[1]}", quality_met=off < 1e-3 or failed[0] < failed[1])]


def measurement(n: int, ratio=free) -> tuple[Likelihood, dict]:
    "A likelihood of n events, and the ranges of its parameters."
    model = Likelihood({"signal": Process(n / 6, ratio), "background": Process(n * 5 / 6)}, {"mu": "signal"}, [Normal("sigma", 0.06, 0.01)], {"sigma": (0.04, 0.12)})
    width = 8 / np.sqrt(n)
    ranges = {"mu": (1 - 5 * width, 1 + 5 * width), "sigma": (0.06 * (1 - 3 * width), 0.06 * (1 + 3 * width))}
    return model, ranges


def pieces(n: int, size: int = 2**16):
    "Events in pieces, a sixth of them signal."
    rng = np.random.default_rng(n)
    for start in range(0, n, size):
        m = min(size, n - start)
        x = rng.uniform(-0.5, 0.5, (m, 1))
        signal = rng.random(m) < 1 / 6
        x[signal, 0] = (rng.normal(0, 0.06, signal.sum()) + 0.5) % 1 - 0.5
        yield x


def passes(quick: bool) -> list[dict]:
    "The pass over many events of a learned ratio against its log ratios at as many values of the resolution, piece by piece in turns."
    n = 100_000 if quick else 10_000_000
    ratio = learned(1)[0].processes["signal"].ratio
    model, ranges = measurement(n, ratio)
    like = compacted(model, islice(pieces(n), 1), ranges, tolerance=1e-3)      # ranges and degrees; compiles
    nodes, before, theirs = like.parts[0].basis.nodes, peak_memory(), 0.0

    def in_turns():
        "The pieces; when the next one is wanted the peer has its turn on the last."
        nonlocal theirs
        for x in pieces(n):
            yield x
            start = perf_counter()
            for nu in nodes:
                ratio.log_ratio(x, nu)
            theirs += perf_counter() - start

    start = perf_counter()
    made = compacted(model, in_turns(), tolerance=1e-3, like=like)
    ours = perf_counter() - start - theirs
    grown = peak_memory() - before
    return [row(f"pass over {n:,} events, learned ratio", [ours], f"log_ratio at the {len(nodes)} nodes", [theirs], goal=1 / 1.15,
                quality=f"nll within {made.bound:.1g}, {made.numbers} numbers; peak {before:.0f} MiB, {grown:+.0f} MiB more (goal 10 %)", quality_met=grown < 0.1 * before)]


def streamed(quick: bool) -> list[dict]:
    "The pass over many events, whose exact ratio costs little; fits and profiles after it; the file."
    sizes = (10_000, 300_000) if quick else (10_000, 1_000_000, 10_000_000, 100_000_000)
    rows, made, models, memory, each = [], {}, {}, {}, {}
    for n in sizes:
        models[n], ranges = measurement(n)
        start = perf_counter()
        made[n] = compacted(models[n], pieces(n), ranges, tolerance=1e-5 if n >= 10**7 else 1e-6)
        each[n], memory[n] = (perf_counter() - start) / n, peak_memory()
        if n >= 10**7:
            rows.append(row(f"pass over {n:,} events, exact ratio", [each[n]], "itself at 1,000,000", [each[10**6]], unit="event",
                            quality=f"nll within {made[n].bound:.1g}, {made[n].numbers} numbers; peak {memory[n]:.0f} MiB, {memory[n] - memory[10**6]:+.0f} MiB more (goal 10 %)",
                            quality_met=memory[n] < 1.1 * memory[10**6]))
    point = lambda n: (lambda: (models[n].fit(made[n]), models[n].profile(made[n], "mu", 1 + 3 / np.sqrt(n) * np.linspace(-4, 4, 41))))
    small, large = sizes[0], sizes[2] if len(sizes) > 2 else sizes[1]
    mine, theirs = interleave(point(large), point(small))
    rows.append(row(f"fit and 41-point profile after the pass, {large:,} events", mine, f"the same of {small:,} events", theirs, goal=1 / 1.2, limit=0.05))
    n = 1_000_000 if not quick else sizes[1]
    model = models[n]
    with tempfile.TemporaryDirectory() as folder:
        size = save_published(made[n], Path(folder) / "likelihood.json").stat().st_size
    points = {name: np.random.default_rng(1).uniform(*made[n].box[name], 5) for name in model.parameters}
    whole = sum(_minus_log_rates(model, x, points) for x in pieces(n))
    short = made[n](points) - sum(model.yields(points).values()) - made[n].constraints[0].nll(points)
    off = np.abs((whole - whole[0]) - (short - short[0])).max()
    rows.append(row(f"published likelihood of {n:,} events", [], "-", [], quality=f"{size / 1000:.1f} kB (goal 100), nll within {off:.1g} (goal 1e-5)",
                    quality_met=size < 100_000 and off < 1e-5))
    return rows


def _minus_log_rates(model, x, points) -> np.ndarray:
    "Minus the sum of log rates of one piece at several points."
    yields = model.yields(points)
    return np.array([-np.log(yields["signal"][i] * np.exp(free.log_ratio(x, [points["sigma"][i]])) + yields["background"]).sum() for i in range(5)])
