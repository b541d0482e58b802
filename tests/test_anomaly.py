"""Hunting: what cannot be hunted is refused in one line, and what must hold whatever the data."""

from dataclasses import replace

import numpy as np
import pytest
from malformed import COUNTS, EVENTS, NUMBERS, SEEDS, TABLES, checks_of

import lrguide as lr
from lrguide import anomaly
from lrguide.arrays import join

MODEL = anomaly.FallingSpectrum(shift=(2.0, 1.0))
TABLE = join(MODEL.sample("background", 3000, 1), MODEL.sample("signal", 60, 2))
WINDOW = anomaly.Window(1.5, 1.7, 1.3, 1.95)
BRIEF = lr.Recipe(members=2, hidden=(8,), training=lr.Training(epochs=2, batch=100))
M = TABLE.also["m"]
HUNTED = anomaly.hunt(TABLE, "m", [WINDOW], BRIEF, (0.2, 0.05), rng=1)
FEW = anomaly.hunt(TABLE, "m", [WINDOW], BRIEF, (0.1, 0.005), low=1.05, high=2.9, rng=1)


def changed(x=None, weight=None, names=None, **also):
    return lr.Table(TABLE.x if x is None else x, weight=weight, also={**TABLE.also, **also}, names=names)


RECIPES = {"None": None, "parameters": lr.Recipe({"nu": (0, 1)}), "loss": lr.Recipe(loss="quadratic"), "calibration": lr.Recipe(calibration="isotonic"),
           "patience": lr.Recipe(training=lr.Training(epochs=2, batch=100, patience=1))}
HUNT = dict(table={**{k: v for k, v in TABLES.items() if k != "negative"}, "negative": changed(weight=np.r_[-1.0, np.ones(3059)]), "weights": changed(weight=np.full(3060, 0.5)),
                   "mass by name": changed(names=("a", "m")), "mass among the features": changed(np.column_stack([TABLE.x, M])),
                   "function of the mass": changed(np.column_stack([TABLE.x, -M**3])), "mass below zero": changed(m=M - 2), "no mass": lr.Table(TABLE.x),
                   "two masses": changed(m=np.stack([M, M], axis=1)), "one event": TABLE[:1], "one fold": changed(np.ones((3060, 2)))},
            mass={"None": None, "number": 1.0, "unknown": "mass", "empty": ""},
            recipe=RECIPES, shares={**NUMBERS, "equal": (0.1, 0.1), "rising": (0.01, 0.1), "one": (1.0, 0.1), "zero": (0.1, 0.0), "tiny": (0.1, 1e-5), "texts": ("a",)},
            order={"None": None, "text": "backward"}, folds={**COUNTS, "one": 1, "many": 2000}, low={"nan": np.nan, "text": "a", "negative": -1.0, "above": 1.4, "beyond": 5.0},
            high={"nan": np.nan, "text": "a", "below": 1.8, "beneath": 0.5}, rng=SEEDS, degrees={"None": None, "number": 3, "one": (3,), "negative": (3, -1), "half": (2.5, 1)})
WINDOWS = {"None": None, "empty": [], "text": "a", "tuple of numbers": [(1, 2, 3, 4)], "below the data": [anomaly.Window(0.8, 0.9, 0.7, 1.2)], "above the data": anomaly.Window(3.5, 3.6, 3.4, 3.7),
           "no events inside": anomaly.Window(1.5, 1.5 + 1e-12, 1.3, 1.9), "empty left": anomaly.Window(1.5, 1.7, 1.5 - 1e-12, 1.9), "empty right": anomaly.Window(1.5, 1.7, 1.3, 1.7 + 1e-12)}
LABEL, FOLD = WINDOW.label(M), HUNTED.fold

CALLS = {
    "hunt": (anomaly.hunt, dict(table=TABLE, mass="m", windows=[WINDOW], recipe=BRIEF, shares=(0.2, 0.05), rng=1), {**HUNT, "windows": WINDOWS, "by": {"unknown": "run"},
              "gap": {"number": 2.0, "text": "ab", "nan": (2.0, np.nan), "falling": (2.5, 2.0), "over the window": (1.6, 2.0), "outside": (0.5, 0.9), "three": (2.0, 2.1, 2.2), "a sideband": (1.0, 1.5)}}),
    "decoys": (anomaly.decoys, dict(table=TABLE, mass="m", window=WINDOW, recipe=BRIEF, shares=(0.2, 0.05), n_toys=20, rng=1),
               dict(window={k: v for k, v in WINDOWS.items()}, mass=HUNT["mass"], n_toys={**COUNTS, "few": 9}, rng=SEEDS, shares=HUNT["shares"], low=HUNT["low"], high=HUNT["high"])),
    "Window": (anomaly.Window, dict(low=1.5, high=1.7, left=1.3, right=2.0), {name: {**NUMBERS, "zero": 0.0, "equal": 1.6 if name in ("left", "low") else 1.5} for name in ("left", "high", "right")} | {"low": {**NUMBERS, "high": 1.7}}),
    "sliding_windows": (anomaly.sliding_windows, dict(start=1.4, stop=2.0, n=3), dict(start={**NUMBERS, "zero": 0.0}, stop={**NUMBERS, "zero": 0.0}, n={**COUNTS, "zero": 0}, width={**NUMBERS, "zero": 0.0, "one": 1.0}, beside={**NUMBERS, "zero": 0.0, "wide": 0.95})),
    "plan_of": (anomaly.plan_of, dict(order="forward", folds=5, members=2), dict(order={"None": None, "text": "a"}, folds={**COUNTS, "one": 1}, members={**COUNTS, "zero": 0})),
    "crossed_scores": (anomaly.crossed_scores, dict(tables=[TABLE], labels=[LABEL], folds=[FOLD], recipe=BRIEF, rng=1),
                       dict(tables={"none": [], "two": [TABLE, TABLE], "negative": [changed(weight=np.r_[-1.0, np.ones(3059)])]}, labels={"short": [LABEL[1:]], "other": [3 * LABEL], "sidebands alone": [np.where(LABEL == 1, -1, LABEL)], "signal region alone": [np.where(LABEL == 0, -1, LABEL)]},
                            folds={"a fold without": [np.where(FOLD == 2, 1, FOLD)], "short": [FOLD[1:]], "halves": [FOLD / 2], "negative": [FOLD - 1]}, recipe=RECIPES, order={"None": None, "text": "a"}, rng=SEEDS)),
    "judged": (anomaly.judged, dict(mass=M, scores=HUNTED.scores, fold=FOLD, windows=[WINDOW], shares=(0.2, 0.05), low=1.0, high=3.0),
               dict(mass={"short": M[1:], "below": M - 0.5}, scores={"no axis": HUNTED.scores[0], "two": np.ones((2, 3060))}, fold={"short": FOLD[1:]}, windows={"two": [WINDOW, WINDOW], "beyond": [anomaly.Window(2.5, 3.2, 2.0, 3.5)]},
                    shares={"rising": (0.05, 0.2), "equal": (0.1, 0.1), "one": (1.0, 0.1), "zero": (0.1, 0.0)}, low={"above": 1.1}, high={"below": 2.0})),
    "log_excess_p": (anomaly.log_excess_p, dict(observed=10, expected=5.0, error=1.0, toss=0.5),
                     dict(observed={"nan": np.nan, "negative": -1, "text": "a"}, expected={"zero": 0.0, "nan": np.nan, "text": "a"}, error={"zero": 0.0, "negative": -1.0}, toss={"negative": -0.1, "above": 1.5})),
    "global_p": (anomaly.global_p, dict(hunted=HUNTED, n_toys=20, rng=1), dict(hunted={"None": None, "order none": replace(HUNTED, order="none")}, n_toys={**COUNTS, "few": 9}, rng=SEEDS)),
    "FallingSpectrum": (anomaly.FallingSpectrum, dict(slope=4.0, low=1.0, high=3.0, mass=1.6), dict(slope={**NUMBERS, "zero": 0.0}, low={**NUMBERS, "zero": 0.0}, high={**NUMBERS, "below": 0.9}, mass={**NUMBERS, "outside": 3.5}, width={**NUMBERS, "zero": 0.0}, spread={"zero": 0.0}, shift={"text": "a", "nan": [np.nan]})),
    "sample": (MODEL.sample, dict(process="signal", n=5, rng=1), dict(process={"None": None, "other": "data"}, n=COUNTS, rng=SEEDS)),
    "log_ratio": (MODEL.log_ratio, dict(x=np.ones((2, 2))), dict(x={**EVENTS, "one feature": np.ones((2, 1))})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_a_window_and_a_list_of_it_are_the_same_and_neighbours_change_nothing():
    other = anomaly.Window(2.0, 2.2, 1.7, 2.5)
    both = anomaly.hunt(TABLE, "m", [WINDOW, other], BRIEF, (0.2, 0.05), rng=1)
    np.testing.assert_array_equal(both.log_p[0], HUNTED.log_p[0])
    np.testing.assert_array_equal(anomaly.hunt(TABLE, "m", WINDOW, BRIEF, (0.2, 0.05), rng=1).log_p, HUNTED.log_p)
    assert both.best == tuple(np.unravel_index(both.log_p.argmin(), (2, 3))) and both.log_p.shape == both.observed.shape == (2, 3)


def test_what_is_outside_the_range_changes_nothing():
    assert FEW.outside == np.sum((M < 1.05) | (M >= 2.9)) and len(FEW.mass) == 3060 - FEW.outside
    again = anomaly.hunt(TABLE[np.flatnonzero((M >= 1.05) & (M < 2.9))], "m", [WINDOW], BRIEF, (0.1, 0.005), low=1.05, high=2.9, rng=1)
    np.testing.assert_array_equal(again.log_p, FEW.log_p)


def test_no_network_has_seen_the_fold_that_it_answers_for():
    for order in ("forward", "nested", "crossed"):
        plan = anomaly.plan_of(order, 5, 4)
        assert all(one not in seen for one, seen in plan)
        assert {one for one, _ in plan} == set(range(5)) - ({0} if order == "forward" else set())
    assert len(anomaly.plan_of("nested", 5, 4)) == 20


def test_the_mass_of_a_fold_does_not_change_its_own_scores():
    last = FOLD == 4
    scores = [anomaly.crossed_scores([TABLE], [label], [FOLD], BRIEF, rng=1)[0] for label in (LABEL, np.where(last & (LABEL >= 0), 1 - LABEL, LABEL))]
    assert np.isnan(scores[0][FOLD == 0]).all() and np.isfinite(scores[0][FOLD > 0]).all()
    np.testing.assert_array_equal(*scores)
    other = anomaly.crossed_scores([TABLE], [np.where((FOLD == 0) & (LABEL >= 0), 1 - LABEL, LABEL)], [FOLD], BRIEF, rng=1)[0]
    assert np.all(other[FOLD > 0] != scores[0][FOLD > 0])


def test_selections_are_nested_and_as_large_as_asked():
    picks = anomaly.selected(HUNTED.scores[0], FOLD, (0.2, 0.05, 0.01))
    assert np.all(picks[1] <= picks[0]) and np.all(picks[2] <= picks[1]) and not picks[:, FOLD == 0].any()
    for k in range(1, 5):
        assert [own[FOLD == k].sum() for own in picks] == [round(share * np.sum(FOLD == k)) for share in (0.2, 0.05, 0.01)]
    assert not anomaly.selected(np.full(5, np.nan), np.zeros(5, int), (0.5,)).any()


def test_counts_of_selections():
    edges, inside = anomaly.edges_for(WINDOW, 1.0, 3.0)
    counts = anomaly.binned(M, HUNTED.tiers(0), edges, 2)
    picks = anomaly.selected(HUNTED.scores[0], FOLD, HUNTED.shares[1:])
    np.testing.assert_array_equal(counts, [np.histogram(m, edges)[0] for m in (M, M[picks[0]], M[picks[1]])])
    np.testing.assert_array_equal(counts[:, inside].sum(axis=1), HUNTED.observed[0])
    assert np.all(np.diff(edges) > 0) and inside.sum() == 8 and edges[0] == 1 and abs(edges[-1] - 3) < 1e-9


def test_a_selection_without_events_beside_the_window_has_a_p_value():
    edges, inside = anomaly.edges_for(WINDOW, 1.0, 3.0)
    every = np.round(1000 * np.diff(-edges**-4.0) / (1 - 3.0**-4))
    alone = np.where(inside, 2.0, 0.0)
    found = anomaly.sideband_fits(np.stack([every, alone]), edges, inside)
    log_p = anomaly.log_excess_p(16, found.number[1], found.error[1])
    share = every[inside].sum() / every.sum()
    assert found.converged.all() and abs(log_p / (16 * np.log(share)) - 1) < 0.05                      # each of 16 inside by chance


def test_p_values_far_away_are_finite_and_fall():
    log_p = anomaly.log_excess_p([10, 1e3, 1e4, 1e5, 1e6], 5.0, 1.0)
    assert np.isfinite(log_p).all() and np.all(np.diff(log_p) < 0) and log_p[-1] < -1e5
    assert anomaly.log_excess_p(0, 5.0, 1.0) == 0
    np.testing.assert_allclose(anomaly.log_excess_p(30, 5.0, 1e-6), lr.distributions.log_poisson_tail(30, 5.0), rtol=1e-5)


def test_words_and_records_agree():
    records, text = HUNTED.records(), str(HUNTED)
    assert len(records) == 3 and len(text.split("\n")) == 5 and text.count("smallest p") == 1
    assert [row["share"] for row in records] == [1.0, 0.2, 0.05] and records[1]["log_p"] == HUNTED.log_p[0, 1]
    assert all(isinstance(value, float) for row in records for value in row.values())
    assert repr(HUNTED) == text and "10^" in str(replace(HUNTED, log_p=HUNTED.log_p * 1e4 - 1e4))


def test_the_global_p_value_is_a_bound_where_toys_end():
    far = replace(HUNTED, log_p=np.full((1, 3), -1000.0))
    found = anomaly.global_p(far, 20, 1)
    np.testing.assert_allclose(found.log_p, np.log(3) - 1000)
    near = anomaly.global_p(replace(HUNTED, log_p=np.full((1, 3), -1e-9)), 20, 1)
    assert near.value == 1 and near.method == "toys" and anomaly.global_p(HUNTED, 20, 1) == anomaly.global_p(HUNTED, 20, 1)


def test_decoys_are_beside_the_window_and_inside_the_data():
    for window, low, high in ((WINDOW, 1.0, 3.0), (anomaly.Window(1.15, 1.2, 1.1, 1.3), 1.0, 6.0), (anomaly.Window(3500, 4000, 3000, 4500), 2600, 9000)):
        found = anomaly.decoy_windows(window, low, high)
        assert found[0].low < window.low and found[-1].low > window.high
        for decoy in found:
            assert low <= decoy.left and decoy.right <= window.low or window.high <= decoy.left and decoy.right <= high


def test_what_is_in_a_gap_changes_nothing():
    gap = (1.5, 1.7)
    decoys = anomaly.decoy_windows(WINDOW, 1.0, 3.0)
    both = [anomaly.hunt(table, "m", decoys, BRIEF, (0.2, 0.05), low=1.0, high=3.0, gap=gap, rng=1) for table in (TABLE, TABLE[np.flatnonzero((M < 1.5) | (M >= 1.7))])]
    np.testing.assert_array_equal(both[0].log_p, both[1].log_p)
    assert both[0].outside == np.sum((M >= 1.5) & (M < 1.7)) and anomaly.global_p(both[0], 20, 1) == anomaly.global_p(both[1], 20, 1)
    edges, inside = anomaly.edges_for(decoys[0], 1.0, 3.0, gap=gap)
    assert np.sum(~anomaly.outside_of(edges, gap)) == 1 and inside.sum() == 8 and np.all(np.diff(edges) > 0)
    np.testing.assert_allclose(edges[[0, -1]], [1, 3])
    assert anomaly.fitted_spectrum(both[0].mass, edges, 3, gap)[~anomaly.outside_of(edges, gap)] == 0


def test_sets_of_particles_are_hunted_as_events_are():
    rng = np.random.default_rng(3)
    sets = np.concatenate([rng.standard_normal((3060, 4, 2)), (rng.random((3060, 4, 1)) < 0.7).astype(float)], axis=2)
    found = anomaly.hunt(lr.Table(sets, also=TABLE.also), "m", WINDOW, replace(BRIEF, particle=(4,)), (0.2,), rng=1)
    assert np.isfinite(found.log_p).all() and abs(found.z[0, 1]) < 5


def test_a_warning_where_the_polynomial_does_not_fit():
    assert "higher degrees" in str(replace(HUNTED, shape_p=np.full((1, 3), 1e-6))) and "higher degrees" not in str(replace(HUNTED, shape_p=np.full((1, 3), 0.1)))


def test_a_feature_of_discrete_values_may_leave_a_fold_empty():
    with pytest.raises(ValueError, match="fold"):
        anomaly.hunt(changed(np.ones((3060, 2))), "m", WINDOW, BRIEF, (0.2,), rng=1)
    anomaly.hunt(changed(np.ones((3060, 2)), event=np.arange(3060.0)), "m", WINDOW, BRIEF, (0.2,), by="event", rng=1)


def test_the_unit_of_the_mass_changes_nothing():
    for unit in (1e-3, 1e12):
        scaled = changed(m=M * unit)
        window = anomaly.Window(*(unit * edge for edge in (WINDOW.low, WINDOW.high, WINDOW.left, WINDOW.right)))
        found = anomaly.hunt(scaled, "m", window, BRIEF, (0.2, 0.05), rng=1)
        np.testing.assert_array_equal(found.observed, HUNTED.observed)
        np.testing.assert_allclose(found.log_p, HUNTED.log_p, rtol=1e-6)
        np.testing.assert_allclose(anomaly.global_p(found, 20, 1).value, anomaly.global_p(HUNTED, 20, 1).value)


def test_the_order_of_the_events_changes_nothing_and_ties_do_not_look_at_it():
    at = np.random.default_rng(2).permutation(len(M))
    judged = lambda rows, scores: anomaly.judged(M[rows], scores[rows][None], FOLD[rows], [WINDOW], (0.2, 0.05), 1.0, 3.0)
    np.testing.assert_array_equal(judged(at, HUNTED.scores[0]).observed, judged(np.arange(len(M)), HUNTED.scores[0]).observed)
    in_order = np.argsort(M)                                # a score of two values: of equal ones not the lightest are taken
    picks = anomaly.selected((np.arange(len(M)) % 2).astype(float), FOLD[in_order], (0.1,))[0]
    assert abs(np.mean(np.flatnonzero(picks)) / len(M) - 0.5) < 5 / np.sqrt(12 * picks.sum())


def test_ones_as_weights_are_no_weights_and_single_precision_is_no_other_mass():
    np.testing.assert_array_equal(anomaly.hunt(changed(weight=np.ones(3060)), "m", WINDOW, BRIEF, (0.2, 0.05), rng=1).log_p, HUNTED.log_p)
    single = M.astype(np.float32)
    single[:2] = WINDOW.low, WINDOW.high                    # beside the edges, when they are rounded
    found = anomaly.hunt(changed(m=single), "m", WINDOW, BRIEF, (0.2,), rng=1)
    assert found.observed[0, 0] == np.sum(WINDOW.label(found.mass) == 1)


@pytest.mark.parametrize("order", ["forward", "crossed"])
def test_two_folds_and_one_member(order):
    found = anomaly.hunt(TABLE, "m", WINDOW, replace(BRIEF, members=1), (0.2,), order, 2, rng=1)
    assert np.isnan(found.scores).any() == (order == "forward") and np.isfinite(found.log_p).all()


def test_copies_the_mass_as_fold_and_a_sideband_in_the_gap_are_refused():
    twice = TABLE[np.append(np.arange(3060), np.arange(100))]
    with pytest.raises(ValueError, match="100 copies among 3160"):
        anomaly.hunt(twice, "m", WINDOW, BRIEF, (0.2,), rng=1)
    anomaly.check_copies(np.ones((3060, 1)), M)             # discrete features are no copies, nor are masses that are rounded
    anomaly.check_copies(TABLE.x, M.round(2))
    with pytest.raises(ValueError, match="by: expected"):
        anomaly.hunt(TABLE, "m", WINDOW, BRIEF, (0.2,), by="m", rng=1)
    with pytest.raises(ValueError, match="right sideband"):
        anomaly.hunt(TABLE, "m", WINDOW, BRIEF, (0.2,), gap=(1.7, 2.5), rng=1)


def test_few_events_do_not_make_a_parabola():
    "Selections at random: no discoveries."
    edges, inside = anomaly.edges_for(WINDOW, 1.0, 3.0)
    chance, rng = np.diff(-edges**-4.0) / (1 - 3.0**-4), np.random.default_rng(4)
    for n in (12, 20, 50):
        counts = np.stack([rng.multinomial(3000, chance, 2000), rng.multinomial(n, chance, 2000)], axis=1).astype(float)
        fits = anomaly.sideband_fits(counts, edges, inside, shape=False)
        log_p = anomaly.log_excess_p(counts[:, 1, inside].sum(axis=1), fits.number[:, 1], fits.error[:, 1])
        assert log_p.min() > np.log(1e-6) and np.mean(log_p < np.log(0.01)) < 0.01 + 5 * np.sqrt(0.01 / 2000)


def test_a_selection_whose_polynomial_has_no_maximum_has_a_finite_expectation():
    edges, inside = anomaly.edges_for(WINDOW, 1.0, 3.0)
    every = np.round(3000 * np.diff(-edges**-4.0) / (1 - 3.0**-4))
    for bins in ([3], [3, 4], [3, 30], [45]):
        peak = np.zeros_like(every)
        peak[bins] = 60
        found = [anomaly.sideband_fits(np.stack([every + peak, peak]), edges, inside, (3, d), shape=False) for d in (1, 2, 4)]
        for one, least in zip(found, (1e-3, 1e-3, 0.0)):
            assert one.number[1] > least and np.isfinite(one.error).all() and np.all(one.error > 0)
    with pytest.raises(ValueError, match="degrees: expected a polynomial that the events beside"):
        some = np.sort(np.r_[np.full(40, 1.1), np.full(40, 1.6), np.full(40, 2.5)])
        anomaly.judged(some, np.ones((1, 120)), np.arange(120) % 2, [WINDOW], (0.5,), 1.0, 3.0, (9, 1))


def test_an_error_too_small_to_square_and_orders_that_are_no_guarantee():
    for error in (1e-10, 1e-200, 5e-324):
        np.testing.assert_allclose(anomaly.log_excess_p(12, 5.0, error), lr.distributions.log_poisson_tail(12, 5.0), rtol=1e-6)
    for order in ("nested", "crossed"):
        other = replace(HUNTED, order=order)
        assert order in anomaly.global_p(other, 20, 1).source and "not independent" in str(other)
    assert "no number here is a p-value" in str(replace(HUNTED, order="none")) and "order" not in anomaly.global_p(HUNTED, 20, 1).source


def test_who_is_in_the_window_does_not_change_its_folds_scores():
    first = anomaly.crossed_scores([TABLE], [LABEL], [FOLD], BRIEF, rng=1)[0]
    for k in (1, 2, 3, 4):
        dealt = LABEL.copy()
        dealt[FOLD == k] = np.random.default_rng(k).permutation(dealt[FOLD == k])
        second = anomaly.crossed_scores([TABLE], [dealt], [FOLD], BRIEF, rng=1)[0]
        np.testing.assert_array_equal(first[FOLD <= k], second[FOLD <= k])
        assert k == 4 or np.all(first[FOLD == k + 1] != second[FOLD == k + 1])
