"""The interpolation of a ratio in nu: its error is common to all events, so it has to shrink like one over the root of their number."""
import re
import warnings

import numpy as np
import pytest

import lrguide as lr
from lrguide.interpolation import interpolated

TOY = lr.Resonance(sigma=None)
RANGES = {"sigma": (0.02, 0.16)}


class Asked:
    """The exact ratio, asked at every step of a fit: the right answer."""
    parameters = RANGES

    def log_ratio(self, x, nu=None):
        return TOY.log_ratio(x, nu)


class Interpolated(Asked):
    """The same in the clothes of a learned one."""
    def on(self, x, ranges=None):
        return interpolated(self, x, dict(ranges or self.parameters))


class Noisy(Interpolated):
    """The same in single precision."""
    def log_ratio(self, x, nu=None):
        return TOY.log_ratio(x, nu).astype(np.float32)


@pytest.mark.parametrize("n, ratio", [*((n, ratio) for n in (1_000, 30_000, 300_000) for ratio in (Interpolated(), Noisy())), (1_000_000, Interpolated())])
def test_the_shift_stays_below_a_fiftieth_of_the_error(n, ratio):
    rng = np.random.default_rng(n)
    x = np.concatenate([TOY.sample("signal", n // 6, rng, nu=[0.06]).x, TOY.sample("background", 5 * n // 6, rng, nu=[0.06]).x])
    fits = [lr.Likelihood({"signal": lr.Process(n / 6, r), "background": lr.Process(5 * n / 6)}, strength={"mu": "signal"}).fit_many([x], start={"sigma": 0.07})
            for r in (Asked(), ratio)]
    for name in ("mu", "sigma"):
        assert abs(fits[1].values[name][0] - fits[0].values[name][0]) < 0.02 * fits[0].errors[name][0]
        np.testing.assert_allclose(fits[1].errors[name], fits[0].errors[name], rtol=0.02)


@pytest.mark.parametrize("ratio", [Interpolated(), Noisy(), lr.algebra.FromFunction(TOY.log_ratio, RANGES)])
def test_rows_that_stand_for_many_events_are_followed_as_well_as_these(ratio):
    """Asimov data: 1,500 rows of the weight of 300,000 events."""
    x = np.linspace(-0.5, 0.5, 1501)[:-1, None]
    n = 300_000
    data = lr.Table(x, weight=n / 1500 * (5 / 6 + np.exp(TOY.log_ratio(x, [0.06])) / 6))
    fits = [lr.Likelihood({"signal": lr.Process(n / 6, r), "background": lr.Process(5 * n / 6)}, strength={"mu": "signal"}).on(data).fit_many(start={"sigma": 0.07})
            for r in (Asked(), ratio)]
    for name in ("mu", "sigma"):
        assert abs(fits[1].values[name][0] - fits[0].values[name][0]) < 0.02 * fits[0].errors[name][0]


def test_the_degree_grows_with_the_number_of_events():
    # the error falls with each degree by 2.1 (the distance of the singularity at sigma = 0): a hundred times as many events need log(10)/log(2.1) = 3.1 more
    x = TOY.sample("background", 100_000, 1, nu=[0.06]).x
    degrees = [Interpolated().on(x[:n]).degrees[0] for n in (1_000, 100_000)]
    assert degrees[0] + 2 <= degrees[1] <= degrees[0] + 6


class Edgy(Interpolated):
    """A log ratio with a corner in sigma, at another place for each event, through which no polynomial runs smoothly."""
    def log_ratio(self, x, nu=None):
        return TOY.log_ratio(x, nu) + 2 * np.abs(np.reshape(nu, (-1, 1))[:, 0] - 0.09 - 0.1 * x[:, 0])


@pytest.mark.parametrize("n, said", [(1_000, False), (100_000, True)])
def test_an_interpolation_that_is_not_good_enough_says_so(n, said):
    rng = np.random.default_rng(n)
    x = np.concatenate([TOY.sample("signal", n // 6, rng, nu=[0.06]).x, TOY.sample("background", 5 * n // 6, rng, nu=[0.06]).x])
    model = lr.Likelihood({"signal": lr.Process(n / 6, Edgy()), "background": lr.Process(5 * n / 6)}, strength={"mu": "signal"})
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.on(x)
    words = [str(one.message) for one in found]
    assert len(words) == said, words
    if said:
        error = float(re.search(r"off by (\S+) at an event", words[0])[1])
        share = float(re.search(r"about (\S+) of its statistical error", words[0])[1])
        assert "log ratio of signal: polynomials in sigma" in words[0] and "narrower ranges" in words[0]
        np.testing.assert_allclose(share, error * np.sqrt(n), rtol=0.6)                # both with one digit
        at = np.random.default_rng(5).uniform(0.02, 0.16, (20, 1))                     # what it says is what is left
        off = Edgy().on(x[::500])(at) - np.stack([Edgy().log_ratio(x[::500], one) for one in at])
        assert 0.2 * error < np.sqrt(np.mean(off**2)) < 5 * error


class Morphed(Interpolated):
    """Densities at eight resolutions and straight lines between them: corners that all events have in common."""
    nodes = np.linspace(0.02, 0.16, 8)

    def log_ratio(self, x, nu=None):
        x = np.asarray(x, dtype=float)
        sigma = np.broadcast_to(np.reshape(nu, (-1, 1))[:, 0], len(x))
        k = np.clip(np.searchsorted(self.nodes, sigma) - 1, 0, 6)
        share = (sigma - self.nodes[k]) / (self.nodes[1] - self.nodes[0])
        low, high = (TOY.log_ratio(x, self.nodes[k + j][:, None]) for j in (0, 1))
        return (1 - share) * low + share * high


@pytest.mark.parametrize("n", [1_000, 30_000])
def test_corners_that_all_events_share_are_told(n):
    """They cancel nowhere: with 30,000 events a fit that ends at one is off by twenty errors, and no event by more than one per cent.

    With 1,000 events the two deepest corners are 0.16 apart in -2 log L: the fit may end at either, within its statistical error."""
    rng = np.random.default_rng(n)
    x = np.concatenate([TOY.sample("signal", n // 6, rng, nu=[0.06]).x, TOY.sample("background", 5 * n // 6, rng, nu=[0.06]).x])
    model = lambda ratio: lr.Likelihood({"signal": lr.Process(n / 6, ratio), "background": lr.Process(5 * n / 6)}, strength={"mu": "signal"})
    with pytest.warns(UserWarning, match="may move a fit of .* of its statistical error"):
        found = model(Morphed()).fit(x)
    right = model(FromSteps()).on(x)
    best = right.fit()
    shift = abs(found.values["sigma"] - best.values["sigma"]) / found.errors["sigma"]
    rise = right.fit_many({"sigma": found.values["sigma"]}).nll[0] - best.nll
    if n > 1_000:
        assert shift > 5 and rise > 10, (shift, rise)
    else:
        assert rise < 0.5, rise


class FromSteps(Asked):
    log_ratio = Morphed.log_ratio
    nodes = Morphed.nodes
