"""Records, parameters and runs; the runs are real notebooks through the real papermill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import NUMBERS, PARAMETERS, write_notebook

from lrguide import run

ROOT = Path(__file__).resolve().parent.parent


# --- records -----------------------------------------------------------------------------------------------------------------


def recorded(**arguments) -> dict:
    """The entry that a notebook's `record` makes."""
    notebook = {"record": run.record, "arguments": arguments}
    exec("record('x', **arguments)", notebook)
    return notebook[run.RECORDS]["x"]


@pytest.mark.parametrize("arguments, verdict", [
    (dict(value=1.0), None),
    (dict(value=1.05, reference=1, tolerance=0.1), "met"),
    (dict(value=1.15, reference=1, tolerance=0.1), "missed"),
    (dict(value=1.15, error=0.01, reference=1, tolerance=0.2), "met"),  # the tolerance decides where there is one
    (dict(value=1.4, error=0.1, reference=1), "met"),
    (dict(value=1.6, error=0.1, reference=1), "missed"),
    (dict(value=1.0, error=float("nan"), reference=1), "missed"),
    (dict(value=0.01, at_most=0.01), "met"),
    (dict(value=0.011, at_most=0.01), "missed"),
    (dict(value=0.5, at_least=0.4, at_most=0.6), "met"),
    (dict(value=0.3, at_least=0.4, at_most=0.6), "missed"),
    (dict(value=float("nan")), "missed"),
    (dict(value=float("nan"), at_most=1), "missed"),
    (dict(value=float("inf"), at_least=1), "missed"),
    (dict(value=5.0, reference=run.Published(None, "a paper"), tolerance=0.1), None),  # published for other parameters
])
def test_verdict(arguments, verdict):
    assert recorded(**arguments)["verdict"] == verdict


def test_pull_counts_errors_from_the_reference():
    assert recorded(value=1.2, error=0.1, reference=1)["pull"] == pytest.approx(2)
    assert recorded(value=1.2, reference=1, tolerance=1)["pull"] is None


@pytest.mark.parametrize("arguments, message", [
    (dict(name="two words", value=1), "name: expected letters"),
    (dict(name="x", value="1"), "value: expected a number, got '1'"),
    (dict(name="x", value=None), "value: expected a number, got None"),
    (dict(name="x", value=[1, 2]), "value: expected a number"),
    (dict(name="x", value=1, reference=1), "reference: expected a tolerance or an error"),
    (dict(name="x", value=1, reference=run.Published(None, "")), "reference: expected a tolerance or an error"),
    (dict(name="x", value=1, error=-1), "error: expected a number >= 0"),
    (dict(name="x", value=1, reference=1, tolerance=-1), "tolerance: expected a number >= 0"),
])
def test_record_refuses(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        run.record(**arguments)


def test_published_is_absent_when_a_condition_differs():
    space = {"published": run.published, "sigma": 0.08}
    assert eval("published(0.464, 'table 1', sigma=0.08).value", space) == 0.464
    assert eval("published(0.464, 'table 1', sigma=0.04).value", space) is None
    with pytest.raises(NameError, match="signal: expected a variable of the notebook"):
        eval("published(0.464, 'table 1', signal=50)", space)


def test_check_records_names_the_misses_of_its_own_notebook():
    one, other = ({"record": run.record, "check_records": run.check_records} for _ in range(2))
    exec("record('good', 1, at_most=2); record('bad', 3, at_most=2)", one)
    exec("check_records()", other)
    with pytest.raises(AssertionError, match="missed: bad = 3, expected <= 2: missed"):
        exec("check_records()", one)
    exec("record('bad', 1, at_most=2); check_records()", one)  # the cell repaired and run again


# --- parameters --------------------------------------------------------------------------------------------------------------


def test_parameters_are_read_with_types_and_ranges():
    found = run.read_parameters("#| default_exp x\n" + PARAMETERS + "big: int = 500_000  # events, with # signs, [1, inf)\n")
    assert [(p.kind, p.default, p.range) for p in found.values()] == [
        (int, 3, ">= 1"), (float, 0.5, "in (0, 1)"), (str, "plain", ""), (bool, False, ""), (int, 500000, "in [1, inf)")]
    assert found["sigma"].meaning == "width, in (0, 1)"


@pytest.mark.parametrize("line", ["n = 3", "n: list = []", "n: int", "n: int = 3.5", "n: int = 2 * k", "import os",
                                  "n: int = 0  # size, >= 1"])
def test_malformed_parameters_cells_are_refused(line):
    with pytest.raises(run.UsageError, match="expected"):
        run.read_parameters(line)


@pytest.mark.parametrize("name, text, value", [
    ("n", "5", 5), ("sigma", "0.25", 0.25), ("sigma", "2.5e-1", 0.25), ("word", "5", "5"), ("loud", "true", True),
    ("loud", "False", False)])
def test_command_line_values(name, text, value):
    got = run.read_parameters(PARAMETERS)[name].read(text)
    assert got == value and type(got) is type(value)


@pytest.mark.parametrize("name, text", [
    ("n", "1.5"), ("n", "3.0"), ("n", "abc"), ("n", "true"), ("n", "0"), ("sigma", "nan"), ("sigma", "inf"), ("sigma", "1"),
    ("sigma", "0"), ("sigma", "[1]"), ("sigma", ""), ("loud", "1")])
def test_command_line_values_that_are_refused(name, text):
    with pytest.raises(run.UsageError, match=f"{name}: expected"):
        run.read_parameters(PARAMETERS)[name].read(text)


def test_an_integer_given_for_a_number_is_converted():
    assert type(run.read_parameters("s: float = 50  # yield, > 0")["s"].default) is float


@pytest.mark.parametrize("text, message", [
    ("[paper.11_tiny]\nn = 0", "n: expected an integer >= 1, got 0"),
    ("[paper.11_tiny]\nm = 5", "parameter: expected one of chapter 11_tiny"),
    ("[paper.12_tiny]\nn = 5", "expected a table with the name of a chapter, got '12_tiny'"),
    ("[huge.11_tiny]\nn = 5", "expected tables"),
    ("[paper", "presets.toml")])
def test_presets_are_checked(clone, text, message):
    (clone / "nbs" / "presets.toml").write_text(text)
    with pytest.raises(run.UsageError, match=message):
        run.read_preset("paper", clone / "nbs")


# --- runs --------------------------------------------------------------------------------------------------------------------


def test_a_run_its_key_and_what_makes_it_run_again(clone):
    """One chapter through its life; every `run_chapter` that runs is told by its new file times."""
    path, out = clone / "nbs" / "1_part" / "11_tiny.ipynb", clone / "out"
    notebook = path.read_bytes()
    chapter, folder = run.read_chapter(path), out / "11_tiny"

    def made():
        return (folder / "results.json").stat().st_mtime_ns

    first = run.run_chapter(chapter, out)
    assert sorted(file.name for file in folder.iterdir()) == ["11_tiny.ipynb", "line.png", "results.json"]
    assert [(entry["name"], entry["value"], entry["reference"], entry["verdict"]) for entry in first["records"]] == [
        ("double", 6, 6, "met"), ("width", 0.5, None, "met")]
    assert first["parameters"] == {"n": 3, "sigma": 0.5, "word": "plain", "loud": False}
    assert first == json.loads((folder / "results.json").read_text())
    assert os.uname().nodename not in (folder / "results.json").read_text()
    outputs = [output for cell in json.loads((folder / "11_tiny.ipynb").read_text())["cells"] for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1, "a saved figure is shown once"
    assert path.read_bytes() == notebook and not list(clone.glob("nbs/**/*.png"))

    before = made()
    assert run.run_chapter(chapter, out) == first and made() == before

    (folder / "line.png").write_bytes(b"half a pict")
    assert run.run_chapter(chapter, out)["files"] == first["files"] and made() != before, "the picture is the same, byte for byte"

    before = made()
    (folder / "results.json").write_text((folder / "results.json").read_text()[:-30])
    assert run.run_chapter(chapter, out)["records"] == first["records"] and made() != before

    before = made()
    other = run.run_chapter(chapter, out, {"n": 4, "sigma": 0.7})
    assert other["key"] != first["key"] and made() != before
    assert [(entry["value"], entry["reference"], entry["verdict"]) for entry in other["records"]] == [
        (8, None, None), (0.7, None, "missed")]

    before = made()
    run.run_chapter(chapter, out, {"n": 4, "sigma": 0.7}, force=True)
    assert made() != before
    assert [file.name for file in out.iterdir()] == ["11_tiny"], "no temporary folder is left"


def test_the_key_knows_code_and_parameters_but_not_text(clone, monkeypatch):
    path = clone / "nbs" / "1_part" / "11_tiny.ipynb"
    chapter = run.read_chapter(path)
    key = run.run_key(chapter, {"n": 3})
    path.write_text(path.read_text().replace("# A tiny chapter", "# A small chapter"))
    assert run.run_key(run.read_chapter(path), {"n": 3}) == key
    path.write_text(path.read_text().replace("2 * n", "3 * n"))
    assert run.run_key(run.read_chapter(path), {"n": 3}) != key
    assert run.run_key(chapter, {"n": 4}) != key
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert run.run_key(chapter, {"n": 3}) != key


def test_the_key_knows_the_modules_that_are_reached_and_no_others(tmp_path):
    home = tmp_path / "lrguide"
    home.mkdir()
    for name, text in {"__init__": "", "run": "import json", "arrays": "import numpy", "models": "from .arrays import Table",
                       "nets": "def late():\n    from lrguide.models import A", "cli": "", "other": "x = 1 + 1"}.items():
        (home / f"{name}.py").write_text(text)
    needed = lambda *code: set(run.reached(code, home)) - {"run", "__init__"}
    assert needed("import numpy") == set()
    assert needed("x = 1", "from lrguide.models import A") == {"models", "arrays"}
    assert needed("if True:\n    from lrguide import nets as n") == {"nets", "models", "arrays"}
    assert needed("from lrguide import __version__") == set()
    everything = {"arrays", "models", "nets", "other"}
    assert needed("import lrguide as lr") == needed("from lrguide import Table") == needed("%matplotlib inline") == everything


def test_kernel_is_this_interpreter_and_writes_into_its_own_folder(tmp_path):
    path = write_notebook(tmp_path / "nbs" / "11_where.ipynb", "import sys, pathlib\npathlib.Path('note.txt').write_text(sys.executable)")
    results = run.run_chapter(run.read_chapter(path), tmp_path / "out")
    assert list(results["files"]) == ["note.txt"]
    assert (tmp_path / "out" / "11_where" / "note.txt").read_text() == sys.executable


def test_a_failed_chapter_leaves_the_results_before_it(tmp_path):
    path = write_notebook(tmp_path / "nbs" / "11_fails.ipynb", "if n > 3:\n    raise OSError('too many')",
                          parameters="n: int = 3  # size, >= 1")
    chapter = run.read_chapter(path)
    first = run.run_chapter(chapter, tmp_path / "out")
    with pytest.raises(run.ChapterError, match=r"11_fails: cell \d+: OSError: too many"):
        run.run_chapter(chapter, tmp_path / "out", {"n": 4})
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["11_fails"]
    assert run.run_chapter(chapter, tmp_path / "out") == first


def test_a_kernel_that_dies_is_a_failed_chapter(tmp_path):
    path = write_notebook(tmp_path / "nbs" / "11_dies.ipynb", "import os\nos._exit(3)")
    with pytest.raises(run.ChapterError, match="11_dies: DeadKernelError"):
        run.run_chapter(run.read_chapter(path), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_name_recorded_twice_is_refused(tmp_path):
    path = write_notebook(tmp_path / "nbs" / "11_twice.ipynb", NUMBERS, "record('width', 1)", parameters=PARAMETERS)
    with pytest.raises(run.ChapterError, match="'width' twice"):
        run.run_chapter(run.read_chapter(path), tmp_path / "out")


def test_killed_in_the_middle(tmp_path):
    """SIGKILL leaves nothing that looks done; the same command then completes and clears away what was left."""
    waits = "import pathlib, time\nwhile not pathlib.Path(flag).exists():\n    time.sleep(0.1)"
    path = write_notebook(tmp_path / "nbs" / "11_waits.ipynb", "from lrguide.run import record\nrecord('early', 1)", waits,
                          parameters=f"flag: str = {str(tmp_path / 'flag')!r}  # file")
    out, chapter = tmp_path / "out", run.read_chapter(path)
    command = [sys.executable, "-m", "lrguide", "run", "11", "--out", str(out), "--notebooks", str(path.parent)]
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    limit = time.monotonic() + 60
    while not list(out.glob(".11_waits.*/records.jsonl")):
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()

    [left] = out.iterdir()
    assert left.name.startswith(f".11_waits.{process.pid}.")
    assert run.read_results(out / "11_waits") is None
    (tmp_path / "flag").touch()
    elsewhere = out / f".11_waits.{process.pid}.another"  # it may be at work: a batch system's hosts share folders, not processes
    elsewhere.mkdir()
    results = run.run_chapter(chapter, out)
    assert [entry["name"] for entry in results["records"]] == ["early"]
    assert sorted(file.name for file in out.iterdir()) == [elsewhere.name, "11_waits"]


def test_killed_figures_take_their_chapters_along(tmp_path):
    """SIGKILL of the command that starts the chapters ends them too; a rerun is not raced by what was left."""
    waits = "import pathlib, time\nwhile not pathlib.Path(flag).exists():\n    time.sleep(0.1)"
    path = write_notebook(tmp_path / "nbs" / "11_waits.ipynb", "from lrguide.run import record\nrecord('early', 1)", waits,
                          parameters=f"flag: str = {str(tmp_path / 'flag')!r}  # file")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lrguide", "figures", "--out", str(out), "--notebooks", str(path.parent)]
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    limit = time.monotonic() + 60
    while not (started := list(out.glob(".11_waits.*/records.jsonl"))):
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    chapter = int(started[0].parent.name.split(".")[2])
    while run._alive(chapter):
        assert time.monotonic() < limit
        time.sleep(0.05)
    (tmp_path / "flag").touch()
    assert subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True).returncode == 0
    assert run.read_results(out / "11_waits")["records"][0]["name"] == "early"
    assert [file.name for file in out.iterdir()] == ["11_waits"]


def test_a_sample_of_the_same_size_is_another_one(tmp_path, monkeypatch):
    from lrguide import data
    monkeypatch.setenv("LRGUIDE_DATA", str(tmp_path))
    keys = []
    for content in (b"a" * 500, b"b" * 500):
        (tmp_path / data.HTAUTAU).write_bytes(content)
        keys.append(run._samples({"data": ""}))
    assert keys[0] != keys[1] and keys[1] == run._samples({"data": ""})
