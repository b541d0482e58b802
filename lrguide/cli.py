"""The command line: `lrguide figures`, `lrguide run`, `lrguide list`. Chapter 94 is its manual.

Exit status: 0 all well, 1 a chapter failed or (figures) missed a reference, 2 something asked for that cannot be done.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from lrguide import run

PARENT = "LRGUIDE_PARENT"  # environment: a pipe that ends when the process that started this one does
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


class Parser(argparse.ArgumentParser):
    """Refuses in one line."""

    def error(self, message):
        raise run.UsageError(message)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = Parser(prog="lrguide", description="Run the chapters of the guide.")
    commands = top.add_subparsers(dest="command", required=True, metavar="figures | run | list")
    figures = commands.add_parser("figures", help="make all figures and check all numbers")
    one = commands.add_parser("run", help="run chapters with any parameters")
    known = commands.add_parser("list", help="show the chapters and their parameters")

    figures.add_argument("--only", nargs="+", metavar="NN", help="these chapters (default: all)")
    figures.add_argument("--jobs", type=int, default=1, metavar="N", help="chapters at the same time (default: 1)")
    figures.add_argument("--out", type=Path, metavar="DIR", help="default: figures/PRESET beside the notebooks")
    one.add_argument("chapters", nargs="+", metavar="NN")
    one.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    one.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="default: runs")
    for command in (figures, one):
        command.add_argument("--preset", choices=run.PRESETS, default="quick", help="sizes (default: quick)")
        command.add_argument("--force", action="store_true", help="run again what is already done")
    for command in (figures, one, known):
        command.add_argument("--notebooks", type=Path, default=run.NOTEBOOKS, metavar="DIR", help="default: the clone's nbs")
    return top


def make_figures(options: argparse.Namespace) -> int:
    """The exit status; runs the chapters that are not done, a few processes at a time, and prints the table of their numbers."""
    if options.jobs < 1:
        raise run.UsageError(f"--jobs: expected an integer >= 1, got {options.jobs}")
    available = run.find_chapters(options.notebooks)
    preset = run.read_preset(options.preset, options.notebooks)
    chapters = [run.find_chapter(name, available) for name in options.only or available]
    keys = {chapter.name: run.run_key(chapter, run.resolve(chapter, preset.get(chapter.name))) for chapter in chapters}
    figures = options.notebooks.resolve().parent / "figures"
    out = writable(options.out or figures / options.preset)

    waiting = [name for name, key in keys.items() if options.force or not run.read_results(out / name, key)]
    failed = run_apart(waiting, out, options)
    found = {name: run.read_results(out / name) for name in keys if name not in failed}
    failed |= {name: f"lrguide: {name}: its results vanished" for name, result in found.items() if result is None}
    results = [result for result in found.values() if result]
    print(run.results_table(results))
    if options.preset == "paper":
        run.write_results(out, (figures if not options.out else out) / "RESULTS.md")
    missed = [entry["name"] for result in results for entry in result["records"] if entry["verdict"] == "missed"]
    print(f"{len(results)} chapters done ({len(keys) - len(waiting)} before), {len(failed)} failed, {len(missed)} numbers missed")
    for message in failed.values():
        print(message, file=sys.stderr)
    return 1 if failed or missed else 0


def run_apart(names: list[str], out: Path, options: argparse.Namespace) -> dict[str, str]:
    """The messages of the chapters that failed, by name; each runs in a process of its own, `options.jobs` at a time."""
    from tqdm import tqdm

    pipe, held = os.pipe()  # nobody writes to it: it ends with this process, even if that is killed
    environment = (ONE_THREAD if options.jobs > 1 else {}) | os.environ | {PARENT: str(pipe)}

    def run_one(name):
        command = [sys.executable, "-m", "lrguide", "run", name, "--preset", options.preset, "--out", str(out),
                   "--notebooks", str(options.notebooks), *(["--force"] if options.force else [])]
        start = time.perf_counter()
        ended = subprocess.run(command, env=environment, pass_fds=[pipe], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True)
        return ended, time.perf_counter() - start

    failed = {}
    with ThreadPoolExecutor(options.jobs) as pool, tqdm(total=len(names), unit="chapter", disable=None) as bar:
        tasks = {pool.submit(run_one, name): name for name in names}
        try:
            for task in as_completed(tasks):
                name, (ended, seconds) = tasks[task], task.result()
                if ended.returncode:
                    lines = ended.stderr.strip().splitlines()
                    failed[name] = lines[-1] if lines else f"lrguide: {name}: ended with status {ended.returncode}"
                bar.update()
                bar.write(f"{name}: {'failed' if name in failed else 'done'} in {seconds:.0f} s")
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    os.close(pipe), os.close(held)
    return failed


def end_with_parent() -> None:
    """Ends this process when the one that started it ends, so that a killed `figures` leaves no chapters running behind."""
    if pipe := os.environ.pop(PARENT, None):
        threading.Thread(target=lambda: (os.read(int(pipe), 1), os._exit(137)), daemon=True).start()


def run_some(options: argparse.Namespace) -> int:
    """The exit status; runs chapters one after the other in this process and prints their numbers."""
    available = run.find_chapters(options.notebooks)
    preset = run.read_preset(options.preset, options.notebooks)
    plans = []
    for chapter in [run.find_chapter(name, available) for name in options.chapters]:
        given = preset.get(chapter.name, {}) | read_options(chapter, options.parameter)
        run.resolve(chapter, given)
        plans.append((chapter, given))
    out = writable(options.out)
    label = "own" if options.parameter else options.preset
    results = [run.run_chapter(chapter, out, given, label, options.force) for chapter, given in plans]
    print(run.results_table(results))
    return 0


def read_options(chapter: run.Chapter, texts: list[str]) -> dict:
    """The values of `-p name=value` options, by name."""
    given = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise run.UsageError(f"-p: expected NAME=VALUE, got {text!r}")
        given[name] = chapter.parameters[name].read(value) if name in chapter.parameters else value
    return given


def list_chapters(options: argparse.Namespace) -> int:
    """The exit status; prints every chapter with its parameters."""
    for path in run.find_chapters(options.notebooks).values():
        chapter = run.read_chapter(path)
        print(f"{chapter.name}: {chapter.title}")
        for parameter in chapter.parameters.values():
            print(f"    {parameter.name}: {parameter.kind.__name__} = {parameter.default!r}  # {parameter.meaning}")
    return 0


def writable(folder: Path) -> Path:
    """The absolute folder, made if need be; raises UsageError if it cannot be written."""
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise run.UsageError(f"--out: expected a folder that can be written, got {folder} ({error.strerror})") from None
    return folder


def main(arguments: list[str] | None = None) -> None:
    """Ends the process with the command's exit status."""
    commands = {"figures": make_figures, "run": run_some, "list": list_chapters}
    end_with_parent()
    try:
        options = parser().parse_args(arguments)
        status = commands[options.command](options)
    except run.UsageError as error:
        status, message = 2, str(error)
    except run.ChapterError as error:
        status, message = 1, str(error)
    except KeyboardInterrupt:
        status, message = 130, "interrupted; what is done is kept, the same command goes on from there"
    else:
        sys.exit(status)
    print(f"lrguide: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
