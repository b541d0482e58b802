"""A ratio in a file: onnxruntime beside our own log_ratio, the same events, one thread each."""

from time import process_time

import numpy as np

from benchmarks.harness import interleave, missing, per, row
from lrguide.arrays import Table, spawn
from lrguide.borders import to_onnx
from lrguide.nets import Training
from lrguide.ratio import Ratio


def sample(signal: bool, n: int, rng) -> Table:
    "Ten normal features, the signal's shifted by up to one width times nu."
    nu = rng.uniform(0.8, 1.2, (n, 1))
    return Table(rng.standard_normal((n, 10)) + signal * nu * np.linspace(0, 1, 10), nu if signal else None)


def log_ratio(quick: bool) -> list[dict]:
    "One call with 50,000 events: five networks (64, 64, 64), without nu and table, and with both; and one with an event at a time."
    if note := missing("onnx", "onnxruntime"):
        return [row("log ratios from a file", [], "this package, log_ratio", [], note=note)]
    import onnxruntime
    n, repeat = (10_000, 3) if quick else (50_000, 15)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    train, streams = 20_000, spawn(8, 3)
    signal, background, x = (sample(*setting, rng) for setting, rng in zip(((True, train), (False, train), (True, n)), streams))
    settings = {"no nu, not calibrated": ({}, None), "nu, histogram": ({"nu": (0.8, 1.2)}, "histogram"), "nu, isotonic": ({"nu": (0.8, 1.2)}, "isotonic")}
    rows, of = [], lambda table, moving: table if moving else Table(table.x)
    for name, (parameters, calibration) in settings.items():
        ratio = Ratio(parameters, members=5, calibration=calibration, training=Training(epochs=2), threads=1, rng=8).fit(*(of(table, parameters) for table in (signal, background)))
        session = onnxruntime.InferenceSession(to_onnx(ratio).SerializeToString(), options, providers=["CPUExecutionProvider"])
        nu = x.nu if parameters else None
        feed = {"x": x.x} | ({"nu": nu} if parameters else {})
        there, here = interleave(lambda: session.run(None, feed), lambda: ratio.log_ratio(x.x, nu), repeat=repeat, clock=process_time)
        off = np.abs(session.run(None, feed)[0] - ratio.log_ratio(x.x, nu))
        beyond = np.mean(off > 1e-5)
        rows.append(row(f"log ratios of {n:,} events from an ONNX file, 5 networks (64, 64, 64), {name}", per(there, n), "this package, log_ratio", per(here, n), goal=1.0, unit="event",
                        quality=f"log r within {off.max():.0e}, beyond 1e-5 {beyond:.1e} of the events (goal none)", quality_met=beyond == 0, note="seconds of CPU"))
        one = {key: values[:1] for key, values in feed.items()}
        if not parameters:
            there, here = interleave(lambda: session.run(None, one), lambda: ratio.log_ratio(x.x[:1]), repeat=20 * repeat, clock=process_time)
            rows.append(row("log ratio of one event from an ONNX file, 5 networks (64, 64, 64)", there, "this package, log_ratio", here, goal=1.0, note="seconds of CPU"))
    return rows
