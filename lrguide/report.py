"""One page that shows an `Analysis` to colleagues: the answer in words, what to believe less and what to do about it, and every figure behind it.

`write_report` writes one HTML file that needs nothing else: figures are inside, there is no script, nothing is fetched.
"""

import base64
import html
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from lrguide import __version__, run
from lrguide.analysis import Analysis, has_negative_weights, score_of, simulated_at
from lrguide.arrays import Table, check_mapping, effective_size, join, shown, with_nu
from lrguide.formats import check_path

N_FEATURES = 6  # so many features are drawn, those that agree least with the fitted model
N_SCAN = 11  # values of the strength in a scan of CLs
DPI = 170  # of the figures, which are shown smaller: sharp on a telephone and in print
ADVICE = (  # what a warning begins with or holds, and what to do about it
    ("cannot draw negative weights", "Throw pseudo-experiments of the binned log ratio, lrguide.histogram_of, with lrguide.discovery and lrguide.limit, or generate events without negative weights."),
    ("so few events decide", "Throw pseudo-experiments (method='toys'); they need no formula, and their error is quoted."),
    ("no pseudo-experiment is as far", "Throw more of them (n_toys), or be content with Z by formula, which needs none."),
    ("events of data where", "Compare the sums of weights with the data: units of the luminosity, a selection that one of them has and the other has not."),
    ("fewer than ten effective", "Simulate more events like those beyond the observation, or quote the result of method 'asymptotic' beside this one."),
    ("fails its test", "Believe no number that rests on this ratio before it passes: its section below shows where it fails."),
    ("the weights of", "Generate events with weights more alike, or leave out by a cut, in data too, where the large weights are."),
    ("ends at the end of the range", "If it is a nuisance parameter, learn it over a wider range (reach); if it is the strength, quote the limit, which allows for the end."),
    ("networks' own error", "Simulate more events; if they cannot be had, take more members; lrguide.with_network_error puts this error into the likelihood."),
    ("put into simulated events", "Quote no strength before a known one is found again: simulate more events where signal and background are hard to tell apart, or calibrate the ratio (calibration='isotonic')."),
    ("put aside for testing", "Simulate more events, or give a larger share of them to testing (the last of shares)."),
    ("do not look like the fitted model", "Look at that feature below. Give what may move it as a nuisance parameter (shifts), mend the simulation, or leave the feature out."),
    ("fit:", "Look at the profile of the strength below, and quote intervals from it, not value and error."),
)


def write_report(found: Analysis, path: str | Path, *, title: str = "Analysis", notes: Sequence[str] = (), settings: Mapping[str, object] | None = None,
                 seconds: Mapping[str, float] | None = None) -> Path:
    """The `path` of an HTML page about an Analysis, written whole or not at all.

    `notes`: lines for the reader, after the answer. `settings`: more rows for the table of settings, by name. `seconds`: of steps before those of
    the analysis, such as reading files. Raises TypeError or ValueError for what is no Analysis or no text, OSError if it cannot be written."""
    if not isinstance(found, Analysis):
        raise TypeError(f"found: expected what analyse returns, got {shown(found)}")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"title: expected some words, got {shown(title)}")
    if isinstance(notes, str) or not all(isinstance(note, str) for note in notes):
        raise TypeError(f"notes: expected a list of lines, got {shown(notes)}")
    path = check_path(path)
    if not path.parent.is_dir():  # before the figures are made
        raise FileNotFoundError(f"path: expected a folder that exists, got {path}")
    text = page_of(found, title, list(notes), check_mapping(settings, "settings"), check_mapping(seconds, "seconds"))
    run.write_whole(path, lambda new: new.write_text(text, encoding="utf-8"))
    return path


def page_of(found: Analysis, title: str, notes: Sequence[str], settings: Mapping[str, object], seconds: Mapping[str, float]) -> str:
    """The page as text."""
    import matplotlib as mpl

    with mpl.rc_context():  # the style of whoever calls stays theirs
        sections = [*sections_of(found), not_included(found), settings_of(found, settings), time_of({**seconds, **found.seconds})]
    entries = "".join(f'<li><a href="#{one.name}">{escape(one.title)}</a></li>' for one in sections)
    body = "".join(f'<section id="{one.name}"><h2>{escape(one.title)}</h2>{one.body}</section>\n' for one in sections)
    first = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{escape(title)}</h1>\n{answer(found)}\n{first}{trust(found)}\n</header>\n"
            f'<nav aria-label="Sections"><ul>{entries}</ul></nav>\n<main>\n{body}</main>\n'
            f"<footer>Written by lrguide {escape(__version__)} on {date.today():%-d %B %Y}. This file needs no other and no network.</footer>\n</body>\n</html>\n")


@dataclass(frozen=True)
class Section:
    """A part of the page: its `name` in links, `title`, and `body`, which is HTML."""

    name: str
    title: str
    body: str


# --- words and numbers ---------------------------------------------------------------------------------------------------------


def escape(text: object) -> str:
    """Text as HTML shows it; +- becomes ±, a minus sign before a number is one."""
    return re.sub(r"(?<![\w.\-])-(?=\d)", "−", html.escape(str(text)).replace("+-", "±"))


def rounded(value: float, *errors: float) -> list[str]:
    """A value and its errors as text, two digits of the smallest error that is of any size; three digits of a value without one."""
    sizes = [error for error in errors if math.isfinite(error) and error > 0]
    if not sizes or not math.isfinite(value):
        return [f"{value:#.3g}".rstrip(".") if 1e-3 <= abs(value) < 1e4 else f"{value:.3g}", *(f"{error:.2g}" for error in errors)]
    least = max(min(sizes), 0.02 * max(sizes))
    digits = int(np.clip(1 - math.floor(math.log10(least)), -12, 12))
    if digits <= 0 or max(abs(value), *sizes) >= 1e5:
        return [f"{round(one, digits):,.0f}" if math.isfinite(one) else f"{one:g}" for one in (value, *errors)]
    return [f"{one:.{digits}f}" if math.isfinite(one) else f"{one:g}" for one in (value, *errors)]


def with_error(value: float, *errors: float) -> str:
    """A value +- its errors, without those that are zero or not known."""
    first, *others = rounded(value, *errors)
    return " ± ".join([first, *(text for text, error in zip(others, errors) if math.isfinite(error) and error > 0)])


def band(found: object) -> str:
    """What is expected, in words: the median, and the ranges in which 68 and 95 % of experiments end."""
    at = {round(float(n), 9): value for n, value in zip(found.n_sigma, found.expected)}
    ranges = [f"{share} %: {min(at[n], at[-n]):.3g} to {max(at[n], at[-n]):.3g}" for n, share in ((1, 68), (2, 95)) if n in at and -n in at]
    return (f"{at[0]:.3g}" if 0 in at else "") + (f" ({', '.join(ranges)})" if ranges else "") or "not asked for"


def p_in_words(log_p: float) -> str:
    """A p-value, as a power of ten where it is small."""
    power = log_p / math.log(10)
    if power > -3.5:
        return f"{math.exp(log_p):.2g}"
    whole = math.floor(power)
    return f"{10 ** (power - whole):.1f} × 10^{whole}"


def powers(text: str) -> str:
    """HTML in which 10^-7 is raised, and 3e-7 written so."""
    text = re.sub(r"(\d)e([−-]|\+)?0*(\d+)\b", lambda found: f"{found[1]} × 10^{'−' if found[2] in ('−', '-') else ''}{found[3]}", text)
    return re.sub(r"10\^([−-]?[\d.]+)", r"10<sup>\1</sup>", text)


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1) -> str:
    """A table, the first `left` columns of words, the others of numbers."""
    kind = lambda k: "" if k < left else ' class="n"'
    head = "".join(f'<th scope="col"{kind(k)}>{escape(cell)}</th>' for k, cell in enumerate(header))
    body = "".join("<tr>" + "".join(f"<td{kind(k)}>{powers(escape(cell))}</td>" for k, cell in enumerate(row)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def paragraph(text: str) -> str:
    return f"<p>{powers(escape(text))}</p>"


# --- the answer ----------------------------------------------------------------------------------------------------------------


def answer(found: Analysis) -> str:
    """The answer in words, and the three numbers with their errors and what was expected."""
    fit, observed, of_mu, of_z, of_limit = found.fit, found.discovery, *map(float, found.network.error)
    upper = found.limit
    label = f"at {100 * (1 - upper.level):.4g} % confidence (CLs, {upper.method})"
    expected = found.data is None
    cards = [("Signal strength", f"mu ± {fit.errors['mu']:.2g} expected" if expected else f"mu = {with_error(fit.values['mu'], fit.errors['mu'])}",
              [f"simulated events without signal give mu = {with_error(fit.values['mu'], of_mu)}, where 0 is right" if expected else interval(found),
               f"± {of_mu:.2g} from the networks, beside that"]),
             ("Evidence for a signal", f"Z = {median(observed):.3g} expected" if expected else f"Z = {with_error(observed.z, observed.z_error)}",
              ([f"if mu = 1: {band(observed)}"] if expected else
               [f"p = {p_in_words(observed.observed.log_p)} without signal ({observed.observed.method})", simulation(observed.z_error),
                f"expected if mu = 1: {band(observed)}"]) + [f"± {of_z:.2g} from the networks"]),
             ("Upper limit", f"{upper.strength} < {median(upper):.3g} expected" if expected else f"{upper.strength} < {with_error(upper.value, upper.error)}",
              [label] + ([f"without signal: {band(upper)}"] if expected else [simulation(upper.error), f"expected without signal: {band(upper)}"])
              + [f"± {of_limit:.2g} from the networks"])]
    made = "".join(f'<div class="card"><h2>{escape(name)}</h2><p class="big">{escape(big)}</p><ul>'
                   + "".join(f"<li>{powers(escape(line))}</li>" for line in lines if line) + "</ul></div>" for name, big, lines in cards)
    return f'<p class="lead">{powers(escape(in_words(found)))}</p>\n<div class="cards">{made}</div>'


def median(of: object) -> float:
    """The value that is expected in the middle, NaN if nobody asked."""
    return next((float(value) for n, value in zip(of.n_sigma, of.expected) if n == 0), math.nan)


def simulation(error: float) -> str:
    """A line about the error from a finite number of simulated events or pseudo-experiments; nothing where there is none."""
    return f"± {error:.2g} from the number of simulated events" if error > 0 else ""


def interval(found: Analysis) -> str:
    """The interval at 68.27 %, from the profile."""
    try:
        pieces = found.profile.pieces(0.6827)
    except ValueError:
        return ""
    return "68 % interval: " + " and ".join(f"{low:.3g} to {high:.3g}" for low, high in pieces)


def in_words(found: Analysis) -> str:
    """The result in two or three sentences."""
    if found.data is None:
        wanted = next((value for n, value in zip(found.discovery.n_sigma, found.discovery.expected) if n == 0), math.nan)
        excluded = median(found.limit) < 1
        return (f"No data were given: these are expected results. A signal as strong as expected (mu = 1) would be seen with a median significance of {wanted:.2f}; without signal, "
                f"strengths above {median(found.limit):.3g} would be excluded, so a signal as expected would {'' if excluded else 'not '}be.")
    z, n_signal = found.discovery.z, found.model.yields({**found.model.fixed, **found.fit.values})["signal"]
    relative = found.fit.errors["mu"] / found.fit.values["mu"] if found.fit.values["mu"] else math.nan
    events = f"{len(found.data):,} events hold {with_error(n_signal, abs(relative * n_signal))} of the signal, by the fit."
    kind = ("an observation, by the usual convention (Z of at least 5)" if z >= 5 else "evidence, by the usual convention (Z of at least 3), and no observation" if z >= 3
            else "an excess too small to be called evidence" if z >= 2 else "no significant excess")
    excluded = "excluded" if found.limit.value < 1 else "not excluded"
    error = math.hypot(found.limit.error, float(found.network.error[2]))
    near = f", though the limit is no further from 1 than its own error from networks and simulation, ± {error:.2g}" if abs(found.limit.value - 1) <= error else ""
    return f"{events} That is {kind}. A signal as strong as expected (mu = 1) is {excluded} at {100 * (1 - found.limit.level):.4g} % confidence{near}."


def trust(found: Analysis) -> str:
    """The warnings, each with what to do about it; or what was tested and passed."""
    n = len(found.warnings)
    if not n:
        tested = [f"{len(found.diagnoses)} learned ratio{'s' * (len(found.diagnoses) > 1)}"] + ["the data against the fitted model"] * (found.comparison is not None)
        return f'<div class="trust good"><h2>No warnings</h2><p>Tested and passed: {escape(" and ".join(tested))}.</p></div>'
    lines = "".join(f"<li><p>{powers(escape(_capital(line)))}.</p>{_advice(line)}</li>" for line in found.warnings)
    return f'<div class="trust bad"><h2>{"One thing" if n == 1 else f"{n} things"} to know before believing this</h2><ol>{lines}</ol></div>'


def advice_for(warning: str) -> str:
    """What to do about a warning of an Analysis; '' where the warning itself says it."""
    return next((words for key, words in ADVICE if key in warning), "")


def _advice(warning: str) -> str:
    words = advice_for(warning)
    return f'<p class="todo"><b>What to do.</b> {escape(words)}</p>' if words else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- figures -------------------------------------------------------------------------------------------------------------------


def picture(draw: Callable, alt: str, caption: str = "", *, wide: bool = False) -> str:
    """What `draw`() returns first, a figure, as HTML with its description; or why it could not be drawn."""
    import matplotlib.pyplot as plt

    open_before = set(plt.get_fignums())
    try:
        fig = draw()[0]
        data, size = png_of(fig)
    except ValueError as error:
        return f'<p class="note">Not drawn: {escape(alt)} ({escape(error)}).</p>'
    finally:
        for number in set(plt.get_fignums()) - open_before:
            plt.close(number)
    text = base64.b64encode(data).decode("ascii")
    below = f"<figcaption>{powers(escape(caption))}</figcaption>" if caption else ""
    return (f'<figure{" class=" + chr(34) + "wide" + chr(34) if wide else ""}><img width="{size[0]}" height="{size[1]}" alt="{escape(alt)}" '
            f'src="data:image/png;base64,{text}">{below}</figure>')


def png_of(fig: object) -> tuple[bytes, tuple[int, int]]:
    """The figure as PNG of few colours, which is a third of the size, and its width and height on the page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    fig.set_dpi(DPI)
    canvas, small = FigureCanvasAgg(fig), io.BytesIO()
    canvas.draw()
    image = Image.fromarray(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3]))
    image.quantize(96, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    width, height = (round(96 * inches) for inches in fig.get_size_inches())
    return small.getvalue(), (width, height)


def gallery(*pictures: str) -> str:
    """Figures beside one another where there is room."""
    return f'<div class="gallery">{"".join(one for one in pictures if one)}</div>'


def pair(left: str, right: str) -> str:
    """A narrow and a wide part beside each other where there is room."""
    return f'<div class="pair"><div>{left}</div><div>{right}</div></div>'


@dataclass(frozen=True, eq=False)
class Expected:
    """Simulated events of each process that nobody has learned from, `events`, of which `yields` are expected; `values` of the parameters there, and
    the log ratio of signal to all background of these events, `scores` by process, and of the data, `seen` (None without data)."""

    values: Mapping[str, float]
    events: Mapping[str, Table]
    yields: Mapping[str, float]
    scores: Mapping[str, np.ndarray]
    seen: np.ndarray | None

    @property
    def backgrounds(self) -> list[str]:
        return [name for name in self.events if name != "signal"]

    def background(self) -> tuple[Table, np.ndarray, float]:
        """All background as it is expected, its scores and its yield."""
        names = self.backgrounds
        parts = [Table(self.events[name].x, weight=self.events[name].weights * self.yields[name], names=self.events[name].names) for name in names]
        return join(*parts), np.concatenate([self.scores[name] for name in names]), float(sum(self.yields[name] for name in names))


def expected_of(found: Analysis) -> Expected:
    """What is Expected: at the fit, or of a signal of mu = 1 if there are no data."""
    values = {**found.model.fixed, **found.fit.values, **({"mu": 1.0} if found.data is None else {})}
    whole = {name: simulated_at(found, name, values) for name in found.model.processes}
    events = {name: Table(one.x, weight=one.weights / one.total, names=one.names) for name, one in whole.items()}
    yields = {name: float(value) for name, value in found.model.yields(values).items()}
    ratio = lambda x: score_of(found, x, values) + math.log(sum(value for name, value in yields.items() if name != "signal"))
    return Expected(values, events, yields, {name: ratio(one.x) for name, one in events.items()}, None if found.data is None else ratio(found.data.x))


def bins_for(tables: Mapping[str, Table]) -> int:
    """So many bins that the simulation of each process has some fifty effective events in each, 8 to 30."""
    return int(np.clip(min(effective_size(one.weights) for one in tables.values()) / 50, 8, 30))


def edges_for(column: np.ndarray, n_bins: int = 30) -> np.ndarray:
    """Edges (b + 1,) of bins from 0.5 to 99.5 % of a column, or around each of a few values."""
    values = np.unique(column)
    if len(values) <= 12:
        middle = (values[1:] + values[:-1]) / 2
        beside = [values[0] - middle[0], values[-1] - middle[-1]] if len(middle) else [-0.5, 0.5]
        return np.array([values[0] + beside[0], *middle, values[-1] + beside[1]])
    low, high = np.quantile(column, [0.005, 0.995])
    return np.linspace(*((low, high) if high > low else (values[0], values[-1])), n_bins + 1)


def draw_stack(edges: np.ndarray, parts: Mapping[str, tuple[np.ndarray, np.ndarray, float]], seen: np.ndarray | None, label: str, *, log: bool = False):
    """Figure and axes of what is expected of each of `parts`, column (n,), weights (n,) of sum one and yield, one on the other, signal on top, with the
    data `seen` (n,) and their quotient. What lies outside the edges is in the first and the last bin."""
    from lrguide import plot
    from lrguide.diagnosis import contents_of

    colours = dict(zip([name for name in parts if name != "signal"], (plot.BACKGROUND, plot.COUNTING, plot.BINNED, plot.OTHER, plot.LEARNED) * len(parts))) | {"signal": plot.SIGNAL}
    order = [name for name in parts if name != "signal"] + ["signal"]
    filled = {name: [power * one for one, power in zip(contents_of(edges, parts[name][0], parts[name][1]), (parts[name][2], parts[name][2] ** 2))] for name in order}
    size = {"width": 6.4, "height": 4.6} if log else {"width": 5.2, "height": 4.0}
    if seen is not None:
        fig, (upper, lower) = plot.figure_with_ratio(label="data / model", **size)
    else:
        fig, upper = plot.figure(**size)
    base = np.zeros(len(edges) - 1)
    for name in order:
        top = base + filled[name][0]
        upper.stairs(top, edges, baseline=base, fill=True, color=colours[name], alpha=0.75 if name == "signal" else 0.5, linewidth=0)
        base = top
    error = np.sqrt(sum(variance for _, variance in filled.values()))
    upper.stairs(base, edges, color="0.25", linewidth=0.8)
    middle = (edges[1:] + edges[:-1]) / 2
    peak = base.max()
    if seen is not None:
        count = contents_of(edges, seen, np.ones(len(seen)))[0]
        plot.points(upper, middle, np.where(count > 0, count, np.nan), np.sqrt(count))
        some = base > 0
        lower.stairs(np.where(some, 1 + error / np.where(some, base, 1), 1), edges, baseline=np.where(some, 1 - error / np.where(some, base, 1), 1), fill=True, color=plot.FAINT, alpha=0.6)
        quotient, spread = np.where(some, count / np.where(some, base, 1), np.nan), np.sqrt(np.maximum(count, 1)) / np.where(some, base, np.nan)
        plot.points(lower, middle, quotient, spread)
        reach = float(np.clip(1.15 * np.nanquantile(np.abs(quotient - 1) + spread, 0.9), 0.1, 2.0))
        lower.set(ylim=(max(0.0, 1 - reach), 1 + reach), xlabel=label)
        peak = max(peak, (count + np.sqrt(count)).max())
    else:
        upper.set_xlabel(label)
    upper.set(ylabel="events per bin", xlim=(edges[0], edges[-1]), ylim=(0, 1.08 * peak))
    if log:
        least = min([one for one in (0.3, *filled["signal"][0], *base) if one > 0])
        upper.set(yscale="log", ylim=(max(0.3 * least, 1e-4 * peak), 3 * peak))
    plot._heading(upper, [*(["data"] if seen is not None else []), "signal", *order[-2::-1]], [*([plot.EXACT] if seen is not None else []), *(colours[name] for name in order[::-1])])
    return fig, upper


# --- sections ------------------------------------------------------------------------------------------------------------------


def sections_of(found: Analysis) -> list[Section]:
    """The parts with figures, in their order."""
    seen = expected_of(found)
    parts = [data_section(found, seen), result_section(found, seen)]
    if found.impacts is not None:
        parts.append(nuisance_section(found))
    return parts + [ratio_section(found, seen), yields_section(found, seen)]


def data_section(found: Analysis, seen: Expected) -> Section:
    """Data against the fitted model: the log ratio, and the features that agree least."""
    scores = np.concatenate([*seen.scores.values(), *([] if seen.seen is None else [seen.seen])])
    edges = np.linspace(*np.quantile(scores[np.isfinite(scores)], [0.001, 0.999]), bins_for(seen.events) + 1)
    parts = {name: (seen.scores[name], one.weights, seen.yields[name]) for name, one in seen.events.items()}
    what = "the fitted model" if seen.seen is not None else "the model with a signal of mu = 1"
    first = picture(lambda: draw_stack(edges, parts, seen.seen, "log ratio of signal to background", log=True),
                    f"Histogram of the log ratio of signal to background: {'data and ' if seen.seen is not None else ''}{what}, process by process.",
                    f"What decides: the log ratio of signal to all background, of simulated events that no network was trained on{', and of the data' if seen.seen is not None else ''}. "
                    "Signal-like events are on the right." + (" Grey: the error of the simulation." if seen.seen is not None else ""))
    if found.comparison is None:
        return Section("data", "What is expected", first)
    order = sorted(found.comparison.observables.items(), key=lambda item: item[1].check.p_value)
    rows = [(name, f"{one.check.p_value:.2g}", "agree" if one.check.passed else "differ", f"{one.fewest:,.0f}") for name, one in order]
    drawn = [name for name, _ in order if name != "log ratio" and next(iter(seen.events.values())).x.ndim == 2][:N_FEATURES]
    words = (f"All together, the data {'agree with' if found.comparison.passed else 'do not agree with'} the fitted model: p = {found.comparison.p_value:.2g}, the smallest p-value times the number of features (and the log ratio)."
             + (f" Drawn are the {len(drawn)} features of {len(order) - 1} that agree least." if 0 < len(drawn) < len(order) - 1 else ""))
    figures = [_feature(found, seen, name, found.comparison.observables[name].check.p_value) for name in drawn]
    return Section("data", "Data and the fitted model", first + paragraph(words) + gallery(*figures) + details("p-values of all features",
                   table(("feature", "p-value", "verdict", "fewest effective events in a bin"), rows)))


def _feature(found: Analysis, seen: Expected, name: str, p: float) -> str:
    """The figure of one feature."""
    from lrguide.diagnosis import feature_names

    k = feature_names(found.data).index(name)
    columns = {process: one.x[:, k] for process, one in seen.events.items()}
    edges = edges_for(np.concatenate([*columns.values(), found.data.x[:, k]]), bins_for(seen.events))
    parts = {process: (columns[process], one.weights, seen.yields[process]) for process, one in seen.events.items()}
    return picture(lambda: draw_stack(edges, parts, found.data.x[:, k], verbatim(name)), f"Histogram of {name}: data and fitted model, p = {p:.2g}.", f"{name}: p = {p:.2g}")


def verbatim(name: str) -> str:
    """A name that matplotlib does not read as a formula."""
    return name.replace("$", r"\$")


def details(title: str, body: str) -> str:
    """What opens when it is asked for; print shows the title."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def result_section(found: Analysis, seen: Expected) -> Section:
    """The strength: profile, CLs over the strength, limits, significance against a threshold."""
    from lrguide import plot

    background, score, n_background = seen.background()
    scores, tables = (seen.scores["signal"], score), (seen.events["signal"], background)
    total = seen.yields["signal"] / seen.values["mu"] if seen.values["mu"] else found.model.yields({**seen.values, "mu": 1.0})["signal"]
    threshold = picture(lambda: plot.draw_significance(scores, *tables, yields=(total, n_background)),
                        "Median significance of a signal of mu = 1 against the threshold on the log ratio, beside that of the whole likelihood.",
                        "A cut on the log ratio and a count of what is above it, against the likelihood of all events in ranges of it (dotted), both for mu = 1, without nuisance parameters, and too low if the "
                        "simulation has hardly any background left where the signal is"
                        + (f"; with nuisance parameters {median(found.discovery):.3g} is expected." if found.impacts is not None else "."))
    profile = picture(lambda: plot.draw_profile(found.profile), "Twice the rise of minus log likelihood over mu, with its interval.",
                      "The likelihood of the strength, all other parameters fitted at each value." if found.impacts is not None else "The likelihood of the strength.")
    return Section("result", "The signal strength", gallery(profile, _scan(found), threshold, _limit(found)))


def _limit(found: Analysis) -> str:
    """The limit on its band."""
    from lrguide import plot

    upper = found.limit
    return picture(lambda: plot.draw_limits(upper), f"Upper limit on {upper.strength}: {upper.value:.3g}; expected without signal: {band(upper)}.",
                   f"The limit at {100 * (1 - upper.level):.4g} % confidence and what is expected without signal: {band(upper)}.")


def _scan(found: Analysis) -> str:
    """CLs over the strength, by the method of the limit; by formula where pseudo-experiments would have to be thrown again."""
    from lrguide import plot
    from lrguide.intervals import cls_scan

    upper, method = found.limit, "asymptotic" if found.method == "toys" else found.method
    far = 1.5 * max([upper.value, *(one for n, one in zip(upper.n_sigma, upper.expected) if abs(n) <= 1)])
    at = np.linspace(far / N_SCAN, min(far, found.model.parameters["mu"][1]), N_SCAN)
    words = "CLs over the strength; where it falls through the line the strength is excluded." + (" By formula, the limit is from pseudo-experiments." if method != found.method else "")
    return picture(lambda: plot.draw_cls_scan(cls_scan(found.model, data_of(found), at, level=upper.level, method=method), upper),
                   f"CLs over the strength, observed and expected without signal; it crosses {upper.level:g} at {upper.value:.3g}.", words)


def data_of(found: Analysis):
    """What was fitted: the data, or those that are expected without signal."""
    from lrguide.analysis import as_known
    from lrguide.experiments import asimov

    return asimov(found.model, as_known(found.model, 0.0)) if found.data is None else Table(found.data.x, names=found.data.names)


def nuisance_section(found: Analysis) -> Section:
    """Impacts, pulls and correlations of what is not known exactly."""
    from lrguide import plot

    figures = picture(lambda: plot.draw_impacts(found.impacts), "Impacts of the nuisance parameters on mu, and their pulls.",
                              "Left: how far mu moves with each nuisance parameter. Right: where the fit puts it, in errors of what was known before.", wide=True)
    rows = [(one.name, with_error(one.value, one.error), f"{one.pull:+.2f}", f"{one.constraint:.2f}", *(" ".join(f"{value:+.3g}" for value in pair) for pair in (one.before, one.after)))
            for one in found.impacts]
    effects = [(process, name, f"{100 * (down - 1):+.3g} %", f"{100 * (up - 1):+.3g} %") for process, one in found.model.processes.items() for name, (down, up) in one.norm.items()]
    known = paragraph("A pull far from 0 says that the data ask for what was not known before; a constraint far below 1 that they measure it better.")
    told = details("What each does to the yields, one error down and up", table(("process", "parameter", "down", "up"), effects, left=2)) if effects else ""
    correlations = picture(lambda: plot.draw_correlations(found.fit), "Correlations of the fitted parameters.", "Correlations of the fitted parameters.")
    numbers = table(("parameter", "fitted", "pull", "error after / before", "moves mu by, before", "after"), rows)
    return Section("nuisance", "What is not known exactly", known + pair(correlations, figures) + numbers + told)


def ratio_section(found: Analysis, seen: Expected) -> Section:
    """What was learned: separation, then test, calibration, closure and training of each ratio."""
    from lrguide import plot

    background, score, _ = seen.background()
    several = len(found.learned.ratios) > 1
    first = picture(lambda: plot.draw_roc((seen.scores["signal"], score), seen.events["signal"], background),
                    "ROC curve: signal efficiency against background efficiency of a cut on the log ratio.", "How well the log ratio tells signal from all background.")
    history = picture(lambda: plot.draw_history(found.learned.ratios if several else next(iter(found.learned.ratios.values()))),
                      "Losses in training by epoch, of each member of the ensembles.", "Losses by epoch, each member thin; the points are the epochs whose weights were kept (early stopping).", wide=several)
    again = " and ".join(f"mu = {truth:g} as {with_error(value, error)}" for truth, (value, error) in found.injected.items())
    words = paragraph(f"A known signal, put into simulated events that nobody has learned from, is found again: {again}.")
    return Section("ratios", "What was learned", words + (pair(first, history) if several else gallery(first, history)) + "".join(_ratio(found, name, k) for k, name in enumerate(found.learned.ratios)))


def _ratio(found: Analysis, name: str, k: int) -> str:
    """Test, calibration and closure of one ratio."""
    from lrguide import plot

    one, ratio, tables = found.diagnoses[name], found.learned.ratios[name], found.learned.tests[name]
    tables = with_nu(tables[0], tables[1], k), with_nu(tables[1], tables[0], k) if getattr(ratio, "parameters", None) else tables[1]
    against = "the background" if len(found.learned.ratios) == 1 else "the common reference"
    rows = [(check.name, f"{check.value:+.5f} ± {check.error:.5f}", f"{check.p_value:.2g}", "passed" if check.passed else "FAILED") for check in one.checks]
    words = ("All tests are passed, on events that it was neither trained nor calibrated on." if one.passed
             else f"It fails: {one.culprit}. So weigh what depends on it accordingly.")
    calibration = picture(lambda: plot.draw_calibration(ratio, *tables), f"Calibration of the ratio of {name}: observed against predicted log odds.",
                          "Calibration: in ranges of the log ratio, how much more often events are from the one sample than from the other.")
    closure = picture(lambda: plot.draw_closure(ratio, *tables), f"Closure of the ratio of {name}: features of the reweighted reference against those of {name}.",
                      f"Closure: reweighted by the ratio, {against} (denominator) has to look like {name} (numerator) in every feature.", wide=True)
    numbers = table(("test", "largest difference", "p-value", "verdict"), rows)
    return f'<h3>{escape(name)} over {escape(against)}: {"passed" if one.passed else "<strong>FAILED</strong>"}</h3>{paragraph(words)}' + pair(numbers + calibration, closure)


def yields_section(found: Analysis, seen: Expected) -> Section:
    """How many events are expected and fitted, and from how many simulated ones."""
    one, rows, total = found.model.yields({**found.model.fixed, **_known(found), "mu": 1.0}), [], [0.0, 0.0]
    for name, table_ in seen.events.items():
        rows.append((name, f"{one[name]:.5g}", *([f"{seen.yields[name]:.5g}"] if found.data is not None else []), f"{len(table_):,}", f"{effective_size(table_.weights):,.0f}"))
        total = [total[0] + one[name], total[1] + seen.yields[name]]
    rows.append(("all", f"{total[0]:.5g}", *([f"{total[1]:.5g}"] if found.data is not None else []), "", ""))
    data = [("data", "", f"{len(found.data):,}", "", "")] if found.data is not None else []
    header = ("process", "expected at mu = 1", *(["fitted"] if found.data is not None else []), "simulated events to test with", "that tell as much as")
    return Section("yields", "Yields", table(header, rows + data) + paragraph("The last column: so many events without weights would tell as much."))


def _known(found: Analysis) -> dict[str, float]:
    """Values of the nuisance parameters as they were known before."""
    return {name: float(getattr(one, "mean", 0.0)) for name in found.model.parameters if name != "mu"
            for one in [next((one for one in found.model.constraints if one.name == name), None)]}


def not_included(found: Analysis) -> Section:
    """What the numbers do not allow for."""
    nuisance = [name for name in found.model.parameters if name != "mu"]
    lines = [f"Systematic uncertainties other than {', '.join(nuisance)}." if nuisance else "Systematic uncertainties: none was declared, every yield and every shape is taken as known.",
             f"The networks' own error is quoted beside mu, Z and the limit ({', '.join(f'{error:.2g}' for error in found.network.error)}) and not inside them; lrguide.with_network_error puts it into a likelihood.",
             "The finite number of simulated events changes the yields of no process: the sums of their weights are taken as exact.",
             "The freedom to look elsewhere: cuts, features and the mass of the signal are taken as chosen before the data were seen."]
    if found.method == "asymptotic":
        lines.append("Deviations from the large-sample formulae by which Z and limit were found; "
                     + ("pseudo-experiments can be drawn of the bins of lrguide.histogram_of." if has_negative_weights(found) else "method 'toys' throws pseudo-experiments instead."))
    if found.comparison is None:
        lines.append("Data: whether they look like the simulation is not tested.")
    if found.model.processes["signal"].norm == {}:
        lines.append("An uncertainty of the expected signal: mu is in units of the expected yield, as it is.")
    return Section("not-included", "What was not included", "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")


def factors_of(found: Analysis, effect: str) -> list[str]:
    """What a nuisance parameter does to the yields, in words: by process the factors one error down and up."""
    return ["{} times {:.4g} and {:.4g}".format(name, *process.norm[effect]) for name, process in found.model.processes.items() if effect in process.norm]


def settings_of(found: Analysis, more: Mapping[str, object]) -> Section:
    """Settings and versions."""
    backend, first = run.backend_in_use(), next(iter(found.learned.ratios.values()))
    recipe, features = first.recipe, first.fitted.names
    rows = [("features", ", ".join(features) if features else f"{first.fitted.n_features} without names"), ("networks", f"{recipe.members} members of {' x '.join(map(str, recipe.hidden))} units, {recipe.activation}, {recipe.loss}, bootstrap {'on' if recipe.bootstrap else 'off'}"),
            ("training", f"{f'at most {recipe.training.epochs} epochs' if recipe.training.epochs else 'epochs by the number of events'}, in batches of {recipe.training.batch}, rate {recipe.training.rate:g} ({recipe.training.schedule}), patience {recipe.training.patience or 'none'}"),
            ("calibration", f"{recipe.calibration or 'none'}; normalised over {recipe.normalise or 'nothing'}"), ("tests", f"{found.method}, limit at {100 * (1 - found.limit.level):.4g} % confidence"),
            *((f"known: {one.name}", "; ".join([f"{getattr(one, 'mean', '')} ± {getattr(one, 'width', '')}", *factors_of(found, one.name)])) for one in found.model.constraints), *((name, value) for name, value in more.items())]
    versions = {"lrguide": __version__, **run.package_versions(backend)}
    return Section("settings", "Settings and versions", table(("setting", "value"), rows, left=2) + details("Versions", table(("package", "version"), list(versions.items()), left=2)))


def time_of(seconds: Mapping[str, float]) -> Section:
    """Seconds of each step, with bars."""
    total = sum(seconds.values()) or 1.0
    rows = "".join(f'<tr><td>{escape(name)}</td><td class="n">{value:.1f} s</td><td class="bar"><span style="width:{100 * value / total:.1f}%"></span></td></tr>' for name, value in seconds.items())
    return Section("time", "Time", f'<div class="scroll"><table class="time"><thead><tr><th scope="col">step</th><th scope="col" class="n">time</th><th scope="col">share</th></tr></thead>'
                   f"<tbody>{rows}</tbody></table></div>{paragraph(f'Altogether {total:.0f} seconds.')}")


STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --paper: #fff; --wash: #f6f8fa; --blue: #0072b2; --red: #b54708; --green: #00735c }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.2rem clamp(.9rem, 3vw, 2.5rem) 3rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: break-word }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: .4rem 0 .6rem }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .7rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem }
h3 strong { color: var(--red) }
.lead { font-size: 1.12rem; max-width: 52rem; margin: .4rem 0 1.1rem }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .9rem }
.card { border: 1px solid var(--line); border-top: 4px solid var(--blue); border-radius: 6px; padding: .8rem 1rem; background: var(--wash) }
.card h2 { font-size: .9rem; font-weight: 600; color: var(--soft); margin: 0; padding: 0; border: 0 }
.big { font-size: 1.55rem; font-weight: 650; line-height: 1.25; margin: .15rem 0 .4rem; font-variant-numeric: tabular-nums }
.card ul { list-style: none; margin: 0; padding: 0; font-size: .9rem; color: var(--soft) }
.card li { margin: .12rem 0 }
.trust { margin: 1rem 0; border-radius: 6px; padding: .7rem 1.1rem; border: 1px solid; border-left-width: 5px }
.trust h2 { font-size: 1.05rem; margin: 0; padding: 0; border: 0 }
.trust p { margin: .2rem 0 }
.trust ol { margin: .5rem 0 .2rem; padding-left: 1.3rem }
.trust li { margin: .5rem 0 }
.good { border-color: var(--green); background: #eef8f4 }
.bad { border-color: var(--red); background: #fdf4ec }
.todo { color: var(--soft) }
.note { color: var(--soft); font-size: .92rem; border-left: 3px solid var(--line); padding-left: .7rem }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; list-style: none; margin: 1.3rem 0 0; padding: .6rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); font-size: .92rem }
a { color: var(--blue) }
nav a { text-decoration: none }
.gallery { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1.2rem 1.6rem; align-items: start; margin: .8rem 0 }
figure { margin: .4rem 0; min-width: 0 }
img { display: block; max-width: 100%; height: auto; margin: 0 auto }
figcaption { font-size: .88rem; color: var(--soft); margin: .3rem auto 0; max-width: 40rem }
.gallery .wide { grid-column: 1 / -1 }
.wide { overflow-x: auto }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.2fr); gap: 1.2rem 1.6rem; align-items: start }
@media (max-width: 55rem) {
  .pair { grid-template-columns: minmax(0, 1fr) }
  .wide img { min-width: 36rem; max-width: none; width: 36rem; margin: 0 }
}
.scroll { overflow-x: auto; margin: .6rem 0 }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .28rem 1.1rem .28rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 }
.n { text-align: right; white-space: nowrap }
.time { width: 100%; max-width: 44rem }
.bar { width: 45%; padding-right: 0 }
.bar span { display: block; height: .75rem; margin-top: .3rem; min-width: 1px; background: var(--blue); border-radius: 2px }
details { margin: .5rem 0 }
summary { cursor: pointer; color: var(--blue); font-size: .92rem }
footer { margin-top: 3rem; padding-top: .7rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt }
  nav { display: none }
  figure, .card, .trust, tr { break-inside: avoid }
  h2, h3 { break-after: avoid }
  .gallery { grid-template-columns: 1fr 1fr }
  .wide img { min-width: 0; width: auto; max-width: 100% }
  .card, .trust, .bar span { print-color-adjust: exact; -webkit-print-color-adjust: exact }
  a { color: inherit; text-decoration: none }
}
"""
