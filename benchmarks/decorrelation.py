"""Decorrelation: a step with the DisCo penalty against a plain one, and exact distance correlation against `dcor`.

Steps are counted in CPU time, of long trainings less short ones: no compilation, no reading of data. A batch has 500 events, half of them background."""

import time

import numpy as np

from benchmarks.harness import interleave, missing, row
from lrguide import decorrelation, losses, nets


def cpu_seconds(function) -> float:
    "CPU time (s) of one call of `function`."
    start = time.process_time()
    function()
    return time.process_time() - start


def step(quick: bool) -> list[dict]:
    "Training steps with and without the penalty, for one network of three sizes, and six at once."
    n, batch, more, repeat = 20_000, 500, (4 if quick else 8), (2 if quick else 5)
    rng, rows = np.random.default_rng(1), []
    x, label, m = rng.standard_normal((n, 4)).astype(np.float32), rng.permutation(np.repeat([1.0, 0.0], n // 2)), rng.standard_normal(n)
    for hidden, members in (((64, 64, 64), 1), ((64, 64, 64), 6), ((32, 32), 1)):
        plain = losses.per_event("cross-entropy", nets.Dense(4, hidden))
        kinds = [(losses.plus(plain, 10.0, decorrelation.disco("m", events=events)), {"m": m}) for events in (None, batch)] + [(plain, {})]

        def per_step(kind) -> float:
            objective, columns = kind
            run = lambda epochs: nets.train(objective, {"x": x, "label": label, **columns}, members=members, threads=1, training=nets.Training(epochs=epochs, batch=batch), rng=1)
            short = cpu_seconds(lambda: run(1))
            return (cpu_seconds(lambda: run(1 + more)) - short) / (more * n / batch)

        times = [[] for _ in kinds]
        for number in range(repeat + 1):                    # the first one compiles
            for own, kind in zip(times, kinds):
                own.append(per_step(kind))
        chosen, every, without = (own[1:] for own in times)
        goal = None if quick else 0.5
        name = f"a DisCo step, {members} network{'s' * (members > 1)} {hidden}, batch {batch}"
        rows += [row(name, chosen, "the same step without penalty, CPU time", without, goal=goal, note=f"as it comes: the background events of the batch (at most {batch // 2 + int(2 * batch**0.5)}) compared"),
                 row(name + ", all pairs of the batch", every, "the same step without penalty, CPU time", without)]
    return rows


def exact(quick: bool) -> list[dict]:
    "Distance correlation of two columns of 100,000 events."
    n = 10_000 if quick else 100_000
    x, y = np.random.default_rng(1).standard_normal((2, n))
    y = y + 0.5 * x
    ours, work = (lambda: decorrelation.distance_correlation(x, y)), f"distance correlation, {n:,} events"
    if absent := missing("dcor"):
        return [row(work, interleave(ours)[0], "dcor 0.7", [], note=absent)]
    import dcor
    theirs = lambda: dcor.distance_correlation(x, y)
    times, off = interleave(ours, theirs), abs(ours() - theirs())
    return [row(work, times[0], "dcor 0.7", times[1], quality=f"values agree to {off:.1g}", quality_met=off < 1e-9)]
