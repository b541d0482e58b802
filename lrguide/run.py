"""Runs of chapters and what they leave behind: numbers, figures and one folder per chapter.

The first part is what a notebook calls: `record`, `published`, `save`, `check_records`, `worker_map`. The rest finds chapters, checks
their parameters, runs them with papermill and puts their records into tables. Chapter 94 is the manual.
"""

import ast
import contextlib
import csv
import errno
import glob
import hashlib
import itertools
import json
import math
import operator
import os
import pickle
import platform
import re
import shutil
import socket
import sys
import time
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cache
from importlib import metadata
from pathlib import Path

RUN = "LRGUIDE_RUN"  # environment variable of a chapter's kernel: the folder of its run
DASK = "LRGUIDE_DASK"  # environment variable: the address of the dask scheduler that `worker_map` uses
RECORDS = "_lrguide_records"  # name under which a notebook's own namespace holds its records
PRESETS = ("quick", "paper")  # quick is the notebooks' own defaults, paper is in presets.toml
MOST_POINTS = 100_000  # of a sweep: more is a slip of the keyboard
NOTEBOOKS = Path(__file__).resolve().parent.parent / "nbs"  # the chapters of the clone that holds this package


class UsageError(ValueError):
    """Something asked for that cannot be done: one line, nothing written."""


class ChapterError(RuntimeError):
    """A chapter that failed while it ran."""

# --- what a notebook calls ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """A value from the literature; `value` is None where the notebook's parameters are not the published ones."""

    value: float | None
    source: str


def published(value: float, source: str, **conditions) -> Published:
    """The published value, absent if a variable of the calling notebook differs from its value in `conditions`.

    Raises NameError if the notebook has no variable of that name.
    """
    namespace = sys._getframe(1).f_globals
    for name in conditions:
        if name not in namespace:
            raise NameError(f"{name}: expected a variable of the notebook, got a name it does not define")
    same = all(namespace[name] == wanted for name, wanted in conditions.items())
    return Published(_number("value", value) if same else None, source)


def record(name: str, value: float, error: float | None = None, reference=None, tolerance: float | None = None, *,
           at_most: float | None = None, at_least: float | None = None) -> None:
    """None; prints one line and keeps the number for the run's table.

    `reference` is an exact number or `published(...)`; the record meets it if it lies within `tolerance` (absolute) or, without a
    tolerance, within 5 of its own errors. `at_most` and `at_least` are one-sided limits. A value that is not finite is a miss. A
    miss raises nothing here: `check_records` does. Raises TypeError or ValueError for arguments that make no sense.
    """
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.]*", name):
        raise ValueError(f"name: expected letters, digits, underscores and dots, got {name[:60] if isinstance(name, str) else type(name).__name__!r}")
    literature = isinstance(reference, Published)
    entry = {"name": name, "value": _number("value", value), "error": _number("error", error),
             "reference": reference.value if literature else _number("reference", reference),
             "source": reference.source if literature else "exact" if reference is not None else None,
             "tolerance": _number("tolerance", tolerance),
             "at_most": _number("at_most", at_most), "at_least": _number("at_least", at_least)}
    for width in ("error", "tolerance"):
        if entry[width] is not None and entry[width] < 0:
            raise ValueError(f"{width}: expected a number >= 0, got {entry[width]}")
    for limit in ("tolerance", "at_most", "at_least"):
        if entry[limit] is not None and not math.isfinite(entry[limit]):
            raise ValueError(f"{limit}: expected a finite number, got {entry[limit]}")
    if reference is not None and error is None and tolerance is None:
        raise ValueError("reference: expected a tolerance or an error with it, got neither")
    entry |= {"pull": _pull(entry), "verdict": _verdict(entry)}
    records = sys._getframe(1).f_globals.setdefault(RECORDS, {})
    if folder := os.environ.get(RUN):
        if name in records:
            raise ValueError(f"name: expected a new one for each record of a chapter, got {name!r} twice")
        with open(Path(folder) / "records.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    records[name] = entry
    print(_sentence(entry))


def check_records() -> None:
    """None; raises AssertionError naming the calling notebook's records that miss their reference.

    In a run it does nothing: there a miss is reported in the table.
    """
    missed = [entry for entry in sys._getframe(1).f_globals.get(RECORDS, {}).values() if entry["verdict"] == "missed"]
    if missed and not os.environ.get(RUN):
        raise AssertionError("missed: " + "; ".join(_sentence(entry) for entry in missed))


def save(fig, name: str) -> None:
    """None; shows the figure in the notebook, once, and in a run also writes it as `name`.png."""
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        raise ValueError(f"name: expected letters, digits and underscores, got {name[:60] if isinstance(name, str) else type(name).__name__!r}")
    if folder := os.environ.get(RUN):
        path = Path(folder) / f"{name}.png"
        if path.exists():
            raise ValueError(f"name: expected a new one for each figure of a chapter, got {name!r} twice")
        fig.savefig(path, dpi=100)
    shell = sys.modules.get("IPython")  # a notebook has loaded it, a plain program need not have it
    if shell and shell.get_ipython() is not None:
        import matplotlib.pyplot as plt
        from IPython.display import display
        display(fig)
        plt.close(fig)  # the inline backend shows every open figure at the end of a cell


def worker_map() -> Callable:
    """What to hand over as `map=`: the builtin `map`, or one that spreads its calls over dask workers, in the same order.

    The workers are those of the scheduler that `--dask ADDRESS` names (environment variable LRGUIDE_DASK). Raises UsageError if it
    cannot be reached or dask.distributed is not installed.
    """
    address = os.environ.get(DASK)
    if not address:
        return map
    client = dask_client(address)
    import cloudpickle  # it comes with dask and also takes closures and a notebook's own classes

    def spread(function, *iterables):
        """An iterator over the results, in order; the calls travel in a few batches per thread, since a task costs a millisecond."""
        calls = list(zip(*iterables))
        threads = max(sum(client.nthreads().values()), 1)
        size = max(math.ceil(len(calls) / (8 * threads)), 1)
        batches = [cloudpickle.dumps(calls[start:start + size]) for start in range(0, len(calls), size)]
        sent = client.submit(bytes, cloudpickle.dumps(function), pure=False)  # once; made again if its worker is lost
        return itertools.chain.from_iterable(client.gather(client.map(_call_batch, batches, function=sent, pure=False)))

    return spread


def _call_batch(batch: bytes, function: bytes) -> list:
    call = pickle.loads(function)
    return [call(*arguments) for arguments in pickle.loads(batch)]


@cache
def dask_client(address: str):
    """The one client of this process for the scheduler at that address; raises UsageError if it cannot be reached."""
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise UsageError("--dask: expected dask.distributed to be installed (the extra `dask`: pip install -e '.[dask]')") from None
    try:
        socket.create_connection(get_address_host_port(address), timeout=10).close()  # a client that fails lingers for 20 s
        return Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = _first_line(str(error)) or type(error).__name__
        expected = "the address of a scheduler, such as tcp://host:8786"
        raise UsageError(f"--dask: expected {expected}, got {address!r} ({reason})") from None


def _number(argument: str, value) -> float | None:
    if value is None and argument != "value":
        return None
    try:
        if isinstance(value, str):
            raise TypeError
        return float(value)
    except OverflowError:
        raise ValueError(f"{argument}: expected a number below 1.8e308, got a larger one") from None
    except (TypeError, ValueError):
        got = repr(value)[:60] if value is None or isinstance(value, str) else f"one of type {type(value).__name__}"
        raise TypeError(f"{argument}: expected a number, got {got}") from None


def _pull(entry: dict) -> float | None:
    if entry["reference"] is None or not entry["error"]:
        return None
    return (entry["value"] - entry["reference"]) / entry["error"]


def _verdict(entry: dict) -> str | None:
    value, reference = entry["value"], entry["reference"]
    conditions = []
    if reference is not None:
        allowed = entry["tolerance"] if entry["tolerance"] is not None else 5 * entry["error"]
        conditions.append(abs(value - reference) <= allowed < math.inf)  # False for a value or an error that is none or infinite
    if entry["at_most"] is not None:
        conditions.append(value <= entry["at_most"])
    if entry["at_least"] is not None:
        conditions.append(value >= entry["at_least"])
    if not math.isfinite(value):
        conditions.append(False)
    return None if not conditions else "met" if all(conditions) else "missed"


def digits(number: float) -> str:
    """Four digits, or all of them where the number is a count."""
    return f"{number:.0f}" if abs(number) < 1e9 and number == round(number) else f"{number:.4g}"


def _expected(entry: dict) -> str:
    """What the value is held against: '0.881', '<= 0.01' or ''."""
    parts = [] if entry["reference"] is None else [digits(entry["reference"])]
    parts += [f"{sign} {digits(entry[limit])}" for limit, sign in (("at_most", "<="), ("at_least", ">=")) if entry[limit] is not None]
    return ", ".join(parts)


def _sentence(entry: dict) -> str:
    text = f"{entry['name']} = {digits(entry['value'])}"
    if entry["error"] is not None:
        text += f" +- {entry['error']:.2g}"
    if expected := _expected(entry):
        text += f", expected {expected}"
    if entry["reference"] is not None:
        text += f" ({entry['source']})"
    return text + (f": {entry['verdict']}" if entry["verdict"] else "")


# --- chapters and their parameters -------------------------------------------------------------------------------------------

KINDS = {"int": int, "float": float, "str": str, "bool": bool}
NOUNS = {int: "an integer", float: "a number", str: "a text", bool: "true or false"}
TESTS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
         "(": operator.gt, "[": operator.ge, ")": operator.lt, "]": operator.le}


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: `level: float = 0.05  # type I error, in (0, 1)`."""

    name: str
    kind: type
    default: object
    meaning: str  # the comment, with its range
    range: str  # 'in (0, 1)', '> 0' or ''

    def check(self, value):
        """The value in the parameter's type; raises UsageError for another type or a value out of range."""
        value = value.item() if hasattr(value, "item") else value  # NumPy scalars
        if self.kind is float and type(value) is int:
            value = float(value) if abs(value) < 2**1023 else math.inf
        if type(value) is not self.kind or (self.kind is float and not math.isfinite(value)):
            raise UsageError(f"{self.name}: expected {NOUNS[self.kind]}, got {value!r}")
        if not all(TESTS[sign](value, bound) for sign, bound in read_range(self.range)):
            raise UsageError(f"{self.name}: expected {NOUNS[self.kind]} {self.range}, got {value!r}")
        return value

    def read(self, text: str):
        """The value written in a command line, checked."""
        if self.kind is str:
            return self.check(text)
        try:
            value = ast.literal_eval(text.capitalize() if self.kind is bool else text)
        except (TypeError, ValueError, SyntaxError):
            value = text
        return self.check(value)

    def read_many(self, text: str) -> list:
        """The values written as a list `a,b,c`, of which each may be a range of integers `a..b`, both ends included; all checked.

        A text with a comma stands in quotes, as in a CSV file: `"a,b",c` are two; a quote within such a one is doubled."""
        values = [value for part in _split(self, text) for value in self._read_part(part)]
        twice = [value for value, times in Counter(values).items() if times > 1]
        if twice:
            raise UsageError(f"{self.name}: expected different values, got {twice[0]!r} twice")
        return values

    def _read_part(self, text: str) -> list:
        ends = re.fullmatch(r"(-?\d{1,300})\.\.(-?\d{1,300})", text) if self.kind in (int, float) else None
        if not ends:
            return [self.read(text)]
        low, high = int(ends[1]), int(ends[2])
        if not low <= high < low + MOST_POINTS:
            raise UsageError(f"{self.name}: expected a range a..b of 1 to {MOST_POINTS} integers, got {text!r}")
        return [self.check(value) for value in range(low, high + 1)]


def _split(parameter: Parameter, text: str) -> list[str]:
    if parameter.kind is not str or '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise UsageError(f"{parameter.name}: expected texts such as a,\"b,c\" with quotes around a whole text, got {text!r}") from None


@dataclass(frozen=True)
class Chapter:
    name: str  # '16_ratio'
    path: Path
    title: str
    code: tuple[str, ...]  # sources of the code cells
    parameters: dict[str, Parameter]


def read_range(text: str) -> list[tuple[str, float]]:
    """The bounds a range states: 'in (0, 1]' is [('(', 0.0), (']', 1.0)], '>= 1' is [('>=', 1.0)], '' is []."""
    if not text:
        return []
    if text.startswith("in "):
        low, high = text[4:-1].split(",")
        return [(text[3], float(low)), (text[-1], float(high))]
    sign, bound = text.split()
    return [(sign, float(bound))]


def read_parameters(source: str) -> dict[str, Parameter]:
    """The parameters a cell defines, by name, in order; raises UsageError for a line of another shape.

    Each line is `name: type = literal  # meaning, range`; the range ends the comment, after a comma: an interval such as `in (0, 1]`
    or `[0, inf)`, or a bound such as `> 0` or `<= 5`. Without one every value of the type is allowed.
    """
    number = r"[-+]?(?:inf|[\d.]+(?:e[-+]?\d+)?)"
    pattern = re.compile(rf"(?:^|,)\s*(?:(?:in )?(?P<interval>[\[(]{number}, ?{number}[\])])|(?P<bound>[<>]=? {number}))$")
    lines, found = source.split("\n"), {}
    for node in ast.parse(source).body:
        kind = KINDS.get(getattr(getattr(node, "annotation", None), "id", None))
        try:
            name, default = node.target.id, ast.literal_eval(node.value)
        except (AttributeError, TypeError, ValueError):
            kind = None
        if kind is None:
            raise UsageError(f"parameters cell: expected `name: int|float|str|bool = literal`, got `{lines[node.lineno - 1]}`")
        meaning = lines[node.end_lineno - 1].encode()[node.end_col_offset:].decode().strip().lstrip("# ")
        stated = pattern.search(meaning)
        allowed = "" if not stated else stated["bound"] or f"in {stated['interval']}"
        parameter = Parameter(name, kind, default, meaning, allowed)
        found[name] = replace(parameter, default=parameter.check(default))
    return found


def find_chapters(notebooks: Path | str = NOTEBOOKS) -> dict[str, Path]:
    """The notebooks NN_name.ipynb below the folder, by name, in reading order; raises UsageError where there are none."""
    folder = Path(notebooks)
    found = {path.stem: path.resolve() for path in folder.rglob("[0-9][0-9]_*.ipynb")
             if not any(part[0] in "._" for part in path.relative_to(folder).parts)}
    if not found:
        raise UsageError(f"notebooks: expected a folder with chapters (work in a clone, or give --notebooks DIR), got {folder}")
    return dict(sorted(found.items()))


def find_chapter(name: str, chapters: dict[str, Path]) -> Chapter:
    """The chapter of that number ('16') or name ('16_ratio'); raises UsageError if there is none."""
    matches = [path for stem, path in chapters.items() if str(name) in (stem, stem[:2])]
    if len(matches) != 1:
        raise UsageError(f"chapter: expected one of {' '.join(stem[:2] for stem in chapters)}, got {name!r}")
    return read_chapter(matches[0])


def read_chapter(path: Path | str) -> Chapter:
    """The chapter in a notebook file; raises UsageError if it is not a notebook or its parameters cell is malformed."""
    path = Path(path)
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [(cell["cell_type"], cell["metadata"].get("tags", []), "".join(cell["source"])) for cell in cells]
        cell = next((source for _, tags, source in sources if "parameters" in tags), "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"chapter: expected a notebook, got {path}") from None
    try:
        parameters = read_parameters(cell)
    except (ValueError, SyntaxError, RecursionError) as error:
        raise UsageError(f"{path.stem}: {_first_line(str(error))}") from None
    title = next((source.split("\n")[0].lstrip("# ") for kind, _, source in sources if kind == "markdown"), path.stem)
    return Chapter(path.stem, path, title, tuple(source for kind, _, source in sources if kind == "code"), parameters)


def resolve(chapter: Chapter, given: dict | None = None) -> dict:
    """Every parameter of the chapter with its value: the given ones checked, the defaults for the others."""
    given = dict(given or {})
    for name in given:
        if name not in chapter.parameters:
            known = ", ".join(chapter.parameters) or "none, it has no parameters"
            raise UsageError(f"parameter: expected one of chapter {chapter.name} ({known}), got {name!r}")
    return {name: parameter.check(given[name]) if name in given else parameter.default
            for name, parameter in chapter.parameters.items()}


def read_preset(preset: str, notebooks: Path | str = NOTEBOOKS) -> dict[str, dict]:
    """The parameters a preset sets, by chapter: the tables [preset.NN_name] of `notebooks`/presets.toml.

    The whole file is checked: an unknown preset, chapter or parameter, or a value a chapter refuses, raises UsageError.
    """
    if preset not in PRESETS:
        raise UsageError(f"preset: expected one of {', '.join(PRESETS)}, got {preset!r}")
    file, chapters = Path(notebooks) / "presets.toml", find_chapters(notebooks)
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"presets.toml: {_first_line(str(error))}") from None
    for name, table in tables.items():
        if name not in PRESETS[1:] or not isinstance(table, dict):
            raise UsageError(f"presets.toml: expected tables [paper.NN_name], got {name}{'' if isinstance(table, dict) else f' = {table!r}'}")
        for chapter, given in table.items():
            if chapter not in chapters or not isinstance(given, dict):
                raise UsageError(f"presets.toml: expected a table with the name of a chapter, got {chapter!r}")
            try:
                resolve(read_chapter(chapters[chapter]), given)
            except UsageError as error:
                raise UsageError(f"presets.toml: [{name}.{chapter}] {error}") from None
    return tables.get(preset, {})


# --- runs --------------------------------------------------------------------------------------------------------------------


def run_chapter(chapter: Chapter, out: Path | str, parameters: dict | None = None, preset: str = "quick",
                force: bool = False) -> dict:
    """The results of the chapter run with these parameters: records, parameters, versions, checksums of its files.

    They are kept in the folder `out`/NN_name with the executed notebook and the figures, and read from there if they are whole and
    nothing they depend on has changed, unless `force`. The folder appears whole or not at all. `preset` is only noted. Raises
    UsageError for parameters the chapter refuses, ChapterError if a cell fails.
    """
    values = resolve(chapter, parameters)
    key, folder = run_key(chapter, values), Path(out).absolute() / chapter.name
    if not force and (results := read_results(folder, key)):
        return results
    work = fresh_folder(folder)
    try:
        start = time.perf_counter()
        _execute(chapter, values, work)
        results = {"chapter": chapter.name, "title": chapter.title, "preset": preset, "parameters": values,
                   "records": _collect(work), "files": _checksums(work), "key": key, "backend": backend_in_use(),
                   "versions": package_versions(backend_in_use()), "machine": _machine(), "seconds": round(time.perf_counter() - start, 1),
                   "date": datetime.now(timezone.utc).date().isoformat()}
        results["seal"] = _seal(results)
        (work / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        replace_folder(folder, work)
    except OSError as error:  # a full disk, for one
        raise ChapterError(f"{chapter.name}: expected a folder that can be written, got {folder.parent} ({error.strerror or error})") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return results


def run_key(chapter: Chapter, values: dict) -> str:
    """A hash of all that the results depend on: code cells, the modules they reach (comments apart), parameters, backend, versions."""
    home = Path(__file__).parent
    modules = {name: _shape((home / f"{name}.py").read_text(encoding="utf-8")) for name in reached(chapter.code, home)}
    parts = {"code": chapter.code, "modules": modules, "parameters": values, "backend": backend_in_use(),
             "versions": package_versions(backend_in_use()), "sample": _samples(modules)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _samples(modules: dict) -> list | None:
    """Name, size and checksum of the files that the `modules` read: events of our own, of the package or others that were made, and the ATLAS file if it is here.

    A file above 20 MB has its time of change in place of the checksum."""
    from .data import higgsml_path, htautau_path
    from .files import sample_path
    readers = {"data": (htautau_path, higgsml_path), "dijets": (lambda: sample_path("dijets.npz.xz"),)}
    try:
        paths = [path for name, found in readers.items() if name in modules for one in found if (path := one())]
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not paths:
        return None
    return [[path.name, size := path.stat().st_size, zlib.adler32(path.read_bytes()) if size < 20_000_000 else path.stat().st_mtime_ns] for path in paths]


def reached(code: tuple[str, ...], home: Path) -> list[str]:
    """Names of the modules in `home`, the package's folder, that `code` imports or that these import, and of what every chapter needs.

    All of them where the code leaves it open: `import lrguide`, whose names come from any module, or a cell that is not plain Python.
    """
    every = {path.stem for path in home.glob("*.py")} - {"doctor", "citing", "cli", "__main__", "_modidx"}
    found, waiting = set(), ["run", "__init__"]
    try:
        waiting += [name for cell in code for name in _imported(cell, home.name)]
    except SyntaxError:
        return sorted(every)
    while waiting:
        name = waiting.pop()
        if name.startswith("__"):  # of the package itself, such as its version
            name = "__init__"
        if name not in every:  # the package itself, or a name that its __init__ looks up
            return sorted(every)
        if name not in found:
            found.add(name)
            waiting += [] if name == "__init__" else _imported((home / f"{name}.py").read_text(encoding="utf-8"), home.name)
    return sorted(found)


@cache
def _imported(source: str, package: str) -> tuple[str, ...]:
    """Modules of `package` that the source imports anywhere; '' stands for the package itself."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = ".".join(part for part in (package if node.level else "", node.module) if part)
            names += [f"{origin}.{alias.name}" for alias in node.names] if origin == package else [origin]
    return tuple(name[len(package) + 1:] for name in names if name == package or name.startswith(package + "."))


@cache
def _shape(source: str) -> str:
    """A hash of the source's syntax tree, the same whatever its comments."""
    return hashlib.sha256(ast.dump(ast.parse(source)).encode()).hexdigest()


def read_results(folder: Path, key: str | None = None) -> dict | None:
    """The results in a chapter's folder; None unless they are whole, as they were written and, where a key is given, have this key."""
    try:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        whole = all(_checksum(folder / name) == expected for name, expected in results["files"].items())
        sealed = results["seal"] == _seal(results) if key or "seal" in results else True  # those of the papers may be older than seals
        result_rows([results])  # what makes no table is not whole
        return results if whole and sealed and key in (None, results["key"]) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _seal(results: dict) -> str:
    """A hash of all that the results say: one edited value, or a record taken out, and they are not done."""
    said = {name: value for name, value in results.items() if name != "seal"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _execute(chapter: Chapter, values: dict, work: Path) -> None:
    import logging
    import papermill
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class Kernel(AsyncKernelManager):
        """This interpreter, whatever kernels are installed, told where its run writes."""
        kernel_spec = KernelSpec(env={RUN: str(work)}, **get_kernel_dict())
        kernel_spec.argv += ["--log-level=CRITICAL"]
        def __init__(self, **options):  # by files: two kernels that start together could be given the same TCP ports
            super().__init__(**({"transport": "ipc"} | options))

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # it misreads `>= 1` in a comment; names are checked in `resolve`
    changed = {name: value for name, value in values.items() if value != chapter.parameters[name].default}
    try:
        papermill.execute_notebook(chapter.path, work / chapter.path.name, changed, kernel_name="python3", language="python",
                                   cwd=work, progress_bar=False, request_save_on_cell_execute=False, kernel_manager_class=Kernel)
    except papermill.PapermillExecutionError as error:
        raise ChapterError(f"{chapter.name}: cell {error.cell_index}: {error.ename}: {_first_line(error.evalue)}") from error
    except Exception as error:  # a kernel that died, for one
        raise ChapterError(f"{chapter.name}: {type(error).__name__}: {_first_line(str(error))}") from error


def _first_line(text: str) -> str:
    return (text or "").strip().split("\n")[0]


def _collect(work: Path) -> list[dict]:
    lines = work / "records.jsonl"
    if not lines.exists():
        return []
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    lines.unlink()
    return records


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _checksums(work: Path) -> dict[str, str]:
    """Of all files but the executed notebook, which is a log: it holds times and is not committed."""
    return {path.relative_to(work).as_posix(): _checksum(path) for path in sorted(work.rglob("*"))
            if path.is_file() and path.suffix != ".ipynb"}


def fresh_folder(folder: Path) -> Path:
    """A new empty folder .NN_name.PID.HOST beside `folder`; what dead processes of this host left there is removed."""
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]  # hosts that share a folder count their processes apart
    for left in folder.parent.glob(f".{glob.escape(folder.name)}.*.{host}*"):
        pid = int(left.name.removeprefix(f".{folder.name}.").split(".")[0])
        if pid == os.getpid() or not _alive(pid):
            shutil.rmtree(left, ignore_errors=True)
    work = folder.with_name(f".{folder.name}.{os.getpid()}.{host}")
    try:
        work.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"out: expected a folder that can be written, got {folder.parent} ({error.strerror})") from None
    return work


def replace_folder(folder: Path, work: Path) -> None:
    """None; `work`, a folder beside `folder`, takes its place."""
    aside = work.with_name(work.name + ".old")
    while work.exists():
        with contextlib.suppress(FileNotFoundError):
            folder.rename(aside)
        try:
            work.rename(folder)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # these: another process has put its own there in between
                raise
        shutil.rmtree(aside, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def backend_in_use() -> str:
    """The name of the Keras backend, without loading it."""
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


@cache
def package_versions(backend: str) -> dict[str, str]:
    """Versions of Python and of the packages on which numbers depend, by name."""
    names = ("numpy", "scipy", "keras", backend, "scikit-learn", "iminuit", "matplotlib")
    found = {name: metadata.version(name) for name in names if any(metadata.distributions(name=name))}
    return {"python": ".".join(platform.python_version_tuple()[:2])} | found


def _machine() -> dict:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": processor, "cores": cores}


# --- tables ------------------------------------------------------------------------------------------------------------------


def table(header: list[str], rows: list[list[str]]) -> str:
    """An aligned Markdown table."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in [header, *rows]]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def result_rows(results: list[dict]) -> list[dict[str, str]]:
    """One row of texts per record, by column."""
    def text(number, shape):
        return "" if number is None else format(number, shape)

    return [{"chapter": result["chapter"], "quantity": entry["name"], "published or exact value": _expected(entry),
             "ours": digits(entry["value"]), "error": text(entry["error"], ".2g"), "pull": text(entry["pull"], ".1f"),
             "verdict": entry["verdict"] or "", "preset": result["preset"], "date": result["date"],
             "machine": machine_text(result)}
            for result in results for entry in result["records"]]


def machine_text(result: dict) -> str:
    return f"{result['machine']['processor']}, {result['machine']['cores']} cores"


def results_table(results: list[dict], columns: str = "verdict") -> str:
    """The table of all records; `columns`, separated by spaces, follow chapter, quantity, reference, ours, error and pull."""
    header = ["chapter", "quantity", "published or exact value", "ours", "error", "pull", *columns.split()]
    return table(header, [[row[column] for column in header] for row in result_rows(results)])


def write_results(folder: Path, file: Path) -> None:
    """None; writes the table of all whole results in `folder` to `file`, whole or not at all."""
    results = [found for path in sorted(folder.glob("[0-9][0-9]_*")) if (found := read_results(path))]
    text = ("# Results\n\nWritten by `lrguide figures --preset paper` from the files in `figures/paper`; not edited by hand.\n\n"
            + results_table(results, "preset machine date") + "\n")
    write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """None; `write` is given another path, which then takes the place of `file`."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        write(new)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
