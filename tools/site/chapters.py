"""The chapters as pages: committed notebooks with anchors, links and commands put in between their cells."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEFINITION = re.compile(r"^(?:class|def) ([A-Za-z]\w*)", re.MULTILINE)  # public ones: no underscore in front
SAVED = re.compile(r"""\bsave\(\w+, "(\w+)"\)""")


@dataclass(frozen=True)
class Chapter:
    "A notebook of nbs/NN_part/."
    path: Path

    @property
    def number(self) -> str:
        return self.path.stem[:2]

    @property
    def page(self) -> str:
        "Name of the page, from the root of the site."
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def notebook(self) -> dict:
        return json.loads(self.path.read_text(encoding="utf-8"))

    @property
    def title(self) -> str:
        first = "".join(self.notebook["cells"][0]["source"])
        return re.match(r"# (.+)", first)[1]

    @property
    def module(self) -> str | None:
        "The module that the chapter opens, or None."
        opened = [words[1] for cell in self.notebook["cells"] for words in directives(cell) if words[0] == "default_exp"]
        return opened[0] if opened else None

    def exports(self, cell: dict) -> str | None:
        "The module into which the cell is exported, or None."
        for words in directives(cell):
            if words[0] in ("export", "exporti"):
                return words[1] if len(words) > 1 else self.module
        return None

    @property
    def definitions(self) -> dict[tuple[str, str], str]:
        "By module and name, the label of the cell that defines it."
        return {(module, name): label(module, name) for cell in self.notebook["cells"] if (module := self.exports(cell))
                for name in DEFINITION.findall("".join(cell["source"]))}


def label(module: str, name: str) -> str:
    "Name of the place that defines it; labels do not see capitals, so that a class has another prefix than a function."
    return f"{'class' if name[0].isupper() else 'def'}-{module}-{name}".lower().replace("_", "-")


def find_chapters() -> list[Chapter]:
    "All chapters, in order."
    return [Chapter(path) for path in sorted((ROOT / "nbs").glob("[0-9]_*/[0-9][0-9]_*.ipynb"), key=lambda path: path.name)]


def directives(cell: dict) -> list[list[str]]:
    "The words of the lines `#| ...` of a code cell."
    if cell["cell_type"] != "code":
        return []
    return [words for line in "".join(cell["source"]).split("\n") if line.startswith("#|") and (words := line[2:].split())]


def pages_of(chapter: Chapter) -> dict:
    "The notebook as the site shows it."
    notebook, cells = chapter.notebook, []
    for cell in notebook["cells"]:
        cells += markdown(chapter, cell) if cell["cell_type"] == "markdown" else code(chapter, cell)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def text_cell(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def markdown(chapter: Chapter, cell: dict) -> list[dict]:
    "The cell; the chapter's title gets its number."
    source = "".join(cell["source"])
    return [text_cell(re.sub(r"\A# ", f"# {chapter.number} ", source))]


def code(chapter: Chapter, cell: dict) -> list[dict]:
    "The cell without directives; before it, what it adds to the package; after it, how to get its figures again."
    source, words, outputs = "".join(cell["source"]), [line[0] for line in directives(cell)], cell["outputs"]
    shown = "\n".join(line for line in source.split("\n") if not line.startswith("#|")).strip("\n")
    tags, module, saved = cell["metadata"].get("tags", []), chapter.exports(cell), SAVED.findall(source)
    if not shown and not outputs:
        return []
    figures = sum("image/png" in output.get("data", {}) for output in outputs)
    before, after, prompt = [], [], {}
    if module:
        names = DEFINITION.findall(source)
        before = [text_cell("\n".join(f"({label(module, name)})=" for name in names) + "\n" + exported(module, names))]
    if "hide" in words:
        tags, prompt = [*tags, "hide-cell" if not figures else "hide-input"], {"code_prompt_show": "Show imports and plumbing", "code_prompt_hide": "Hide imports and plumbing"}
    if "parameters" in tags:
        after = [text_cell(settings(chapter, shown))]
    if figures:
        after = [text_cell(command(chapter, saved))]
    alt = f"Figure {saved[0].replace('_', ' ')} of chapter {chapter.number}" if saved else f"Figure of chapter {chapter.number}"
    metadata = {"tags": tags, "mystnb": prompt | ({"image": {"alt": alt}} if figures else {})}
    page = {"cell_type": "code", "execution_count": None, "metadata": metadata, "source": shown, "outputs": [plain(output) for output in outputs]}
    return [*before, page, *after]


def plain(output: dict) -> dict:
    "The output; of a figure only the picture."
    if "image/png" in output.get("data", {}):
        return output | {"data": {"image/png": output["data"]["image/png"]}}
    return output


def block(kind: str, text: str) -> str:
    "A paragraph that the style sheet knows."
    return f"\n```{{container}} {kind}\n{text}\n```\n"


def exported(module: str, names: list[str]) -> str:
    linked = ", ".join(f"{{py:obj}}`~lrguide.{module}.{name}`" for name in names)
    return block("exported", f"in {{py:mod}}`lrguide.{module}`" + (f": {linked}" if names else ""))


def settings(chapter: Chapter, source: str) -> str:
    first = re.search(r"^(\w+): \w+ = ([^#\n]+?)\s*(?:#|$)", source, re.MULTILINE)
    change = f" -p {first[1]}={first[2].replace(' ', '')}" if first else ""
    return block("command", f"With other values: `lrguide run {chapter.number}{change} --out runs`")


def command(chapter: Chapter, saved: list[str]) -> str:
    files = ", ".join(f"`runs/{chapter.path.stem}/{name}.png`" for name in saved)
    large = [f"[{name}](/figures/paper/{chapter.path.stem}/{name}.png)" for name in saved
             if (ROOT / "figures" / "paper" / chapter.path.stem / f"{name}.png").exists()]
    text = f"Draw it again: `lrguide run {chapter.number} --out runs`" + (f" writes {files}" if files else "")
    text += f". From large samples (`--preset paper`): {', '.join(large)}" if large else ""
    anchors = "".join(f"(fig-{chapter.number}-{name.replace('_', '-')})=\n" for name in saved)
    return anchors + block("command", text)
