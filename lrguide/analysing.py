"""The command `lrguide analyse`: files of one's own and a short configuration in, a result, a report and everything to pass on out.

Reads what the configuration names, analyses it as `lrguide.analyse` does, prints the summary and writes report.html, result.json,
workspace.json (for pyhf), the learned ratios and the configuration into one folder, whole or not at all.
"""

import argparse
import hashlib
import importlib.util
import inspect
import json
import math
import os
import re
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lrguide import run
from lrguide.configuring import TEMPLATE, Asked, keys_for, read_config, refuse
from lrguide.hunting import folder

USAGE = "lrguide analyse CONFIG.toml --out DIR [--seed N] [--quick], or lrguide analyse --template"
MEANING = """DIR gets report.html, a page that needs nothing else; result.json, all numbers; workspace.json, the binned model for pyhf; the learned ratios as .npz
(lrguide.load) and, with the extra `borders`, as .onnx; and the configuration. It is written whole or not at all. Chapter 82 explains what is done."""
WRITTEN = re.compile(r"report\.html|result\.json|workspace\.json|analysis\.toml|ratio_[^/]*\.(npz|onnx)")  # what an analysis writes
QUICK = {"members": 2, "epochs": 5, "events": 10_000, "n_toys": 300}  # at most, with --quick

def add_options(command: argparse.ArgumentParser) -> None:
    """None; the options of `lrguide analyse`."""
    command.usage, command.epilog, add = USAGE, MEANING, command.add_argument
    add("config", nargs="?", type=Path, metavar="CONFIG.toml", help="what to read and to do")
    add("--out", type=folder, metavar="DIR", help="a folder, new, empty or of an earlier analysis")
    add("--seed", type=int, default=1, metavar="N", help="seed of all that is random (default: 1)")
    add("--quick", action="store_true", help=f"a first look: at most {QUICK['events']:,} events of each sample, {QUICK['members']} members, {QUICK['epochs']} epochs")
    add("--template", action="store_true", help="print a configuration to start from, and do nothing else")


def analyse_files(options: argparse.Namespace) -> int:
    """The exit status; analyses what a configuration names, prints the summary, writes the folder."""
    if options.template:
        print(TEMPLATE, end="")
        return 0
    for name, value in (("CONFIG.toml", options.config), ("--out", options.out)):
        if value is None:
            raise run.UsageError(f"{name}: expected one, got none; {USAGE}")
    if options.seed < 0:
        raise run.UsageError(f"--seed: expected an integer >= 0, got {options.seed}")
    asked, out = read_config(options.config), check_folder(options.out)
    try:
        done = analysed(asked, options)
        print("\n".join([str(done.found), *done.cures]))
        written = write_folder(done, options, out)
    except (TypeError, ValueError, ImportError) as error:  # what the engine refuses, in its words
        raise run.UsageError(_one_line(error)) from None
    except RuntimeError as error:
        raise run.ChapterError(_one_line(error)) from None
    print(f"written: {', '.join(str(options.out / name) for name in written)}")
    return 0


def _one_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def check_folder(out: Path) -> Path:
    """The absolute folder, behind any links; raises UsageError if it cannot be made, or holds what no analysis wrote. Makes nothing yet."""
    path = out.resolve()
    above = next(one for one in (path, *path.parents) if one.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise run.UsageError(f"--out: expected a folder that can be written, got {out} ({above} {'is no folder' if not above.is_dir() else 'is read-only'})")
    if others := sorted(one.name for one in path.iterdir() if not WRITTEN.fullmatch(one.name)) if path == above else []:
        raise run.UsageError(f"--out: expected a folder that is new, empty or of an earlier analysis, got {out}, which holds {others[0]}")
    return path


# --- events --------------------------------------------------------------------------------------------------------------------


def read_tables(asked: Asked) -> tuple[dict, dict, object, dict[str, float], list[str]]:
    """Tables of the samples by process, those of shifts by (name, side, process), that of the data or None, what was filled in, by feature, and lines on odd values.

    Every feature that lacks values in some simulated event is filled; has_NAME of each of them come last, as `lrguide.read` has them. Raises UsageError
    for weights of simulated events that have no positive sum."""
    content, raw = asked.content, {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name, one in content["samples"].items():
            raw[name] = _read(asked, one, f"samples.{name}")
        for name, shift in content.get("shifts", {}).items():
            for side in ("down", "up"):
                for process, one in shift.get(side, {}).items():
                    raw[name, side, process] = _read(asked, one, f"shifts.{name}.{side}.{process}")
        data = _read(asked, content["data"], "data") if "data" in content else None
    told = list(dict.fromkeys(f"look: {one.message}" for one in caught if issubclass(one.category, UserWarning)))
    fill, lines = fill_of(raw, data, content)
    for name, one in raw.items():
        if not one.total > 0:
            where = f"samples.{name}" if isinstance(name, str) else "shifts.{}.{}.{}".format(*name)
            raise run.UsageError(f"{where}.weight: expected weights with a positive sum, got {one.total:g} of {len(one):,} events")
    made = {name: filled(one, fill, content["features"]) for name, one in raw.items()}
    samples = {name: one for name, one in made.items() if isinstance(name, str)}
    return samples, {name: one for name, one in made.items() if name not in samples}, None if data is None else filled(data, fill, content["features"]), fill, told + lines


def _read(asked: Asked, one: Mapping, name: str):
    """The Table of a sample, each feature followed by has_NAME."""
    from lrguide.files import read

    content, label, cut = asked.content, one.get("label"), dict(one.get("cut", {}))
    if label is not None and not isinstance(one["value"], str):
        cut[label], label = (float(one["value"]), math.nextafter(float(one["value"]), math.inf)), None
    both = None if label is None else {label: (one["value"], _other_value(content, label, one["value"], name))}
    try:
        found = read(asked.files(one["files"]), content["features"], label=both, weight=one.get("weight"), cut=cut or None, missing=content.get("missing", ()),
                     fill=dict.fromkeys(content["features"], 0.0), tree=one.get("tree"))
    except (TypeError, ValueError, OSError) as error:
        line = _one_line(error)
        if "label" in one and line.startswith("cut: ") and line.endswith(repr(one["label"])):  # a label that is a number is read as a cut
            line = line.replace("cut: ", "label: ", 1)
        raise run.UsageError(f"{name}: {line}") from None
    found = found if both is None else found[0]
    if len(found) == 0:
        raise run.UsageError(f"{name}: expected events, got none{' that pass its cut' if cut else ''} in {', '.join(one['files'])}")
    return found


def _other_value(content: Mapping, label: str, value: str, name: str) -> str:
    """The other value of a label that is a text, which another sample has."""
    others = {one["value"] for one in content["samples"].values() if one.get("label") == label} - {value}
    if len(others) != 1:
        raise run.UsageError(f"{name}.value: expected a text of two that samples have as {label}, got {len(others) + 1}; make the label a number")
    return others.pop()


def fill_of(tables: Mapping, data, content: Mapping) -> tuple[dict[str, float], list[str]]:
    """What is put in for features that are missing in simulated events, by name: what the configuration says, or their mean; and lines on them."""
    fill, lines = {}, []
    for name in content["features"]:
        there = {key: one.x[:, _at(one, f"has_{name}")] == 1 for key, one in tables.items()}
        n, lacking = sum(map(len, there.values())), sum(int((~rows).sum()) for rows in there.values())
        if data is not None and not lacking and (gone := int((data.x[:, _at(data, f"has_{name}")] == 0).sum())):
            raise run.UsageError(f"data: expected values of {name} as in simulated events, of which none lacks one, got {gone:,} events without")
        if lacking == n:
            raise run.UsageError(f"features: expected values of {name} in some simulated events, got none")
        if lacking:
            fill[name] = content.get("fill", {}).get(name)
            if fill[name] is None:
                fill[name] = float(sum(one.x[rows, _at(one, name)].sum() for one, rows in zip(tables.values(), there.values())) / (n - lacking))
            lines.append(f"missing: {name} in {lacking:,} of {n:,} simulated events; {fill[name]:.4g} is put in, and has_{name} tells the networks")
    return fill, lines


def _at(table, name: str) -> int:
    return table.names.index(name)


def filled(table, fill: Mapping[str, float], features: Sequence[str]):
    """The Table with has_NAME only of what is filled, after all features, missing values replaced."""
    import numpy as np

    kept = [*features, *(f"has_{feature}" for feature in fill)]
    x = np.array(table.x[:, [_at(table, name) for name in kept]])
    for feature, value in fill.items():
        x[x[:, kept.index(f"has_{feature}")] == 0, kept.index(feature)] = value
    return replace(table, x=x, names=tuple(kept))


def thinned(table, most: int, rng):
    """At most so many events, drawn at random, standing for all."""
    from lrguide.arrays import rescale

    if len(table) <= most:
        return table
    return rescale(table[rng.permutation(len(table))[:most]], table.total)


# --- what moves events ---------------------------------------------------------------------------------------------------------


def shifts_of(asked: Asked, varied: Mapping, names: Sequence[str], factors: Mapping[str, float]) -> dict:
    """Shift or Varied by name; `varied` Tables by (name, side, process), multiplied by the `factors` that the samples of their processes are."""
    from lrguide.analysis import Shift, Varied

    found = {}
    for name, one in asked.content.get("shifts", {}).items():
        if "down" in one:
            side = lambda which: {process: replace(table, weight=table.weights * factors[process]) for (of, where, process), table in varied.items() if of == name and where == which}
            found[name] = Varied(side("down"), side("up"))
        else:
            move = scaled(names, one["scale"]) if "scale" in one else own_function(asked, name, one["function"])
            found[name] = Shift(move, one["width"], one.get("mean", 0.0), one.get("reach", 3.0))
    return found


def scaled(names: Sequence[str], features: Sequence[str]) -> Callable:
    """A function that multiplies features by 1 + nu where they are there: a filled one stays what it is."""
    import numpy as np

    columns = [(names.index(one), names.index(f"has_{one}") if f"has_{one}" in names else None) for one in features]

    def scale(x, nu):
        x, factor = np.array(x), 1 + np.ravel(nu)
        for column, has in columns:
            x[:, column] *= factor if has is None else np.where(x[:, has] == 1, factor, 1.0)
        return x

    return scale


def own_function(asked: Asked, name: str, text: str) -> Callable:
    """The function of a file beside the configuration, "file.py:name", watched: what it returns has to be features."""
    import numpy as np

    file, _, own = text.rpartition(":")
    path, where = asked.path.parent / file, f"shifts.{name}.function"
    if not path.is_file():
        raise run.UsageError(f"{where}: expected a file beside the configuration, got {file}")
    spec = importlib.util.spec_from_file_location(f"lrguide_user_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        function = getattr(module, own)
    except Exception as error:  # whatever the user's file raises
        raise run.UsageError(f"{where}: {file} cannot be used ({type(error).__name__}: {_one_line(error)})") from None
    if not callable(function) or len(inspect.signature(function).parameters) < 2:
        raise run.UsageError(f"{where}: expected a function of x and nu, got {own}")

    def move(x, nu):
        try:
            moved = np.asarray(function(np.array(x), np.ravel(nu)), float)
        except Exception as error:
            raise ValueError(f"{where}: {own} raises {type(error).__name__}: {_one_line(error)}") from None
        if moved.shape != np.shape(x) or not np.isfinite(moved).all():
            raise ValueError(f"{where}: expected finite features of shape {np.shape(x)}, got shape {moved.shape}{'' if moved.shape != np.shape(x) else ' with numbers that are not finite'}")
        return moved

    return move


def select_of(select: Mapping[str, tuple[float, float]] | None, names: Sequence[str]) -> Callable | None:
    """A function that says which events lie in all ranges; one without a value lies in none."""
    import numpy as np

    if not select:
        return None
    has = [names.index(f"has_{name}") for name in select if f"has_{name}" in names]

    def kept(x):
        rows = np.all(x[:, has] == 1, axis=1)
        for name, (low, high) in select.items():
            rows &= (x[:, names.index(name)] >= low) & (x[:, names.index(name)] < high)
        return rows

    return kept


def recipe_of(content: Mapping, quick: bool):
    """How the networks are made."""
    from lrguide.analysis import RECIPE

    given = dict(content.get("recipe", {}))
    training = {name: given.pop(name) for name in ("epochs", "patience", "batch", "rate") if name in given}
    if "shares" in given and (len(given["shares"]) != 3 or abs(sum(given["shares"]) - 1) > 1e-6):
        raise refuse("recipe.shares", "three numbers of sum one: training, calibration, testing", given["shares"])
    try:
        recipe = replace(RECIPE, **({name: tuple(value) if isinstance(value, list) else value for name, value in given.items()} | {"training": replace(RECIPE.training, **training)}))
    except (TypeError, ValueError) as error:
        raise run.UsageError(f"recipe.{_one_line(error)}") from None
    if quick:
        recipe = replace(recipe, members=min(recipe.members, QUICK["members"]), training=replace(recipe.training, epochs=min(recipe.training.epochs or QUICK["epochs"], QUICK["epochs"])))
    return recipe


# --- what was found ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Done:
    """An Analysis, `found`, with what was `asked` for, what was filled in (`fill`), `notes` for the reader, and `seconds` of reading."""

    found: object
    asked: Asked
    fill: dict[str, float]
    notes: list[str]
    seconds: dict[str, float]

    @property
    def cures(self) -> list[str]:
        """A line on what to change in the configuration, if there are warnings that ask for something."""
        from lrguide.report import advice_for

        keys = keys_for([*self.found.warnings, *map(advice_for, self.found.warnings)])
        return [f"in the configuration, what the warnings ask for: {'; '.join(keys)}"] if keys else []


def analysed(asked: Asked, options: argparse.Namespace) -> Done:
    """What is found in the files; prints what is said of them."""
    import numpy as np
    from lrguide.analysis import analyse

    content, start = asked.content, time.perf_counter()
    recipe, tests = recipe_of(content, options.quick), dict(content.get("tests", {}))
    samples, varied, data, fill, notes = read_tables(asked)
    notes += [f"expected: {given:g} of {name}, whose weights sum to {one.total:.5g}" for name, one in samples.items() if "weight" in (of := content["samples"][name])
              and not math.isclose(given := of.get("expected", one.total), one.total, rel_tol=0.01)]
    counts = [f"{name} {len(one):,}" for name, one in (samples | ({} if data is None else {"data": data})).items()]
    for line in [f"read: {', '.join(counts)} events", *notes]:
        print(line, flush=True)
    factors = {name: content["samples"][name].get("expected", one.total) / one.total for name, one in samples.items()}
    samples = {name: replace(one, weight=one.weights * factors[name]) for name, one in samples.items()}
    if options.quick:
        rngs = iter(np.random.default_rng([options.seed, 82]).spawn(len(samples) + len(varied)))
        samples, varied = ({name: thinned(one, QUICK["events"], next(rngs)) for name, one in tables.items()} for tables in (samples, varied))
        tests["n_toys"] = min(tests.get("n_toys", 1000), QUICK["n_toys"])
        notes = [f"A quick look: at most {QUICK['events']:,} events of each sample, {recipe.members} members, {recipe.training.epochs} epochs. The numbers are rough.", *notes]
    names = list(samples["signal"].names)
    settings = {"shifts": shifts_of(asked, varied, names, factors), "select": select_of(content.get("select"), names)}
    seconds = {"reading": time.perf_counter() - start}
    found = analyse(samples["signal"], {name: one for name, one in samples.items() if name != "signal"}, data, norm=content.get("norm"), recipe=recipe,
                    progress=sys.stderr.isatty(), rng=options.seed, **settings, **tests)
    return Done(found, asked, fill, notes, seconds)


def write_folder(done: Done, options: argparse.Namespace, out: Path) -> list[str]:
    """The names of the files written into the folder `out`, whole or not at all."""
    import matplotlib

    matplotlib.use("Agg")
    from lrguide.report import write_report

    work = run.fresh_folder(out)
    try:
        title = done.asked.content.get("title", f"Analysis of {done.asked.path.stem}")
        start = time.perf_counter()
        workspace, told = workspace_of(done.found)
        if workspace is not None:
            (work / "workspace.json").write_text(json.dumps(workspace, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        told += write_ratios(done.found, work)
        (work / "analysis.toml").write_bytes(done.asked.raw)
        seconds = {"binned model and files": time.perf_counter() - start}
        settings = {"configuration": done.asked.path.name, "seed": options.seed, "quick": "yes" if options.quick else "no"} | settings_in_words(done.asked.content)
        start = time.perf_counter()
        write_report(done.found, work / "report.html", title=title, notes=done.notes + told + done.cures, settings=settings, seconds=done.seconds)
        seconds["report"] = time.perf_counter() - start
        content = content_of(done, options, title, told, seconds)
        (work / "result.json").write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        names = ["report.html", "result.json", *sorted(one.name for one in work.iterdir() if one.name not in ("report.html", "result.json"))]
        run.replace_folder(out, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for line in told:
        print(line)
    return names


def workspace_of(found) -> tuple[dict | None, list[str]]:
    """The pyhf workspace of the binned log ratio, with the counts of the data, or those that are expected without signal; and lines on why there is none."""
    import numpy as np
    from lrguide.analysis import as_known, histogram_of

    try:
        from lrguide.workspaces import to_pyhf
    except ImportError:
        return None, ["no workspace.json: this version has no to_pyhf"]
    model, counts = histogram_of(found)
    if counts is None:
        values = as_known(found.model, 0.0)
        counts = np.ravel(model.contents({name: np.array([values[name]]) for name in model.parameters}))
    try:
        return to_pyhf(model, counts), []
    except ValueError as error:
        return None, [f"no workspace.json: {_one_line(error)}"]


def write_ratios(found, work: Path) -> list[str]:
    """Lines on what could not be written; writes every ratio as .npz and, if the extra is there, as .onnx."""
    told = []
    for name, ratio in found.learned.ratios.items():
        stem = f"ratio_{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}"
        ratio.save(work / f"{stem}.npz")
        try:
            from lrguide.borders import to_onnx

            to_onnx(ratio, work / f"{stem}.onnx")
        except ImportError:
            told = ["no .onnx: needs onnx (the extra `borders`: pip install 'lrguide[borders]')"]
        except (TypeError, ValueError) as error:
            told = [f"no .onnx: {_one_line(error)}"]
    return told


def settings_in_words(content: Mapping) -> dict[str, str]:
    """What the configuration says of samples, cuts and uncertainties, a line each."""
    words = lambda ranges: ", ".join(f"{low:g} <= {name} < {high:g}" for name, (low, high) in ranges.items())
    found = {}
    for name, one in (content["samples"] | ({"data": content["data"]} if "data" in content else {})).items():
        parts = [", ".join(one["files"]), *(f"{key} {one[key]}" for key in ("tree", "weight", "expected") if key in one)]
        parts += [f"{one.get('label')} = {one.get('value')}"] * ("label" in one) + [f"cut {words(one.get('cut', {}))}"] * ("cut" in one)
        found[f"sample: {name}" if name != "data" else "data"] = "; ".join(parts)
    for name, one in content.get("shifts", {}).items():
        how = f"scale of {', '.join(one['scale'])}" if "scale" in one else f"function {one['function']}" if "function" in one else f"samples down and up of {', '.join(one['down'])}"
        found[f"shift: {name}"] = how + (f", {one.get('mean', 0.0):g} ± {one['width']:g}" if "width" in one else "")
    return found | ({"kept events": words(content["select"])} if content.get("select") else {})


def content_of(done: Done, options: argparse.Namespace, title: str, told: Sequence[str], seconds: Mapping[str, float]) -> dict:
    """What goes into result.json: settings, versions, all numbers. A number that there is none of is null."""
    import numpy as np
    from lrguide import __version__

    found, plain = done.found, _plain
    fit, observed, upper = found.fit, found.discovery, found.limit
    expected = lambda one: dict(zip((f"{n:+g}" if n else "0" for n in one.n_sigma), one.expected))
    covariance = None if fit.minuit is None or fit.minuit.covariance is None else np.array(fit.minuit.covariance).tolist()
    return plain({
        "title": title, "data": None if found.data is None else len(found.data), "fill": done.fill,
        "fit": {"values": fit.values, "errors": fit.errors, "covariance": covariance, "nll": fit.nll, "notes": list(fit.notes)},
        "discovery": {"p": observed.value, "log_p": observed.observed.log_p, "z": observed.z, "z_error": observed.z_error, "expected_z": expected(observed), "method": observed.observed.method},
        "limit": {"value": upper.value, "error": upper.error, "level": upper.level, "strength": upper.strength, "expected": expected(upper), "method": upper.method},
        "network": dict(zip(("mu", "z", "limit"), found.network.error)), "profile": {"mu": found.profile.grid, "rise": found.profile.rise},
        "yields": {"at mu = 1": found.model.yields({**fit.values, "mu": 1.0}), "fitted": found.model.yields(fit.values)},
        "impacts": [{"name": one.name, "value": one.value, "error": one.error, "pull": one.pull, "constraint": one.constraint, "before": one.before, "after": one.after} for one in found.impacts or ()],
        "tests_of_ratios": {name: {"passed": one.passed, "culprit": str(one.culprit) if one.culprit else None,
                                   "checks": {check.name: {"value": check.value, "error": check.error, "p": check.p_value} for check in one.checks}} for name, one in found.diagnoses.items()},
        "data_against_model": None if found.comparison is None else {"p": found.comparison.p_value, "passed": found.comparison.passed,
                                                                     "p_by_feature": {name: one.check.p_value for name, one in found.comparison.observables.items()}},
        "warnings": list(found.warnings), "notes": [*done.notes, *told, *done.cures], "seconds": {**done.seconds, **found.seconds, **seconds},
        "settings": {"configuration": done.asked.content, "file": done.asked.path.name, "sha256": hashlib.sha256(done.asked.raw).hexdigest(), "seed": options.seed, "quick": options.quick},
        "lrguide": __version__, "backend": run.backend_in_use(), "versions": run.package_versions(run.backend_in_use())})


def _plain(value: object) -> object:
    """The same in types that JSON knows; numbers that are not finite become null."""
    import numpy as np

    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(one) for one in value]
    if isinstance(value, (np.floating, np.integer, np.bool_)):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
