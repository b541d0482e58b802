"""`lrguide hunt` on small tables: what it prints and writes, and what it refuses, in one line and without leaving anything."""

import csv
import json
import os
from types import SimpleNamespace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import uproot

from lrguide import cli, hunting, run
from lrguide.anomaly import FallingSpectrum
from lrguide.arrays import join

FEATURES = ["a", "b", "c", "d"]
SMALL = "--members 1 --epochs 3 --folds 3 --toys 20 --shares 0.1 0.02"
HUNT = f"hunt t.csv --mass m --features a b c d --windows 3300:3700 {SMALL}"


@pytest.fixture(scope="module")
def columns():
    """9,000 events of a falling spectrum, 180 of them in a peak at 3,500, in random order; and columns to refuse."""
    model = FallingSpectrum(low=2000.0, high=6000.0, mass=3500.0)
    table = join(model.sample("background", 8820, 1), model.sample("signal", 180, 2))[np.random.default_rng(3).permutation(9000)]
    found = {"m": table.also["m"]} | dict(zip(FEATURES, table.x.T))
    return found | {"leak": found["m"] ** 2, "flat": np.ones(9000)}


def write_csv(path, columns):
    names = ",".join(columns)
    np.savetxt(path, np.column_stack(list(columns.values())), "%.17g", delimiter=",", header=names, comments="")


@pytest.fixture
def place(tmp_path, monkeypatch, columns):
    """A folder with the events in three formats, where the command is run."""
    write_csv(tmp_path / "t.csv", columns)
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    with uproot.recreate(tmp_path / "t.root") as file:
        for tree in ("data", "other"):
            file.mktree(tree, {name: "f8" for name in columns}).extend(columns)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lrguide(capfd):
    """A function that runs the command in this process: exit status, lines of the output, lines of the messages."""
    def call(text):
        with pytest.raises(SystemExit) as ended:
            cli.main(text.split())
        out, err = capfd.readouterr()
        return ended.value.code, out.splitlines(), err.splitlines()
    return call


def test_the_three_formats_give_the_same_peak(place, lrguide):
    results = []
    for file in ("t.csv", "t.parquet", "t.root --tree data"):
        status, out, err = lrguide(HUNT.replace("t.csv", file).replace("--windows 3300:3700", "--scan 3000:4084:3") + " --unit GeV --out found")
        assert (status, err) == (0, [])
        assert sorted(path.name for path in (place / "found").iterdir()) == ["hunt.json", "hunt.png", "spectrum.csv"]
        assert not [path for path in place.iterdir() if path.name.startswith(".")]
        results.append(json.loads((place / "found" / "hunt.json").read_text()))
        assert results[-1]["results"] == results[0]["results"] and results[-1]["global"] == results[0]["global"]
    assert sum("<- smallest p" in line for line in out) == 1 and out[-3].startswith("smallest local p = ") and out[-2].startswith("global p ")
    assert out[-1] == "written: found/hunt.json, found/spectrum.csv, found/hunt.png"

    found = results[0]
    assert len(found["results"]) == 9 and len(found["windows"]) == 3 and found["events"] == found["file"]["events"] == 9000
    assert found["settings"]["seed"] == 1 and "keras" in found["versions"] and found["lrguide"]
    best = found["smallest"]
    assert best["low"] < 3500 < best["high"] and best["share"] < 1 and best["z"] > 5
    quiet = [one for one in found["results"] if not one["low"] - 200 < 3500 < one["high"] + 200]
    assert len(quiet) == 6 and max(one["z"] for one in quiet) < 4
    assert (place / "found" / "hunt.png").read_bytes().startswith(b"\x89PNG")

    with open(place / "found" / "spectrum.csv", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    inside = [row for row in rows if row["in_window"]]
    name = f"_{best['share']:g}"
    assert sum(row["events"] for row in rows) == 9000 and sum(row[f"events{name}"] for row in inside) == best["observed"]
    assert sum(row[f"fit{name}"] for row in inside) == pytest.approx(best["expected"], rel=1e-4)


def test_missing_numbers_are_left_out_and_counted(place, lrguide, columns):
    b, c, m = columns["b"].copy(), columns["c"].copy(), columns["m"].copy()
    b[:40], b[40:45], c[30:50], m[100:107], m[200] = -999, np.nan, np.inf, -9999, -5
    write_csv(place / "t.csv", {"m": m, "a": columns["a"], "b": b, "c": c, "d": columns["d"]})
    status, out, err = lrguide(HUNT + " --range 2100:5900 --out found")
    assert (status, err) == (0, [])
    whole = (np.arange(9000) >= 50) & (m != -9999)
    outside = int(np.sum(whole & ((m < 2100) | (m >= 5900))))
    assert out[:5] == ["left out: 7 of 9,000 events, in which m is -9999", "left out: 45 of 9,000 events, in which b is -999 or nan",
                       "left out: 20 of 9,000 events, in which c is inf", "left out: 57 of 9,000 events altogether",
                       f"left out: {outside:,} more, in which m is outside 2100 to 5900"]
    found = json.loads((place / "found" / "hunt.json").read_text())
    assert found["file"] == {"name": "t.csv", "events": 9000, "without": {"m": 7, "a": 0, "b": 45, "c": 20, "d": 0}, "left_out": 57, "outside_range": outside}
    assert found["events"] == 9000 - 57 - outside and found["range"] == [2100, 5900]


def test_marks_that_nobody_named_are_pointed_at(place, lrguide, columns):
    b = np.where(np.arange(9000) % 100 == 0, -25.0, columns["b"])
    write_csv(place / "t.csv", columns | {"b": b})
    status, out, _ = lrguide(HUNT)
    assert status == 0 and out[0] == "look: b is exactly -25 in 90 events, far from all others; if that marks a missing number, say --missing -25"
    assert not (place / "found").exists()
    assert lrguide(HUNT + " --missing nan -25 inf --out found")[1][0] == "left out: 90 of 9,000 events, in which b is -25"
    assert json.loads((place / "found" / "hunt.json").read_text())["settings"]["missing"] == [-25]


def test_columns_of_few_values_are_hunted_in_any_order_of_the_events(place, lrguide, columns):
    few = {"m": columns["m"], hunting.FOLD: np.round(columns["a"])}
    by_mass = np.argsort(few["m"])                         # the worst order, if it decided between equal scores
    found = []
    for rows in (slice(None), by_mass):
        write_csv(place / "t.csv", {name: column[rows] for name, column in few.items()} | {"flag": columns["b"][rows] > 0})
        text = (place / "t.csv").read_text()
        assert lrguide(HUNT.replace("a b c d", f"{hunting.FOLD} flag").replace("3300:3700", "2400:2640 3300:3700") + " --decoys --out found")[::2] == (0, [])
        content = json.loads((place / "found" / "hunt.json").read_text())
        assert content["decoys"]["p"] > 0.001
        found.append(content["results"])
    assert found[0] == found[1] and len(set(text.split()[1].split(","))) == 3
    quiet, peak = found[0][1], found[0][4]
    assert quiet["share"] == peak["share"] == 0.1 and quiet["expected"] > 20 and abs(quiet["z"]) < 5 and peak["z"] > 6


def test_truth_in_words_is_a_number_and_no_mark_of_a_missing_one(place, lrguide, columns):
    lines = ["m,a,flag", *(f"{m:.17g},{a:.17g},{b > 0}" for m, a, b in zip(*(columns[name] for name in "mab")))]
    (place / "t.csv").write_text("\n".join(lines))
    status, out, err = lrguide(HUNT.replace("a b c d", "a flag"))
    assert (status, err) == (0, []) and out[0].startswith("9000 events")
    pyarrow.parquet.write_table(pyarrow.table({"m": columns["m"], "a": columns["a"], "flag": columns["b"] > 0}), place / "t.parquet")
    assert lrguide(HUNT.replace("a b c d", "a flag").replace("csv", "parquet"))[1] == out


def test_the_help_says_what_the_p_values_mean(lrguide):
    status, out, err = lrguide("hunt --help")
    text = " ".join(" ".join(out).split())
    assert status == 0 and err == [] and text.startswith("usage: lrguide hunt FILE --mass COLUMN")
    assert "judged by networks that were trained on the folds before it" in text and "A local p-value is the probability" in text and "(default: 3 2)" in text


def test_nothing_to_find_is_nothing(place, lrguide, columns):
    rng = np.random.default_rng(4)
    write_csv(place / "t.csv", {"m": columns["m"]} | {name: rng.normal(size=9000) for name in FEATURES})
    status, out, _ = lrguide(HUNT.replace("3300:3700", "2400:2640 2800:3100 4000:4500") + " --toys 200")
    assert status == 0 and float(out[-1].split(" = ")[1].split(" ")[0]) > 0.001


def test_decoys_catch_a_feature_that_betrays_the_mass(place, lrguide, columns):
    status, out, _ = lrguide(HUNT + " --decoys --out found")
    found = json.loads((place / "found" / "hunt.json").read_text())["decoys"]
    assert status == 0 and found["p"] > 0.01 and out[-2] == found["words"] and out[-2].endswith("no sign that a feature betrays the mass")
    rng = np.random.default_rng(5)
    write_csv(place / "t.csv", columns | {"a": np.log(columns["m"]) + rng.normal(0, 0.02, 9000)})
    status, out, _ = lrguide(HUNT.replace("--epochs 3", "--epochs 10") + " --decoys --out found")
    assert status == 0 and out[-2].endswith("believe no bump")
    found = json.loads((place / "found" / "hunt.json").read_text())
    assert found["decoys"]["p"] < 1e-10 and [one["z"] is None for one in found["results"]] == [one["log_p"] == 0 for one in found["results"]]


def test_a_hunt_takes_the_place_of_an_earlier_one_only(place, lrguide):
    (place / "mine").mkdir()
    (place / "mine" / "thesis.tex").write_text("years of work")
    status, out, err = lrguide(HUNT + " --out mine")
    assert status == 2 and out == [] and err == ["lrguide: --out: expected a folder that is new, empty or of an earlier hunt, got mine, which holds thesis.tex"]
    for _ in range(2):
        assert lrguide(HUNT + " --toys 0 --out deep/found")[0] == 0
    assert json.loads((place / "deep" / "found" / "hunt.json").read_text())["global"] is None
    (place / "link").symlink_to(place / "elsewhere")       # a link leads to what is written
    assert lrguide(HUNT + " --toys 0 --out link")[0] == 0
    assert (place / "link").is_symlink() and (place / "elsewhere" / "hunt.json").exists() and not list(place.glob(".*"))


@pytest.mark.parametrize("failure, status, message", [(OSError(28, "No space left on device"), 1, "lrguide: expected to read and write, got No space left on device"),
                                                      (KeyboardInterrupt(), 130, "lrguide: interrupted; nothing is written")])
def test_a_failure_while_writing_leaves_nothing(place, lrguide, monkeypatch, failure, status, message):
    def fail(*_):
        raise failure
    monkeypatch.setattr(run, "replace_folder", fail)
    before = sorted(os.listdir(place))
    code, _, err = lrguide(HUNT + " --out found")
    assert (code, err) == (status, [message]) and sorted(os.listdir(place)) == before


def test_a_training_that_diverges_is_a_failure(place, lrguide, monkeypatch):
    from lrguide import anomaly

    def fail(*_, **__):
        raise RuntimeError("training: the loss is not finite after epoch 1; a smaller rate than 0.01 may help")
    monkeypatch.setattr(anomaly, "hunt", fail)
    assert lrguide(HUNT)[::2] == (1, ["lrguide: training: the loss is not finite after epoch 1; a smaller rate than 0.01 may help"])


@pytest.mark.parametrize("change, message", [
    (("t.csv", "absent.csv"), "files: expected a file, or a pattern that fits some, got 'absent.csv'"),
    (("t.csv", "text.txt"), "files: expected ROOT, Parquet, CSV or NumPy, got text.txt, which is none of them"),
    (("t.csv", "t.root"), "tree: expected one of the trees of t.root: data, other, got None"),
    (("t.csv", "words.csv"), "files: expected numbers in column a of words.csv, got 'high'"),
    (("t.csv", "empty.csv"), "file: expected events with all of m, a, b, c, d, got none among 0"),
    (("--mass m", "--mass mass"), "--mass: expected columns of t.csv (m, a, b, c, d, leak, flat), got 'mass'"),
    (("a b c d", "a b tau"), "--features: expected columns of t.csv (m, a, b, c, d, leak, flat), got 'tau'"),
    (("a b c d", "a m"), "--features: expected columns other than the mass, got m"),
    (("a b c d", "a a"), "--features: expected every column once, got a a"),
    (("a b c d", "a leak"), "leak, whose rank correlation with m is above 0.999"),
    (("3300:3700", "3300-3700"), "--windows: expected LOW:HIGH or LEFT:LOW:HIGH:RIGHT, got '3300-3700'"),
    (("t.csv", "nothing.csv"), "files: expected names of columns in the first line of nothing.csv, got nothing"),
    (("t.csv", "semicolons.csv"), "expected commas between columns, got 'm;a;b;c;d'"),
    (("t.csv", "twice.csv"), "expected different names of columns, got 'a' twice"),
    (("t.csv", "t.csv --tree data"), "--tree: expected none but with ROOT files, got 'data' and t.csv"),
    (("t.csv", "negative.csv"), "--mass: expected positive masses, got -5 in m, 1 events with 0 or less; leave them out by --missing or --range"),
    (("a b c d", "a flat"), "--features: expected columns whose values differ, got flat, which is 1 in every event"),
    (("3300:3700", "3700:3300"), "--windows: expected 0 < LOW < HIGH, got '3700:3300'"),
    (("3300:3700", "3400:3300:3700:4000"), "--windows: expected 0 < LEFT < LOW < HIGH < RIGHT, got '3400:3300:3700:4000'"),
    (("3300:3700", "3300:3700 3300:3700"), "--windows: expected different ones, got 3300:3700 3300:3700"),
    (("3300:3700", "3300:3700 --beside nan"), "--beside: expected a number in (0, 1), got nan"),
    (("3300:3700", "1000:3700 --beside 0.9"), "--beside: expected sidebands at positive masses, got one from -1115 to 1000"),
    (("--windows 3300:3700", "--scan 4000:3000:3"), "--scan: expected LOW:HIGH:N with 0 < LOW < HIGH, got '4000:3000:3'"),
    (("--windows 3300:3700", "--scan 3000:4000:1"), "--scan: expected CENTRE:CENTRE:1 for one window, got '3000:4000:1'"),
    (("--members 1", "--members 1000000"), "--members: expected an integer <= 1000, got 1000000"),
    (("--folds 3", "--folds 1000000"), "--folds: expected an integer <= 100, got 1000000"),
    (("3300:3700", "7000:7500"), "--windows: expected sidebands within the masses"),
    (("3300:3700", "3300:3700 --scan 3000:4000:3"), "not allowed with argument"),
    (("--windows 3300:3700", ""), "one of the arguments --windows --scan is required"),
    (("--windows 3300:3700", "--scan 3000:4000:2.5"), "--scan: expected LOW:HIGH:N with a whole number N >= 1, got '3000:4000:2.5'"),
    (("--windows 3300:3700", "--scan 3000:4000:nan"), "--scan: expected LOW:HIGH:N, got '3000:4000:nan'"),
    (("--windows 3300:3700", "--scan 3000:4000:0"), "--scan: expected LOW:HIGH:N with a whole number N >= 1"),
    (("--windows 3300:3700", "--scan 3000:4000:3 --width 3"), "width: expected a number in (0, 1), got 3.0"),
    (("3300:3700", "3300:3700 --width 0.1"), "--width: expected it with --scan, got 0.1"),
    (("3300:3700", "3300:3700 --range 3000:2000"), "--range: expected 0 < LOW < HIGH, got '3000:2000'"),
    (("3300:3700", "3300:3700 --range 3000:high"), "--range: expected LOW:HIGH, got '3000:high'"),
    (("3300:3700", "3300:3700 --range 7000:8000"), "--range: expected events with m from 7000 to 8000, got none among 9,000"),
    (("0.1 0.02", "0.02 0.1"), "--shares: expected at least one, each smaller than the one before, got 0.02, 0.1"),
    (("0.1 0.02", "1.5"), "--shares: expected a number in (0, 1), got 1.5"),
    (("0.1 0.02", "0.00001"), "shares: expected at least one event of each fold"),
    (("--folds 3", "--folds 1"), "--folds: expected an integer >= 2, got 1"),
    (("--folds 3", "--order sideways"), "invalid choice: 'sideways'"),
    (("--folds 3", "--order none"), "invalid choice: 'none'"),
    (("--toys 20", "--toys 5"), "--toys: expected 0 or an integer >= 10, got 5"),
    (("--toys 20", "--seed -1"), "--seed: expected an integer >= 0, got -1"),
    (("--toys 20", "--epochs 0"), "--epochs: expected an integer >= 1, got 0"),
    (("--toys 20", "--degrees 3"), "expected 2 arguments"),
    (("--toys 20", "--weight w"), "--weight: expected none, the p-values are those of counts"),
    (("--out found", "--out text.txt"), "--out: expected a folder that can be written, got text.txt"),
    (("--out found", "--out text.txt/found"), "--out: expected a folder that can be written, got text.txt/found"),
])
def test_refused_in_one_line_with_nothing_written(place, lrguide, change, message):
    (place / "text.txt").write_text("m,a\n1,2\n")
    (place / "words.csv").write_text("m,a,b,c,d\n3000,high,1,2,3\n")
    (place / "empty.csv").write_text("m,a,b,c,d\n")
    (place / "nothing.csv").write_text("")
    (place / "semicolons.csv").write_text("m;a;b;c;d\n3000;1;1;2;3\n")
    (place / "twice.csv").write_text("m,a,b,c,a,d\n3000,1,1,2,3,4\n")
    (place / "negative.csv").write_text("m,a,b,c,d\n3000,1,1,2,3\n-5,2,1,2,3\n")
    before = sorted(os.listdir(place))
    status, out, err = lrguide(f"{HUNT} --out found".replace(*change))
    assert status == 2 and len(err) == 1 and err[0].startswith("lrguide: ") and message in err[0]
    assert sorted(os.listdir(place)) == before


def test_an_empty_sideband_and_an_empty_fold_are_refused(place, lrguide, columns):
    m = columns["m"]
    for hole, message in (((3700, 4200), "windows: expected events in the right sideband of each, got none from 3700 to"), ((3300, 3700), "got none from 3300 to 3700")):
        rows = (m < hole[0]) | (m >= hole[1])
        write_csv(place / "t.csv", {name: column[rows] for name, column in columns.items()})
        status, _, err = lrguide(HUNT)
        assert status == 2 and len(err) == 1 and message in err[0]
    one_event = (m < 3300) | (m >= 3700) | (np.arange(9000) == np.flatnonzero((m >= 3300) & (m < 3700))[0])
    write_csv(place / "t.csv", {name: column[one_event] for name, column in columns.items()})
    status, _, err = lrguide(HUNT)
    assert status == 2 and len(err) == 1 and "folds: expected events of the signal region in each of 3 folds, got none in fold" in err[0]


def test_fits_that_do_not_describe_the_spectrum_are_named():
    shape_p = np.array([[0.5, 1e-9, 0.3], [1e-7, 0.2, 0.1]])
    lines = hunting.remarks(SimpleNamespace(shape_p=shape_p))
    assert lines[0].startswith("note: beside 1 of 2 windows the spectrum of every event does not follow its fit") and "higher first of --degrees" in lines[0]
    assert lines[1].startswith("note: beside 1 of 2 windows a selection's spectrum does not follow its fit") and "higher second of --degrees" in lines[1]
    assert len(lines) == 2 and hunting.remarks(SimpleNamespace(shape_p=np.full((2, 3), 0.01))) == []
