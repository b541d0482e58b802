"""Reading columns of single precision from ROOT files: a Table of double precision, every column looked through, against uproot's own arrays."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import uproot

from benchmarks.harness import row
from lrguide.files import read

KINDS = {"TTree, zlib": ("mktree", uproot.ZLIB(1)), "RNTuple, zlib": ("mkrntuple", uproot.ZLIB(1)), "RNTuple, zstd": ("mkrntuple", uproot.ZSTD(5)), "TTree, uncompressed": ("mktree", None)}


def in_turns(ours, theirs, repeat: int, clock: Callable[[], float] = process_time) -> list[list[float]]:
    "Seconds by the `clock` of each of two functions, after a first call of both, in turns: what one leaves in memory the other meets."
    found = [[], []]
    for number in range(1 + repeat):
        for function, times in zip((ours, theirs), found):
            start = clock()
            function()
            times += [clock() - start] if number else []
    return found


def root(quick: bool) -> list[dict]:
    "30 columns of normal numbers, which compression makes hardly smaller: with the threads that users have, and seconds of CPU of one thread."
    n, repeat, rng, rows = *((20_000, 2) if quick else (1_000_000, 5)), np.random.default_rng(1), []
    table = "ours is a Table: double precision, one array, NaN, infinite and odd values looked for"
    columns = {f"feature_{k:02d}": rng.normal(size=n).astype(np.float32) for k in range(30)}
    for kind, (make, compression) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.root"
            with uproot.recreate(path, compression=compression) as file:
                tree = getattr(file, make)("events", {name: column.dtype for name, column in columns.items()})
                for part in np.array_split(np.arange(n), 10):
                    tree.extend({name: column[part] for name, column in columns.items()})

            def theirs():
                with uproot.open(path) as file:
                    return file["events"].arrays(library="np")

            def by_hand():
                found = theirs()
                x = np.stack([found[name] for name in columns], axis=1, dtype=float)
                return x if np.isfinite(x).all() else None

            exact = np.array_equal(read(path, list(columns)).x, np.column_stack(list(columns.values())))
            work, quality = f"reading {n:,} events of 30 single-precision columns, {kind}", dict(quality="to the bit" if exact else "other numbers", quality_met=exact)
            threads = os.environ.pop("OMP_NUM_THREADS", None)
            mine, others = in_turns(lambda: read(path, list(columns)), theirs, 2 * repeat, perf_counter)
            os.environ |= {"OMP_NUM_THREADS": threads} if threads else {}
            rows.append(row(f"{work}, on {len(os.sched_getaffinity(0))} cores", mine, "uproot, arrays(library=\"np\"), as it comes", others, goal=1 / 1.3, **quality, note=table))
            mine, others = in_turns(lambda: read(path, list(columns)), theirs, repeat)
            rows.append(row(work, mine, "uproot, arrays(library=\"np\")", others, **quality, note=f"seconds of CPU, one thread; {table}"))
            mine, others = in_turns(lambda: read(path, list(columns)), by_hand, repeat)
            rows.append(row(f"{work}, as one checked array of doubles", mine, "uproot, np.stack to double, np.isfinite", others, goal=1, **quality,
                            note="seconds of CPU, one thread; theirs without a look for odd values and marks"))
    return rows
