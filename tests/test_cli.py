"""The command line, in processes of its own."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write_notebook

from lrguide import __version__, cli


@pytest.mark.parametrize("arguments, message", [
    ("figure", "invalid choice: 'figure'"),
    ("figures --bogus", "--bogus"),
    ("figures --jobs 0", "--jobs: expected an integer >= 1, got 0"),
    ("figures --jobs two", "--jobs"),
    ("figures --preset huge", "'huge'"),
    ("figures --only 12", "chapter: expected one of 11, got '12'"),
    ("figures --out blocked/out", "--out: expected a folder that can be written"),
    ("run", "required: NN"),
    ("run 12", "chapter: expected one of 11, got '12'"),
    ("run 11 -p m=1", "parameter: expected one of chapter 11_tiny (n, sigma, word, loud), got 'm'"),
    ("run 11 -p n", "-p: expected NAME=VALUE, got 'n'"),
    ("run 11 -p n=1.5", "n: expected an integer, got 1.5"),
    ("run 11 -p n=0", "n: expected an integer >= 1, got 0"),
    ("run 11 -p sigma=1", "sigma: expected a number in (0, 1), got 1.0"),
    ("run 11 --out blocked/out", "--out: expected a folder that can be written"),
])
def test_bad_input_is_one_line_and_writes_nothing(clone, lrguide, arguments, message):
    (clone / "blocked").write_text("a file, not a folder")
    before = sorted(clone.rglob("*"))
    done = lrguide(*arguments.split())
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert sorted(clone.rglob("*")) == before


def test_without_a_clone_it_says_what_is_needed(clone, lrguide):
    (clone / "nbs" / "1_part" / "11_tiny.ipynb").unlink()
    done = lrguide("list")
    assert done.returncode == 2 and "give --notebooks DIR" in done.stderr


def test_run_reports_a_miss_and_goes_on(clone, lrguide):
    done = lrguide("run", "11", "-p", "sigma=0.7", "--out", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert "| width" in done.stdout and "missed" in done.stdout
    assert (clone / "mine" / "11_tiny" / "line.png").exists()
    assert done.stdout.splitlines()[-1] == "written: mine/11_tiny: 11_tiny.ipynb, line.png, results.json"


def test_run_of_two_says_how_far_it_is(clone, lrguide):
    write_notebook(clone / "nbs" / "12_other.ipynb", "1 / 1")
    done = lrguide("run", "11", "12")
    assert done.stdout.splitlines()[0].startswith("11_tiny: 1 of 2, about ") and done.stdout.splitlines()[1] == "12_other: 2 of 2"
    assert done.stdout.splitlines()[-2:] == ["written: runs/11_tiny: 11_tiny.ipynb, line.png, results.json", "written: runs/12_other: 12_other.ipynb, results.json"]


def test_list(lrguide):
    done = lrguide("list")
    assert done.stdout.splitlines()[:2] == ["11_tiny: A tiny chapter", "    n: int = 3  # size, >= 1"]


def test_figures(clone, lrguide):
    """Three chapters, one of which fails and one of which misses: the others are made, the status says so, a second call resumes."""
    write_notebook(clone / "nbs" / "12_broken.ipynb", "1 / 0")
    missing = write_notebook(clone / "nbs" / "13_misses.ipynb", "from lrguide.run import record\nrecord('far', 3, at_most=2)")
    done = lrguide("figures", "--jobs", "2")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["lrguide: 12_broken: cell 2: ZeroDivisionError: division by zero"]
    assert done.stdout.splitlines()[-1] == "2 chapters done (0 before), 1 failed, 1 numbers missed"
    quick = clone / "figures" / "quick"
    assert sorted(path.name for path in quick.iterdir()) == ["11_tiny", "13_misses"]

    write_notebook(clone / "nbs" / "12_broken.ipynb", "1 / 1")
    missing.unlink()
    done = lrguide("figures")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "2 chapters, 1 of them done before, into figures/quick"
    assert done.stdout.splitlines()[1].startswith("12_broken: done in") and done.stdout.splitlines()[1].endswith("; 1 of 1")
    assert done.stdout.splitlines()[-1] == "2 chapters done (1 before), 0 failed, 0 numbers missed"


def test_paper_preset_writes_the_results_table(clone, lrguide):
    (clone / "nbs" / "presets.toml").write_text("[paper.11_tiny]\nn = 4\n")
    done = lrguide("figures", "--preset", "paper")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line for line in (clone / "figures" / "RESULTS.md").read_text().splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in rows[0].strip("|").split("|")] == [
        "chapter", "quantity", "published or exact value", "ours", "error", "pull", "preset", "machine", "date"]
    assert [cell.strip() for cell in rows[2].strip("|").split("|")][:7] == ["11_tiny", "double", "", "8", "0.1", "", "paper"]
    assert sorted(path.name for path in (clone / "figures").iterdir()) == ["RESULTS.md", "paper"]


@pytest.mark.parametrize("done, total, seconds, since, words", [
    (0, 22, 0, 5, "0 of 22"), (22, 22, 900, 0, "22 of 22"), (3, 22, 38, 0, "3 of 22, about 4 minutes left"),
    (1, 2, 60, 0, "1 of 2, about 60 seconds left"), (1, 2, 60, 20, "1 of 2, about 40 seconds left"), (1, 2, 60, 300, "1 of 2, about 1 second left"),
    (1, 3, 3600, 0, "1 of 3, about 2 hours left"), (1, 2, 120, 0, "1 of 2, about 2 minutes left"), (2, 3, 3, 0, "2 of 3, about 2 seconds left")])
def test_progress(done, total, seconds, since, words):
    assert cli.progress(done, total, seconds, since) == words


def test_progress_is_plain_lines_without_a_terminal_and_one_line_on_it():
    """The same two commands: what a terminal shows has a line that is taken away again, a file does not."""
    script = "import sys; from lrguide import cli; cli.run_apart({name: [sys.executable, '-c', 'import time; time.sleep(1.2)'] for name in 'ab'}, 1)"
    plain = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert plain.stderr == "" and [line.split(" in ")[0] for line in plain.stdout.splitlines()] == ["a: done", "b: done"]
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=theirs)
    shown = os.read(ours, 9999).decode()
    os.close(ours), os.close(theirs)
    assert "0 of 2" in shown and "1 of 2, about" in shown and shown.endswith("\r\x1b[K")


def test_version():
    done = subprocess.run([sys.executable, "-m", "lrguide", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lrguide {__version__}\n", "")


@pytest.mark.parametrize("command", ["list", "--help", "cite"])
def test_a_reader_who_has_enough_is_no_error(command):
    """As `lrguide list | head -1`: the reader goes away, nothing is said about it."""
    root = Path(__file__).resolve().parent.parent
    words = f"{sys.executable} -c 'import time; time.sleep(0.5)'; exec {sys.executable} -m lrguide {command}"
    done = subprocess.run(["bash", "-c", f"({words}) | true; echo ${{PIPESTATUS[0]}}"], cwd=root, capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.strip() in ("0", "141")
