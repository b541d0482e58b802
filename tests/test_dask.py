"""Toys over dask workers: the same numbers as with the builtin map, on a local cluster of spawned processes."""

import csv
import json
import os
import sys

import numpy as np
import pytest
from conftest import write_notebook

from lrguide import cli, run
from lrguide.arrays import Table, spawn
from lrguide.distributions import Statistic
from lrguide.experiments import pseudo_experiments
from lrguide.hypotest import log_likelihood_ratio, p_value
from lrguide.likelihood import Likelihood, Process
from lrguide.models import Resonance

MODEL = Resonance(0.08)
LIMIT = {"null": {"mu": 1.0}, "alternative": {"mu": 0.0}}
DRAWS = """\
import os
from lrguide.arrays import spawn
from lrguide.run import record, worker_map


class Draw:
    "A class of the notebook itself."
    def __call__(self, rng, n):
        return rng.normal(size=n).sum(), os.getpid()
"""
SUMS = """\
found = list(worker_map()(Draw(), spawn(seed, 30), range(30)))
for i in (0, 17, 29):
    record(f"sum_{i}", found[i][0])
with open(os.environ["NOTES"], "a") as file:
    file.write("elsewhere " if os.getpid() not in {process for _, process in found} else "here ")
"""


@pytest.fixture(scope="module")
def address():
    """The address of a scheduler with two spawned workers."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address
        run.dask_client(cluster.scheduler_address).close()
        run.dask_client.cache_clear()


@pytest.fixture
def spread(address, monkeypatch):
    """The map over the workers."""
    monkeypatch.setenv(run.DASK, address)
    return run.worker_map()


def test_without_an_address_it_is_the_builtin(monkeypatch):
    monkeypatch.delenv(run.DASK, raising=False)
    assert run.worker_map() is map


@pytest.mark.parametrize("n", [0, 1, 7, 300])
def test_same_numbers_in_the_same_order(spread, n):
    shift, power = 3.0, lambda x: x**2  # held by a closure

    def draw(rng, size):
        return power(rng.normal(shift, size=size))

    here, there = (list(apply(draw, spawn(1, n), range(n))) for apply in (map, spread))
    assert len(there) == n
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)


def test_work_is_done_elsewhere_and_errors_come_back(spread):
    assert os.getpid() not in list(spread(lambda i: os.getpid(), range(20)))
    with pytest.raises(ZeroDivisionError):
        list(spread(lambda i: 1 / i, [1, 0]))


def search() -> Likelihood:
    return Likelihood({"signal": Process(50, MODEL, source=MODEL), "background": Process(1000, source=MODEL)}, {"mu": "signal"})


@pytest.mark.parametrize("source", [MODEL, {name: MODEL.quadrature(name) for name in ("signal", "background")}],
                         ids=["model", "tables"])
def test_pseudo_experiments_are_the_same(spread, source):
    statistics = [log_likelihood_ratio(search(), **LIMIT), Statistic(0.0, lambda x: np.abs(x[:, 0] - 1))]
    here, there = (pseudo_experiments(statistics, source, {"signal": 50, "background": 1000}, 5000, rng=3, map=apply)
                   for apply in (map, spread))
    assert here.shape == (2, 5000)
    np.testing.assert_array_equal(here, there)


def test_p_values_are_the_same(spread):
    events = Table(np.concatenate([MODEL.sample("background", 1000, 1).x, MODEL.sample("signal", 20, 2).x]))
    here, there = (p_value(search(), events, **LIMIT, method="toys", n_toys=3000, rng=4, map=apply) for apply in (map, spread))
    assert here == there


def test_one_client_for_all(spread, address):
    assert run.dask_client(address) is run.dask_client(address)


def test_chapters_give_the_same_records_and_key(clone, lrguide, address, monkeypatch):
    """`run --dask` works elsewhere, on a class of the notebook; `sweep --dask` too; what is done without is done with."""
    notes = clone / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    write_notebook(clone / "nbs" / "12_draws.ipynb", DRAWS, SUMS, parameters="seed: int = 1  # seed, >= 0")

    def results(folder):
        return json.loads((folder / "12_draws" / "results.json").read_text())

    assert lrguide("run", "12", "--out", "r").returncode == 0
    here = results(clone / "r")
    assert lrguide("run", "12", "--out", "r", "--dask", address).returncode == 0
    assert notes.read_text() == "here ", "done is done"
    done = lrguide("run", "12", "--out", "r", "--dask", address, "--force")
    said = [line for line in done.stderr.splitlines() if "signaler.cpp" not in line]      # libzmq's own, seen once when a kernel stopped
    assert (done.returncode, said) == (0, []) and notes.read_text() == "here elsewhere "
    assert (results(clone / "r")["records"], results(clone / "r")["key"]) == (here["records"], here["key"])

    assert lrguide("sweep", "12", "--out", "s", "--dask", address).returncode == 0
    with open(clone / "s" / "table.csv", newline="") as file:
        assert [float(row["value"]) for row in csv.DictReader(file)] == [entry["value"] for entry in here["records"]]
    assert notes.read_text() == "here elsewhere elsewhere "


@pytest.mark.parametrize("command", ["run 11", "figures", "sweep 11 --out s"])
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "bogus://x:1"])
def test_no_scheduler_is_one_line_and_writes_nothing(clone, capsys, command, address):
    before = sorted(clone.rglob("*"))
    with pytest.raises(SystemExit, match="2"):
        cli.main([*command.split(), "--dask", address, "--notebooks", str(clone / "nbs")])
    line = capsys.readouterr().err
    assert line.startswith(f"lrguide: --dask: expected the address of a scheduler, such as tcp://host:8786, got {address!r} (")
    assert line.count("\n") == 1 and sorted(clone.rglob("*")) == before


def test_without_dask_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv(run.DASK, "tcp://127.0.0.1:1")
    with pytest.raises(run.UsageError, match=r"--dask: expected dask.distributed to be installed \(the extra `dask`"):
        run.worker_map()
