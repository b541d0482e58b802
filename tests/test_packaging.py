"""What is imported is declared, and the wheel holds what the library needs: built as pip builds it, without a network."""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tokenize
import zipfile
from configparser import ConfigParser
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
config = ConfigParser()
config.read(ROOT / "settings.ini", encoding="utf-8")
REQUIRED = {name.removesuffix("requirements").removesuffix("_"): {re.split("[=<>]", text)[0] for text in config["DEFAULT"][name].split()}
            for name in config["DEFAULT"] if name.endswith("requirements")}
NAMES = {"sklearn": "scikit-learn", "IPython": "ipython", "jupyter_client": "jupyter-client", "PIL": "pillow"}  # where import and package differ
OURS = {"lrguide", "benchmarks", "conftest", "malformed", "setuptools"} | {path.stem for folder in ("tests", "tools", "tools/site") for path in (ROOT / folder).glob("*.py")}


def imports(source: str, top: bool = False) -> set[str]:
    """The packages that the source imports, also by `import_module` and `needed`; top=True: those that it imports at once."""
    tree = ast.parse(source)
    found = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("needed", "import_module") and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
    names = {name.split(".")[0] for name in found if name.split(".")[0].isidentifier()} - set(sys.stdlib_module_names) - OURS
    return {NAMES.get(name, name) for name in names}


def code(path: Path) -> str:
    """The Python of a file, the code cells of a notebook one after the other."""
    if path.suffix == ".py":
        return path.read_text()
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in cells)


MODULES = sorted((ROOT / "lrguide").glob("*.py"))
OTHERS = [path for path in sorted([*(ROOT / "nbs").rglob("*.ipynb"), *(ROOT / "tests").glob("*.py")]) if ".ipynb_checkpoints" not in path.parts]


def newer_f_strings(source: str) -> set[int]:
    """The lines with an f-string that Python 3.11 refuses: its own quotes, a backslash or a new line inside its braces."""
    found, outer = set(), []  # the f-strings that we are in: their quotes, and how many brackets are open in them
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind, text = tokenize.tok_name[token.type], token.string
        within = [quotes for quotes, depth in outer if depth]
        if within and (kind == "STRING" and ("\\" in text or any(quotes in text for quotes in within))
                       or kind == "FSTRING_START" and any(text.endswith(quotes) for quotes in within)
                       or kind == "NL" and any(len(quotes) == 1 for quotes in within)):
            found.add(token.start[0])
        if kind == "FSTRING_START":
            outer.append([text.lstrip("rRfF"), 0])
        elif kind == "FSTRING_END":
            outer.pop()
        elif kind == "OP" and outer:
            outer[-1][1] += (text in "([{") - (text in ")]}")
    return found


@pytest.mark.parametrize("text, lines", [("f\"{a['b']} {f'{c}'}\"", set()), ('f"{a["b"]}"', {1}), ("f'{a}{f' {b}'}'", {1}), ("f\"{'\\n'.join(a)}\"", {1}),
                                         ("f'''{a[\"b\"]} {c}'''", set()), ('f"{a +\n b}"', {1})])
def test_f_strings_of_newer_python_are_recognised(text, lines):
    if sys.version_info >= (3, 12):
        assert newer_f_strings(text) == lines
    elif lines:  # Python 3.11 says so itself
        with pytest.raises(SyntaxError):
            ast.parse(text)
    else:
        ast.parse(text)


@pytest.mark.parametrize("path", [*MODULES, *OTHERS], ids=lambda path: path.stem)
def test_the_oldest_python_reads_it(path):
    source = code(path)
    ast.parse(source, feature_version=(3, 11))
    assert not newer_f_strings(source), "lines with f-strings that Python 3.11 refuses"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_a_module_imports_is_declared(path):
    library = REQUIRED.keys() - {"dev", "bench"}
    assert not imports(code(path)) - set().union(*(REQUIRED[name] for name in library)), "in no requirements of settings.ini"
    assert not imports(code(path), top=True) - REQUIRED[""], "imported with the module, so the package always needs it"


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_what_a_chapter_or_a_test_imports_is_declared(path):
    assert not imports(code(path)) - set().union(*(names for extra, names in REQUIRED.items() if extra != "bench"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_comes_with_an_extra_is_in_it(path):
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "needed" and len(node.args) == 2 and all(isinstance(one, ast.Constant) for one in node.args):
            assert node.args[0].value.split(".")[0] in REQUIRED[node.args[1].value]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel, built from the unpacked sdist, which was built from a copy of the clone."""
    folder = tmp_path_factory.mktemp("built")
    names = "lrguide setup.py settings.ini pyproject.toml MANIFEST.in README.md LICENSE CITATION.cff CHANGELOG.md requirements.lock".split()
    (folder / "clone").mkdir()
    for name in names:
        here = ROOT / name
        (shutil.copytree if here.is_dir() else shutil.copy)(here, folder / "clone" / name)
    build = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
    subprocess.run([sys.executable, "-c", build, "build_sdist", str(folder)], cwd=folder / "clone", check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        file.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    subprocess.run([sys.executable, "-c", build, "build_wheel", str(folder)], cwd=unpacked, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_modules_data_and_licence(built):
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lrguide").iterdir() if path.suffix in (".py", ".xz", ".txt", ".bib")}
    assert {name for name in names if name.startswith("lrguide/")} == ours
    assert any(name.endswith("LICENSE") for name in names) and not [name for name in names if not name.startswith(("lrguide/", "lrguide-"))]


def test_the_metadata_say_what_is_needed(built):
    with zipfile.ZipFile(built) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        told = message_from_bytes(wheel.read(name))
    always = {re.split("[=<>;]", text)[0].strip() for text in told.get_all("Requires-Dist") if "extra ==" not in text}
    assert always == REQUIRED[""] and not always & {"papermill", "ipykernel", "ipython", "jupyterlab", "nbdev"}
    assert set(told.get_all("Provides-Extra")) == REQUIRED.keys() - {""}
    assert "MIT" in (told["License-Expression"], told["License"]) and "MIT License" in (ROOT / "LICENSE").read_text() and told["License-File"] == "LICENSE"
    assert told["Version"] == config["DEFAULT"]["version"] and told["Requires-Python"] == ">=3.11"
    assert told["Description-Content-Type"] == "text/markdown" and "lrguide" in told.get_payload()


def test_developers_get_every_extra_but_the_peers(built):
    with zipfile.ZipFile(built) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        told = message_from_bytes(wheel.read(name))
    dev = {re.split("[=<>;]", text)[0].strip() for text in told.get_all("Requires-Dist") if 'extra == "dev"' in text}
    assert dev == set().union(*(names for extra, names in REQUIRED.items() if extra not in ("", "bench")))


def test_the_library_without_the_chapters_machinery(tmp_path):
    """With papermill, IPython and the kernels out of reach, the library imports, keeps a record and says what is missing."""
    hide = "import sys\nfor name in ('papermill', 'ipykernel', 'jupyter_client', 'IPython', 'nbformat'): sys.modules[name] = None\n"
    script = hide + """
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, *rest: None if name in ('papermill', 'ipykernel', 'jupyter_client', 'IPython') else found(name, *rest)
import lrguide as lr
from lrguide import cli
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
lr.record("one", 1.0, reference=1.0, tolerance=0.1)
lr.save(plt.figure(), "figure")
print(len([getattr(lr, name) for name in lr.__all__]) == len(lr.__all__))
sys.stdout.flush()
cli.main(["run", "11", "--out", "here"])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)})
    assert done.stdout.splitlines()[1:] == ["True"] and done.returncode == 2
    assert done.stderr.splitlines()[-1] == ("lrguide: chapters: expected papermill, ipykernel, jupyter_client, IPython to be installed "
                                            "(the extra `chapters`: pip install -e '.[chapters]')")
    assert not (tmp_path / "here").exists()
