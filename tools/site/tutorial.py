"""The page for a reader who has a classifier already: ten_minutes.md, whose code is run here, in one go, and shown with what it prints."""

import contextlib
import io
import re
from functools import cache
from pathlib import Path

CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = Path(__file__).resolve().parent / "ten_minutes.md"


@cache
def run() -> tuple[dict, tuple[str, ...]]:
    "What the code leaves behind, by name, and what each piece of it prints."
    names, printed = {"__name__": "ten_minutes"}, []
    for source in CODE.findall(TEXT.read_text(encoding="utf-8")):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(source, TEXT.name, "exec"), names)
        printed.append(out.getvalue().strip("\n"))
    return names, tuple(printed)


def page() -> str:
    "The text with what its code prints."
    outputs = iter(run()[1])

    def with_output(code: re.Match) -> str:
        shown = next(outputs)
        return code[0] + (f"\n\n```{{code-block}} none\n:class: printed\n{shown}\n```" if shown else "")

    return CODE.sub(with_output, TEXT.read_text(encoding="utf-8"))
