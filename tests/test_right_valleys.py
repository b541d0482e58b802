"""Peaks of unknown place in samples of several features, and in many data sets: few events stand for many, and the deepest valley is found all the same."""

import warnings

import numpy as np
import pytest

import lrguide as lr
from lrguide.asking import Called
from lrguide.minimum import newton


class Peak:
    """Log ratio of a peak in the first of three features to uniform background; the second tells nothing or falls exponentially, the third nothing or how wide the peak is."""

    def __init__(self, kind, width):
        self.kind, self.width = kind, width
        self.parameters = {"place": (0.08, 0.92), **({"width": (0.5 * width, 3 * width)} if kind == "width" else {})}

    def log_ratio(self, x, nu):
        width = self.width * (1 + 2 * x[:, 2]) if self.kind == "resolution" else nu[-1] if self.kind == "width" else self.width
        falling = 0.0 if self.kind in ("useless", "width") else np.log(3 / (1 - np.exp(-3))) - 3 * x[:, 1]
        return -0.5 * ((x[:, 0] - nu[0]) / width) ** 2 - np.log(width * np.sqrt(2 * np.pi)) + falling


def random_peaks(seed):
    "Up to three peaks of up to six standard deviations among 200 to 16,000 events: the model, the events, and the peak."
    rng = np.random.default_rng([1, seed])
    kind, n, width = ("useless", "discriminating", "resolution", "width")[int(rng.integers(4))], int(10 ** rng.uniform(2.3, 4.2)), 10 ** rng.uniform(-2.0, -1.1)
    rows, falls = [rng.uniform(0, 1, (n, 3))], kind in ("discriminating", "resolution")
    for _ in range(int(rng.integers(0, 4))):
        place, size = rng.uniform(0.1, 0.9), int(rng.uniform(0, 6) * np.sqrt(2.5 * width * n / (2 if falls else 1) + 1))
        one = rng.uniform(0, 1, (size, 3))
        if falls:
            one[:, 1] = -np.log1p(one[:, 1] * np.expm1(-3)) / 3
        one[:, 0] = rng.normal(place, width * ((1 + 2 * one[:, 2]) if kind == "resolution" else rng.uniform(0.6, 2.5) if kind == "width" else 1), size)
        rows.append(one)
    x, peak = np.concatenate(rows), Peak(kind, width)
    model = lr.Likelihood({"signal": lr.Process(max(3.0, np.sqrt(n)), peak), "background": lr.Process(float(n))}, {"mu": "signal"}, ranges={"mu": (0.0, np.inf)})
    return model, x[(x[:, 0] > 0) & (x[:, 0] < 1)], peak


@pytest.mark.parametrize("seed", [1, 97, 107, 264, 315, 551])
def test_the_deepest_of_all_places(seed):
    "Against fits at places a width apart, each of several widths where the width is free."
    model, x, peak = random_peaks(seed)
    fit, prepared = model.fit(x), model.on(x)
    held = {"place": np.linspace(0.08, 0.92, int(1.6 / peak.width) + 20)}
    widths = np.geomspace(0.5 * peak.width, 3 * peak.width, 6) if peak.kind == "width" else [None]
    assert fit.nll < min(prepared.fit_many({**held, **({} if width is None else {"width": np.full(len(held["place"]), width)})}).nll.min() for width in widths) + 1e-6


@pytest.mark.parametrize("seed", [206, 248, 419, 446, 455, 629, 803])
def test_many_sets_each_as_if_alone(seed):
    "Six bootstrap samples of half to all of the events."
    model, x, _ = random_peaks(seed)
    rng = np.random.default_rng(seed)
    sets = [x[rng.integers(0, len(x), rng.poisson(len(x) * (0.5 + 0.1 * j)))] for j in range(6)]
    np.testing.assert_allclose(model.fit_many(sets).nll, [model.fit(one).nll for one in sets], atol=1e-5, rtol=0)


def sloping(seed):
    "A narrow peak on an exponential whose slope is free, both yields free."
    rng = np.random.default_rng([3, seed])
    n, width = int(10 ** rng.uniform(3, 4)), 10 ** rng.uniform(-2, -1.2)
    x = rng.uniform(0, 1, n)
    x = x[rng.uniform(0, 1, n) < np.exp(-2 * x)]
    x = np.append(x, rng.normal(rng.uniform(0.2, 0.8), width, int(3 * np.sqrt(2.5 * width * len(x)))))

    class Slope:
        parameters = {"slope": (0.5, 4.0)}

        def log_ratio(self, x, nu):
            return np.log(nu[0] / (1 - np.exp(-nu[0]))) - nu[0] * x[:, 0]
    processes = {"signal": lr.Process(max(3.0, np.sqrt(len(x))), Peak("useless", width)), "background": lr.Process(float(len(x)), Slope())}
    return lr.Likelihood(processes, {"mu": "signal", "b": "background"}, ranges={"mu": (0.0, np.inf), "b": (0.0, np.inf)}), x[(x > 0) & (x < 1)][:, None]


@pytest.mark.parametrize("seed", [0, 1, 5, 8, 14, 33])
def test_a_set_beside_its_copy(seed):
    "Two parameters that move densities, two strengths: the same set twice is fitted as it is once."
    model, x = sloping(seed)
    np.testing.assert_allclose(model.fit_many([x, x]).nll, model.fit(x).nll, atol=1e-5, rtol=0)


@pytest.mark.parametrize("start", [None, 10.0, 1e6])
@pytest.mark.parametrize("scale", [1.0, 30.0, 300.0, 900.0])
def test_a_strength_that_begins_far_above(scale, start):
    "A nominal yield or a start up to 1e6 times too large: what is found is small beside it, and there all the same."
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = np.append(rng.uniform(0, 1, 2960), rng.normal(0.3, 0.03, 40))[:, None]
        model = lr.Likelihood({"signal": lr.Process(50.0 * scale, Peak("useless", 0.03)), "background": lr.Process(3000.0)}, {"mu": "signal"}, ranges={"mu": (0.0, np.inf)})
        places = model.on(x).fit_many({"place": np.linspace(0.08, 0.92, 100)})
        assert model.fit(x, start=None if start is None else {"mu": start}).nll < places.nll.min() + 1e-6


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("features", [1, 2])
def test_weights_of_zero_and_below(features):
    "Sets in which no event counts expect their yields; weights below zero are looked at one by one; no warning."
    rng = np.random.default_rng(0)
    x, model = rng.uniform(0, 1, (2000, features)), lr.Likelihood({"signal": lr.Process(30.0, Peak("useless", 0.03)), "background": lr.Process(2000.0)}, {"mu": "signal"}, ranges={"mu": (0.0, np.inf)})
    none, alone = lr.Table(x, weight=np.zeros(2000)), model.fit(x).nll
    np.testing.assert_allclose([model.fit(none).nll, *model.fit_many([x, none]).nll, *model.fit_many([x, x[:0], x[:3]]).nll[:2]], [2000, alone, 2000, alone, 2000], atol=1e-6)
    negative = [lr.Table(x, weight=rng.permutation(np.repeat([1.0, low], 1000))) for low in (-0.9, -0.99)]
    np.testing.assert_allclose(model.fit_many(negative).nll, [model.fit(one).nll for one in negative], atol=1e-5)


def test_sums_that_round_differently():
    "At a limit, with values of 1e5 that differ by 3e-13 of themselves between the first call and later ones, as sums of many events do: the first is the lowest of all."
    calls = []

    def evaluate(points, which):
        calls.append(len(points))
        value = 1e5 + 1.4 * points[:, 0] + 2.8 * points[:, 0] ** 2 + 5e3 * (points[:, 1] - 0.1 - 1e-4 * points[:, 0]) ** 2
        gradient = np.stack([1.4 + 5.6 * points[:, 0] - points[:, 1] + 0.1 + 1e-4 * points[:, 0], 1e4 * (points[:, 1] - 0.1 - 1e-4 * points[:, 0])], axis=1)
        second = np.broadcast_to([[5.6, -1.0], [-1.0, 1e4]], (len(points), 2, 2))
        return value - (3e-8 if len(calls) == 1 else 0.0), gradient, second
    point, _, _, converged = newton(evaluate, np.array([[3e-12, 0.1]]), np.zeros((1, 2)), np.full((1, 2), np.inf))
    assert converged.all() and len(calls) < 30
    np.testing.assert_allclose(point, [[0.0, 0.1]], atol=1e-6)


class Ending:
    """A peak that is level beyond a few widths, or nothing, in a first feature, beside a second that discriminates."""
    def __init__(self, width, kind):
        self.width, self.kind, self.parameters = width, kind, {"place": (0.1, 0.9)}

    def log_ratio(self, x, nu=None):
        height = -0.5 * ((x[:, 0] - nu[0]) / self.width) ** 2
        height = np.maximum(height, -12.0) if self.kind == "level" else np.where(height > -8, height, -np.inf)
        return height - np.log(self.width * np.sqrt(2 * np.pi)) + np.log(2 * x[:, 1] + 1e-9)


@pytest.mark.parametrize("kind", ["level", "nothing"])
def test_a_peak_that_ends_is_found_among_many_events(kind):
    "Few places see its end for nearly all events, which then look alike; alone and among others, against fits at places a width apart."
    rng, peak = np.random.default_rng(7), Ending(0.01, kind)
    model = lr.Likelihood({"signal": lr.Process(60.0, peak), "background": lr.Process(1e4)}, {"mu": "signal"}, ranges={"mu": (0.0, np.inf)})
    sets = []
    for _ in range(4):
        bump = rng.uniform(0, 1, (60, 2))
        bump[:, 0], bump[:, 1] = rng.normal(rng.uniform(0.15, 0.85), 0.01, 60), np.sqrt(bump[:, 1])
        sets.append(np.concatenate([rng.uniform(0, 1, (10_000, 2)), bump]))
    together = model.fit_many(sets).nll
    for one, nll in zip(sets, together):
        fit = model.fit(one)
        assert fit.nll < model.on(one).fit_many({"place": np.linspace(0.1, 0.9, 161)}).nll.min() + 1e-3 and abs(nll - fit.nll) < 1e-3


class Cauchy:
    parameters = {"place": (0.1, 0.9)}

    def log_ratio(self, x, nu=None):
        return -np.log(np.pi * 0.005 * (1 + ((x[:, 0] - nu[0]) / 0.005) ** 2))


class Gauss:
    parameters = {"other": (0.1, 0.9)}

    def log_ratio(self, x, nu=None):
        return -0.5 * ((x[:, 0] - nu[0]) / 0.01) ** 2 - np.log(0.01 * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("seed", [0, 1, 3, 4, 5, 6, 7, 8, 9, 10])
def test_one_known_width_says_nothing_of_another_peak(seed):
    "Two peaks, one of which is no parabola: its places are not left to chance because those of the other are known. Against fits at places of the first."
    model = lr.Likelihood({"s": lr.Process(15.0, Cauchy()), "t": lr.Process(15.0, Gauss()), "b": lr.Process(300.0)}, {"mu": "s"}, ranges={"mu": (0.0, 3.0)})
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.uniform(0, 1, (300, 1)), rng.uniform(0.1, 0.9) + 0.005 * rng.standard_cauchy((15, 1)), rng.normal(rng.uniform(0.1, 0.9), 0.01, (15, 1))])
    prepared = model.on(x[(x[:, 0] > 0) & (x[:, 0] < 1)])
    assert prepared.fit().nll < prepared.fit_many({"place": np.linspace(0.1, 0.9, 241)}).nll.min() + 1e-3


@pytest.mark.parametrize("expected", [lambda v: 230 * (1.5 - v["f"]), lambda v: 200 * np.sqrt(1.4 - v["f"])])
def test_a_yield_is_asked_within_the_range_of_a_strength_only(expected):
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.uniform(0, 1, (230, 1)), rng.normal(0.4, 0.01, (40, 1))])
    model = lr.Likelihood({"s": lr.Process(60.0, Gauss()), "b": lr.Process(expected)}, {"f": "s"}, ranges={"f": (0.0, 1.0)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit, many = model.fit(x), model.fit_many([x, x[::2]])
    lowest = min(model.on(x).fit_many({"other": np.linspace(0.1, 0.9, 241)}).nll)
    assert fit.nll < lowest + 1e-3 and abs(many.nll[0] - fit.nll) < 1e-6 and abs(fit.values["other"] - 0.4) < 0.01


class Cracked(Gauss):
    "A Gaussian peak, and a notch in a factor of its place alone, so wide."
    def __init__(self, width):
        self.width = width

    def log_ratio(self, x, nu=None):
        return super().log_ratio(x, nu) + np.log(1 - 0.9 * np.exp(-0.5 * ((nu[0] - 0.4) / self.width) ** 2))


@pytest.mark.parametrize("width", [0.01, 1e-3, 3e-5])
def test_a_ratio_is_taken_for_no_parabola_that_it_is_not(width):
    "What a fit says is what the ratio says, though the notch is where the peak is."
    rng, peak = np.random.default_rng(6), Cracked(width)
    x = np.concatenate([rng.uniform(0, 1, (230, 1)), rng.normal(0.4, 0.01, (40, 1))])
    model = lr.Likelihood({"s": lr.Process(60.0, peak), "b": lr.Process(230.0)}, {"mu": "s"}, ranges={"mu": (0.0, np.inf)})
    for fit in (model.fit(x), model.fit(x, start={"mu": 1.0, "other": 0.4})):
        own = fit.values["mu"] * 60 * np.exp(peak.log_ratio(x, [fit.values["other"]])) + 230
        np.testing.assert_allclose(fit.nll, fit.values["mu"] * 60 + 230 - np.log(own).sum(), atol=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_few_events_of_a_narrow_peak_that_ends(seed):
    "Four events, level wherever they are asked first; from a start at two of them."
    rng = np.random.default_rng(seed)
    x = np.append(rng.uniform(0.2, 0.8) + np.array([0.0, 0.0015]), rng.uniform(0, 1, 2))[:, None]

    class Narrow:
        parameters = {"place": (0.0, 1.0)}

        def log_ratio(self, x, nu=None):
            return np.maximum(-0.5 * ((x[:, 0] - nu[0]) / 0.002) ** 2, -12.0) - np.log(0.002 * np.sqrt(2 * np.pi))
    model = lr.Likelihood({"s": lr.Process(3.0, Narrow()), "b": lr.Process(4.0)}, {"mu": "s"}, ranges={"mu": (0.0, np.inf)})
    found = model.fit(x, start={"mu": 0.5, "place": float(x[:2].mean())})
    assert abs(found.values["place"] - x[:2].mean()) < 1e-4 and found.nll < model.on(x).fit_many({"place": np.linspace(0, 1, 401)}).nll.min() + 1e-6


class FirstOfMany:
    "A ratio that is the same at both ends of its range, and takes the first of many points for all."
    parameters = {"a": (-2.0, 2.0)}

    def log_ratio(self, x, nu=None):
        a = np.ravel(nu)[0]
        return -0.5 * ((x[:, 0] - 0.4) / (0.03 + 0.2 * abs(a) * np.exp(-abs(a)))) ** 2 - np.log(0.03 + 0.2 * abs(a) * np.exp(-abs(a)))


def test_a_ratio_that_takes_the_first_of_many_points_is_asked_one_by_one():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.uniform(0, 1, (200, 1)), rng.normal(0.4, 0.09, (40, 1))])
    called = Called(FirstOfMany(), x[None], np.array([[-2.0, 2.0]]))
    points = np.linspace(-2, 2, 33)[:, None]
    np.testing.assert_allclose(called(points), [FirstOfMany().log_ratio(x, point) for point in points])
    model = lr.Likelihood({"s": lr.Process(40.0, FirstOfMany()), "b": lr.Process(200.0)}, {"mu": "s"}, ranges={"mu": (0.0, np.inf)})
    assert model.fit(x).nll < model.on(x).fit_many({"a": np.linspace(-2, 2, 401)}).nll.min() + 1e-6


class Narrow:
    "A peak in a single feature."
    parameters = {"place": (0.1, 0.9)}

    def __init__(self, width):
        self.width = width

    def log_ratio(self, x, nu):
        return -0.5 * ((x[:, 0] - nu[0]) / self.width) ** 2 - np.log(self.width * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("low", [0.0, -np.inf])
def test_data_sets_without_events_alone_together_and_beside_others(low):
    model = lr.Likelihood({"signal": lr.Process(5.0, Narrow(0.03)), "background": lr.Process(50.0)}, {"mu": "signal"}, ranges={"mu": (low, np.inf)})
    none, few = np.zeros((0, 1)), np.full((3, 1), 0.4)
    alone = [model.fit(one).nll for one in (none, few)]
    for sets in ([0], [0, 0], [0, 1, 0], [1, 0]):
        np.testing.assert_allclose(model.fit_many([(none, few)[one] for one in sets]).nll, np.take(alone, sets), atol=1e-6)
    assert alone[0] == pytest.approx(50.0 if low == 0 else 0.0, abs=1e-6)


@pytest.mark.parametrize("sizes, width", [((100 * [3]) + [300], 0.03), (30 * [10] + 2 * [400], 0.01), (20 * [7] + [1500], 0.003)])
def test_short_sets_beside_long_ones_end_as_if_alone(sizes, width):
    "Many short data sets and few long ones, where two strengths are free: nothing that is decided for the long ones holds for the short."
    model = lr.Likelihood({"signal": lr.Process(5.0, Narrow(width)), "background": lr.Process(50.0)}, {"mu": "signal", "level": "background"}, ranges={"mu": (0.0, np.inf), "level": (0.0, np.inf)})
    rng = np.random.default_rng(1)
    sets = [rng.uniform(size=(n, 1)) for n in sizes]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = model.fit_many(sets)
    np.testing.assert_allclose(together.nll, [model.fit(one).nll for one in sets], atol=1e-4, rtol=0)


@pytest.mark.parametrize("offset", [0.0, 91.0, 5270.0])
def test_a_place_in_a_narrow_range_far_from_zero_is_a_parabola(offset):
    "The same events and ranges, moved: the same minimum, by parabolas, of as many features."
    class Moved:
        parameters = {"place": (offset + 0.1, offset + 0.9)}
        def log_ratio(self, x, nu): return -0.5 * ((x[:, 0] + (offset - nu[0])) / 0.03) ** 2 - np.log(0.03 * np.sqrt(2 * np.pi))

    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(size=(2000, 2)), np.column_stack([rng.normal(0.4, 0.03, 80), rng.uniform(size=80)])])
    prepared = lr.Likelihood({"signal": lr.Process(50.0, Moved()), "background": lr.Process(2000.0)}, {"mu": "signal"}, ranges={"mu": (0.0, np.inf)}).on(x)
    assert prepared.parts[0].ratios[0].parabolas is not None
    assert prepared.fit().values["place"] - offset == pytest.approx(0.4, abs=0.02)
