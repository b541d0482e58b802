"""Tiny real chapters for the tests of `run` and `cli`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PARAMETERS = """\
n: int = 3  # size, >= 1
sigma: float = 0.5  # width, in (0, 1)
word: str = "plain"  # label
loud: bool = False  # printing
"""
NUMBERS = """\
import matplotlib.pyplot as plt
from lrguide.run import check_records, published, record, save
record("double", 2 * n, error=0.1, reference=published(6, source="a table", n=3))
record("width", sigma, at_most=0.6)
"""
FIGURE = """\
figure, axes = plt.subplots()
axes.plot([0, n])
save(figure, "line")
"""


def write_notebook(path: Path, *cells: str, parameters: str = "") -> Path:
    """The path of a notebook with these code cells, written there."""
    sources = ["# A tiny chapter", parameters, *cells]
    written = [{"cell_type": "markdown", "id": "0", "metadata": {}, "source": sources[0]}]
    for number, source in enumerate(sources[1:], 1):
        tags = {"tags": ["parameters"]} if number == 1 else {}
        written.append({"cell_type": "code", "id": str(number), "metadata": tags, "source": source, "outputs": [],
                        "execution_count": None})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def clone(tmp_path):
    """A folder with nbs/1_part/11_tiny.ipynb: two records, one figure."""
    write_notebook(tmp_path / "nbs" / "1_part" / "11_tiny.ipynb", NUMBERS, FIGURE, "check_records()", parameters=PARAMETERS)
    return tmp_path


@pytest.fixture
def lrguide(clone):
    """A function that runs the command line on the tiny clone and gives the ended process."""
    def call(*arguments):
        return subprocess.run([sys.executable, "-m", "lrguide", *arguments, "--notebooks", "nbs"], cwd=clone, text=True,
                              capture_output=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)})
    return call
