"""The command `lrguide cite`: BibTeX of what chapters cite, from `references.bib` beside this module.

Which chapters cite an entry is in its field `keywords`; a test holds it against their text.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from lrguide import __version__, run

BIB = Path(__file__).parent / "references.bib"
ITSELF = f"""\
@software{{lrguide,
  author = {{{{the lrguide authors}}}},
  title = {{{{lrguide: a literate guide to likelihood-ratio machine learning in particle physics searches}}}},
  version = {{{__version__}}},
  year = {{2026}},
}}
"""


@dataclass(frozen=True)
class Entry:
    key: str
    text: str  # the BibTeX, without the keywords
    fields: dict[str, str]
    used: tuple[str, ...]  # '16', '23', ... or 'software'


def read_entries(file: Path = BIB) -> list[Entry]:
    """The entries of references.bib, in its order; one field a line, `name = {value},`."""
    found = []
    for kind, key, body in re.findall(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}$", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.MULTILINE))
        used = tuple(word.removeprefix("chapter ") for word in fields.pop("keywords").split(", "))
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        found.append(Entry(key, f"@{kind}{{{key},\n{lines}}}\n", fields, used))
    return found


def known_chapters(notebooks: Path, entries: list[Entry]) -> dict[str, str]:
    """Titles of the chapters by number: those of the notebooks or, without a clone, numbers that an entry names, with no title."""
    try:
        chapters = [run.read_chapter(path) for path in run.find_chapters(notebooks).values()]
        return {chapter.name[:2]: chapter.title for chapter in chapters}
    except run.UsageError:
        return {number: "" for number in sorted({number for entry in entries for number in entry.used} - {"software"})}


def add_options(command: argparse.ArgumentParser) -> None:
    """None; the options of `lrguide cite`."""
    command.add_argument("chapters", nargs="*", metavar="NN", help="chapters (default: none, but the libraries on which the package stands)")


def cite(options: argparse.Namespace) -> int:
    """The exit status; prints the package's own entry and those of the chapters, each once, or those of the libraries."""
    entries = read_entries()
    chapters = known_chapters(options.notebooks, entries)
    for number in options.chapters:
        if number not in chapters:
            raise run.UsageError(f"chapter: expected one of {' '.join(chapters)}, got {number!r}")
    wanted = set(options.chapters) or {"software"}
    chosen = [entry for entry in entries if wanted & set(entry.used)]
    print("\n".join([ITSELF, *(entry.text for entry in chosen)]), end="")
    for number in dict.fromkeys(options.chapters):
        if not any(number in entry.used for entry in entries):
            print(f"\n% chapter {number} cites nothing of its own")
    return 0
