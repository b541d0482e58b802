"""Reweighting: what cannot be done is refused in one line; tests of weighted samples have the right level, and see what they should."""

import numpy as np
import pytest
from malformed import COLUMNS, COUNTS, FUNCTIONS, NAN, NUMBERS, POINTS, SEEDS, TABLES, checks_of

import lrguide as lr
from lrguide import arrays, reweighting
from lrguide.diagnosis import told_apart
from lrguide.losses import polynomials

SHIFT = lr.FromFunction(lambda x: 0.5 * x[:, 0] - 0.125)
FAMILY = lr.FromFunction(lambda x, nu: nu[:, 0] * x[:, 0] - nu[:, 0] ** 2 / 2, {"mu": (0.0, 1.0)})
NOMINAL = lr.Table(np.random.default_rng(1).normal(0, 1, 1000))
OTHER = lr.Table(np.random.default_rng(2).normal(0.5, 1, 1000))
SETS = lr.Table(np.ones((200, 3, 2)))

CALLS = {
    "reweighted": (reweighting.reweighted, dict(ratio=SHIFT, table=NOMINAL, part=False, enough=100.0),
                   dict(ratio=FUNCTIONS, table=TABLES, nu={k: v for k, v in POINTS.items() if k != "None"}, part={"None": None, "number": 1.0, "text": "a"}, enough={**NUMBERS, "zero": 0.0, "negative": -1.0})),
    "reweighted to nu": (reweighting.reweighted, dict(ratio=FAMILY, table=NOMINAL, nu=[0.5]), dict(nu=POINTS)),
    "quality": (reweighting.quality, dict(ratio=SHIFT, table=NOMINAL), dict(ratio=FUNCTIONS, table=TABLES)),
    "compare": (reweighting.compare, dict(first=NOMINAL, second=OTHER, n_bins=5),
                dict(first=TABLES, second={**TABLES, "other features": lr.Table({"a": np.ones(3)}, also={"b": np.ones(3)}), "sets": SETS}, n_bins={k: v for k, v in COUNTS.items()} | {"one": 1},
                     edges={"number": 1.0, "text": "a", "list": [1.0], "other": {"y": [0.0, 1.0]}, "falling": {"x[0]": [1.0, 0.0]}, "nan": {"x[0]": [0.0, NAN]}, "one": {"x[0]": [0.0]}})),
    "two_sample": (reweighting.two_sample, dict(first=NOMINAL, second=OTHER, rng=1),
                   dict(first=TABLES, second={**TABLES, "few": lr.Table(np.arange(50.0)), "wide": lr.Table(np.ones((200, 2))), "sets": SETS}, rng=SEEDS)),
    "tail_index": (reweighting.tail_index, dict(weight=np.ones(10)), dict(weight={k: v for k, v in COLUMNS.items() if k != "short"})),
    "effective_size": (arrays.effective_size, dict(weight=np.ones(10)), dict(weight={k: v for k, v in COLUMNS.items() if k != "short"})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


@pytest.mark.parametrize("log_ratio, words", [
    (lambda x: np.full(len(x), -np.inf), "supports are disjoint"),
    (lambda x: np.full(len(x), -30.0), "mean of r is 1"),
    (lambda x: 6 * x[:, 0] - 18, "effective events after reweighting"),
    (lambda x: 800 * x[:, 0], "effective events after reweighting"),
])
def test_disjoint_supports_and_exploding_weights(log_ratio, words):
    with pytest.raises(ValueError, match=words):
        reweighting.reweighted(lr.FromFunction(log_ratio), NOMINAL)


def test_weights_are_multiplied_whatever_their_sign():
    weight = np.where(np.arange(1000) % 7 == 0, -1.0, 1.0)
    table = lr.Table(NOMINAL.x, weight=weight, also={"known": np.arange(1000.0)})
    found = reweighting.reweighted(SHIFT, table)
    np.testing.assert_allclose(found.total, table.total)
    ratio = found.weights / weight
    np.testing.assert_allclose(ratio / ratio[0], np.exp(0.5 * (table.x[:, 0] - table.x[0, 0])))
    np.testing.assert_array_equal(found.also["known"], table.also["known"])
    part = reweighting.reweighted(SHIFT, table, part=True)
    np.testing.assert_allclose(part.weights, weight * np.exp(SHIFT.log_ratio(table.x)))


def test_names_are_put_in_order():
    x = np.random.default_rng(3).normal(0, 1, (1000, 2))
    tables = [lr.Table(x + shift, names=("a", "b")) for shift in ([1, 0], [0, 0])]
    ratio = lr.Ratio(members=1, hidden=(8,), training=lr.Training(epochs=2), rng=1).fit(*tables)
    turned = lr.Table(x[:, ::-1], names=("b", "a"))
    np.testing.assert_allclose(reweighting.reweighted(ratio, turned).weights, reweighting.reweighted(ratio, tables[1]).weights)
    assert reweighting.compare(turned, tables[1]).p_value == 1


def test_the_level_of_the_trained_test_with_negative_weights():
    """Mean square of 20 pulls: 1, with standard error sqrt(2 / 20)."""
    squares = []
    for rng in arrays.spawn(5, 20):
        x = np.concatenate([rng.normal(0, 1, 600), rng.normal(0, 0.8, 400)])
        weighted = lr.Table(x, weight=np.repeat([1.0, -1.0], [800, 200]))
        check = reweighting.two_sample(weighted, lr.Table(rng.normal(0, 1, 500)), rng=rng)
        squares.append((check.value / check.error) ** 2)
    assert abs(np.mean(squares) - 1) < 5 * np.sqrt(2 / 20)


def test_unequal_sizes_and_constant_features():
    constant = lr.Table(np.ones((1000, 1)))
    assert reweighting.compare(constant, constant).p_value == 1
    assert reweighting.two_sample(constant, constant[:900], rng=1).p_value == 1
    rows, outputs = told_apart(NOMINAL, OTHER[:300], 1)
    assert [len(one) for one in rows] == [len(one) for one in outputs] == [500, 150]


def test_rare_values_are_told_apart():
    """A value that 0.1 % of one sample have and 2 % of the other: below all others, between them, and above."""
    for rare in (-999.0, 0.5, 7.0):
        one, other = (lr.Table(np.where(np.arange(10_000) < n, rare, np.arange(10_000) % 2)) for n in (10, 200))
        rows, outputs = told_apart(one, other, 1)
        seen = other.x[rows[1], 0] == rare
        assert outputs[1][seen].max() < outputs[1][~seen].min() - 0.1


def test_sets_with_different_filling():
    rng = np.random.default_rng(6)
    sets = lambda n, places, most: np.concatenate([rng.normal(0, 1, (n, places, 2)), (np.arange(places) < rng.integers(1, most, n)[:, None])[..., None]], axis=2)
    few, more, longer = (lr.Table(sets(1000, *size), also={"one": rng.normal(0, 1, 1000)}) for size in ((5, 5), (8, 5), (8, 9)))
    assert reweighting.two_sample(few, more, rng=1).passed and not reweighting.two_sample(few, longer, rng=1).passed
    assert list(reweighting.compare(few, longer).observables) == ["one"]


def test_many_events_at_the_lowest_parameter():
    """Two in five of the target events at the end of the range, the others at many values: the classes overlap everywhere."""
    rng = np.random.default_rng(4)
    mu = np.where(rng.random(4000) < 0.4, 0.0, rng.uniform(0, 1, 4000))
    numerator, denominator = lr.Table(rng.normal(mu, 1), nu=mu[:, None]), lr.Table(rng.normal(0, 1, 4000))
    ratio = lr.Ratio({"mu": (0, 1)}, members=1, hidden=(8,), training=lr.Training(epochs=2), rng=1).fit(numerator, denominator)
    assert np.isfinite(ratio.log_ratio(NOMINAL.x, [0.5])).all()
    assert polynomials(mu[:, None], 4000, ratio.parameters).shape == (4000, 5)


def test_few_simulated_values_name_the_way_out():
    rng = np.random.default_rng(5)
    mu = rng.choice([0.0, 1.0], 2000)
    tables = lr.Table(rng.normal(mu, 1), nu=mu[:, None]), lr.Table(rng.normal(0, 1, 2000))
    few = dict(members=1, hidden=(8,), training=lr.Training(epochs=1), rng=1)
    with pytest.raises(ValueError, match="use normalise='denominator'"):
        lr.Ratio({"mu": (0, 1)}, **few).fit(*tables)
    lr.Ratio({"mu": (0, 1)}, normalise="denominator", **few).fit(*tables)


def test_samples_that_do_not_overlap_do_not_agree():
    rng = np.random.default_rng(1)
    low, high = lr.Table(rng.uniform(size=(300, 1))), lr.Table(5 + rng.uniform(size=(300, 1)))
    assert lr.compare(low, high).p_value == 0 and lr.compare(low, high, edges={"x[0]": [0, 2, 6]}).p_value == 0
    assert lr.compare(lr.Table(np.full(300, 3.0)), lr.Table(np.full(300, 4.0))).p_value == 0
    assert lr.compare(low, low).p_value == 1


@pytest.mark.parametrize("shares, agree", [((0.2, 0.5), False), ((0.01, 0.03), False), ((0.3, 0.3), True)])
def test_flags_are_compared(shares, agree):
    rng = np.random.default_rng(2)
    first, second = (lr.Table((rng.random(5000) < share).astype(float)) for share in shares)
    assert lr.compare(first, second).passed == agree


def test_rare_counts_are_compared():
    rng = np.random.default_rng(3)
    first, second = (lr.Table(rng.choice(5, 5000, p=p).astype(float)) for p in ([0.3, 0.3, 0.2, 0.15, 0.05], [0.3, 0.3, 0.2, 0.05, 0.15]))
    assert lr.compare(first, second).p_value < 1e-20


def test_other_features_are_not_passed_over():
    x, m = np.random.default_rng(4).normal(size=200), np.arange(200.0)
    for second in (lr.Table(x, also={"m": m}, names=("a",)), lr.Table(np.ones((200, 3)), also={"m": m})):
        with pytest.raises(ValueError, match="second: expected"):
            lr.compare(lr.Table(x, also={"m": m}), second)
    with pytest.raises(ValueError, match="columns of nu"):
        lr.two_sample(lr.Table(x), lr.Table(x, nu=np.ones((200, 1))), rng=1)
