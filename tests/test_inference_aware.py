"""Learning for the measurement: what makes no measurement is refused in one line; what must not matter to the expected error does not."""

import json
from pathlib import Path

import numpy as np
import pytest
from malformed import COUNTS, EVENTS, NUMBERS, SEEDS, TABLES, checks_of

import lrguide as lr
from lrguide import inference_aware as aware
from lrguide.nets import Dense, Training

MODEL, SETTINGS = aware.MovingBackground(), aware.benchmark_settings()
CELLS = aware.cells_of(MODEL, n_nodes=2**12)
N = 600
TABLE = lr.Table(np.concatenate([MODEL.sample(process, N // 2, 1).x for process in ("signal", "background")]), weight=np.repeat([50.0, 1000.0], N // 2) / (N // 2))
SLOPES = np.concatenate([aware.event_slopes(MODEL, process, x, 50.0, 1000.0) for process, x in (("signal", TABLE.x[:N // 2]), ("background", TABLE.x[N // 2:]))])
BRIEF = Training(epochs=1, batch=100)
NU = np.random.default_rng(1).uniform([1.5, 2.4], [2.5, 3.6], (4000, 2))
VARIED = MODEL.sample("background", 4000, 2, NU)
NOMINAL = MODEL.sample("background", 4000, 3)
RECIPE = lr.Recipe({"r": (1.5, 2.5), "lambda": (2.4, 3.6)}, members=1, hidden=(3,), training=BRIEF)
ARRAYS = {"None": None, "text": "a", "nan": [[np.nan]], "complex": [[1j]], "flat": [1.0, 2.0], "ragged": [[1.0], [1.0, 2.0]]}
YIELDS = {**NUMBERS, "zero": 0.0, "negative": -1.0}
ENDS = (TABLE.x - [0.1, 0, 0], TABLE.x + [0.1, 0, 0], 0.1)

CALLS = {
    "expected_error": (aware.expected_error, dict(information=np.eye(2), free=[True, True], precision=[0.0, 0.0]),
                       dict(information={**ARRAYS, "singular": np.ones((2, 2)), "empty": np.zeros((0, 0)), "nothing": np.diag([1.0, 0.0]), "negative": -np.eye(2), "not square": np.ones((2, 3)),
                                         "not symmetric": [[2.0, 1.0], [0.0, 2.0]]},
                            free={"short": [True], "not the first": [False, True], "text": ["yes", "no"], "nan": [1.0, np.nan], "halves": [1.0, 0.5], "ragged": [[True], [True, False]]}, precision={"short": [1.0], "negative": [0.0, -1.0], "nan": [0.0, np.nan]})),
    "expected_errors": (aware.expected_errors, dict(information=np.eye(4), settings=SETTINGS, names=aware.PARAMETERS), dict(information={"small": np.eye(3)}, names={"others": ("r", "s", "lambda", "b")})),
    "Setting": (aware.Setting, dict(free=("s", "r"), known={"r": 0.4}),
                dict(free={"none": (), "twice": ("s", "s"), "numbers": (1, 2), "None": None}, known={"other": {"q": 1.0}, "zero": {"r": 0.0}, "nan": {"r": np.nan}, "text": {"r": "a"}, "list": [1.0]})),
    "benchmark_settings": (aware.benchmark_settings, dict(background=1000.0), dict(background=YIELDS)),
    "MovingBackground": (aware.MovingBackground, dict(r=2.0, rate=3.0), dict(r=NUMBERS, rate=YIELDS)),
    "sample": (MODEL.sample, dict(process="signal", n=3, rng=1), dict(process={"other": "top", "None": None}, n=COUNTS, rng=SEEDS)),
    "log_density": (MODEL.log_density, dict(process="background", x=np.ones((2, 3)), nu=(2.0, 3.0)),
                    dict(x={**EVENTS, "negative time": [[0, 0, -1.0]], "two features": np.ones((2, 2))}, nu={"negative": (2.0, -1.0), "one": [2.0], "nan": (np.nan, 3.0)})),
    "quadrature": (MODEL.quadrature, dict(process="background", n_nodes=2000, nu=(2.2, 2.8)), dict(process={"other": "top"}, nu={"far": (20.0, 3.0), "slow": (2.0, 0.05)}, n_nodes={k: v for k, v in COUNTS.items()} | {"few": 10})),
    "cells_of": (aware.cells_of, dict(model=MODEL, signal=50.0, background=1000.0, n_nodes=2000), dict(signal=YIELDS, background=YIELDS, n_nodes=COUNTS)),
    "event_slopes": (aware.event_slopes, dict(model=MODEL, process="signal", x=np.ones((2, 3)), signal=50.0, background=1000.0), dict(x=EVENTS, process={"other": "top"}, signal=YIELDS)),
    "templates": (CELLS.templates, dict(summary=np.arange(len(CELLS.rate)) % 3),
                  dict(summary={**ARRAYS, "halves": np.full(len(CELLS.rate), 0.5), "empty bins": np.arange(len(CELLS.rate)) % 3 * 2, "negative": np.full(len(CELLS.rate), -1),
                                "shares": np.ones((len(CELLS.rate), 2)), "empty share": np.tile([1.0, 0.0], (len(CELLS.rate), 1)), "huge": np.full(len(CELLS.rate), 1e12)})),
    "even_bins": (aware.even_bins, dict(score=[0.1, 0.9], n_bins=3), dict(score={"above": [1.1], "nan": [np.nan], "text": "a"}, n_bins=COUNTS)),
    "inferno": (aware.inferno, dict(architecture=Dense(3, (3,), outputs=2), temperature=1.0), dict(architecture={"one output": Dense(3)}, temperature=YIELDS)),
    "units_of": (aware.units_of, dict(weight=[1.0], slopes=[[1.0, 2.0]]), dict(slopes={"nothing": [[1.0, 0.0]]})),
    "learn_bins": (aware.learn_bins, dict(table=TABLE, slopes=SLOPES, settings=SETTINGS, members=1, outputs=3, temperature=1.0, hidden=(3,), names=aware.PARAMETERS, steps={"r": ENDS}, training=BRIEF, rng=1),
                   dict(table={**TABLES, "negative weight": lr.Table(TABLE.x, weight=np.r_[-1e-3, TABLE.weight[1:]])}, slopes={**ARRAYS, "short": SLOPES[:-1], "nothing": 0 * SLOPES, "two the same": SLOPES[:, [0, 1, 0, 3]]}, names={"numbers": (1, 2, 3, 4)},
                        settings={"others": [aware.Setting(("mu",))], "none": [], "None": None, "text": "a"}, members=COUNTS, outputs={**COUNTS, "one": 1, "fewer than parameters": 2}, temperature=YIELDS,
                        steps={"unknown": {"q": ENDS}, "no step": {"r": ENDS[:2]}, "step zero": {"r": (*ENDS[:2], 0.0)}, "nobody moves": {"r": (TABLE.x, TABLE.x, 0.1)}, "short": {"r": (TABLE.x, TABLE.x[1:], 0.1)}, "narrow": {"r": (TABLE.x[:, :1], TABLE.x, 0.1)},
                               "list": [ENDS], "numbers": {"r": (1.0, 2.0, 0.1)}}, rng=SEEDS)),
    "Expanded": (aware.Expanded, dict(network=Dense(1, (3,), outputs=2), n_parameters=1, degree=2), dict(network={"one output": Dense(1, (3,))}, n_parameters=COUNTS, degree=COUNTS)),
    "learn_expansion": (aware.learn_expansion, dict(varied=VARIED, nominal=NOMINAL, recipe=RECIPE, rng=1, degree=1),
                     dict(varied={**TABLES, "without nu": NOMINAL}, nominal={**TABLES, "with nu": VARIED}, recipe={"None": None, "no parameters": lr.Recipe(), "calibration": lr.Recipe(RECIPE.parameters, calibration="isotonic")},
                          rng=SEEDS, degree={**COUNTS, "zero": 0, "high": 7})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_bins_never_know_more_than_events_and_merging_them_never_helps():
    "The data-processing inequality, for bins at random and for the same bins merged."
    limit, bins = CELLS.errors(SETTINGS), np.random.default_rng(1).integers(0, 12, len(CELLS.rate))
    fine, coarse = CELLS.errors(SETTINGS, bins), CELLS.errors(SETTINGS, bins // 2)
    assert np.all(fine >= limit) and np.all(coarse >= fine * (1 - 1e-12))


def test_the_numbers_of_bins_and_shares_of_ones_do_not_matter():
    bins = np.random.default_rng(1).integers(0, 5, len(CELLS.rate))
    order = np.array([3, 0, 4, 1, 2])
    for other in (order[bins], np.eye(5)[bins]):
        np.testing.assert_allclose(CELLS.errors(SETTINGS, other), CELLS.errors(SETTINGS, bins), rtol=1e-9)


def test_units_do_not_matter_to_the_expected_error():
    matrix, scale = CELLS.information(), np.array([1.0, 1e3, 1e-4, 10.0])
    for setting in SETTINGS:
        free, precision = setting.masks(aware.PARAMETERS)
        np.testing.assert_allclose(aware.expected_error(matrix / np.outer(scale, scale), free, precision / scale**2), aware.expected_error(matrix, free, precision) * scale[0], rtol=1e-9)


def test_knowing_more_never_costs():
    errors = CELLS.errors([aware.Setting(("s", "r"), {"r": width}) for width in (1e-3, 0.1, 1.0, 1e3)] + [aware.Setting(("s", "r"))])
    assert np.all(np.diff(errors) >= 0)
    np.testing.assert_allclose(errors[[0, -2]], [CELLS.errors(SETTINGS)[0], errors[-1]], rtol=1e-4)


def test_members_do_not_depend_on_one_another():
    "Settings trained together give what each gives alone, with its own stream."
    learn = lambda settings, rng: aware.learn_bins(TABLE, SLOPES, settings, outputs=3, hidden=(3,), training=BRIEF, rng=rng).outputs(TABLE.x)
    both, second = learn(SETTINGS[:2], lr.arrays.spawn(1, 2)), learn(SETTINGS[1:2], lr.arrays.spawn(1, 2)[1:])
    np.testing.assert_allclose(second, both[1:], atol=1e-4)


def test_an_expanded_network_is_not_written_to_a_file(tmp_path):
    found = aware.learn_expansion(VARIED, NOMINAL, RECIPE, 1)
    with pytest.raises(ValueError, match="a file cannot hold Expanded"):
        found.save(tmp_path / "change.npz")
    assert not list(tmp_path.iterdir())


def test_a_model_whose_signal_no_node_sees_has_no_cells():
    "The nodes lie where the background is; sums over them would be wrong without a word."
    with pytest.raises(ValueError, match="r: expected a signal where the nodes are"):
        aware.cells_of(aware.MovingBackground(r=20.0), n_nodes=2**14)
    assert np.isfinite(aware.cells_of(aware.MovingBackground(r=5.0), n_nodes=2**14).errors(SETTINGS)).all()


def test_bins_are_judged_in_the_settings_they_were_trained_for():
    found = aware.learn_bins(TABLE, SLOPES, SETTINGS[:2], outputs=3, hidden=(3,), training=BRIEF, rng=1)
    with pytest.raises(ValueError, match="settings: expected the 2 that the bins were trained for, got 1"):
        found.errors(CELLS, SETTINGS[:1])
    assert found.errors(CELLS, SETTINGS[:2]).shape == (2,)


def test_the_table_of_chapter_72_has_the_rows_of_the_committed_run_of_chapter_73():
    root = Path(__file__).resolve().parent.parent
    records = json.loads((root / "figures/paper/73_binned_likelihoods/results.json").read_text())["records"]
    found = {one["name"]: (one["value"], one["error"]) for one in records}
    chapter = json.loads((root / "nbs/7_inference_aware/72_inferno.ipynb").read_text())
    shown = "".join(line for cell in chapter["cells"] for output in cell.get("outputs", []) for line in output.get("text", []))
    for name in ("edges_of_score", "surrogate", "smoothed", "neos"):
        assert "".join("{:.2f} ({:.2f})".format(*found[f"sigma_s_{name}_{k}"]).ljust(14) for k in range(5)) in shown, name
