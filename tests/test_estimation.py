"""Estimates from simulated means: what cannot be done is refused in one line; bias, errors and weights are right whatever the summaries are."""

import numpy as np
import pytest
from malformed import NAN, checks_of

import lrguide as lr
from lrguide import estimation

GRID = np.linspace(-1, 1, 7)
SPACE = {"mu": (-1.0, 1.0)}
RATIO = lr.FromFunction(lambda x, nu: nu[:, 0] * x[:, 0] - nu[:, 0] ** 2 / 2, SPACE)


def sample(n, seed):
    "n events of N(mu, 1) at each point of the grid: x, mu (n, 1)."
    at = np.repeat(GRID, n)
    return at + np.random.default_rng(seed).normal(size=len(at)), at[:, None]


X, AT = sample(50, 1)
RESPONSE = estimation.response(X, AT, SPACE)
SUMMARIES = {"text": "a", "none": None, "one event": np.ones(1), "nan": [NAN, 1.0], "cube": np.ones((2, 2, 2)), "no summary": np.ones((4, 0))}
CALLS = {
    "scores_at": (estimation.scores_at, dict(ratio=RATIO, x=X, theta={"mu": 0.3}, step=0.1),
                  dict(ratio={"text": "a", "none": None, "no parameters": lr.FromFunction(lambda x: x[:, 0])},
                       theta={"none": None, "empty": {}, "outside": {"mu": 2.0}, "other": {"nu": 0.0}, "more": {"mu": 0.0, "nu": 0.0}, "nan": {"mu": NAN}, "text": {"mu": "a"}},
                       step={"zero": 0.0, "wide": 2.0, "nan": NAN, "text": "a"})),
    "response": (estimation.response, dict(values=X, theta=AT, parameters=SPACE, degree=1),
                 dict(values=SUMMARIES, theta={"short": AT[:3], "outside": 9 * AT, "few events": np.linspace(-1, 1, len(X))[:, None], "none": None},
                      parameters={"none": None, "number": 3, "backwards": {"mu": (1, 0)}}, degree={"zero": 0, "half": 0.5, "too many": 7, "text": "a"})),
    "estimate": (estimation.estimate, dict(response=RESPONSE, values=X[:50]),
                 dict(response={"None": None, "number": 1.0, "text": "a"}, values={**SUMMARIES, "two summaries": np.ones((5, 2))}, fixed={"other": {"nu": 1.0}, "outside": {"mu": 3.0}, "number": 1.0})),
    "tilted": (estimation.tilted, dict(log_weights=np.zeros(len(X)), values=X, means=[[0.2]]),
               dict(log_weights={"short": np.zeros(3), "nan": np.full(len(X), NAN), "text": "a"}, values={**SUMMARIES}, means={"beyond": [[99.0]], "two": [[0.0, 1.0]], "nan": [[NAN]]})),
    "reweighted_response": (estimation.reweighted_response, dict(values=X, log_weights=np.zeros((7, len(X))), points=GRID[:, None], parameters=SPACE, control=None, degree=1),
                            dict(values=SUMMARIES, log_weights={"one row": np.zeros((1, len(X))), "nan": np.full((7, len(X)), NAN), "one event": np.where(np.arange(len(X)), -99.0, 0.0) * np.ones((7, 1))},
                                 points={"outside": 9 * GRID[:, None], "none": None, "text": "a", "one axis": GRID}, degree={"zero": 0, "too many": 7}, control={"short": (X[:3], RESPONSE), "no response": (X, X), "number": 1.0, "two": (np.stack([X, X**2], axis=1), RESPONSE),
                                          "other parameters": (X, estimation.response(X, AT, {"nu": (-1.0, 1.0)}))})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_an_estimate_does_not_depend_on_the_units_of_summaries():
    values = np.stack([X, X**2], axis=1)
    matrix = np.array([[1e-2, 0.0], [3.0, 10.0]])
    one, other = (estimation.estimate(estimation.response(v, AT, SPACE, degree=2), v[:200]) for v in (values, values @ matrix))
    np.testing.assert_allclose(one.values["mu"], other.values["mu"], atol=1e-5)
    np.testing.assert_allclose(one.errors["mu"], other.errors["mu"], rtol=1e-4)
    assert one.notes == other.notes and "chi2" in one.notes[0]


def test_the_bias_of_a_wrong_ratio_is_gone_and_the_error_holds_that_of_the_simulation():
    pulls = []
    for seed in range(200):                              # each with its own simulation, not larger than the data
        x, at = sample(100, [seed, 2])
        found = estimation.response(x + 0.2 * np.sin(3 * x), at, SPACE)
        fit = estimation.estimate(found, (lambda v: v + 0.2 * np.sin(3 * v))(np.random.default_rng([seed, 3]).normal(0.4, 1, 700)))
        pulls.append((fit.values["mu"] - 0.4) / fit.errors["mu"])
    assert abs(np.mean(pulls)) < 5 / np.sqrt(200) and abs(np.mean(np.square(pulls)) - 1) < 5 * np.sqrt(2 / 200)


def test_fixed_parameters_and_flat_directions():
    space = {"mu": (-1.0, 1.0), "nothing": (0.0, 1.0)}
    points = np.array([[a, b] for a in GRID for b in (0.0, 0.5, 1.0)])
    at = np.repeat(points, 50, axis=0)
    x = at[:, 0] + np.random.default_rng(4).normal(size=len(at))
    found = estimation.response(np.stack([x, x**2], axis=1), at, space, degree=2)
    data = np.random.default_rng(5).normal(0.3, 1, 400)
    fit = estimation.estimate(found, np.stack([data, data**2], axis=1), {"nothing": 0.5})
    assert list(fit.values) == ["mu"] and abs(fit.values["mu"] - 0.3) < 5 * fit.errors["mu"]
    with pytest.raises(ValueError, match="none a sum of others"):
        twice = estimation.response(np.stack([X, X], axis=1), AT, SPACE)
        estimation.estimate(twice, np.stack([X, X], axis=1)[:50])


def test_degrees_follow_the_means_or_say_what_is_left():
    x, at = sample(500, 6)
    assert estimation.response(x, at, SPACE).degree == 1 and estimation.response(x**2, at, SPACE).degree == 2    # these seeds; higher ones are taken for one in six
    steps = np.where(at[:, 0] > 0.1, 1.0, 0.0) + 1e-3 * x                      # no polynomial follows a step
    found = estimation.response(steps, at, SPACE)
    assert not found.misfit.passed and found.excess[0, 0] > 1e-3
    mean, _, own = found.at(GRID[:, None])
    assert np.all(np.abs(mean[:, 0] - (GRID > 0.1)) < 5 * np.sqrt(own[:, 0, 0]))


def test_tilted_weights_are_the_nearest():
    rng = np.random.default_rng(7)
    values, log_weights = rng.normal(size=(500, 2)), rng.normal(size=500)
    weights = np.exp(log_weights) / np.exp(log_weights).sum()
    found = np.exp(estimation.tilted(log_weights, values, [0.1, -0.2])[0])
    np.testing.assert_allclose([found.sum(), *(found @ values)], [1, 0.1, -0.2], atol=1e-5)
    entropy = lambda v: np.sum(v * np.log(v / weights))
    free = np.linalg.svd(np.concatenate([np.ones((1, 500)), values.T]))[2][3:]                 # changes that keep sum and means
    for direction in free[:20]:
        step = 0.1 * found.min() * direction
        assert entropy(found + step) > entropy(found) - 1e-12 and entropy(found - step) > entropy(found) - 1e-12


def test_a_control_with_exact_means_leaves_only_the_smearing():
    rng = np.random.default_rng(8)
    z = rng.normal(size=20_000)
    values, at = z + rng.normal(0, 0.5, len(z)), np.linspace(-0.5, 0.5, 5)[:, None]
    x, theta = sample(40_000, 9)
    known = estimation.response(x, theta, SPACE, degree=1)
    found = estimation.reweighted_response(values, at * z, at, SPACE, (z, known), degree=1)
    mean, spread, own = found.at(at)
    weight = np.exp(at * z)
    smearing = 0.25 * np.sum(weight**2, axis=1) / np.sum(weight, axis=1) ** 2
    np.testing.assert_allclose(spread[:, 0, 0], 1.25, atol=0.15)
    assert np.all(own[:, 0, 0] < 2 * smearing) and np.all(np.abs(mean[:, 0] - at[:, 0]) < 5 * np.sqrt(own[:, 0, 0]))


def lifetimes(rng, n, t):
    return t * rng.exponential(size=n)


@pytest.mark.parametrize("t", [0.7, 1.5, 2.4])
def test_the_covariance_may_change_as_it_likes(t):
    """Lifetimes: the variance is the square of the mean, and a line would make it negative; the error is t over the root of n."""
    grid = np.repeat(np.linspace(0.5, 3, 9), 4000)
    found = estimation.response(lifetimes(np.random.default_rng(10), len(grid), grid), grid, {"t": (0.5, 3.0)})
    fits = [estimation.estimate(found, lifetimes(rng, 500, t)) for rng in lr.arrays.spawn(11, 100)]
    pulls = np.array([(fit.values["t"] - t) / fit.errors["t"] for fit in fits])
    own = found.at([[t]])[2][0, 0, 0]
    np.testing.assert_allclose(np.mean([fit.errors["t"] for fit in fits]), np.sqrt(t**2 / 500 + own), rtol=0.06)
    assert abs(np.mean(pulls**2) - 1) < 5 * np.sqrt(2 / 100)


def test_the_units_of_summaries_do_not_matter_for_anything():
    values = np.stack([X, X**2, np.sin(X)], axis=1)
    mixed = values @ np.array([[1e6, -5.0, 0.0], [0.3e6, 1.0, 0.1], [0.0, 2.0, 1e-3]])
    one, other = (estimation.response(some, AT, SPACE) for some in (values, mixed))
    assert one.degree == other.degree
    np.testing.assert_allclose(one.misfit.p_value, other.misfit.p_value, rtol=1e-4)
    forced, again = (estimation.response(some, AT, SPACE, degree=1) for some in (values, mixed))       # polynomials that do not follow
    np.testing.assert_allclose(estimation.estimate(forced, values[:100]).values["mu"], estimation.estimate(again, mixed[:100]).values["mu"], atol=1e-4)
    np.testing.assert_allclose(estimation.estimate(forced, values[:100]).errors["mu"], estimation.estimate(again, mixed[:100]).errors["mu"], rtol=1e-3)


def test_as_many_polynomials_as_points_leave_nothing_over():
    at = np.repeat([-1.0, 0.0, 1.0], 50)
    assert estimation.response(X, AT[:, 0].tolist(), SPACE).degree == RESPONSE.degree                   # one parameter, as a list
    found = estimation.response(at + np.random.default_rng(12).normal(size=150), at, SPACE, degree=2)
    assert found.misfit.p_value == 1 and not found.excess.any()


def test_points_with_more_events_count_for_more():
    number = np.array([10, 10, 5000, 5000, 5000, 10, 10])
    at = np.repeat(GRID, number)
    own = estimation.response(at + np.random.default_rng(13).normal(size=len(at)), at, SPACE, degree=1).at([[0.0]])[2][0, 0, 0]
    centred = at - at.mean()
    np.testing.assert_allclose(own, 1 / len(at) + at.mean() ** 2 / np.sum(centred**2), rtol=0.3)


def test_what_is_special_about_a_fit_is_said():
    x, at = sample(2000, 14)
    found = estimation.response(x**2, at, SPACE)
    fit = estimation.estimate(found, np.random.default_rng(15).normal(0.6, 1, 4000) ** 2)
    assert "another minimum" in fit.notes[0] and abs(abs(fit.values["mu"]) - 0.6) < 5 * fit.errors["mu"]
    assert "no theta has these means" in estimation.estimate(found, np.full(400, 0.2) + 0.01 * np.random.default_rng(16).normal(size=400)).notes[0]
    space = {"mu": (-1.0, 1.0), "nothing": (0.0, 1.0)}
    points = np.repeat(np.array([[a, b] for a in GRID for b in (0.0, 0.5, 1.0)]), 200, axis=0)
    values = points[:, :1] + np.random.default_rng(17).normal(size=(len(points), 2)) * [1.0, 3.0]
    blind = estimation.response(values, points, space, degree=1)
    assert any("nothing is hardly measured" in note for note in estimation.estimate(blind, values[:100]).notes)
    with pytest.raises(ValueError, match="at least as many summaries as free parameters, 2, got 1"):
        estimation.estimate(estimation.response(values[:, 0], points, space), values[:100, 0])
    assert estimation.estimate(found, x[:100] ** 2, {"mu": 0.3}).values == {}
