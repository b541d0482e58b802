"""Results that were changed do not count as done; what is malformed or cannot be written is one line."""

import json
import os
import subprocess
import sys

import pytest

from lrguide import run


@pytest.fixture
def made(clone):
    chapter = run.read_chapter(clone / "nbs" / "1_part" / "11_tiny.ipynb")
    run.run_chapter(chapter, clone / "out")
    return chapter, clone / "out" / "11_tiny"


@pytest.mark.parametrize("change", [
    lambda results: results["records"][0].update(value=7.0),
    lambda results: results["records"][0].update(verdict="missed"),
    lambda results: results.update(records=[]),
    lambda results: results["files"].clear(),
    lambda results: results.pop("seal"),
    lambda results: results.update(seal=None),
], ids=["value", "verdict", "no records", "no files", "no seal", "empty seal"])
def test_changed_results_are_not_done(made, change):
    chapter, folder = made
    key = run.run_key(chapter, run.resolve(chapter))
    results = json.loads((folder / "results.json").read_text())
    assert run.read_results(folder, key) == results
    change(results)
    (folder / "results.json").write_text(json.dumps(results))
    assert run.read_results(folder, key) is None


@pytest.mark.parametrize("arguments", [dict(error=float("inf"), reference=1), dict(error=1, reference=float("inf")), dict(error=float("nan"), reference=1)])
def test_what_is_infinite_is_not_met(arguments):
    notebook = {"record": run.record, "arguments": arguments}
    exec("record('x', 5.0, **arguments)", notebook)
    assert notebook[run.RECORDS]["x"]["verdict"] == "missed"


@pytest.mark.parametrize("name", ["tolerance", "at_most", "at_least"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400])
def test_limits_are_finite(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        run.record("x", 1.0, reference=1.0, error=1.0, **{name: value})


@pytest.mark.parametrize("words, message", [
    (["run", "11", "--out", ""], "--out: expected a folder, got ''"),
    (["figures", "--out", " "], "--out: expected a folder, got ' '"),
    (["sweep", "11", "-p", "n=1,2", "--out", ""], "--out: expected a folder, got ''"),
    (["run", "11", "-p", "n=1", "-p", "n=2"], "-p: expected every parameter once, got 'n' twice"),
    (["run", "11", "-p", "sigma=1" + 400 * "0"], "sigma: expected a number, got inf"),
    (["run", "11", "-p", "sigma=1" + 5000 * "0"], "sigma: expected a number"),
    (["sweep", "11", "-p", "n=1.." + 5000 * "9", "--out", "x"], "n: expected an integer"),
])
def test_commands_refuse_in_one_line(clone, lrguide, words, message):
    done = lrguide(*words)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and message in done.stderr
    assert not (clone / "x").exists() and not (clone / "runs").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{}]}', '{"cells": [{"cell_type": "code", "metadata": 1, "source": "a"}]}',
                                  '{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "n: int = 1  # a, in (1.2.3, 4)"}]}',
                                  '{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "n: float = 1' + 400 * "0" + '  # a, > 0"}]}',
                                  "[" * 100_000])
def test_malformed_notebooks(clone, text):
    path = clone / "nbs" / "1_part" / "12_bad.ipynb"
    path.write_text(text)
    with pytest.raises(run.UsageError) as refused:
        run.read_chapter(path)
    assert "12_bad" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["paper = 3", "[paper]\n11_tiny = 3", "[paper.11_tiny]\nn = 1.5", "[paper.11_tiny]\nsigma = 1" + 400 * "0", "[", "\x00", "[[paper]]\nx = 1"])
def test_malformed_presets(clone, text):
    (clone / "nbs" / "presets.toml").write_text(text)
    with pytest.raises(run.UsageError) as refused:
        run.read_preset("paper", clone / "nbs")
    assert str(refused.value).startswith("presets.toml:") and "\n" not in str(refused.value)


def test_nobody_reads_on(clone):
    """A reader that has gone, as behind `| head`: no traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "lrguide", "list", "--notebooks", "nbs"], cwd=clone, stdout=write, stderr=subprocess.PIPE, text=True,
                          env=os.environ | {"PYTHONPATH": str(run.NOTEBOOKS.parent)})
    os.close(write)
    assert done.stderr == "" and done.returncode == 141


def test_a_full_disk_is_one_line(clone, monkeypatch):
    def full(work):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(run, "_checksums", full)
    chapter = run.read_chapter(clone / "nbs" / "1_part" / "11_tiny.ipynb")
    with pytest.raises(run.ChapterError, match="No space left on device") as refused:
        run.run_chapter(chapter, clone / "out")
    assert "\n" not in str(refused.value) and list((clone / "out").iterdir()) == []
