"""Time and memory of `import lrguide` and of `import keras`, each in fresh processes."""

import json
import os
import subprocess
import sys

from benchmarks.harness import row

CODE = """import json, resource, sys, time
start = time.perf_counter()
{statement}
took = time.perf_counter() - start
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)]))"""


def fresh(statement: str) -> tuple[float, float]:
    "Seconds of the import and largest resident memory (MiB) of a new process that does nothing else."
    command = [sys.executable, "-c", CODE.format(statement=statement)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # compile once, as installed
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    return tuple(json.loads(done.stdout))


def package(quick: bool) -> list[dict]:
    "Imports in turns; a first one of each fills the disk cache and does not count."
    statements = ("import lrguide", "from lrguide import Likelihood, p_value", "import keras")
    measured = {statement: [] for statement in statements}
    for number in range(1 + (1 if quick else 7)):
        for statement, mine in measured.items():
            one = fresh(statement)
            mine += [one] if number else []
    times, memory = ({statement: [one[k] for one in mine] for statement, mine in measured.items()} for k in (0, 1))
    most = {statement: max(values) for statement, values in memory.items()}
    return [row(ours, times[ours], "import keras", times["import keras"], limit=0.4 if ours == statements[0] else None,
                quality=f"{most[ours]:.0f} MiB resident (goal 100), keras {most['import keras']:.0f} MiB", quality_met=most[ours] <= 100,
                note="new processes; the memory includes the interpreter, the time is that of the import") for ours in statements[:2]]
