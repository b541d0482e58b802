"""Measurements of any form, also of several parameters at once, in Asimov data sets, toys and formulae."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import brentq
import lrguide as lr

from lrguide.arrays import Table
from lrguide.asymptotics import asymptotic_fit, parameter_toys
from lrguide.experiments import KnownSource, asimov, measured_at
from lrguide.toys import drawn_experiments
from lrguide.arrays import spawn
from lrguide.hypotest import p_value
from lrguide.intervals import limit
from lrguide.likelihood import BinnedRatio, Likelihood, Normal, Process
from lrguide.models import Resonance
from lrguide.systematics import LogNormal, Poisson

COVARIANCE = np.array([[0.01, 0.006], [0.006, 0.02]])
INDEX = lambda x: x[:, 0].astype(int)


def model(*constraints):
    "Two bins, each with a background of its own; the first holds the signal."
    made = {name: Process(expected, BinnedRatio(INDEX, contents), KnownSource(Table([float(k)])))
            for name, expected, contents, k in (("signal", 12.0, [1.0, 0.0], 0), ("a", lambda v: 100 * v["u"], [1.0, 0.0], 0), ("b", lambda v: 200 * v["v"], [0.0, 1.0], 1))}
    return Likelihood(made, {"mu": "signal"}, constraints, ranges={"u": (0.2, 3.0), "v": (0.2, 3.0)})


KINDS = {"correlated": (Normal(("u", "v"), np.array([1.0, 1.0]), COVARIANCE),), "poisson": (Poisson("u", 1.0, 80.0), Normal("v", 1.0, 0.1)),
         "lognormal": (LogNormal("u", 1.0, 1.1), LogNormal("v", 1.0, 1.2))}


@pytest.mark.parametrize("kind", KINDS)
def test_the_asimov_data_set_returns_what_was_put_in(kind):
    "Fitted, it gives the truth; with exact ratios the sandwich is the inverse of the second derivatives."
    one, truth = model(*KINDS[kind]), {"mu": 0.7, "u": 1.05, "v": 0.9}
    fit = asymptotic_fit(one, truth)
    np.testing.assert_allclose([fit.best, fit.spread], [0.7, fit.quoted], rtol=1e-4)
    measured = measured_at(one, truth)
    assert len(measured) == len(one.constraints) and all(np.ravel(c.nll(truth))[0] < 1e-9 for c in measured)


@pytest.mark.parametrize("kind", KINDS)
def test_toys_measure_again(kind):
    "No measurement is lost, and the p-value of toys is that of the formula, to its error and the next order of large samples."
    one, truth = model(*KINDS[kind]), {"mu": 0.0, "u": 1.0, "v": 1.0}
    sources = {"": {name: process.source for name, process in one.processes.items()}}
    made = drawn_experiments(one, truth, sources, {"": None}, (50, spawn(1, 1)[0])).on(one, {"": None})
    assert len(made.constraints) == len(one.constraints)
    x = Table([0.0, 1.0], weight=[122.0, 195.0])
    toys, formula = (p_value(one, x, {"mu": 0.0}, {"mu": 1.0}, method, n_toys=1500, rng=2) for method in ("toys", "asymptotic"))
    assert abs(toys.z - formula.z) < 5 * toys.z_error + 0.05


def test_a_diagonal_covariance_is_two_measurements():
    x = Table([0.0, 1.0], weight=[122.0, 195.0])
    joint, apart = model(Normal(("u", "v"), np.array([1.0, 1.0]), np.diag([0.01, 0.04]))), model(Normal("u", 1.0, 0.1), Normal("v", 1.0, 0.2))
    one, two = (limit(m, x, method="asymptotic") for m in (joint, apart))
    np.testing.assert_allclose([one.value, *one.expected], [two.value, *two.expected], rtol=1e-5)


@pytest.mark.parametrize("correlation", [0.99, -0.999999, 1 - 1e-9])
def test_measurements_that_almost_follow_from_each_other(correlation):
    "Two strengths, and two spurious ones that are known together: their errors add in quadrature, whatever the correlation."
    toy, rng = Resonance(0.08), np.random.default_rng(1)
    x = np.concatenate([toy.sample("signal", 55, rng).x, toy.sample("background", 1010, rng).x])
    alone = Likelihood({"signal": Process(50, toy), "background": Process(1000)}, {"mu": "signal", "beta": "background"})
    covariance = np.array([[0.25, correlation * 0.015], [correlation * 0.015, 0.0009]])
    both = Likelihood({**alone.processes, "more": Process(50, toy), "rest": Process(1000)}, {**alone.strength, "d": "more", "e": "rest"},
                      [Normal(("d", "e"), [0.0, 0.0], covariance)])
    found, expected = both.fit(x), alone.fit(x)
    np.testing.assert_allclose([found.errors["mu"], found.errors["beta"]], np.hypot([expected.errors["mu"], expected.errors["beta"]], [0.5, 0.03]), rtol=1e-5)
    np.testing.assert_allclose(found.values["mu"], expected.values["mu"], atol=1e-3 * expected.errors["mu"])


def test_a_measurement_that_follows_from_another_is_refused():
    "Rounding would decide which point of a line is the minimum."
    with pytest.raises(ValueError, match="follows from the others"):
        Normal(("d", "e"), [0.0, 0.0], [[0.25, 0.015], [0.015, 0.0009]])


def test_one_number_is_asked_for_at_one_point():
    "Several points, or data sets, are what a prepared likelihood answers; the nll of the first was given for all."
    toy, x = Resonance(0.08), np.linspace(-0.4, 0.4, 7)
    one = Likelihood({"signal": Process(50, toy), "background": Process(1000)}, {"mu": "signal"})
    np.testing.assert_allclose(one.on(x)({"mu": np.array([0.0, 1.0])}), [one.nll(x, {"mu": mu}) for mu in (0.0, 1.0)])
    for call in (lambda: one.log_rate(x, {"mu": np.array([0.0, 1.0])}), lambda: one.nll(x, {"mu": np.array([0.0, 1.0])})):
        with pytest.raises((TypeError, ValueError), match="mu: expected a number"):
            call()
    with pytest.raises(ValueError, match="data: expected one data set, got 2"):
        one.nll([x, x[:3]], {"mu": 1.0})


def test_an_asymmetric_covariance_is_refused_whatever_its_units():
    for unit in (1e-10, 1.0, 1e10):
        with pytest.raises(ValueError, match="^width: expected a symmetric covariance of a, b, got correlations that differ by 1$"):
            Normal(("a", "b"), [0.0, 0.0], unit * np.array([[1.0, 0.5], [-0.5, 1.0]]))
        assert np.array_equal(Normal(("a", "b"), [0.0, 0.0], unit * np.array([[1.0, 0.5], [0.5, 1.0]])).width, unit * np.array([[1.0, 0.5], [0.5, 1.0]]))


@dataclass(frozen=True)
class Widening:
    """A measurement whose error depends on what it finds: made again, its width changes too."""
    name: str
    mean: float | np.ndarray
    width: float | np.ndarray

    def nll(self, values):
        return 0.5 * ((values[self.name] - self.mean) / self.width) ** 2

    def repeat(self, values, n, rng):
        mean = values[self.name] + 0.01 * rng.standard_normal(n)
        return replace(self, mean=mean, width=0.01 * (1 + 0.05 * np.abs(mean)))

    def take(self, sets):
        return replace(self, mean=self.mean[sets], width=self.width[sets]) if np.ndim(self.mean) else self


def test_toys_of_a_measurement_that_changes_more_than_its_mean(monkeypatch):
    """Three groups that may not be joined: t of the same experiments, fitted with their events."""
    toy = Resonance(None)
    model = Likelihood({"signal": Process(50.0, toy), "background": Process(1000.0)}, {"mu": "signal"}, [Widening("sigma", 0.08, 0.01)])
    source = {name: Table(toy.sample(name, 4000, 5, nu=[0.08]).x) for name in ("signal", "background")}
    toys = lambda: parameter_toys(model, {"mu": 1.0, "sigma": 0.08}, 1200, 3, source=source)
    quick = toys()
    monkeypatch.setattr("lrguide.asymptotics.quick_rows", lambda *_: None)
    np.testing.assert_allclose(quick.t, toys().t, atol=1e-4)
    assert not quick.failed.any()


@pytest.mark.parametrize("top", [1e4, np.inf])
@pytest.mark.parametrize("tau", [0.5, 1.0, 4.0])
def test_nothing_in_the_sideband(top, tau):
    """Three events, none in a control region tau times as large: q0 of the two counts in closed form, intervals where b = 0 fits best: mu - 3 log(mu)."""
    model = lr.Likelihood({"signal": lr.Process(1.0), "background": lr.Process(lambda v: v["b"])}, {"mu": "signal"}, [lr.systematics.Poisson("b", 0.0, tau)], {"b": (0.0, top)})
    x = np.zeros((3, 1))
    fit = model.fit(x)
    np.testing.assert_allclose([fit.values["mu"], fit.values["b"]], [3.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(lr.discovery(model, x, method="asymptotic", n_sigma=()).z, np.sqrt(2 * 3 * np.log(1 + tau)), rtol=1e-6)
    curve = lambda mu: mu - 3 * np.log(mu) - (3 - 3 * np.log(3.0))
    high = brentq(lambda mu: curve(mu) - 0.5, 3, 9)
    np.testing.assert_allclose(model.profile(x, "mu", np.linspace(0.5, 9, 18)).pieces(0.682689492)[0][1], high, atol=1e-4)
    many = model.on([x, x[:1], x[:0]]).fit_many(within={"mu": (0.0, np.inf)})
    np.testing.assert_allclose(many.values["mu"], [3.0, 1.0, 0.0], atol=1e-4)
