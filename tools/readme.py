"""Writes README.md from nbs/index.ipynb.

Markdown cells are copied, with links that are relative to nbs/ made relative to the root; code cells appear with what they print,
unless they begin with `#| hide`. Pictures are Markdown links to committed files, such as ../figures/paper/17_power/figure_4.png.
"""

import json
import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def from_root(link: re.Match) -> str:
    """The Markdown link with its target relative to the root."""
    target = link[1]
    return link[0] if re.match(r"[a-z]+:|#|/", target) else f"]({posixpath.normpath('nbs/' + target)})"


def readme(notebook: dict) -> str:
    """The Markdown text of the notebook."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(re.sub(r"\]\(([^)\s]+)\)", from_root, source))
        elif cell["cell_type"] == "code" and not source.startswith("#| hide"):
            code = "\n".join(line for line in source.split("\n") if not line.startswith("#|")).strip()
            parts.append(f"```python\n{code}\n```")
            texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"]
                     if "image/png" not in output.get("data", {})]
            if printed := "".join(map("".join, texts)).strip():
                parts.append(f"```text\n{printed}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    index = json.loads((ROOT / "nbs" / "index.ipynb").read_text(encoding="utf-8"))
    (ROOT / "README.md").write_text(readme(index), encoding="utf-8")
