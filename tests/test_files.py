"""Events from files and from memory: every format, size and selection against the arrays they were written from, and what is refused."""

import os
import pickle
import struct
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import awkward
import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from malformed import CHOICES, COUNTS, INF, NAN, THEIRS, cases, checks_of, refused

import lrguide as lr
from lrguide.arrays import is_checked, join
from lrguide.compact import compacted
from lrguide.files import Pieces, chunks, evenly, odd_values, pieces, sampled

TOY, FAMILY = lr.Resonance(0.08), lr.Resonance(None)
RNG = np.random.default_rng(1)
X = RNG.permutation(np.concatenate([TOY.sample("signal", 300, 2).x[:, 0], TOY.sample("background", 1700, 3).x[:, 0]]))
COLUMNS = {"zeta": X, "alpha": RNG.normal(size=2000).astype(np.float32), "weight": RNG.uniform(0.2, 2.0, 2000), "flag": RNG.random(2000) < 0.5, "run": np.arange(2000) // 300}
WANTED = dict(features=["zeta", "alpha", "run"], weight="weight")
MODEL = lr.Likelihood({"signal": lr.Process(300, FAMILY), "background": lr.Process(1700)}, {"mu": "signal"}, [lr.Normal("sigma", 0.08, 0.01)])


def write_root(path, columns, kind="mktree", tree="events", steps=1, compression=uproot.ZLIB(1)):
    with uproot.recreate(path, compression=compression) as file:
        made = getattr(file, kind)(tree, {name: column.dtype for name, column in columns.items()})
        for rows in np.array_split(np.arange(len(next(iter(columns.values())))), steps):
            made.extend({name: column[rows] for name, column in columns.items()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The columns in one Parquet file, a TTree, an RNTuple; in parts, of which one has its columns in another order; and files to refuse."""
    folder = tmp_path_factory.mktemp("files")
    pyarrow.parquet.write_table(pyarrow.table(COLUMNS), folder / "events.parquet", row_group_size=300)
    write_root(folder / "tree.root", COLUMNS, steps=3)
    write_root(folder / "ntuple.root", COLUMNS, "mkrntuple", steps=3)
    for number, rows in enumerate(np.array_split(np.arange(2000), 4)):
        part = {name: COLUMNS[name][rows] for name in (COLUMNS if number % 2 else reversed(COLUMNS))}
        if number < 2:
            pyarrow.parquet.write_table(pyarrow.table(part), folder / f"part_{number}.parquet")
        else:
            write_root(folder / f"part_{number}.root", part, ("mktree", "mkrntuple")[number % 2])
    pyarrow.parquet.write_table(pyarrow.table({"x": [1.0, NAN, 3.0], "missing": [1, None, 3], "flag": [True, None, False], "infinite": [INF, 0.0, 0.0], "text": ["a", "b", "c"], "lists": [[1.0], [], [2.0]],
                                               "deep": [{"x": 1.0}] * 3, "date": np.array([1, 2, 3], "M8[s]"), "good": [1.0, 2.0, 3.0]}), folder / "bad.parquet")
    with uproot.recreate(folder / "bad.root") as file:
        file.mktree("jets", {"pt": "var * float64", "pair": "2 * float64", "good": "float64"})
        file["jets"].extend({"pt": awkward.Array([[1.0], [2.0, 3.0]]), "pair": np.ones((2, 2)), "good": np.ones(2)})
    with uproot.recreate(folder / "two.root") as file:
        for name in ("signal", "deep/background"):
            file.mktree(name, {"x": "f8"}).extend({"x": np.full(2, float(len(name)))})
    with uproot.recreate(folder / "histogram.root") as file:
        file["h"] = np.histogram(X)
    (folder / "text.root").write_text("x\n1.0\n")
    (folder / "empty.parquet").write_bytes(b"")
    for name in ("events.parquet", "tree.root", "ntuple.root"):
        (folder / f"cut_{name}").write_bytes((folder / name).read_bytes()[:8000])
    return folder


FILES = {"parquet": "events.parquet", "tree": "tree.root", "ntuple": "ntuple.root", "parts": "part_?.*"}


@pytest.mark.parametrize("size", [7, 300, 301, 2**16])
@pytest.mark.parametrize("kind", FILES)
def test_events_are_those_that_were_written(folder, kind, size):
    data = pieces(folder / FILES[kind], size=size, **WANTED)
    assert len(data) == 2000
    for _ in range(2):                                      # it can be read again
        tables = list(data)
        read = join(*tables)
        assert read.names == ("zeta", "alpha", "run") and max(map(len, tables)) <= size
        np.testing.assert_array_equal(read.x, np.column_stack([COLUMNS[name] for name in WANTED["features"]]))
        np.testing.assert_array_equal(read.weight, COLUMNS["weight"])


@pytest.mark.parametrize("kind", FILES)
def test_a_cut_keeps_what_is_inside(folder, kind):
    data = pieces(folder / FILES[kind], ["flag", "zeta"], cut={"alpha": (-0.5, INF), "run": (1, 4)}, size=111)
    kept = (COLUMNS["alpha"] >= np.float32(-0.5)) & (COLUMNS["run"] >= 1) & (COLUMNS["run"] < 4)
    read = join(*data)
    assert len(data) == len(read) == kept.sum() > 100 and read.weight is None
    np.testing.assert_array_equal(read.x, np.column_stack([COLUMNS["flag"], X])[kept])
    none = pieces(folder / FILES[kind], "zeta", "weight", cut={"run": (99, 100)})
    assert len(none) == len(join(*none)) == 0 and join(*none).names == ("zeta",)


def test_several_files_and_patterns_keep_their_order(folder):
    order = ["part_3.root", "part_0.parquet", "part_?.root"]
    read = join(*pieces([folder / name for name in order], "zeta"))
    parts = np.split(X, 4)
    np.testing.assert_array_equal(read.x[:, 0], np.concatenate([parts[k] for k in (3, 0, 2, 3)]))


def test_trees_in_folders_and_files_without_events(folder, tmp_path):
    for tree in ("signal", "deep/background"):
        assert join(*pieces(folder / "two.root", "x", tree=tree)).x[:, 0].tolist() == [len(tree)] * 2
    nothing = {"x": np.zeros(0)}
    pyarrow.parquet.write_table(pyarrow.table(nothing), tmp_path / "none.parquet")
    write_root(tmp_path / "none.root", nothing)
    write_root(tmp_path / "none_either.root", nothing, "mkrntuple")
    for name in ("none.parquet", "none.root", "none_either.root", "none*"):
        data = pieces(tmp_path / name, "x")
        assert len(data) == 0 and [len(one) for one in data] == [0] and len(sampled(data, 10)[0]) == 0


def test_a_name_with_a_bracket_is_a_file_before_it_is_a_pattern(folder, tmp_path):
    path = tmp_path / "run[1].parquet"
    path.write_bytes((folder / "events.parquet").read_bytes())
    assert len(pieces(path, "zeta")) == 2000


@pytest.mark.parametrize("most", [1, 2, 700, 1999, 2000, 10**6])
def test_a_sample_is_evenly_from_everywhere(folder, most):
    data = pieces(folder / "part_*", "zeta", "weight", size=77)
    some, total = sampled(data, most)
    np.testing.assert_array_equal(some.x[:, 0], X[evenly(2000, most)])
    np.testing.assert_array_equal(some.weight, COLUMNS["weight"][evenly(2000, most)])
    np.testing.assert_allclose(total, COLUMNS["weight"].sum(), rtol=1e-12)


def test_they_can_be_sent(folder):
    data = pickle.loads(pickle.dumps(pieces(folder / "tree.root", "zeta", cut={"run": (0, 2)})))
    assert len(data) == len(join(*data)) == 600


@pytest.mark.parametrize("cut", [None, {"run": (1, 3)}])
def test_a_progress_bar_knows_the_total(folder, cut, monkeypatch, capsys):
    """Of Pieces, and of nothing when none is shown: then nothing is counted either."""
    import tqdm
    seen, original = [], tqdm.tqdm

    def watched(*args, total=None, disable=None, **kwargs):
        seen.append(original(*args, total=total, disable=True if disable else False, **kwargs))
        return seen[-1]
    monkeypatch.setattr(tqdm, "tqdm", watched)
    data = pieces(folder / "part_*", "zeta", cut=cut)
    n = sum(map(len, chunks(data, progress=True)))
    assert seen[-1].total == seen[-1].n == n == (600 if cut else 2000)
    assert str(n) in capsys.readouterr().err.replace(".00k", "000")
    list(chunks(iter(data), progress=True))
    assert seen[-1].total is None
    list(chunks(Pieces(data.read, lambda: pytest.fail("counted"))))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("size", [97, 2**16])
def test_a_compact_likelihood_of_files_is_that_of_the_table(folder, kind, size):
    table = lr.Table({"zeta": X}, weight=COLUMNS["weight"])
    whole, read = compacted(MODEL, table), compacted(MODEL, pieces(folder / FILES[kind], "zeta", "weight", size=size))
    np.testing.assert_allclose(list(read.box.values()), list(whole.box.values()), rtol=1e-12)
    one, other = whole.parts[0], read.parts[0]
    assert one.basis.degrees == other.basis.degrees and one.single.size == other.single.size
    np.testing.assert_allclose(other.coefficients, one.coefficients, rtol=0, atol=1e-12 * np.abs(one.coefficients).max())
    both = MODEL + lr.Likelihood({"signal": lr.Process(300, TOY), "background": lr.Process(1700)}, {"mu": "signal"})
    two = compacted(both, [pieces(folder / FILES[kind], "zeta", size=size), X]), compacted(both, [lr.Table({"zeta": X}), X])
    np.testing.assert_allclose(*(one.parts[0].coefficients for one in two), rtol=0, atol=1e-10)
    like = compacted(MODEL, pieces(folder / FILES[kind], "zeta", "weight", size=size), like=whole)
    np.testing.assert_allclose(like.parts[0].coefficients, one.coefficients, rtol=0, atol=1e-12 * np.abs(one.coefficients).max())


def test_a_file_that_holds_its_signal_first(tmp_path):
    """A sample of the first events would find ranges for another measurement."""
    x = np.sort(X)[::-1]
    pyarrow.parquet.write_table(pyarrow.table({"x": x}), tmp_path / "sorted.parquet", row_group_size=100)
    compact = compacted(MODEL, pieces(tmp_path / "sorted.parquet", "x", size=100))
    assert abs(compact.fit().nll - MODEL.fit(x).nll) < 2e-6


def test_a_scan_reads_files(folder):
    points = {"mu": np.linspace(0.5, 1.5, 4)[:, None], "sigma": [0.07, 0.08]}
    np.testing.assert_allclose(MODEL.scan(pieces(folder / "part_*", "zeta", size=300), points), MODEL.scan(X, points), rtol=1e-10)


def test_where_all_events_are_needed_pieces_are_refused(folder):
    data = pieces(folder / "events.parquet", "zeta")
    for call in (lambda: MODEL.fit(data), lambda: lr.limit(MODEL.fix(sigma=0.08), data), lambda: MODEL.on(data), lambda: lr.as_table(iter([X])), lambda: TOY.log_ratio(lr.as_table(data))):
        with pytest.raises(TypeError, match="^data: expected events in memory, got .*; compacted and scan take these$"):
            call()


REFUSED = [("nowhere.parquet", {}, "files: expected a file, or a pattern"), ("nowhere*.root", {}, "files: expected a file, or a pattern"), ("", {}, "files: expected a file, or a pattern"),
           ("text.root", {}, "files: expected ROOT, Parquet, CSV or NumPy"), ("empty.parquet", {}, "files: expected ROOT, Parquet, CSV or NumPy"), ("cut_events.parquet", {}, "files: expected a file that can be read"),
           ("histogram.root", {}, r"tree: expected one of the trees of histogram.root: \(none\)"), ("two.root", {}, "tree: expected one of .*signal, deep/background, got None"),
           ("two.root", {"tree": "data"}, "tree: expected one of .*signal, deep/background, got 'data'"), ("bad.parquet", {"features": ["good", "god"]}, "features: expected columns of bad.parquet .*good.* got 'god'"),
           ("bad.root", {"features": "god"}, "features: expected columns of bad.root .*good.* got 'god'"), ("bad.parquet", {"features": "good", "weight": "w"}, "weight: expected columns of bad.parquet"),
           ("bad.parquet", {"features": "good", "cut": {"w": (0, 1)}}, "cut: expected columns of bad.parquet"), *(("bad.parquet", {"features": name}, f"features: expected one number .* {name} of bad.parquet") for name in ("text", "lists", "deep", "date")),
           *(("bad.root", {"features": name}, f"features: expected one number .* {name} of bad.root") for name in ("pt", "pair")), ("bad.parquet", {"features": "good", "weight": "text"}, "weight: expected one number"),
           *(("bad.parquet", {"features": name}, f"features: expected a value in every event of bad.parquet, got 1 of 3 missing in {name}; .*fill=fill_values") for name in ("x", "missing", "flag")),
           ("bad.parquet", {"features": "infinite"}, "features, column infinite of bad.parquet: expected finite numbers, got 1 infinite of 3"),
           *(("bad.parquet", {"features": "good", argument: name}, f"{argument}, column {name} of bad.parquet: expected a finite number in every event, got 1 {what} of 3")
             for argument in ("weight", "nu", "also") for name, what in (("x", "missing"), ("missing", "missing"), ("flag", "missing"), ("infinite", "infinite"))), ("bad.parquet", {"features": "good", "cut": {"x": (0, 1)}}, "cut, column x of bad.parquet: expected finite"),
           (["part_0.parquet", "bad.parquet"], {"features": "zeta"}, "features: expected columns of bad.parquet")]


@pytest.mark.parametrize("files, more, match", REFUSED)
def test_files_and_columns_are_refused_in_one_line(folder, files, more, match):
    with pytest.raises((TypeError, ValueError), match="^" + match) as refusal:
        list(pieces([folder / one for one in files] if isinstance(files, list) else folder / files if files else "", **{"features": "x", **more}))
    line = str(refusal.value)
    assert "\n" not in line and len(line) < 400 and not any(words in line for words in THEIRS), line


@pytest.mark.parametrize("name", ["events.parquet", "tree.root", "ntuple.root"])
def test_a_damaged_file_is_refused_in_one_line(folder, name, tmp_path):
    """Whatever is damaged: what is read is what was written, or it is refused."""
    whole = bytearray((folder / name).read_bytes())
    rng = np.random.default_rng(4)
    n_refused = 0
    for k in range(25):
        broken = whole[:len(whole) * (k + 1) // 26] if k < 10 else whole[:]
        if k >= 10:
            start = rng.integers(0, len(whole) - 200)
            broken[start:start + 200] = bytes(200)
        (tmp_path / name).write_bytes(broken)
        try:
            list(pieces(tmp_path / name, "zeta", "weight"))
        except (TypeError, ValueError) as error:
            assert str(error).startswith(("files: expected", "tree: expected", "features", "weight")) and "\n" not in str(error), error
            n_refused += 1
    assert n_refused >= 10


def test_a_nan_where_no_event_is_kept_does_no_harm(folder):
    assert join(*pieces(folder / "bad.parquet", ["x", "missing"], cut={"good": (2.5, INF)})).x.tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize("library, name", [("uproot", "tree.root"), ("pyarrow.parquet", "events.parquet")])
def test_a_library_that_is_not_there(folder, monkeypatch, library, name):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"^files: expected {library.split('.')[0]} to be installed \(the extra `files`"):
        pieces(folder / name, "zeta")


FILE_KINDS = {"None": None, "number": 1.0, "list": [], "numbers": [1.0], "object": object(), "mapping": {"a": "b"}, "text": "nowhere", "array": np.ones(2), "bytes": b"a"}
FEATURE_KINDS = {"number": 1.0, "list": [], "numbers": [1.0], "object": object(), "twice": ["zeta", "zeta"], "unknown": "x", "empty": "", "mapping": {"zeta": 1}}
CUT_KINDS = {"number": 1.0, "text": "a", "pairs": {"run": (2.0, 1.0)}, "nan": {"run": (NAN, 1.0)}, "one": {"run": 1.0}, "texts": {"run": ("a", "b")}, "number as name": {1: (0, 1)}, "unknown": {"x": (0, 1)}, "list": [1]}
BROKEN = dict(files=FILE_KINDS, features=FEATURE_KINDS, weight={kind: value for kind, value in CHOICES.items() if kind != "None"}, cut=CUT_KINDS,
              tree={kind: value for kind, value in CHOICES.items() if kind not in ("None", "text")}, size={**COUNTS, "zero": 0})


@pytest.mark.parametrize("name, argument, kind", list(cases({"pieces": (None, None, BROKEN)})))
def test_malformed_calls_are_refused_in_one_line(folder, name, argument, kind):
    refused({"pieces": (pieces, dict(files=folder / "events.parquet", features="zeta", weight=None, cut=None, tree=None, size=100), BROKEN)}, name, argument, kind)


# --- read ----------------------------------------------------------------------------------------------------------------------

N = 600
DTYPES = ["f4", "f8", "i1", "u1", "i2", "i4", "i8", "u4", "?"]
KINDS = {**{f"z_{dtype}".replace("?", "flag"): RNG.integers(0, 100, N).astype(dtype) for dtype in DTYPES}, "a": RNG.normal(size=N).astype("f4")}
GAPS = {"pt": np.where(RNG.random(N) < 0.3, -999.0, RNG.exponential(30.0, N)).astype("f4"), "eta": np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(size=N)),
        "met": RNG.exponential(40.0, N), "w": RNG.normal(1.0, 0.5, N), "tes": RNG.uniform(0.9, 1.1, N), "m": RNG.normal(125.0, 2.0, N), "y": (RNG.random(N) < 0.4).astype("i4")}
ASKED = dict(features=["met", "pt", "eta"], weight="w", nu=["tes"], also=["m"], missing=-999)
VALUES = {"eta": 0.25, "pt": 40.0, "met": 1.0}
FILLED = np.column_stack([GAPS["met"], np.where(GAPS["pt"] == -999, 40.0, GAPS["pt"].astype(float)), np.where(np.isnan(GAPS["eta"]), 0.25, GAPS["eta"]),
                          np.ones(N), GAPS["pt"] != -999, ~np.isnan(GAPS["eta"])])


def written(columns, kind, path):
    """A file of these columns, or what holds them in memory."""
    if kind in ("mktree", "mkrntuple"):
        return write_root(path / "a.root", columns, kind, steps=2) or path / "a.root"
    if kind == "parquet":
        return pyarrow.parquet.write_table(pyarrow.table(columns), path / "a.parquet", row_group_size=170) or path / "a.parquet"
    if kind.startswith("csv"):
        pandas.DataFrame({name: column.astype("f8") for name, column in columns.items()}).to_csv(path / f"a.{kind}", index=False, float_format="%.17g")
        return path / f"a.{kind}"
    if kind == "npz":
        return np.savez(path / "a.npz", **columns) or path / "a.npz"
    records = np.rec.fromarrays(list(columns.values()), names=list(columns))
    if kind == "npy":
        return np.save(path / "a.npy", records) or path / "a.npy"
    return {"pandas": lambda: pandas.DataFrame(columns), "arrow": lambda: pyarrow.table(columns), "batch": lambda: pyarrow.record_batch(columns), "awkward": lambda: awkward.Array(columns), "records": lambda: records,
            "mapping": lambda: columns, "table": lambda: lr.Table(columns)}[kind]()


EVERYWHERE = ["mktree", "mkrntuple", "parquet", "csv", "csv.gz", "csv.xz", "npz", "npy", "pandas", "arrow", "batch", "awkward", "records", "mapping"]


@pytest.mark.parametrize("kind", [*EVERYWHERE, "table"])
def test_a_round_trip_is_exact(kind, tmp_path):
    """Every type, columns by name in the order that is wanted; without names, in the order of the file; nothing is copied twice."""
    place = written(KINDS, kind, tmp_path)
    order = [*reversed(KINDS)]
    table = lr.read(place, order)
    np.testing.assert_array_equal(table.x, np.column_stack([KINDS[name] for name in order]))
    assert table.names == tuple(order) and is_checked(table.x) and table.x.flags.c_contiguous and table.weight is table.nu is None and not table.also
    every = lr.read(place, weight="a")
    assert every.names == tuple(name for name in KINDS if name != "a") and np.array_equal(every.weight, KINDS["a"])


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_missing_values_are_said_or_refused(kind, tmp_path):
    """Also a feature that lacks none here gets its indicator; -999 is missing, and NaN always."""
    place = written(GAPS, kind, tmp_path)
    signal, background = lr.read(place, **ASKED, fill=VALUES, label="y")
    data = lr.read(place, **ASKED, fill=VALUES, cut={"m": (123.0, 126.0)})
    inside = (GAPS["m"] >= 123) & (GAPS["m"] < 126)
    for table, rows in ((signal, GAPS["y"] == 1), (background, GAPS["y"] == 0), (data, inside)):
        assert table.names == ("met", "pt", "eta", "has_met", "has_pt", "has_eta") and len(table) == rows.sum() > 50
        for found, expected in ((table.x, FILLED), (table.weight, GAPS["w"]), (table.nu[:, 0], GAPS["tes"]), (table.also["m"], GAPS["m"])):
            np.testing.assert_array_equal(found, expected[rows])
    with pytest.raises(ValueError, match="^features: expected a value in every event of .*, got .* missing in pt, .* missing in eta; .*fill=fill_values"):
        lr.read(place, **ASKED)
    with pytest.raises(ValueError, match=rf"got {np.isnan(GAPS['eta']).sum()} of 600 missing in eta;"):
        lr.read(place, **ASKED, fill={"pt": 1.0})


@pytest.mark.parametrize("size", [7, 170, 10**6])
@pytest.mark.parametrize("kind", ["mktree", "mkrntuple", "parquet", "csv.gz", "npz", "pandas", "awkward"])
def test_pieces_are_what_is_read_at_once(kind, size, tmp_path):
    place = written(GAPS, kind, tmp_path)
    asked = ASKED | dict(fill=VALUES, cut={"met": (20.0, INF)})
    for in_pieces, whole in zip([pieces(place, **asked, size=size), *pieces(place, **asked, size=size, label="y")], [lr.read(place, **asked), *lr.read(place, **asked, label="y")]):
        for _ in range(2):
            found = join(*in_pieces)
            assert len(in_pieces) == len(whole) and found.names == whole.names and max(map(len, in_pieces)) <= size
            for one, other in ((found.x, whole.x), (found.nu, whole.nu), (found.weight, whole.weight), (found.also["m"], whole.also["m"])):
                np.testing.assert_array_equal(one, other)


def test_several_files_of_several_kinds(tmp_path):
    halves = [{name: column[rows] for name, column in GAPS.items()} for rows in (slice(0, 200), slice(200, None))]
    one = written(halves[0], "mkrntuple", tmp_path)
    other = written({name: halves[1][name] for name in reversed(halves[1])}, "parquet", tmp_path)
    table = lr.read([one, other], **ASKED, fill=VALUES)
    np.testing.assert_array_equal(table.x, FILLED)
    np.testing.assert_allclose(list(lr.fill_values([one, other], ASKED["features"], missing=-999).values()),
                               [GAPS["pt"][GAPS["pt"] != -999].mean(dtype=float), np.nanmean(GAPS["eta"])], rtol=1e-12)
    assert lr.read([one, other], missing=-999, fill=VALUES).names[:7] == tuple(GAPS)
    pyarrow.parquet.write_table(pyarrow.table({"met": [1.0]}), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match="^features: expected names of columns, since the files do not have the same ones: eta, m, pt, tes, w"):
        lr.read([other, tmp_path / "b.parquet"])


def test_values_to_put_in():
    """The mean of those that are there, unweighted, of the events that are cut out; only where some are missing."""
    found = lr.fill_values(GAPS, ["met", "pt", "eta"], -999)
    assert list(found) == ["pt", "eta"]
    few = (GAPS["m"] >= 125) & (GAPS["pt"] != -999)
    np.testing.assert_allclose(lr.fill_values(GAPS, "pt", {"pt": -999}, cut={"m": (125.0, INF)})["pt"], GAPS["pt"][few].mean(dtype=float), rtol=1e-12)
    assert lr.fill_values(GAPS, "met", -999) == {} and lr.fill_values({"a": [1, None, 3]}) == {"a": 2.0} and lr.fill_values({"a": np.array([1, -9, 3])}, missing=[-9, -99]) == {"a": 2.0}
    for columns, match in (({"a": [NAN, NAN]}, "features: expected a value of a in some event, got none"), ({"a": [NAN, INF]}, "features, column a of the data: expected finite")):
        with pytest.raises(ValueError, match=match):
            lr.fill_values(columns, "a")


@pytest.mark.parametrize("gap", [pandas.DataFrame({"a": pandas.array([1, None, 3], "Int64")}), pandas.DataFrame({"a": pandas.array([1.0, None, 3.0], "Float32")}), pandas.DataFrame({"a": [1.0, NAN, 3.0]}),
                                 pandas.DataFrame({"a": pandas.Series([1, None, 3], dtype=object)}), pandas.DataFrame({"a": pandas.array([1, None, 3], "int32[pyarrow]")}), pyarrow.table({"a": [1, None, 3]}),
                                 awkward.Array({"a": [1, None, 3]}), awkward.Array([{"a": 1}, {"a": None}, {"a": 3}]), {"a": np.ma.masked_array([1, 2, 3], [0, 1, 0])}, {"a": [1, None, 3]}, {"a": [1, -9, 3]},
                                 {"a": np.float32([1, -9, 3])}, np.array([(1,), (NAN,), (3,)], [("a", "f4")])], ids=lambda gap: type(gap).__module__ + " " + type(gap).__name__)
def test_whatever_a_gap_looks_like(gap):
    assert lr.read(gap, "a", missing=-9, fill={"a": 5}).x.tolist() == [[1, 1], [5, 0], [3, 1]]
    with pytest.raises(ValueError, match="^features: expected a value in every event of the data, got 1 of 3 missing in a"):
        lr.read(gap, "a", missing=-9)
    for argument in ("weight", "nu", "also"):
        with pytest.raises(ValueError, match=f"^{argument}, column a of the data: expected a finite number in every event, got 1 missing of 3"):
            lr.read({"b": [1, 2, 3], "a": gap["a"]}, "b", missing=-9, **{argument: "a"})
    with pytest.raises(ValueError, match="^label: expected 1 or 0 in column a of the data, got"):
        lr.read({"b": [1, 2, 3], "a": gap["a"]}, "b", missing=-9, label="a")


def test_flags_with_gaps():
    for flags in (pandas.DataFrame({"a": pandas.array([True, None, False], "boolean")}), pyarrow.table({"a": [True, None, False]}), {"a": [True, None, False]}):
        assert lr.read(flags, "a", fill={"a": 0.5}).x.tolist() == [[1, 1], [0.5, 0], [0, 1]]


def test_a_mark_is_a_number_of_the_columns_type():
    """-99.99 in single precision is another number; too large ones are nowhere, or infinite there."""
    columns = {"a": np.float32([1.0, -99.99, 2.0]), "b": np.float16([1.0, -99.99, 2.0]), "c": np.int8([1, -99, 2])}
    for name, marks in (("a", -99.99), ("b", [-99.99, 1e300]), ("c", (-99, -1e9))):
        assert lr.read(columns, name, missing=marks, fill={name: 0.0}).x.tolist() == [[1, 1], [0, 0], [2, 1]]
    assert lr.read({"a": [1.0, INF, -INF]}, "a", missing=[INF, -INF], fill={"a": 0.0}).x[:, 1].tolist() == [1, 0, 0]


def test_a_mark_of_one_column_is_a_value_of_another():
    columns = {"charge": [-1.0, 1.0, -9.0], "eta": [-9.0, 0.5, 2.0]}
    assert lr.read(columns, ["charge", "eta"], missing={"charge": [-9]}, fill={"charge": 0}).x.tolist() == [[-1, -9, 1], [1, 0.5, 1], [0, 2, 0]]


def test_missing_values_in_a_column_of_the_cut():
    """A declared one lies in no range; a NaN that nobody spoke of is refused."""
    columns = {"a": [1.0, -999.0, 3.0], "b": [0.0, 1.0, 2.0], "c": [1.0, NAN, 3.0]}
    assert lr.read(columns, "b", cut={"a": (-INF, INF)}, missing={"a": -999}).x[:, 0].tolist() == [0, 2]
    assert lr.read(columns, "b", cut={"c": (0, 9)}, missing=[NAN, -999]).x[:, 0].tolist() == [0, 2]
    assert lr.read(columns, "a", cut={"c": (0, 9)}, missing=[NAN, -999]).x[:, 0].tolist() == [1, 3]          # what is cut away may be missing
    with pytest.raises(ValueError, match="^cut, column c of the data: expected finite numbers, got 1 NaN"):
        lr.read(columns, "b", cut={"c": (0, 9)}, missing=-999)


@pytest.mark.parametrize("kind", ["csv", "parquet", "mkrntuple", "pandas", "arrow", "awkward", "mapping"])
def test_a_label_in_words(kind, tmp_path):
    columns = {"x": [1.0, 2.0, 3.0, 4.0], "kind": ["s", "b", "b", "s"]}
    if kind == "csv":
        place = tmp_path / "a.csv"
        place.write_text("x, kind\n1, s\n2,b\n3,b\n4,s\n")
    elif kind == "mkrntuple":
        place = tmp_path / "a.root"
        with uproot.recreate(place) as file:
            file.mkrntuple("events", awkward.Array(columns))
    else:
        place = pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet") or tmp_path / "a.parquet" if kind == "parquet" else \
            {"pandas": pandas.DataFrame(columns), "arrow": pyarrow.table(columns), "awkward": awkward.Array(columns), "mapping": columns}[kind]
    one, zero = lr.read(place, "x", label={"kind": ("s", "b")})
    assert one.x[:, 0].tolist() == [1, 4] and zero.x[:, 0].tolist() == [2, 3]
    assert [join(*each).x[:, 0].tolist() for each in pieces(place, "x", label={"kind": ("b", "s")}, size=2)] == [[2, 3], [1, 4]]
    for label, match in (("kind", "label: expected one number|label: expected 1 or 0|files: expected numbers"), ({"kind": ("s", "c")}, "label: expected 's' or 'c' in column kind of .*, got 'b' in 2 events"), ({"x": (1.0, 2.0)}, "label: expected 1.0 or 2.0 .* got 3.0 in 2")):
        with pytest.raises((TypeError, ValueError), match="^(" + match + ")"):
            lr.read(place, "x", label=label)
    kept = lr.read(place, "x", label={"x": (1.0, 2.0)}, cut={"x": (0, 3)})              # others may be cut away
    assert [table.x.tolist() for table in kept] == [[[1.0]], [[2.0]]]


def test_marks_that_nobody_named_are_told_once(tmp_path):
    place = written(GAPS, "mktree", tmp_path)
    n = int(np.sum(GAPS["pt"] == -999))
    with pytest.warns(UserWarning, match=rf"^features: pt of a.root is exactly -999 in {n} of 600 events, far from all others; if that marks a missing value, say missing=-999$"):
        lr.read(place, ["pt", "met"])
    with pytest.warns(UserWarning) as told:
        list(pieces(place, ["pt", "met"], size=100))
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lr.read(place, ["pt", "met", "y"], missing=-999, fill={"pt": 0.0})
    assert odd_values(np.r_[np.arange(100), [10**6] * 9]) == {} and odd_values(np.r_[np.arange(100), [10**6] * 10]) == {1e6: 10}
    assert odd_values(np.r_[np.arange(100), [180] * 10].astype("u1")) == {} and odd_values(np.r_[np.arange(100), [255] * 10].astype("u1")) == {255.0: 10} and odd_values(np.r_[np.arange(9), [10**6] * 50]) == {1e6: 50}


def test_a_table_keeps_its_weight_and_nu():
    table = lr.Table({"a": [1.0, -9.0, 2.0], "b": [1.0, 2.0, 3.0]}, nu=[[0.1], [0.2], [0.3]], weight=[1.0, 2.0, 3.0], also={"m": [5.0, 6.0, 7.0]})
    found = lr.read(table, ["b", "a"], missing=-9, fill={"a": 1.5}, also="m", cut={"m": (6, 9)})
    assert found.x.tolist() == [[2, 1.5, 0], [3, 2, 1]] and found.nu.tolist() == [[0.2], [0.3]] and found.weight.tolist() == [2, 3] and found.also["m"].tolist() == [6, 7]
    with pytest.raises(ValueError, match="^files: expected a Table whose features have names"):
        lr.read(lr.Table(np.ones(3)), "a")


def test_names_stay_with_what_is_fitted(tmp_path):
    """A data frame in another order is put in order; other features are refused."""
    place = written(GAPS, "mkrntuple", tmp_path)
    asked = dict(features=["pt", "met"], missing=-999, fill={"pt": 30.0})
    ratio = lr.Ratio(members=1, hidden=(4,), training=lr.Training(epochs=1), normalise=None, rng=1).fit(*lr.read(place, **asked, label="y"))
    data = lr.read(place, **asked)
    answer = ratio.log_ratio(data)
    assert np.array_equal(ratio.log_ratio(pandas.DataFrame(data.x, columns=data.names)[["has_pt", "met", "pt"]]), answer)
    assert np.array_equal(ratio.log_ratio(lr.read(place, **asked | dict(features=["met", "pt"]))), answer)
    for other in (lr.read(GAPS, ["met"]), lr.read(GAPS, ["m", "met"]), lr.read(GAPS, ["pt", "met", "m"], missing=-999, fill={"pt": 30.0})):
        with pytest.raises(ValueError, match="expected the features pt, met, has_pt, got"):
            ratio.log_ratio(other)


def test_the_higgs_file():
    """As its own reader has it: 29 features of 30 columns, words for labels, -999 where a jet does not exist."""
    from lrguide import data
    path = data.higgsml_path() or data.find_higgsml([Path("/work/shared/data/higgsml")])
    if path is None:
        pytest.skip("the ATLAS file is not on this machine")
    theirs = data.read_higgsml(path)
    fill = lr.fill_values(path, data.FEATURES, missing=-999)
    lacking = np.isnan(theirs.x).any(axis=0)
    assert list(fill) == [name for name, some in zip(data.FEATURES, lacking) if some]
    np.testing.assert_allclose(list(fill.values()), np.nanmean(theirs.x, axis=0)[lacking], rtol=1e-10)
    both = lr.read(path, data.FEATURES, label={"Label": ("s", "b")}, weight="Weight", missing=-999, fill=fill, also="EventId")
    for table, rows in zip(both, (theirs.signal, ~theirs.signal)):
        x = theirs.x[rows]
        gone = np.isnan(x[:, lacking])
        np.testing.assert_array_equal(table.x[:, :29], np.where(np.isnan(x), [fill.get(name, 0.0) for name in data.FEATURES], x))
        np.testing.assert_array_equal(table.x[:, 29:], ~gone)
        np.testing.assert_array_equal(table.also["EventId"], theirs.event_id[rows])
        np.testing.assert_allclose(table.weight / table.total, theirs.weight[rows] / theirs.weight[rows].sum(), rtol=1e-12)
    with pytest.warns(UserWarning, match="DER_mass_MMC of .* is exactly -999"):
        lr.read(path, ["DER_mass_MMC"])


PARTS = {"plain": dict(features=["zeta", "run"], weight="weight", nu="zeta", also=["flag", "alpha"]), "label": dict(features=["alpha", "zeta"], label="flag", weight="weight", cut={"zeta": (-1.0, 0.5)}),
         "filled": dict(features=["mark", "gap", "run"], missing={"mark": -99.99}, fill={"mark": 1.5, "gap": -2.0}), "odd": dict(features=["mark", "zeta", "run"], label="flag"),
         "missing": dict(features=["mark", "gap", "zeta"], missing={"mark": -99.99}), "infinite": dict(features=["zeta", "infinite"]), "weight": dict(features="zeta", weight="gap"),
         "label wrong": dict(features="zeta", label="run"), "cut wrong": dict(features="zeta", cut={"gap": (0.0, 1.0)}), "all cut": dict(features="zeta", weight="weight", cut={"run": (-2.0, -1.0)})}


@pytest.mark.parametrize("kind", ["mktree", "mkrntuple", "uncompressed"])
@pytest.mark.parametrize("case", PARTS)
def test_a_root_file_in_parts_gives_the_tables_the_messages_and_the_warnings_of_whole_columns(tmp_path, monkeypatch, kind, case):
    from lrguide.formats import _Root
    odd = {"mark": np.where(RNG.random(2000) < 0.2, np.float32(-99.99), COLUMNS["alpha"]), "gap": np.where(RNG.random(2000) < 0.01, NAN, X), "infinite": np.where(np.arange(2000) % 700 == 699, INF, X)}
    write_root(tmp_path / "the data", COLUMNS | odd, **(dict(kind=kind, steps=3) if kind != "uncompressed" else dict(steps=7, compression=None)))
    parts, n_parts = _Root.parts, []
    monkeypatch.setattr(_Root, "parts", lambda self, names: (parts(self, names)[0], map(lambda part: n_parts.append(1) or part, parts(self, names, 170 * len(names))[1])))

    def outcome(files):
        with warnings.catch_warnings(record=True) as lines:
            warnings.simplefilter("always")
            try:
                tables = lr.read(files, **PARTS[case])
            except ValueError as error:
                return str(error)
        parts_of = lambda table: [table.x.tolist(), table.weights.tolist(), table.nu, table.names, {name: column.tolist() for name, column in table.also.items()}]
        return [parts_of(table) for table in (tables if isinstance(tables, tuple) else [tables])], sorted(str(line.message) for line in lines)

    found, expected = outcome(tmp_path / "the data"), outcome(COLUMNS | odd)
    np.testing.assert_equal(found, expected)
    assert len(n_parts) == 12 or isinstance(expected, str) and 0 < len(n_parts) <= 12
    assert isinstance(expected, str) == (case in ("missing", "infinite", "weight", "label wrong", "cut wrong")) and (case != "odd" or "-99.99 in" in expected[1][0])


KINDS_OF_NUMBERS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def where_they_lie(path, names):
    """The columns of the only tree where they lie in the file, or None."""
    from lrguide import formats
    return formats._lying(path, formats._Root(path)._open(), names)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), kinds=st.lists(st.sampled_from(KINDS_OF_NUMBERS), min_size=1, max_size=6), n=st.integers(1, 400), steps=st.integers(1, 9), most=st.integers(1, 3000), marked=st.booleans())
def test_what_lies_uncompressed_in_a_file_is_what_was_written(tmp_path, seed, kinds, n, steps, most, marked):
    """All types of numbers with their largest values, baskets and parts of any length, marks as their own type has them; a Table keeps nothing of the file."""
    from lrguide.formats import _Root
    rng, columns = np.random.default_rng(seed), {}
    for k, kind in enumerate(kinds):
        kind = np.dtype(kind)
        columns[f"c{k}"] = (rng.normal(1e4, 1.0, n) if kind.kind == "f" else rng.random(n) < 0.5 if kind.kind == "b" else rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, n, kind, endpoint=True)).astype(kind)
        if marked and kind.kind == "f":
            columns[f"c{k}"][rng.random(n) < 0.3] = -99.99
    path = tmp_path / "lying.root"
    write_root(path, columns, steps=min(steps, n), compression=None)
    lying = where_they_lie(path, list(columns))
    for name, column in columns.items():
        assert lying[name].dtype == column.dtype and np.array_equal(np.asarray(lying[name]), column) and np.array_equal(np.asarray(lying[name][n // 3:n // 2]), column[n // 3:n // 2])
    asked = dict(missing=-99.99, fill=dict.fromkeys(columns, 7.0), weight="c0", also=list(columns)) if not marked else dict(missing=-99.99, fill=dict.fromkeys(columns, 7.0))
    parts = _Root.parts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Root, "parts", lambda self, names: parts(self, names, most))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, expected = lr.read(path, list(columns), **asked), lr.read(columns, list(columns), **asked)
    path.write_bytes(bytes(path.stat().st_size))            # in place: a mapped file would show it
    assert found.names == expected.names and np.array_equal(found.x, expected.x) and np.array_equal(found.weights, expected.weights) and all(np.array_equal(found.also[name], expected.also[name]) for name in expected.also)
    gone = np.stack([(column == np.float32(-99.99) if column.dtype == np.float32 else column == -99.99) for column in columns.values()], axis=1)
    assert np.array_equal(found.x[:, len(columns):], ~gone) and np.array_equal(found.x[:, :len(columns)], np.where(gone, 7.0, np.column_stack([column.astype(float) for column in columns.values()])))


def test_baskets_that_are_not_as_expected_are_left_to_uproot(tmp_path):
    """Compressed ones, some of them or all, several numbers in a row, a key of other numbers, and a file that ends before they do."""
    path, numbers = tmp_path / "a.root", {"x": X[:500].astype(np.float32), "flat": np.zeros(500, np.float32)}
    write_root(path, numbers, steps=2)
    assert where_they_lie(path, ["flat"]) is None and where_they_lie(path, ["x", "flat"]) is None
    np.testing.assert_array_equal(lr.read(path, ["x", "flat"]).x, np.column_stack(list(numbers.values())))
    write_root(path, numbers, steps=2, compression=None)
    with uproot.open(path) as file:
        at = file["events"]["x"].member("fBasketSeek").tolist()[1]
    whole = path.read_bytes()
    for place in (0, 3, 6, 9, 14, 15):                      # of the bytes with the key, unpacked, and of the key
        path.write_bytes(whole[:at + place] + bytes([whole[at + place] ^ 1]) + whole[at + place + 1:])
        assert where_they_lie(path, ["x"]) is None and where_they_lie(path, ["flat"]) is not None
    from lrguide import formats
    path.write_bytes(whole)
    tree = formats._Root(path)._open()
    for more in range(4):                                   # one of them ends after a whole number
        (tmp_path / "short.root").write_bytes(whole[:at + 300 + more])
        assert formats._lying(tmp_path / "short.root", tree, ["x"]) is None
    assert formats._lying(tmp_path / "nowhere.root", tree, ["x"]) is None and formats._lying(path, tree, ["x"]) is not None
    tree.file.close()


def test_a_file_that_is_made_shorter_while_it_is_read_is_refused_in_one_line(tmp_path, monkeypatch):
    """Of a mapped file the process would end here."""
    from lrguide.formats import _Root
    path, parts = tmp_path / "a.root", _Root.parts
    write_root(path, {"x": RNG.normal(size=200_000)}, steps=4, compression=None)

    def shortened(self, names):
        n, own = parts(self, names, 50_000)
        return n, (part for k, part in enumerate(own) if k != 1 or os.truncate(path, 500_000) is None)

    monkeypatch.setattr(_Root, "parts", shortened)
    with pytest.raises(ValueError, match="^files: expected a file that can be read, got .*a.root"):
        lr.read(path, ["x"])


def with_long_keys(path, far):
    """Puts the baskets of the tree in a file with one column, two of them, at `far` and beyond, with addresses of 64 bits in their keys, as ROOT does beyond 2 GB."""
    with uproot.open(path) as file:
        seek, size = (file["events"]["x"].member(name).tolist()[:2] for name in ("fBasketSeek", "fBasketBytes"))
    whole, places = path.read_bytes(), []
    header = whole.replace(struct.pack(">ii", *size), struct.pack(">ii", *(one + 8 for one in size)))
    for at, long in zip(seek, size):
        n, version, unpacked, date, key = struct.unpack_from(">ihiIh", whole, at)
        title, (last,) = whole[at + 26:at + key - 5], struct.unpack_from(">i", whole, at + key - 5)
        own = struct.pack(">ihiIh", n + 8, version + 1000, unpacked, date, key + 8) + whole[at + 16:at + 18] + struct.pack(">qq", far, 100) + title + struct.pack(">i", last + 8) + whole[at + key - 1:at + long]
        header, places, far = header.replace(struct.pack(">q", at), struct.pack(">q", far)), [*places, (far, own)], far + len(own) + 7
    with open(path, "wb") as file:
        file.write(header)
        for at, own in places:
            file.seek(at), file.write(own)                  # with a hole before


def test_baskets_beyond_4_gb_with_long_keys_are_what_uproot_reads(tmp_path):
    path, x = tmp_path / "a.root", RNG.normal(size=1000)
    write_root(path, {"x": x}, steps=2, compression=None)
    with_long_keys(path, 5 * 2**30 + 3)
    with uproot.open(path) as file:
        np.testing.assert_array_equal(file["events"]["x"].array(library="np"), x)
    np.testing.assert_array_equal(np.asarray(where_they_lie(path, ["x"])["x"]), x)
    np.testing.assert_array_equal(lr.read(path, ["x"]).x[:, 0], x)
    path.unlink()


def test_rows_that_begin_elsewhere_or_lie_in_the_header_of_the_tree_are_left_to_uproot(tmp_path):
    from lrguide.formats import _Opened, _uncompressed
    path = tmp_path / "a.root"
    write_root(path, {"x": X}, steps=2, compression=None)
    with uproot.open(path) as file:
        branch = file["events"]["x"]
        found = lambda ends, more=(): _uncompressed(_Opened(path), SimpleNamespace(interpretation=branch.interpretation, member=branch.member, entry_offsets=ends, embedded_baskets=list(more)), 2000)
        np.testing.assert_array_equal(np.asarray(found([0, 1000, 2000])), X)
        assert [found(*case) for case in (([5, 1005, 2005],), ([0, 1000, 2001],), ([0, 1000, 2000], [1]), ([0, 1000, 2000, 2000],))] == [None] * 4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), kinds=st.lists(st.sampled_from([">" + kind for kind in KINDS_OF_NUMBERS]), min_size=1, max_size=5), n=st.integers(0, 700), threads=st.sampled_from([1, 3]), block=st.sampled_from([2**20, 1]))
def test_columns_side_by_side_and_their_ends(seed, kinds, n, threads, block):
    """With joints anywhere, by any number of threads, in blocks of any length."""
    from lrguide import files
    from lrguide.formats import Baskets
    rng = np.random.default_rng(seed)
    columns = [(rng.integers(0, 9, n) if kind[1] != "f" else np.where(rng.random(n) < rng.choice([0.0, 0.01]), NAN, rng.integers(-4, 5, n) / 4 + 1e6)).astype(kind) for kind in kinds]
    several = [Baskets(tuple(np.split(column, np.sort(rng.integers(0, n + 1, rng.integers(0, 6)))))) if rng.random() < 0.7 else column for column in columns]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "threads_for", lambda numbers: threads), patch.setattr(files, "_BLOCK", block)
        found = files._beside(x := np.full((n, len(columns) + 1), NAN), several)
    np.testing.assert_array_equal(x, np.column_stack([*columns, np.ones(n)]).reshape(x.shape))
    for ((low, k), (high, m)), column in zip(found, columns):
        if n == 0:
            assert (low, k, high, m) == (np.inf, 0, -np.inf, 0)
        elif np.isnan(column).any():
            assert np.isnan(low) and np.isnan(high)
        else:
            assert (low, k, high, m) == (column.min(), (column == column.min()).sum(), column.max(), (column == column.max()).sum())


LABEL_KINDS = {"number": 1.0, "list": ["y"], "empty": "", "two": {"y": (1, 0), "k": (1, 0)}, "one value": {"y": (1,)}, "text": {"y": "sb"}, "unknown": "x", "none": {}}
MARK_KINDS = {"text": "-999", "None": None, "object": object(), "texts": ["a"], "unknown": {"x": -999}, "texts by name": {"pt": "a"}, "true": True, "complex": 1j, "deep": [[1.0]]}
VALUE_KINDS = {"number": 1.0, "text": "a", "nan": {"pt": NAN}, "inf": {"pt": INF}, "texts": {"pt": "a"}, "unknown": {"x": 1.0}, "other": {"w": 1.0}, "None": {"pt": None}}
NAME_KINDS = {"number": 1.0, "numbers": [1.0], "twice": ["tes", "tes"], "unknown": "x", "mapping": {"tes": 1}, "object": object()}
CALLS = {"read": (lr.read, dict(files=GAPS, features=["pt", "met"], label="y", weight="w", nu="tes", also="m", cut={"m": (0.0, 999.0)}, missing=-999.0, fill={"pt": 1.0}, tree=None),
                  dict(files=FILE_KINDS, features=FEATURE_KINDS, label=LABEL_KINDS, weight={kind: value for kind, value in CHOICES.items() if kind != "None"}, nu=NAME_KINDS, also=NAME_KINDS, cut=CUT_KINDS,
                       missing=MARK_KINDS, fill=VALUE_KINDS, tree={"text": "a", "number": 1.0})),
         "fill_values": (lr.fill_values, dict(files=GAPS, features=["pt", "met"], missing=-999.0, cut=None, tree=None), dict(files=FILE_KINDS, features=FEATURE_KINDS, missing=MARK_KINDS, cut=CUT_KINDS, tree={"text": "a"}))}
test_malformed_calls_of_read, test_calls_of_read = checks_of(CALLS)


@pytest.mark.parametrize("said, expected", [("1", 1), ("2,1", 2), (" 3 ", 3), ("", 4), ("0", 4), ("-1", 4), ("all", 4), ("99", 4)])
def test_threads_are_cores_at_most_four_and_what_omp_num_threads_says(monkeypatch, said, expected):
    from lrguide import formats
    monkeypatch.setattr(formats.os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert formats.threads_for(10**8) == expected and formats.threads_for(1000) == 1
