"""Fitted statistics of many toys: log of the best likelihood over the best without signal, both strengths free."""

import numpy as np

from benchmarks.harness import interleave, per, row
from benchmarks.problem import BACKGROUND, SIGNAL, contents, toy
from lrguide.likelihood import BinnedRatio, Likelihood, Process

NOTE = "both strengths free; the fit without signal is n/B, for either side"


def binned(quick: bool) -> list[dict]:
    "Counts in twenty bins of r and one above."
    n, n_theirs = (2_000, 200) if quick else (20_000, 2_000)
    expected = contents()
    signal, background = expected["signal"], expected["background"]
    counts = np.random.default_rng(1).poisson(signal + background, (n, len(signal))).astype(float)
    total, bins = counts.sum(axis=1), np.arange(len(signal), dtype=float)[:, None]
    without = total - counts @ np.log(background) - total * np.log(total / background.sum())   # nll of the fit without signal
    ratio = lambda content: BinnedRatio(lambda x: x[:, 0].astype(int), content)
    model = Likelihood({"signal": Process(SIGNAL, ratio(signal)), "background": Process(BACKGROUND, ratio(background))},
                       {"mu": "signal", "beta": "background"})
    found = {}

    def ours():  # ratios are to equal probabilities in all bins
        found["T"] = without - (model.fit_many(bins, weights=counts).nll + total * np.log(len(bins)))

    edges = np.arange(len(signal) + 1.0)
    sums = np.stack([np.concatenate([[0.0], np.cumsum(content)]) for content in (signal, background)])

    def by_cost(toy):
        from iminuit import cost
        return minimum(cost.ExtendedBinnedNLL(toy, edges, lambda _, mu, beta: mu * sums[0] + beta * sums[1]), errordef=1.0)

    nll = lambda toy: by_hand(signal, background, (signal.sum(), background.sum()), toy)
    peers = (("iminuit, NLL by hand", lambda toy: minimum(nll(toy))),
             ("iminuit.cost.ExtendedBinnedNLL", by_cost))
    rows = []
    for name, peer in peers:
        mine, theirs = interleave(ours, lambda: [peer(toy) for toy in counts[:n_theirs]])
        tight = [minimum(nll(toy), tolerance=1e-6) for toy in counts[:200]]
        worst = np.abs(found["T"][:200] - (without[:200] - tight)).max()
        rows.append(row("fitted statistic of 21 counts", per(mine, n), name, per(theirs, n_theirs), goal=10, unit="toy", note=NOTE,
                        quality=f"T within {worst:.1g} of Minuit's at a tight tolerance (goal 1e-6)", quality_met=worst < 1e-6))
    return rows


def by_hand(signal: np.ndarray, background, totals: tuple[float, float], weights=1.0):
    "Minus log likelihood as a function of both strengths; the fastest of several ways to write it (a gradient does not help Minuit here)."
    weights = np.broadcast_to(weights, signal.shape)
    return lambda mu, beta: mu * totals[0] + beta * totals[1] - weights @ np.log(mu * signal + beta * background)


def minimum(function, errordef: float = 0.5, tolerance: float = 0.1) -> float:
    "The smallest value of `function` that Minuit finds from (1, 1), at its quickest settings."
    from iminuit import Minuit
    minuit = Minuit(function, 1.0, 1.0, name=("mu", "beta"))
    minuit.errordef, minuit.strategy, minuit.tol = errordef, 0, tolerance
    return minuit.migrad().fval


def unbinned(quick: bool) -> list[dict]:
    "About 1050 events in each toy, exact ratio."
    n, n_theirs = (200, 50) if quick else (2_000, 300)
    rng = np.random.default_rng(2)
    toys = [np.concatenate([toy.sample(name, rng.poisson(expected), rng).x for name, expected in (("signal", SIGNAL), ("background", BACKGROUND))])
            for _ in range(n)]
    total = np.array([len(x) for x in toys], dtype=float)
    without = total - total * np.log(total)     # densities relative to the flat background
    model = Likelihood({"signal": Process(SIGNAL, toy), "background": Process(BACKGROUND)}, {"mu": "signal", "beta": "background"})
    found = {}

    def ours():
        found["T"] = without - model.fit_many(toys).nll

    nll = lambda x: by_hand(SIGNAL * np.exp(toy.log_ratio(x)), BACKGROUND, (SIGNAL, BACKGROUND))
    mine, theirs = interleave(ours, lambda: [minimum(nll(x)) for x in toys[:n_theirs]])
    tight = [minimum(nll(x), tolerance=1e-6) for x in toys[:200]]
    worst = np.abs(found["T"][:200] - (without[:200] - tight)).max()
    return [row("fitted statistic of 1050 events", per(mine, n), "iminuit, NLL by hand", per(theirs, n_theirs), unit="toy",
                quality=f"T within {worst:.1g} of Minuit's at a tight tolerance (goal 1e-6)", quality_met=worst < 1e-6, note=NOTE)]
