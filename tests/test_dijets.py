"""The sample of dijets: what is in the package, what its generator promises, and what is refused."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lrguide import dijets, files
from lrguide.arrays import Table

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = files.package_folder() / dijets.DIJETS  # not what somebody may have made
FACTS = {"samples": {}}


def few(n: int = 50, seed: int = 1) -> dict[str, Table]:
    """Small samples of numbers like those of dijets."""
    rng = np.random.default_rng(seed)
    x = lambda: np.column_stack([2800 + rng.exponential(600, n), rng.gamma(4, 40, n), rng.gamma(1, 150, n), rng.uniform(0, 1, (n, 2))])
    return dijets._tables({name: x() for name in dijets.DIJET_SAMPLES})


@pytest.fixture(scope="module")
def made():
    pytest.importorskip("pythia8mc")
    return dijets.generate_dijets(100, rng=3)


# --- the file in the package ---------------------------------------------------------------------------------------------------


def test_the_packaged_events_are_what_their_text_says():
    text, found = PACKAGED.with_name("dijets.txt").read_text(), dijets.dijets_content(PACKAGED)
    assert PACKAGED.stat().st_size < 1.6e6
    words = [hashlib.sha256(PACKAGED.read_bytes()).hexdigest(), found["facts"]["command"], f"{len(found['sample']):,} events", found["facts"]["pythia8mc"]]
    tables = dijets.read_dijets(PACKAGED)
    for word in [*words, *(f"{len(table):,}" for table in tables.values()), *(f"{one['collisions']:,}" for one in found["facts"]["samples"].values())]:
        assert word in text, word
    assert list(tables) == ["data", "simulation", "signal"] and sum(map(len, tables.values())) == len(found["sample"])
    for name, table in tables.items():
        assert table.names == ("lighter_mass", "mass_difference", "tau21_heavier", "tau21_lighter") and list(table.also) == ["m_jj"]
        assert table.also["m_jj"].min() >= dijets.LOWEST_M_JJ and (table.x >= 0).all() and table.x[:, 2:].max() < 1.1
        one = found["facts"]["samples"][name]
        assert one["settings"] == dict(dijets.DIJET_SAMPLES[name].settings) and len(table) + sum(one["below"]) <= one["collisions"]
        assert one["collisions"] == sum(block[1] for block in found["facts"]["blocks"] if block[0] == name)
    assert len({block[2] for block in found["facts"]["blocks"]}) == len(found["facts"]["blocks"])


def test_the_packaged_events_are_physics():
    tables = dijets.read_dijets(PACKAGED)
    assert abs(np.median(tables["signal"].also["m_jj"]) - 3400) < 100 and abs(np.median(tables["signal"].x[:, 0]) - 115) < 25
    for name in ("data", "simulation"):
        counts = np.histogram(tables[name].also["m_jj"], np.arange(2800, 5201, 400))[0]
        assert (np.diff(counts) < -0.25 * counts[:-1]).all()  # a falling spectrum
    mean = {name: table.x.mean(axis=0) for name, table in tables.items()}
    assert -0.2 < mean["data"][0] / mean["simulation"][0] - 1 < -0.03 and (mean["signal"][2:] < 0.8 * mean["data"][2:]).all()


def test_a_block_of_the_package_is_made_again():
    pytest.importorskip("pythia8mc")
    found = dijets.dijets_content(PACKAGED)
    name, n, seed = found["facts"]["blocks"][0]
    assert name == "data"
    x = dijets._block(name, n, seed)
    x = x[x[:, 0] >= dijets.LOWEST_M_JJ]
    for k, (feature, step) in enumerate(found["facts"]["steps"].items()):  # the last bits may depend on the processor
        assert np.mean(found[feature][:len(x)] == x[:, k] // step) > 0.99


# --- writing and reading -------------------------------------------------------------------------------------------------------


def test_a_trip_through_the_file(tmp_path):
    tables, path = few(), tmp_path / "a.npz.xz"
    dijets.write_dijets(path, tables, FACTS)
    back = dijets.read_dijets(path)
    for name, table in tables.items():
        assert len(back[name]) == len(table) and back[name].names == table.names
        assert np.abs(back[name].also["m_jj"] - table.also["m_jj"]).max() < dijets.DIJET_STEPS["m_jj"]
        assert (np.abs(back[name].x - table.x).max(axis=0) < [dijets.DIJET_STEPS[one] for one in table.names]).all()
        assert_array_equal(dijets.read_dijets(path)[name].x, back[name].x)
    codes, again = dijets._in_cells(tables), dijets._in_cells(back)
    assert all(np.array_equal(codes[name], again[name]) for name in codes)


def test_a_sample_may_be_empty(tmp_path):
    tables = few()
    tables["signal"] = tables["signal"][:0]
    dijets.write_dijets(tmp_path / "a", tables, FACTS)
    assert len(dijets.read_dijets(tmp_path / "a")["signal"]) == 0


def changed(tables, name="data", feature=None, value=0.0):
    table = tables[name]
    x, m = table.x.copy(), table.also["m_jj"].copy()
    if feature == "m_jj":
        m[0] = value
    else:
        x[0, table.names.index(feature)] = value
    return tables | {name: Table(x, also={"m_jj": m}, names=table.names)}


@pytest.mark.parametrize("feature, value", [("m_jj", 2799.9), ("m_jj", 70_000.0), ("lighter_mass", -1.0), ("mass_difference", 40_000.0), ("tau21_heavier", -0.1)])
def test_what_does_not_fit_is_refused(tmp_path, feature, value):
    with pytest.raises(ValueError, match=f"^{feature}: expected numbers in .* got .*1 such events"):
        dijets.write_dijets(tmp_path / "a", changed(few(), feature=feature, value=value), FACTS)
    assert not list(tmp_path.iterdir())


def test_other_tables_are_refused(tmp_path):
    tables = few()
    one = tables["data"]
    for wrong in ({"data": one}, tables | {"more": one}, tables | {"data": Table(one.x, names=one.names)}, tables | {"data": Table(one.x, also={"m_jj": one.also["m_jj"]})},
                  dict(reversed(tables.items()))):
        with pytest.raises(ValueError, match="^tables: expected data, simulation, signal"):
            dijets.write_dijets(tmp_path / "a", wrong, FACTS)


@pytest.mark.parametrize("change", [{"sample": np.full(150, 3, np.uint8)}, {"sample": np.zeros(150)}, {"m_jj": np.zeros(150)}, {"m_jj": np.zeros(3, np.uint16)},
                                    {"facts": [1]}, {"facts": {}}, {"facts": {"steps": {"m_jj": 1.0}}}, {"facts": {"steps": dict.fromkeys(dijets.DIJET_STEPS, -1.0)}}])
def test_another_file_is_refused_in_one_line(tmp_path, change):
    columns, facts = dijets._in_cells(few()), {"steps": dijets.DIJET_STEPS}
    files.write_columns(tmp_path / "good", columns, facts)
    dijets.read_dijets(tmp_path / "good")
    content = columns | {"facts": facts} | change
    assert dijets._fault(content)
    content.pop("m_jj")
    assert dijets._fault(content) == "no m_jj"
    (tmp_path / "bad").write_bytes((tmp_path / "good").read_bytes()[:200])
    for path, message in ((tmp_path / "bad", "expected a file that `write_dijets` wrote, got"), (tmp_path / "none", "No such file")):
        with pytest.raises(ValueError, match=message) as refused:
            dijets.read_dijets(path)
        assert "\n" not in str(refused.value)


def test_a_sample_that_was_made_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("LRGUIDE_DATA", str(tmp_path))
    assert len(dijets.read_dijets()["data"]) == len(dijets.read_dijets(PACKAGED)["data"])
    dijets.write_dijets(tmp_path / dijets.DIJETS, few(), FACTS)
    assert len(dijets.read_dijets()["data"]) == 50
    from lrguide import run
    assert run._samples({"dijets": ""})[0][0] == dijets.DIJETS and len(run._samples({"dijets": ""})) == 1 and run._samples({}) is None


# --- generation ----------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_events_for_any_number_of_workers(made):
    again = dijets.generate_dijets(100, rng=3, workers=2)
    for name, table in made[0].items():
        assert_array_equal(again[0][name].x, table.x)
        assert_array_equal(again[0][name].also["m_jj"], table.also["m_jj"])
    assert again[1] == made[1]
    assert dijets._plan(100, 3) != dijets._plan(100, 4)


def test_a_plan_has_all_collisions_and_no_seed_twice():
    plan = dijets._plan(90_000, 1)
    for name, n in (("data", 90_000), ("simulation", 90_000), ("signal", 12_000)):
        sizes = [size for one, size, _ in plan if one == name]
        assert sum(sizes) == n and max(sizes) <= 500
    assert len({seed for _, _, seed in plan}) == len(plan)


def test_kept_events_and_counted_ones(made):
    tables, facts = made
    for name, n in (("data", 100), ("simulation", 100), ("signal", 13)):
        one = facts["samples"][name]
        assert one["collisions"] == n and 0.3 * n < len(tables[name]) <= n - sum(one["below"])
        assert (tables[name].also["m_jj"] >= dijets.LOWEST_M_JJ).all()


def test_bad_numbers_are_refused():
    for wrong in (99, 0, -1, 2.5):
        with pytest.raises((ValueError, TypeError), match="^n_events: expected"):
            dijets.generate_dijets(wrong, rng=1)
    with pytest.raises(ValueError, match="^workers: expected"):
        dijets.generate_dijets(100, rng=1, workers=0)


def test_the_extra_is_asked_for_before_a_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastjet", None)
    with pytest.raises(ImportError, match="collider"):
        dijets.make_dijets(100, tmp_path / "new" / "a.npz.xz")
    assert not list(tmp_path.iterdir())


def test_a_sample_has_a_place_before_it_is_made(tmp_path, monkeypatch):
    pytest.importorskip("pythia8mc")
    monkeypatch.setattr(dijets, "generate_dijets", lambda *_, **__: pytest.fail("nothing should be made"))
    (tmp_path / "there").write_text("something")
    for path, message in ((tmp_path, "the name of a file, got a folder"), (tmp_path / "there", "no file yet, got another one")):
        with pytest.raises(ValueError, match=f"expected {message}"):
            dijets.make_dijets(100, path)
    with pytest.raises(OSError):
        dijets.make_dijets(100, tmp_path / "there" / "a.npz.xz")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_the_command(tmp_path, made):
    lrguide = lambda *words: subprocess.run([sys.executable, "-m", "lrguide", "data", "dijets", *words], text=True, capture_output=True,
                                            env=os.environ | {"PYTHONPATH": str(ROOT), "LRGUIDE_DATA": str(tmp_path / "new")})
    done, path = lrguide("--events", "100", "--seed", "3"), tmp_path / "new" / dijets.DIJETS
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"{path}: ") and sorted(path.parent.iterdir()) == [path]
    assert dijets.dijets_content(path)["facts"]["command"] == "lrguide data dijets --events 100 --seed 3"
    for name, table in dijets.read_dijets(path).items():
        assert_allclose(table.also["m_jj"], made[0][name].also["m_jj"], atol=1)
    for words, message in ((("--events", "100"), "expected no file yet, got one of"), (("--events", "5"), "n_events: expected"), (("--url", "http://a"), "--url: expected nothing for dijets")):
        again = lrguide(*words)
        assert again.returncode == 2 and again.stdout == "" and message in again.stderr and len(again.stderr.splitlines()) == 1
