"""`import lrguide` is light: what is slow to load waits until it is needed. Names and modules are found without a list of where they are."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lrguide as lr

HEAVY = "keras tensorflow jax scipy.stats matplotlib papermill sklearn iminuit nbdev IPython"


@pytest.mark.parametrize("module", ["lrguide", "lrguide.run", "lrguide.cli"])
def test_import_loads_nothing_heavy(module):
    script = f"import sys, {module}; print([name for name in '{HEAVY}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", [path.stem for path in sorted(Path(lr.__file__).parent.glob("*.py")) if not path.stem.startswith("_")])
def test_every_module_is_reached(module):
    assert getattr(lr, module).__name__ == f"lrguide.{module}" and module in dir(lr)


@pytest.mark.parametrize("name", lr.__all__)
def test_a_public_name_is_defined_once(name):
    target = lr._RENAMED.get(name, name)
    texts = {path.stem: path.read_text() for path in Path(lr.__file__).parent.glob("*.py")}
    (home,) = [module for module, text in texts.items() if re.search(rf"^(class|def) {target}\b", text, re.MULTILINE)]
    assert getattr(lr, name) is getattr(getattr(lr, home), target)
    assert name in dir(lr)


def test_star_import_and_unknown_names():
    found = {}
    exec("from lrguide import *", found)
    assert set(lr.__all__) <= set(found) and "np" not in found
    for name in ("Tabel", "_modidx", "_nothing", "nothing"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(lr, name)


def test_a_new_module_and_a_moved_name_are_found(tmp_path):
    (tmp_path / "lrguide").mkdir()
    shutil.copy(lr.__file__, tmp_path / "lrguide")
    (tmp_path / "lrguide" / "later.py").write_text('"Later."\nclass Table:\n    pass\n')
    script = "import lrguide as lr; print(lr.Table.__module__, lr.later.__doc__, 'later' in dir(lr))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["lrguide.later", "Later.", "True"]
