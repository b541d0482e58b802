"""Grids of runs: the points of a sweep, and one table of all their records, as CSV and Parquet. Chapter 94 is the manual."""

import csv
import hashlib
import itertools
import json
import math
from pathlib import Path

from lrguide.run import MOST_POINTS, Chapter, UsageError, machine_text, resolve, write_whole

RECORD_COLUMNS = {"quantity": str, "value": float, "error": float, "reference": float, "tolerance": float, "at_most": float,
                  "at_least": float, "pull": float, "verdict": str, "status": str}
TIMING_COLUMNS = {"seconds": float, "date": str, "machine": str}  # the only ones that differ when a sweep is run again


def read_grid(chapter: Chapter, texts: list[str], base: dict | None = None) -> dict[str, dict]:
    """All parameters of every point of the grid, by the point's name: the product of `name=a,b,c` or `name=a..b`, the last fastest.

    `base` holds the values of parameters that are not in the grid; the others have the chapter's defaults. Raises UsageError.
    """
    axes = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign:
            raise UsageError(f"-p: expected NAME=VALUES, got {text!r}")
        if name in axes:
            raise UsageError(f"-p: expected every parameter once, got {name!r} twice")
        axes[name] = chapter.parameters[name].read_many(values) if name in chapter.parameters else [values]
    if (size := math.prod(len(values) for values in axes.values())) > MOST_POINTS:
        raise UsageError(f"-p: expected at most {MOST_POINTS} points, got {size}")
    points = [resolve(chapter, (base or {}) | dict(zip(axes, values))) for values in itertools.product(*axes.values())]
    return {point_name(chapter, point): point for point in points}


def point_name(chapter: Chapter, values: dict) -> str:
    """The name of a point's folder, a hash of the chapter's name and all parameters: the same in every sweep."""
    return hashlib.sha256(json.dumps([chapter.name, values], sort_keys=True).encode()).hexdigest()[:16]


def sweep_columns(chapter: Chapter) -> dict[str, type]:
    """The columns of a sweep's table with their types: chapter, point, every parameter, the record, the timing."""
    others = {"chapter": str, "point": str} | RECORD_COLUMNS | TIMING_COLUMNS
    parameters = {f"parameter_{name}" if name in others else name: p.kind for name, p in chapter.parameters.items()}
    return {"chapter": str, "point": str} | parameters | RECORD_COLUMNS | TIMING_COLUMNS


def sweep_rows(chapter: Chapter, points: dict[str, dict], results: dict[str, dict | None]) -> list[dict]:
    """One row per point and record, in the order of the points; a point without results or records has one row all the same."""
    columns = sweep_columns(chapter)
    rows = []
    for name, values in points.items():
        found = results.get(name)
        first = [chapter.name, name, *values.values()]
        timing = [found["seconds"], found["date"], machine_text(found)] if found else [None] * len(TIMING_COLUMNS)
        for entry in (found["records"] if found else []) or [{}]:
            entry = entry | {"quantity": entry.get("name"), "status": "done" if found else "failed"}
            rows.append(dict(zip(columns, [*first, *(entry.get(column) for column in RECORD_COLUMNS), *timing])))
    return rows


def write_table(columns: dict[str, type], rows: list[dict], folder: Path) -> list[str]:
    """The names of the files written: table.csv and, if pyarrow is installed, table.parquet; each whole or not at all."""
    def write_csv(path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(columns), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    parquet = folder / "table.parquet"
    write_whole(folder / "table.csv", write_csv)
    try:
        import pyarrow.parquet
    except ImportError:
        parquet.unlink(missing_ok=True)  # an older one would say something else than the table beside it
        return ["table.csv"]
    table = pyarrow.table({name: _arrow_column([row[name] for row in rows], kind) for name, kind in columns.items()})
    write_whole(parquet, lambda path: pyarrow.parquet.write_table(table, path))
    return ["table.csv", "table.parquet"]


def _arrow_column(values: list, kind: type):
    import pyarrow

    if kind is int and any(abs(value) >= 2**63 for value in values):  # a seed can be long
        values, kind = [str(value) for value in values], str
    kinds = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string(), bool: pyarrow.bool_()}
    return pyarrow.array(values, kinds[kind])
