"""Doors to pyhf, HS3, hist and LaTeX: against the real libraries, round trips, and what is refused."""

import json
import re

import numpy as np
import pytest

import lrguide as lr
from lrguide.likelihood import Channels
from lrguide.publish import as_latex, in_latex, norm_text
from lrguide.rates import norm_factor
from lrguide.systematics import Measured
from lrguide.workspaces import from_hist, from_pyhf, to_pyhf

pyhf = pytest.importorskip("pyhf")
S, B = np.array([2.0, 5.0, 9.0, 4.0]), np.array([30.0, 25.0, 18.0, 12.0])
SEEN = np.array([35.0, 33.0, 26.0, 21.0])
UP, DOWN = np.array([1.05, 1.01, 0.98, 0.95]), np.array([0.97, 1.0, 1.02, 1.03])
HISTOGRAM = lr.Histogram({"signal": lr.Contents(S, norm={"acceptance": (0.95, 1.06)}, shape={"scale": (1.1 * S, 0.9 * S)}),
                          "top": lr.Contents(0.6 * B, norm={"xs": (0.8, 1.3)}, shape={"scale": (0.6 * B * DOWN, 0.6 * B * UP)}), "rest": lr.Contents(0.4 * B)},
                         {"mu": "signal", "k": ("top", "rest")}, [lr.Poisson("k", 1.1, 40.0), lr.Normal("scale", 0.3, 1.0)])
SIMULATED = lr.Histogram({"signal": lr.Contents(S, 0.02 * S), "top": lr.Contents(0.6 * B, (0.05 * B) ** 2, shape={"scale": (0.6 * B * DOWN, 0.6 * B * UP)}), "rest": lr.Contents(0.4 * B)}, {"mu": "signal"})
CONTROL = lr.Histogram({"top": lr.Contents([100.0, 40.0], norm={"xs": (0.8, 1.3)})}, {"k": "top"}, [lr.Poisson("k", 1.1, 40.0)])
UNITS = lr.Histogram({"signal": lr.Contents(S), "a": lr.Contents(B), "b": lr.Contents(0.3 * B[::-1], norm={"q": (0.9, 1.1)})},
                     {"mu": "signal", "ka": "a", "kb": "b", "lumi": ("signal", "b")}, [lr.Normal("ka", 1.1, 0.2), lr.LogNormal("kb", 0.9, 1.3), lr.Normal("lumi", 1.0, 0.03)])
LINES = np.stack([S, S[::-1]]), np.stack([B, B + [1.0, 2.0, -3.0, 0.5]])
MEASURED = lr.Templates([0.0, 2.0], *LINES, name="z", constraints=[lr.Normal("z", 0.8, 0.4)])


def read(workspace):
    "The model and data of pyhf, after JSON and the schema."
    space = pyhf.Workspace(json.loads(json.dumps(workspace)))
    return space.model(), space.data(space.model())


def translated(unit):
    "The value of a parameter that is written in other units."
    return {"unit_ka": lambda u: 1.1 + 0.2 * u, "unit_kb": lambda u: 0.9 * 1.3**u, "unit_z": lambda u: 0.8 + 0.4 * u}[unit]


@pytest.mark.parametrize("model, counts", [(HISTOGRAM, SEEN), (Channels({"sr": HISTOGRAM, "cr": CONTROL}), {"sr": SEEN, "cr": [105.0, 38.0]}), (UNITS, SEEN), (MEASURED, SEEN),
                                           (HISTOGRAM.fix(xs=0.4), SEEN)])
def test_pyhf_has_the_same_likelihood_everywhere(model, counts):
    there, data = read(to_pyhf(model, counts))
    rng, off = np.random.default_rng(1), []
    for _ in range(6):
        place = {name: start if fixed else start + rng.uniform(-0.3, 0.3) for name, start, fixed in zip(there.config.par_names, there.config.suggested_init(), there.config.suggested_fixed())}
        ours = {name.removeprefix("unit_"): translated(name)(value) if name.startswith("unit_") else value for name, value in place.items()}
        off.append(-float(there.logpdf([place[name] for name in there.config.par_names], data)[0]) - model.nll(counts, {name: ours[name] for name in model.parameters}))
    np.testing.assert_allclose(off, off[0], atol=2e-6 if model is UNITS else 1e-9)      # code 4 of a LogNormal


def test_pyhf_has_the_same_profile_with_a_finite_simulation():
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-6))
    static = lr.Templates([0.0], [S], [B], [0.1 * S], [(0.1 * B) ** 2])
    for model in (SIMULATED, static):
        there, data = read(to_pyhf(model, SEEN))
        low = pyhf.infer.mle.fit(data, there, return_fitted_val=True)[1] / 2
        for mu in (0.0, 2.5):
            rise = pyhf.infer.mle.fixed_poi_fit(mu, data, there, return_fitted_val=True)[1] / 2 - low
            assert abs(rise - (model.fix(mu=mu).fit(SEEN).nll - model.fit(SEEN).nll)) < 1e-6


def test_a_node_that_was_not_measured_is_a_second_sample():
    model = lr.Templates([0.0, 2.0], *LINES, name="z")
    workspace = to_pyhf(model, SEEN)
    assert [sample["name"] for sample in workspace["channels"][0]["samples"]] == ["signal", "signal_z", "background", "background_z"]
    there, data = read(workspace)
    at = lambda mu, z: -float(there.logpdf([{"mu": mu, "unit_z": z / 2}[name] for name in there.config.par_names], data)[0])
    assert abs(at(1.3, 1.7) - at(0.4, 0.2) - model.nll(SEEN, {"mu": 1.3, "z": 1.7}) + model.nll(SEEN, {"mu": 0.4, "z": 0.2})) < 1e-9
    fixed = to_pyhf(model.fix(z=0.5), SEEN)
    np.testing.assert_allclose(fixed["channels"][0]["samples"][0]["data"], 0.75 * S + 0.25 * S[::-1])
    assert [one["name"] for one in fixed["measurements"][0]["config"]["parameters"]] == ["mu"]


def test_ranges_and_starting_values():
    known = {one["name"]: one for one in to_pyhf(HISTOGRAM, SEEN)["measurements"][0]["config"]["parameters"]}
    assert known["scale"]["auxdata"] == [0.3] and known["scale"]["inits"] == [0.3] and known["scale"]["bounds"] == [[-5.0, 5.0]]
    low, high = known["mu"]["bounds"][0]
    fit = HISTOGRAM.fit(SEEN)
    assert high > fit.values["mu"] + 8 * fit.errors["mu"] and -10 < low < 0
    assert HISTOGRAM.contents({**fit.values, "mu": low}).min() > -1e-9                 # nothing negative is asked for
    fixed = {one["name"]: one for one in to_pyhf(HISTOGRAM.fix(xs=0.4), SEEN)["measurements"][0]["config"]["parameters"]}
    assert fixed["xs"]["fixed"] and fixed["xs"]["inits"] == [0.4]
    assert to_pyhf(CONTROL, [99.0, 41.0], poi="k", name="mine")["measurements"][0] == {**to_pyhf(CONTROL, [99.0, 41.0], poi="k")["measurements"][0], "name": "mine"}


def test_round_trip():
    for model, counts in ((HISTOGRAM, SEEN), (SIMULATED, SEEN), (Channels({"sr": SIMULATED, "cr": CONTROL}), [SEEN, [105.0, 38.0]]), (HISTOGRAM.fix(xs=0.4), SEEN)):
        back, again = from_pyhf(to_pyhf(model, counts))
        ours, theirs = model.fit(counts), back.fit(again)            # a measured count has another constant
        np.testing.assert_allclose([theirs.values[name] for name in ours.values], list(ours.values.values()), atol=1e-6)
        np.testing.assert_allclose([theirs.errors[name] for name in ours.values], list(ours.errors.values()), rtol=1e-6)
        assert set(model.parameters) == set(back.parameters)


@pytest.mark.parametrize("example, seen", [(pyhf.simplemodels.uncorrelated_background([12.0, 11.0, 0.0], [50.0, 52.0, 0.0], [3.0, 7.0, 0.0]), [56.0, 60.0, 0.0]),
                                           (pyhf.simplemodels.correlated_background([12.0, 11.0], [50.0, 52.0], [45.0, 57.0], [55.0, 47.0]), [56.0, 60.0])])
def test_examples_of_pyhf(example, seen):
    space = pyhf.Workspace({"channels": example.spec["channels"], "observations": [{"name": example.spec["channels"][0]["name"], "data": seen}], "version": "1.0.0",
                            "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}]})       # Workspace.build stops at an empty bin
    model, counts = from_pyhf(space)
    there, data = space.model(), space.data(space.model())
    free = [name for name in there.config.par_names if name != "uncorr_bkguncrt[2]"]         # fixed by pyhf: that bin holds nothing
    assert set(free) == set(model.parameters)
    rng, off = np.random.default_rng(2), []
    for _ in range(4):
        place = {name: start + rng.uniform(-0.3, 0.3) * (name in free) for name, start in zip(there.config.par_names, there.config.suggested_init())}
        off.append(-float(there.logpdf([place[name] for name in there.config.par_names], data)[0]) - model.nll(counts, {name: place[name] for name in free}))
    np.testing.assert_allclose(off, off[0], atol=1e-9)


def spelled(modifiers, parameters=(), **sample):
    return {"channels": [{"name": "bins", "samples": [{"name": "signal", "data": [3.0, 4.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
                                                      {"name": "b", "data": [50.0, 30.0], "modifiers": list(modifiers), **sample}]}],
            "observations": [{"name": "bins", "data": [55.0, 33.0]}], "version": "1.0.0",
            "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": list(parameters)}}, {"name": "other", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0.0, 3.0]]}]}}]}


def test_every_modifier_is_read():
    words = [{"name": "lumi", "type": "lumi", "data": None}, {"name": "free", "type": "shapefactor", "data": None}, {"name": "each", "type": "shapesys", "data": [5.0, 3.0]}]
    workspace = spelled(words, [{"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "inits": [1.0], "bounds": [[0.5, 1.5]]}, {"name": "free", "inits": [1.0, 1.1], "bounds": [[0.0, 3.0]] * 2, "fixed": True}])
    model, counts = from_pyhf(workspace)
    assert set(model.parameters) == {"mu", "lumi", "each[0]", "each[1]"} and model.fixed == {"free[0]": 1.0, "free[1]": 1.1}
    there, data = read(workspace)
    at = lambda **of: -float(there.logpdf([{**dict(zip(there.config.par_names, there.config.suggested_init())), **of}[name] for name in there.config.par_names], data)[0])
    one, two = {"mu": 1.2, "lumi": 1.01, "each[0]": 0.9, "each[1]": 1.05}, {"mu": 0.2, "lumi": 0.97, "each[0]": 1.1, "each[1]": 1.0}
    assert abs(at(**one) - at(**two) - model.nll(counts, one) + model.nll(counts, two)) < 1e-9
    assert from_pyhf(spelled([]), "other")[0].parameters["mu"] == (0.0, 3.0)
    with pytest.raises(ValueError, match="auxdata and sigmas of lumi"):
        from_pyhf(workspace, "other")


STAT, EACH = [{"name": "st", "type": "staterror", "data": [5.0, 4.0]}], [{"name": "each", "type": "shapesys", "data": [6.0, 5.0]}]


@pytest.mark.parametrize("modifiers, said", [
    (STAT, {}), (STAT, {"fixed": True}), (STAT, {"fixed": True, "inits": [1.1, 0.9]}), (STAT, {"inits": [1.1, 0.9], "bounds": [[1e-10, 10.0]] * 2, "auxdata": [1.0, 1.0], "fixed": False}),
    (EACH, {}), (EACH, {"fixed": True, "inits": [1.1, 0.9]}), (EACH, {"auxdata": [80.0, 30.0]}), (EACH, {"factors": [90.0, 50.0]}), (EACH, {"factors": [90.0, 50.0], "auxdata": [80.0, 60.0]})])
def test_what_a_measurement_says_of_bins_is_honoured(modifiers, said):
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer())            # other tests leave another, less exact
    workspace = spelled(modifiers, [{"name": modifiers[0]["name"], **said}])
    (model, counts), (there, data) = from_pyhf(workspace), read(workspace)
    fit, (point, lowest) = model.fit(counts), pyhf.infer.mle.fit(data, there, return_fitted_val=True)
    assert abs(fit.values["mu"] - point[there.config.poi_index]) < 1e-3 * fit.errors["mu"]
    for mu in (0.5, 3.0):
        rise = (pyhf.infer.mle.fixed_poi_fit(mu, data, there, return_fitted_val=True)[1] - lowest) / 2
        assert abs(model.fix(mu=mu).fit(counts).nll - fit.nll - rise) < 1e-5


@pytest.mark.parametrize("modifiers, said, words", [
    (STAT, {"auxdata": [1.1, 0.9]}, "auxdata 1.1"), (STAT, {"sigmas": [0.01, 0.01]}, "sigmas 0.01 .where errors are 0.1"), (STAT, {"bounds": [[0.98, 1.02]] * 2}, "bounds 0.98 to 1.02"),
    (STAT, {"auxdata": [1.0]}, "expected auxdata of st for each of its bins, got 1"), (EACH, {"bounds": [[0.5, 1.5]]}, "expected bounds of each for each of its bins, got 1"),
    ([{"name": "each", "type": "shapesys", "data": [6.0, 5.0, 1.0]}], {}, "a number for each of 2 bins"), ([{"name": "h", "type": "histosys", "data": {"hi_data": [1.0], "lo_data": [1.0, 2.0]}}], {}, "channel bins, sample b: shape of h")])
def test_what_a_measurement_cannot_say_is_refused_in_words(modifiers, said, words):
    with pytest.raises(ValueError, match=words):
        from_pyhf(spelled(modifiers, [{"name": modifiers[0]["name"], **said}]))


def test_names_that_occur_twice_in_a_workspace():
    for what in ("channels", "observations"):
        twice = spelled([])
        twice[what].append(twice[what][0])
        with pytest.raises(ValueError, match=f"workspace: expected {what} of different names"):
            from_pyhf(twice)
    twice = spelled([])
    twice["channels"][0]["samples"].append(twice["channels"][0]["samples"][0])
    with pytest.raises(ValueError, match="samples: expected one of each name in bins, got several of signal"):
        from_pyhf(twice)


def test_a_strength_of_several_processes():
    one = {"mu": 1.4, "k": 0.9}
    joint = lr.Histogram({"a": lr.Contents(S), "b": lr.Contents(B), "c": lr.Contents(B)}, {"mu": "a", "k": ("b", "c")})
    single = lr.Histogram({"a": lr.Contents(S), "b": lr.Contents(2 * B)}, {"mu": "a", "k": "b"})
    assert abs(joint.nll(SEEN, one) - single.nll(SEEN, one)) < 1e-10
    ours, theirs = joint.fit(2 * SEEN), single.fit(2 * SEEN)
    np.testing.assert_allclose([*ours.values.values(), *ours.errors.values()], [*theirs.values.values(), *theirs.errors.values()], rtol=1e-6)
    with pytest.raises(ValueError, match="strength: expected k to name one of a, or a tuple of them, got 'x'"):
        lr.Histogram({"a": lr.Contents(S)}, {"k": ("a", "x")})


@pytest.mark.parametrize("model, counts, words", [
    (lr.Templates([0.0, 1.0, 2.0], [S, S[::-1], S], [B, B, B], name="z"), SEEN, "model.at"),
    (lr.Templates([0.0, 2.0], *LINES, 0.1 * LINES[0], name="z"), SEEN, "signal_variance: expected"),
    (lr.Templates([0.0, 2.0], *LINES, name="z", constraints=[lr.LogNormal("z", 1.0, 1.1)]), SEEN, "expected for the node z"),
    (lr.Histogram({"s": lr.Contents(S, norm={"a": (0.9, 1.1)})}, {"mu": "s"}, [lr.Normal("a", 0.0, 0.5)]), SEEN, "expected for the effect a"),
    (lr.Histogram({"s": lr.Contents(S), "b": lr.Contents(B)}, {"mu": "s", "b": "b"}, [lr.LogNormal("b", 1.0, 3.0)]), SEEN, "code 4"),
    (lr.Histogram({"s": lr.Contents(S), "b": lr.Contents(B, shape={"a": (B, B)})}, {"mu": "s", "b": "b"}, [lr.Normal("b", 1.0, 0.1)]), SEEN, "called lumi"),
    (lr.Histogram({"s": lr.Contents(S), "b": lr.Contents(B)}, {"mu": "s", "b": "b"}, [Measured("b", np.square)]), SEEN, "got Measured"),
    (lr.Histogram({"s": lr.Contents(S), "b": lr.Contents(B)}, {"mu": "s", "b": "b"}, [lr.Normal(("mu", "b"), [1.0, 1.0], np.eye(2))]), SEEN, "diagonal"),
    (HISTOGRAM, [SEEN, SEEN], "one data set, got 2"), (HISTOGRAM, SEEN[:2], "counts")])
def test_what_has_no_form_in_pyhf(model, counts, words):
    with pytest.raises(ValueError, match=words):
        to_pyhf(model, counts)


def test_what_is_no_workspace():
    with pytest.raises(TypeError, match="Histogram, Templates or Channels"):
        to_pyhf(lr.Likelihood({"b": lr.Process(3.0)}, {"mu": "b"}), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="poi: expected a free parameter"):
        to_pyhf(HISTOGRAM, SEEN, poi="nu")
    two = spelled([{"name": "st1", "type": "staterror", "data": [1.0, 1.0]}])
    two["channels"][0]["samples"][0]["modifiers"].append({"name": "st2", "type": "staterror", "data": [1.0, 1.0]})
    for workspace, words in ((two, "staterror: expected one"), ({}, "workspace: expected one of pyhf"), (3, "workspace: expected"), (spelled([{"name": "a", "type": "magic", "data": None}]), "got magic")):
        with pytest.raises(ValueError, match=words):
            from_pyhf(workspace)
    with pytest.raises(ValueError, match="measurement: expected one of m, other"):
        from_pyhf(spelled([]), "none")


def test_hist_there_and_back():
    hist = pytest.importorskip("hist")
    for edges in ([0.0, 1.0, 2.0, 4.0, 5.0], [-np.inf, 0.0, 1.0, 2.0, np.inf]):
        contents, back = from_hist(lr.as_hist(lr.Contents(S, 0.1 * S), edges))
        np.testing.assert_array_equal([contents.contents, contents.variance], [S, 0.1 * S])
        np.testing.assert_array_equal(back, edges)
    table = lr.Table(np.random.default_rng(1).normal(size=(500, 2)), weight=np.random.default_rng(2).normal(1.0, 0.5, 500), names=("a", "b"))
    made = lr.as_hist(table, np.linspace(-1, 1, 5), feature="b")
    assert made.axes[0].name == "b" and abs(made.sum(flow=True).value - table.total) < 1e-9
    assert lr.as_hist(SEEN, np.arange(5.0)).variances().tolist() == SEEN.tolist()
    counted = hist.Hist.new.Reg(2, 0, 1).Int64()
    counted.fill([-1.0, 0.2, 0.9, 3.0, 4.0])
    assert from_hist(counted)[0].contents.tolist() == [2.0, 3.0] and from_hist(counted)[0].variance is None
    moved = from_hist(counted, norm={"a": (0.9, 1.1)}, shape={"b": (counted, 2 * counted)})[0]
    assert moved.shape["b"][1].tolist() == [4.0, 6.0]


def test_what_hist_does_not_have():
    hist = pytest.importorskip("hist")
    new, table = hist.Hist.new, lr.Table(np.zeros((3, 2)), names=("a", "b"))
    for one in (new.Reg(2, 0, 1).Reg(2, 0, 1).Weight(), new.Reg(2, 0, 1).Mean(), new.IntCat([1, 2]).Double(), new.Reg(4, 0, 1, circular=True).Double()):
        with pytest.raises(ValueError, match="histogram: expected"):
            from_hist(one)
    with pytest.raises(TypeError, match="histogram: expected a histogram"):
        from_hist([1.0, 2.0])
    with pytest.raises(ValueError, match="shape of a: expected the edges"):
        from_hist(new.Reg(2, 0, 1).Double(), shape={"a": (new.Reg(2, 0, 2).Double(),) * 2})
    for feature in (None, "c", 2, True, -1):
        with pytest.raises(ValueError, match="feature: expected one of a, b"):
            lr.as_hist(table, [0.0, 1.0], feature=feature)
    for data, edges, words in ((S, [0.0, 1.0], "data"), (S, [0.0, 1.0, 1.0, 2.0, 3.0], "edges"), (lr.Contents(S), [0.0, 1.0], "data")):
        with pytest.raises(ValueError, match=words):
            lr.as_hist(data, edges)


def nll_of(workspace):
    "Minus log likelihood that pyhs3 finds."
    pyhs3, jax = pytest.importorskip("pyhs3"), pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    space = pyhs3.Workspace(**json.loads(json.dumps(workspace)))
    model = space.model(list(space.analyses)[0], progress=False)
    graph, known = pyhs3.jaxify(model.log_prob), {**model.data, **model.free_params}
    return lambda **values: -float(np.ravel(graph(**{name: np.asarray({**known, **values}[name], dtype=float) for name in graph.input_names})[0])[0])


def moving_peak():
    "A signal whose resolution is a parameter, and events with it."
    toy = lr.Resonance(None)
    return toy, np.concatenate([toy.sample(name, n, rng, nu=[0.06]).x for name, n, rng in (("signal", 60, 1), ("background", 200, 2))])


@pytest.mark.filterwarnings("ignore")
def test_pyhs3_reads_events_with_weights_and_histograms():
    toy, x = moving_peak()
    events = lr.Table(x, weight=np.random.default_rng(3).uniform(0.5, 1.5, len(x)))
    search = lr.Likelihood({"signal": lr.Process(60.0, toy, norm={"xs": (0.9, 1.2)}), "background": lr.Process(200.0)}, {"mu": "signal", "k": "background"},
                           ranges={"sigma": (0.04, 0.09)}, constraints=[lr.Normal("sigma", 0.06, 0.01), lr.Poisson("k", 1.1, 40.0)])
    model = lr.Channels({"search": search, "control": CONTROL})
    data = {"search": events, "control": [105.0, 38.0]}
    theirs = nll_of(lr.as_hs3(model, data))
    points = [{"mu": 1.0, "k": 1.0, "sigma": 0.06, "xs": 0.0}, {"mu": 0.5, "k": 1.2, "sigma": 0.08, "xs": -1.6}, {"mu": 1.5, "k": 0.9, "sigma": 0.05, "xs": 2.2}]
    off = [theirs(**{f"p_{name}": value for name, value in one.items()}) - model.nll(data, one) for one in points]
    np.testing.assert_allclose(off, off[0], atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_pyhs3_reads_correlated_measurements_and_any_name():
    toy, x = moving_peak()
    related = lr.Normal(("sigma", "energy scale/%", "k"), [0.06, 0.1, 1.1], np.diag([0.01, 0.5, 0.1]) @ [[1, 0.6, -0.3], [0.6, 1, 0.2], [-0.3, 0.2, 1]] @ np.diag([0.01, 0.5, 0.1]))
    model = lr.Likelihood({"signal": lr.Process(60.0, toy, norm={"energy scale/%": (0.9, 1.2)}), "background": lr.Process(200.0)}, {"mu": "signal", "k": "background"},
                          ranges={"sigma": (0.04, 0.09)}, constraints=[related])
    compact = lr.compacted(model, x, {"mu": (0.4, 1.6), "k": (0.8, 1.2), "sigma": (0.05, 0.07)})
    points = [{"mu": 1.0, "k": 1.0, "sigma": 0.06, "energy scale/%": 0.0}, {"mu": 0.5, "k": 1.15, "sigma": 0.068, "energy scale/%": -1.6}, {"mu": 1.5, "k": 0.9, "sigma": 0.052, "energy scale/%": 2.2}]
    names = {"energy scale/%": "energy_scale_"}
    for workspace in (lr.as_hs3(model, x), lr.as_hs3(compact)):
        theirs = nll_of(workspace)
        off = [theirs(**{f"p_{names.get(name, name)}": value for name, value in one.items()}) - model.nll(x, one) for one in points]
        np.testing.assert_allclose(off, off[0], atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_pyhs3_reads_a_parameter_that_is_measured_twice():
    toy, x = moving_peak()
    related = lr.Normal(("k", "sigma"), [1, 0.06], [[0.01, 1e-4], [1e-4, 1e-4]])
    for twice in ([lr.Normal("k", 1, 0.1), lr.Normal("k", 1.1, 0.2)], [related, related], [lr.LogNormal("k", 1.1, 1.2), related, lr.LogNormal("k", 1.0, 1.1), lr.Normal("k", 1, 0.1)], [lr.Poisson("k", 1, 20.0)] * 3):
        model = lr.Likelihood({"signal": lr.Process(60.0, toy), "background": lr.Process(200.0)}, {"mu": "signal", "k": "background"}, ranges={"sigma": (0.04, 0.09)},
                              constraints=[*twice, lr.Normal("sigma", 0.06, 0.01)])
        points = [{"mu": 1.0, "k": 1.0, "sigma": 0.06}, {"mu": 0.6, "k": 1.2, "sigma": 0.07}]
        theirs = nll_of(lr.as_hs3(model, x))
        off = [theirs(**{f"p_{name}": value for name, value in one.items()}) - model.nll(x, one) for one in points]
        assert abs(off[0] - off[1]) < 2e-6


def test_what_has_no_form_in_hs3():
    toy = lr.Resonance(None)
    x = toy.sample("background", 20, 1, nu=[0.06]).x
    moving = lr.Likelihood({"signal": lr.Process(lambda values: 3.0, toy), "background": lr.Process(20.0)}, {"mu": "signal"})
    with pytest.raises(ValueError, match="no form in a file"):
        lr.as_hs3(moving, x)
    with pytest.raises(ValueError, match="measured to be 0"):
        lr.as_hs3(HISTOGRAM, SEEN)
    with pytest.raises(ValueError, match="one data set, got 2"):
        lr.as_hs3(SIMULATED, [SEEN, SEEN])
    with pytest.raises(TypeError, match="expected a likelihood"):
        lr.as_hs3({"a": 1})
    with pytest.raises(ValueError, match="without ratios"):
        lr.as_hs3(lr.Likelihood({"b": lr.Process(3.0)}, {"mu": "b"}), x)
    alike = lr.Likelihood({"signal": lr.Process(3.0, lr.Resonance(0.06), norm={"a.b": (0.9, 1.1), "a b": (0.8, 1.2)}), "background": lr.Process(20.0)}, {"mu": "signal"})
    with pytest.raises(ValueError, match="names differ in letters or digits"):
        lr.as_hs3(alike, x)
    with pytest.raises(ValueError, match="names differ in letters or digits"):
        lr.as_hs3(lr.compacted(alike, np.concatenate([x] * 10), {"mu": (0.5, 3.0), "a.b": (-1, 1), "a b": (-1, 1)}))


@pytest.mark.parametrize("pair", [(0.9, 1.1), (0.5, 1.05), (1.1, 0.9)])
def test_norm_as_text(pair):
    alpha = np.linspace(-4, 4, 81)
    np.testing.assert_allclose(eval(norm_text("a", *pair), {"a": alpha}), norm_factor(alpha, *pair), rtol=1e-12)


def columns_of(text):
    "The cells of a table, line by line, after a look at its structure."
    lines = text.strip().split("\n")
    begins, ends = re.findall(r"\\begin\{(\w+)\}", text), re.findall(r"\\end\{(\w+)\}", text)
    assert begins == ends[::-1] and [text.count(rf"\{rule}") for rule in ("toprule", "midrule", "bottomrule")] == [1, 1, 1]
    width = len(re.search(r"\\begin\{tabular\}\{([lr]+)\}", text)[1])
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r"\\")]
    assert all(len(row) == width for row in rows)
    assert text.count("$") % 2 == 0 and not re.search(r"(?<!\\)[%#]", text)
    return rows


def test_tables():
    fit = HISTOGRAM.fit(SEEN)
    assert columns_of(as_latex(fit))[1][0] == "mu" and len(columns_of(as_latex(fit))) == 6
    found = columns_of(as_latex(lr.impacts(SIMULATED, SEEN), caption="50 % of_it", label="tab:a"))
    assert found[0][0] == "parameter" and found[1][0] == "scale" and r"\caption{50 \% of\_it}" in as_latex(fit, caption="50 % of_it")
    assert columns_of(as_latex(SIMULATED.yields({"mu": 1.0, "scale": 0.0})))[-1] == ["sum", "$105$"]
    assert columns_of(as_latex({"a": {"x": 1.0}, "b": {"y": 2.0}}))[1:] == [["x", "$1$", "--"], ["y", "--", "$2$"]]
    limit, discovery = (of(SIMULATED, SEEN, method="asymptotic", n_sigma=(0, 1)) for of in (lr.limit, lr.discovery))
    assert columns_of(as_latex({"a": limit, "b": limit}))[2][0] == "b" and len(columns_of(as_latex(discovery))[0]) == 4
    assert columns_of(as_latex(discovery.observed))[0] == ["", "p-value", "significance"]
    records = [{"name": "a_b", "value": 1.234, "error": 0.056, "reference": None}, {"name": "c", "value": 3.0}]
    assert columns_of(as_latex(records)) == [["name", "value", "reference"], [r"a\_b", r"$1.234 \pm 0.056$", "--"], ["c", "$3$", "--"]]
    for bad, error in ((3, TypeError), ([], ValueError), ([1, 2], TypeError), ({"a": limit, "b": 2.0}, TypeError), ({}, ValueError), ("text", TypeError)):
        with pytest.raises(error, match="result: expected"):
            as_latex(bad)


@pytest.mark.parametrize("cell, text", [((1.0312, 0.0412), r"$1.031 \pm 0.041$"), ((99.96, 0.0996), r"$99.96 \pm 0.10$"), ((0.0, 0.1), r"$0.00 \pm 0.10$"), ((1.0, np.inf), "$1$"), ((2.5, None), "$2.5$"),
                                        ((1e-7, 2.3e-9), r"$(1.000 \pm 0.023) \times 10^{-7}$"), (1e-7, r"$1 \times 10^{-7}$"), (-np.inf, r"$-\infty$"), (None, "--"), (True, "yes"), (7, "$7$"),
                                        ("a\\b ~ {x}^2 $5", r"a\textbackslash{}b \textasciitilde{} \{x\}\textasciicircum{}2 \$5")])
def test_a_cell(cell, text):
    assert in_latex(cell) == text
