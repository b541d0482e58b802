"""The search that several benchmarks share: signal 50 on background 1000 on a circle, resolution 0.08, and its bins."""

import numpy as np

from lrguide.arrays import Table
from lrguide.distributions import Statistic, binned_statistic
from lrguide.likelihood import Likelihood, Process
from lrguide.models import Resonance

SIGNAL, BACKGROUND, SIGMA = 50.0, 1000.0, 0.08
EDGES = np.append(np.linspace(0, 3, 21), np.inf)  # of r = p_S/p_B: twenty bins and one for everything above

toy = Resonance(SIGMA)
search = Likelihood({"signal": Process(SIGNAL, toy, source=toy), "background": Process(BACKGROUND, source=toy)}, {"mu": "signal"})
NULL, ALTERNATIVE = {"mu": 1.0}, {"mu": 0.0}  # signal plus background against background


def nodes(n_nodes: int = 100_000) -> dict[str, Table]:
    "Quadrature nodes of both processes."
    return {name: toy.quadrature(name, n_nodes) for name in search.processes}


def contents() -> dict[str, np.ndarray]:
    "Expected events of both processes in the bins (21,)."
    expected = {}
    for name, table in nodes().items():
        index = np.digitize(np.exp(toy.log_ratio(table.x)), EDGES) - 1
        expected[name] = search.yields(NULL)[name] * np.bincount(index, table.weights, len(EDGES) - 1)
    return expected


def binned() -> tuple[Statistic, dict[str, Table]]:
    "T = log L(B)/L(S+B) of the bins' counts, and the bins as Tables whose weights are their probabilities."
    expected = contents()
    statistic = binned_statistic(lambda x: x[:, 0].astype(int), sum(expected.values()), expected["background"])
    bins = np.arange(len(EDGES) - 1.0)
    return statistic, {name: Table(bins, weight=content / content.sum()) for name, content in expected.items()}
