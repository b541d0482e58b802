"""Events with tau pairs: what their generator promises, and what is refused."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lrguide import data, taupairs

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def pairs():
    pytest.importorskip("pythia8mc")
    return taupairs.generate_pairs(150, rng=3)


def test_the_same_seed_gives_the_same_events(pairs):
    again = taupairs.generate_pairs(150, rng=3)
    for name in data.PRIMARY:
        assert_array_equal(again.primary[name], pairs.primary[name])
    assert again.facts == pairs.facts and not np.array_equal(taupairs.generate_pairs(150, rng=4).weight, pairs.weight)


def test_every_event_is_of_the_selection(pairs):
    events = pairs.events()
    assert 75 < len(pairs) < 300 and set(pairs.of("name")) <= set(taupairs.SOURCES)
    assert events.column("PRI_tau_pt").min() > data.TAU_PT and events.column("PRI_lep_pt").min() > data.LEPTON_PT
    assert np.nanmin(events.column("PRI_jet_subleading_pt")) > data.JET_PT and events.column("DER_deltar_tau_lep").min() > 0.5
    for name in data.FEATURES:
        assert_array_equal(np.isnan(events.column(name)), events.jets < data.jets_needed(name))
    assert (pairs.weight > 0).all() and (events.weight > 0).all()
    assert_allclose(pairs.events(10.0).weight, 2 * events.weight)
    many = events.column("PRI_jet_all_pt") - np.nan_to_num(events.column("PRI_jet_leading_pt")) - np.nan_to_num(events.column("PRI_jet_subleading_pt"))
    assert (np.abs(many[events.jets < 3]) < 1e-9).all() and (many[events.jets == 3] > data.JET_PT).all()


def test_the_shares_are_those_of_the_sample():
    assert sum(source.share for source in taupairs.SOURCES.values()) == pytest.approx(1)
    plan = taupairs._plan(100_000, 1)
    for name, source in taupairs.SOURCES.items():
        own = [block for block in plan if block[0] == name]
        assert sum(block[1] for block in own) * source.passing == pytest.approx(100_000 * source.share, rel=1e-3)
        assert np.ptp(np.bincount([block[3] % len(source.turns) for block in own])) == 0
    assert len({block[2] for block in plan}) == len(plan)


@pytest.mark.parametrize("kind", ["pair", "fake"])
def test_a_detector_without_events(kind):
    source = next(one for one in taupairs.SOURCES.values() if one.kind == kind)
    empty = taupairs.Truth(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 8, 3)), np.zeros(0, int), np.zeros(0, bool), np.zeros(0, complex), np.zeros(0, int))
    columns, weight, rows = taupairs.measured(empty, source, np.random.default_rng(1))
    assert len(weight) == len(rows) == 0 and set(columns) == set(data.PRIMARY)


def test_fakes_have_the_probability_that_is_asked():
    """An event whose one jet can be a tau, at several momenta: kept and weighted as the probability says."""
    n, rng = 40_000, np.random.default_rng(5)
    for pt in (60.0, 150.0):
        jets = np.full((n, 8, 3), np.nan)
        jets[:, 0] = [pt, 0.3, 2.0]
        taus, chance = taupairs._fakes(jets, np.tile([40.0, 0.0, 0.0], (n, 1)), rng)
        expected = taupairs.fake_probability(taus[:, 0]) / taupairs.fake_probability(0.0)
        assert_allclose(chance, expected)
        assert abs((taus[:, 0] / pt).mean() - 0.8) < 5 * 0.08 / np.sqrt(n)
    beside, chance = taupairs._fakes(jets, np.tile([40.0, 0.3, 2.1], (n, 1)), rng)  # a jet beside the lepton is none
    assert np.isnan(beside).all() and not chance.any()


def test_bad_numbers_are_refused():
    for wrong in (99, 0, -1, 2.5):
        with pytest.raises((ValueError, TypeError), match="^n_events: expected"):
            taupairs.generate_pairs(wrong, rng=1)
    with pytest.raises(ValueError, match="^workers: expected"):
        taupairs.generate_pairs(100, rng=1, workers=0)


def test_without_a_generator_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    from lrguide import collider
    collider._blank.cache_clear()
    with pytest.raises(ImportError, match="collider"):
        taupairs.generate_pairs(100, rng=1)


def lrguide(*words, **variables):
    return subprocess.run([sys.executable, "-m", "lrguide", "data", *words], text=True, capture_output=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)} | variables)


def test_the_command(tmp_path):
    pytest.importorskip("pythia8mc")
    done = lrguide("htautau", "--events", "150", "--seed", "3", LRGUIDE_DATA=str(tmp_path / "new"))
    path = tmp_path / "new" / data.HTAUTAU
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"{path}: ") and sorted(path.parent.iterdir()) == [path]
    found = data.htautau_content(path)
    assert found["facts"]["command"] == "lrguide data htautau --events 150 --seed 3"
    made = taupairs.generate_pairs(150, rng=3)
    assert len(made) == len(found["process"]) and len(data.read_htautau(path)) == len(made)
    assert_allclose(data.read_htautau(path).totals[0], made.events().totals[0], rtol=1e-9)  # halves and thirds are kept
    assert_allclose(data.read_htautau(path).totals[1], made.events().totals[1], rtol=0.01)
    before = path.read_bytes()
    again = lrguide("htautau", "--events", "150", LRGUIDE_DATA=str(path.parent))
    assert again.returncode == 2 and len(again.stderr.splitlines()) == 1 and again.stdout == ""
    assert f"{path}: expected no file yet, got one of {len(made):,} events" in again.stderr and "--to" in again.stderr and path.read_bytes() == before


def test_the_command_refuses_in_one_line(tmp_path):
    for words, message in [(["htautau", "--events", "5"], "n_events: expected"), (["htautau", "--url", "http://a"], "--url: expected nothing for htautau"),
                           (["higgsml", "--events", "5"], "--events: expected nothing for higgsml"), (["htautau", "--seed", "-1"], "seed: expected"),
                           (["htautau", "--workers", "0"], "workers: expected")]:
        done = lrguide(*words, LRGUIDE_DATA=str(tmp_path))
        assert done.returncode == 2 and done.stdout == "" and message in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_sample_has_a_place_before_it_is_made(tmp_path, monkeypatch):
    pytest.importorskip("pythia8mc")
    monkeypatch.setattr(taupairs, "generate_pairs", lambda *_, **__: pytest.fail("nothing should be made"))
    (tmp_path / "there").write_text("something")
    with pytest.raises(ValueError, match="expected the name of a file, got a folder"):
        taupairs.make_htautau(100, tmp_path)
    with pytest.raises(ValueError, match="expected no file yet, got another one"):
        taupairs.make_htautau(100, tmp_path / "there")
    with pytest.raises(OSError):
        taupairs.make_htautau(100, tmp_path / "there" / "a.npz.xz")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: (_ for _ in ()).throw(PermissionError("no")))
    with pytest.raises(PermissionError):
        taupairs.make_htautau(100, tmp_path / "a.npz.xz")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_the_extra_is_asked_for_before_a_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastjet", None)
    with pytest.raises(ImportError, match="collider"):
        taupairs.make_htautau(100, tmp_path / "new" / "a.npz.xz")
    assert not list(tmp_path.iterdir())


def test_a_hook_that_nobody_keeps_is_kept():
    """Pythia itself holds no reference to a hook in Python, and would go on without it."""
    pytest.importorskip("pythia8mc")
    from lrguide.collider import pythia
    made = pythia(taupairs.SOURCES["Z"].collides, seed=51, hook=taupairs._hook(taupairs._KEEP["taus"]))
    for one in made.nextBatch(40).prt:
        pts = np.hypot(one.p.px, one.p.py)[(abs(one.id) == 15) & (one.status > 0)]
        assert np.sort(pts)[-1] > 25 and np.sort(pts)[-2] > 17
