"""Sweeps: grids, points in processes of their own, the table; here and through Snakemake. The chapters are tiny, the kills real."""

import csv
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest
from conftest import PARAMETERS, write_notebook

from lrguide import cli, run, sweep

ROOT = Path(__file__).resolve().parent.parent
COUNT = """\
import os, pathlib, time
from lrguide.run import record
record("square", case**2, error=0.5, reference=case**2)
record("scaled", case * width, at_most=5)
notes = pathlib.Path(os.environ["NOTES"])
with open(notes / "tries", "a") as file:
    file.write(f"{case}\\n")
"""
WAIT = """\
while case == 1 and (notes / "wait").exists():
    time.sleep(0.05)
"""
FAIL = """\
if case == 2 and (notes / "tries").read_text().splitlines().count("2") < 2:
    raise OSError("out of luck")
if case == 3 and not (notes / "repaired").exists():
    raise OSError("broken")
"""


@pytest.fixture
def counting(clone, monkeypatch):
    """The clone with chapter 12, which notes its tries; case 1 waits if told to, case 2 fails once, case 3 until it is repaired."""
    write_notebook(clone / "nbs" / "12_counting.ipynb", COUNT, WAIT, FAIL,
                   parameters="case: int = 0  # what happens, >= 0\nwidth: float = 0.5  # factor, in (0, 9)")
    (clone / "notes").mkdir()
    monkeypatch.setenv("NOTES", str(clone / "notes"))
    return clone


def tries(clone: Path) -> list[str]:
    """The cases in the order in which they were tried."""
    return (clone / "notes" / "tries").read_text().split()


def read_table(folder: Path) -> list[dict[str, str]]:
    with open(folder / "table.csv", newline="") as file:
        return list(csv.DictReader(file))


def untimed(folder: Path) -> tuple[list[dict], list[dict]]:
    """Both tables without the timing columns."""
    tables = read_table(folder), pyarrow.parquet.read_table(folder / "table.parquet").to_pylist()
    return tuple([{name: cell for name, cell in row.items() if name not in sweep.TIMING_COLUMNS} for row in table] for table in tables)


def kill_while_waiting(clone: Path, *arguments: str) -> None:
    """Starts the sweep, kills it with SIGKILL in the middle of case 1 and waits until that point's process has ended, too."""
    (clone / "notes" / "wait").touch()
    process = subprocess.Popen([sys.executable, "-m", "lrguide", *arguments, "--notebooks", "nbs"], cwd=clone,
                               env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    while "1" not in ((clone / "notes" / "tries").read_text() if (clone / "notes" / "tries").exists() else ""):
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [work] = clone.glob("*/points/*/.12_counting.*")
    while run._alive(int(work.name.split(".")[2])):
        assert time.monotonic() < limit
        time.sleep(0.05)
    (clone / "notes" / "wait").unlink()


# --- grids -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, text, values", [
    ("n", "5", [5]), ("n", "1,5,2", [1, 5, 2]), ("n", "1..3,7", [1, 2, 3, 7]), ("n", "4..4", [4]),
    ("sigma", "0.5,2.5e-1", [0.5, 0.25]), ("word", "a,b..c", ["a", "b..c"]),
    ("word", '"a,b",c', ["a,b", "c"]), ("word", 'c,"a, ""b"""', ["c", 'a, "b"']), ("word", 'say "hi",5" tall', ['say "hi"', '5" tall']), ("loud", "true,false", [True, False])])
def test_lists_and_ranges(name, text, values):
    got = run.read_parameters(PARAMETERS)[name].read_many(text)
    assert got == values and [type(value) for value in got] == [type(value) for value in values]


def test_a_range_of_integers_for_a_number():
    got = run.read_parameters("shift: float = 0  # offset, [-5, 5]")["shift"].read_many("-1..1,0.5")
    assert got == [-1.0, 0.0, 1.0, 0.5] and all(type(value) is float for value in got)


@pytest.mark.parametrize("texts, message", [
    (["m=1"], "parameter: expected one of chapter 11_tiny"),
    (["n"], "-p: expected NAME=VALUES, got 'n'"),
    (["n=1,2", "n=3"], "-p: expected every parameter once, got 'n' twice"),
    (["n=1,,2"], "n: expected an integer, got ''"),
    (['n="1,2",3'], "n: expected an integer, got '\"1'"),
    (['word="a,b'], "word: expected texts such as a,"),
    (['word="a,b",a,"a,b"'], "word: expected different values, got 'a,b' twice"),
    (["n=1,2,1"], "n: expected different values, got 1 twice"),
    (["sigma=0.5,5e-1"], "sigma: expected different values, got 0.5 twice"),
    (["n=0..3"], "n: expected an integer >= 1, got 0"),
    (["n=3..1"], "n: expected a range a..b of 1 to 100000 integers, got '3..1'"),
    (["n=1..1000000000000"], "n: expected a range"),
    (["n=1.5..3"], "n: expected an integer, got '1.5..3'"),
    (["sigma=0.2,1"], r"sigma: expected a number in \(0, 1\), got 1"),
    (["n=1..1000", "word=" + ",".join(map(str, range(1000)))], "-p: expected at most 100000 points, got 1000000"),
])
def test_grids_that_are_refused(clone, texts, message):
    chapter = run.find_chapter("11", run.find_chapters(clone / "nbs"))
    with pytest.raises(run.UsageError, match=message):
        sweep.read_grid(chapter, texts)


def test_the_grid_is_a_product_and_its_points_have_stable_names(clone):
    chapter = run.find_chapter("11", run.find_chapters(clone / "nbs"))
    points = sweep.read_grid(chapter, ["sigma=0.2,0.1", "n=1..3"], {"word": "base", "n": 9})
    assert [(point["sigma"], point["n"]) for point in points.values()] == [
        (0.2, 1), (0.2, 2), (0.2, 3), (0.1, 1), (0.1, 2), (0.1, 3)]
    assert all(point["word"] == "base" and point["loud"] is False for point in points.values())
    assert list(points) == [sweep.point_name(chapter, point) for point in points.values()] and len(set(points)) == 6
    assert sweep.read_grid(chapter, ["n=2", "word=base", "sigma=0.1"]).keys() < points.keys()


@pytest.mark.parametrize("arguments, message", [
    ("", "required: NN, --out"),
    ("12 --out s", "chapter: expected one of 11, got '12'"),
    ("11", "required: --out"),
    ("11 --out s -p n=1,0", "n: expected an integer >= 1, got 0"),
    ("11 --out s --jobs 0", "--jobs: expected an integer >= 1, got 0"),
    ("11 --out s --retries -1", "--retries: expected an integer >= 0, got -1"),
    ("11 --out blocked/s", "--out: expected a folder that can be written"),
])
def test_bad_input_is_one_line_and_writes_nothing(clone, lrguide, arguments, message):
    (clone / "blocked").write_text("a file, not a folder")
    before = sorted(clone.rglob("*"))
    done = lrguide("sweep", *arguments.split())
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert message in done.stderr
    assert sorted(clone.rglob("*")) == before


# --- processes ---------------------------------------------------------------------------------------------------------------


def test_processes_are_tried_again_and_their_last_line_is_kept(tmp_path):
    """`run_apart` with commands of its own: well, failing once, always failing, refusing (not tried again), ending without a word."""
    def command(name, action):
        note = f"open({str(tmp_path / name)!r}, 'a').write('x'); import os, sys; tries = len(open({str(tmp_path / name)!r}).read())"
        return [sys.executable, "-c", f"{note}\n{action}"]

    commands = {"well": command("well", "sys.exit(0)"), "once": command("once", "sys.exit('first' if tries == 1 else 0)"),
                "always": command("always", "sys.exit(f'line\\ntry {tries}')"), "refuses": command("refuses", "sys.exit(2)"),
                "killed": command("killed", "os.kill(os.getpid(), 9)"),
                "told": command("told", "sys.exit(os.environ['OF_OURS'])")}
    failed = cli.run_apart(commands, jobs=3, retries=2, environment={"OF_OURS": "yes"})
    assert failed == {"always": "try 3", "told": "yes", "refuses": "lrguide: refuses: ended with status 2",
                      "killed": "lrguide: killed: ended with status -9"}
    assert {name: len((tmp_path / name).read_text()) for name in commands} == {
        "well": 1, "once": 2, "always": 3, "refuses": 1, "killed": 3, "told": 3}


# --- the table ---------------------------------------------------------------------------------------------------------------


def made_up(values: dict, *records: tuple) -> dict:
    """Results with these parameters and records (name, value)."""
    entries = []
    for name, value in records:
        notebook = {"record": run.record, "value": value}
        exec(f"record({name!r}, value, error=0.5, reference=1)", notebook)
        entries.append(notebook[run.RECORDS][name])
    return {"parameters": values, "records": entries, "seconds": 1.5, "date": "2026-01-02",
            "machine": {"processor": "a, b", "cores": 2}}


def test_the_table_is_the_same_in_both_files_and_keeps_every_point(tmp_path):
    path = write_notebook(tmp_path / "nbs" / "11_odd.ipynb",
                          parameters="value: int = 1  # as a column\nword: str = 'x'  # text\nloud: bool = True  # flag")
    chapter = run.read_chapter(path)
    points = sweep.read_grid(chapter, ['word=say "hi",none,lost', f"value=1,{2**70}"])
    names = list(points)
    results = {name: made_up(points[name], ("a", 0.1 + 0.2), ("b", float("inf"))) for name in names[:3]}
    results |= {names[3]: made_up(points[names[3]]), names[4]: None}  # one without records, two that failed
    columns = sweep.sweep_columns(chapter)
    assert list(columns) == ("chapter point parameter_value word loud quantity value error reference tolerance at_most at_least pull "
                             "verdict status seconds date machine").split()
    assert sweep.write_table(columns, sweep.sweep_rows(chapter, points, results), tmp_path) == ["table.csv", "table.parquet"]

    rows = read_table(tmp_path)
    assert [(row["word"], row["quantity"], row["status"]) for row in rows] == [
        ('say "hi"', "a", "done"), ('say "hi"', "b", "done"), ('say "hi"', "a", "done"), ('say "hi"', "b", "done"),
        ("none", "a", "done"), ("none", "b", "done"), ("none", "", "done"), ("lost", "", "failed"), ("lost", "", "failed")]
    assert rows[0] | {"point": ""} == {
        "chapter": "11_odd", "point": "", "parameter_value": "1", "word": 'say "hi"', "loud": "True", "quantity": "a",
        "value": repr(0.1 + 0.2), "error": "0.5", "reference": "1.0", "tolerance": "", "at_most": "", "at_least": "",
        "pull": repr((0.1 + 0.2 - 1) / 0.5), "verdict": "met", "status": "done", "seconds": "1.5", "date": "2026-01-02",
        "machine": "a, b, 2 cores"}
    parquet = pyarrow.parquet.read_table(tmp_path / "table.parquet")
    assert [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in parquet.to_pylist()] == rows
    types = {"loud": "bool", "value": "double", "word": "string", "date": "string"}
    assert {name: str(parquet.schema.field(name).type) for name in types} == types
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nbs", "table.csv", "table.parquet"]


def test_without_pyarrow_no_old_parquet_file_stays(tmp_path, monkeypatch):
    (tmp_path / "table.parquet").write_text("an older table")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert sweep.write_table({"n": int}, [{"n": 1}], tmp_path) == ["table.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_text() == "n\n1\n"


def test_a_table_that_cannot_be_finished_leaves_the_one_before(tmp_path):
    (tmp_path / "table.csv").write_text("n\n1\n")
    with pytest.raises(ValueError, match="fields not in fieldnames"):
        sweep.write_table({"n": int}, [{"n": 2}, {"m": 3}], tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("table.csv", "n\n1\n")]


# --- sweeps ------------------------------------------------------------------------------------------------------------------


def test_a_killed_sweep_resumes_to_the_same_table_and_grows(counting, lrguide):
    grid = ["sweep", "12", "-p", "width=4", "-p", "case=0,1,5", "--out"]
    assert lrguide(*grid, "whole", "--jobs", "2").returncode == 0
    assert [(row["case"], row["width"], row["quantity"], row["value"], row["verdict"]) for row in read_table(counting / "whole")] == [
        ("0", "4.0", "square", "0.0", "met"), ("0", "4.0", "scaled", "0.0", "met"), ("1", "4.0", "square", "1.0", "met"),
        ("1", "4.0", "scaled", "4.0", "met"), ("5", "4.0", "square", "25.0", "met"), ("5", "4.0", "scaled", "20.0", "missed")]

    (counting / "notes" / "tries").unlink()
    kill_while_waiting(counting, *grid, "killed")
    assert tries(counting) == ["0", "1"] and [path.name for path in (counting / "killed").iterdir()] == ["points"]
    done = lrguide(*grid, "killed")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 points done (1 before), 0 failed, 1 numbers missed" in done.stdout
    assert tries(counting) == ["0", "1", "1", "5"]
    assert untimed(counting / "killed") == untimed(counting / "whole")
    assert not list((counting / "killed" / "points").glob("*/.*"))

    done = lrguide("sweep", "12", "-p", "width=4", "-p", "case=0,1,6", "--out", "killed")  # one is added, one not asked for
    assert tries(counting)[4:] == ["6"]
    assert "3 points done (2 before)" in done.stdout and "1 other points" in done.stdout
    assert untimed(counting / "killed")[0][:4] == untimed(counting / "whole")[0][:4]
    assert lrguide(*grid, "killed").stdout.startswith("3 points done (3 before)")
    assert untimed(counting / "killed") == untimed(counting / "whole")


def test_failed_points_are_tried_again_then_reported(counting, lrguide):
    command = ["sweep", "12", "-p", "case=3,2", "--out", "s", "--jobs", "2"]
    done = lrguide(*command)
    assert sorted(tries(counting)) == ["2", "2", "3", "3"]
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["lrguide: case=3: failed: 12_counting: cell 5: OSError: broken"]
    assert "1 points done (0 before), 1 failed, 0 numbers missed" in done.stdout
    rows = read_table(counting / "s")
    assert [(row["case"], row["quantity"], row["value"], row["status"], row["date"] > "") for row in rows] == [
        ("3", "", "", "failed", False), ("2", "square", "4.0", "done", True), ("2", "scaled", "1.0", "done", True)]

    (counting / "notes" / "repaired").touch()
    done = lrguide(*command)
    assert (done.returncode, done.stderr) == (0, "") and "2 points done (1 before)" in done.stdout
    assert [row["status"] for row in read_table(counting / "s")] == ["done"] * 4


# --- Snakemake ---------------------------------------------------------------------------------------------------------------


def test_snakemake_makes_the_same_table_after_a_kill_and_a_failure(counting, lrguide):
    grid = ["sweep", "12", "-p", "case=0,1,3", "--retries", "1", "--out"]
    through = ["s", "--profile", "local"]
    kill_while_waiting(counting, *grid, *through)
    before = len(tries(counting))
    assert not (counting / "s" / "table.csv").exists()
    done = lrguide(*grid, *through, "--jobs", "2")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["lrguide: case=3: failed: 12_counting: cell 5: OSError: broken"]
    assert tries(counting)[before:].count("3") == 2, "tried again once"
    assert [row["status"] for row in read_table(counting / "s")] == ["done"] * 4 + ["failed"]

    (counting / "notes" / "repaired").touch()
    done = lrguide(*grid, *through)
    assert (done.returncode, done.stderr) == (0, "") and "3 points done (2 before), 0 failed" in done.stdout
    assert "Snakemake runs" not in lrguide(*grid, *through).stdout, "all is done"
    assert [(row["case"], row["quantity"], row["value"]) for row in read_table(counting / "s")] == [
        ("0", "square", "0.0"), ("0", "scaled", "0.0"), ("1", "square", "1.0"), ("1", "scaled", "0.5"), ("3", "square", "9.0"),
        ("3", "scaled", "1.5")]


def test_a_profile_is_handed_to_snakemake(counting, lrguide):
    """A profile is a folder; its lines are Snakemake's options. Odd texts reach the chapter unharmed."""
    word = "{input} $HOME 'a \"b"
    write_notebook(counting / "nbs" / "13_word.ipynb", "from lrguide.run import record\nrecord('length', len(word))",
                   parameters="word: str = ''  # text")
    (counting / "mine").mkdir()
    (counting / "mine" / "config.yaml").write_text("executor: local\njobs: 1\nprintshellcmds: true\n")
    done = lrguide("sweep", "13", "-p", f"word={word}", "--out", "a folder", "--profile", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    [row] = read_table(counting / "a folder")
    assert row["word"] == word and float(row["value"]) == len(word)


def test_snakemake_that_does_not_begin_is_one_line_and_harms_nothing(counting, lrguide):
    assert lrguide("sweep", "12", "--out", "s").returncode == 0
    table = untimed(counting / "s")
    done = lrguide("sweep", "12", "--out", "s", "--profile", "nowhere", "--force")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "--profile nowhere: Snakemake ended with status 1: Error: profile" in done.stderr
    assert lrguide("sweep", "12", "--out", "s").stdout.startswith("1 points done (1 before)")
    assert untimed(counting / "s") == table


def test_without_snakemake_it_names_the_extra(clone, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="2"):
        cli.main(["sweep", "11", "--out", str(clone / "s"), "--profile", "local", "--notebooks", str(clone / "nbs")])
    assert capsys.readouterr().err == (
        "lrguide: --profile: expected Snakemake to be installed (the extra `sweep`: pip install -e '.[sweep]')\n")
    assert not (clone / "s").exists()


def test_a_text_with_a_comma_goes_through_a_sweep(clone, lrguide):
    """Quoted in the command, one value in the chapter and in the table; the folder of the points is named."""
    write_notebook(clone / "nbs" / "12_words.ipynb", "from lrguide.run import record\nrecord('commas', word.count(','))", parameters="word: str = 'x'  # a text")
    done = lrguide("sweep", "12", "-p", 'word="a,b,c",d', "--out", "scan")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "2 points, 0 of them done before, into scan/points"
    assert [(row["word"], row["value"]) for row in read_table(clone / "scan")] == [("a,b,c", "2.0"), ("d", "0.0")]
