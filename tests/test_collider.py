"""Collisions: what is refused, what is missing, and samples that do not depend on how they were made."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import lrguide as lr
from lrguide import collider

awkward = pytest.importorskip("awkward")
pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")


@pytest.fixture(scope="module")
def events():
    return collider.generate("Z", 30, rng=1)


@pytest.mark.parametrize("settings, words", [
    ({"TimeShower:alphaSvalu": 0.12}, "did you mean TimeShower:alphaSvalue"),
    ({"TimeShower:alphaSvalue": 0.3}, "expected a number in [0.06, 0.25], got 0.3"),
    ({"TimeShower:alphaSvalue": [0.12, 0.3]}, "expected a number in [0.06, 0.25], got 0.3"),
    ({"TimeShower:alphaSvalue": float("nan")}, "TimeShower:alphaSvalue"),
    ({"TimeShower:alphaSvalue": "0.12"}, "TimeShower:alphaSvalue"),
    ({"TimeShower:alphaSvalue": np.ones((2, 2)) / 8}, "expected several"),
    ({"TimeShower:alphaSvalue": []}, "expected several"),
    ({"Random:seed": 1}, "the seed is `rng`"),
    ({"34:m1": 3}, "understands, got 34:m1 = 3"),
    ({"": 3}, "settings"),
    ({3: 3}, "settings"),
    ("TimeShower:alphaSvalue = 0.12", "settings"),
])
def test_settings_that_pythia_would_pass_over(settings, words):
    with pytest.raises((TypeError, ValueError)) as refusal:
        collider.generate("Z", 10, settings, rng=1)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_process_in_which_every_event_fails(monkeypatch):
    "A charged particle that is to decay into a neutral pair; of a batch of three."
    monkeypatch.setitem(collider.PROCESSES, "W'", replace(collider.PROCESSES["W'"], batch=3))
    with pytest.raises(RuntimeError, match="expected collisions, got none in 3 attempts of W'"):
        collider.generate("W'", 1, {"34:oneChannel": "1 1.0 103 23 23", "34:doForceWidth": "on"}, rng=1)


def test_other_arguments():
    for arguments in (dict(process="ttbar"), dict(n_events=0), dict(n_events=2.5), dict(rng=-1), dict(workers=0), dict(rng=None)):
        with pytest.raises((TypeError, ValueError), match="expected"):
            collider.generate(**{**dict(process="Z", n_events=3, rng=1), **arguments})


def test_without_a_generator():
    "As on a machine without the extra: one line that names it."
    code = "import sys; sys.modules['pythia8mc'] = None\nfrom lrguide import collider\ncollider.generate('Z', 3, rng=1)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr.strip().splitlines()[-1]
    assert told == "ImportError: collider: expected pythia8mc to be installed (the extra `collider`: pip install -e '.[collider]')"


def test_events_without_particles(events):
    nothing = collider.Collisions(events.particles[:, :0])
    assert collider.sets(nothing).shape == (30, 1, 5) and not collider.multiplicity(nothing).any()
    assert np.isnan(collider.thrust(nothing)).all() and np.isnan(collider.energy_correlation(nothing, [-1, 1])).all()
    assert len(collider.dijet_table(nothing)) == 0 and len(collider.dijet_table(events)) == 0        # jets of a Z are soft
    mixed = collider.Collisions(awkward.concatenate([nothing.particles[:2], events.particles[2:]]))
    np.testing.assert_array_equal(np.isnan(collider.thrust(mixed)), np.arange(30) < 2)
    np.testing.assert_allclose(collider.thrust(mixed)[2:], collider.thrust(events)[2:])
    assert (collider.durham_jets(mixed, 3)[..., 4].sum(axis=1) == np.where(np.arange(30) < 2, 0, 3)).all()


def test_a_network_of_sets_on_events_without_particles(events):
    x = collider.sets(events, ("E",))
    x[:3] = 0
    table = lr.Table(np.tile(x, (10, 1, 1)))
    ratio = lr.Ratio(members=1, rng=1, particle=(4, 2), hidden=(4,), training=lr.Training(epochs=1, batch=50), shares=(0.5, 0.5, 0.0)).fit(table, table[:270])
    assert np.isfinite(ratio.log_ratio(x)).all()
    wider = np.pad(x, ((0, 0), (0, 7), (0, 0)))
    np.testing.assert_allclose(ratio.log_ratio(wider), ratio.log_ratio(x), atol=1e-6)                # filling changes nothing
    with pytest.raises(ValueError, match="expected particles in some of the sets"):
        lr.Ratio(members=1, rng=1).fit(lr.Table(np.zeros((200, 3, 2))), lr.Table(np.zeros((190, 3, 2))))
    with pytest.raises(ValueError, match=r"x: expected sets \(n, p, 2\), got shape \(30, 3\)"):
        ratio.log_ratio(np.ones((30, 3)))


def test_a_saved_ratio_of_sets(events, tmp_path):
    table = lr.Table(np.tile(collider.sets(events, ("E", "cos_theta")), (10, 1, 1)), names=("E", "cos"))
    ratio = lr.Ratio(members=2, rng=1, particle=(4, 2), hidden=(4,), training=lr.Training(epochs=1, batch=50)).fit(table, table[:270])
    ratio.save(tmp_path / "r.npz")
    again = lr.load(tmp_path / "r.npz")
    np.testing.assert_array_equal(again.log_ratio(table), ratio.log_ratio(table))


def test_a_sample_does_not_depend_on_its_wave_of_work(events):
    again = collider.generate("Z", 30, rng=1, workers=2)
    np.testing.assert_array_equal(collider.sets(again), collider.sets(events))
    assert not np.array_equal(collider.sets(collider.generate("Z", 30, rng=2))[:, 0], collider.sets(events)[:, 0])
    np.testing.assert_array_equal(collider.sets(events[[3, 5]])[:, :20], collider.sets(events)[[3, 5], :20])


def test_files(events, tmp_path):
    collider.save_collisions(events, tmp_path / "a.parquet")
    back = collider.read_collisions(tmp_path / "a.parquet")
    assert back.facts == events.facts and awkward.array_equal(back.particles, events.particles)
    with pytest.raises(FileNotFoundError):
        collider.read_collisions(tmp_path / "b.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "c.parquet").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(ValueError, match="path: expected a file that `save_collisions` wrote"):
        collider.read_collisions(tmp_path / "c.parquet")


def test_events_with_weights_of_their_own_are_told():
    with pytest.raises(ValueError, match="weights=\\('Weight',\\)"):
        collider.generate("dijets", 5, {"PhaseSpace:bias2Selection": True}, rng=1)


def test_settings_from_numpy_are_saved(tmp_path):
    events = collider.generate("Z", 5, {"TimeShower:nGluonToQuark": np.int64(4), "TimeShower:alphaSvalue": np.float64(0.14), "PartonLevel:FSR": np.bool_(True)}, rng=1)
    collider.save_collisions(events, tmp_path / "a.parquet")
    assert collider.read_collisions(tmp_path / "a.parquet").facts["settings"] == {"TimeShower:nGluonToQuark": 4, "TimeShower:alphaSvalue": 0.14, "PartonLevel:FSR": True}


def summed(x):
    "The sums of the features of sets."
    return x[..., :-1].sum(axis=1)


def test_a_saved_ratio_whose_inputs_are_no_sets(events, tmp_path):
    table = lr.Table(np.tile(collider.sets(events, ("E", "cos_theta")), (10, 1, 1)))
    ratio = lr.Ratio(members=1, rng=1, hidden=(4,), training=lr.Training(epochs=1, batch=50), inputs=summed).fit(table, table[:270])
    ratio.save(tmp_path / "r.npz")
    np.testing.assert_array_equal(lr.load(tmp_path / "r.npz", inputs=summed).log_ratio(table), ratio.log_ratio(table))


def test_events_without_particles_know_the_parameter():
    x = np.zeros((400, 2, 2))
    x[:, 0] = [0.5, 1.0]
    x[::2] = 0
    nu = np.linspace(0, 1, 400)[:, None]
    ratio = lr.Ratio({"s": (0.0, 1.0)}, members=1, rng=1, particle=(4, 2), hidden=(4,), training=lr.Training(epochs=1, batch=50), normalise=None).fit(lr.Table(x, nu=nu), lr.Table(x))
    assert np.ptp([ratio.log_ratio(np.zeros((1, 2, 2)), [s])[0] for s in (0.0, 0.5, 1.0)]) > 0


def test_a_program_ends_that_has_generated_with_several_processes(tmp_path):
    "Also in a process of a pool, as notebooks are tested; processes that wait for more work would keep it for minutes."
    script = tmp_path / "pool.py"
    script.write_text("""
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

def work(n):
    from lrguide.collider import generate
    return len(generate("Z", n, {"TimeShower:alphaSvalue": [0.12, 0.14]}, rng=1, workers=2))

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        print(list(pool.map(work, [20])))
""")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=150)
    assert done.stdout.strip() == "[20]", done.stderr


@pytest.mark.parametrize("settings, words", [
    (dict(track_efficiency=1.1), "track_efficiency: expected a number in [0, 1], got 1.1"),
    (dict(track_pt=-1), "track_pt"), (dict(track_cosine=0), "track_cosine"), (dict(neutral_energy=float("nan")), "neutral_energy"), (dict(neutral_cosine="a"), "neutral_cosine"),
    (dict(scale=0), "scale"), (dict(smearing=-0.1), "smearing"), (dict(smearing=True), "smearing"),
    (dict(track_resolution=(0.1,)), "track_resolution: expected two numbers"), (dict(photon_resolution=(0.1, -1)), "photon_resolution"),
    (dict(hadron_resolution="ab"), "hadron_resolution"), (dict(hadron_resolution=None), "hadron_resolution"),
])
def test_detectors_that_are_none(settings, words):
    with pytest.raises((TypeError, ValueError)) as refusal:
        collider.Detector(**settings)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_what_a_detector_leaves(events, tmp_path):
    blind = collider.detected(events, collider.Detector(track_efficiency=0, neutral_energy=1e3), rng=1)
    assert len(blind) == 30 and not collider.sets(blind).any() and np.isnan(collider.thrust(blind)).all()
    seen = collider.detected(replace(events, also={"weight": np.arange(30.0)}), rng=1)
    assert seen.also["weight"].tolist() == list(range(30)) and seen.facts["settings"] == events.facts["settings"]
    assert collider.detected(events[:0], rng=1).particles.type.length == 0
    collider.save_collisions(seen, tmp_path / "a.parquet")
    assert collider.read_collisions(tmp_path / "a.parquet").facts == seen.facts
    x = collider.sets(seen, ("px", "py", "pz", "E", "charge"), which="all")
    assert np.isfinite(x).all() and set(np.unique(awkward.flatten(seen.particles.id))) == {-211, 22, 211}
    mass = np.sqrt(np.maximum(x[..., 3] ** 2 - np.sum(x[..., :3] ** 2, axis=2), 0))
    np.testing.assert_allclose(mass, 0.13957 * (x[..., 4] != 0), atol=0.02)                    # in single precision
    for arguments in ((seen,), (events, "a"), (events.particles,)):
        with pytest.raises((TypeError, ValueError), match="expected"):
            collider.detected(*arguments, rng=1)
    with pytest.raises(TypeError, match="rng"):
        collider.detected(events, rng=None)


def test_two_detectors_have_the_same_luck(events):
    "A worse detector smears each particle the same way, only further; so derivatives by its parameters have little noise."
    open_wide = dict(track_efficiency=0.9, track_pt=0, track_cosine=1, neutral_energy=0, neutral_cosine=1, hadron_resolution=(0.1, 0), photon_resolution=(0.02, 0))
    none, one, two = (collider.sets(collider.detected(events, collider.Detector(smearing=s, **open_wide), rng=5), ["E", "eta"]) for s in (0, 1, 2))
    assert none.shape == one.shape == two.shape
    order = [np.argsort(x[..., 1], axis=1) for x in (none, one, two)]
    none, one, two = (np.take_along_axis(x[..., 0], k, axis=1) for x, k in zip((none, one, two), order))
    np.testing.assert_allclose(two - none, 2 * (one - none), atol=0.1)


def test_jets_of_plain_momenta():
    """Two particles close to each other are one jet, a soft one is none, an event without particles has none."""
    p = np.array([[100.0, 0, 0, 100], [50, 5, 0, 50.25], [0, -80, 0, 80], [0, 0.5, 0, 0.5]])
    found = collider.antikt(p, np.array([3, 0, 1]), 3)
    assert found.shape == (3, 3, 4) and np.isnan(found[1:]).all() and np.isnan(found[0, 2]).all()
    np.testing.assert_allclose(found[0, :2], [p[0] + p[1], p[2]])
    assert collider.antikt(p[:0], np.zeros(0, int), 3).shape == (0, 3, 4)
    with pytest.raises(ValueError, match="^most: expected"):
        collider.antikt(p, np.array([4]), 0)
    for name, arguments in {"p": (p[:, :3], [4]), "p ": (p.ravel(), [4]), "p  ": (np.where(p == 80, np.nan, p), [4]), "number": (p, [3]), "number ": (p, [5]), "number  ": (p, [[4]]),
                            "number   ": (p, [3.5, 0.5]), "number    ": (p, [5, -1]), "number     ": (p, 4), "number      ": (p, [])}.items():
        with pytest.raises((TypeError, ValueError), match=f"^{name.strip()}: expected [^\n]*$"):
            collider.antikt(*arguments, 3)


def test_particles_and_resolutions_that_give_no_numbers(events):
    for name, value in (("px", np.nan), ("pz", np.inf), ("E", -1.0), ("E", np.nan)):
        column = awkward.where(awkward.local_index(events.particles.E) == 2, value, events.particles[name])
        with pytest.raises(ValueError, match="^collisions: expected particles with finite momenta and energies of at least 0[^\n]*$"):
            collider.detected(replace(events, particles=awkward.with_field(events.particles, column, name)), rng=1)
    with pytest.raises(ValueError, match="^detector: expected resolutions with which momenta stay finite, got [^\n]*$"):
        collider.detected(collider.generate("Z", 300, rng=2), collider.Detector(track_resolution=(2, 2), smearing=10), rng=1)
