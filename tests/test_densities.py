"""Densities by formula: what a likelihood of them asks for, against closed forms."""

import numpy as np
import pytest
from scipy import stats

import lrguide as lr
from lrguide.arrays import refusal
from lrguide.experiments import asimov

WINDOW = (0.0, 1.0)
FALLING = lr.Density(lambda x, nu: -nu[:, 0] * x[:, 0], WINDOW, {"slope": (1.0, 5.0)})
PEAK = lr.Density(lambda x: 7.0 - 0.5 * ((x[:, 0] - 0.5) / 0.05) ** 2, WINDOW)           # 7: any factor
MODEL = lr.Likelihood({"signal": lr.Process(20, PEAK), "background": lr.Process(200, FALLING, norm={"size": 0.05})}, {"mu": "signal"})


def law(slope):
    return stats.truncexpon(slope, 0, 1 / slope)


def test_it_is_normalised_at_every_point():
    x, nu = np.linspace(0, 1, 101), np.linspace(1, 5, 101)[:, None]
    right = [law(at).logpdf(one) for one, at in zip(x, nu[:, 0])]
    np.testing.assert_allclose(FALLING.log_density(x, nu), right, atol=1e-12)                         # runs of one: each by itself
    np.testing.assert_allclose(FALLING.log_ratio_grid(x, nu[::50]), [law(at).logpdf(x) for at in nu[::50, 0]], atol=1e-12)
    many = np.tile(nu, (3, 1))                                                                      # more than a hundred points, each again
    np.testing.assert_allclose(FALLING.log_ratio(np.tile(x, 3), many), np.tile(right, 3), atol=1e-12)
    assert FALLING.quadrature(nu=[2.0]).total == pytest.approx(1, rel=1e-13)


def test_the_window_may_be_in_any_unit():
    for low, unit in ((0.0, 1e-9), (-3e6, 1e6), (100.0, 1e12)):
        density = lr.Density(lambda x, low=low, unit=unit: -3 * (x[:, 0] - low) / unit, (low, low + unit))
        x = low + unit * np.array([0.0, 0.3, 1.0])
        np.testing.assert_allclose(density.log_ratio(x), law(3.0).logpdf((x - low) / unit), atol=1e-5 if low else 1e-12)
        assert abs(stats.kstest((density.sample("", 2000, 1).x[:, 0] - low) / unit, law(3.0).cdf).pvalue) > 1e-6


def test_events_are_drawn_as_they_should_be():
    for density, nu, right in ((FALLING, [4.0], law(4.0)), (PEAK, None, stats.truncnorm(-10, 10, 0.5, 0.05)), (PEAK.reference, None, stats.uniform())):
        x = density.sample("any", 50_000, 3, nu).x[:, 0]
        assert stats.kstest(x, right.cdf).pvalue > 1e-6
    assert len(FALLING.sample("any", 0, 1, [2.0])) == 0
    gap = lr.Density(lambda x: np.where(abs(x[:, 0] - 0.5) < 0.25, -np.inf, 0.0), WINDOW)            # steps where no node is
    assert not np.any(abs(gap.sample("", 5000, 1).x[:, 0] - 0.5) < 0.25 - 1e-4)


def test_a_likelihood_needs_no_other_source():
    "Exact p-values, Asimov sets, formulae and pseudo-experiments, also for a process that is the reference itself."
    x = np.concatenate([PEAK.sample("", 8, 1).x, FALLING.sample("", 190, 2, [3.0]).x])
    expected = asimov(MODEL, {"mu": 1.0, "slope": 3.0, "size": 0.0})
    assert expected.total == pytest.approx(220)
    fit = MODEL.fit(expected)
    for name, right in (("mu", 1), ("slope", 3)):
        assert fit.values[name] == pytest.approx(right, abs=0.02 * fit.errors[name])                 # what a fit's polynomials may be wrong by
    by_formula, by_toys = lr.discovery(MODEL, x, method="asymptotic", n_sigma=(0,)), lr.discovery(MODEL, x, method="toys", n_toys=200, rng=1, n_sigma=())
    assert abs(by_toys.z - by_formula.z) < 5 * by_toys.z_error
    flat = lr.Likelihood({"signal": lr.Process(20, PEAK), "background": lr.Process(200)}, {"mu": "signal"})
    known = lr.KnownSource(PEAK.quadrature()), lr.KnownSource(PEAK.reference.quadrature())
    for of in (lr.discovery, lr.limit):
        assert of(flat, x).z == pytest.approx(of(flat, x, source=dict(zip(("signal", "background"), known))).z, abs=1e-9)


def test_what_it_is_not():
    assert "one feature, got 2" in refusal(PEAK.log_ratio, np.ones((3, 2)))
    assert "window 0 to 1, got 1 outside, such as 1.5" in refusal(MODEL.fit, [0.5, 1.5])
    assert "smooth enough" in refusal(lr.Density(lambda x: -0.5 * ((x[:, 0] - 0.3) / 1e-5) ** 2, WINDOW).log_ratio, [0.5])
    assert "not 0 everywhere" in refusal(lr.Density(lambda x: np.full(len(x), -np.inf), WINDOW).log_ratio, [0.5])
    other = lr.Density(lambda x: x[:, 0], (0.0, 2.0))
    assert "one window" in refusal(lr.Likelihood, {"a": lr.Process(1, PEAK), "b": lr.Process(1, other)})
