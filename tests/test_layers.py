"""The house rules that a reader of one file cannot see."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from lrguide import run

ROOT = Path(__file__).resolve().parent.parent
ORDER = """arrays formats files minimum interpolation backend models data collider taupairs dijets losses nets diagnosis ratio folds algebra asking rates neighbours effects terms descent looks valleys prepared likelihood systematics
basis compact pools binned workspaces mixture distributions sums experiments toys hypotest asymptotics intervals publish search uncertainty awareness reweighting estimation unfolding robustness decorrelation pivots
weak_supervision anomaly assisted mining inference_aware significance borders analysis plot run report sweep hunting doctor citing configuring analysing cli __main__""".split()
MODULES = [path for path in sorted((ROOT / "lrguide").glob("*.py")) if path.stem not in ("__init__", "_modidx")]
NOTEBOOKS = [path for path in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
LONG = {"15_networks", "21_sources", "26_bump_hunt", "31_gaussian", "33_higgs"}  # chapters to read that have more than 70 cells


def imported(path: Path) -> set[str]:
    """The modules of this package that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "lrguide"):
            parts = [part for part in (node.module or "").split(".") if part and part != "lrguide"]
            found |= {parts[0]} if parts else {name.name for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("lrguide.")}
    return found & set(ORDER)


def code_cells(path: Path) -> list[dict]:
    return [cell | {"source": "".join(cell["source"])} for cell in json.loads(path.read_text())["cells"]
            if cell["cell_type"] == "code"]


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_imports_only_from_below(path):
    above = [module for module in imported(path) if ORDER.index(module) >= ORDER.index(path.stem)]
    assert not above


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem != "__main__"], ids=name)
def test_a_module_says_what_it_holds(path):
    assert ast.get_docstring(ast.parse(path.read_text())), "the first statement of the chapter's first exported cell is a docstring"


def test_a_module_is_opened_by_one_chapter():
    opened = Counter(line.split()[-1] for path in NOTEBOOKS for cell in code_cells(path)
                     for line in cell["source"].split("\n") if line.startswith("#| default_exp"))
    assert not [module for module, times in opened.items() if times > 1]


def test_chapter_numbers_are_unique():
    assert len({path.name[:2] for path in CHAPTERS}) == len(CHAPTERS)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_parameters_cell(path):
    cells = [cell for cell in code_cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert cells == code_cells(path)[:1], "the first code cell, and no other, has the tag `parameters`"
    without_range = [parameter.name for parameter in run.read_chapter(path).parameters.values()
                     if parameter.kind in (int, float) and not parameter.range]
    assert not without_range


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_committed_notebook(path):
    notebook = json.loads(path.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert all(cell.get("id") for cell in notebook["cells"])
    cells = code_cells(path)
    assert not [cell["id"] for cell in cells if "nbdev_export" + "(" in cell["source"]]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert outputs, "committed notebooks carry their outputs"
    assert not [output["ename"] for output in outputs if output["output_type"] == "error"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_links_between_chapters(path):
    text = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown")
    links = re.findall(r"\[([^\[\]]*)\]\(([^()\s#:]+\.ipynb)(?:#[^()\s]*)?\)", text)
    assert not [link for _, link in links if not (path.parent / link).is_file()]
    assert not [(words, link) for words, link in links for number in re.findall(r"\b\d\d\b", words)
                if not Path(link).name.startswith(number + "_")], "words and target name different chapters"


def defines_something(source: str) -> bool:
    "Whether an exported cell does more than import and say what the module holds."
    body = ast.parse(source).body
    return any(not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) for node in body)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_something_is_shown_after_two_exports(path):
    run, longest = [], []
    for cell in code_cells(path)[1:]:
        if cell["source"].startswith("#| hide"):
            continue
        if not cell["source"].startswith("#| export"):
            run = []
        elif defines_something(cell["source"]):
            run = [*run, cell["id"]]
            longest = max(longest, run, key=len)
    assert len(longest) <= 2, "a check or a figure belongs between these exported cells"


def test_length_of_chapters():
    read = [path for path in CHAPTERS if path.parent.name[0] in "123"]
    assert {path.stem for path in read if len(json.loads(path.read_text())["cells"]) > 70} == LONG


def test_presets():
    run.read_preset("paper")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_read_in_one_sitting(path):
    """At most 700 lines, and no class of more than 50."""
    text = path.read_text()
    long = {node.name: node.end_lineno - node.lineno + 1 for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
    assert text.count("\n") <= 700 and max(long.values(), default=0) <= 50, {name: lines for name, lines in long.items() if lines > 50}
