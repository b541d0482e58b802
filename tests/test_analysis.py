"""Analyses of samples whose densities have a formula: what is found, what is warned of, what is refused before anything is learned."""

import pathlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import lrguide as lr
from lrguide import analysis, intervals
from lrguide.algebra import FromFunction

NAMES = ("a", "b")
QUICK = lr.Recipe(members=2, bootstrap=True, hidden=(8,), training=lr.Training(epochs=2), shares=(0.5, 0.2, 0.3))
RECIPE = lr.Recipe(members=2, bootstrap=True, hidden=(16,), training=lr.Training(epochs=20), shares=(0.6, 0.2, 0.2))
NO_NORM = {"signal": {}, "background": {}}


def normal(n, mean, total=None, seed=0, names=NAMES):
    """Events of a normal density, the first feature moved by `mean`."""
    x = np.random.default_rng([seed, n]).standard_normal((n, len(names)))
    x[:, 0] += mean
    return lr.Table(x, weight=None if total is None else np.full(n, total / n), names=names)


SIGNAL, BACKGROUND = normal(2000, 1.0, 60, 1), normal(2000, 0.0, 1000, 2)
DATA = lr.Table(np.concatenate([normal(60, 1.0, seed=3).x, normal(1000, 0.0, seed=4).x]), names=NAMES)
PLUS = lambda x, nu: x + np.outer(nu, [1.0, 0.0])
CALLED = dict(recipe=QUICK, rng=1)


def exact_model(delta, n, seed, scale=1.0, yields=(60, 1000)):
    """Signal moved by `delta`, background not; a `scale` other than 1 makes the ratio wrong."""
    ratio = FromFunction(lambda x: scale * (delta * x[:, 0] - delta**2 / 2))
    tables = normal(n, delta, seed=seed, names=("a",)), normal(n, 0.0, seed=seed + 1000, names=("a",))
    return lr.Likelihood({"signal": lr.Process(yields[0], ratio, tables[0]), "background": lr.Process(yields[1], None, tables[1])}, {"mu": "signal"})


def test_the_error_of_a_strength_found_again_is_its_spread_over_simulations():
    """A weak ratio: where each sample's total is counted as if it were data, the error comes out three times as large."""
    delta, n = 0.4, 3000
    values, errors = np.transpose([analysis.found_again(exact_model(delta, n, seed), 0.0, seed) for seed in range(60)])
    right = 1000 / 60 * np.sqrt(np.expm1(delta**2) / n) / np.exp(delta**2)
    assert errors.mean() == pytest.approx(right, rel=0.1)
    assert values.std(ddof=1) == pytest.approx(right, rel=5 / np.sqrt(2 * 59))
    assert abs(values.mean()) < 5 * right / np.sqrt(60)


@pytest.mark.parametrize("mu", [0.0, 1.0])
def test_a_bent_ratio_does_not_find_a_strength_again(mu):
    right, error = analysis.found_again(exact_model(1.0, 20_000, 1), mu, 1)
    assert abs(right - mu) < 5 * error
    wrong, error = analysis.found_again(exact_model(1.0, 20_000, 1, scale=1.5), mu, 1)
    assert abs(wrong - mu) > 5 * error


def test_events_and_their_shifted_copies_are_parted_alike():
    shifted = analysis.as_samples(analysis.Shift(PLUS, 0.1), {"background": BACKGROUND})
    stream, keep = np.random.default_rng(5), lambda x: x[:, 0] > -1
    learned, tested = analysis.halves(BACKGROUND, 0.3, stream, keep)
    _, again, whole = analysis._in_parts(shifted, {"background": BACKGROUND}, keep, 0.3, {"background": stream})
    for side in (again.down, again.up):
        assert not set(side["background"].x[:, 1]) & set(learned.x[:, 1])     # the second feature does not move: it names the event
    kept = BACKGROUND.weights @ keep(BACKGROUND.x)
    assert learned.total == pytest.approx(kept) and tested.total == pytest.approx(kept)
    assert again.up["background"].total == pytest.approx(whole.up["background"].total)


def test_a_shift_beside_varied_samples_is_at_its_mean_in_all_of_them():
    shift, samples = analysis.Shift(PLUS, 0.1, mean=0.5), {"signal": SIGNAL, "background": BACKGROUND}
    given = analysis.Varied({"background": BACKGROUND}, {"background": BACKGROUND})
    found = analysis._as_varied({"scale": shift, "other": given}, samples)
    assert np.allclose(found["other"].up["background"].x[:, 0], BACKGROUND.x[:, 0] + 0.5)
    assert np.allclose(found["scale"].down["signal"].x[:, 0], SIGNAL.x[:, 0] + 0.4)
    assert np.allclose(analysis._moved(samples, {"scale": shift})["signal"].x[:, 0], SIGNAL.x[:, 0] + 0.5)


def test_a_shift_and_its_samples_give_the_same_fit():
    """A parameter that is added to the feature: both learned fits are within the errors of the exact one."""
    names, samples = ("a",), {"signal": normal(20_000, 1.5, 60, 5, ("a",)), "background": normal(40_000, 0.0, 600, 6, ("a",))}
    shift = analysis.Shift(lambda x, nu: x + nu[:, None], 0.2)
    data = lr.Table(np.concatenate([normal(60, 1.6, seed=7, names=names).x, normal(600, 0.1, seed=8, names=names).x]), names=names)
    ratio = lambda mean: FromFunction(lambda x, nu: (mean + nu[:, 0]) * x[:, 0] - (mean + nu[:, 0]) ** 2 / 2, {"nu": shift.range})
    right = lr.Likelihood({"signal": lr.Process(60, ratio(1.5)), "background": lr.Process(600, ratio(0.0))}, {"mu": "signal"}, [lr.Normal("nu", 0, 0.2)]).fit(data)
    for given, unit in ((shift, 1.0), (analysis.as_samples(shift, samples), 0.2)):
        learned = analysis.learn(samples, {"nu": given}, None, NO_NORM, RECIPE, 2)
        model = lr.Likelihood(learned.processes, {"mu": "signal"}, learned.constraints)
        found = model.fit(data)
        assert abs(found.values["mu"] - right.values["mu"]) < 0.7 * right.errors["mu"]
        assert abs(unit * found.values["nu"] - right.values["nu"]) < right.errors["nu"]
        assert found.errors["mu"] == pytest.approx(right.errors["mu"], rel=0.25)


def test_several_backgrounds_keep_their_names_and_yields():
    backgrounds = {"top": normal(3000, 0.0, 600, 9), "rest": normal(3000, 0.0, 400, 10)}
    samples = analysis.check_samples(SIGNAL, backgrounds, {"rest": 40.0})
    learned = analysis.learn(samples, {}, None, {**dict.fromkeys(samples, {}), "top": {"rate": (0.9, 1.1)}}, QUICK, 1)
    assert {name: one.expected for name, one in learned.processes.items()} == pytest.approx({"signal": 60, "top": 600, "rest": 40})
    together = analysis.learn(samples, {}, None, dict.fromkeys(samples, {}), QUICK, 1)     # nothing tells them apart
    assert {name: one.expected for name, one in together.processes.items()} == pytest.approx({"signal": 60, "background": 640})


def test_one_background_may_have_any_name():
    found = lr.analyse(SIGNAL, {"top": BACKGROUND}, None, **CALLED)
    assert list(found.model.processes) == ["signal", "top"]
    assert found.data is None and found.comparison is None and "no data" in str(found)
    histogram, counts = analysis.histogram_of(found, 5)
    assert counts is None and histogram.yields({"mu": 1.0}) == pytest.approx({"signal": 60, "top": 1000})


def test_data_frames_in_any_order_of_columns():
    frame = lambda table, names: pd.DataFrame(table.x, columns=NAMES)[names]
    found = lr.analyse(frame(SIGNAL, ["a", "b"]), frame(BACKGROUND, ["b", "a"]), frame(DATA, ["b", "a"]), expected={"signal": 60, "background": 1000}, **CALLED)
    plain = lr.analyse(SIGNAL, BACKGROUND, DATA, **CALLED)
    assert found.fit.values["mu"] == pytest.approx(plain.fit.values["mu"], rel=1e-6)
    assert found.limit.value == pytest.approx(plain.limit.value, rel=1e-6)


@pytest.mark.parametrize("norm", [None, {"background": {"rate": 0.1}}])
def test_one_event_where_two_are_expected(norm):
    """The fit may end where nothing is expected any more: there is a limit all the same."""
    found = lr.analyse(SIGNAL, BACKGROUND, lr.Table([[-3.0, 0.0]], names=NAMES), expected={"signal": 3.0, "background": 2.0}, norm=norm, **CALLED)
    assert np.isfinite(found.limit.value) and found.limit.value > 0 and np.all(np.isfinite(found.profile.rise))
    assert found.comparison is None and "not compared" in str(found)
    assert any("end of the range of mu" in line for line in found.warnings) and not any("events of data where" in line for line in found.warnings)


def test_samples_without_weights_are_warned_of():
    found = lr.analyse(SIGNAL.x, BACKGROUND.x, DATA.x, **CALLED)
    assert any(line.startswith("there are 1,060 events of data where the fitted model expects") for line in found.warnings)


def test_negative_weights_are_learned_from_and_give_a_histogram():
    signs = np.where(np.arange(2000) % 5 == 0, -0.5, 1.0)
    found = lr.analyse(SIGNAL, replace(BACKGROUND, weight=signs), DATA, expected={"background": 1000.0}, **CALLED)
    assert found.model.yields({"mu": 1.0}) == pytest.approx({"signal": 60, "background": 1000})
    assert analysis.histogram_of(found, 4)[1].sum() == 1060


VARIED = analysis.Varied({"background": BACKGROUND}, {"background": BACKGROUND})
BAD = {
    "data with weights": (dict(data=replace(DATA, weight=np.full(len(DATA), 2.0))), "data: expected events that count one each, without weights"),
    "data with nu": (dict(data=replace(DATA, nu=np.zeros((len(DATA), 1)))), "data: expected events that count one each, without nu"),
    "data with a column more": (dict(data=pd.DataFrame(DATA.x, columns=NAMES).assign(c=1.0)), "data: expected the features a, b, got a, b, c"),
    "data with NaN": (dict(data=np.full((3, 2), np.nan)), "data: expected finite numbers"),
    "data of which none is kept": (dict(data=DATA[DATA.x[:, 0] < 0], select=lambda x: x[:, 0] > 0), "data: expected at least one event that select keeps"),
    "a selection of few": (dict(select=lambda x: x[:, 0] > 2), "signal, after select: expected at least 1,000 simulated events"),
    "a selection by numbers": (dict(select=lambda x: x[:, 0]), "select: expected True or False"),
    "an unknown method": (dict(method="best"), "method: expected one of exact, toys, asymptotic"),
    "exact with parameters": (dict(method="exact", norm={"background": {"rate": 0.1}}), "method: expected 'asymptotic' or 'toys' with nuisance parameters"),
    "few toys": (dict(method="toys", n_toys=100), "n_toys: expected at least 200"),
    "toys of negative weights": (dict(method="toys", background=replace(BACKGROUND, weight=np.r_[-0.1, np.ones(1999)])), "method: expected .* negative weights of background"),
    "a level": (dict(level=2.0), "level: expected a number in"),
    "one member": (dict(recipe=replace(QUICK, members=1)), "recipe: expected .* at least 2 members"),
    "a number for a sample": (dict(background={"top": 3.0}), "background, column top: expected shape"),
    "sets": (dict(signal=lr.Table(np.ones((2000, 2, 2)))), "signal: expected features"),
    "few shifted events": (dict(shifts={"s": analysis.Varied({"background": BACKGROUND[:5]}, {"background": BACKGROUND[:5]})}), "shifts of background: expected at least 1,000"),
    "shifted samples of other features": (dict(shifts={"s": analysis.Varied({"background": BACKGROUND.x[:, :1]}, {"background": BACKGROUND.x})}), "shifts of background: expected the features"),
    "an unknown process": (dict(shifts={"s": analysis.Varied({"top": BACKGROUND}, {"top": BACKGROUND})}), "shifts: expected one of the processes"),
    "a name twice": (dict(shifts={"s": VARIED}, norm={"signal": {"s": 0.1}}), "norm: expected names other than"),
    "half a pair": (dict(norm={"background": {"rate": (0.9,)}}), "norm of rate: expected a pair"),
}


@pytest.mark.parametrize("case", BAD)
def test_refused_in_one_line_before_anything_is_learned(case, monkeypatch):
    monkeypatch.setattr(analysis, "fit_together", lambda *given, **more: pytest.fail("learned from what cannot be analysed"))
    monkeypatch.setattr(analysis, "reference_ratios", lambda *given, **more: pytest.fail("learned from what cannot be analysed"))
    bad, words = BAD[case]
    with pytest.raises((TypeError, ValueError), match=words) as error:
        lr.analyse(**{**dict(signal=SIGNAL, background=BACKGROUND, data=DATA), **CALLED, **bad})
    assert "\n" not in str(error.value)


def test_shifted_samples_with_nu_are_refused():
    with pytest.raises(ValueError, match="down of background: expected no nu"):
        analysis.Varied({"background": replace(BACKGROUND, nu=np.zeros((2000, 1)))}, {"background": BACKGROUND})


def test_a_yield_that_a_shift_doubles_is_warned_of():
    half = analysis.Varied({"background": BACKGROUND}, {"background": replace(BACKGROUND, weight=3 * BACKGROUND.weights)})
    found = lr.analyse(SIGNAL, BACKGROUND, None, shifts={"s": half}, **CALLED)
    assert any("the yield of background is 1 and 3 times as large with s down and up" in line for line in found.warnings)


def count_of(s, b):
    """A count that expects s and b."""
    cell = lr.Table([0.0])
    return lr.Likelihood({"signal": lr.Process(s, source=cell), "background": lr.Process(b, source=cell)}, {"mu": "signal"})


@pytest.mark.parametrize("b, few", [(7.0, True), (12.0, False)])
def test_the_border_of_a_discovery_is_where_the_formula_of_a_count_is_off_by_a_tenth(b, few):
    from scipy import stats

    model, n = count_of(5.0, b), np.arange(b + 1, b + 6 * np.sqrt(b) + 12)
    z = np.sqrt(2 * (n * np.log(n / b) - n + b))
    off = (z - stats.norm.isf(stats.poisson.sf(n - 1, b)))[(z > 1) & (z < 5)].max()
    assert (off > 0.1) == few == (analysis.decided_by(model, model.on(lr.Table(np.zeros(int(b)))), 1.0)["discovery"] < analysis.FEW["discovery"])


@pytest.mark.parametrize("b, few", [(10.0, True), (40.0, False)])
def test_the_border_of_a_limit_is_where_the_formula_of_a_count_is_off_by_five_per_cent(b, few):
    model, data = count_of(5.0, b), lr.Table([0.0], weight=[b])
    exact, formula = (lr.limit(model, data, method=method, n_sigma=()).value for method in ("exact", "asymptotic"))
    assert (abs(formula / exact - 1) > 0.05) == few == (analysis.decided_by(model, model.on(data), formula)["limit"] < analysis.FEW["limit"])


def test_few_events_are_warned_of_only_where_a_formula_was_used():
    rare = dict(expected={"signal": 3.0, "background": 2.0}, data=DATA[:4])
    by_formula, exact = (lr.analyse(SIGNAL, BACKGROUND, norm=norm, **rare, **CALLED) for norm in ({"background": {"rate": 0.1}}, None))
    many = lr.analyse(SIGNAL, BACKGROUND, DATA, expected={"signal": 60.0, "background": 1000.0}, norm={"background": {"rate": 0.1}}, **CALLED)
    few = [[line for line in found.warnings if "so few events decide" in line] for found in (by_formula, exact, many)]
    assert [len(lines) for lines in few] == [2, 0, 0] and all("method='toys'" in line for line in few[0])


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_toys_are_asked_for_that_would_be_refused():
    """Negative weights: pseudo-experiments of the events cannot be drawn, of the bins they can."""
    signed = replace(BACKGROUND, weight=np.where(np.arange(2000) % 20 == 0, -1.0, 1.0))
    found = lr.analyse(SIGNAL, signed, DATA[:4], expected={"signal": 3.0, "background": 2.0}, norm={"background": {"rate": 0.1}}, **CALLED)
    few = [line for line in found.warnings if "so few events decide" in line]
    assert len(few) == 2 and not any("method='toys'" in line for line in few) and all("bins of lrguide.histogram_of" in line for line in few)
    model, counts = lr.histogram_of(found)
    counts = np.ravel(model.contents({name: np.array([value]) for name, value in analysis.as_known(model, 0.0).items()})).round()
    assert lr.discovery(model, counts, method="toys", n_toys=200, n_sigma=(), rng=1).observed.method == "toys"


def test_toys_that_do_not_reach_the_data_leave_the_formula_and_say_so():
    """Six standard deviations: a billion experiments would be needed, and the networks are trained already."""
    model = exact_model(1.0, 3000, 1, yields=(100, 100))
    data = lr.Table(np.concatenate([normal(100, 1.0, seed=3, names=("a",)).x, normal(100, 0.0, seed=4, names=("a",)).x]))
    found = analysis._discovered(model, model.on(data), "toys", 100, 1)
    assert found.observed.method == "asymptotic" and found.z > 5
    assert analysis._discovered(model, model.on(data[100:]), "toys", 100, 1).observed.method == "toys"


def test_what_was_done_already_is_not_asked_for():
    """Pseudo-experiments that did not reach data of few events: more of them, not the same again."""
    rare = lr.analyse(SIGNAL, BACKGROUND, DATA[:4], expected={"signal": 3.0, "background": 2.0}, norm={"background": {"rate": 0.1}}, **CALLED)
    lines = analysis.few_events_in(replace(rare, method="toys"))
    assert len(lines) == 1 and f"n_toys, about {1 / rare.discovery.value:.0e}," in lines[0] and "few events count" in lines[0] and "method=" not in lines[0]


def test_pseudo_experiments_ask_a_network_of_shifted_samples_once():
    from lrguide.systematics import Morphed

    asked = []
    def ratio(mean):
        def of(x):
            asked.append(len(x))
            return mean * x[:, 0] - mean**2 / 2
        return FromFunction(of)
    morphed = Morphed(ratio(1.0), {"scale": (ratio(0.9), ratio(1.1))})
    model = lr.Likelihood({"signal": lr.Process(60, morphed, SIGNAL), "background": lr.Process(1000, None, BACKGROUND)}, {"mu": "signal"})
    prepared, calls = model.on(DATA), []
    for n in (20, 200):
        asked.clear()
        lr.cls_value(model, prepared, {"mu": 1.0}, {"mu": 0.0}, "toys", n_toys=n, rng=1)
        calls.append(len(asked))
    assert max(calls) <= 12                                # three ratios, for the data and for the simulated events


def test_morphed_wants_one_nu_or_one_for_each_event():
    from lrguide.systematics import Morphed

    one = FromFunction(lambda x: x[:, 0])
    morphed, x = Morphed(one, {"scale": (one, one)}), np.ones((10, 1))
    for nu in ([0.3], np.full((10, 1), 0.3)):
        np.testing.assert_allclose(morphed.log_ratio(x, nu), 1.0)
    for nu in (np.zeros((5, 1)), np.zeros((20, 1)), [0.0, 0.1], np.zeros((10, 2))):        # five would fit ten events two by two
        with pytest.raises(ValueError, match=r"nu: expected shape \(1,\) or \(10, 1\) for scale, got"):
            morphed.log_ratio(x, nu)


def test_few_events_behind_a_nuisance_parameter_do_not_show():
    """What the text of chapter 82 says: 200 events, a background of 100 from 5 in a control region a twentieth as large."""
    from scipy.stats import binom, norm

    from lrguide.asymptotics import deciding_events
    one = lr.Table(np.zeros(1))
    model = lr.Likelihood({"signal": lr.Process(50.0, None, one), "background": lr.Process(100.0, None, one)}, {"mu": "signal", "k": "background"}, constraints=[lr.Poisson("k", 1.0, 5.0)])
    seen = lr.Table(np.zeros(200))
    assert norm.isf(binom.sf(199, 205, 1 / 1.05)) == pytest.approx(1.46, abs=0.005)
    assert lr.discovery(model, seen, method="asymptotic", n_sigma=()).z == pytest.approx(1.72, abs=0.005)
    at = {"mu": 0.0, "k": 205 / 105}                       # the best rate without signal
    assert deciding_events(model.on(lr.Table(np.zeros(1), weight=[100 * at["k"]])), at) == pytest.approx(195, abs=0.5)


def test_a_limit_by_toys_is_not_searched_for_finer_than_its_error():
    from lrguide.hypotest import CLsValue
    from lrguide.intervals import limit_of

    asked = []
    def at(mu):
        asked.append(mu)
        return CLsValue(np.log(np.ceil(200 * np.exp(-mu)) / 200), 0.0, 0.3, 0.0, 0.3, "toys", "events")       # in steps, as toys are
    coarse = limit_of(at, 1.0, "mu", 0.05, precision=0.003)
    n = len(asked)
    assert len(set(asked)) == n < 15 and coarse.value == pytest.approx(limit_of(at, 1.0, "mu", 0.05).value, rel=0.003)


@pytest.mark.parametrize("path", ["signal.root", pathlib.Path("there/signal.root")])
def test_a_path_is_told_how_to_be_read(path):
    """The features are not known, so that nobody can guess them."""
    words = rf"expected .*read it first: lr.read\('{path}', \[names of the features\]\)"
    for refused in (lambda: lr.analyse(path, BACKGROUND, rng=1), lambda: lr.analyse(SIGNAL, path, rng=1), lambda: lr.analyse(SIGNAL, {"top": BACKGROUND, "rest": path}, rng=1),
                    lambda: lr.analyse(SIGNAL, BACKGROUND, path, rng=1), lambda: lr.Ratio(rng=1).fit(path, BACKGROUND), lambda: lr.Ratio(rng=1).fit(SIGNAL, path), lambda: lr.Table(path),
                    lambda: lr.compare(path, BACKGROUND), lambda: analysis.Varied({"background": path}, {"background": BACKGROUND}), lambda: lr.fit_together([(path, BACKGROUND)], QUICK, 1)):
        with pytest.raises((TypeError, ValueError), match=words) as error:
            refused()
        assert "\n" not in str(error.value)


def test_expected_limits_are_in_order_whatever_pseudo_experiments_say(monkeypatch):
    """Quantiles whose estimates have crossed, and one beyond what is looked at; in the order of n_sigma, even if that is none."""
    at = {ndtr(n): value for n, value in {-1: 1.2, 0: 1.1, 1: 2.0, 2: 50.0}.items()}
    monkeypatch.setattr(intervals, "expected_tails", lambda strength, share: (np.array([-2 * np.log(strength / at[one]) for one in share]) + np.log(0.05), np.zeros(len(share))))
    for order in ([-1, 0, 1, 2], [2, 0, -1, 1]):
        found, error = intervals.expected_without_signal(lambda value: (value,), 1.0, 0.05, order, most=10.0)
        assert not np.nan_to_num(error).any()              # no pseudo-experiments, no error of theirs
        np.testing.assert_allclose(found[np.argsort(order)], [1.1, 1.2, 2.0, np.nan], rtol=1e-6)


def test_the_error_of_a_limit_by_toys_does_not_vanish_where_none_is_left_beyond():
    from lrguide.hypotest import CLsValue
    from lrguide.intervals import limit_of

    at = lambda mu: CLsValue(np.log(0.05) - 2 * (mu - 3) if mu < 3.2 else -np.inf, 0.0, 0.3, 0.0, 0.3, "toys", "events")
    found = limit_of(at, 1.0, "mu", 0.05)
    assert found.value == pytest.approx(3) and 0.05 < found.error < 0.2


def test_bins_of_the_histogram_lose_less_than_equal_shares_and_have_events():
    rng, n, shift = np.random.default_rng(4), 20_000, np.array([1.5, 0.8, 0.4])
    ratio = lambda x: x @ shift - shift @ shift / 2
    made = {"signal": rng.normal(size=(n, 3)) + shift, "background": rng.normal(size=(n, 3))}
    tables = {name: lr.Table(x, weight=np.full(n, total / n)) for (name, x), total in zip(made.items(), (60, 2000))}
    scores = {name: ratio(x) for name, x in made.items()}
    edges = analysis.edges_of(scores, tables, 10)
    assert len(edges) == 11 and np.histogram(scores["background"], edges)[0].min() >= 10
    fresh = [np.sort(ratio(rng.normal(size=(1_000_000, 3)) + add)) for add in (shift, 0)]      # other events: what the bins are worth

    def z(edges):
        s, b = (total * np.diff(np.searchsorted(one, [-np.inf, *edges[1:-1], np.inf])) / len(one) for total, one in zip((60, 2000), fresh))
        return np.sqrt(np.sum(2 * ((s + b) * np.log1p(s / b) - s)))

    both = np.sort(np.concatenate(list(scores.values())))
    equal = both[[0, *np.arange(1, 10) * len(both) // 10, -1]]
    gain = np.log1p(60 / 2000 * np.exp(fresh[0])), np.log1p(60 / 2000 * np.exp(fresh[1]))
    unbinned = np.sqrt(2 * (60 * gain[0].mean() + 2000 * (gain[1] - np.expm1(gain[1])).mean()))
    assert z(equal) < 0.92 * unbinned and 0.94 * unbinned < z(edges) < unbinned


def test_few_events_fill_as_many_bins_as_were_asked_for():
    table = lambda x: lr.Table(np.reshape(x, (-1, 1)))
    few = {"signal": np.arange(12.0) + 0.5, "background": np.arange(12.0)}
    assert len(analysis.edges_of(few, {name: table(x) for name, x in few.items()}, 6)) == 7
