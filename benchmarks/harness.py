"""What every benchmark uses: timing in turns, the form of a row, which peers are installed."""

import resource
import sys
import time
from importlib.util import find_spec


def seconds(function, clock=time.perf_counter) -> float:
    "Time (s) of one call of `function` by the `clock`."
    start = clock()
    function()
    return clock() - start


def interleave(*functions, repeat: int = 5, warm: bool = True, clock=time.perf_counter) -> list[list[float]]:
    """Times (s) of `repeat` calls of each function, taken in turns, so that a busy minute hits all of them.

    `clock`: that of the wall, or `time.process_time` for CPU time. `warm`: one call of each goes before and does not count (compilation, caches)."""
    if warm:
        for function in functions:
            function()
    times = [[] for _ in functions]
    for _ in range(repeat):
        for function, mine in zip(functions, times):
            mine.append(seconds(function, clock))
    return times


def per(times: list[float], count: float) -> list[float]:
    "The times divided by what was done in each: seconds for one."
    return [one / count for one in times]


def row(work: str, ours: list[float], peer: str, theirs: list[float], *, goal: float | None = None, limit: float | None = None,
        unit: str | None = None, quality: str = "", quality_met: bool = True, note: str = "") -> dict:
    """One row of the table; `ours` and `theirs` in seconds, or seconds for one `unit` ("toy"), which then are shown as a rate.

    `goal`: theirs/ours to reach. `limit`: what ours may take at most. `quality`: what was checked, and whether it held."""
    return {"work": work, "ours": ours, "peer": peer, "theirs": theirs, "goal": goal, "limit": limit, "unit": unit,
            "quality": quality, "quality_met": bool(quality_met), "note": note}


def missing(*packages: str) -> str:
    "A note for the row of a peer that is not installed; empty if all `packages` are."
    absent = [package for package in packages if find_spec(package) is None]
    return f"not installed: {', '.join(absent)} (`make bench` installs it)" if absent else ""


def peak_memory() -> float:
    "Largest resident memory of this process so far (MiB)."
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
