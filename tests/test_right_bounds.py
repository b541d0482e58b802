"""Bounded statistics compare with the best value inside the bound, also where there are several minima. Right values: the nll on a fine grid."""

import numpy as np
import pytest

import lrguide as lr
from lrguide.arrays import Table
from lrguide.asymptotics import parameter_tests
from lrguide.intervals import intervals
from lrguide.likelihood import BinnedRatio, Likelihood, Process

INDEX = lambda x: (x[:, 0] > 0.5).astype(int)
YIELDS = (lambda c: 100 * (1 - 0.6 * c + 0.3 * c * c), lambda c: 30 * (1 + 0.05 * c + 0.1 * c * c))
GRID = np.linspace(0, 12, 240_001)


def quadratic(ranges):
    "Two bins whose yields are quadratic in a coupling c, the first with a second minimum of the nll at the other sign."
    made = {name: Process(lambda v, of=of: of(v["c"]), BinnedRatio(INDEX, np.eye(2)[k])) for k, (name, of) in enumerate(zip("ab", YIELDS))}
    return Likelihood(made, ranges={"c": ranges})


@pytest.mark.parametrize("n, ranges", [((220, 30), (-6, 8)), ((150, 30), (-6, 8)), ((150, 30), (-2, 12)), ((120, 45), (-6, 8)), ((90, 20), (-5, 8))])
def test_the_best_value_inside_the_bound(n, ranges):
    model, x = quadratic(ranges), Table([0.0, 1.0], weight=np.array(n, dtype=float))
    nll = lambda c: sum(of(c) - k * np.log(of(c)) for of, k in zip(YIELDS, n))
    whole = np.linspace(*ranges, 280_001)
    lowest, up = nll(whole).min(), GRID[GRID <= ranges[1]]
    inside, best = nll(up).min(), up[nll(up).argmin()]
    for c in (0.5, 1.0, 3.0):
        found = parameter_tests(model, [x], "c", c)
        np.testing.assert_allclose([found.t[0], found.t_bounded[0]], [2 * (nll(c) - lowest), 2 * (nll(c) - inside)], atol=1e-4)
        np.testing.assert_allclose(found.q_bounded[0], 2 * (nll(c) - inside) if best <= c else 0.0, atol=1e-4)
    region = up[2 * (nll(up) - inside) <= 1]
    end = intervals(model, [x], "c", bounded=True)
    np.testing.assert_allclose(end.high[0], region[-1], atol=1e-3)
    if np.all(np.diff(region) < 1e-3):                      # in one piece
        np.testing.assert_allclose(end.low[0], region[0], atol=1e-3)


def test_a_strength_compares_with_zero():
    "A count below its background: t_bounded and q-tilde against no signal."
    model = Likelihood({"signal": Process(10.0), "background": Process(50.0)}, {"mu": "signal"})
    nll = lambda mu: 10 * mu - 40 * np.log(10 * mu + 50)
    found = parameter_tests(model, [Table([0.0], weight=[40.0])], "mu", 1.5)
    np.testing.assert_allclose([found.t_bounded[0], found.q_bounded[0]], 2 * (nll(1.5) - nll(0.0)), rtol=1e-6)


def test_a_minimum_at_a_knot_needs_no_second_method(monkeypatch):
    """Templates that turn round at z = 1, data that want more than there is: the likelihood has a kink there, and Newton's method ends in it."""
    def never(*arguments, **options):
        raise AssertionError("Minuit was asked")
    monkeypatch.setattr(lr.prepared, "minuit_at", never)
    turning = lr.binned.Templates([0.0, 1.0, 2.0], [[9.0, 1.0], [1.0, 9.0], [9.0, 1.0]], np.full((3, 2), 20.0))
    for data in ([15.0, 35.0], [20.0, 30.0]):
        fits = turning.fix(mu=1.0).on(np.array(data)).fit_many()
        assert fits.converged.all() and abs(fits.values["z"][0] - 1) < 1e-8
