"""Pages of the modules, from their docstrings, each with an example that is run here and links to the chapters that define its functions."""

import ast
import contextlib
import io
import re
from functools import cache
from pathlib import Path

from matplotlib import rc_context

from chapters import ROOT, Chapter, find_chapters

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "examples"


@cache
def modules() -> dict[str, ast.Module]:
    "The modules of the package by name, as syntax trees."
    paths = sorted((ROOT / "lrguide").glob("[!_]*.py"))
    return {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def public(module: str) -> tuple[ast.FunctionDef | ast.ClassDef, ...]:
    "Definitions of the module that do not begin with an underscore, in order."
    return tuple(node for node in modules()[module].body
                 if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"))


@cache
def homes() -> dict[str, str]:
    "The module of each public name; of one that several have, that of the module that a chapter opens."
    opened = {chapter.module for chapter in find_chapters()}
    return {node.name: module for module in sorted(modules(), key=lambda module: module in opened) for node in public(module)}


@cache
def at_hand() -> dict[str, str]:
    "By their names in the modules, the names that are reached as lr.NAME."
    import lrguide

    return {lrguide._RENAMED.get(name, name): name for name in sorted(lrguide.__all__, key=str.lower)}


@cache
def places() -> dict[tuple[str, str], tuple[Chapter, str]]:
    "By module and name, the chapter that defines it and the label of the cell."
    return {key: (chapter, label) for chapter in find_chapters() for key, label in chapter.definitions.items()}


def first_line(node: ast.AST) -> str:
    return (ast.get_docstring(node) or "").split("\n")[0]


def as_rst(app, what, name, obj, options, lines) -> None:
    "Turns a plain docstring into reStructuredText, in place: code stays code, names of this package become links."
    paragraphs = "\n".join(lines).strip("\n").split("\n\n")
    text = "\n\n".join(paragraph(part, name.split(".")[1]) for part in paragraphs)
    lines[:] = [*text.split("\n"), ""]


def paragraph(text: str, module: str = "") -> str:
    "One paragraph; 'Raises' and 'Source' begin their own."
    lines = text.split("\n")
    if any(re.match(r"\s+\S|[-*] ", line) for line in lines[1:]) and not all(line.startswith(" ") for line in lines):
        return "\n".join(f"| {marked(line.strip(), module)}" if line.strip() else "|" for line in lines)
    joined = " ".join(line.strip() for line in lines)
    parts = re.split(r"(?<=[.)`]) (?=Raises \w+Error|Source: )", joined)
    return "\n\n".join(marked(part, module) for part in parts)


def marked(text: str, module: str = "") -> str:
    "The text with code in backticks marked for Sphinx, and nothing else taken for markup; names of the same module come first."
    own = {node.name for node in public(module)} if module in modules() else ()
    pieces = re.split(r"``(.+?)``|`([^`]+)`", text)
    out = escaped(pieces[0])
    for double, single, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        inner = double or single
        name = inner.removeprefix("lr.").removeprefix("lrguide.")
        if name in homes():
            code = f":py:obj:`~lrguide.{module if name in own else homes()[name]}.{name}`"
        elif name in modules():
            code = f":py:mod:`~lrguide.{name}`"
        else:
            code = f"``{inner}``"
        glue = "\\ " if rest and rest[0].isalnum() or rest[:1] == "(" else ""
        out += ("\\ " if out and not out[-1].isspace() and out[-1] not in "([{'\"-/:" else "") + code + glue + escaped(rest)
    return out


def escaped(text: str) -> str:
    return re.sub(r"([\\*|])|(?<=\w)_(?!\w)", lambda found: "\\" + found[0], text)


def run_example(module: str) -> tuple[str, str]:
    "Source of the module's example and what it prints; it fails if the example does."
    path = EXAMPLES / f"{module}.py"
    source, printed = path.read_text(encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(printed), rc_context():
        exec(compile(source, str(path), "exec"), {"__name__": f"example_{module}"})
    return source.strip("\n"), printed.getvalue().strip("\n")


def indented(text: str, by: int = 3) -> str:
    return "\n".join(" " * by + line if line else "" for line in text.split("\n"))


def chapter_link(chapter: Chapter) -> str:
    return f":doc:`chapter {chapter.number} </{chapter.page}>`"


def page(module: str) -> str:
    "reStructuredText of the module's page."
    opened = [chapter for chapter in find_chapters() if chapter.module == module]
    added = [chapter for chapter in find_chapters() if chapter not in opened and any(key[0] == module for key in chapter.definitions)]
    said = [f"Derived and tested in {chapter_link(chapter)}." for chapter in opened]
    said += [f"More in {', '.join(map(chapter_link, added))}."] if added else []
    parts = [f"{module}\n{'=' * len(module)}", f".. automodule:: lrguide.{module}\n   :no-members:", " ".join(said)]
    if (EXAMPLES / f"{module}.py").exists():
        source, printed = run_example(module)
        parts += ["Example\n-------", f".. code-block:: python\n\n{indented(source)}"]
        if printed:
            parts += [f".. code-block:: none\n   :class: printed\n\n{indented(printed)}"]
    first = [node for node in public(module) if node.name in at_hand()]
    rest = [node for node in public(module) if node not in first]
    for heading, nodes in (("At hand as lr.NAME", first), ("More" if first else "Contents", rest)):
        parts += [f"{heading}\n{'-' * len(heading)}"] * bool(nodes) + [entry(module, node) for node in nodes]
    return "\n\n".join(part for part in parts if part) + "\n"


def entry(module: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    "One function or class, and where it is from."
    lines = [f".. autofunction:: lrguide.{module}.{node.name}"]
    if isinstance(node, ast.ClassDef):
        lines = [f".. autoclass:: lrguide.{module}.{node.name}", "   :members:"]
    if (module, node.name) in places():
        chapter, label = places()[module, node.name]
        lines += ["", "   .. rst-class:: where", "", f"   Defined and tested in :ref:`chapter {chapter.number}, {chapter.title} <{label}>`."]
    return "\n".join(lines)


def overview() -> str:
    "Page of all modules, and of the names that are reached as lr.NAME."
    nodes = {name: next(node for node in public(home) if node.name == name) for name, home in homes().items()}
    rows = [f"   * - :py:obj:`lr.{name} <lrguide.{homes()[real]}.{real}>`\n     - {marked(first_line(nodes[real]))}" for real, name in at_hand().items()]
    module_rows = [f"   * - :doc:`{name} <{name}>`\n     - {marked(first_line(tree), name)}" for name, tree in modules().items()]
    table = ".. list-table::\n   :widths: 25 75\n\n"
    toc = ".. toctree::\n   :hidden:\n\n" + "\n".join(f"   {name}" for name in modules())
    said = ("After ``import lrguide as lr`` these names are at hand; every module is too, as ``lr.nets`` or ``lr.plot``, with the rest. "
            "Nothing is loaded before it is used.")
    return "\n\n".join(["API\n===", said, "Names at hand\n-------------", table + "\n".join(rows), "Modules\n-------",
                        table + "\n".join(module_rows), toc]) + "\n"
