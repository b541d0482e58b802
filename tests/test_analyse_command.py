"""`lrguide analyse` on small samples: what it prints and writes, and what it refuses, in one line and without leaving anything."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import redirect_stdout

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import uproot

import lrguide as lr
from lrguide import cli
from lrguide.configuring import TEMPLATE

PLAIN = """
title = "Small <samples> & few networks"
features = ["mass", "pt", "eta"]
missing = -999.0
[samples.signal]
files = "signal.root"
tree = "events"
weight = "weight"
expected = 60
[samples.background]
files = ["back*.parquet"]
weight = "weight"
label = "is_signal"
value = 0
cut = { pt = [20, inf] }
[data]
files = "data.csv"
[recipe]
members = 2
hidden = [16, 16]
epochs = 5
[tests]
method = "asymptotic"
"""
SHIFTED = """
features = ["mass", "pt"]
[samples.signal]
files = "signal.root"
weight = "weight"
[samples.top]
files = "background.parquet"
label = "kind"
value = "top"
weight = "weight"
[samples.rest]
files = "background.parquet"
label = "kind"
value = "rest"
weight = "weight"
expected = 900.0
[select]
pt = [25, inf]
[shifts.own]
function = "moves.py:moved"
width = 1.0
[shifts.other]
down = { rest = { files = "background.parquet", label = "kind", value = "rest", weight = "lower" } }
up = { rest = { files = "background.parquet", label = "kind", value = "rest", weight = "weight" } }
[norm.top]
top_norm = [0.9, 1.2]
[recipe]
members = 2
hidden = [16]
epochs = 3
[tests]
level = 0.1
"""
MODULE = "def moved(x, nu):\n    x[:, 0] += 2 * nu\n    return x\n\ndef wrong(x, nu):\n    return x[:, :1]\n\ndef failing(x, nu):\n    raise RuntimeError('no')\n"


def events(n, signal, rng):
    """Columns of n events."""
    return {"mass": rng.normal(125 if signal else 118, 12 if signal else 25, n), "pt": 20 + rng.gamma(3 if signal else 2, 25, n), "eta": rng.normal(0, 1.0 if signal else 1.4, n)}


def write_example(folder, n=3000):
    """Signal as ROOT, background as Parquet, data as CSV, as TEMPLATE has them, and with columns for more; a missing value here and there."""
    rng = np.random.default_rng(5)
    signal, background = events(n, True, rng), events(2 * n, False, rng)
    signal["weight"] = np.full(n, 60 / n)
    background |= {"weight": rng.uniform(0.5, 1.5, 2 * n) * 750 / n, "is_signal": np.zeros(2 * n, int), "kind": np.where(np.arange(2 * n) % 3 == 0, "top", "rest")}
    background["lower"] = 0.8 * background["weight"]
    data = {name: np.concatenate(both) for name, *both in zip(signal, events(60, True, rng).values(), events(1500, False, rng).values())}
    with uproot.recreate(folder / "signal.root") as file:
        file.mktree("events", {name: "f8" for name in signal}).extend(signal)
    pyarrow.parquet.write_table(pyarrow.table(background), folder / "background.parquet")
    np.savetxt(folder / "data.csv", np.column_stack(list(data.values())), "%.9g", delimiter=",", header=",".join(data), comments="")
    (folder / "moves.py").write_text(MODULE)
    for name, text in (("plain", PLAIN), ("shifted", SHIFTED), ("template", TEMPLATE)):
        (folder / f"{name}.toml").write_text(text)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the example."""
    folder = tmp_path_factory.mktemp("analysis")
    write_example(folder)
    return folder


def call(capsys, words):
    """Exit status, lines of the output, lines of the messages of a command that is run in this process."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return ended.value.code, out.splitlines(), err.splitlines()


@pytest.fixture(scope="module")
def done(place):
    """The folder that the plain analysis wrote, and the lines that it printed."""
    with redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit) as ended:
        cli.main(["analyse", str(place / "plain.toml"), "--out", str(place / "out")])
    assert ended.value.code == 0
    return place / "out", out.getvalue().splitlines()


def test_it_writes_everything_that_it_says(done):
    out, lines = done
    names = {path.name for path in out.iterdir()}
    assert {"report.html", "result.json", "workspace.json", "analysis.toml", "ratio_signal.npz"} <= names
    assert lines[-1].startswith("written: ") and all(name in lines[-1] for name in names)
    assert (out / "analysis.toml").read_text() == PLAIN


def test_the_summary_is_that_of_an_analysis(done):
    _, lines = done
    assert lines[0] == "read: signal 3,000, background 6,000, data 1,560 events" and lines[1].startswith("1,560 events; expected at mu = 1: signal 60, background ") and any(line.startswith("mu < ") for line in lines)


def test_the_numbers_are_all_in_the_file_and_agree_with_what_was_printed(done):
    out, lines = done
    found = json.loads((out / "result.json").read_text())
    assert {"fit", "discovery", "limit", "network", "yields", "tests_of_ratios", "seconds", "versions", "settings", "warnings"} <= set(found)
    printed = next(line for line in lines if line.startswith("mu < "))
    assert float(re.match(r"mu < ([\d.]+)", printed)[1]) == pytest.approx(found["limit"]["value"], rel=1e-4)
    assert found["settings"]["configuration"]["samples"]["background"]["cut"]["pt"] == [20.0, None] and found["data"] == 1560
    assert set(found["limit"]["expected"]) == {"-2", "-1", "0", "+1", "+2"} and found["seconds"]["reading"] > 0


def test_pyhf_takes_the_workspace_and_finds_as_many_events(done):
    pyhf = pytest.importorskip("pyhf")
    workspace = pyhf.Workspace(json.loads((done[0] / "workspace.json").read_text()))
    assert sum(workspace.data(workspace.model())[:10]) == pytest.approx(1560) and workspace.model().config.poi_name == "mu"


def test_the_ratio_can_be_used_again(done):
    import lrguide as lr

    ratio = lr.load(done[0] / "ratio_signal.npz")
    assert ratio.fitted.names == ("mass", "pt", "eta") and np.isfinite(ratio.log_ratio(np.array([[120.0, 50.0, 0.0]]))).all()


def test_the_report_has_the_title_and_the_number(done):
    text = (done[0] / "report.html").read_text()
    assert "Small &lt;samples&gt; &amp; few networks" in text and "No data were given" not in text


def test_the_same_seed_gives_the_same_numbers_and_an_earlier_result_is_replaced(place, done, capsys):
    before = json.loads((done[0] / "result.json").read_text())
    status, _, err = call(capsys, ["analyse", place / "plain.toml", "--out", place / "out"])
    after = json.loads((done[0] / "result.json").read_text())
    assert (status, err) == (0, []) and after["limit"] == before["limit"] and after["fit"] == before["fit"]
    assert not [path for path in place.iterdir() if path.name.startswith(".")]


def test_shifts_by_functions_and_samples_labels_of_text_and_no_data(place, capsys):
    status, out, err = call(capsys, ["analyse", place / "shifted.toml", "--out", place / "shifted"])
    found = json.loads((place / "shifted" / "result.json").read_text())
    assert (status, err) == (0, []) and out[1].startswith("expected: 900 of rest, whose weights sum to") and out[2].startswith("no data: what is expected without signal")
    assert {one["name"] for one in found["impacts"]} == {"own", "other", "top_norm"} and found["data"] is None and found["limit"]["level"] == 0.1
    report = (place / "shifted" / "report.html").read_text()
    assert "No data were given" in report and "top_norm" in report


def test_samples_one_standard_deviation_away_are_scaled_as_the_sample_is(place, capsys):
    """The weights of `down` are 0.8 of the nominal ones, whatever number of events is expected."""
    from lrguide import analysing

    asked = analysing.read_config(place / "shifted.toml")
    samples, varied, *_ = analysing.read_tables(asked)
    shifts = analysing.shifts_of(asked, varied, ["mass", "pt"], {name: asked.content["samples"][name].get("expected", one.total) / one.total for name, one in samples.items()})
    assert shifts["other"].down["rest"].total == pytest.approx(720) and shifts["other"].up["rest"].total == pytest.approx(900)


def test_the_template_runs_as_it_is(place, capsys):
    assert call(capsys, ["analyse", "--template"])[:2] == (0, TEMPLATE.splitlines())
    status, out, err = call(capsys, ["analyse", place / "template.toml", "--out", place / "quick", "--quick"])
    assert (status, err) == (0, []) and (place / "quick" / "report.html").stat().st_size < 2_000_000
    assert "A quick look" in (place / "quick" / "report.html").read_text() and json.loads((place / "quick" / "result.json").read_text())["settings"]["quick"]


def test_every_line_of_the_template_that_is_commented_out_is_a_key_that_exists(place):
    """Uncommented, everything in it passes the checks of keys, but for the two ways to shift that exclude each other."""
    from lrguide.configuring import CONFIG
    import tomllib

    lines = [re.sub(r"^# (?=(missing|fill|cut|label|value|\[|pt|expected|function|width|mean|reach|down|up|calibration|epochs|patience|method))", "", line) for line in TEMPLATE.splitlines()]
    found = CONFIG(tomllib.loads("\n".join(lines)), "")
    assert set(found["shifts"]) == {"scale", "other", "shower"} and found["select"] == {"pt": (25.0, float("inf"))}


def edited(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


WRONG = {
    "an unknown key": ('tree = "events"', 'tre = "events"', "samples.signal.tre: unknown, expected some of files, tree, weight, label, value, cut, expected; is tree meant?"),
    "an unknown part": ("[recipe]", "[recipes]", "recipes: unknown, expected some of"),
    "a missing key": ('files = "data.csv"', "", "data.files: missing, expected in data"),
    "no features": ('features = ["mass", "pt", "eta"]', "", "features: missing, expected in the configuration"),
    "a feature that is not there": ('"eta"]', '"phi"]', "samples.signal: features: "),
    "a file that is not there": ("signal.root", "signals.root", "samples.signal: "),
    "a text of two lines": ('title = "Small', 'title = "Small\\n', 'title: expected a text of one line, got "Small'),
    "a name of two lines": ("[data]", '["da\\nta"]', "CONFIG.toml: expected keys of one line, got"),
    "a number of 400 digits": ("missing = -999.0", "missing = 1" + 400 * "0", "missing: expected a number, got 1000"),
    "a number of 5000 digits": ("missing = -999.0", "missing = 1" + 5000 * "0", "CONFIG.toml: expected TOML, got"),
    "tables without end": ("missing = -999.0", "missing = " + 100_000 * "[", "CONFIG.toml: expected TOML, got"),
    "members without end": ("members = 2", "members = 1" + 30 * "0", "recipe.members: expected an integer >= 2 and <= 1e9, got"),
    "a number that is a text": ("expected = 60", 'expected = "60"', 'samples.signal.expected: expected a number, got "60"'),
    "a negative number": ("expected = 60", "expected = -60", "samples.signal.expected: expected a number > 0, got -60"),
    "an empty range": ("[20, inf]", "[20, 20]", "samples.background.cut.pt: expected [low, high] with low < high, got [20, 20]"),
    "a cut that nothing passes": ("[20, inf]", "[1e6, inf]", "samples.background: expected events, got none that pass its cut in back*.parquet"),
    "a label without a value": ("value = 0\n", "", "samples.background.value: missing, expected a label and its value together"),
    "one member": ("members = 2", "members = 1", "recipe.members: expected an integer >= 2, got 1"),
    "no such method": ('"asymptotic"', '"magic"', 'tests.method: expected one of exact, asymptotic, toys, got "magic"'),
    "no background": ("[samples.background]", "[samples.background_]\n[samples.signal.x]", "samples.signal.x: unknown"),
    "a norm of nothing": ("[recipe]", "[norm.top]\nt = 0.1\n[recipe]", "norm.top: expected one of signal, background, got \"top\""),
    "a large norm": ("[recipe]", "[norm.signal]\nt = 10\n[recipe]", "norm.signal.t: expected a relative error between 0 and 1, got 10"),
    "a shift of nothing": ("[recipe]", "[shifts.s]\nwidth = 0.1\n[recipe]", "shifts.s: expected one of scale, function, or down and up, got none"),
    "a shift without width": ("[recipe]", '[shifts.s]\nscale = "pt"\n[recipe]', "shifts.s.width: missing, expected in shifts.s"),
    "a shift of what is no feature": ("[recipe]", '[shifts.s]\nscale = "met"\nwidth = 0.1\n[recipe]', "shifts.s.scale: expected some of mass, pt, eta, got \"met\""),
    "a function that is not there": ("[recipe]", '[shifts.s]\nfunction = "moves.py:gone"\nwidth = 0.1\n[recipe]', "shifts.s.function: moves.py cannot be used (AttributeError: "),
    "a function of another shape": ("[recipe]", '[shifts.s]\nfunction = "moves.py:wrong"\nwidth = 0.1\n[recipe]', "shifts.s.function: expected finite features of shape "),
    "a function that fails": ("[recipe]", '[shifts.s]\nfunction = "moves.py:failing"\nwidth = 0.1\n[recipe]', "shifts.s.function: failing raises RuntimeError: no"),
    "a part of a shift": ("[recipe]", '[shifts.s.down]\nsignal = { files = "signal.root" }\n[recipe]', "shifts.s.up: missing, expected in shifts.s"),
    "no TOML": ("[recipe]", "[recipe", "CONFIG.toml: expected TOML, got "),
    "shares": ("members = 2", "members = 2\nshares = [0.5, 0.5, 0.5]", "recipe.shares: expected three numbers of sum one"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_line(what, place, capsys):
    old, new, message = WRONG[what]
    config = place / "wrong.toml"
    config.write_text(edited(PLAIN, old, new))
    status, _, err = call(capsys, ["analyse", config, "--out", place / "nothing"])
    assert status == 2 and len(err) == 1 and err[0].startswith(f"lrguide: {message}"), err
    assert not (place / "nothing").exists() and not list(place.glob(".nothing*"))


def test_options_that_are_wrong(place, capsys):
    (place / "full").mkdir(exist_ok=True)
    (place / "full" / "thesis.tex").touch()
    for words, message in ((["analyse"], "CONFIG.toml: expected one, got none"), (["analyse", place / "plain.toml"], "--out: expected one, got none"),
                           (["analyse", place / "no.toml", "--out", place / "x"], "CONFIG.toml: expected a file that can be read"),
                           (["analyse", place / "plain.toml", "--out", place / "full"], "--out: expected a folder that is new, empty or of an earlier analysis"),
                           (["analyse", place / "plain.toml", "--out", place / "x", "--seed", "-1"], "--seed: expected an integer >= 0, got -1")):
        status, out, err = call(capsys, words)
        assert (status, out, len(err)) == (2, [], 1) and err[0].startswith(f"lrguide: {message}")
    assert (place / "full" / "thesis.tex").exists()


def test_missing_values_are_said_and_told_to_the_networks(place, capsys):
    from lrguide import analysing

    columns = np.genfromtxt(place / "data.csv", delimiter=",", names=True)
    mass = np.where(np.arange(len(columns)) % 7 == 0, -999.0, columns["mass"])
    np.savetxt(place / "holes.csv", np.column_stack([mass, columns["pt"], columns["eta"]]), delimiter=",", header="mass,pt,eta", comments="")
    text = edited(edited(PLAIN, '"data.csv"', '"holes.csv"'), "[recipe]", "[select]\nmass = [-inf, inf]\n[recipe]")
    (place / "holes.toml").write_text(text)
    with pytest.raises(cli.run.UsageError, match="data: expected values of mass as in simulated events"):
        analysing.read_tables(analysing.read_config(place / "holes.toml"))
    (place / "holes.toml").write_text(edited(edited(text, "[samples.background]", '[samples.other]\nfiles = "holes.csv"\n[samples.background]'), "[data]", "[select]\nmass = [100, 150]\n[data]").replace("[select]\nmass = [-inf, inf]\n", ""))
    asked = analysing.read_config(place / "holes.toml")
    samples, _, data, fill, lines = analysing.read_tables(asked)
    there = data.x[:, 3] == 1
    assert data.names == samples["signal"].names == ("mass", "pt", "eta", "has_mass") and any(line.startswith("missing: mass in 223 of ") for line in lines)
    assert there.sum() == len(data) - 223 and len(np.unique(data.x[~there, 0])) == 1
    again = lr.read(str(place / "holes.csv"), ["mass", "pt", "eta"], missing=-999, fill=fill)      # for the ratio as ONNX, which knows no names
    assert again.names == data.names and np.array_equal(again.x, data.x)
    kept = analysing.select_of(asked.content["select"], data.names)(data.x)
    assert not kept[~there].any() and kept[there].any()
    moved = analysing.scaled(data.names, ["mass"])(data.x, np.full(len(data), 0.1))
    assert np.all(moved[~there, 0] == data.x[~there, 0]) and np.allclose(moved[there, 0], 1.1 * data.x[there, 0])


def test_an_expected_number_that_is_not_the_sum_of_the_weights_is_said(place, capsys):
    for name, number in (("same", 60.1), ("other", 75.0)):
        text = edited(TEMPLATE, "# expected = 60.0  ", f"expected = {number}")
        (place / f"{name}.toml").write_text(text[:text.index("# --- events that are kept")] + "[recipe]\nmembers = 2\nhidden = [16]\nepochs = 2\n")
        status, out, _ = call(capsys, ["analyse", place / f"{name}.toml", "--out", place / name])
        assert status == 0 and [line for line in out if line.startswith("expected: ") and "weights" in line] == ["expected: 75 of signal, whose weights sum to 60"] * (name == "other")


@pytest.mark.parametrize("weight, total", [(0.0, "0"), (-1.0, "-3000")])
def test_simulated_events_that_stand_for_none_are_named(place, capsys, weight, total):
    columns = events(3000, True, np.random.default_rng(6)) | {"weight": np.full(3000, weight)}
    with uproot.recreate(place / "none.root") as file:
        file.mktree("events", {name: "f8" for name in columns}).extend(columns)
    (place / "none.toml").write_text(edited(PLAIN, '"signal.root"', '"none.root"'))
    status, _, err = call(capsys, ["analyse", place / "none.toml", "--out", place / "none"])
    assert (status, err) == (2, [f"lrguide: samples.signal.weight: expected weights with a positive sum, got {total} of 3,000 events"])


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupted_it_leaves_nothing(place):
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from lrguide.cli import main; main()"      # in the background it is ignored
    words = [sys.executable, "-c", heard, "analyse", str(place / "template.toml"), "--out", str(place / "never")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "read: signal 3,000, background 6,000, data 1,560 events\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err.splitlines()[-1] == "lrguide: interrupted; nothing is written"
    assert not (place / "never").exists() and not list(place.glob(".never*"))


def test_a_quick_look_needs_no_number_of_epochs():
    from lrguide import analysing

    assert analysing.recipe_of({}, True).training.epochs == analysing.QUICK["epochs"] and analysing.recipe_of({}, False).training.epochs is None
    assert analysing.recipe_of({"recipe": {"epochs": 3}}, True).training.epochs == 3


def test_a_label_that_no_file_has_is_called_a_label(place, capsys):
    (place / "label.toml").write_text(PLAIN.replace('label = "is_signal"', 'label = "is_sgnal"'))
    status, _, err = call(capsys, ["analyse", place / "label.toml", "--out", place / "label"])
    assert status == 2 and len(err) == 1 and "samples.background: label: expected columns of background.parquet" in err[0] and "'is_sgnal'" in err[0]


def test_data_in_another_unit_are_refused(place, capsys):
    rows = np.loadtxt(place / "data.csv", delimiter=",", skiprows=1)
    rows[:, 0] *= 1000
    np.savetxt(place / "mev.csv", rows, "%.9g", delimiter=",", header="mass,pt,eta", comments="")
    (place / "mev.toml").write_text(PLAIN.replace("data.csv", "mev.csv"))
    status, _, err = call(capsys, ["analyse", place / "mev.toml", "--out", place / "mev"])
    assert status == 2 and len(err) == 1 and "data: expected mass as in simulated events" in err[0] and not (place / "mev").exists()


def test_what_a_warning_asks_for_is_a_key_of_the_template():
    """Every cure that a warning, or what is said about it, names by the name of a setting."""
    import inspect

    from lrguide import analysis, diagnosis, report
    from lrguide.configuring import CURES, IN_PYTHON, keys_for

    parts, section = {}, ""
    for line in TEMPLATE.splitlines():
        if found := re.match(r"(?:# )?\[(\w+)[\w.]*\]", line):
            section = found[1]
            parts.setdefault(section, set())
        elif found := re.match(r"(?:# )?(\w+) = ", line):
            parts.setdefault(section, set()).add(found[1])
    for words, section, key in CURES:
        assert (key or "pt") in parts[section.partition(".")[0]], (words, section, key)
    said = [inspect.getsource(analysis.warnings_of), inspect.getsource(analysis.few_events_in), *(words for _, words in report.ADVICE), *diagnosis._ADVICE.values()]
    named = [one[0] for text in said for one in re.finditer(r"\b(?:method|calibration)(?:=| )'\w+'|\bn_toys\b(?!=)|more members|members or epochs|last share|last of shares|\((?:reach|shifts)\)|or expected,|inputs=|lrguide\.\w+|normalised\(", text)]
    assert len(set(named)) >= 12
    for one in named:
        assert any(re.search(words.replace(r"\(the last", "(?:the )?(?:last").replace(r"shares\)", "shares)").replace("larger last share", "last share"), one) for words, *_ in CURES) or re.search(IN_PYTHON.replace(r"[^)]*\)", ""), one), one
    assert keys_for(["x; method='toys' needs none", "more simulated events, or more members", "calibration='isotonic'", "lrguide.with_network_error puts", "more members"]) == [
        '[tests] method = "toys"', "[recipe] members", '[recipe] calibration = "isotonic"', "only in Python: lrguide.with_network_error"]
    assert keys_for(["the fit ends at the end of the range of mu"]) == []


def test_warnings_are_followed_by_the_keys_that_they_ask_for(place, capsys):
    """Three expected events of signal: a formula is not for so few."""
    (place / "few.toml").write_text(PLAIN.replace("expected = 60", "expected = 1.5") + "[norm.background]\nrate = 0.1\n")
    (place / "few.csv").write_text("mass,pt,eta\n125.0,80.0,0.1\n118.0,60.0,0.4\n")
    (place / "few.toml").write_text((place / "few.toml").read_text().replace("data.csv", "few.csv").replace('label = "is_signal"', 'expected = 1.0\nlabel = "is_signal"'))
    status, out, err = call(capsys, ["analyse", place / "few.toml", "--out", place / "few"])
    assert (status, err) == (0, []) and any("so few events decide" in line for line in out)
    assert any(line.startswith("in the configuration, what the warnings ask for: ") and '[tests] method = "toys"' in line for line in out)
    assert "in the configuration, what the warnings ask for" in (place / "few" / "report.html").read_text()
