"""Unfolding refuses what it cannot do in one line that names iteration and step, and replaces nothing by something that looks right."""

import numpy as np
import pytest

from lrguide import unfolding
from lrguide.arrays import Table, refusal
from lrguide.nets import Training
from lrguide.unfolding import Paired, Unfolding, iterative_bayes, load_unfolding, unfold
from malformed import COUNTS, EVENTS, NOTHING, NUMBERS, SEEDS, checks_of

rng = np.random.default_rng(0)
Z = rng.normal(0.2, 0.8, 1500)
X = Z + rng.normal(0, 0.5, 1500)
DATA = rng.normal(0, 1.1, 1000)
SHORT = dict(iterations=1, hidden=(8,), training=Training(2, 250, rate=0.01), rng=1)
PAIRED, ROUND = Paired(Z, X), unfold(Paired(Z, X), DATA, members=2, **SHORT)
FEW = dict(truth=np.arange(3.0), reco=np.arange(3.0), reconstructed=[1, 1, 0], fiducial=[True, False, True])
MASKS = {"text": "a", "short": [True], "two": [0, 1, 2], "nan": [np.nan, 1, 1], "none": [0, 0, 0], "object": NOTHING, "number": 1.0}
no_huge = {kind: value for kind, value in COUNTS.items() if kind != "huge"}

CALLS = {
    "gaussian_iterations": (unfolding.gaussian_iterations, dict(prior_mean=0.2, prior_width=0.8, smearing=0.5, data_mean=0.0, data_width=1.0, iterations=2),
                            dict(prior_mean=NUMBERS, prior_width={**NUMBERS, "zero": 0.0}, smearing={**NUMBERS, "zero": 0.0}, data_width={**NUMBERS, "negative": -1.0}, iterations=COUNTS)),
    "iterative_bayes": (iterative_bayes, dict(response=np.eye(2) / 2, counts=[3, 4], prior=[1, 2], iterations=2),
                        dict(response={"None": None, "text": "a", "nan": [[np.nan, 0], [0, 1]], "flat": [1, 0], "above one": np.ones((2, 2)), "negative": -np.eye(2)},
                             counts={"short": [1], "nan": [np.nan, 1], "negative": [-1, 1]}, prior={"short": [1], "empty": [0, 1], "inf": [np.inf, 1]}, iterations=COUNTS)),
    "Paired": (Paired, FEW, dict(truth=EVENTS, reco={**EVENTS, "short": [1.0]}, reconstructed=MASKS, fiducial=MASKS)),
    "binned_response": (unfolding.binned_response, dict(simulation=PAIRED, truth_edges=[0.0, 1.0], reco_edges=[0.0]),
                        dict(simulation={"None": None, "number": 1.0, "text": "a", "object": NOTHING}, truth_edges={"text": "a", "falling": [1.0, 0.0], "nan": [np.nan], "empty bin": [50.0, 51.0]}, reco_edges={"text": "a", "two axes": [[1.0]]})),
    "unfold": (lambda simulation=PAIRED, data=DATA, members=1, iterations=1, rng=1, **more: unfold(simulation, data, members=members, **SHORT | dict(iterations=iterations, rng=rng) | more),
               dict(simulation=PAIRED, data=DATA, members=1, iterations=1, rng=1, hidden=(8,), loss="cross-entropy", factors=None),
               dict(simulation={"None": None, "table": Table(Z), "text": "a"}, data={**EVENTS, "features": np.ones((5, 2)), "empty": np.zeros(0), "no weight": Table(DATA, weight=0 * DATA)},
                    members=no_huge, iterations=no_huge, rng=SEEDS, hidden={"number": 3, "zero": (0,), "text": "a"}, loss={"None": 0, "text": "a"},
                    factors={"number": 1.0, "unknown": {"truth": np.ones((1, 1000))}, "short": {"data": np.ones((1, 3))}, "zero": {"data": np.zeros((1, 1000))}, "nan": {"data": np.full((1, 1000), np.nan)}})),
    "histogram": (ROUND.histogram, dict(values=Z, edges=[0, 1]), dict(values={"short": [1.0], "nan": np.full(1500, np.nan)}, edges={"one": [1], "falling": [1, 0], "text": "a", "nan": [0, np.nan], "infinite": [np.inf, np.inf, np.inf]})),
}


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS)


def test_disjoint_supports():
    assert "100 %" in refusal(unfold, PAIRED, DATA + 20, **SHORT)
    # in each feature by itself there is simulation, but not where the data are
    corners = rng.choice([-4.0, 4.0], (2000, 1)) * [1, 1] + rng.normal(0, 0.3, (2000, 2))
    line = refusal(unfold, Paired(corners, corners), corners * [1, -1], **SHORT | dict(training=Training(20, 100, rate=0.01)))
    assert "step 1 of iteration 1" in line


def test_weights_that_explode():
    narrow = rng.normal(0, 0.5, 2000)
    with pytest.raises(ValueError, match=r"effective size of at least 100 after step 1 of iteration 1, got"):
        unfold(Paired(narrow, narrow), rng.normal(1.45, 0.05, 300), **SHORT | dict(training=Training(20, 100, rate=0.02)))


def test_a_loss_that_is_not_finite():
    with pytest.raises(ValueError, match="finite loss in step 1 of iteration 1"):
        unfold(PAIRED, DATA, **SHORT | dict(training=Training(5, 100, rate=1e6)))


def test_the_total_is_that_of_the_data_over_the_efficiency():
    seen = np.arange(1500) % 4 > 0                                               # three in four, whatever the truth
    found = unfold(Paired(Z, X, seen), Table(DATA, weight=np.full(1000, 3.0)), members=3, bootstrap=True, **SHORT)
    np.testing.assert_allclose(found.weights[seen].sum(), 3000)
    np.testing.assert_allclose(found.weights.sum(), 4000, rtol=0.05)
    assert found.replicas.shape == (3, 1500) and np.isfinite(found.replicas).all()
    assert np.std(found.replicas[:, seen].sum(axis=1)) > 0                       # the bootstrap of the data moves the total


def test_agreement_from_the_start_takes_one_iteration():
    found = unfold(PAIRED, X[:1000], stop=True, **SHORT | dict(iterations=5))
    assert len(found.by_iteration) == 1 and found.settings["iterations"] == 1


def test_factors_are_weights():
    twice = {"data": np.full((1, 1000), 2.0)}
    one, other = unfold(PAIRED, DATA, factors=twice, **SHORT), unfold(PAIRED, DATA, **SHORT)
    np.testing.assert_allclose(one.replicas, 2 * other.replicas, rtol=1e-5)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-5)


def test_same_seed_same_weights():
    # single precision: on a busy machine the threads of a product may share it out in another way (8e-8 seen)
    np.testing.assert_allclose(unfold(PAIRED, DATA, members=2, **SHORT).replicas, ROUND.replicas, rtol=1e-6)


def test_a_file_is_read_back_or_refused(tmp_path):
    path = tmp_path / "a.h5"
    named = unfold(Paired({"z": Z}, {"x": X}), {"x": DATA}, **SHORT)
    named.save(path, {"half": (Z / 2, "half of z")})
    again = load_unfolding(path)
    assert again.truth.names == ("z",) and again.settings["definitions"] == {"half": "half of z"}
    np.testing.assert_array_equal(again.truth.also["half"], Z / 2)
    np.testing.assert_array_equal(again.weights, named.weights)
    for values in ({"half": Z}, {"half": (Z[1:], "half")}, {"half": (Z, "")}, "a"):
        refusal(named.save, tmp_path / "b.h5", values)
    assert not (tmp_path / "b.h5").exists()
    (tmp_path / "c.h5").write_text("no")
    assert "c.h5" in refusal(load_unfolding, tmp_path / "c.h5")
    with pytest.raises(FileNotFoundError):
        load_unfolding(tmp_path / "none.h5")


def test_nan_among_weights_is_not_read(tmp_path):
    bad = Unfolding(ROUND.truth, np.where(np.arange(1500) == 7, np.nan, ROUND.weights), ROUND.replicas, ROUND.by_iteration, ROUND.chi2, {}, {})
    with pytest.raises(ValueError, match="weights"):
        bad.save(tmp_path / "nan.h5")


def test_requests_that_would_spoil_the_answer():
    x = np.random.default_rng(1).normal(size=600)
    ask = lambda **more: refusal(unfold, Paired(x, x), x, rng=1, **more)
    assert "members: expected at least 2" in ask(bootstrap=True)
    assert "bootstrap" in ask(bootstrap="no", members=3) and "stop" in ask(stop="no")
    assert "training: expected a number of epochs" in ask(training=Training(epochs=2, patience=1))


def test_names_of_observables_and_columns_of_the_simulation(tmp_path):
    x = np.random.default_rng(2).normal(size=600)
    done = unfold(Paired(Table(x, also={"mass": 2 * x}), x), x, iterations=1, training=Training(epochs=1, batch=100), rng=1)
    for name in ("p/T", "."):
        assert "observables: expected names without a slash" in refusal(done.save, tmp_path / "a.h5", {name: (x, "pT")})
    assert not list(tmp_path.iterdir())
    done.save(tmp_path / "a.h5", {"pT": (x, "momentum")})
    np.testing.assert_array_equal(load_unfolding(tmp_path / "a.h5").truth.also["mass"], 2 * x)


def some_sets(n, number, mean, seed, places=12):
    stream = np.random.default_rng(seed)
    there = np.arange(places) < stream.poisson(number, n).clip(0, places)[:, None]
    return np.stack([stream.normal(mean, 1, there.shape) * there, there], axis=2)


SETS = dict(iterations=1, hidden=(8,), particle=(8, 4), training=Training(2, 100, rate=0.01), rng=1)


def test_sets_on_either_side_and_with_other_filling(tmp_path):
    truth = some_sets(600, 3, 0, 1)
    sums = truth.sum(axis=1)
    for simulation, data in ((Paired(truth, truth), some_sets(500, 3.3, 0.1, 3, places=15)), (Paired(sums, truth), some_sets(500, 3.3, 0.1, 3, places=9)),
                             (Paired(truth, sums), some_sets(500, 3.3, 0.1, 3).sum(axis=1))):
        found = unfold(simulation, data, members=2, bootstrap=True, **SETS)
        assert found.replicas.shape == (2, 600) and np.isfinite(found.replicas).all()
        found.save(tmp_path / "sets.h5")
        np.testing.assert_array_equal(load_unfolding(tmp_path / "sets.h5").truth.x, simulation.truth.x)


def test_sets_that_cannot_be_unfolded():
    truth, none = some_sets(600, 3, 0, 1), np.zeros((600, 12, 2))
    holes = np.where(np.arange(600)[:, None, None] == 5, np.nan, truth)
    assert refusal(Paired, truth, none) == "reco: expected particles in some of the sets, got none"
    assert refusal(Paired, none, truth) == "truth: expected particles in some of the sets, got none"
    first = np.arange(600) < 300
    assert "reco: expected particles" in refusal(Paired, truth, np.where(first[:, None, None], 0.0, truth), first)              # none in a reconstructed event
    for sample in ((holes, truth), (truth, holes)):
        assert "expected" in refusal(Paired, *sample)
    paired = Paired(truth, truth)
    for data in (none, holes, truth.sum(axis=1), truth[..., [0, 0, 1]]):
        line = refusal(unfold, paired, data, **SETS)
        assert line.startswith("data: expected") and "\n" not in line
    assert "the number of particles" in refusal(unfold, paired, some_sets(500, 60, 0, 3, places=80), **SETS)
    assert "particle" in refusal(unfold, paired, truth, **SETS | dict(particle=()))


def test_an_event_may_lose_all_its_particles():
    truth = some_sets(600, 1, 0, 1)
    reco = truth * (np.random.default_rng(4).random((600, 12, 1)) < 0.5)
    assert (reco[..., 1].sum(axis=1) == 0).sum() > 100
    found = unfold(Paired(truth, reco), reco[::2], **SETS)
    np.testing.assert_allclose(found.weights.sum(), 300)


def profiled(n=800, values=40, **more):
    stream = np.random.default_rng(5)
    z, nu = stream.normal(0, 1, n), stream.choice(np.linspace(0.5, 1.5, values), n)
    measured = lambda z, nu: np.stack([z + stream.normal(0, 0.5, len(z)), z + 0.5 * nu * stream.normal(0, 1, len(z))], axis=1)
    ask = SHORT | dict(parameters={"smearing": (0.5, 1.5)}) | more
    return lambda reco=nu[:, None], **own: unfold(Paired(z, Table(measured(z, nu), reco), **own), measured(z[:400], 1.0), **ask)


def test_a_parameter_of_the_detector_is_profiled_and_kept(tmp_path):
    from lrguide.likelihood import Normal
    done = profiled(members=2, bootstrap=True, iterations=2)()
    assert done.nu.shape == (3, 2) and np.all((done.nu >= 0.5) & (done.nu <= 1.5)) and np.isfinite(done.weights).all()
    assert np.ptp(done.nu[-1]) > 0                                               # replicas have values of their own
    done.save(tmp_path / "a.h5")
    np.testing.assert_array_equal(load_unfolding(tmp_path / "a.h5").nu, done.nu)
    held = profiled(constraints=Normal("smearing", 0.7, 1e-3))()                 # a measurement that leaves no choice
    np.testing.assert_allclose(held.nu, 0.7, atol=0.01)
    wide = profiled(constraints=Normal("smearing", 0.7, 1e6))()
    np.testing.assert_allclose(wide.nu, profiled()().nu, atol=1e-9)
    assert ROUND.nu is None


def test_parameters_of_the_detector_that_are_refused():
    from lrguide.likelihood import Normal
    assert "the one parameter that reco.nu holds" in refusal(profiled(parameters=None))
    assert "the one parameter that reco.nu holds" in refusal(profiled(), None)
    two = {"smearing": (0.5, 1.5), "scale": (0.5, 1.5)}
    assert "the one parameter" in refusal(profiled(parameters=two), np.ones((800, 2)))
    assert "smearing: expected values in its range" in refusal(profiled(parameters={"smearing": (0.5, 1.0)}))
    assert "smearing" in refusal(profiled(parameters={"smearing": (1.0, 1.0)}))
    assert "at 12 values of smearing or more, with no gap above 20 % of its range, got 5" in refusal(profiled(values=5))
    assert "constraints: expected measurements of smearing, got one of scale" in refusal(profiled(constraints=Normal("scale", 1, 0.1)))
    assert "constraints" in refusal(profiled(constraints="smearing"))
    assert "constraints" in refusal(profiled(parameters=None, constraints=Normal("smearing", 1, 0.1)), None)
    assert "got fakes" in refusal(profiled(), fiducial=np.arange(800) > 3)


def test_the_simulation_has_to_cover_the_range_of_its_parameter():
    assert "got 40 with a gap of 75.6 %" in refusal(profiled(parameters={"smearing": (0.05, 6)}))       # 4.5 of 5.95, from 1.5 on
    nu = np.linspace(0.5, 1.5, 40)[np.arange(800) % 40, None]
    line = refusal(profiled(), nu, reconstructed=nu[:, 0] < 0.9)                 # values of which no event is seen do not count
    assert "got 16 with a gap of 61.5 %" in line and "\n" not in line
    middle = np.abs(nu[:, 0] - 1) > 0.15
    assert "with a gap of 33.3 %" in refusal(profiled(), nu, reconstructed=middle)
    profiled()(nu)


def test_a_parameter_that_depends_on_the_truth():
    stream = np.random.default_rng(6)
    z, free = stream.normal(0, 1, 2000), stream.uniform(0.5, 1.5, 2000)
    near = np.argsort(np.argsort(stream.normal(0, 1, 2000) + 0.3 * z)) / 2000 + 0.5
    edges = np.sort(free)[np.argsort(np.argsort(np.where(np.abs(z) > 0.7, 1, 0) + stream.random(2000) / 2))]
    folded = 1 + stream.choice([-1, 1], 2000) * (edges - 0.5) / 2                # no correlation with u, but with its square
    x = {"energy": stream.normal(0, 1, 2000), "mass": z**2}
    ask = lambda nu, **own: refusal(unfold, Paired(x, Table(z, nu[:, None]), **own), z, **SHORT | dict(parameters={"smearing": (0.5, 1.5)}))
    line = ask(folded)
    assert line.startswith("parameters: expected values of smearing that do not depend on the truth, got a correlation with mass of") and "\n" not in line
    assert "a correlation with x[0] of" in refusal(unfold, Paired(z, Table(z, near[:, None])), z, **SHORT | dict(parameters={"smearing": (0.5, 1.5)}))
    unfold(Paired(x, Table(z, free[:, None])), z, **SHORT | dict(parameters={"smearing": (0.5, 1.5)}))
    sets = some_sets(2000, 3, 0, 7)
    tied = 0.5 + np.clip(sets[..., 1].sum(axis=1) / 12 + stream.uniform(0, 0.7, 2000), 0, 1)
    assert "a correlation with the number of particles" in refusal(unfold, Paired(sets, Table(z, tied[:, None])), z, **SETS | dict(parameters={"smearing": (0.5, 1.5)}))


def test_values_of_a_parameter_that_nobody_would_look_at():
    assert refusal(unfold, PAIRED, Table(DATA, np.ones((1000, 1))), **SHORT) == "data: expected no nu, only reco can have values of a parameter of the detector, got 1 of them for each event"
    assert refusal(unfold, Paired(Table(Z, np.ones((1500, 2))), X), DATA, **SHORT).startswith("truth: expected no nu")


def test_a_level_that_is_negative(monkeypatch):
    monkeypatch.setattr(unfolding.DetectorProfile, "levelled", lambda profile, ratio, weight: np.where(np.arange(ratio.shape[1]) < 3, -0.1, ratio))
    assert "nowhere negative, with a mean of about 1, in step 1 of iteration 1, at each value of the parameter" in refusal(profiled())


def test_a_damaged_parameter_is_not_read(tmp_path):
    import h5py
    from lrguide.likelihood import Normal
    done = profiled(members=2, constraints=Normal("smearing", 1.0, 0.2))()
    assert done.settings["constraints"] == [repr(Normal("smearing", 1.0, 0.2))]
    for other in (done.nu[:1], done.nu[:, :1], np.full((2, 2), np.nan), None):
        done.save(tmp_path / "a.h5")
        with h5py.File(tmp_path / "a.h5", "a") as file:
            assert "/nu" in file.attrs["readme"]
            del file["nu"]
            if other is not None:
                file["nu"] = other
        assert "(nu: not a number for each iteration and replica)" in refusal(load_unfolding, tmp_path / "a.h5")


def test_an_end_of_the_range_is_told():
    from lrguide.likelihood import Normal
    with pytest.warns(UserWarning, match="parameters: expected likeliest values inside the range of smearing, got an end of it in 1 of 1 members"):
        profiled(constraints=Normal("smearing", 2.5, 1e-3))()
