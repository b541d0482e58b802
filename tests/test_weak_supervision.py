"""Learning without labels: what cannot be learned from is refused in one line; what must not depend on the data does not."""

import numpy as np
from malformed import COLUMNS, COUNTS, EVENTS, NUMBERS, SEEDS, checks_of

import lrguide as lr
from lrguide import weak_supervision as weak

MODEL = weak.PeakedFeatures([[(1, 1, 1)], [(0.5, -1, 0.5), (0.5, 1, 0.5)]], [[(1, 0, 1)], [(1, 0, 1)]])
BAGS = [weak.mixed_sample(MODEL, share, 400, k) for k, share in enumerate((0.7, 0.4))]
BRIEF = lr.Recipe(members=2, hidden=(8,), training=lr.Training(epochs=2, batch=100))
PROPORTIONS = {"one": [0.4], "equal": [0.4, 0.4], "below": [-0.1, 0.4], "above": [0.4, 1.1], "nan": [0.4, np.nan], "none": [], "number": 0.4, "text": "a"}

CALLS = {
    "from_bags": (weak.from_bags, dict(tables=BAGS, proportions=[0.7, 0.4], recipe=BRIEF, rng=1),
                  dict(tables={"None": None, "table": BAGS[0], "one": BAGS[:1], "three": [*BAGS, BAGS[0]], "no events": [BAGS[0], BAGS[1][:0]], "array": [BAGS[0].x, BAGS[1].x],
                               "negative weight": [BAGS[0], lr.Table(BAGS[1].x, weight=np.r_[-1.0, np.ones(399)])], "nu": [BAGS[0], lr.Table(BAGS[1].x, [0.1])],
                               "other features": [BAGS[0], lr.Table(BAGS[1].x[:, :1])]},
                       proportions=PROPORTIONS, rng=SEEDS,
                       recipe={"None": None, "parameters": lr.Recipe({"nu": (0, 1)}), "loss": lr.Recipe(loss="quadratic"), "calibration": lr.Recipe(calibration="isotonic"),
                               "patience": lr.Recipe(training=lr.Training(epochs=2, batch=100, patience=1))})),
    "class_weights": (weak.class_weights, dict(proportions=[0.7, 0.4], counts=[10, 20]),
                      dict(proportions=PROPORTIONS, counts={"empty": [0, 10], "negative": [-1, 10], "short": [10.0], "text": "a", "nan": [np.nan, 1.0]})),
    "mixed_sample": (weak.mixed_sample, dict(model=MODEL, fraction=0.3, n=10, rng=1), dict(model={"None": None, "number": 1.0, "text": "a"}, fraction={**NUMBERS, "above": 1.1}, n=COUNTS, rng=SEEDS)),
    "auc": (weak.auc, dict(score=[1.0, 2.0, 3.0], signal=[1, 0, 1], background=[0, 1, 0]),
            dict(score={k: v for k, v in COLUMNS.items() if k not in ("masked",)}, signal={"none": [0, 0, 0], "short": [1.0], "nan": [np.nan, 1, 1]})),
    "law_of_ratio": (weak.law_of_ratio, dict(model=MODEL, step=0.05), dict(model={"None": None, "number": 1.0, "text": "a"}, step={**NUMBERS, "zero": 0.0, "wide": 1.0})),
    "mixed_log_ratio": (weak.mixed_log_ratio, dict(log_ratio=[0.0, 1.0], first=0.7, second=0.4), dict(log_ratio={"nan": [np.nan], "text": "a"}, first={"equal": 0.4, "above": 1.1, "nan": np.nan})),
    "pure_log_ratio": (weak.pure_log_ratio, dict(log_mixed=[0.0, 0.1], first=0.7, second=0.4), dict(log_mixed={"nan": [np.nan], "inf": [np.inf]}, first={"equal": 0.4, "above": 1.1})),
    "end_ratios": (weak.end_ratios, dict(first=np.arange(100.0), second=np.arange(100.0), tail=0.1, level=0.05),
                   dict(first={"nan": [np.nan], "text": "a", "none": []}, second={"none": []}, tail={**NUMBERS, "zero": 0.0, "large": 0.6, "tiny": 1e-3}, level={**NUMBERS, "one": 1.0})),
    "fractions_of": (weak.fractions_of, dict(smallest=0.5, largest=1.75), dict(smallest={**NUMBERS, "one": 1.0, "negative": -0.1}, largest={k: v for k, v in NUMBERS.items() if k != "inf"} | {"below": 0.9})),
    "log_density": (MODEL.log_density, dict(x=np.ones((2, 2)), process="signal"), dict(x={**EVENTS, "one feature": np.ones((2, 1))}, process={"None": None, "other": "data"})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_the_order_of_bags_does_not_matter_to_the_loss():
    from lrguide.nets import Dense, train
    x, label = np.concatenate([bag.x for bag in BAGS]), np.repeat([0.0, 1.0], 400)
    losses = [train(weak.proportion_likelihood(Dense(2, (8,)), shares), {"x": x, "label": own, "weight": np.ones(800)}, training=lr.Training(epochs=2, batch=100), rng=1).history.train
              for own, shares in ((label, (0.7, 0.4)), (1 - label, (0.4, 0.7)))]
    np.testing.assert_allclose(*losses, rtol=1e-6)


def test_auc_of_ties_and_of_a_reversed_score():
    score, signal = np.array([1.0, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1])
    assert weak.auc(np.zeros(4), signal, 1 - signal) == 0.5
    np.testing.assert_allclose(weak.auc(score, signal, 1 - signal) + weak.auc(-score, signal, 1 - signal), 1)


def test_a_ratio_from_bags_is_a_ratio_like_others(tmp_path):
    ratio = weak.from_bags(BAGS, [0.7, 0.4], BRIEF, rng=1)
    ratio.save(tmp_path / "ratio.npz")
    np.testing.assert_array_equal(lr.load(tmp_path / "ratio.npz").log_ratio(BAGS[0].x), ratio.log_ratio(BAGS[0].x))
    np.testing.assert_array_equal(weak.from_bags(BAGS, [0.7, 0.4], BRIEF, rng=1).log_ratio(BAGS[0].x), ratio.log_ratio(BAGS[0].x))


def test_ends_of_a_ratio_of_samples_without_events_there():
    low, high = weak.end_ratios(np.arange(0.0, 100), np.arange(-100.0, 0), 0.1, 0.05)
    assert low[0] == 0 == low[1] < low[2] < 1 < high[1] and high[0] == np.inf == high[2]
    assert weak.fractions_of(low[0], high[0]) == (1, 0)


def test_swapped_samples_have_inverse_ends():
    rng = np.random.default_rng(1)
    first, second = rng.normal(1, 1, 1000), rng.normal(0, 1, 1000)
    np.testing.assert_allclose(weak.end_ratios(first, second)[:, 0], 1 / weak.end_ratios(second, first)[:, 0])
