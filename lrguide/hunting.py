"""The command `lrguide hunt`: a table of one's own is hunted for a bump in mass, as chapter 63 does it.

Reads CSV, Parquet or ROOT, says what is left out, hunts, prints the table of windows and the global p-value, and writes `hunt.json`,
`spectrum.csv` and `hunt.png` into one folder, whole or not at all.
"""

import argparse
import csv
import json
import math
import os
import re
import shutil
import sys
from pathlib import Path

from lrguide import run

FILES = ("hunt.json", "spectrum.csv", "hunt.png")
USAGE = "lrguide hunt FILE --mass COLUMN --features COLUMN ... (--windows LOW:HIGH ... | --scan LOW:HIGH:N) [options]"
MEANING = """In forward order the events are divided into folds at random; those of each fold are judged by networks that were trained on the folds before it,
those of the first are not judged. So no network has seen what it judges, and the excesses of the folds are uncorrelated. A local p-value is the probability
of at least so many events in a window, given the fit beside it, if there is no signal; the global one that of a smallest local p-value as small as the one
found, in any window and at any share. Chapter 94 has examples."""
FOLD = "number"  # a column that is made here, of random numbers that tell the folds
ORDERS = ("forward", "nested", "crossed")  # those of chapter 63 whose networks have not seen what they judge


def folder(text: str) -> Path:
    """The path that an option gives; '' would be the folder one happens to be in."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a folder, got {text!r}")
    return Path(text)


def add_options(command: argparse.ArgumentParser) -> None:
    """None; the options of `lrguide hunt`."""
    command.usage, command.epilog, add = USAGE, MEANING, command.add_argument
    add("file", metavar="FILE", help="events as CSV (also .gz, .xz), Parquet or ROOT; a pattern in quotes for several")
    add("--tree", metavar="T", help="the tree of ROOT files, if there are several")
    add("--mass", required=True, metavar="COLUMN", help="the column of the mass in which a bump is looked for")
    add("--features", nargs="+", required=True, metavar="COLUMN", help="the columns that the networks see; none may tell the mass")
    places = command.add_mutually_exclusive_group(required=True)
    places.add_argument("--windows", nargs="+", metavar="LOW:HIGH", help="signal regions in mass; LEFT:LOW:HIGH:RIGHT gives the sidebands too")
    places.add_argument("--scan", metavar="LOW:HIGH:N", help="N windows with centres from LOW to HIGH")
    add("--width", type=float, metavar="W", help="with --scan: width of the windows, relative to the centre (default: 0.12)")
    add("--beside", type=float, default=0.12, metavar="B", help="width of each sideband, relative to the centre (default: 0.12)")
    add("--shares", nargs="+", type=float, default=[0.1, 0.01, 0.002], metavar="S", help="shares of events that are kept, falling (default: 0.1 0.01 0.002)")
    add("--range", metavar="LOW:HIGH", help="masses whose spectrum is fitted, one falling part (default: all)")
    add("--missing", nargs="+", type=float, default=[-999.0, -9999.0], metavar="VALUE",
        help="values that mark a missing number, beside NaN (default: -999 -9999); events with one are left out and counted")
    add("--order", choices=ORDERS, default="forward", help="which events judge which (default: forward, the one with exact p-values; see below)")
    add("--folds", type=int, default=5, metavar="N", help="parts of the events (default: 5)")
    add("--members", type=int, default=4, metavar="N", help="networks for each part (default: 4)")
    add("--epochs", type=int, default=10, metavar="N", help="passes of the training (default: 10)")
    add("--degrees", nargs=2, type=int, default=[3, 2], metavar=("N", "N"),
        help="of the polynomials in log mass: the spectrum, and the efficiency of a selection (default: 3 2)")
    add("--toys", type=int, default=1000, metavar="N", help="pseudo-experiments for the global p-value, 0 for none (default: 1000)")
    add("--decoys", action="store_true", help="hunt also where nothing is expected, beside the best window: does a feature betray the mass?")
    add("--seed", type=int, default=1, metavar="N", help="seed of all that is random (default: 1)")
    add("--unit", default="", metavar="UNIT", help="unit of the mass, for the figure")
    add("--weight", metavar="COLUMN", help=argparse.SUPPRESS)
    add("--out", type=folder, metavar="DIR", help=f"a new folder for {', '.join(FILES)} (default: only print)")


def hunt_file(options: argparse.Namespace) -> int:
    """The exit status; hunts in the events of a file and prints, and writes if asked to, what was found."""
    check_options(options)
    spans = read_spans(options)
    out = None if options.out is None else check_out(options.out)
    try:
        columns, without, told = read_events(options, spans["range"])
        for line in told:
            print(line, flush=True)
        found, p_global, decoys = hunted(columns, spans, options)
    except (TypeError, ValueError, ImportError) as error:  # what the engine refuses, in its words
        raise run.UsageError(in_options(str(error).splitlines()[0])) from None
    except RuntimeError as error:
        raise run.ChapterError(str(error).splitlines()[0]) from None
    print("\n".join([str(found), *remarks(found), *in_words_of(found, p_global), *([decoys["words"]] if decoys else [])]))
    if out:
        write_hunt(found, p_global, options, without | ({"decoys": decoys} if decoys else {}), out)
        print(f"written: {', '.join(str(options.out / name) for name in FILES)}")
    return 0


# --- what is asked for ---------------------------------------------------------------------------------------------------------


def in_options(message: str) -> str:
    """A message of the engine with the option that is meant in place of an argument: windows becomes --windows."""
    return re.sub(r"^(windows|shares|folds|degrees|width|beside|tree):", r"--\1:", message)


def check_options(options: argparse.Namespace) -> None:
    """None; raises UsageError for options that make no hunt, before any file is read."""
    if options.weight is not None:
        raise run.UsageError("--weight: expected none, the p-values are those of counts; keep each event with probability weight / largest weight")
    if options.mass in options.features:
        raise run.UsageError(f"--features: expected columns other than the mass, got {options.mass}")
    if len(set(options.features)) < len(options.features):
        raise run.UsageError(f"--features: expected every column once, got {' '.join(options.features)}")
    options.missing = [value for value in options.missing if math.isfinite(value)]  # the others are missing anyway
    if options.width is not None and not options.scan:
        raise run.UsageError(f"--width: expected it with --scan, got {options.width:g}")
    for name, value, least, most in (("--folds", options.folds, 2, 100), ("--members", options.members, 1, 1000), ("--epochs", options.epochs, 1, 100_000),
                                     ("--seed", options.seed, 0, math.inf), ("--toys", options.toys, 0, 10**7)):
        if not least <= value <= most:
            raise run.UsageError(f"{name}: expected an integer {f'>= {least}' if value < least else f'<= {most}'}, got {value}")
    if not 0 < options.beside < 1:
        raise run.UsageError(f"--beside: expected a number in (0, 1), got {options.beside:g}")
    if options.toys != 0 and options.toys < 10:
        raise run.UsageError(f"--toys: expected 0 or an integer >= 10, got {options.toys}")


def read_numbers(name: str, text: str, form: str) -> list[float]:
    """The numbers of an option such as 3300:3700, which has the `form` LOW:HIGH; raises UsageError for anything else."""
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in {one.count(":") + 1 for one in form.split(" or ")} or not all(map(math.isfinite, numbers)):
        raise run.UsageError(f"{name}: expected {form}, got {text!r}")
    return numbers


def read_spans(options: argparse.Namespace) -> dict[str, list]:
    """The numbers given as 'windows', 'scan' and 'range'; raises UsageError for what are none."""
    found = {"windows": [read_numbers("--windows", text, "LOW:HIGH or LEFT:LOW:HIGH:RIGHT") for text in options.windows or []],
             "scan": read_numbers("--scan", options.scan, "LOW:HIGH:N") if options.scan else [],
             "range": read_numbers("--range", options.range, "LOW:HIGH") if options.range else [None, None]}
    if found["scan"] and (found["scan"][2] != int(found["scan"][2]) or found["scan"][2] < 1):
        raise run.UsageError(f"--scan: expected LOW:HIGH:N with a whole number N >= 1, got {options.scan!r}")
    if found["scan"] and not (0 < found["scan"][0] < found["scan"][1] or found["scan"][0] == found["scan"][1] > 0 and found["scan"][2] == 1):
        raise run.UsageError(f"--scan: expected LOW:HIGH:N with 0 < LOW < HIGH, got {options.scan!r}; one window is CENTRE:CENTRE:1")
    if found["scan"] and found["scan"][2] == 1 and found["scan"][0] != found["scan"][1]:
        raise run.UsageError(f"--scan: expected CENTRE:CENTRE:1 for one window, got {options.scan!r}")
    for numbers, text in zip(found["windows"], options.windows or []):
        if not all(first < second for first, second in zip([0, *numbers], numbers)):
            raise run.UsageError(f"--windows: expected {'0 < LOW < HIGH' if len(numbers) == 2 else '0 < LEFT < LOW < HIGH < RIGHT'}, got {text!r}")
    if len({tuple(numbers) for numbers in found["windows"]}) < len(found["windows"]):
        raise run.UsageError(f"--windows: expected different ones, got {' '.join(options.windows)}")
    if options.range and not 0 < found["range"][0] < found["range"][1]:
        raise run.UsageError(f"--range: expected 0 < LOW < HIGH, got {options.range!r}")
    return found


def check_out(out: Path) -> Path:
    """The absolute folder, behind any links; raises UsageError if it cannot be made, or holds what is not of a hunt. Makes nothing yet."""
    path = out.resolve()
    above = next(one for one in (path, *path.parents) if one.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise run.UsageError(f"--out: expected a folder that can be written, got {out} ({above} {'is no folder' if not above.is_dir() else 'is read-only'})")
    if others := sorted(one.name for one in path.iterdir() if one.name not in FILES) if path == above else []:
        raise run.UsageError(f"--out: expected a folder that is new, empty or of an earlier hunt, got {out}, which holds {others[0]}")
    return path


# --- events --------------------------------------------------------------------------------------------------------------------


def read_events(options: argparse.Namespace, span: list) -> tuple[dict, dict, list[str]]:
    """The columns (n,) of the events that can be used, by name; how many events there were, and are without a value, by column; both in lines.

    Lines too on values that look like marks of missing ones."""
    import numpy as np
    from lrguide.files import columns_of, odd_values

    columns = columns_of(options.file, {options.mass: "--mass"} | dict.fromkeys(options.features, "--features"), options.tree)
    n, told = len(columns[options.mass]), []
    missing = {name: ~np.isfinite(column) | np.isin(column, options.missing) for name, column in columns.items()}
    for name, rows in missing.items():
        if rows.any():
            kinds = sorted({f"{value:g}" for value in np.unique(columns[name][rows])})
            told.append(f"left out: {np.count_nonzero(rows):,} of {n:,} events, in which {name} is {' or '.join(kinds[:4])}")
    kept = ~np.any(list(missing.values()), axis=0)
    if len(told) > 1:
        told.append(f"left out: {n - np.count_nonzero(kept):,} of {n:,} events altogether")
    if not kept.any():
        raise ValueError(f"file: expected events with all of {', '.join(columns)}, got none among {n:,}")
    mass, without = columns[options.mass], {"events": n, "without": {name: int(np.count_nonzero(rows)) for name, rows in missing.items()}, "left_out": int(n - np.count_nonzero(kept))}
    outside = kept & ~((mass >= span[0]) & (mass < span[1])) if options.range else np.zeros(n, bool)
    if outside.any():
        told.append(f"left out: {np.count_nonzero(outside):,} more, in which {options.mass} is outside {span[0]:g} to {span[1]:g}")
    kept, without["outside_range"] = kept & ~outside, int(np.count_nonzero(outside))
    if not kept.any():
        raise ValueError(f"--range: expected events with {options.mass} from {span[0]:g} to {span[1]:g}, got none among {np.count_nonzero(outside):,}")
    columns = {name: column[kept] for name, column in columns.items()}
    check_columns(columns, options.mass)
    told += [f"look: {name} is exactly {value:g} in {n_odd:,} events, far from all others; if that marks a missing number, say --missing {value:g}"
             for name, column in columns.items() for value, n_odd in odd_values(column).items()]
    return columns, without, told


def check_columns(columns: dict, mass: str) -> None:
    """None; raises UsageError for a mass that is not positive and for a feature that is the same in every event."""
    if (bad := columns[mass] <= 0).any():
        raise run.UsageError(f"--mass: expected positive masses, got {columns[mass].min():g} in {mass}, {bad.sum():,} events with 0 or less; leave them out by --missing or --range")
    for name, column in columns.items():
        if column.min() == column.max() and name != mass:
            raise run.UsageError(f"--features: expected columns whose values differ, got {name}, which is {column[0]:g} in every event")


# --- hunting -------------------------------------------------------------------------------------------------------------------


def hunted(columns: dict, spans: dict, options: argparse.Namespace) -> tuple:
    """The Hunted of these events, with a bar on a terminal; the global PValue, or None without toys; what decoys say, or None if they are not asked for."""
    import numpy as np
    from tqdm import tqdm
    from lrguide import anomaly
    from lrguide.arrays import spawn
    from lrguide.nets import Training
    from lrguide.ratio import Recipe

    table, by = table_of(columns, options)
    recipe = Recipe(members=options.members, hidden=(32, 32), training=Training(epochs=options.epochs))
    rngs = spawn(options.seed, 3)
    bar = lambda items: tqdm(items, unit="window", disable=None)
    found = anomaly.hunt(table, options.mass, windows_of(spans, options), recipe, options.shares, options.order, options.folds, *spans["range"],
                         tuple(options.degrees), by=by, progress=bar, rng=rngs[0])
    if options.toys and sys.stderr.isatty():
        print(f"global p-value: {options.toys} pseudo-experiments ...", file=sys.stderr)
    p_global = anomaly.global_p(found, options.toys, rngs[1]) if options.toys else None
    return found, p_global, decoys_of(table, found, recipe, options, by, rngs[2]) if options.decoys else None


def table_of(columns: dict, options: argparse.Namespace) -> tuple:
    """The Table of the events in an order that is random, but the same in whatever order they come; the column of also that tells the folds, or None.

    The order decides between equal scores, so it must not follow the mass. Where features take few values, as counts of jets do, a fold by the features
    alone would hold all events alike: then the mass, too, goes into the number that tells it."""
    import numpy as np
    from lrguide.arrays import Table
    from lrguide.folds import folds_of

    x, mass = np.stack([columns[name] for name in options.features], axis=1), columns[options.mass]
    number = folds_of(Table(x), 10**9)
    coarse = len(np.unique(number)) < 0.99 * len(mass)
    if coarse:
        number = folds_of(Table(np.column_stack([x, mass])), 10**9)
    by = next(name for name in (FOLD + k * "_" for k in range(len(columns) + 1)) if name not in columns) if coarse else None
    rows = np.lexsort((mass, number))
    return Table(x[rows], names=tuple(options.features), also={options.mass: mass[rows]} | ({by: number[rows]} if coarse else {})), by


def decoys_of(table, found, recipe, options: argparse.Namespace, by: str | None, rng) -> dict:
    """The p-value of decoys beside the best window, 'p', None if there are none, and 'words' that say it."""
    from lrguide import anomaly
    from lrguide.hypotest import in_words

    if sys.stderr.isatty():
        print("decoys: hunts beside the best window ...", file=sys.stderr)
    try:
        p, beside = anomaly.decoys(table, options.mass, found.windows[found.best[0]], recipe, found.shares[1:], found.order, options.folds, found.low, found.high,
                                  found.degrees, by=by, n_toys=max(options.toys, 100), rng=rng)
    except ValueError as error:  # too few events beside it, and the hunt is done
        return {"p": None, "words": f"decoys: none possible ({error})"}
    words = f"decoys: p {'<' if p.method == 'bound' else '='} {in_words(p.log_p, p.relative)}, {len(beside.windows)} windows beside {found.windows[found.best[0]]}, where nothing is expected; "
    return {"p": p.value, "words": words + ("a feature betrays the mass, or a fit does not describe it: believe no bump" if p.value < 0.01 else "no sign that a feature betrays the mass")}


def windows_of(spans: dict, options: argparse.Namespace) -> list:
    """The Windows that are asked for; raises UsageError or ValueError for those that are none."""
    from lrguide.anomaly import Window, sliding_windows

    if spans["scan"]:
        low, high, n = spans["scan"]
        return sliding_windows(low, high, int(n), 0.12 if options.width is None else options.width, options.beside)
    windows = []
    for numbers in spans["windows"]:
        left, low, high, right = numbers if len(numbers) == 4 else [None, *numbers, None]
        step = options.beside * (low + high) / 2
        if left is None and step >= low:
            raise run.UsageError(f"--beside: expected sidebands at positive masses, got one from {low - step:g} to {low:g}")
        windows.append(Window(low, high, low - step if left is None else left, high + step if right is None else right))
    return windows


# --- what was found ------------------------------------------------------------------------------------------------------------


def remarks(found) -> list[str]:
    """Lines on what a reader has to know of these p-values."""
    lines, which = [], found.shape_p < 0.01 / found.shape_p.size
    for bad, words, way in ((which[:, :1], "the spectrum of every event", "a narrower --range or a higher first of --degrees"),
                            (which[:, 1:], "a selection's spectrum", "a higher second of --degrees")):
        if bad.any():
            lines.append(f"note: beside {bad.any(axis=1).sum()} of {len(bad)} windows {words} does not follow its fit (last column): a signal there, or a shape that needs {way}")
    return lines


def in_words_of(found, p_global) -> list[str]:
    """Lines that say the smallest local p-value and the global one."""
    from lrguide.hypotest import in_words

    window, share = found.best
    lines = [f"smallest local p = {in_words(float(found.log_p[window, share]), 0.0)}, {found.windows[window]} at a share of {found.shares[share]:g}"]
    if p_global is None:
        return [*lines, "no global p-value: --toys 0"]
    n = f"{len(found.windows)} window{'s' * (len(found.windows) > 1)} x {len(found.shares)} shares"
    words = in_words(p_global.log_p, p_global.relative)
    if p_global.method == "bound":
        return [*lines, f"global p < {words} ({n}: the smallest local one times their number; no pseudo-experiment was as extreme)"]
    return [*lines, f"global p = {words} ({n}, pseudo-experiments)"]


def write_hunt(found, p_global, options: argparse.Namespace, without: dict, out: Path) -> None:
    """None; writes FILES into the folder `out`, whole or not at all."""
    import matplotlib

    matplotlib.use("Agg")
    from lrguide.anomaly import spectrum_of
    from lrguide.plot import draw_hunt

    work = run.fresh_folder(out)
    try:
        (work / "hunt.json").write_text(json.dumps(content(found, p_global, options, without), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        write_spectrum(spectrum_of(found, found.best[0]), found.shares, work / "spectrum.csv")
        draw_hunt(found, p_global, mass=options.mass, unit=options.unit)[0].savefig(work / "hunt.png", dpi=150)
        run.replace_folder(out, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def content(found, p_global, options: argparse.Namespace, without: dict) -> dict:
    """What goes into hunt.json: settings, versions, events, all numbers. A number that there is none of is null."""
    from lrguide import __version__

    plain = lambda record: {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in record.items()}
    settings = {name: value for name, value in vars(options).items() if name not in ("command", "file", "out", "weight")}
    sides = [{"left": window.left, "low": window.low, "high": window.high, "right": window.right} for window in found.windows]
    smallest = plain(found.records()[found.best[0] * len(found.shares) + found.best[1]])
    overall = None if p_global is None else plain({"p": p_global.value, "error": p_global.error, "log_p": p_global.log_p, "z": p_global.z, "z_error": p_global.z_error,
                                             "method": p_global.method, "source": p_global.source})
    decoys = without.pop("decoys", None)
    return {"file": {"name": options.file, **without}, "events": len(found.mass), "range": [found.low, found.high], "windows": sides,
            "results": [plain(record) for record in found.records()], "smallest": smallest, "global": overall, "decoys": decoys, "settings": settings,
            "lrguide": __version__, "backend": run.backend_in_use(), "versions": run.package_versions(run.backend_in_use())}


def write_spectrum(spectrum, shares, path: Path) -> None:
    """None; writes the bins of a Spectrum, with the counts and the fit of each of `shares`."""
    names = ["" if share == 1 else f"_{share:g}" for share in shares]
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["low", "high", "in_window", *(f"{kind}{name}" for name in names for kind in ("events", "fit"))])
        for k, inside in enumerate(spectrum.inside):
            numbers = [number for count, fit in zip(spectrum.counts[:, k], spectrum.fits[:, k]) for number in (int(count), f"{fit:.6g}")]
            rows.writerow([f"{spectrum.edges[k]:.8g}", f"{spectrum.edges[k + 1]:.8g}", int(inside), *numbers])
