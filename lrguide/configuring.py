"""The configuration of `lrguide analyse`: what may stand in it, how it is checked, and one to start from.

Every key that is unknown, missing or of the wrong kind is refused in one line that names it.
"""

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from lrguide import run

TEMPLATE = """\
# A search with lrguide: what to read, what is not known exactly, how to learn and to test.
# lrguide analyse THIS_FILE --out DIR        (first with --quick: minutes become seconds, the numbers are rough)
# Files are relative to this one; patterns such as "run*/signal.root" work. ROOT (tree, RNTuple), Parquet, CSV and NumPy (.npz) are read.

title = "A search for a new particle"        # of the report
features = ["mass", "pt", "eta"]            # columns that the networks see, in all files

# missing = [-999.0]                        # marks of missing values, beside NaN; a feature that lacks values is filled with its mean
# fill = { pt = 0.0 }                       # ... or with this, and a feature has_NAME tells which are there

# --- simulated events, by process: signal, and one or several backgrounds ---
[samples.signal]
files = "signal.root"
tree = "events"                             # ROOT only, and only if there are several
weight = "weight"                           # column; the weights sum to the number of events that are expected at mu = 1 ...
# expected = 60.0                           # ... or, with this line, to this number, and tell only how much each event counts
# cut = { pt = [20, inf] }                  # low <= value < high; on any columns, before shifts

[samples.background]                        # with several, any names: [samples.top], [samples.wjets]
files = ["background.parquet"]
weight = "weight"
# expected = 1500.0
# label = "is_signal"                       # one file of several processes: only events in which this column ...
# value = 0                                 # ... has this value are of this process

# --- the data; without this part only expected results are given ---
[data]
files = "data.csv"

# --- events that are kept, in features, after they are shifted ---
# [select]
# pt = [25, inf]

# --- what is not known exactly and moves events ---
[shifts.scale]                              # a name of your own
scale = ["mass", "pt"]                      # these features times 1 + scale,
width = 0.02                                # which is known to be 0 +- 0.02

# [shifts.other]                            # or a function of your own, my_shift(x, nu) -> x, in a file beside this one
# function = "my_module.py:my_shift"
# width = 1.0
# mean = 0.0
# reach = 3.0                               # learned up to so many widths

# [shifts.shower]                           # or samples simulated one standard deviation down and up, for the processes that change
# down = { background = { files = "background_down.root", weight = "weight" } }
# up = { background = { files = "background_up.root", weight = "weight" } }

# --- what is not known exactly and changes yields, by process: a relative error, or factors [down, up] ---
[norm.background]
background_norm = 0.1

[recipe]                                    # how the networks are made; any of these may be left out
members = 5                                 # networks in the ensemble, at least 2
hidden = [64, 64, 64]
# calibration = "isotonic"                  # on events that were not trained on: "isotonic" or "histogram"; by default none
# epochs = 40                               # by default as many as make 6,000 steps, at least 5 and at most 30; in any case the best weights are kept
# patience = 8                              # epochs without improvement after which a member stops: quicker, sometimes less exact
shares = [0.6, 0.2, 0.2]                    # of events: training, calibration and normalisation, testing

[tests]
# method = "asymptotic"                     # "exact" (default without nuisance parameters), "asymptotic" (default with them) or "toys", for few events
level = 0.05                                # of the limit: 0.05 is 95 % confidence
n_toys = 1000                               # pseudo-experiments, with "toys"
"""

CURES = (  # what a warning, or what is said about it, may ask for: the words, and where a configuration has it
    (r"method='[a-z]+'|method '[a-z]+'", "tests", "method"), (r"\bn_toys\b", "tests", "n_toys"), (r"calibration='[a-z]+'", "recipe", "calibration"),
    (r"\bmembers\b", "recipe", "members"), (r"\bepochs\b", "recipe", "epochs"), (r"larger last share|\(the last of shares\)", "recipe", "shares"),
    (r"\(reach\)", "shifts.NAME", "reach"), (r"\(shifts\)", "shifts.NAME", "width"), (r"\bor expected,", "samples.NAME", "expected"),
    (r"\bweights of (simulated events|shifted samples)", "samples.NAME", "weight"), (r"\bby a cut\b", "select", ""), (r"\bleave the feature out", "", "features"))
IN_PYTHON = r"lrguide\.\w+|normalised\([^)]*\)|inputs="  # what no configuration has


def keys_for(lines: Sequence[str]) -> list[str]:
    """The keys of a configuration by which one does what warnings ask for, each once, with the value that they name; then what only Python can do."""
    found = {}
    for line in lines:
        for words, section, key in CURES:
            for asked in re.finditer(words, line):
                value = re.search("'([a-z]+)'", asked[0])
                found[" ".join(part for part in (f"[{section}]" * bool(section), key) if part) + (f' = "{value[1]}"' if value else "")] = None
    python = list(dict.fromkeys(one[0] for line in lines for one in re.finditer(IN_PYTHON, line)))
    return [*found, *([f"only in Python: {', '.join(python)}"] if python else [])]


# --- one value ------------------------------------------------------------------------------------------------------------------


def refuse(name: str, expected: str, got: object) -> run.UsageError:
    """The error that a key of the configuration deserves."""
    try:
        text = json.dumps(got, default=str) if not isinstance(got, str) or got != "none" else got
    except ValueError:  # a number of more than 4300 digits
        text = f"one of type {type(got).__name__}"
    return run.UsageError(f"{name}: expected {expected}, got {text if len(text) <= 60 else text[:57] + '...'}")


def text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise refuse(name, "a text of one line", value)
    return value


def texts(value: object, name: str) -> list[str]:
    """One text or several, different ones."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one.strip() and one.isprintable() for one in found) or len(set(found)) < len(found):
        raise refuse(name, "a text or a list of different ones", value)
    return found


def number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or isinstance(value, int) and abs(value) >= 2**1023:
        raise refuse(name, "a number", value)
    return value


def above_zero(value: object, name: str) -> float:
    if not (0 < number(value, name) < math.inf):
        raise refuse(name, "a number > 0", value)
    return value


def count(least: int) -> Callable:
    def whole(value: object, name: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**9:
            raise refuse(name, f"an integer >= {least}" + " and <= 1e9" * (isinstance(value, int) and value > 10**9), value)
        return value

    return whole


def several(kind: Callable, at_least: int = 1) -> Callable:
    def all_of(value: object, name: str) -> list:
        if not isinstance(value, list) or len(value) < at_least:
            raise refuse(name, f"a list of at least {at_least}", value)
        return [kind(one, name) for one in value]

    return all_of


def numbers(value: object, name: str) -> list[float]:
    """One number or several; NaN is no mark that need be told."""
    return [number(one, name) for one in (value if isinstance(value, list) else [value])]


def span(value: object, name: str) -> tuple[float, float]:
    """A range [low, high]."""
    if not isinstance(value, list) or len(value) != 2 or not number(value[0], name) < number(value[1], name):
        raise refuse(name, "[low, high] with low < high", value)
    return float(value[0]), float(value[1])


def effect(value: object, name: str) -> float | tuple[float, float]:
    """A relative error, or factors [down, up]."""
    if isinstance(value, list):
        if len(value) != 2:
            raise refuse(name, "a relative error or two factors [down, up]", value)
        return tuple(float(above_zero(one, name)) for one in value)
    if not 0 < number(value, name) < 1:
        raise refuse(name, "a relative error between 0 and 1", value)
    return float(value)


def scalar(value: object, name: str) -> object:
    if not isinstance(value, (str, int, float)):
        raise refuse(name, "a text or a number", value)
    return value


def choice(*known: str) -> Callable:
    def one_of(value: object, name: str) -> str:
        if value not in known:
            raise refuse(name, f"one of {', '.join(known)}", value)
        return value

    return one_of


def known_as(key: str, name: str) -> str:
    """A key of the table `name`, one line that is not empty."""
    if not key.strip() or not key.isprintable():
        raise refuse(name or "CONFIG.toml", "keys of one line", key)
    return key


def mapping(kind: Callable, *, some: bool = True) -> Callable:
    """Values of one kind by any name."""
    def by_name(value: object, name: str) -> dict:
        if not isinstance(value, dict) or some and not value:
            raise refuse(name, "a table with at least one entry", value)
        return {known_as(key, name): kind(one, f"{name}.{key}") for key, one in value.items()}

    return by_name


def keyed(known: Mapping[str, Callable], required: Sequence[str] = ()) -> Callable:
    """A table with `known` keys, of which some are `required`."""
    def table(value: object, name: str) -> dict:
        if not isinstance(value, dict):
            raise refuse(name, f"a table with {', '.join(known)}", value)
        inside = f"{name}." if name else ""
        for key in value:
            if known_as(key, name) not in known:
                like = get_close_matches(key, known, 1)
                raise run.UsageError(f"{inside}{key}: unknown, expected some of {', '.join(known)}{f'; is {like[0]} meant?' if like else ''}")
        for key in required:
            if key not in value:
                raise run.UsageError(f"{inside}{key}: missing, expected in {name or 'the configuration'}")
        return {key: known[key](one, f"{inside}{key}") for key, one in value.items()}

    return table


# --- all of them ---------------------------------------------------------------------------------------------------------------

READ = {"files": texts, "tree": text, "weight": text, "label": text, "value": scalar, "cut": mapping(span)}
SIDE = mapping(keyed(READ, ["files"]))
SHIFT = {"scale": texts, "function": text, "down": SIDE, "up": SIDE, "width": above_zero, "mean": number, "reach": above_zero}
CONFIG = keyed({"title": text, "features": several(text), "missing": numbers, "fill": mapping(number), "samples": mapping(keyed(READ | {"expected": above_zero}, ["files"])),
                "data": keyed({"files": texts, "tree": text, "cut": mapping(span)}, ["files"]), "select": mapping(span), "shifts": mapping(keyed(SHIFT), some=False),
                "norm": mapping(mapping(effect), some=False),
                "recipe": keyed({"members": count(2), "hidden": several(count(1)), "epochs": count(1), "patience": count(1), "batch": count(1), "rate": above_zero,
                                 "shares": several(above_zero, 3), "calibration": choice("isotonic", "histogram")}),
                "tests": keyed({"method": choice("exact", "asymptotic", "toys"), "level": above_zero, "n_toys": count(100)})}, ["features", "samples"])


@dataclass(frozen=True, eq=False)
class Asked:
    """A configuration that was checked: its `path`, the bytes of the file, `content`, and what the parts of it are called."""

    path: Path
    raw: bytes
    content: dict

    def files(self, names: Sequence[str]) -> list[str]:
        """Files beside the configuration."""
        return [str(self.path.parent / name) for name in names]


def read_config(path: Path) -> Asked:
    """The configuration in a file. Raises UsageError, one line that names the key, for anything that is none."""
    try:
        raw = path.read_bytes()
        content = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise run.UsageError(f"CONFIG.toml: expected a file that can be read, got {path} ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # also of numbers and tables without end
        raise run.UsageError(f"CONFIG.toml: expected TOML, got {path}: {error}") from None
    found = CONFIG(content, "")
    check_content(found)
    return Asked(path.absolute(), raw, found)


def check_content(content: Mapping) -> None:
    """None; raises UsageError for keys that do not fit together."""
    samples, features = content["samples"], content["features"]
    if len(set(features)) < len(features):
        raise refuse("features", "different names", features)
    if "signal" not in samples or len(samples) < 2:
        raise refuse("samples", "signal and at least one background", list(samples))
    sides = {f"shifts.{name}.{side}.{process}": one for name, shift in content.get("shifts", {}).items() for side in ("down", "up") for process, one in shift.get(side, {}).items()}
    for name, one in ({f"samples.{name}": one for name, one in samples.items()} | sides).items():
        if ("label" in one) != ("value" in one):
            raise run.UsageError(f"{name}.{'value' if 'label' in one else 'label'}: missing, expected a label and its value together")
        if one.get("label") in one.get("cut", {}):
            raise refuse(f"{name}.cut", "columns other than the label", one["label"])
    for where, names, known in [("select", content.get("select", {}), features), ("fill", content.get("fill", {}), features), ("norm", content.get("norm", {}), samples),
                                *((name.rsplit(".", 1)[0], [name.rsplit(".", 1)[1]], samples) for name in sides)]:
        for name in names:
            if name not in known:
                raise refuse(f"{where}.{name}", f"one of {', '.join(known)}", name)
    for name, shift in content.get("shifts", {}).items():
        check_shift(f"shifts.{name}", shift, features)


def check_shift(name: str, shift: Mapping, features: Sequence[str]) -> None:
    """None; raises UsageError for what says in no way, or in two, how events move."""
    kinds = [kind for kind in ("scale", "function", "down") if kind in shift or kind == "down" and "up" in shift]
    if len(kinds) != 1:
        raise run.UsageError(f"{name}: expected one of scale, function, or down and up, got {' and '.join(kinds) or 'none'}")
    if kinds == ["down"]:
        for side in ("down", "up"):
            if side not in shift:
                raise run.UsageError(f"{name}.{side}: missing, expected in {name}")
        for key in ("width", "mean", "reach"):
            if key in shift:
                raise run.UsageError(f"{name}.{key}: expected only with scale or function; down and up are one standard deviation")
        return
    if "width" not in shift:
        raise run.UsageError(f"{name}.width: missing, expected in {name}")
    for feature in shift.get("scale", []):
        if feature not in features:
            raise refuse(f"{name}.scale", f"some of {', '.join(features)}", feature)
    if "function" in shift and not re.fullmatch(r"[^:]+\.py:[A-Za-z_]\w*", shift["function"]):
        raise refuse(f"{name}.function", '"file.py:name"', shift["function"])
