"""The exported modules and README.md are what the notebooks say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HAND_WRITTEN = {"__init__.py", "__main__.py", "backend.py", "run.py", "sweep.py", "report.py", "hunting.py", "configuring.py", "analysing.py",
                "doctor.py", "citing.py", "cli.py"}


def exported(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "lrguide").glob("*.py") if path.name not in HAND_WRITTEN}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A folder with the notebooks cleaned and exported anew; the working tree stays as it is."""
    folder = tmp_path_factory.mktemp("sync")
    shutil.copytree(ROOT / "nbs", folder / "nbs", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "settings.ini", folder)
    (folder / "lrguide").mkdir()
    for name in HAND_WRITTEN:
        shutil.copy(ROOT / "lrguide" / name, folder / "lrguide")
    for command in ("nbdev_clean", "nbdev_export"):
        subprocess.run([Path(sys.executable).with_name(command)], cwd=folder, check=True,
                       env=os.environ | {"PYTHONPATH": str(folder)})
    return folder


def test_modules_are_what_the_notebooks_export(fresh):
    assert exported(ROOT) == exported(fresh)


def test_notebooks_are_clean(fresh):
    unclean = [path.name for path in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts
               and json.loads(path.read_text()) != json.loads((fresh / path.relative_to(ROOT)).read_text())]
    assert not unclean, "run nbdev_clean"


def test_a_hand_edit_is_caught(fresh, tmp_path):
    shutil.copytree(fresh / "lrguide", tmp_path / "lrguide")
    module = tmp_path / "lrguide" / "arrays.py"
    module.write_text(module.read_text() + "\nEDITED = True\n")
    assert exported(tmp_path) != exported(fresh)


def test_readme_is_the_index():
    sys.path.insert(0, str(ROOT / "tools"))
    from readme import readme

    index = json.loads((ROOT / "nbs" / "index.ipynb").read_text())
    assert (ROOT / "README.md").read_text() == readme(index), "run make readme"
