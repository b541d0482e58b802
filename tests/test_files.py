"""Events from files and from memory: every format, size and selection against the arrays they were written from, and what is refused."""

import pickle
import sys

import awkward
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import uproot
from malformed import CHOICES, COUNTS, INF, NAN, THEIRS, cases, refused

import lrguide as lr
from lrguide.arrays import join
from lrguide.compact import compacted
from lrguide.files import Pieces, chunks, evenly, pieces, sampled

TOY, FAMILY = lr.Resonance(0.08), lr.Resonance(None)
RNG = np.random.default_rng(1)
X = RNG.permutation(np.concatenate([TOY.sample("signal", 300, 2).x[:, 0], TOY.sample("background", 1700, 3).x[:, 0]]))
COLUMNS = {"zeta": X, "alpha": RNG.normal(size=2000).astype(np.float32), "weight": RNG.uniform(0.2, 2.0, 2000), "flag": RNG.random(2000) < 0.5, "run": np.arange(2000) // 300}
WANTED = dict(features=["zeta", "alpha", "run"], weight="weight")
MODEL = lr.Likelihood({"signal": lr.Process(300, FAMILY), "background": lr.Process(1700)}, {"mu": "signal"}, [lr.Normal("sigma", 0.08, 0.01)])


def write_root(path, columns, kind="mktree", tree="events", steps=1):
    with uproot.recreate(path) as file:
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
