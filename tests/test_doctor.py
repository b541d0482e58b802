"""`lrguide doctor`: what is broken is told and costs the exit status, what is absent is told and costs nothing."""

import subprocess
import sys

import pytest

from lrguide import doctor, run

QUICK = [sys.executable, "-c"]


def process(code: str) -> subprocess.Popen:
    return subprocess.Popen([*QUICK, code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(code: str, patience: float = 60.0) -> doctor.Finding:
    (found,) = doctor.of_backend(process(code), patience)
    return found


def answers(name: str = "tensorflow", devices: str = '["CPU", "GPU", "GPU"]') -> str:
    return f"print('some noise'); print('DEVICES [\"{name}\", \"2.21\", \"3.15\", {devices}]')"


def test_the_backend_and_its_devices(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert told(answers()) == doctor.Finding("ok", "backend", "tensorflow 2.21, Keras 3.15, devices: 1 CPU, 2 GPU", "computing")
    wrong = told(answers("jax"))
    assert wrong.state == "BROKEN" and "KERAS_BACKEND=tensorflow" in wrong.words
    failed = told("raise ImportError('no such library')")
    assert failed.state == "BROKEN" and failed.words == "tensorflow: ImportError: no such library"
    assert told("import os; os.kill(os.getpid(), 9)").state == "BROKEN"
    slow = told("import time; time.sleep(60)", 0.3)
    assert slow.state == "note" and "no answer in 0 s" in slow.words
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert told("raise SystemExit(1)").words == "KERAS_BACKEND: expected tensorflow or jax, got torch"


def test_a_card_that_is_not_seen(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    found = told(answers(devices='["CPU"]'))
    assert found.state == "note" and "tensorflow[and-cuda]" in found.words
    assert told(answers()).state == "ok"


def test_packages(monkeypatch):
    versions = {"numpy": "1.0", "tensorflow": None, "pyhf": None, "sphinx": None}
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: versions.get(name, real(name)))
    monkeypatch.setattr(doctor, "locked", lambda: {"numpy": "2.4.6", "scipy": real("scipy")})
    found = {one.what: one for one in doctor.of_packages()}
    assert found["numpy"].state == "note" and found["numpy"].words == "1.0 (requirements.lock: 2.4.6)"
    assert found["scipy"].state == "ok" and found["tensorflow"].state == "BROKEN" and "pip install tensorflow" in found["tensorflow"].words
    assert found["borders"].state == "note" and found["borders"].words == "without pyhf: pip install -e '.[borders]'"
    assert found["sweep"].state == "ok" and {"chapters", "collider", "dask", "files", "site", "dev"} <= found.keys()


def test_the_lock_for_this_python(tmp_path):
    file = tmp_path / "lock"
    file.write_text("# a comment\nnumpy==1.0 ; python_full_version < '3.0'\nnumpy==2.0 ; python_full_version >= '3.0'\nscipy==3.1\n")
    assert doctor.locked(file) == {"numpy": "2.0", "scipy": "3.1"} and doctor.locked(tmp_path / "none") == {}
    assert set(doctor.locked()) > {"numpy", "tensorflow", "packaging", "h5py", "cloudpickle", "ipython", "jupyter-client", "nbformat"}


def test_data_and_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("LRGUIDE_DATA", str(tmp_path / "later"))
    found = {one.what: one for one in doctor.of_data()}
    assert found["htautau"].state == found["dijets"].state == found["cache"].state == "ok" and found["higgsml"].state == "note"
    (tmp_path / "blocked").write_text("a file")
    assert not doctor.writable(tmp_path / "blocked" / "below") and doctor.writable(tmp_path / "a" / "b") and not (tmp_path / "a").exists()


def test_a_broken_part_costs_the_status(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "ask_backend", lambda: process(answers()))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert doctor.doctor(None) == 0
    assert capsys.readouterr().out.endswith("nothing that is needed is broken\n")
    monkeypatch.setattr(doctor, "installed", lambda name: None)
    assert doctor.doctor(None) == 1
    assert "broken: numpy, scipy, keras" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "declared", lambda: (_ for _ in ()).throw(ImportError("packaging")))
    assert doctor.doctor(None) == 1


def test_what_runs_chapters(monkeypatch):
    doctor.check_machinery()
    monkeypatch.setattr(doctor, "find_spec", lambda name: name != "papermill")
    with pytest.raises(run.UsageError, match="expected papermill to be installed .the extra `chapters`"):
        doctor.check_machinery()


def test_the_real_question():
    """The process that is really asked answers, on this machine, with at least one device."""
    done = subprocess.run([*QUICK, doctor.QUESTION], capture_output=True, text=True, timeout=300)
    assert "\nDEVICES [" in done.stdout and "CPU" in done.stdout
