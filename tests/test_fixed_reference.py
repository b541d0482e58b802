"""A likelihood is made of ratios to one density that depends on no parameter: others are refused, with the way out."""

import numpy as np
import pytest

import lrguide as lr

QUICK = dict(members=1, hidden=(4,), training=lr.Training(epochs=1))


def widths(n, seed, mean=0.0):
    rng = np.random.default_rng(seed)
    nu = rng.uniform(0.5, 1.5, (n, 1))
    return lr.Table(rng.normal(mean, nu), nu)


@pytest.fixture(scope="module")
def moving():
    return lr.Ratio({"width": (0.5, 1.5)}, rng=1, **QUICK).fit(widths(6000, 1, 0.5), widths(6000, 2))


def test_a_moving_denominator_is_refused(moving, tmp_path):
    for ratio in (moving, moving.normalised(over=None)):
        with pytest.raises(ValueError, match="^ratio: .*reference_ratios"):
            lr.Process(10.0, ratio)
    moving.save(tmp_path / "a.lr")
    with pytest.raises(ValueError, match="reference_ratios"):                    # a file knows it as well
        lr.Process(10.0, lr.load(tmp_path / "a.lr"))


def test_a_fixed_one_is_not():
    from lrguide.awareness import fixed_reference
    reference = fixed_reference([widths(2000, 1, 0.5), widths(1000, 2)])
    assert reference.nu is None and np.isclose(reference.weights[:2000].sum(), reference.weights[2000:].sum())
    lr.Process(10.0, lr.Ratio({"width": (0.5, 1.5)}, rng=1, **QUICK).fit(widths(3000, 3), reference))


def test_yields_of_a_shift_with_a_selection():
    """Uniform in [0, 2], scaled by 1 + nu, kept above 1: (1 + 2 nu) / (2 + 2 nu) of the yield."""
    x = (np.arange(100_000) + 0.5) / 50_000
    made = lr.reference_ratios({"a": lr.Table(x, weight=np.full(100_000, 2e-3)), "b": lr.Table(x**2 / 2)}, lambda x, nu: x * (1 + nu), {"scale": (-0.2, 0.2)},
                               select=lambda x: x[:, 0] > 1, recipe=lr.Recipe(**QUICK), rng=1)
    for nu in (-0.2, 0.0, 0.13):
        assert made["a"].expected({"scale": nu}) == pytest.approx(200 * (1 + 2 * nu) / (2 + 2 * nu), rel=3e-3)
    assert made["a"].ratio.log_ratio([1.2, 1.5], [0.1]).shape == (2,)
    assert made["b"].source.sample("b", 50, 1, nu=[0.1]).x.min() > 1
    with pytest.raises(ValueError, match="^select: expected events of a"):
        lr.reference_ratios({"a": lr.Table(x)}, lambda x, nu: x, {"scale": (-0.2, 0.2)}, select=lambda x: x[:, 0] > 3, recipe=lr.Recipe(**QUICK), rng=1)
