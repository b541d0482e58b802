"""What is returned can be compared, copied, sent to another process and read back from a file, and says the same there."""

import copy
import json
import pickle
import threading

import numpy as np
import pytest
from scipy import stats

import lrguide as lr
from lrguide import models, run
from lrguide.nets import Dense

toy, family = models.Resonance(0.08), models.Resonance(None)
X = np.append(toy.sample("background", 20, 1).x, toy.sample("signal", 5, 2).x)
FLOATING = lr.Likelihood({"signal": lr.Process(5, family), "background": lr.Process(20)}, {"mu": "signal"}, [lr.Normal("sigma", 0.08, 0.01)])
SEARCH = lr.Likelihood({"signal": lr.Process(5, toy, source=toy), "background": lr.Process(20, source=toy)}, {"mu": "signal"})
SENT = [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy]


@pytest.mark.parametrize("sent", SENT)
def test_a_fit_and_a_profile_travel(sent):
    fit, profile = FLOATING.fit(X), FLOATING.profile(X, "mu", np.linspace(-3, 8, 12))
    again, same = sent(fit), sent(profile)
    assert again == fit and again.values == fit.values and again.errors == fit.errors and repr(again) == repr(fit)
    assert same == profile and same.interval() == profile.interval() and same.pieces(0.95) == profile.pieces(0.95)       # between the points of the grid too


@pytest.mark.parametrize("made", [lambda: lr.Normal("a", [0.0, 1.0], 1.0), lambda: lr.Normal(("a", "b"), [0.0, 1.0], np.eye(2)), lambda: lr.LogNormal("a", [1.0, 1.2], 1.1),
                                  lambda: lr.Poisson("a", [1.0, 2.0], 10.0), lambda: FLOATING.profile(X, "mu", np.linspace(-3, 8, 12)), lambda: lr.LogNormal("a", 1.0, 1.1)])
def test_equal_ones_are_equal(made):
    one = made()
    assert one == made() and one in [1.0, None, made()] and one != 1.0 and not one == "a"
    assert all(sent(one) == one for sent in SENT)
    assert not any(one == other for other in (lr.Normal("a", [0.0, 2.0], 1.0), lr.LogNormal("a", [1.0, 1.3], 1.1), lr.Poisson("a", [1.0, 2.0, 3.0], 10.0)))


@pytest.mark.parametrize("kind, by", [(lr.LogNormal, 1.1), (lr.Poisson, 10.0)])
def test_measurements_of_many_data_sets_may_be_a_list(kind, by):
    """Of the data sets that are taken, theirs; a list was kept as it came, and could not be taken from."""
    assert kind("a", [1.0, 1.2, 1.4], by).take(np.array([0, 2])) == kind("a", np.array([1.0, 1.4]), by)
    model = lambda mean: lr.Likelihood({"signal": lr.Process(5, family), "background": lr.Process(20)}, {"mu": "signal"}, [kind("sigma", mean, 1000.0 if kind is lr.Poisson else 1.1)])
    several = model([0.08, 0.1]).fit_many([X, X])
    for i, mean in enumerate((0.08, 0.1)):
        alone = model(mean).fit(X)
        np.testing.assert_allclose([values[i] for values in several.values.values()], list(alone.values.values()), rtol=1e-6)


def test_what_is_expected_far_out():
    """The median Z of a discovery, also where it is large: exact tails far beyond the data, against the Asimov data set of Cowan et al. (2011), (97), which is
    right for many events, and for a count against the Poisson law, of which the median is known. It was 11.6 for any strength before."""
    for at in (10.0, 20.0):
        exact, formula = (lr.discovery(SEARCH, X, at=at, method=method).expected for method in ("exact", "asymptotic"))
        assert abs(exact[2] - formula[2]) < 0.05 and np.all(np.abs(np.diff(exact) - 1.4) < 0.15)       # toys of T scatter more than their errors: they know what fluctuates
    only = lr.KnownSource(lr.Table([0.0]))
    count = lr.Likelihood({"signal": lr.Process(5, source=only), "background": lr.Process(4, source=only)}, {"mu": "signal"})
    found = lr.discovery(count, lr.Table([0.0], weight=[9.0]), at=20.0).expected
    for n, z in zip((-2, -1, 0, 1, 2), found):
        at_least = stats.poisson.isf(stats.norm.sf(n), 104.0)                                            # so many or more are seen with this probability, nearly
        np.testing.assert_allclose(z, stats.norm.isf(stats.poisson.sf(at_least - 1, 4.0)), atol=0.2)


def test_one_digit_of_a_published_file(tmp_path):
    path = lr.save_published(lr.compacted(SEARCH, X, {"mu": (0.0, 5.0)}), tmp_path / "a.json")
    whole = json.loads(path.read_text())
    whole["channels"][""]["coefficients"][1] *= 1 + 1e-9
    path.write_text(json.dumps(whole))
    with pytest.raises(ValueError, match="^path: expected .* as it was written, .* something was changed") as refused:
        lr.published_likelihood(path)
    assert "\n" not in str(refused.value)
    del whole["seal"]                                       # on purpose
    path.write_text(json.dumps(whole))
    assert np.isfinite(lr.published_likelihood(path)({"mu": 1.0}))


def test_small_integers_of_numpy():
    "They overflow when they are multiplied; settings keep Python's."
    settings = lr.Training(epochs=np.int8(100), batch=np.int8(100), patience=np.int8(3)), Dense(np.int8(100), (np.int8(100),), outputs=np.int8(2)), lr.Recipe(members=np.int8(100), threads=np.int8(2))
    assert all(type(value) is int for one, names in zip(settings, (("epochs", "batch", "patience"), ("n_features", "outputs"), ("members", "threads"))) for value in (getattr(one, name) for name in names))
    assert settings[1].size == 101 * 100 + 101 * 2


def test_two_runs_end_at_once(tmp_path):
    "Folders that take the same place at the same time: one of them is there in the end, whole, and nobody fails."
    wrong = []

    def put(k):
        for i in range(100):
            work = tmp_path / f".a.{k}.{i}"
            work.mkdir()
            for name in "bc":
                (work / name).write_text(f"{k} {i}")
            try:
                run.replace_folder(tmp_path / "a", work)
            except OSError as error:
                wrong.append(error)

    threads = [threading.Thread(target=put, args=[k]) for k in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong and [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "b").read_text() == (tmp_path / "a" / "c").read_text()


@pytest.mark.parametrize("text", ['{"files": {}, "key": ""}', '{"files": {}, "key": "", "records": "abc"}', '{"files": {}, "key": "", "records": [], "chapter": "a"}',
                                  '{"files": {}, "key": "", "records": [{"name": "x"}], "chapter": "a", "preset": "paper", "date": "", "machine": {"processor": "", "cores": 1}}'])
def test_results_without_a_seal_have_all_that_a_table_takes(tmp_path, text):
    (tmp_path / "12_a").mkdir()
    (tmp_path / "12_a" / "results.json").write_text(text)
    assert run.read_results(tmp_path / "12_a") is None or '"records": []' in text
    run.write_results(tmp_path, tmp_path / "RESULTS.md")
