"""Losses that are significances: what cannot be trained or counted is refused in one line, limits and symmetries hold."""

import numpy as np
from malformed import COLUMNS, COUNTS, NUMBERS, checks_of

from lrguide import significance as aware
from lrguide.asymptotics import median_significance, squared_significance, profiled_significance

N = 40
X, S, B = np.linspace(0, 1, N)[:, None], np.full(N, 0.5), np.linspace(2, 0.5, N)
YIELDS = {"negative": -S, "short": S[:3], "nan": np.full(N, np.nan), "text": "a", "None": None}

CALLS = {
    "profiled_significance": (profiled_significance, dict(signal=1.0, background=2.0, error=0.1),
                               dict(signal={"negative": -1.0, "nan": np.nan, "text": "a"}, background={"zero": 0.0, "negative": -1.0, "nan": np.nan, "text": "a"},
                                    error={"negative": -1.0, "inf": np.inf, "nan": np.nan, "text": "a"})),
    "best_cut": (aware.best_cut, dict(score=X[:, 0], signal=S, background=B, shifts=0.1 * B, least=1.0),
                 dict(score={k: v for k, v in COLUMNS.items() if k not in ("masked",)}, signal=YIELDS, background={**YIELDS, "empty": 0 * B},
                      shifts={"short": B[:3], "nan": np.nan * B, "text": "a"}, least={**NUMBERS, "zero": 0.0})),
    "leaves": (aware.Splits(((0, 1, 0.5),)).leaves, dict(x=np.column_stack([X, X])), dict(x={"one feature": X, "nan": np.full((N, 2), np.nan), "text": "a"})),
    "significance_tree": (aware.significance_tree, dict(x=X, signal=S, background=B, shifts=0.1 * B[:, None], leaves=3, least=1.0, n_cuts=7),
                          dict(gain={"None": None, "number": 1.0, "text": "a"}, signal=YIELDS, background={**YIELDS, "empty": 0 * B}, shifts={"short": B[:3, None], "nan": np.nan * B[:, None], "text": "a"},
                               leaves={**COUNTS, "zero": 0}, least={**NUMBERS, "zero": 0.0}, n_cuts={**COUNTS, "zero": 0})),
}

test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_more_error_is_less_significance_and_none_is_the_formula_without():
    s, b = np.geomspace(0.01, 100, 30)[:, None], np.geomspace(0.1, 1e5, 30)[None]
    z = np.stack([profiled_significance(s, b, error * b) for error in (0, 1e-3, 0.01, 0.1, 1.0)])
    assert np.all(np.isfinite(z)) and np.all(np.diff(z, axis=0) < 1e-6 * z[:1])
    some = (s / b > 1e-3)                                 # below, the difference of two nearly equal numbers
    np.testing.assert_allclose(np.where(some, z[0], 1), np.where(some, median_significance(s + 0 * b, b + 0 * s), 1), rtol=1e-5)


def test_the_formula_is_smooth_where_its_branches_meet():
    v = np.linspace(1.9e-2, 2.1e-2, 11)                   # excess of 1e-3 at s = 5, b = 10
    q = squared_significance(5.0, 10.0, v)
    assert np.abs(np.diff(q, 3)).max() < 1e-8   # the neglected term, excess^3 / 4 of 2 s


def test_a_tree_without_gain_does_not_split():
    assert aware.significance_tree(X, S, np.full(N, 1.0)).splits == ()
    x = np.column_stack([np.random.default_rng(0).random(1000), np.repeat([0.0, 1.0], 500)])
    tree = aware.significance_tree(x, np.repeat([0.0, 0.1], 500), np.repeat([0.1, 0.02], 500), leaves=2)
    assert tree.splits[0][1] == 1 and np.array_equal(tree.leaves(x), x[:, 1].astype(int))


def test_the_best_cut_never_parts_equal_scores():
    z, above = aware.best_cut(np.repeat([0.0, 1.0], N // 2), S, B)
    assert above.sum() in (N // 2, N) and z > 0
