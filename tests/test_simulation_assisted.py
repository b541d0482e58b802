"""Detection with references: what makes no reference is refused in one line; a fold that is judged teaches nobody."""

from dataclasses import replace

import numpy as np
import pytest
from malformed import COUNTS, NUMBERS, SEEDS, checks_of

import lrguide as lr
from lrguide import assisted
from lrguide.anomaly import Window
from lrguide.nets import Network, predict

WINDOW = Window(1.5, 1.7, 1.3, 1.95)
BRIEF = lr.Recipe(members=2, hidden=(8,), training=lr.Training(epochs=2, batch=100))


def sample(n, seed, shift=0.0, names=("a", "b")):
    rng = np.random.default_rng(seed)
    m = (1 - rng.random(n) * (1 - 3.0**-3)) ** (-1 / 3)
    return lr.Table(rng.standard_normal((n, 2)) + np.column_stack([np.log(m / 1.6) + shift, 0 * m]), also={"m": m}, names=names)


def without(table, region):
    return table[WINDOW.label(table.also["m"]) != region]


DATA, MOCK = sample(2500, 1), sample(2500, 2, 0.3)
FOLD = np.random.default_rng(3).permutation(2500) % 3
REFERENCES = assisted.simulated_references([DATA], [MOCK], "m", WINDOW, [FOLD], BRIEF, rng=1)
FLOW = assisted.ConditionalFlow(2, (8,), 2)
SIDES = without(DATA, 0)
RECIPES = {"None": None, "parameters": lr.Recipe({"nu": (0, 1)}), "loss": lr.Recipe(loss="quadratic"), "patience": lr.Recipe(training=lr.Training(epochs=2, patience=1))}
TABLES = {"table": DATA, "None": None, "iterator": iter([DATA]), "none": [], "two": [DATA, DATA], "text": "a", "None inside": [None], "no mass": [lr.Table(DATA.x, names=DATA.names)], "weights": [replace(DATA, weight=np.full(2500, 0.5))],
          "mass a feature": [lr.Table({"a": DATA.x[:, 0], "m": DATA.also["m"]}, also={"m": DATA.also["m"]})]}
COMMON = dict(data=TABLES, mass={"None": None, "unknown": "mass"}, folds={"short": [FOLD[:-1]], "a fold without": [np.where((FOLD == 1) & (WINDOW.label(DATA.also["m"]) == 0), 0, FOLD)],
              "none": [], "None": None, "one": [0 * FOLD], "negative": [FOLD - 1], "numbers": [1.0 * FOLD], "nan": [np.where(FOLD == 1, np.nan, FOLD)], "texts": [FOLD.astype(str)], "list": [FOLD.tolist()], "None inside": [None]},
              window={"None": None, "numbers": (1.5, 1.7), "elsewhere": Window(15, 17, 13, 19)}, rng=SEEDS, recipe=RECIPES)
ARGUMENTS = dict(data=[DATA], mass="m", window=WINDOW, folds=[FOLD], recipe=BRIEF, rng=1)

CALLS = {
    "simulated_references": (assisted.simulated_references, dict(ARGUMENTS, simulation=[MOCK]),
                             {**COMMON, "simulation": {"table": MOCK, "None": None, "none": [], "masses of two columns": [replace(MOCK, also={"m": np.ones((2500, 2))})], "few": [MOCK[:100]], "text": "a", "None inside": [None], "no events": [MOCK[:0]], "no sidebands": [without(MOCK, 0)], "no signal region": [without(MOCK, 1)],
                                                       "no mass": [lr.Table(MOCK.x, names=MOCK.names)], "other features": [sample(2500, 2, names=("a", "c"))], "one feature": [lr.Table(MOCK.x[:, :1], also=dict(MOCK.also))],
                                                       "negative weights": [replace(MOCK, weight=np.linspace(-1, 2, 2500))], "disjoint": [sample(2500, 2, 50.0)]}}),
    "flow_references": (assisted.flow_references, dict(ARGUMENTS, flow=FLOW, times=2), {**COMMON, "flow": {"number": 1.0, "features": assisted.ConditionalFlow(3), "text": "a"}, "times": {**COUNTS, "zero": 0}}),
    "reference_scores": (assisted.reference_scores, dict(ARGUMENTS, references=REFERENCES),
                         {**COMMON, "references": {"none": {}, "None": None, "list": list(REFERENCES.values()), "None inside": dict.fromkeys(REFERENCES), "no events": {key: one[:0] for key, one in REFERENCES.items()},
                                                   "one feature": {key: lr.Table(one.x[:, :1]) for key, one in REFERENCES.items()}, "negative weights": {key: replace(one, weight=np.linspace(-1, 3, len(one))) for key, one in REFERENCES.items()}, "one": {(0, 1): REFERENCES[0, 1]}, "other features": {key: sample(50, 1, names=("a", "c")) for key in REFERENCES}}}),
    "draw_features": (assisted.draw_features, dict(network=Network(FLOW, FLOW.draw([np.random.default_rng(1)])), condition=np.zeros((1, 5)), rng=1),
                      dict(network={"None": None, "no flow": Network(FLOW.networks[0], np.zeros((1, FLOW.networks[0].size)))}, condition={"None": None, "flat": np.zeros(5), "two members": np.zeros((2, 5)), "nan": np.full((1, 5), np.nan)}, rng=SEEDS)),
    "ConditionalFlow": (assisted.ConditionalFlow, dict(n_features=2, hidden=(8,), components=2), dict(n_features={**COUNTS, "zero": 0}, components={**COUNTS, "zero": 0}, hidden={"number": 8, "zero": (0,), "text": "a"})),
}


test_it_is_refused_in_one_line, _ = checks_of(CALLS)


def test_no_sideband_events_are_refused_by_name():
    with pytest.raises(ValueError, match="the sidebands"):
        assisted.simulated_references([SIDES], [MOCK], "m", WINDOW, [FOLD[:len(SIDES)]], BRIEF, rng=1)


def test_features_in_another_order_are_put_in_order():
    turned = lr.Table(MOCK.x[:, ::-1], also=dict(MOCK.also), names=("b", "a"))
    again = assisted.simulated_references([DATA], [turned], "m", WINDOW, [FOLD], BRIEF, rng=1)
    for key, reference in REFERENCES.items():
        np.testing.assert_array_equal(reference.weights, again[key].weights)
        np.testing.assert_array_equal(reference.x, again[key].x)
        assert again[key].names == ("a", "b")


def test_the_last_fold_teaches_nobody():
    last = FOLD == 2
    other = lr.Table(np.where(last[:, None], 3 - DATA.x, DATA.x), also=dict(DATA.also), names=DATA.names)
    again = assisted.simulated_references([other], [MOCK], "m", WINDOW, [FOLD], BRIEF, rng=1)
    for key, reference in REFERENCES.items():
        np.testing.assert_array_equal(reference.weights, again[key].weights)
    scores = assisted.reference_scores([DATA], REFERENCES, "m", WINDOW, [FOLD], BRIEF, rng=1)[0]
    assert np.array_equal(np.isnan(scores), FOLD == 0)


def test_scores_do_not_ask_where_the_event_is():
    scores = assisted.reference_scores([DATA], REFERENCES, "m", WINDOW, [FOLD], BRIEF, rng=1)[0]
    renamed = {"x": DATA.also["m"]}
    again = assisted.reference_scores([lr.Table(DATA.x, also=renamed, names=DATA.names)], REFERENCES, "x", WINDOW, [FOLD], BRIEF, rng=1)[0]
    np.testing.assert_array_equal(scores, again)


def test_the_total_of_the_simulation_does_not_matter():
    heavy = replace(MOCK, weight=np.full(2500, 7.0))
    again = assisted.simulated_references([DATA], [heavy], "m", WINDOW, [FOLD], BRIEF, rng=1)
    for key, reference in REFERENCES.items():
        np.testing.assert_allclose(reference.weights, again[key].weights, rtol=1e-5)


def test_a_flow_is_normalised_whatever_its_weights():
    flow = assisted.ConditionalFlow(1, (8,), 3)
    weights = 3 * flow.draw([np.random.default_rng(k) for k in range(4)])
    grid = np.linspace(-60, 60, 120_001)
    density = np.exp(predict(Network(flow, weights), np.column_stack([grid, np.full_like(grid, 0.4)])))
    np.testing.assert_allclose(np.trapezoid(density, grid, axis=1), 1, atol=1e-3)


def test_events_of_a_flow_come_at_the_masses_of_the_folds_before():
    found = assisted.flow_references([DATA], "m", WINDOW, [FOLD], BRIEF, FLOW, 2, rng=1)
    inside = WINDOW.label(DATA.also["m"]) == 1
    for (_, k), table in found.items():
        assert table.names == DATA.names and abs(len(table) - 2 * np.sum(inside & (FOLD < k))) < 2
        assert np.isin(np.round(table.also["m"], 9), np.round(DATA.also["m"][inside & (FOLD < k)], 9)).all()


def test_the_last_fold_teaches_no_flow_either_not_even_its_scale():
    last = FOLD == 2
    other = lr.Table(np.where(last[:, None], 3 - 2 * DATA.x, DATA.x), also=dict(DATA.also), names=DATA.names)
    first, again = (assisted.flow_references([table], "m", WINDOW, [FOLD], BRIEF, FLOW, 2, rng=1) for table in (DATA, other))
    for key in first:
        np.testing.assert_array_equal(first[key].x, again[key].x)


def test_the_unit_of_mass_does_not_matter():
    thousand = [replace(table, also={"m": 1000 * table.also["m"]}) for table in (DATA, MOCK)]
    wide = Window(1500, 1700, 1300, 1950)
    again = assisted.simulated_references([thousand[0]], [thousand[1]], "m", wide, [FOLD], BRIEF, rng=1)
    flows = [assisted.flow_references([table], "m", own, [FOLD], BRIEF, FLOW, 2, rng=1) for table, own in ((DATA, WINDOW), (thousand[0], wide))]
    for key, reference in REFERENCES.items():
        np.testing.assert_allclose(reference.weights, again[key].weights, rtol=1e-2)
        np.testing.assert_allclose(flows[1][key].also["m"], 1000 * flows[0][key].also["m"])


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_features_in_another_unit_are_refused_by_name(factor):
    with pytest.raises(ValueError, match="ranges of the data.* in [ab]$"):
        assisted.simulated_references([DATA], [replace(MOCK, x=factor * MOCK.x)], "m", WINDOW, [FOLD], BRIEF, rng=1)


def test_one_fold_is_refused_by_every_step():
    for function, own in ((assisted.simulated_references, {"simulation": [MOCK]}), (assisted.flow_references, {}), (assisted.reference_scores, {"references": REFERENCES})):
        with pytest.raises(ValueError, match="^folds: "):
            function(data=[DATA], mass="m", window=WINDOW, folds=[0 * FOLD], recipe=BRIEF, rng=1, **own)
