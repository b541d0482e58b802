"""The exact distribution of the unbinned statistic under both hypotheses, against our own pseudo-experiments; and how exact it is."""

import numpy as np

from benchmarks.harness import interleave, row
from benchmarks.problem import ALTERNATIVE, NULL, nodes, search
from lrguide.arrays import Table
from lrguide.distributions import Statistic, power_at
from lrguide.sums import exact_distributions
from lrguide.experiments import pseudo_experiments
from lrguide.hypotest import log_likelihood_ratio

HYPOTHESES = (NULL, ALTERNATIVE)


def distribution(quick: bool) -> list[dict]:
    "Both distributions, once with the densities at the nodes and once from known contributions of the nodes."
    n = 20_000 if quick else 1_000_000
    statistic, tables, yields = log_likelihood_ratio(search, *HYPOTHESES), nodes(), [search.yields(values) for values in HYPOTHESES]
    known = statistic.contribution(tables["signal"].x)
    remembered = Statistic(statistic.constant, lambda x: known)
    found = {}

    def ours():
        found["exact"] = exact_distributions(remembered, tables, *yields)

    def whole():
        here = nodes()
        exact_distributions(log_likelihood_ratio(search, *HYPOTHESES), here, *yields)

    def toys():
        found["toys"] = [pseudo_experiments(statistic, tables, one, n, rng=k) for k, one in enumerate(yields)]

    mine, everything, theirs = interleave(ours, whole, toys, repeat=5)
    exact, peer = found["exact"], f"2 x {n:,} of our own pseudo-experiments"
    finer = exact_distributions(statistic, nodes(1_000_000), *yields, step=exact[0].step / 20)
    shift = power_at(*exact, 0.05) - power_at(*finer, 0.05)
    good, depth = far_tails(statistic, tables, yields, 50_000 if quick else 1_000_000)
    return [row("exact distributions under both hypotheses", mine, peer, theirs, limit=0.010,
                quality=f"power at level 0.05 {shift:+.1g} from a 20 times finer lattice (goal 1e-4)", quality_met=abs(shift) < 1e-4,
                note="contributions of 100,000 nodes known; lattice and two Fourier transforms"),
            row("the same, densities at the nodes included", everything, peer, theirs, quality=depth, quality_met=good,
                note="from the model on; tails checked far out, each with weighted toys")]


def far_tails(statistic: Statistic, tables: dict[str, Table], yields: list[dict], n: int) -> tuple[bool, str]:
    "Whether tails at 1e-8 and 1e-20 are within 1 % of weighted toys (and three of their errors), and a text."
    t = statistic.contribution(tables["signal"].x)
    rates = [sum(one[name] * table.weights / table.total for name, table in tables.items()) for one in yields]
    good, parts = True, []
    for rate, exact, name, sign in zip(rates, exact_distributions(statistic, tables, *yields), ("S+B", "B"), (1, -1)):
        tail = exact.tail if sign == 1 else exact.head       # S+B is refused at large T, B at small T
        for p in (1e-8, 1e-20):
            threshold = quantile(tail, p, statistic.constant + rate @ t, np.sqrt(rate @ t**2), sign)
            value, error = weighted_toys(statistic.constant, t, rate, threshold, sign, n)
            off = tail(threshold) / value - 1
            good &= abs(off) < 0.01 + 3 * error / value
            parts.append(f"{name} at {p:g}: {100 * off:+.2f} +- {100 * error / value:.2f} %")
    return bool(good), "; ".join(parts) + " (goal 1 %)"


def quantile(tail, p: float, mean: float, width: float, sign: int) -> float:
    "Where `tail` falls to p, on the side `sign`, by bisection."
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(mean + sign * middle * width) > p else (low, middle)
    return mean + sign * high * width


def weighted_toys(constant: float, t: np.ndarray, rate: np.ndarray, threshold: float, sign: int, n: int) -> tuple[float, float]:
    """P(sign (T - threshold) >= 0) and its error, from `n` toys of the process tilted so that its mean is at the threshold.

    Rates e^(theta t) times as large make a data set e^(theta (T - c) - K) times as likely, with K = sum of rate (e^(theta t) - 1);
    theta = 1 turns S+B into B (t = log of their ratio), theta = -1 turns B into S+B."""
    low, high = 0.0, 1.0
    centre = lambda theta: sign * (constant + (rate * np.exp(theta * sign * t)) @ t - threshold)
    while centre(high) < 0:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if centre(middle) < 0 else (low, middle)
    theta = sign * high
    tilted = rate * np.exp(theta * t)
    rows = Table(np.arange(len(t), dtype=float), weight=tilted)
    toys = pseudo_experiments(Statistic(constant, lambda x: t[x[:, 0].astype(int)]), {"all": rows}, {"all": tilted.sum()}, n, rng=3)
    weight = np.where(sign * (toys - threshold) >= 0, np.exp(rate @ np.expm1(theta * t) - theta * (toys - constant)), 0.0)
    return float(weight.mean()), float(weight.std() / np.sqrt(n))
