"""Builds the site: `python tools/site/build.py [FOLDER]`, by default build/site; what is shown is in the notebooks, the docstrings and here.

The pages are assembled in a temporary folder (chapters.py, api.py, picture.py, ten_minutes.md), then Sphinx runs with warnings as errors."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
import api  # noqa: E402
import picture  # noqa: E402
import tutorial  # noqa: E402
from chapters import ROOT, find_chapters, pages_of  # noqa: E402

PARTS = {"1": "optimality", "2": "uncertainty", "3": "awareness", "4": "phase space", "5": "decorrelation", "6": "without labels",
         "7": "inference-aware", "8": "your analysis", "9": "machinery"}


def sections() -> dict[str, str]:
    "The texts of nbs/index.ipynb by their headings, as Markdown; code cells appear with what they print."
    parts = []
    for cell in json.loads((ROOT / "nbs" / "index.ipynb").read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("](../", "]("))
        elif not source.startswith("#| hide"):
            parts.append(f"```python\n{source}\n```")
            printed = "".join("".join(output.get("text", "")) for output in cell["outputs"]).strip()
            parts += [f"```{{code-block}} none\n:class: printed\n{printed}\n```"] if printed else []
    found = re.split(r"^##? (.+)\n", "\n\n".join(parts), flags=re.MULTILINE)
    return {heading: text.strip() for heading, text in zip(found[1::2], found[2::2])}


def questions() -> dict[str, str]:
    "The question of each chapter, by number, as the index has it."
    return dict(re.findall(r"^\| \[(\d\d) [^\]]*\]\([^)]*\) \| (.+?) \|$", sections()["Chapters"], re.MULTILINE))


def toctree(pages: list[str], caption: str = "", hidden: bool = True) -> str:
    options = [":hidden:"] * hidden + [f":caption: {caption}"] * bool(caption)
    return "\n".join(["```{toctree}", *options, "", *pages, "```"])


def home() -> str:
    "The page to begin with: the picture, where to start, what the index says."
    texts = sections()
    first, *rest = texts.pop("lrguide").split("\n\n")
    shown = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in texts.items() if heading not in ("Chapters", "Words and symbols"))
    begin = (HERE / "begin.md").read_text(encoding="utf-8")
    return "\n\n".join([f"# lrguide\n\n{first}", begin, *rest, shown, toctree(["Ten minutes <ten_minutes>", "chapters", "api/index", "symbols", "results"])]) + "\n"


def part_page(digit: str, chapters: list) -> str:
    asked = questions()
    title = f"# Part {digit}: {PARTS[digit]}"
    rows = [f"| [{chapter.number} {chapter.title}](/{chapter.page}.ipynb) | {asked.get(chapter.number, '')} |" for chapter in chapters]
    return "\n".join([title, "", "| chapter | question |", "|---|---|", *rows, "", toctree([f"/{chapter.page}" for chapter in chapters])]) + "\n"


def chapters_page(digits: list[str], by_part: dict) -> str:
    rows = [f"| [{digit}: {PARTS[digit]}](/part_{digit}.md) | " + ", ".join(f"[{chapter.number}](/{chapter.page}.ipynb)" for chapter in by_part[digit]) + " |"
            for digit in digits]
    said = "Read part 1 in order; each chapter asks one question, derives the answer, builds the code it needs and checks it against something independent."
    return "\n".join(["# Chapters", "", said, "", "| part | chapters |", "|---|---|", *rows, "", toctree([f"part_{digit}" for digit in digits])]) + "\n"


def assemble(folder: Path) -> None:
    "Writes all sources of the pages into the folder."
    chapters = find_chapters()
    digits = sorted({chapter.path.parent.name[0] for chapter in chapters})
    by_part = {digit: [chapter for chapter in chapters if chapter.path.parent.name[0] == digit] for digit in digits}
    for chapter in chapters:
        write(folder / f"{chapter.page}.ipynb", json.dumps(pages_of(chapter)))
    for digit in digits:
        write(folder / f"part_{digit}.md", part_page(digit, by_part[digit]))
    write(folder / "chapters.md", chapters_page(digits, by_part))
    write(folder / "index.md", home())
    write(folder / "symbols.md", "# Words and symbols\n\n" + sections()["Words and symbols"])
    write(folder / "ten_minutes.md", tutorial.page())
    for module in api.modules():
        write(folder / "api" / f"{module}.rst", api.page(module))
    write(folder / "api" / "index.rst", api.overview())
    write(folder / "results.md", "# Results and speed\n\n" + toctree(["figures/RESULTS", "benchmarks/RESULTS"], hidden=False))
    for table in ("figures/RESULTS.md", "benchmarks/RESULTS.md"):
        title, text = (ROOT / table).read_text(encoding="utf-8").split("\n", 1)
        write(folder / table, f"{title}\n\n```{{container}} results\n{text}\n```\n")
    shutil.copytree(ROOT / "figures" / "paper", folder / "figures" / "paper", ignore=shutil.ignore_patterns("*.json", "*.ipynb", ".*"))
    picture.draw(folder / "inside.png")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy_mathjax(folder: Path) -> None:
    "MathJax with its fonts, from the package that brings it."
    try:
        found = files("sphinx-mathjax-offline")
    except PackageNotFoundError:
        sys.exit("sphinx-mathjax-offline is not installed; `make site` does it, or pip install -e '.[site]'")
    for path in found:
        inside = path.as_posix().partition("/static/mathjax/")[2]
        if inside == "tex-chtml-full.js" or inside.startswith("output/chtml/fonts/"):
            target = folder / "mathjax" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path.locate(), target)


def build(out: Path) -> None:
    "Writes the site into `out`, in place of what is there. Raises CalledProcessError, and leaves `out` as it is, if Sphinx warns."
    with tempfile.TemporaryDirectory(prefix="lrguide-site-") as temporary:
        source, static, html = (Path(temporary, name) for name in ("pages", "static", "html"))
        copy_mathjax(static)
        assemble(source)
        command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-j", "2", "-c", str(HERE), "-d", str(Path(temporary, "doctrees"))]
        environment = os.environ | {"LRGUIDE_SITE_MATHJAX": str(static), "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        subprocess.run([*command, str(source), str(html)], check=True, env=environment)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(html, out)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site").resolve()
    try:
        build(target)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    print(f"{len(list(target.rglob('*.html')))} pages; begin with {target / 'index.html'}")
