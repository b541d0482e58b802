"""Samples with weights: what must not depend on them does not, and what cannot be done with them is refused."""

import numpy as np
import pytest

import lrguide as lr
from lrguide.diagnosis import find_culprit

MEAN = np.full(2, 2.5 / np.sqrt(2))


class Exact:
    """The log ratio of two unit Gaussians at +-MEAN."""

    def log_ratio(self, x, nu=None):
        return 2 * x @ MEAN


def gaussians(seed, n=1000):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, (n, 2)) + sign * MEAN for sign in (1, -1)]


@pytest.mark.parametrize("weight", [1.0, 0.01])
def test_diagnosis_does_not_depend_on_equal_weights(weight):
    for seed in range(3):
        events = gaussians(seed)
        plain, weighted = ([check.p_value for check in lr.diagnose(Exact(), *(lr.Table(x, weight=w) for x in events), rng=0).checks]
                           for w in (None, np.full(1000, weight)))
        np.testing.assert_allclose(weighted, plain, rtol=1e-6)


def test_a_right_ratio_passes_with_uneven_weights():
    """At the nominal 0.27 % not one in 60 tests is expected to fail, two would have a chance of 1 %."""
    failed = 0
    for seed in range(30):
        rng = np.random.default_rng(100 + seed)
        tables = [lr.Table(x, weight=rng.lognormal(0, 0.5, 1000)) for x in gaussians(seed)]
        failed += sum(not check.passed for check in lr.diagnose(Exact(), *tables, rng=0).checks[:2])
    assert failed <= 1


def test_culprit_with_weights():
    """Half of the events thrown away at random where the weights of the others are doubled: the ratio is as wrong, and as found."""
    rng = np.random.default_rng(1)
    x = [rng.normal(0, 1, (40_000, 2)) + sign * 0.3 for sign in (1, -1)]
    wrong = lambda table: table.x.sum(axis=1) * 0.6 + 0.2 * (table.x[:, 1] > 1)
    kept = [rows[rng.random(len(rows)) < np.where(rows[:, 0] > 0, 0.5, 1.0)] for rows in x]
    tables = [lr.Table(rows, weight=np.where(rows[:, 0] > 0, 2.0, 1.0), names=("a", "b")) for rows in kept]
    found = find_culprit(None, *map(wrong, tables), *tables)
    assert found.name == "b" and found.low > 0.8 and abs(found.size - 0.2) < 4 * found.error
