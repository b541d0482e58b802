"""The command `lrguide analyse` as users call it: from two samples of 100,000 events in files to the report, on all cores.

Ten features, of which three tell signal from background; five members, limit, bands, the networks' own error, every figure."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.cores import THREADS
from benchmarks.harness import row, seconds

N_FEATURES, SHIFT, N_SIGNAL, N_BACKGROUND = 10, (0.8, 0.5, 0.3), 60, 2000
CONFIG = """
title = "Benchmark"
features = [{features}]
[samples.signal]
files = "signal.parquet"
expected = {n_signal}
[samples.background]
files = "background.parquet"
expected = {n_background}
[data]
files = "data.parquet"
[recipe]
members = 5
{more}
"""


def write_events(folder: Path, n_events: int) -> None:
    "None; signal, background and data as Parquet."
    import pyarrow
    import pyarrow.parquet

    rng, mean = np.random.default_rng(1), np.r_[SHIFT, np.zeros(N_FEATURES - len(SHIFT))]
    drawn = lambda n, centre: rng.normal(size=(n, N_FEATURES)) + centre
    samples = {"signal": drawn(n_events, mean), "background": drawn(n_events, 0), "data": np.concatenate([drawn(N_SIGNAL, mean), drawn(N_BACKGROUND, 0)])}
    for name, x in samples.items():
        pyarrow.parquet.write_table(pyarrow.table({f"f{k}": column for k, column in enumerate(x.T)}), folder / f"{name}.parquet")


def exact_z() -> float:
    "Median significance of the exact likelihood: an Asimov set of two normal densities."
    rng, mean = np.random.default_rng(2), np.array(SHIFT)
    x = rng.normal(size=(1_000_000, len(SHIFT)))
    gain = lambda x: np.log1p(N_SIGNAL / N_BACKGROUND * np.exp(x @ mean - mean @ mean / 2))
    return float(np.sqrt(2 * (N_SIGNAL * gain(x + mean).mean() + N_BACKGROUND * (gain(x) - np.expm1(gain(x))).mean())))


def whole(quick: bool) -> list[dict]:
    "The command on plain samples, seconds by step from the file that it writes."
    n_events, more = (3000, "epochs = 4") if quick else (100_000, "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_events(folder, n_events)
        features = ", ".join(f'"f{k}"' for k in range(N_FEATURES))
        (folder / "a.toml").write_text(CONFIG.format(features=features, n_signal=N_SIGNAL, n_background=N_BACKGROUND, more=more), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name not in THREADS} | {"PYTHONPATH": str(Path(__file__).parent.parent)}
        command = [sys.executable, "-m", "lrguide", "analyse", "a.toml", "--out", "found"]
        time = seconds(lambda: subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True))
        found, size = json.loads((folder / "found" / "result.json").read_text(encoding="utf-8")), (folder / "found" / "report.html").stat().st_size
    spent, expected, exact = found["seconds"], found["discovery"]["expected_z"]["0"], exact_z()
    call = sum(value for name, value in spent.items() if name not in ("reading", "binned model and files", "report"))       # what `analyse` itself takes
    of_call, of_command = (spent["learning"] / whole for whole in (call, time))
    steps = ", ".join(f"{name} {value:.1f} s" for name, value in spent.items())
    good = of_call >= 0.7 and size < 2e6 and abs(expected - exact) < 0.2 * exact
    return [row(f"`lrguide analyse`, {n_events:,} + {n_events:,} events, {N_FEATURES} features, five members, from the files to the report, on {len(os.sched_getaffinity(0))} cores", [time], "-", [],
                limit=None if quick else 180, quality=f"training is {100 * of_call:.0f} % of the call of analyse (goal 70 %), {100 * of_command:.0f} % of the command; report {size / 1e6:.2f} MB (goal 2); median Z {expected:.2f}, exact likelihood {exact:.2f}",
                quality_met=quick or good, note=steps + "; quick: the goals do not apply" * quick)]
