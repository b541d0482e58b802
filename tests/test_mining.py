"""Mining: joint ratios and scores that cannot be what they say are refused in one line; what must not depend on the way does not."""

import os
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from malformed import COLUMNS, COUNTS, EVENTS, NUMBERS, SEEDS, TABLES, checks_of

import lrguide as lr
from lrguide import mining

BOARD, GAUSS = mining.GaltonBoard(), mining.LatentGaussian()
UP, DOWN = (BOARD.sample(process, 600, k) for k, process in enumerate(("numerator", "denominator")))
AT_ONE = replace(GAUSS.sample("numerator", 600, 3, [0.0]), nu=None)
BRIEF = dict(members=2, hidden=(8,), training=lr.Training(epochs=2, batch=100))
RECIPE = lr.Recipe(BOARD.parameters, **BRIEF, normalise=None)


def with_gold(table, **columns):
    return replace(table, also={name: values for name, values in {**table.also, **columns}.items() if values is not None})


GOLD = {"no ratio": with_gold(UP, joint_log_ratio=None), "no score": with_gold(UP, joint_score=None), "two scores": with_gold(UP, joint_score=np.ones((600, 2))),
        "ratio (n, 1)": with_gold(UP, joint_log_ratio=np.ones((600, 1))), "no nu": replace(UP, nu=None), "outside": replace(UP, nu=[-0.2]), "no events": UP[:0],
        "score (n, 1, 1)": with_gold(UP, joint_score=np.ones((600, 1, 1))), "no Table": UP.x, "None": None, "one event": UP[:1],
        "sets": replace(UP, x=np.ones((600, 2, 2)))}

CALLS = {
    "Mined": (mining.Mined, dict(parameters=BOARD.parameters, method="ALICES", strength=1.0, rng=1, dropout=0.0, loss="cross-entropy", inputs=None),
              dict(method={"None": None, "text": "SALLY", "number": 1.0}, strength={**NUMBERS, "zero": 0.0}, rng=SEEDS, dropout={"some": 0.1}, parameters={"none": {}},
                   loss={"other": "quadratic"}, inputs={"function": np.exp})),
    "fit_mined": (mining.fit_mined, dict(recipe=RECIPE, method="RASCAL", strength=1.0, numerator=UP, denominator=DOWN, rng=1),
                  dict(recipe={"None": None, "number": 1.0, "text": "a"}, numerator=GOLD | {"large": with_gold(UP, joint_log_ratio=np.linspace(-40, 40, 600))},
                       denominator={"no ratio": with_gold(DOWN, joint_log_ratio=None), "no nu": replace(DOWN, nu=None), "features": replace(DOWN, x=np.ones((600, 2)))},
                       method={"None": None, "text": "a"}, rng=SEEDS)),
    "learn_score": (mining.learn_score, dict(table=AT_ONE, rng=1, **BRIEF),
                    dict(table={"no score": with_gold(AT_ONE, joint_score=None), "nu": UP, "zero": with_gold(AT_ONE, joint_score=np.zeros(600)), **TABLES}, rng=SEEDS)),
    "kept_information": (mining.kept_information, dict(summary=np.arange(9.0), joint_score=np.arange(9.0) ** 2, weight=np.ones(9)),
                    dict(summary={**EVENTS, "constant": np.ones(9), "twice": np.ones((9, 2)) * np.arange(9)[:, None], "one": [1.0]},
                         joint_score={**EVENTS, "short": np.arange(8.0)}, weight={**{kind: value for kind, value in COLUMNS.items() if value is not None}, "zero": np.zeros(9), "negative variance": np.r_[-1.5, np.ones(7), -1.5]})),
    "gold_report": (mining.gold_report, dict(numerator=UP, denominator=None), dict(numerator={**TABLES, "none": replace(UP, also={})},
                                                                                denominator={"text": "a", "ratio (n, 1)": with_gold(DOWN, joint_log_ratio=np.ones((600, 1)))})),
    "GaltonBoard": (mining.GaltonBoard, dict(rows=4, nails=9, slope=20.0, reference=-0.7, low=-1.0, high=-0.4),
                    dict(rows={**COUNTS, "one": 1, "many": 9}, nails={**COUNTS, "few": 4}, slope=NUMBERS, reference={**NUMBERS, "outside": 0.0}, low={**NUMBERS, "above": 0.0}, high=NUMBERS)),
    "LatentGaussian": (mining.LatentGaussian, dict(smearing=1.0, unseen=0.0, reference=0.0, high=1.0),
                       dict(smearing={**NUMBERS, "negative": -1.0}, unseen={**NUMBERS, "negative": -1.0}, reference={**NUMBERS, "outside": 2.0}, high=NUMBERS)),
    "sample": (BOARD.sample, dict(process="numerator", n=5, rng=1, nu=[-0.6]), dict(process={"None": None, "signal": "signal"}, n=COUNTS, rng=SEEDS, nu={"outside": [0.0], "two": [-0.6, -0.6], "text": "a"})),
    "log_ratio": (BOARD.log_ratio, dict(x=[15.0], nu=[-0.6]), dict(x={**EVENTS, "no bin": [15.5], "never": [30.0], "two": np.full((2, 2), 15.0)}, nu={"None": None, "outside": [0.0]})),
}

test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
def test_a_ratio_of_zero_or_infinity_is_refused(value):
    "The log of a joint ratio of zero: the Table itself says no."
    with pytest.raises(ValueError, match="joint_log_ratio: expected finite numbers, got 1 NaN or infinite of 600"):
        with_gold(UP, joint_log_ratio=np.where(np.arange(600) == 3, value, 0.0))


def test_methods_need_only_their_own_columns():
    for method, terms in mining.METHODS.items():
        needed = {"joint_log_ratio": {"ratio", "probability"} & set(terms), "joint_score": "score" in terms}
        tables = [with_gold(table, **{name: None for name, some in needed.items() if not some}) for table in (UP, DOWN)]
        fitted = mining.fit_mined(RECIPE, method, 1.0, *tables, 1)
        assert np.isfinite(fitted.log_ratios(UP.x, UP.nu)).all()
    assert mining.Mined(method="ALICE", rng=1, **BRIEF).fit(replace(UP, nu=None), replace(DOWN, nu=None)).log_ratio(UP.x).shape == (600,)


def test_wrong_gold_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mining.Mined(BOARD.parameters, rng=1, **BRIEF).fit(UP, DOWN)
    for wrong in (with_gold(UP, joint_score=UP.also["joint_score"] + 1), with_gold(UP, joint_log_ratio=UP.also["joint_log_ratio"] + 0.3)):
        with pytest.warns(UserWarning, match="is this the joint ratio or score of these events"):
            mining.Mined(BOARD.parameters, rng=1, **BRIEF).fit(wrong, DOWN)


def test_right_gold_is_not_warned_of_for_rounding_and_infinite_means_are():
    weight = np.random.default_rng(1).uniform(0.1, 3, 600)      # its sums round differently: 1 + 2e-16 +- 1e-17
    same = [replace(with_gold(table, joint_log_ratio=np.zeros(600)), weight=weight) for table in (UP, DOWN)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mining.fit_mined(RECIPE, "ALICE", 1.0, *same, 1)
        assert np.isinf(mining.gold_report(with_gold(UP, joint_log_ratio=np.full(600, -800.0)))["mean inverse ratio"][0])
    with pytest.warns(UserWarning, match="mean inverse ratio: expected 1, got inf"):
        mining.fit_mined(RECIPE, "ALICE", 1.0, with_gold(UP, joint_log_ratio=np.full(600, -800.0)), DOWN, 1)


@pytest.mark.parametrize("unit", [1e-200, 1e9, 1e200])
def test_information_is_the_same_in_any_unit(unit):
    x = np.random.default_rng(1).normal(size=(500, 2))
    t = x @ [1.0, 0.5]
    np.testing.assert_allclose(mining.kept_information(x * [unit, 1.0], t), mining.kept_information(x, t), rtol=1e-10)


def test_a_mined_ratio_is_a_ratio_like_others(tmp_path):
    mined = mining.Mined(BOARD.parameters, rng=1, **BRIEF).fit(UP, DOWN)
    mined.save(tmp_path / "ratio.npz")
    again = lr.load(tmp_path / "ratio.npz")
    np.testing.assert_array_equal(again.log_ratio(UP.x, [-0.6]), mined.log_ratio(UP.x, [-0.6]))
    np.testing.assert_array_equal(mining.score_of(again, UP.x, [-0.6]), mined.score(UP.x, [-0.6]))
    np.testing.assert_array_equal(mining.Mined(BOARD.parameters, rng=1, **BRIEF).fit(UP, DOWN).log_ratio(UP.x, UP.nu), mined.log_ratio(UP.x, UP.nu))
    assert mined.score(np.zeros((0, 1)), [-0.6]).shape == (0, 1)
    assert lr.Likelihood({"balls": lr.Process(100.0, mined)}).fit(UP.x[:100]).values.keys() == {"theta"}        # its reference does not move
    anew = mined.normalised(UP, replace(BOARD.sample("denominator", 600, 9), nu=None), over="denominator")
    assert np.isfinite(lr.Likelihood({"balls": lr.Process(100.0, anew)}).nll(UP.x[:100], {"theta": -0.6}))
    with pytest.raises(ValueError, match="expected a fitted Ratio of networks with parameters"):
        mining.score_of(mined.normalised(over=None, calibration="histogram"), UP.x, [-0.6])


def test_two_parameters():
    "Derivatives by both, each in its own units; the order of events does not matter to the score."
    rng = np.random.default_rng(1)
    nu = rng.uniform((-1, 0), (1, 10), (800, 2))
    x = rng.normal(size=(800, 2))
    both = np.column_stack([x[:, 0] - nu[:, 0], 0.1 * x[:, 1]])
    up, down = (lr.Table(x + shift, nu, also={"joint_log_ratio": np.zeros(800), "joint_score": both - both.mean(axis=0)}) for shift in (0.0, 0.1))
    mined = mining.Mined({"a": (-1, 1), "b": (0, 10)}, rng=1, **{**BRIEF, "training": lr.Training(epochs=4, batch=100, patience=2, clip=1.0), "bootstrap": True}).fit(up, down)
    at, step = nu * 0.9 + (0.0, 0.5), np.array([0.01, 0.05])
    found = mined.score(x, at)
    for k in range(2):
        move = np.eye(2)[k] * step
        difference = (mined.log_ratio(x, at + move) - mined.log_ratio(x, at - move)) / (2 * step[k])
        np.testing.assert_allclose(found[:, k], difference, atol=2e-3 * np.abs(found[:, k]).max() + 1e-4 / step[k])
    np.testing.assert_allclose(mined.score(x[::-1], at[::-1]), found[::-1], atol=1e-5)


def test_a_local_score_is_a_feature():
    local = mining.learn_score(AT_ONE, rng=1, **BRIEF)
    up, down = (replace(GAUSS.sample("numerator", 400, 5 + k, [theta]), nu=None) for k, theta in enumerate((0.5, 0.0)))
    assert lr.Ratio(inputs=local, rng=1, **BRIEF).fit(up, down).log_ratio(up.x).shape == (400,)
    assert local.members(up.x).shape == (2, 400, 1)


SCRIPT = """
import numpy as np
from lrguide import mining, Training, backend
board = mining.GaltonBoard()
up, down = (board.sample(process, 1000, k) for k, process in enumerate(("numerator", "denominator")))
mined = mining.Mined(board.parameters, members=2, hidden=(8, 8), training=Training(epochs=3, batch=100, clip=10.0), rng=1).fit(up, down)
print(backend.backend_name(), *np.concatenate([mined.log_ratio(up.x[:20], up.nu[:20]), mined.score(up.x[:20], up.nu[:20])[:, 0]]))
"""


def test_backends_agree():
    found = {}
    for backend in ("jax", "tensorflow"):
        done = subprocess.run([sys.executable, "-c", SCRIPT], env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        name, *numbers = done.stdout.split()
        assert name == backend
        found[backend] = np.array(numbers, dtype=float)
    np.testing.assert_allclose(found["jax"], found["tensorflow"], atol=5e-3)
