"""python -m benchmarks [--quick] [--only toys fits.binned] [--update]: every work in a process of its own, then one table.

A full run of all works writes RESULTS.md and results.json beside this file, whole or not at all; with --update a run of some replaces their rows,
which say so if they come from another machine or other versions. Any other run only prints."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKS = {"training": ["figure_3", "twenty_networks", "aware"], "cores": ["train", "predict"], "exact": ["distribution"], "toys": ["unbinned", "binned", "shifted"],
         "fits": ["binned", "unbinned"], "profile": ["speed", "bias"], "grid": ["scan", "templates", "profile"], "histograms": ["fitted", "experiments"], "importing": ["package"], "reading": ["root"],
         "events": ["streamed"], "compact": ["statistic", "toys", "passes", "streamed"], "collisions": ["generated"],
         "unfolding": ["omnifold", "replicas", "memory"], "hunting": ["nested", "on_cores", "scan"], "analysing": ["whole"], "decorrelation": ["step", "exact"],
         "inferno": ["step", "trained", "exact", "unbinned"], "exporting": ["log_ratio"]}
PACKAGES = ["lrguide", "numpy", "scipy", "keras", "tensorflow", "iminuit", "zfit", "hepstats", "pyhf", "pythia8mc", "onnxruntime"]
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                     "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow", "ZFIT_DISABLE_TF_WARNINGS": "1"}


def chosen(only: list[str]) -> list[str]:
    "Names module.function of the works to run. Raises SystemExit for an unknown one."
    every = [f"{module}.{function}" for module, functions in WORKS.items() for function in functions]
    for name in only:
        if name not in WORKS and name not in every:
            raise SystemExit(f"only: expected some of {', '.join(WORKS)} or of {', '.join(every)}, got {name}")
    return [name for name in every if not only or name in only or name.split(".")[0] in only]


def measure(name: str, quick: bool) -> list[dict]:
    "The rows of one work, from a new process with one thread; one row that says what went wrong, if it fails."
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks", "--one", name, "--to", str(path)] + ["--quick"] * quick
        done = subprocess.run(command, cwd=HERE.parent, env={**os.environ, **ONE_THREAD, **QUIET}, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return json.loads(path.read_text(encoding="utf-8"))
    why = (done.stderr.strip().splitlines() or ["no message"])[-1]
    sys.stderr.write(done.stderr)
    return [{"work": name, "ours": [], "peer": "", "theirs": [], "goal": None, "quality": f"failed: {why}", "quality_met": False,
             "note": "", "failed": True}]


def one(name: str, quick: bool, path: str) -> None:
    "Runs one work in this process and writes its rows."
    module, function = name.split(".")
    rows = getattr(import_module(f"benchmarks.{module}"), function)(quick)
    Path(path).write_text(json.dumps(rows), encoding="utf-8")


def machine() -> str:
    "Processor, cores and memory, without names."
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB memory, {platform.system()}"


def versions() -> dict[str, str]:
    "Versions of Python and of all packages involved; 'not installed' where one is missing."
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def amount(value: float, unit: str | None) -> str:
    "Seconds as a time, or seconds for one `unit` as a rate, three digits."
    if unit is not None:
        rate = 1 / value
        return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s"
    for scale, name in ((1, "s"), (1e-3, "ms")):
        if value >= scale:
            return f"{value / scale:.3g} {name}"
    return f"{value / 1e-6:.3g} us"


def spread(times: list[float], unit: str | None) -> str:
    "Median (smallest-largest)."
    if not times:
        return "-"
    ends = sorted((min(times), max(times)), reverse=unit is not None)
    return f"{amount(statistics.median(times), unit)} ({amount(ends[0], unit)} - {amount(ends[1], unit)})"


def verdict(row: dict) -> tuple[str, str, str]:
    "Ratio of the medians, the goal and whether it is met, as words."
    ratio = statistics.median(row["theirs"]) / statistics.median(row["ours"]) if row["ours"] and row["theirs"] else None
    goals, met = [], [row["quality_met"]]
    if row.get("limit"):
        rate = row.get("unit") is not None
        goals.append(f"{'at least' if rate else 'at most'} {amount(row['limit'], row.get('unit'))}")
        met.append(bool(row["ours"]) and statistics.median(row["ours"]) <= row["limit"])
    if row["goal"]:
        goals.append(f"{row['goal']:g} times")
        met.append(ratio is not None and ratio >= row["goal"])
    unmeasured = row["ours"] and not row["theirs"] and row["peer"] != "-"  # the peer is not installed
    word = "not measured" if unmeasured else ("yes" if all(met) else "no")
    return "-" if ratio is None else f"{ratio:,.{2 if ratio < 1 else 1 if ratio < 100 else 0}f}", " and ".join(goals) or "-", word


def table(rows: list[dict]) -> str:
    "The rows as a Markdown table."
    head = ["work", "ours: median (min - max)", "peer", "theirs: median (min - max)", "ratio", "goal", "met", "quality", "note", "measured at"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        unit = row.get("unit")
        cells = [row["work"], spread(row["ours"], unit), row["peer"], spread(row["theirs"], unit), *verdict(row), row["quality"], row["note"], row.get("at", "")]
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def report(rows: list[dict], about: dict) -> str:
    "The text of RESULTS.md."
    listed = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    return ("# Speed\n\nWritten by `make bench`; every work in a process of its own, on one thread where it does not say otherwise, our turns and "
            "the peer's taken alternately. A ratio is theirs over ours, of the medians; met means speed and quality. "
            "A row that was measured on another machine than this one says so.\n\n"
            f"- machine: {about['machine']}\n- versions: {listed}\n\n{table(rows)}\n"
            + (HERE / "PROFILES.md").read_text(encoding="utf-8"))


def commit() -> str:
    "The commit that is measured, with a + if files have changed since; empty without git or outside a repository."
    git = lambda *words: subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True).stdout.strip() if shutil.which("git") else ""
    own = [f":!{name}" for name in ("RESULTS.md", "results.json", "PROFILES.md")]        # what a run writes, and the text about it
    return git("rev-parse", "--short=7", "HEAD") + "+" * bool(git("status", "--porcelain", "--untracked-files=no", "--", ":/", *own))


def elsewhere(known: dict, about: dict) -> str:
    "The machine and the versions of `about` that are not those of the `known` results, in words; empty if there are none."
    there, here = known["versions"], about["versions"]
    others = [f"{name} {here[name]}" for name in there if here.get(name) not in (there[name], "not installed", None)]
    return ", ".join([about["machine"]] * (known["machine"] != about["machine"]) + others)


def updated(known: list[dict], rows: list[dict]) -> list[dict]:
    """The `known` rows, those of the same work and peer (and note, if there are several) replaced by `rows`; a new peer comes behind the others of
    its work, a new work behind all, and is named.

    Raises SystemExit, after showing the rows, for a row that could be several of the known ones."""
    merged = list(known)
    for row in rows:
        of_work = [i for i, one in enumerate(merged) if one["work"] == row["work"]]
        same = [i for i in of_work if merged[i]["peer"] == row["peer"]]
        if len(same) > 1:
            same = [i for i in same if merged[i]["note"] == row["note"]]
        if not of_work:
            print(f"new: {row['work']}; a row of former words, if there is one, has to be taken out by hand")
        elif len(same) != 1 and row["peer"] in [merged[i]["peer"] for i in of_work]:
            print(table(rows))                             # minutes of measuring
            raise SystemExit(f"update: expected rows that results.json has once, got {row['work']}; run all works")
        if same:
            merged[same[0]] = row
        else:
            merged.insert(of_work[-1] + 1 if of_work else len(merged), row)
    return merged


def publish(files: dict[Path, str]) -> None:
    "Writes all files beside their places first, then moves them there."
    for path, text in files.items():
        path.with_suffix(path.suffix + ".part").write_text(text, encoding="utf-8")
    for path in files:
        path.with_suffix(path.suffix + ".part").replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, only printed")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORK", help="some works, e.g. toys fits.binned; only printed without --update")
    parser.add_argument("--update", action="store_true", help="replace the rows of these works in RESULTS.md and results.json")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--to", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.quick, options.to)
        return 0
    rows, names = [], chosen(options.only)
    about = {"machine": machine(), "date": date.today().isoformat(), "versions": versions()}
    update = options.update and options.only and not options.quick
    known = json.loads((HERE / "results.json").read_text(encoding="utf-8")) if update else {}
    other = elsewhere(known, about) if update else ""
    for number, name in enumerate(names, 1):
        start = time.perf_counter()
        print(f"[{number}/{len(names)}] {name} ", end="", flush=True)
        found = measure(name, options.quick)
        print(f"{time.perf_counter() - start:.0f} s" + "".join(f"\n    {line['work']}: {verdict(line)[0]}" for line in found), flush=True)
        rows += [line | {"at": f"{date.today().isoformat()}, {commit()}{', on ' * bool(other)}{other}"} for line in found]
    text = report(rows, about)
    print("\n" + text)
    if any(row.get("failed") for row in rows):
        print("A work failed: nothing is written.")
        return 1
    if update:
        rows, about = updated(known["rows"], rows), {**known, "versions": about["versions"] | known["versions"]}
        text = report(rows, about)
    if update or not (options.quick or options.only):
        publish({HERE / "RESULTS.md": text, HERE / "results.json": json.dumps({**about, "rows": rows}, indent=1) + "\n"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
