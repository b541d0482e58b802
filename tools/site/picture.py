"""What is inside, in one picture: the way of an event from a generator to a result, with pieces of committed figures."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch  # noqa: E402
from PIL import Image  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
INK, BLUE, PALE, GREY = "#1a2733", "#0072b2", "#eaf3f9", "#5b6770"
# word, what it is about, chapters, modules, committed figure and the part of it (left, right) that is shown
WAY = [("generate", "exact models, a collider,\nor your own files", "11, 42, 47, 85, 92", "models  data  collider  files", "26_bump_hunt/spectrum", (0, 0.49)),
       ("learn", "a log density ratio of each event,\nwith tests that it can fail", "14 to 19, 29, 81, 83", "losses  nets  ratio  diagnosis", "16_ratio/figure_3", (0, 0.485)),
       ("decide", "likelihoods, tests,\nlimits, intervals", "12, 13, 20 to 28", "likelihood  hypotest  intervals", "23_profiling/profile", (0, 0.487)),
       ("show", "how far from the best possible,\nin figures, tables, files", "17, 75, 84, 93", "plot  run  publish", "17_power/figure_4", (0, 0.49))]
METHODS = [("networks that know\nthe systematics", "part 3", "31_gaussian/profile_mu", (0, 0.497)), ("collisions, reweighted\nand unfolded", "part 4", "47_tau_pairs/decays", (0, 0.522)),
           ("scores that leave\nthe mass alone", "part 5", "53_planing_ddt_pca/all_recipes", (0, 0.5)), ("new particles\nwithout labels", "part 6", "63_hunting/hunt", (0.345, 0.67)),
           ("losses that are\nthe measurement", "part 7", "72_inferno/bins", (0.678, 1))]


def draw(path: Path) -> None:
    "Writes the picture as a PNG of at most 256 colours."
    with plt.style.context("default"):
        fig = compose()
        fig.savefig(path)
    plt.close(fig)
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def compose() -> plt.Figure:
    "The figure."
    fig = plt.figure(figsize=(12, 7.9), dpi=130, facecolor="white")
    page = fig.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, 12), ylim=(0, 7.9))
    page.axis("off")
    for place, (word, about, chapters, modules, figure, part) in enumerate(WAY):
        left = 0.2 + 2.97 * place
        box(page, left, 3.32, 2.68, 4.43)
        page.text(left + 1.34, 7.44, word, ha="center", va="center", size=17, color=BLUE, weight="bold")
        page.text(left + 1.34, 6.98, about, ha="center", va="center", size=9.5, color=INK, linespacing=1.3)
        inset(fig, figure, part, left + 0.1, 4.07, 2.48, 2.58)
        page.text(left + 1.34, 3.83, f"chapters {chapters}", ha="center", va="center", size=8.5, color=GREY)
        page.text(left + 1.34, 3.55, modules, ha="center", va="center", size=8.5, color=INK, family="monospace")
        if place:
            page.add_patch(FancyArrowPatch((left - 0.27, 7.44), (left - 0.02, 7.44), arrowstyle="-|>", mutation_scale=16, color=BLUE, lw=2))
    page.text(6, 2.98, "and method by method, beside the exact answer wherever there is one:", ha="center", va="center", size=11, color=INK)
    for place, (about, chapter, figure, part) in enumerate(METHODS):
        left = 0.2 + 2.375 * place
        box(page, left, 0.12, 2.1, 2.6)
        inset(fig, figure, part, left + 0.08, 0.82, 1.94, 1.84)
        page.text(left + 1.05, 0.56, about, ha="center", va="center", size=9, color=INK, linespacing=1.2)
        page.text(left + 1.05, 0.24, chapter, ha="center", va="center", size=8.5, color=GREY)
    return fig


def box(page, left: float, bottom: float, width: float, height: float) -> None:
    page.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0,rounding_size=0.12", facecolor=PALE, edgecolor=BLUE, lw=1.2))


def inset(fig, figure: str, part: tuple[float, float], left: float, bottom: float, width: float, height: float) -> None:
    "A piece of a committed figure, on white."
    picture = Image.open(ROOT / "figures" / "paper" / f"{figure}.png").convert("RGB")
    picture = picture.crop((int(part[0] * picture.width), 0, int(part[1] * picture.width), picture.height))
    paper = fig.add_axes((left / 12, bottom / 7.9, width / 12, height / 7.9), facecolor="white")
    ax = fig.add_axes((left / 12, bottom / 7.9, width / 12, height / 7.9))
    ax.imshow(picture, interpolation="lanczos")
    for each in (paper, ax):
        each.set(xticks=[], yticks=[])
        each.spines[:].set_visible(False)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
