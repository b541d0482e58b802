"""The command line: `lrguide figures`, `lrguide run`, `lrguide sweep`, `lrguide list`, `lrguide data`,
`lrguide hunt`, `lrguide analyse`, `lrguide doctor`, `lrguide cite`. Chapter 94 is its manual.

`figures` and `sweep` run every chapter, or every point of a grid, as a `lrguide run` of its own: in a pool of processes here or, for
a sweep with a profile, as jobs of Snakemake on a batch system.

Exit status: 0 all well, 1 a chapter or point failed or (figures) missed a reference, 2 something asked for that cannot be done.
"""

import argparse
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from importlib import import_module
from pathlib import Path

from lrguide import __version__, analysing, citing, doctor, hunting, run, sweep
from lrguide.hunting import folder

PARENT = "LRGUIDE_PARENT"  # environment: a pipe that ends when the process that started this one does
LOCAL = "local"  # the profile that is no profile: Snakemake's own executor for this machine
MADE_HERE = {"htautau": ("taupairs", 1_000_000), "dijets": ("dijets", 300_000)}  # samples of our own: the module that makes them, how many events by default
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


class Parser(argparse.ArgumentParser):
    """Refuses in one line."""

    def error(self, message):
        raise run.UsageError(message)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = Parser(prog="lrguide", description="Run the chapters of the guide, analyse data of your own, hunt for bumps.")
    top.add_argument("--version", action="version", version=f"lrguide {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="figures | run | sweep | list | data | hunt | analyse | doctor | cite")
    figures = commands.add_parser("figures", help="make all figures and check all numbers")
    one = commands.add_parser("run", help="run chapters with any parameters")
    grid = commands.add_parser("sweep", help="run a chapter at every point of a grid, here or on a cluster, and make one table",
                               description="Run a chapter at every point of a grid of parameters and make one table of all numbers.")
    known = commands.add_parser("list", help="show the chapters and their parameters")
    sample = commands.add_parser("data", help="fetch a published sample, or make one")
    hunting.add_options(commands.add_parser("hunt", help="hunt for a bump in a table of your own",
                                            description="Hunt for a bump in the mass of a table of your own: networks learn to tell each window from its sidebands, "
                                            "what they select is counted against a fit beside the window (chapter 63)."))
    analysing.add_options(commands.add_parser("analyse", help="from files of your own to a limit, a report and a workspace",
                                              description="Learn density ratios from simulated events, test them, fit the data, set a limit, and write a report (chapter 82)."))

    commands.add_parser("doctor", help="say what of this installation works, what is absent, and how to get it")
    cited = commands.add_parser("cite", help="print BibTeX of what chapters cite")
    citing.add_options(cited)

    figures.add_argument("--only", nargs="+", metavar="NN", help="these chapters (default: all)")
    figures.add_argument("--jobs", type=int, default=1, metavar="N", help="chapters at the same time (default: 1)")
    figures.add_argument("--out", type=folder, metavar="DIR", help="default: figures/PRESET beside the notebooks")
    one.add_argument("chapters", nargs="+", metavar="NN")
    one.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    one.add_argument("--out", type=folder, default=Path("runs"), metavar="DIR", help="default: runs")
    grid.add_argument("chapter", metavar="NN")
    grid.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUES",
                      help="a list a,b,c or a range of integers a..b; a text with a comma in double quotes: -p name='\"a,b\",c' are two; may be repeated")
    grid.add_argument("--out", type=folder, required=True, metavar="DIR", help="folder of the points and the table")
    grid.add_argument("--jobs", type=int, metavar="N", help="points at the same time (default: 1, or what the profile says)")
    grid.add_argument("--retries", type=int, default=1, metavar="N", help="how often a failed point is tried again (default: 1)")
    grid.add_argument("--profile", metavar="NAME",
                      help="let Snakemake run the points: 'local' for this machine, else a Snakemake profile (a folder or its name)")
    for command in (figures, one, grid):
        command.add_argument("--preset", choices=run.PRESETS, default="quick", help="sizes (default: quick)")
        command.add_argument("--force", action="store_true", help="run again what is already done")
        command.add_argument("--dask", metavar="ADDRESS", help="scheduler of the dask workers over which chapters spread their toys")
    sample.add_argument("sample", choices=["higgsml", *MADE_HERE], help="higgsml: the whole Higgs sample of the ATLAS collaboration, 66 MB; "
                        "htautau, dijets: events of our own for chapters 92 and 33, and 60, 63 and 64, made here (need the extra `collider`)")
    sample.add_argument("--to", type=folder, metavar="DIR", help="default: $LRGUIDE_DATA, or lrguide in the cache folder")
    sample.add_argument("--url", metavar="URL", help="higgsml: fetch the same file from here (default: CERN Open Data)")
    sample.add_argument("--events", type=int, metavar="N", help="htautau: about how many (default: 1000000); dijets: collisions for the data, as many for the simulation (default: 300000)")
    sample.add_argument("--workers", type=int, metavar="N", help="htautau, dijets: processes that share the work, which changes no event (default: 1)")
    sample.add_argument("--seed", type=int, metavar="N", help="htautau, dijets: the seed (default: 2; the file in the package has 1)")
    for command in (figures, one, grid, known, cited):
        command.add_argument("--notebooks", type=folder, default=run.NOTEBOOKS, metavar="DIR", help="default: the clone's nbs")
    return top


def make_figures(options: argparse.Namespace) -> int:
    """The exit status; runs the chapters that are not done, a few processes at a time, and prints the table of their numbers."""
    doctor.check_machinery()
    check_count("--jobs", options.jobs, 1)
    available = run.find_chapters(options.notebooks)
    preset = run.read_preset(options.preset, options.notebooks)
    chapters = [run.find_chapter(name, available) for name in options.only or available]
    keys = {chapter.name: run.run_key(chapter, run.resolve(chapter, preset.get(chapter.name))) for chapter in chapters}
    check_dask(options.dask)
    figures = options.notebooks.resolve().parent / "figures"
    out = writable(options.out or figures / options.preset)

    waiting = [name for name, key in keys.items() if options.force or not run.read_results(out / name, key)]
    if waiting:
        print(f"{len(keys)} chapters, {len(keys) - len(waiting)} of them done before, into {shown(out)}", flush=True)
    failed = run_apart({name: run_words(name, out, options) for name in waiting}, options.jobs,
                       environment=ONE_THREAD if options.jobs > 1 else {})
    found = {name: run.read_results(out / name) for name in keys if name not in failed}
    failed |= {name: f"lrguide: {name}: its results vanished" for name, result in found.items() if result is None}
    results = [result for result in found.values() if result]
    print(run.results_table(results))
    if options.preset == "paper":
        run.write_results(out, (figures if not options.out else out) / "RESULTS.md")
    missed = count_missed(results)
    print(f"{len(results)} chapters done ({len(keys) - len(waiting)} before), {len(failed)} failed, {missed} numbers missed")
    for message in failed.values():
        print(message, file=sys.stderr)
    return 1 if failed or missed else 0


def count_missed(results: list[dict]) -> int:
    """The number of records that miss their reference."""
    return sum(entry["verdict"] == "missed" for result in results for entry in result["records"])


# --- processes ---------------------------------------------------------------------------------------------------------------


def run_words(chapter: str, out: Path, options: argparse.Namespace, values: dict | None = None) -> list[str]:
    """The command `lrguide run` of one chapter with these options and parameter values, word by word."""
    words = [sys.executable, "-m", "lrguide", "run", chapter, "--preset", options.preset, "--out", str(out),
             "--notebooks", str(options.notebooks.absolute())]
    for name, value in (values or {}).items():
        words += ["-p", f"{name}={value}"]
    return words + (["--force"] if options.force else []) + (["--dask", options.dask] if options.dask else [])


def run_apart(commands: dict[str, list[str]], jobs: int, retries: int = 0, environment: dict | None = None) -> dict[str, str]:
    """The last error lines of what failed, by name; each command is a process of its own, `jobs` at a time.

    A command that fails is tried again `retries` times. `environment` gives way to variables that are set already. Prints a line for
    each that ends; on a terminal another one says all the time how many are done.
    """
    pipe, held = os.pipe()  # nobody writes to it: it ends with this process, even if that is killed
    variables = (environment or {}) | os.environ | {PARENT: str(pipe)}

    def run_one(words):
        start = time.perf_counter()
        for _ in range(retries + 1):
            ended = subprocess.run(words, env=variables, pass_fds=[pipe], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if ended.returncode in (0, 2, 130):  # done, asked for in vain, interrupted
                break
        return ended, time.perf_counter() - start

    failed, start, last = {}, time.perf_counter(), 0.0
    with ThreadPoolExecutor(jobs) as pool:
        tasks = {pool.submit(run_one, words): name for name, words in commands.items()}
        waiting = set(tasks)
        try:
            while waiting:
                ended_now, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
                since = time.perf_counter() - start - last
                say(progress(len(tasks) - len(waiting), len(tasks), last, since) if waiting and not ended_now else "")
                for number, task in enumerate(ended_now, len(tasks) - len(waiting) - len(ended_now) + 1):
                    name, (ended, seconds), last = tasks[task], task.result(), time.perf_counter() - start
                    if ended.returncode:
                        lines = ended.stderr.strip().splitlines()
                        failed[name] = lines[-1] if lines else f"lrguide: {name}: ended with status {ended.returncode}"
                    print(f"{name}: {'failed' if name in failed else 'done'} in {seconds:.0f} s; {progress(number, len(tasks), last)}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    os.close(pipe), os.close(held)
    return failed


def progress(done: int, total: int, seconds: float, since: float = 0.0) -> str:
    """How far it is: '3 of 22, about 4 minutes left', if `done` took so many `seconds` and the last of them ended `since` seconds ago."""
    if not 0 < done < total:
        return f"{done} of {total}"
    left = max(seconds / done * (total - done) - since, 1)
    size, unit = next((size, unit) for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")) if left >= 1.5 * size or size == 1)
    return f"{done} of {total}, about {round(left / size)} {unit}{'s' if round(left / size) > 1 else ''} left"


def say(text: str) -> None:
    """None; on a terminal, this line in place of the last one that was said so; '' takes it away."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def shown(path: Path) -> str:
    """The path as one would type it here: below the working directory relative to it."""
    return os.path.relpath(path) if Path(path).absolute().is_relative_to(Path.cwd()) else str(path)


def end_with_parent(group: bool = False) -> None:
    """Ends this process, or its process group, when the one that started it ends: a killed `figures` leaves nothing running."""
    def wait(pipe):
        os.read(pipe, 1)
        os.killpg(0, signal.SIGKILL) if group else os._exit(137)

    if pipe := os.environ.pop(PARENT, None):
        threading.Thread(target=wait, args=[int(pipe)], daemon=True).start()


# --- sweeps ------------------------------------------------------------------------------------------------------------------


def make_sweep(options: argparse.Namespace) -> int:
    """The exit status; runs the points of the grid that are not done, tries the failed ones again and writes the table of all."""
    chapter, points = read_sweep(options)
    out = writable(options.out)
    keys = {point: run.run_key(chapter, values) for point, values in points.items()}
    folders = {point: out / "points" / point / chapter.name for point in points}
    waiting = [point for point in points if options.force or not run.read_results(folders[point], keys[point])]
    names = grid_names(chapter, options.parameter, points)
    commands = {point: run_words(chapter.name, folders[point].parent, options, points[point]) for point in waiting}
    if waiting:
        print(f"{len(points)} points, {len(points) - len(waiting)} of them done before, into {shown(out / 'points')}", flush=True)
    failed = (run_by_snakemake if options.profile else run_here)(commands, folders, names, options) if waiting else {}

    results = {point: run.read_results(folders[point], keys[point]) for point in points if point not in failed}
    changed = "the chapter or the package changed while it ran; run the sweep again"
    failed |= {point: changed for point, result in results.items() if result is None}
    tidy(folders[point] for point in waiting if point not in failed)
    written = sweep.write_table(sweep.sweep_columns(chapter), sweep.sweep_rows(chapter, points, results), out)
    report_sweep(options.out, points, waiting, [result for result in results.values() if result], written)
    for point, message in failed.items():
        print(f"lrguide: {names[point]}: failed: {message.removeprefix('lrguide: ')}", file=sys.stderr)
    return 1 if failed else 0


def read_sweep(options: argparse.Namespace) -> tuple[run.Chapter, dict[str, dict]]:
    """The chapter and the parameters of every point, by the point's name; raises UsageError for anything that cannot be done."""
    doctor.check_machinery()
    check_count("--jobs", 1 if options.jobs is None else options.jobs, 1)
    check_count("--retries", options.retries, 0)
    chapter = run.find_chapter(options.chapter, run.find_chapters(options.notebooks))
    preset = run.read_preset(options.preset, options.notebooks).get(chapter.name, {})
    points = sweep.read_grid(chapter, options.parameter, preset)
    if options.profile and not importlib.util.find_spec("snakemake"):
        raise run.UsageError("--profile: expected Snakemake to be installed (the extra `sweep`: pip install -e '.[sweep]')")
    check_dask(options.dask)
    return chapter, points


def grid_names(chapter: run.Chapter, texts: list[str], points: dict[str, dict]) -> dict[str, str]:
    """What tells the points apart, by point: 'sigma=0.02 seed=3'."""
    axes = [text.partition("=")[0] for text in texts]
    return {point: " ".join(f"{axis}={values[axis]}" for axis in axes) or chapter.name for point, values in points.items()}


def run_here(commands: dict, folders: dict, names: dict, options: argparse.Namespace) -> dict[str, str]:
    """The last error lines of the points that failed, by point; runs them in a pool of processes."""
    failed = run_apart({names[point]: words for point, words in commands.items()}, options.jobs or 1, options.retries,
                       ONE_THREAD)
    return {point: failed[names[point]] for point in commands if names[point] in failed}


def report_sweep(out: Path, points: dict, waiting: list, results: list[dict], written: list[str]) -> None:
    """None; prints what was done, where the table is and what it leaves out."""
    print(f"{len(results)} points done ({len(points) - len(waiting)} before), {len(points) - len(results)} failed, "
          f"{count_missed(results)} numbers missed")
    print(f"table: {' and '.join(str(out / name) for name in written)}")
    if "table.parquet" not in written:
        print("table.parquet is left out: it needs pyarrow (the extra `sweep`: pip install -e '.[sweep]')")
    if others := sum(path.name not in points for path in (out / "points").glob("*")):
        print(f"{others} other points in {out / 'points'} are kept; the table holds those of this grid")


def tidy(folders) -> None:
    """None; removes what runs that died, perhaps on other hosts, left beside these finished ones."""
    for folder in folders:
        for left in folder.parent.glob(f".{folder.name}.*"):
            shutil.rmtree(left, ignore_errors=True)


SNAKEFILE = """\
# Written by `lrguide sweep`: the one rule that does something runs one point.
# Results and messages go to their folders by full paths; all that Snakemake knows of is a mark for each point that is done.
import json

with open({plan}) as file:
    commands = json.load(file)


localrules: all


rule all:
    input:
        [f"done/{{point}}" for point in commands],


rule point:
    output:
        "done/{{point}}",
    params:
        command=lambda wildcards: commands[wildcards.point],
    shell:
        "{{params.command}} && touch {{output}}"
"""
START_SNAKEMAKE = "import sys; from lrguide import cli; cli.end_with_parent(group=True); from snakemake.cli import main; main()"


def run_by_snakemake(commands: dict, folders: dict, names: dict, options: argparse.Namespace) -> dict[str, str]:
    """The last error lines of the points that failed, by point; Snakemake runs them as its profile says.

    Raises UsageError if it refuses to begin.
    """
    folder = options.out.absolute() / "snakemake"
    logs = {point: folder / f"{point}.log" for point in commands}
    before = {point: written_at(folders[point]) for point in commands}
    write_plan(folder, commands, logs)
    print(f"Snakemake runs {len(commands)} points; its messages are in {options.out / 'snakemake' / 'snakemake.log'}", flush=True)
    start = time.perf_counter()
    status = start_snakemake(snakemake_words(folder, options), folder / "snakemake.log", lambda: say(progress(
        sum(written_at(folders[point]) not in (None, before[point]) for point in commands), len(commands), time.perf_counter() - start)))
    say("")
    told = read_text(folder / "snakemake.log")
    if status and "rule point" not in told:
        raise run.UsageError(f"--profile {options.profile}: Snakemake ended with status {status}: {last_line(told)}")
    failed = [point for point in commands if written_at(folders[point]) in (None, before[point])]
    return {point: last_line(read_text(logs[point])) or "it left no message; see snakemake/snakemake.log" for point in failed}


def write_plan(folder: Path, commands: dict[str, list[str]], logs: dict[str, Path]) -> None:
    """None; writes plan.json, the command of each point with its log, and the Snakefile that reads it; removes older logs."""
    folder.mkdir(exist_ok=True)
    for log in logs.values():
        log.unlink(missing_ok=True)
    plan = {point: f"{shlex.join([*job_environment(), *words])} > {shlex.quote(str(logs[point]))} 2>&1"
            for point, words in commands.items()}
    file = folder / "plan.json"
    run.write_whole(file, lambda path: path.write_text(json.dumps(plan, indent=1), encoding="utf-8"))
    run.write_whole(folder / "Snakefile", lambda path: path.write_text(SNAKEFILE.format(plan=repr(str(file))), encoding="utf-8"))


def written_at(folder: Path) -> int | None:
    """The time of the results in a chapter's folder, in ns; None if there are none."""
    try:
        return (folder / "results.json").stat().st_mtime_ns
    except OSError:
        return None


def read_text(file: Path) -> str:
    """The text of a log, '' if there is no such file."""
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def job_environment() -> list[str]:
    """The start of a command that brings along the variables on which results depend: not every batch system does."""
    variables = ONE_THREAD | {name: os.environ[name] for name in (*ONE_THREAD, "KERAS_BACKEND", "PYTHONPATH") if name in os.environ}
    return ["env", *(f"{name}={value}" for name, value in variables.items())]


def snakemake_words(folder: Path, options: argparse.Namespace) -> list[str]:
    """The command that starts Snakemake on the plan in the folder, word by word."""
    # the plan holds what is to be run, so all of it is forced; a killed Snakemake leaves a lock, which would stop the next one
    words = [sys.executable, "-c", START_SNAKEMAKE, "--snakefile", str(folder / "Snakefile"), "--directory", str(folder),
             "--forceall", "--keep-going", "--nolock", "--rerun-incomplete", "--retries", str(options.retries)]
    if options.profile == LOCAL:
        return words + ["--profile", "none", "--workflow-profile", "none", "--cores", str(options.jobs or 1)]
    return words + ["--profile", options.profile] + (["--jobs", str(options.jobs)] if options.jobs else [])


def start_snakemake(words: list[str], log: Path, watch: Callable[[], None] = lambda: None) -> int:
    """The exit status of Snakemake, run in a process group of its own that ends with this process; `watch` is called every few seconds."""
    pipe, held = os.pipe()
    variables = os.environ | {PARENT: str(pipe)}
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(words, env=variables, pass_fds=[pipe], stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            while process.poll() is None:
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    watch()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)  # it cancels what it has submitted
            process.wait()
            raise
        finally:
            os.close(pipe), os.close(held)
    return process.returncode


def last_line(text: str) -> str:
    """The last line that says something, '' if none does."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def check_dask(address: str | None) -> None:
    """None; raises UsageError if there is an address and no scheduler answers there."""
    if address:
        run.dask_client(address).close()
        run.dask_client.cache_clear()


def check_count(name: str, value: int, least: int) -> None:
    """None; raises UsageError if the value is less."""
    if value < least:
        raise run.UsageError(f"{name}: expected an integer >= {least}, got {value}")


# --- single chapters ---------------------------------------------------------------------------------------------------------


def run_some(options: argparse.Namespace) -> int:
    """The exit status; runs chapters one after the other in this process and prints their numbers and where they are."""
    doctor.check_machinery()
    available = run.find_chapters(options.notebooks)
    preset = run.read_preset(options.preset, options.notebooks)
    plans = []
    for chapter in [run.find_chapter(name, available) for name in options.chapters]:
        given = preset.get(chapter.name, {}) | read_options(chapter, options.parameter)
        run.resolve(chapter, given)
        plans.append((chapter, given))
    check_dask(options.dask)
    out = writable(options.out)
    if options.dask:
        os.environ[run.DASK] = options.dask  # the kernels inherit it; no key depends on it
    label = "own" if options.parameter else options.preset
    results, start = [], time.perf_counter()
    for number, (chapter, given) in enumerate(plans, 1):
        results.append(run.run_chapter(chapter, out, given, label, options.force))
        if len(plans) > 1:
            print(f"{chapter.name}: {progress(number, len(plans), time.perf_counter() - start)}", flush=True)
    print(run.results_table(results))
    for chapter, _ in plans:
        inside = sorted(path.name for path in (out / chapter.name).iterdir())
        print(f"written: {shown(out / chapter.name)}: {', '.join(inside)}")
    return 0


def read_options(chapter: run.Chapter, texts: list[str]) -> dict:
    """The values of `-p name=value` options, by name."""
    given = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise run.UsageError(f"-p: expected NAME=VALUE, got {text!r}")
        if name in given:
            raise run.UsageError(f"-p: expected every parameter once, got {name!r} twice")
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


def fetch_data(options: argparse.Namespace) -> int:
    """The exit status; fetches a published sample, or what is missing of it, or makes one, and says where it is."""
    from lrguide import data, files

    made_here = options.sample in MADE_HERE
    for name in ("url",) if made_here else ("events", "workers", "seed"):
        if getattr(options, name) is not None:
            raise run.UsageError(f"--{name}: expected nothing for {options.sample}, got {getattr(options, name)}")
    if made_here:
        return make_sample(options)
    try:
        path = data.fetch_higgsml(options.to, options.url)
    except files.FetchError as error:
        raise run.UsageError(str(error)) from None
    print(f"{path}: whole, {data.HIGGSML.size:,} bytes, adler32 {data.HIGGSML.adler32:08x}")
    if path.parent.absolute() != data.data_folder().absolute():
        print(f"chapters read it from there if LRGUIDE_DATA={path.parent.absolute()}")
    return 0


def make_sample(options: argparse.Namespace) -> int:
    """The exit status; makes a sample of our own, writes it, whole or not at all, and says where it is."""
    from lrguide import data

    module, n_events = MADE_HERE[options.sample]
    values = {name: default if (given := getattr(options, name)) is None else given
              for name, default in (("events", n_events), ("workers", 1), ("seed", 2))}
    make = getattr(import_module(f"lrguide.{module}"), f"make_{options.sample}")
    try:
        path, made = make(values["events"], (options.to or data.data_folder()) / f"{options.sample}.npz.xz",
                          seed=values["seed"], workers=values["workers"])
    except (ImportError, ValueError) as error:
        raise run.UsageError(str(error)) from None
    n_made = sum(map(len, made.values())) if isinstance(made, dict) else len(made)
    print(f"{path}: {n_made:,} events, {path.stat().st_size:,} bytes")
    if path.parent.absolute() != data.data_folder().absolute():
        print(f"chapters read it from there if LRGUIDE_DATA={path.parent.absolute()}")
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
    commands = {"figures": make_figures, "run": run_some, "sweep": make_sweep, "list": list_chapters,
                "data": fetch_data, "hunt": hunting.hunt_file, "analyse": analysing.analyse_files, "doctor": doctor.doctor, "cite": citing.cite}
    end_with_parent()
    try:
        try:
            options = parser().parse_args(arguments)
            status = commands[options.command](options)
        finally:
            if sys.stdout:  # None if it was closed
                sys.stdout.flush()  # also of --help
    except run.UsageError as error:
        status, message = 2, str(error)
    except run.ChapterError as error:
        status, message = 1, str(error)
    except KeyboardInterrupt:
        kept = "nothing is written" if {"hunt", "analyse"} & {*(arguments or sys.argv)[:2]} else "what is done is kept, the same command goes on from there"
        status, message = 130, f"interrupted; {kept}"
    except BrokenPipeError:  # `lrguide list | head`: nobody reads any more, and nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # a full disk, for one
        status, message = 1, f"expected to read and write, got {error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    else:
        sys.exit(status)
    print(f"lrguide: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
