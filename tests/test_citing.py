"""`lrguide cite`: what a chapter names is in references.bib, and what the file says of a chapter is in its text."""

import json
import re
import unicodedata
from pathlib import Path

import pytest

from lrguide import citing

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = [path for path in sorted((ROOT / "nbs").rglob("[0-9][0-9]_*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
ENTRIES = citing.read_entries()
ARXIV = re.compile(r"arXiv:? ?(\d{4}\.\d{4,5}|[a-z-]+/\d{7})")
PAGES = re.compile(r"(?<=[A-Z.*] )(\d+),? (\d{2,}),? \(?((?:19|20)\d\d)\b|(?<=[A-Z.*] )(\d+) \(((?:19|20)\d\d)\) (\w?\d{2,})\b")  # a journal's volume, page and year
AUTHOR = re.compile(r"(CCGV|[A-Z][\w'-]*[a-z][\w'-]*)(?: et al\.?| and others)?,? \(?((?:19|20)\d\d)(?=[);:,])")  # the last author named before the year
KNOWN_AS = {"CCGV": "Vitells"}  # what chapters call a paper


def plain(text: str) -> str:
    """The text without accents, in one line."""
    return " ".join("".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).split())


def text_of(path: Path) -> str:
    return plain(" ".join("".join(cell["source"]) for cell in json.loads(path.read_text())["cells"])).replace("Krucker", "Kruecker")


def surnames(entry: citing.Entry) -> list[str]:
    return [plain(author.split(",")[0].strip("{} ").replace("ü", "ue")) for author in entry.fields["author"].split(" and ")]


def missing(path: Path) -> list[str]:
    """What the chapter names and none of its entries is."""
    number, text = path.name[:2], text_of(path)
    own = [entry for entry in ENTRIES if number in entry.used]
    arxiv = {entry.fields.get("eprint") for entry in own}
    pages = {(entry.fields.get("volume"), entry.fields.get("pages"), entry.fields["year"]) for entry in own}
    authors = {(name, int(entry.fields["year"]) + later) for entry in own for surname in surnames(entry) for name in surname.split() for later in (-2, -1, 0, 1)}
    found = [name for name in ARXIV.findall(text) if name not in arxiv]
    places = [(a or d, b or f, c or e) for a, b, c, d, e, f in PAGES.findall(text)]
    found += [" ".join(place) for place in places if place not in pages]
    named = [(KNOWN_AS.get(name, name), int(year)) for name, year in AUTHOR.findall(text)]
    return found + [f"{name} ({year})" for name, year in named if (name, year) not in authors]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_cites_is_in_the_file(path):
    assert not missing(path), f"lrguide/references.bib has no entry with `keywords = {{chapter {path.name[:2]}}}` for these"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_an_entry_is_whole_and_its_chapters_name_it(entry):
    assert entry.fields.keys() >= {"author", "year"} and (entry.fields.get("title") or entry.fields.get("eprint"))
    for number in set(entry.used) - {"software"}:
        (path,) = [path for path in CHAPTERS if path.name.startswith(number)]
        words = [entry.fields.get("eprint"), entry.fields.get("doi"), entry.fields.get("number"), entry.fields.get("pages"), surnames(entry)[0]]
        text = text_of(path) + (" Cowan" if "CCGV" in text_of(path) else "")
        assert any(word and word in text for word in words)


def test_keys_and_arxiv_numbers_are_there_once():
    for field in ([entry.key for entry in ENTRIES], [entry.fields["eprint"] for entry in ENTRIES if "eprint" in entry.fields]):
        assert len(field) == len(set(field)) > 50
    written = citing.BIB.read_text()
    assert written.count("\n@") == len(ENTRIES) and all(line.endswith(("},", "{", "}", "")) for line in written.splitlines())


def test_cite(lrguide):
    done = lrguide("cite")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("@software{lrguide,") and "@article{Harris2020," in done.stdout
    assert "keywords" not in done.stdout and done.stdout.count("{") == done.stdout.count("}")
    done = lrguide("cite", "11", "11")
    assert done.returncode == 0 and done.stdout.count("@article{Nachman2020,") == 1 and "arXiv" in done.stdout
    done = lrguide("cite", "99")
    assert done.returncode == 2 and done.stderr == "lrguide: chapter: expected one of 11, got '99'\n"


def test_cite_without_a_clone(tmp_path, capsys):
    from argparse import Namespace
    assert citing.cite(Namespace(chapters=["16"], notebooks=tmp_path)) == 0
    assert "@article{Nachman2020," in capsys.readouterr().out
