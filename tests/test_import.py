"""`import lrguide` is light: what is slow to load waits until it is needed."""

import subprocess
import sys

import pytest

HEAVY = "keras tensorflow jax scipy.stats matplotlib papermill sklearn iminuit nbdev IPython"


@pytest.mark.parametrize("module", ["lrguide", "lrguide.run", "lrguide.cli"])
def test_import_loads_nothing_heavy(module):
    script = f"import sys, {module}; print([name for name in '{HEAVY}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
